"""``jitnet report``: a page on a table's model."""

from __future__ import annotations

from pathlib import Path

from jitnet.inference.model import load_model
from jitnet.inference.rows import rows_of
from jitnet.io.files import can_be_written, check_apart
from jitnet.model import Sequential
from jitnet.report.table_page import write_report
from jitnet.streams import say


def report_on_file(model_path: Path, path: Path, output: Path, *, header: bool = True) -> None:
    """Write a page on a model and its predictions for a file's rows.

    Raises
    ------
    ValueError
        If a file cannot be read or written, or does not fit.
    """
    if not can_be_written(output):
        raise ValueError(f"argument --output: {str(output)!r} cannot be written")
    check_apart(output, path, model_path)
    model = load_model(model_path)
    if isinstance(model, Sequential):
        raise ValueError(f"{str(model_path)!r} has learned no table, which a report is on")
    rows = rows_of(path, header=header)
    try:
        write_report(output, model, rows)
    except ValueError as error:
        raise ValueError(f"{str(path)!r}: {error}") from None
    say(f"report          {output}")
