"""What arguments are spoiled by: values of every kind, and good values made wrong or made odd."""

from __future__ import annotations

import array
import collections
import copy
import datetime
import decimal
import fractions
import operator
import os
import pathlib
import pickle
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple, cast

import numpy as np

import jitnet as jn
from hunting import Rng


class Own(Exception):
    """What a user's own object raises; it may come through."""


class Spoiled(NamedTuple):
    """An argument's value instead of a good one.

    ``same`` says that it is the same in meaning: who takes it must answer as for the good one.
    """

    value: Any
    by: str
    same: bool = False


class ArrayRaises:
    """A thing of some shape whose numbers cannot be had."""

    shape = (12, 4)
    ndim = 2

    def __array__(self, *given: Any, **named: Any) -> Any:
        raise Own("no array")


class Wrapped:
    """A thing that only says how it becomes an array."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.asarray(self.values, dtype)


class LongerThanItSays(list[Any]):
    """A list whose length is none."""

    def __len__(self) -> int:
        return 10**6


class NoLength(list[Any]):
    """A list that does not say its length."""

    def __len__(self) -> int:
        raise Own("no length")


class NoItems(Sequence[Any]):
    """A sequence whose items cannot be had."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, place: Any) -> Any:
        raise Own("no item")


class OwnOverflow(Own, OverflowError):
    """The same, of the kind that Python's numbers raise."""


class TooLarge(float):
    """A number that is none."""

    def __float__(self) -> float:
        raise OwnOverflow("too large")


class NoIndex:
    """A whole number that cannot be had."""

    def __index__(self) -> int:
        raise Own("no index")


class NoTruth:
    """A thing that is neither true nor false."""

    def __bool__(self) -> bool:
        raise Own("no truth")


class NotEqual:
    """A thing that cannot be compared."""

    def __eq__(self, other: object) -> bool:
        raise Own("no comparison")

    __hash__ = object.__hash__


class NoText:
    """A thing that cannot be shown."""

    def __repr__(self) -> str:
        raise Own("no text")


class HasAll:
    """A thing that has every attribute, itself."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self


class Text(str):
    """A text whose hash is another's."""

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other) if isinstance(other, str) else NotImplemented

    def __hash__(self) -> int:
        return 7


class Whole(int):
    """A whole number of a type of its own."""


class Number(float):
    """A number of a type of its own."""


class Folder:
    """A path of a type of its own."""

    def __init__(self, path: Any) -> None:
        self.path = path

    def __fspath__(self) -> Any:
        return self.path


class Odd(np.ndarray[Any, Any]):
    """An array of a type of its own."""


def _generator() -> Iterator[int]:
    yield from range(3)


VALUES: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "True": lambda: True,
    "False": lambda: False,
    "NumPy's True": lambda: np.True_,
    "0": lambda: 0,
    "1": lambda: 1,
    "-1": lambda: -1,
    "2^31": lambda: 2**31,
    "2^63": lambda: 2**63,
    "1e30 whole": lambda: 10**30,
    "1e400 whole": lambda: 10**400,
    "-1e400 whole": lambda: -(10**400),
    "1e6000 whole": lambda: 10**6000,
    "0.5": lambda: 0.5,
    "NaN": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "-inf": lambda: float("-inf"),
    "1e308": lambda: 1e308,
    "subnormal": lambda: 5e-324,
    "-0.0": lambda: -0.0,
    "complex": lambda: 1j,
    "float32 NaN": lambda: np.float32("nan"),
    "float16": lambda: np.float16(2.0),
    "int8": lambda: np.int8(-1),
    "longdouble": lambda: np.longdouble("1e4000"),
    "Decimal": lambda: decimal.Decimal(2),
    "Decimal NaN": lambda: decimal.Decimal("NaN"),
    "Decimal sNaN": lambda: decimal.Decimal("sNaN"),
    "Decimal huge": lambda: decimal.Decimal("1e5000"),
    "Fraction": lambda: fractions.Fraction(1, 3),
    "Fraction huge": lambda: fractions.Fraction(10**400, 3),
    "too large": lambda: TooLarge(1.0),
    "no text": lambda: "",
    "text": lambda: "text",
    "relu": lambda: "relu",
    "digits": lambda: "3",
    "surrogate": lambda: "\ud800",
    "a zero in text": lambda: "a\0b",
    "long text": lambda: "x" * 5000,
    "bytes": lambda: b"bytes",
    "no bytes": lambda: b"",
    "bytearray": lambda: bytearray(b"abc"),
    "memoryview": lambda: memoryview(b"abcd"),
    "array.array": lambda: array.array("d", [1.0, 2.0]),
    "date": lambda: datetime.date(2020, 2, 29),
    "datetime": lambda: datetime.datetime(2020, 2, 29, tzinfo=datetime.UTC),
    "datetime64": lambda: np.datetime64("2020-01-01"),
    "NaT": lambda: np.datetime64("NaT"),
    "timedelta64": lambda: np.timedelta64(1, "s"),
    "()": tuple,
    "[]": list,
    "{}": dict,
    "set": lambda: {1, 2},
    "[None]": lambda: [None],
    "(1,)": lambda: (1,),
    "(0, -1)": lambda: (0, -1),
    "ragged": lambda: [[1.0, 2.0], [3.0]],
    "nested deeply": lambda: _nested(60),
    "nested beyond": lambda: _nested(3000),
    "itself": lambda: _itself(),
    "texts": lambda: ["a", "b", "c"],
    "range": lambda: range(3),
    "generator": _generator,
    "object": object,
    "class": lambda: int,
    "layer's class": lambda: jn.Dense,
    "model's class": lambda: jn.Sequential,
    "callback's class": lambda: jn.Callback,
    "function": lambda: len,
    "lambda": lambda: lambda *given: None,
    "module": lambda: os,
    "...": lambda: ...,
    "NotImplemented": lambda: NotImplemented,
    "slice": lambda: slice(1, 2),
    "path": lambda: pathlib.Path("nowhere") / "nothing",
    "folder": lambda: pathlib.Path(),
    "/dev/null": lambda: "/dev/null",
    "/dev/full": lambda: "/dev/full",
    "long path": lambda: "x" * 300,
    "bytes of a path": lambda: b"a-file",
    "own path": lambda: Folder("nowhere/nothing"),
    "own bad path": lambda: Folder("a\0b"),
    "own path of a number": lambda: Folder(3),
    "layer": lambda: jn.Dense(2),
    "optimizer": jn.SGD,
    "schedule": lambda: jn.Constant(0.1),
    "callback": jn.Callback,
    "model": lambda: jn.Sequential([jn.Dense(2)], "mse"),
    "0-d array": lambda: np.array(5),
    "0-d float array": lambda: np.array(0.5),
    "empty array": lambda: np.array([]),
    "0 x 3 array": lambda: np.zeros((0, 3)),
    "3 x 0 array": lambda: np.zeros((3, 0)),
    "5-D array": lambda: np.zeros((2, 1, 2, 1, 2)),
    "64-D array": lambda: np.zeros((1,) * 64),
    "objects": lambda: np.array([None, object()], object),
    "huge objects": lambda: np.array([[10**400, 1, 2, 3]], object),
    "complex array": lambda: np.ones((3, 4), complex),
    "dates": lambda: np.zeros((12, 4), "M8[s]"),
    "records": lambda: np.zeros(12, [("a", "f4"), ("b", "i8")]),
    "records in records": lambda: np.zeros((12, 4), [("a", "f4", (3,))]),
    "array of text": lambda: np.array([["a"] * 4] * 12),
    "array of strings": lambda: np.array(["a"] * 12, np.dtypes.StringDType()),
    "array of bytes": lambda: np.array([b"a"] * 12),
    "void": lambda: np.zeros(12, "V4"),
    "NaN array": lambda: np.full((12, 4), np.nan, np.float32),
    "masked": lambda: np.ma.masked,
    "masked array": lambda: np.ma.masked_less(np.arange(48.0).reshape(12, 4), 9.0),
    "array raises": ArrayRaises,
    "array of nothing": lambda: Wrapped(None),
    "longer than it says": lambda: LongerThanItSays([1.0, 2.0]),
    "no length": lambda: NoLength([1.0]),
    "no items": NoItems,
    "no index": NoIndex,
    "no truth": NoTruth,
    "not equal": NotEqual,
    "cannot be shown": NoText,
    "has all": HasAll,
    "odd text": lambda: Text("text"),
    "mapping": lambda: types.MappingProxyType({"a": 1}),
    "dict of nothing": lambda: {None: None},
    "exception": lambda: ValueError("a value"),
}
"""Values that most arguments do not want."""


def _nested(depth: int) -> Any:
    found: list[Any] = [1.0]
    for _ in range(depth):
        found = [found]
    return found


def _itself() -> Any:
    found: list[Any] = [1.0]
    found.append(found)
    return found


Change = Callable[[Any], Any]


def _with(value: Any) -> Change:
    """An array with one other value."""

    def changed(array: Any) -> Any:
        found = array.astype(np.result_type(array, np.asarray(value)))
        found.flat[found.size // 2] = value
        return found

    return changed


def _frame(library: str) -> Change:
    def made(values: Any) -> Any:
        columns = {f"c{place}": column for place, column in enumerate(values.T)}
        if library == "pandas":
            import pandas as pd

            return pd.DataFrame(columns)
        if library == "polars":
            import polars as pl

            return pl.DataFrame(columns)
        import pyarrow as pa

        return pa.table(columns)

    return made


def _sparse(*changes: tuple[str, Any]) -> Change:
    def made(values: Any) -> Any:
        import scipy.sparse

        found = scipy.sparse.csr_matrix(values)
        for name, change in changes:
            setattr(found, name, change(getattr(found, name)))
        return found

    return made


def _real(values: Any) -> Any:
    """An array, unless it is of labels, which keep their type."""
    if values.dtype.kind != "f":
        raise TypeError
    return values


def _unaligned(values: Any) -> Any:
    room = np.zeros(values.nbytes + 1, np.uint8)
    found = room[1:].view(values.dtype).reshape(values.shape)
    found[...] = values
    return found


def _read_only(values: Any) -> Any:
    found = values.copy()
    found.flags.writeable = False
    return found


def _every_other(values: Any) -> Any:
    found = np.zeros((2 * len(values), *values.shape[1:]), values.dtype)
    found[::2] = values
    return found[::2]


def _objects_with(value: Any) -> Change:
    def made(values: Any) -> Any:
        found = values.astype(object)
        found.flat[found.size // 2] = value
        return found

    return made


SAME_ARRAYS: dict[str, Change] = {
    "Fortran": np.asfortranarray,
    "negative strides": lambda x: x[::-1].copy()[::-1],
    "negative columns": lambda x: x[..., ::-1].copy()[..., ::-1],
    "every other row": _every_other,
    "read-only": _read_only,
    "big-endian": lambda x: x.astype(x.dtype.newbyteorder(">")),
    "lists": lambda x: x.tolist(),
    "list of arrays": list,
    "float64": lambda x: _real(x).astype(np.float64),
    "long double": lambda x: _real(x).astype(np.longdouble),
    "own array": lambda x: x.view(Odd),
    "masked nowhere": lambda x: np.ma.array(x, mask=False),
    "unaligned": _unaligned,
    "wrapped": Wrapped,
    "objects": lambda x: x.astype(object),
    "list of own arrays": lambda x: [row.view(Odd) for row in x],
}
"""Arrays of the same numbers."""
SAME_MATRICES: dict[str, Change] = {
    "pandas": _frame("pandas"),
    "Polars": _frame("polars"),
    "Arrow": _frame("arrow"),
    "matrix": lambda x: x.view(np.matrix),
}
"""The same of two axes."""
OTHER_ARRAYS: dict[str, Change] = {
    "NaN in it": _with(np.nan),
    "inf in it": _with(np.inf),
    "1e300 in it": _with(1e300),
    "-1 in it": _with(-1),
    "1e30 in it": _with(1e30),
    "0.5 in it": _with(0.5),
    "None in it": _objects_with(None),
    "1e400 in it": _objects_with(10**400),
    "text in it": _objects_with("a"),
    "list in it": _objects_with([1.0]),
    "NaT in it": _objects_with(np.datetime64("NaT")),
    "Decimal sNaN in it": _objects_with(decimal.Decimal("sNaN")),
    "too large in it": _objects_with(TooLarge(1.0)),
    "negative": operator.neg,
    "times 1e30": lambda x: x.astype(float) * 1e30,
    "complex": lambda x: x.astype(complex),
    "text": lambda x: x.astype(str),
    "bytes": lambda x: x.astype("S"),
    "strings": lambda x: x.astype(np.dtypes.StringDType()),
    "dates": lambda x: x.astype("q").astype("M8[s]"),
    "spans": lambda x: x.astype("q").astype("m8[s]"),
    "int8": lambda x: x.astype(np.int8),
    "bool": lambda x: x.astype(bool),
    "float16": lambda x: x.astype(np.float16),
    "transposed": lambda x: x.T,
    "first row": lambda x: x[0],
    "an axis more": lambda x: x[..., np.newaxis],
    "an axis before": lambda x: x[np.newaxis],
    "three axes more": lambda x: x[np.newaxis, np.newaxis, np.newaxis],
    "flat": np.ravel,
    "a row fewer": lambda x: x[1:],
    "one row": lambda x: x[:1],
    "twice as many rows": lambda x: np.concatenate([x, x]),
    "no rows": lambda x: x[:0],
    "no columns": lambda x: x[..., :0],
    "a column fewer": lambda x: x[..., 1:],
    "a column more": lambda x: np.concatenate([x, x[..., :1]], axis=-1),
    "one number for all": lambda x: np.broadcast_to(x.flat[0], x.shape),
    "masked somewhere": lambda x: np.ma.masked_equal(x, x.flat[0]),
    "a row longer": lambda x: [*x.tolist()[:-1], np.ravel(x).tolist()],
    "COO": lambda x: _sparse()(x).tocoo(),
    "sparse": _sparse(),
    "sparse NaN": _sparse(("data", lambda data: data * np.nan)),
    "sparse, negative indices": _sparse(("indices", lambda places: places - 1)),
    "sparse, wide indices": _sparse(("indices", lambda places: places + 10**6)),
    "sparse, long": _sparse(("indptr", lambda places: places + 10**6)),
    "sparse, back": _sparse(("indptr", lambda places: places[::-1])),
    "sparse of floats": _sparse(("indptr", lambda places: places + 0.5)),
    "sparse of complex": lambda x: _sparse()(x.astype(complex)),
    "first": lambda x: x.flat[0],
}
"""Arrays of others."""

SAME_NUMBERS: dict[str, Change] = {
    "0-d": np.array,
    "one element": lambda x: np.array([x])[0],
    "Fraction": lambda x: fractions.Fraction(*x.as_integer_ratio()),
    "float64": np.float64,
    "own": lambda x: Whole(x) if isinstance(x, int) else Number(x),
    "int64": lambda x: np.int64(x) if isinstance(x, int) else np.longdouble(x),
}
OTHER_NUMBERS: dict[str, Change] = {
    "negative": operator.neg,
    "more": lambda x: x + 1,
    "a half more": lambda x: x + 0.5,
    "text": str,
    "list": lambda x: [x],
    "array": lambda x: np.array([x]),
    "complex": complex,
    "Decimal": lambda x: decimal.Decimal(str(x)),
}
SAME_TEXTS: dict[str, Change] = {"own": Text, "NumPy's": np.str_}
OTHER_TEXTS: dict[str, Change] = {
    "upper": str.upper,
    "longer": lambda x: x + "x",
    "space": lambda x: f" {x}",
    "bytes": lambda x: x.encode(errors="replace"),
    "list": lambda x: [x],
    "letters": list,
    "a zero behind": lambda x: x + "\0",
    "surrogate": lambda x: x + "\udcff",
    "dash": lambda x: x.replace("_", "-"),
    "array": np.array,
}
SAME_LISTS: dict[str, Change] = {
    "tuple or list": lambda x: list(x) if isinstance(x, tuple) else tuple(x),
    "deque": collections.deque,
    "iterator": iter,
    "UserList": collections.UserList,
}
OTHER_LISTS: dict[str, Change] = {
    "shorter": lambda x: x[1:],
    "one": lambda x: x[:1],
    "longer": lambda x: x + x[:1],
    "in a list": lambda x: [x],
    "none": lambda x: x[:0],
    "turned": lambda x: x[::-1],
    "set": lambda x: set(map(id, x)),
    "dict": lambda x: dict(enumerate(x)),
    "first": lambda x: x[0],
}
SAME_MAPPINGS: dict[str, Change] = {
    "ordered": collections.OrderedDict,
    "read-only": types.MappingProxyType,
    "UserDict": collections.UserDict,
}
OTHER_MAPPINGS: dict[str, Change] = {
    "one more": lambda x: {**x, "more": next(iter(x.values()))},
    "one fewer": lambda x: dict(list(x.items())[1:]),
    "None for a name": lambda x: {**x, None: next(iter(x.values()))},
    "a number for a name": lambda x: {5: next(iter(x.values()))},
    "pairs": lambda x: list(x.items()),
    "names": list,
    "turned": lambda x: dict(reversed(x.items())),
    "odd names": lambda x: {Text(name): value for name, value in x.items()},
    "none": lambda x: {},
}
SAME_PATHS: dict[str, Change] = {
    "text": os.fspath,
    "own path": Folder,
    "odd text": lambda x: Text(os.fspath(x)),
    "twice": lambda x: x.parent / "." / x.name,
}
OTHER_PATHS: dict[str, Change] = {
    "bytes": os.fsencode,
    "parent": lambda x: x.parent,
    "missing": lambda x: x.parent / "missing" / x.name,
    "in a file": lambda x: x / "more",
    "a zero behind": lambda x: f"{x}\0",
    "surrogate": lambda x: x.with_name("\udcff"),
    "long": lambda x: x.with_name("x" * 300),
}
SAME_OTHERS: dict[str, Change] = {"copy": copy.deepcopy}
OTHER_OTHERS: dict[str, Change] = {
    "class": type,
    "list": lambda x: [x],
    "text": str,
    "pickle": pickle.dumps,
}


def _kind(value: Any) -> tuple[list[dict[str, Change]], list[dict[str, Change]]]:
    """What a value of its kind can be changed by: to the same in meaning, and to something else."""
    if isinstance(value, np.ndarray):
        matrix = value.ndim == 2
        return [SAME_ARRAYS, SAME_MATRICES] if matrix else [SAME_ARRAYS], [OTHER_ARRAYS]
    for kind, same, other in (
        (bool, {"NumPy's": np.bool_}, {"number": int, "text": str, "not": operator.not_}),
        (Real, SAME_NUMBERS, OTHER_NUMBERS),
        (str, SAME_TEXTS, OTHER_TEXTS),
        (pathlib.Path, SAME_PATHS, OTHER_PATHS),
        (list | tuple, SAME_LISTS, OTHER_LISTS),
        (Mapping, SAME_MAPPINGS, OTHER_MAPPINGS),
    ):
        if isinstance(value, cast(Any, kind)):
            return [cast(Any, same)], [cast(Any, other)]
    return [SAME_OTHERS], [OTHER_OTHERS]


def spoil(value: Any, rng: Rng) -> Spoiled:
    """A value instead of a good one, by a spoiler that is drawn until one can be applied to it."""
    while True:
        way = rng.random()
        try:
            if way < 0.3:
                name = str(rng.choice(list(VALUES)))
                return Spoiled(VALUES[name](), name)
            if way < 0.5 and isinstance(value, list | tuple) and value:
                return _within_a_list(value, rng)
            if way < 0.5 and isinstance(value, dict) and value:
                return _within_a_mapping(value, rng)
            same, other = _kind(value)
            of = same if rng.random() < 0.4 else other
            name, change = _drawn({k: v for table in of for k, v in table.items()}, rng)
            return Spoiled(change(value), name, of is same)
        except (
            ArithmeticError,
            AttributeError,
            ImportError,
            LookupError,
            StopIteration,
            TypeError,
            ValueError,
            pickle.PicklingError,
        ):
            continue  # it cannot be applied to this one


def _drawn(table: dict[str, Change], rng: Rng) -> tuple[str, Change]:
    name = str(rng.choice(list(table)))
    return name, table[name]


def _within_a_list(value: Any, rng: Rng) -> Spoiled:
    place = int(rng.integers(len(value)))
    inner = spoil(value[place], rng)
    found = [*value]
    found[place] = inner.value
    kept = tuple(found) if isinstance(value, tuple) else found
    return Spoiled(kept, f"{inner.by} at [{place}]", inner.same)


def _within_a_mapping(value: dict[Any, Any], rng: Rng) -> Spoiled:
    name = list(value)[int(rng.integers(len(value)))]
    inner = spoil(value[name], rng)
    return Spoiled({**value, name: inner.value}, f"{inner.by} at {name!r}", inner.same)
