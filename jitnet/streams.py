"""Text for whatever stream there is: of any encoding, closed by its reader, or none at all."""

from __future__ import annotations

import codecs
import errno
import os
import re
import sys
import unicodedata
from contextlib import suppress
from itertools import groupby
from typing import Any, TextIO

TWINS = {
    "µ": "u",
    "×": "x",
    "·": "*",
    "∗": "*",
    "∘": "*",
    "Σ": "sum",
    "λ": "lambda",
    "√": "sqrt",
    "−": "-",
    "–": "-",
    "±": "+-",
    "≤": "<=",
    "≥": ">=",
    "←": "<-",
    "→": "->",
    "‖": "||",
    "⌊": "[",
    "⌋": "]",
    "\N{FRACTION SLASH}": "/",
    "′": "'",
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "’": "'",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    "\N{COMBINING CIRCUMFLEX ACCENT}": "_hat",
    "█": "#",
    "▓": "%",
    "▒": "+",
    "░": ".",
}
"""What stands for a character where it does not fit; of others Unicode knows the parts."""

LEFT = {errno.EPIPE, errno.EINVAL} if sys.platform == "win32" else {errno.EPIPE}
"""What writing to a pipe without a reader gives."""

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
MARKS = {"<super>": "^", "<sub>": "_"}
READABLE = "jitnet.readable"


class ReaderLeft(Exception):
    """The reader of the standard output has closed it, as ``head`` does."""


class Output:
    """A text stream that takes any text; nothing is written where there is no stream.

    Parameters
    ----------
    stream : file-like or None
        Where to write.
    lasting : bool, default False
        Whether to be silent, too, once the stream can be written no longer. Otherwise that is an
        error, for each flush anew: `ReaderLeft` where a pipe has lost its reader.
    """

    def __init__(self, stream: TextIO | None, *, lasting: bool = False) -> None:
        self._stream = None if stream is None or getattr(stream, "closed", False) else stream
        self._lasting = lasting
        self._lost: Exception | None = None

    def write(self, text: str) -> int:
        """Write a text, with readable ASCII for what the stream's encoding does not have."""
        encoding = getattr(self._stream, "encoding", None)
        self._do("write", fitting(text, encoding) if isinstance(encoding, str) else text)
        return len(text)

    def flush(self) -> None:
        """Flush the stream."""
        if self._lost is not None:
            raise self._lost
        self._do("flush")

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self._stream is not None and self._stream.isatty()

    def __getattr__(self, name: str) -> Any:
        """Any other attribute is the stream's."""
        return getattr(self._stream, name)

    def __eq__(self, other: object) -> bool:
        """Whether both write to one stream: tqdm asks, to write lines above its bars."""
        return self._stream == getattr(other, "_stream", other)

    def __hash__(self) -> int:
        """The hash of the stream."""
        return hash(self._stream)

    def _do(self, name: str, *given: str) -> None:
        if self._stream is None:
            return
        stream = self._stream
        try:
            getattr(stream, name)(*given)
        except (OSError, ValueError) as error:
            self._stream = None
            if getattr(stream, "closed", False):
                return
            left = isinstance(error, OSError) and error.errno in LEFT
            if left or not self._lasting:
                _discard_rest(stream)
            if self._lasting:
                return
            self._lost = ReaderLeft() if left else error
            raise self._lost from None


def say(text: str) -> None:
    """Print a line, which steers no terminal; the command goes on where nobody reads it."""
    with suppress(ReaderLeft):
        print(visible(text), flush=True)


def visible(text: str) -> str:
    r"""A text in which control characters but the end of a line and the tab can be seen.

    Names in a file may be a stranger's: a terminal would do what they say.

    Examples
    --------
    >>> print(visible("size\x1b[2J"))
    size\x1b[2J
    """
    return CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


def fitting(text: str, encoding: str) -> str:
    """A text in which readable ASCII stands for what an encoding does not have.

    Examples
    --------
    >>> fitting("3.52 µs, a² = Σ xᵢ", "ascii")
    '3.52 us, a^2 = sum x_i'
    """
    return text.encode(encoding, READABLE).decode(encoding)


def _readable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    marked = groupby(map(_twin, error.object[error.start : error.end]), lambda twin: twin[0])
    text = "".join(mark + "".join(text for _, text in twins) for mark, twins in marked)
    return text, error.end


codecs.register_error(READABLE, _readable)


def _twin(character: str) -> tuple[str, str]:
    """What stands for a character: a mark for a raised or lowered one, and its text."""
    if character in TWINS:
        return "", TWINS[character]
    kind = unicodedata.decomposition(character).partition(" ")[0]
    parts = unicodedata.normalize("NFKD", character)
    return MARKS.get(kind, ""), "".join(map(_spelled, parts))


def _spelled(character: str) -> str:
    """ASCII for a character that has no parts; what only changes the one before is left out."""
    if character in TWINS:
        return TWINS[character]
    if character.isascii():
        return character
    if unicodedata.combining(character):
        return ""
    script, _, name = unicodedata.name(character, "").partition(" ")
    if script == "GREEK" and " LETTER " in name:
        letter = name.split(" LETTER ")[1].split()[0]
        return letter.capitalize() if name.startswith("CAPITAL") else letter.lower()
    return character.encode("ascii", "backslashreplace").decode()


def _discard_rest(stream: TextIO) -> None:
    """Discard what a stream still buffers, which Python would write at its end."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
