"""Where a trained model goes, and what its training is said to have taken."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from jitnet.extras import install
from jitnet.io.files import can_be_written
from jitnet.streams import say


def check_output(chosen: Path | None, default: str) -> Path | None:
    """Where to write the model, or None where it cannot be written; checked before any work."""
    if find_spec("safetensors") is None:
        need = f"needs the package safetensors: {install('cli')}"
        if chosen is not None:
            raise ValueError(f"argument --output: writing a model {need}")
        say(f"The model will not be written: that {need}")
        return None
    output = chosen or Path(default)
    if not can_be_written(output):
        raise ValueError(
            f"argument --output: {str(output)!r} must be a file in a folder that can be written, "
            "or one that can be written itself"
        )
    return output


def compile_note(seconds: float) -> str:
    """What to add to a training's time where kernels were compiled before."""
    return f", after {seconds:.1f} s for compiling the kernels, once" if seconds else ""
