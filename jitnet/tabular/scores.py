"""How well a table's target is predicted, beside what one would say without looking at a row."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.tabular.target import Target, numbers_in

BINS = 10
"""Bins of predicted probabilities whose accuracy is looked at."""


class Classification(NamedTuple):
    """Scores of predicted classes."""

    accuracy: float
    baseline: float
    """The accuracy of the class that is most frequent in training."""
    log_loss: float
    baseline_log_loss: float
    """That of the shares which the classes have of these rows."""
    auc: float
    """The area under the receiver operating characteristic; of more than two classes the mean of
    each class's against the others."""
    calibration: float
    """The expected calibration error: the mean distance between the probability of what was said
    and how often that was so, over ten bins (Naeini, Cooper, Hauskrecht, 2015)."""
    precision: Array
    """(n_classes,): of the rows that were said to be of a class, the share that is; NaN if none."""
    recall: Array
    """(n_classes,): of the rows of a class, the share that was said to be; NaN if none."""
    confusion: Array
    """(n_classes, n_classes): rows by their class, and by what was said."""

    @property
    def main(self) -> tuple[str, float]:
        """The score that counts most, with its name."""
        return "accuracy", self.accuracy

    @property
    def figures(self) -> dict[str, float]:
        """The scores of all classes together, by their names."""
        return {
            "accuracy": self.accuracy,
            "AUC": self.auc,
            "log loss": self.log_loss,
            "calibration": self.calibration,
        }


class Regression(NamedTuple):
    """Scores of predicted numbers, in the target's units."""

    rmse: float
    mae: float
    r2: float
    baseline: float
    """The RMSE of the mean of the training rows."""
    baseline_mae: float
    """The MAE of that mean."""

    @property
    def main(self) -> tuple[str, float]:
        """The score that counts most, with its name."""
        return "R²", self.r2

    @property
    def figures(self) -> dict[str, float]:
        """The scores, by their names."""
        return {"RMSE": self.rmse, "MAE": self.mae, "R²": self.r2}


Scores = Classification | Regression


def scores_of(target: Target, rows: Any, outputs: Array) -> Scores:
    """Scores of what a network or another model gives for rows with the target.

    Parameters
    ----------
    target : Target
        What is predicted.
    rows : polars.DataFrame
        The rows.
    outputs : ndarray of shape (n_rows, n_outputs)
        Probabilities, or numbers scaled as `Target.encode` does.
    """
    if target.classes:
        labels = target.encode(rows[target.name])
        return classification_scores(labels, outputs, int(target.typical))
    numbers = numbers_in(rows[target.name])
    return regression_scores(numbers, target.decode(outputs), target.typical)


def classification_scores(
    labels: Array, probabilities: Array, most_frequent: int | None = None
) -> Classification:
    """Scores of probabilities (n, n_classes) for labels (n,).

    The baseline is the class that is most frequent in training, or if that is not known in
    ``labels``.
    """
    count = probabilities.shape[1]
    if most_frequent is None:
        most_frequent = int(np.bincount(labels).argmax())
    said = probabilities.argmax(axis=1)
    confusion = np.zeros((count, count), np.int64)
    np.add.at(confusion, (labels, said), 1)
    own = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    right = np.diag(confusion)
    shares = confusion.sum(axis=1)[confusion.sum(axis=1) > 0] / len(labels)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall = right / confusion.sum(axis=0), right / confusion.sum(axis=1)
    return Classification(
        accuracy=float((said == labels).mean()),
        baseline=float((labels == most_frequent).mean()),
        log_loss=float(-np.log(np.maximum(own, np.finfo(np.float32).tiny)).mean()),
        baseline_log_loss=float(-(shares * np.log(shares)).sum()),
        auc=_auc(labels, probabilities),
        calibration=_calibration_error(probabilities.max(axis=1), said == labels),
        precision=precision,
        recall=recall,
        confusion=confusion,
    )


def regression_scores(targets: Array, predictions: Array, mean: float) -> Regression:
    """Scores of predictions (n,) for targets (n,)."""
    errors = predictions - targets
    spread = float(((targets - targets.mean()) ** 2).sum())
    return Regression(
        rmse=float(np.sqrt((errors**2).mean())),
        mae=float(np.abs(errors).mean()),
        r2=1 - float((errors**2).sum()) / spread if spread else float("nan"),
        baseline=float(np.sqrt(((targets - mean) ** 2).mean())),
        baseline_mae=float(np.abs(targets - mean).mean()),
    )


def _auc(labels: Array, probabilities: Array) -> float:
    """The mean over the classes that some rows are of, and some are not."""
    classes = [1] if probabilities.shape[1] == 2 else range(probabilities.shape[1])
    areas = [_area(labels == c, probabilities[:, c]) for c in classes]
    known = [area for area in areas if area is not None]
    return float(np.mean(known)) if known else float("nan")


def _area(positive: Array, score: Array) -> float | None:
    """The share of pairs of a positive and a negative row whose scores are in that order."""
    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    if not n_positive or not n_negative:
        return None
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[place]
    above = rank[positive].sum() - n_positive * (n_positive + 1) / 2
    return float(above / n_positive / n_negative)


def calibration_bins(confidence: Array, right: Array) -> tuple[Array, Array, Array]:
    """For each bin of what was said its rows, the sum of what was said, and how many were so."""
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    rows = np.bincount(bins, minlength=BINS)
    return rows, np.bincount(bins, confidence, BINS), np.bincount(bins, right, BINS)


def _calibration_error(confidence: Array, right: Array) -> float:
    _, said, so = calibration_bins(confidence, right)
    return float(np.abs(said - so).sum() / len(right))
