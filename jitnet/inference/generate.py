"""``jitnet generate``: text out of a model of characters."""

from __future__ import annotations

import sys
from pathlib import Path

from jitnet.generation import generate
from jitnet.inference.model import load_model
from jitnet.streams import visible


def write_text(
    path: Path, prompt: str | None, length: int, *, temperature: float, seed: int | None
) -> None:
    """Print a prompt, and what a model writes after it."""
    model = load_model(path)
    start = "\n" if prompt is None else prompt
    try:
        characters = generate(model, start, length, temperature=temperature, seed=seed)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{str(path)!r}: {error}") from None
    if prompt:
        sys.stdout.write(prompt)
    is_seen = sys.stdout.isatty()
    for character in characters:
        sys.stdout.write(visible(character) if is_seen else character)
    sys.stdout.write("\n")
