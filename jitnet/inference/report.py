"""``jitnet report``: a page on a model of a table or of images."""

from __future__ import annotations

from pathlib import Path

from jitnet.inference.images import has_images, labelled_images
from jitnet.inference.model import load_model
from jitnet.inference.rows import rows_of
from jitnet.io.files import can_be_written, check_apart
from jitnet.model import Sequential
from jitnet.report.image_page import write_image_report
from jitnet.report.table_page import write_report
from jitnet.streams import say


def report_on_file(
    model_path: Path,
    path: Path,
    output: Path,
    *,
    header: bool = True,
    target: str | None = None,
) -> None:
    """Write a page on a model and its predictions for a file's rows, or for images.

    ``target`` is the array, or the IDX file, of the images' classes.

    Raises
    ------
    ValueError
        If a file cannot be read or written, or does not fit.
    """
    if not can_be_written(output):
        raise ValueError(f"argument --output: {str(output)!r} cannot be written")
    check_apart(output, path, model_path)
    model = load_model(model_path)
    if has_images(path):
        X, y = labelled_images(path, model, target)
        write_image_report(output, model, X, y, name=path.resolve().name)
    elif target is not None:
        raise ValueError(f"argument --target: it is for a file of images, not for {str(path)!r}")
    elif isinstance(model, Sequential):
        raise ValueError(
            f"{str(model_path)!r} has learned no table, and {str(path)!r} has no images; a report "
            "is on one of both"
        )
    else:
        rows = rows_of(path, header=header)
        try:
            write_report(output, model, rows)
        except ValueError as error:
            raise ValueError(f"{str(path)!r}: {error}") from None
    say(f"report          {output}")
