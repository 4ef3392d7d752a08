"""Whatever frame is handed over, as one of Polars'."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from jitnet.extras import install

LONGEST = 300
"""Letters of what other libraries say."""
FAILED = (OverflowError, RuntimeError, TypeError, ValueError)
"""What Arrow and Python raise where values fit into no column; Polars has errors of its own."""
DEEPEST = 30
"""How often columns' values may be in lists."""
INSTALL = f"tables need the packages narwhals and polars: {install('table')}"


def check_installed() -> None:
    """Name the command that installs Polars, where it is missing."""
    try:
        import polars  # noqa: F401
    except ImportError as error:
        raise ImportError(INSTALL) from error


def as_polars(frame: Any, name: str = "frame") -> Any:
    """A frame of pandas', Polars' or Arrow's, or a dict of columns, as one of Polars'.

    Raises
    ------
    TypeError
        If it is no frame.
    ValueError
        If Polars cannot hold it.
    ImportError
        Without the packages narwhals and polars.
    """
    try:
        import narwhals.stable.v2 as nw
        import polars as pl
    except ImportError as error:
        raise ImportError(INSTALL) from error

    if isinstance(frame, pl.DataFrame):
        return frame
    with _converting(name):
        if isinstance(frame, pl.LazyFrame):
            return frame.collect()
        if isinstance(frame, Mapping):
            _check_ends(list(frame.values()))
            return pl.DataFrame(dict(frame))
    try:
        with _converting(name):
            wrapped = nw.from_native(frame, eager_only=True)
    except TypeError:
        raise TypeError(
            f"{name} must be a frame of pandas, Polars or Arrow, or a dict of columns; got "
            f"{type(frame).__name__}"
        ) from None
    with _converting(name):
        found = wrapped.to_polars()
    ordered = {n: t.categories for n, t in wrapped.schema.items() if isinstance(t, nw.Enum)}
    return found.with_columns(
        pl.col(n).cast(pl.String).cast(pl.Enum(list(values))) for n, values in ordered.items()
    )


def _check_ends(values: Any, depth: int = 0) -> None:
    """Refuse lists that are in themselves, in which Polars would go down without an end."""
    if depth > DEEPEST:
        raise ValueError("its lists are nested without an end")
    for value in values:
        if type(value) in (list, tuple):
            _check_ends(value, depth + 1)


@contextmanager
def _converting(name: str) -> Iterator[None]:
    """Say in one line why a frame cannot be converted; a TypeError stays one."""
    import polars as pl

    errors = (pl.exceptions.PolarsError, pl.exceptions.PanicException, *FAILED)
    try:
        yield
    except errors as error:
        kind = TypeError if type(error) is TypeError else ValueError
        said = " ".join(str(error).split())[:LONGEST]
        raise kind(f"{name} cannot be made a frame of Polars': {said}") from error
