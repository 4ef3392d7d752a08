"""What a process does beside computing: an error where that is not what a reader should do."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from hunting import Lost
from jitnet.kernels.cache import folders

FORBIDDEN = (
    "ctypes.dlopen", "os.exec", "os.fork", "os.kill", "os.link", "os.posix_spawn",
    "os.symlink", "os.system", "pickle.find_class", "socket.connect", "subprocess.Popen",
)  # fmt: skip
"""Python's names of what a reader has no reason to do."""
CHANGES = ("os.chmod", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate")
"""And of what it may do in its folder alone."""
TRUSTED = ("jitnet/kernels/", "jitnet/compiling.py", "numba/", "llvmlite/", "importlib")
"""What compiles and keeps kernels, which is not of a stranger, and what imports modules."""
ASKED = ("socket.connect", "create_connection")
"""The event and the function by which a hunt itself asks a server."""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Watched:
    """Within it, what is done outside a folder is an error at the end.

    Parameters
    ----------
    folder : Path
        Where files may be written.
    """

    def __init__(self, folder: Path) -> None:
        self._roots = [folder.resolve(), Path(os.devnull), *filter(None, [folders().written])]
        self._on, self._seen = False, ""
        sys.addaudithook(self._look)

    def __enter__(self) -> None:
        self._on, self._seen = True, ""

    def __exit__(self, *error: object) -> None:
        self._on = False
        if self._seen:
            raise Lost(self._seen)

    def _look(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._on or self._seen or not self._is_wrong(event, arguments):
            return
        self._on = False
        caller = sys._getframe(1)
        if not _is_trusted(caller) and (event, caller.f_code.co_name) != ASKED:
            self._seen = f"it does {event} {arguments!r:.300}"
        self._on = True

    def _is_wrong(self, event: str, arguments: tuple[Any, ...]) -> bool:
        if event == "open":
            path, _, flags = arguments
            return bool(flags & WRITING) and self._is_outside(path)
        if event in CHANGES:
            return self._is_outside(arguments[0])
        return event in FORBIDDEN

    def _is_outside(self, path: Any) -> bool:
        if isinstance(path, int) or path is None:
            return False
        place = Path(os.fsdecode(path)).resolve()
        return not any(place.is_relative_to(root) for root in self._roots)


def _is_trusted(frame: FrameType | None) -> bool:
    while frame is not None:
        if any(part in frame.f_code.co_filename for part in TRUSTED):
            return True
        frame = frame.f_back
    return False
