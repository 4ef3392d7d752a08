"""What a code object does, and the names by which it reaches other things."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from types import CodeType
from typing import NamedTuple
from weakref import WeakKeyDictionary

EXTENDED_ARG, LOAD_GLOBAL = dis.opmap["EXTENDED_ARG"], dis.opmap["LOAD_GLOBAL"]
OF_CONSTANTS = frozenset(dis.hasconst)


class Code(NamedTuple):
    """A code object with those nested in it.

    Parameters
    ----------
    text : str
        All that it does, without line numbers, comments and docstrings.
    loaded : tuple of str
        The globals that it loads.
    names : tuple of str
        Names that may be attributes of them.
    """

    text: str
    loaded: tuple[str, ...]
    names: tuple[str, ...]


_known: WeakKeyDictionary[CodeType, Code] = WeakKeyDictionary()


def read(code: CodeType) -> Code:
    """Read a code object, once."""
    known = _known.get(code)
    if known is None:
        known = _known[code] = _read(code)
    return known


def _read(code: CodeType) -> Code:
    loaded, names = dict.fromkeys(_globals_of(code)), dict.fromkeys(code.co_names)
    constants = list(code.co_consts)
    if constants and isinstance(constants[0], str) and not _loads_first_constant(code):
        constants[0] = None  # a docstring
    texts = []
    for constant in constants:
        if isinstance(constant, CodeType):
            nested = read(constant)
            loaded |= dict.fromkeys(nested.loaded)
            names |= dict.fromkeys(nested.names)
            texts.append(nested.text)
        elif isinstance(constant, frozenset):
            texts.append(repr(sorted(map(repr, constant))))
        else:
            texts.append(repr(constant))
    form = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    variables = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    text = repr((form, code.co_code, code.co_exceptiontable, texts, variables))
    return Code(text, tuple(loaded), tuple(names))


def _operations(code: CodeType) -> Iterator[tuple[int, int]]:
    """Each operation with the last byte of its argument."""
    return zip(code.co_code[::2], code.co_code[1::2], strict=True)


def _globals_of(code: CodeType) -> Iterator[str]:
    extended = 0
    for operation, argument in _operations(code):
        if operation == LOAD_GLOBAL:  # its lowest bit says whether it is called
            yield code.co_names[(extended | argument) >> 1]
        extended = (extended | argument) << 8 if operation == EXTENDED_ARG else 0


def _loads_first_constant(code: CodeType) -> bool:
    return any(kind in OF_CONSTANTS and not argument for kind, argument in _operations(code))
