"""The scores of a report: in large type, beside boosting, and class by class."""

from __future__ import annotations

from collections.abc import Sequence

from jitnet.arrays import Array
from jitnet.plots.predictions import plot_calibration, plot_confusion
from jitnet.report.html import cards, image, table
from jitnet.tabular.scores import Classification, Scores


def figures(scores: Scores, count: str, counted: str) -> str:
    """The scores that count most, and on how many examples they are."""
    if isinstance(scores, Classification):
        shown = [
            ("accuracy", f"{scores.accuracy:.4f}"),
            ("for the most frequent class", f"{scores.baseline:.4f}"),
            ("AUC", f"{scores.auc:.4f}"),
            ("log loss", f"{scores.log_loss:.4f}"),
        ]
    else:
        shown = [
            ("R²", f"{scores.r2:.4f}"),
            ("RMSE", f"{scores.rmse:.4g}"),
            ("RMSE of the mean", f"{scores.baseline:.4g}"),
            ("MAE", f"{scores.mae:.4g}"),
        ]
    return cards([*shown, (counted, count)])


def beside(scores: Scores, boosting: Scores | None) -> list[str]:
    """A table of the scores, where gradient boosting has some too."""
    if boosting is None:
        return []
    rows = [
        (name, f"{value:.4g}", f"{boosting.figures[name]:.4g}")
        for name, value in scores.figures.items()
    ]
    return [table(["score", "jitnet", "gradient boosting"], rows, numbers=2)]


def class_scores(
    scores: Classification, names: Sequence[str], P: Array, labels: Array, *, counted: str
) -> list[str]:
    """Precision and recall of each class, what its examples were said to be, and calibration.

    Parameters
    ----------
    scores : Classification
        The scores.
    names : sequence of str
        The classes.
    P : ndarray of shape (n, n_classes)
        Probabilities of these.
    labels : ndarray of int, shape (n,)
        The places of the examples' classes.
    counted : str
        What the examples are.
    """
    classes = [
        (name, f"{int(scores.confusion[k].sum()):,}", f"{scores.precision[k]:.3f}",
         f"{scores.recall[k]:.3f}")
        for k, name in enumerate(names)
    ]  # fmt: skip
    right = P.argmax(axis=1) == labels
    return [
        table(["class", counted, "precision", "recall"], classes, numbers=3),
        image(
            lambda theme: plot_confusion(scores.confusion, names, theme=theme),
            f"{counted.capitalize()} by their class, and by what was said; shades are shares of "
            "the row",
        ),
        image(
            lambda theme: plot_calibration(P.max(axis=1), right, theme=theme),
            f"How often what was said was so; {scores.calibration:.4f} apart on average",
        ),
    ]
