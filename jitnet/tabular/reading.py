"""Files of tables, as frames of Polars'."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from jitnet.io.npz import DAMAGED, read_npz
from jitnet.io.packed import check_gzip
from jitnet.quoting import first_line
from jitnet.tabular.columnar import ARROW, scan_columns
from jitnet.tabular.frames import check_installed
from jitnet.tabular.values import as_dates

MISSING = ("", "?", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "null", "NULL", "None")
"""What a missing value is written as."""
ESCAPED = "surrogateescape"
"""How bytes that are no UTF-8 are read, so that their row can be said."""
TYPED_ROWS = 10_000
"""Rows by which a column's type is chosen at first."""
SEPARATORS = ",;\t|"
KINDS = "biufMUS"
"""The kinds of NumPy's types that a column may have."""
UNITS = ("D", "ms", "us", "ns")
"""The units of time that Polars knows."""
SAMPLE = 64 << 10
"""Characters by which the separator is chosen."""


def read_table(path: Path, *, header: bool = True) -> Any:
    """Read a file as a frame.

    Parameters
    ----------
    path : Path
        A .csv, .tsv, .txt or .data file, of which .gz is unpacked; .parquet; .arrow, .feather or
        .ipc; .npz with arrays of one row an example.
    header : bool, default True
        Whether the first line of a text file has the names; else they are column_1, column_2, ….

    Returns
    -------
    polars.DataFrame

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is damaged or empty: which row and column, where that can be said.
    ImportError
        Without the package polars.
    """
    check_installed()
    kind = kind_of(path)
    with path.open("rb") as file:  # the system's own error where there is no such file
        if not file.read(1):
            raise ValueError(f"{str(path)!r} is empty")
    with refused(path):
        frame = READERS[kind](path, header)
    if not len(frame):
        raise ValueError(f"{str(path)!r} has no rows")
    return frame


def kind_of(path: Path) -> str:
    """The suffix that says what a table is, of those that are known."""
    kind = suffix_of(path)
    if kind not in READERS:
        raise ValueError(f"{str(path)!r}: a table is one of {', '.join(READERS)}; .gz is unpacked")
    return kind


@contextmanager
def refused(path: Path) -> Iterator[None]:
    """Say of what goes wrong within, in one line, that it is the file that is damaged."""
    import polars as pl

    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, *DAMAGED) as error:
        raise ValueError(f"{str(path)!r}: {first_line(error)}") from error


def suffix_of(path: Path) -> str:
    """The suffix that says what a file is: ``.csv`` of ``rows.csv.gz``."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return ([s for s in suffixes[-2:] if s != ".gz"] or [""])[-1]


def _read_text(path: Path, header: bool) -> Any:
    import polars as pl

    form = _form_of(path, header)
    try:
        try:
            frame = pl.read_csv(path, infer_schema_length=TYPED_ROWS, glob=False, **form)
        except pl.exceptions.ComputeError:  # a later row may have another type
            frame = pl.read_csv(path, infer_schema_length=None, glob=False, **form)
    except pl.exceptions.PolarsError:
        _check_lines(path, form)  # says which row it is
        raise
    if frame.width and frame.to_series(frame.width - 1).null_count():  # a row may end too early
        _check_lines(path, form)
        frame, _ = without_empty_end(frame)
    return frame.with_columns(_stripped(frame[n]) for n in frame.columns if _is_text(frame[n]))


def scan_text(path: Path, header: bool = True) -> Any:
    """A text file as a lazy frame whose columns are all text, for what is read piece by piece."""
    import polars as pl

    form = _form_of(path, header)
    rows = pl.scan_csv(path, infer_schema=False, glob=False, **form)
    rows = rows.with_columns(pl.all().str.strip_chars())
    return rows.with_columns(pl.when(~pl.all().is_in(MISSING)).then(pl.all()).name.keep())


def check_lines(path: Path, header: bool = True) -> None:
    """Refuse a text file of which a row has more or fewer fields than there are columns."""
    _check_lines(path, _form_of(path, header))


def without_empty_end(frame: Any) -> tuple[Any, Any]:
    """A frame without the empty lines at its end, and those."""
    import polars as pl

    empty = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    filled = (~empty).arg_true()
    last = int(filled[-1]) + 1 if len(filled) else 0
    return frame[:last], frame[last:]


def _form_of(path: Path, header: bool) -> dict[str, Any]:
    """How a text file is to be parsed.

    Dates are left as text: Polars' own search for them takes 5 s for the adult data, not 0.1.
    """
    if _is_packed(path):
        check_gzip(path)
    with _opened(path) as file:
        sample = file.read(SAMPLE)
    if not sample:
        raise ValueError("it is empty")
    separator = _separator(sample)
    return {
        "has_header": header,
        "new_columns": _names(next(_rows(path, separator), []), header),
        "separator": separator,
        "null_values": list(MISSING),
    }


def _is_packed(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def _opened(path: Path) -> TextIO:
    opener: Any = gzip.open if _is_packed(path) else open
    file: TextIO = opener(path, "rt", encoding="utf-8-sig", errors=ESCAPED, newline="")
    return file


def _separator(text: str) -> str:
    """The separator that cuts the first lines into the same number of fields, and into the most."""
    lines = text.splitlines()[:20]
    lines = lines[: max(1, len(lines) - 1)]  # the last one may be cut off
    counts = {mark: [len(row) for row in csv.reader(lines, delimiter=mark)] for mark in SEPARATORS}
    return max(SEPARATORS, key=lambda mark: (min(counts[mark]) > 1, counts[mark][0]))


def _names(first: list[str], header: bool) -> list[str]:
    """The columns' names, of which the first line has some, or as many fields."""
    if not header:
        return [f"column_{k + 1}" for k in range(len(first))]
    names = [name.strip() for name in first]
    if not any(names):
        raise ValueError("the first line is empty, where the columns' names are to stand")
    if not all(map(_is_utf8, names)):
        raise ValueError("the first line is not UTF-8")
    if all(map(_is_number, names)):
        raise ValueError(f"the first line has numbers, not names: {', '.join(names[:5])}, …")
    if len(set(names)) < len(names):
        twice = next(name for name, count in Counter(names).items() if count > 1)
        raise ValueError(f"the column {twice!r} is there twice")
    return names


def _check_lines(path: Path, form: dict[str, Any]) -> None:
    """Name the first row that has not as many fields as there are columns."""
    count = len(form["new_columns"])
    for row, fields in enumerate(_rows(path, form["separator"]), start=1 - form["has_header"]):
        if fields and len(fields) != count:
            raise ValueError(f"row {row} has {len(fields)} fields, but there are {count} columns")
        for name, field in zip(form["new_columns"], fields, strict=False):
            if not _is_utf8(field):
                raise ValueError(
                    f"row {row}, column {name!r}: {field.encode(errors=ESCAPED)!r} is not UTF-8"
                )


def _rows(path: Path, separator: str) -> Iterator[list[str]]:
    with _opened(path) as file:
        rows = csv.reader(file, delimiter=separator, strict=True)
        try:
            yield from rows
        except csv.Error as error:
            raise ValueError(f"line {rows.line_num}: {error}") from None


def _is_utf8(text: str) -> bool:
    return text.isascii() or not any("\udc80" <= letter <= "\udcff" for letter in text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_text(series: Any) -> bool:
    import polars as pl

    return bool(series.dtype == pl.String)


def _stripped(series: Any) -> Any:
    """Text without spaces around it, or the numbers or dates that it says then."""
    import polars as pl

    text = series.str.strip_chars()
    text = text.set(text.is_in(MISSING), None)
    numbers = text.cast(pl.Float64, strict=False)
    if numbers.null_count() > text.null_count():
        return as_dates(text)
    whole = numbers.cast(pl.Int64, strict=False)
    return whole if (whole == numbers).all() else numbers


def _read_columns(path: Path, header: bool) -> Any:
    return scan_columns(path, suffix_of(path)).collect()


def _read_npz(path: Path, header: bool) -> Any:
    """Arrays with a row for each example: one of two axes has a column for each of its own."""
    import polars as pl

    columns: dict[str, Any] = {}
    for name, array in read_npz(path).items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in KINDS:
            kind = getattr(array, "dtype", "no array")
            raise ValueError(f"{name!r} has the type {kind}, which no table's column has")
        if array.ndim not in (1, 2):
            raise ValueError(f"the array {name!r} has the shape {array.shape}, no table's")
        array = _of_known_type(name, array)
        parts = {name: array} if array.ndim == 1 else _columns_of(name, array)
        if twice := sorted(set(parts) & set(columns)):
            raise ValueError(f"the column {twice[0]!r} is there twice")
        columns |= parts
    return pl.DataFrame(columns)


def _of_known_type(name: str, array: Any) -> Any:
    """An array as Polars takes it, which knows no wider numbers and not each unit of time."""
    if array.dtype.kind == "U" and not _is_unicode(array):
        raise ValueError(f"the array {name!r} has letters that Unicode has not")
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        return array.astype(np.float64)
    if array.dtype.kind == "M" and np.datetime_data(array.dtype)[0] not in UNITS:
        return array.astype("datetime64[us]")
    return array


def _is_unicode(array: Any) -> bool:
    """Whether an array's letters are such, of which none is half of another: no text has those."""
    codes = np.frombuffer(np.ascontiguousarray(array).tobytes(), array.dtype.str[0] + "u4")
    return bool(((codes < 0xD800) | ((codes > 0xDFFF) & (codes < 0x110000))).all())


def _columns_of(name: str, array: Any) -> dict[str, Any]:
    return {f"{name}_{k}": array[:, k] for k in range(array.shape[1])}


TEXT = (".csv", ".tsv", ".txt", ".data")
READERS: dict[str, Callable[[Path, bool], Any]] = {
    **dict.fromkeys(TEXT, _read_text),
    **dict.fromkeys((".parquet", *ARROW), _read_columns),
    ".npz": _read_npz,
}
"""What a file is read by, by its suffix."""
