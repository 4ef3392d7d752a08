"""``jitnet evaluate``: how well a model predicts a file's rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from jitnet.arrays import Array
from jitnet.inference.images import has_images, labelled_images
from jitnet.inference.model import as_features, load_model
from jitnet.inference.rows import rows_of
from jitnet.model import Sequential
from jitnet.streams import say
from jitnet.tabular.scores import classification_scores
from jitnet.tabular.told import say_image_classes, say_scores, say_unknown


def evaluate_file(
    model_path: Path, path: Path, *, header: bool = True, target: str | None = None
) -> None:
    """Say the scores of a model on a file's rows, or on images.

    ``target`` is the array, or the IDX file, of the images' classes.

    Raises
    ------
    ValueError
        If a file cannot be read, or does not fit.
    """
    model = load_model(model_path)
    if has_images(path):
        X, y = labelled_images(path, model, target)
        say(f"images          {len(X):,}")
        for name, value in model.evaluate(X, y).items():
            say(f"{name:<16}{value:.4f}")
        _say_scores(model, X, y)
        return
    if target is not None:
        raise ValueError(f"argument --target: it is for a file of images, not for {str(path)!r}")
    rows = rows_of(path, header=header)
    try:
        if isinstance(model, Sequential):
            last = rows.to_series(rows.width - 1)
            X = as_features(model, rows.drop(last.name))
            for name, value in model.evaluate(X, last.to_numpy()).items():
                say(f"{name:<16}{value:.4f}")
            return
        scores = model.evaluate(rows)
    except ValueError as error:
        raise ValueError(f"{str(path)!r}: {error}") from None
    say(f"rows            {len(rows):,}")
    say_scores(model, scores)
    say_unknown(model, rows)


def _say_scores(model: Sequential, X: Array, y: Array) -> None:
    """Say the scores of an image model's classes, if it has a probability for each."""
    probabilities = model.predict(X)
    if probabilities.shape[1:] < (2,):
        return
    scores = classification_scores(y, probabilities, int(np.bincount(y).argmax()))
    say_image_classes(scores, model.classes)
