"""Whatever frame is handed over, as one of Polars'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jitnet.extras import install

INSTALL = f"tables need the packages narwhals and polars: {install('table')}"


def as_polars(frame: Any, name: str = "frame") -> Any:
    """A frame of pandas', Polars' or Arrow's, or a dict of columns, as one of Polars'.

    Raises
    ------
    TypeError
        If it is no frame.
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
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if isinstance(frame, Mapping):
        return pl.DataFrame(dict(frame))
    try:
        wrapped = nw.from_native(frame, eager_only=True)
    except TypeError:
        raise TypeError(
            f"{name} must be a frame of pandas, Polars or Arrow, or a dict of columns; got "
            f"{type(frame).__name__}"
        ) from None
    found = wrapped.to_polars()
    ordered = {n: t.categories for n, t in wrapped.schema.items() if isinstance(t, nw.Enum)}
    return found.with_columns(
        pl.col(n).cast(pl.String).cast(pl.Enum(list(values))) for n, values in ordered.items()
    )
