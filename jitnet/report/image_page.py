"""The report of an image model: scores, mistakes, what its first layer sees, how it was trained."""

from __future__ import annotations

from datetime import date
from os import PathLike
from typing import TYPE_CHECKING

from jitnet.arrays import Array
from jitnet.io.files import write_file
from jitnet.plots.curves import plot_history
from jitnet.plots.mistakes import most_wrong, plot_mistakes
from jitnet.plots.weights import plot_filters
from jitnet.report.html import image, note, page, section, table
from jitnet.report.scores import beside, class_scores, figures
from jitnet.summary import COLUMNS, layer_rows, short_repr
from jitnet.tabular.scores import Scores, classification_scores
from jitnet.version import package_version

if TYPE_CHECKING:
    from jitnet.model import Sequential


def write_image_report(
    path: str | PathLike[str],
    model: Sequential,
    X: Array,
    y: Array,
    *,
    name: str = "images",
    most_frequent: int | None = None,
    boosting: Scores | None = None,
) -> None:
    """Write a page on how an image model was trained and how well it does.

    Parameters
    ----------
    path : str or path-like
        The page's file, written as a whole; it needs no other file and no network.
    model : Sequential
        A fitted model with a probability for each class.
    X : ndarray of shape (n, height, width), (n, height, width, channels), or rows of a square's
        Images that were not trained on.
    y : ndarray of int, shape (n,)
        The places of their classes.
    name : str, default "images"
        What the images are called.
    most_frequent : int, optional
        The class that one would say without looking; by default the most frequent one of these.
    boosting : Scores, optional
        What gradient boosting reaches on those images, to stand beside.

    Raises
    ------
    ImportError
        Without matplotlib: ``pip install 'jitnet[plot]'``, in a checkout ``pip install '.[plot]'``.
    """
    P = model.predict(X)
    scores = classification_scores(y, P, most_frequent)
    names = [str(name) for name in model.classes or range(P.shape[1])]
    shape = "×".join(map(str, model._built().nodes.shape))
    about = f"{len(names)} classes of images of {shape} numbers"
    parts = [
        note(f"{about}. Written by jitnet {package_version()}, {date.today()}."),
        figures(scores, f"{len(y):,}", "images held out"),
        section(
            "Scores on images that were held out",
            *beside(scores, boosting),
            *class_scores(scores, names, P, y, counted="images"),
        ),
        section("Where it is most wrong", _mistakes(X, y, P, names)),
        section("What its first layer looks for", _filters(model, X)),
        section(
            "Network", table(COLUMNS, layer_rows(model.layers, model._built().nodes), numbers=1)
        ),
        section("Training", *_training(model)),
    ]
    write_file(path, page(f"{name}: a report", parts).encode())


def _mistakes(X: Array, y: Array, P: Array, names: list[str]) -> str:
    if not len(most_wrong(y, P)):
        return note("Nowhere: each image was said to be of its class.")
    return image(
        lambda theme: plot_mistakes(X, y, P, names, theme=theme),
        "What was said most surely, with its probability, and what is so",
        vectors=False,
    )


def _filters(model: Sequential, X: Array) -> str:
    sides = (int(X.shape[1]), int(X.shape[2])) if X.ndim > 2 else None
    try:
        return image(
            lambda theme: plot_filters(model, sides, theme=theme),
            "The first weights of each unit: red adds to it, blue takes from it",
            vectors=False,
        )
    except ValueError as error:
        return note(f"Not drawn: {error}.")


def _training(model: Sequential) -> list[str]:
    engine = model._built()
    settings = [
        ("optimiser", short_repr(model.optimizer)),
        ("loss", f"{model.loss}, labels smoothed by {model.label_smoothing:g}"),
        ("trained", f"{engine.epoch:,} epochs, {engine.step:,} steps"),
        ("seed", str(model.seed)),
    ]
    parts = [table(["setting", "value"], settings)]
    if model.history:
        parts.insert(
            0, image(lambda theme: plot_history(model.history, theme=theme), "Epoch by epoch")
        )
    return parts
