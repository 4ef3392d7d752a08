"""Names and texts as C has them: fields of a struct, literals, comments."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

KEYWORDS = """
alignas alignof and asm auto bitand bitor bool break case catch char class compl complex const
constexpr continue decltype default delete do double else enum explicit export extern false float
for friend goto if imaginary inline int long mutable namespace new noexcept not nullptr operator or
private protected public register requires restrict return short signed sizeof static struct switch
template this throw true try typedef typeid typename typeof union unsigned using virtual void
volatile wchar_t while xor"""
MACROS = "errno i386 linux math_errhandling stderr stdin stdout unix"
RESERVED = frozenset(f"{KEYWORDS} {MACROS}".split())
"""Lower-case names that are no field's: keywords of C and C++, and macros."""

LONGEST = 4095
"""Bytes of a string that every compiler takes."""


def field_names(names: Iterable[str]) -> list[str]:
    """A field for each column: lower-case ASCII, a number behind what would be there twice.

    Examples
    --------
    >>> field_names(["living area", "living-area", "7", "int"])
    ['living_area', 'living_area_2', 'column_7', 'int_']
    """
    found: list[str] = []
    for name in names:
        stem = field = _field(name)
        number = 1
        while field in found:
            number += 1
            field = f"{stem}_{number}"
        found.append(field)
    return found


def _field(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    field = re.sub("[^a-z0-9]+", "_", letters.lower()).strip("_")
    if not field or field[0].isdigit():
        field = f"column_{field}".rstrip("_")
    return f"{field}_" if field in RESERVED else field


def literal(text: str) -> str:
    r"""A text as a constant of C's: other bytes than ASCII's letters as numbers, no trigraphs.

    Examples
    --------
    >>> print(literal('a "b"? \\ é'))
    "a \"b\"\? \\ \303\251"
    """
    data = text.encode()
    if len(data) > LONGEST:
        signed = [byte - 256 if byte > 127 else byte for byte in data]
        return f"(const char[]){{{', '.join(map(str, signed))}, 0}}"
    return f'"{"".join(map(_escaped, data))}"'


def _escaped(byte: int) -> str:
    letter = chr(byte)
    if letter in '"\\?':
        return f"\\{letter}"
    return letter if " " <= letter <= "~" else f"\\{byte:03o}"


def comment(text: str) -> str:
    """A text within a comment, which it neither ends nor begins, on one line."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return re.sub(r"(?<=[*/?])(?=[*/?])", " ", line)
