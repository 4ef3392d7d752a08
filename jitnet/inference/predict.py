"""``jitnet predict``: a file's rows in, their predictions out, piece by piece."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jitnet.inference.images import has_images, images_of
from jitnet.inference.model import load_model, outputs_for, predicted
from jitnet.inference.rows import pieces_of
from jitnet.io.files import can_be_written, check_apart, written_whole
from jitnet.tabular.frames import check_installed

Write = Callable[[Any], None]


def predict_file(
    model_path: Path,
    path: Path,
    output: Path | None,
    *,
    header: bool = True,
    probabilities: bool = False,
) -> None:
    """Predict a file's rows into another file, or as CSV onto the standard output.

    Parameters
    ----------
    model_path, path : Path
        The model and the rows.
    output : Path, optional
        A .csv or .parquet, which is there as a whole or not at all.
    header : bool, default True
        Whether the first line of a text file has the names.
    probabilities : bool, default False
        Whether to add the probability of each class.

    Raises
    ------
    ValueError
        If a file cannot be read or written, or does not fit.
    ImportError
        Without the package polars.
    """
    check_installed()
    if output is not None:
        if output.suffix.lower() not in WRITERS:
            there = " or ".join(WRITERS)
            raise ValueError(f"argument --output: {str(output)!r} must be a {there} file")
        if not can_be_written(output):
            raise ValueError(f"argument --output: {str(output)!r} cannot be written")
        check_apart(output, path, model_path)
    model = load_model(model_path)
    pieces = _predictions(model, path, header, probabilities)
    first = next(pieces)  # what does not fit is said before anything is written
    with _writer(output) as write:
        write(first)
        for piece in pieces:
            write(piece)


def _predictions(model: Any, path: Path, header: bool, probabilities: bool) -> Iterator[Any]:
    if has_images(path):
        for which, images in images_of(path, model):
            said = predicted(model, model.predict(images), probabilities=probabilities)
            yield said.insert_column(0, which)
        return
    for before, rows in pieces_of(path, header=header):
        try:
            yield predicted(model, outputs_for(model, rows), probabilities=probabilities)
        except ValueError as error:
            place = f" after row {before:,}" if before else ""
            raise ValueError(f"{str(path)!r}{place}: {error}") from None


@contextmanager
def _writer(output: Path | None) -> Iterator[Write]:
    if output is None:
        yield _csv_onto(sys.stdout)
        return
    with written_whole(output) as place, WRITERS[output.suffix.lower()](place) as write:
        yield write


@contextmanager
def _csv(place: Path) -> Iterator[Write]:
    """Write frames to a CSV file."""
    with place.open("w", encoding="utf-8", newline="") as file:
        yield _csv_onto(file)


def _csv_onto(stream: Any) -> Write:
    """Write frames as CSV, the header before the first."""
    header = True

    def write(frame: Any) -> None:
        nonlocal header
        stream.write(frame.write_csv(include_header=header))
        header = False

    return write


@contextmanager
def _parquet(place: Path) -> Iterator[Write]:
    """Write frames to a Parquet file, a row group each."""
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        from jitnet.tabular.frames import INSTALL

        raise ImportError(f"writing Parquet needs pyarrow: {INSTALL}") from error
    writer: Any = None

    def write(frame: Any) -> None:
        nonlocal writer
        rows = frame.to_arrow()
        writer = writer or pq.ParquetWriter(place, rows.schema)
        writer.write_table(rows)

    try:
        yield write
    finally:
        if writer is not None:
            writer.close()


WRITERS: dict[str, Any] = {".csv": _csv, ".parquet": _parquet}
"""What a file of predictions is written by, by its suffix."""
