"""Weights of classes, as weights of the examples."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import compute_class_weight, compute_sample_weight

from jitnet.arrays import Array
from jitnet.quoting import quoted

BOTH = np.array([0, 1])
"""The classes of a label."""


def weights_by_class(class_weight: Any, y: Any, binarizer: LabelBinarizer) -> Array:
    """What each example's weight is multiplied by.

    A dict is about all the classes there are, which these examples need not have.
    """
    several = binarizer.y_type_.startswith("multilabel")
    if isinstance(class_weight, str):
        balanced: Array = compute_sample_weight(class_weight, y)
        return balanced
    if several != isinstance(class_weight, list):
        wanted = "a list of a dict for each label" if several else "one dict of the classes"
        raise ValueError(
            f"class_weight must be {wanted}, or 'balanced', got {quoted(class_weight)}"
        )
    if several:
        labels = binarizer.transform(y)
        if len(class_weight) != labels.shape[1]:
            raise ValueError(
                f"class_weight must have a dict for each of the {labels.shape[1]} labels, got "
                f"{len(class_weight)}"
            )
        columns = zip(class_weight, labels.T, strict=True)
        product = np.prod([_each(of_label, BOTH)[column] for of_label, column in columns], axis=0)
        return np.asarray(product)
    weights = _each(class_weight, binarizer.classes_)
    of_examples: Array = weights[np.searchsorted(binarizer.classes_, y)]
    return of_examples


def _each(class_weight: dict[Any, float], classes: Array) -> Array:
    """The weight of each class, as scikit-learn reads a dict."""
    weights: Array = compute_class_weight(class_weight, classes=classes, y=classes)
    return weights
