"""Classes as targets of the output layer, and its logits as classes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.multiclass import type_of_target, unique_labels

from jitnet.arrays import Array


class Labels(NamedTuple):
    """The classes of a fit, and the output layer that tells them apart.

    An example has one class of several, or several labels of 0 and 1.
    """

    binarizer: LabelBinarizer  # or None where the classes are not known
    out_activation: str  # "softmax" or "logistic"
    n_outputs: int

    @property
    def classes(self) -> Array:
        """The classes, sorted."""
        classes: Array = self.binarizer.classes_
        return classes

    @property
    def is_multilabel(self) -> bool:
        """Whether an example has several labels, not one class."""
        return is_multilabel(self.binarizer)

    @property
    def is_one_against_others(self) -> bool:
        """Whether each of several classes has a sigmoid of its own: its probability is a share."""
        several = self.out_activation == "logistic" and self.n_outputs > 1
        return several and not self.is_multilabel

    def encode(self, y: Any, smoothing: float) -> tuple[Array, bool]:
        """Targets as the engine takes them, and whether they are class labels."""
        if self.is_multilabel:
            targets = self.binarizer.transform(y)
        else:
            numbers = np.searchsorted(self.classes, y)[:, np.newaxis]
            if self.out_activation == "softmax":
                return numbers, True
            targets = numbers == np.arange(int(self.n_outputs == 1), max(2, self.n_outputs))
        return targets * (1.0 - smoothing) + smoothing / 2, False

    def decode(self, logits: Array) -> Array:
        """Classes of logits, which tell apart what rounds to a probability of 0 or 1."""
        if self.is_multilabel:
            labels: Array = self.binarizer.inverse_transform(logits, threshold=0.0)
            return labels
        if self.n_outputs > 1:
            numbers = logits.argmax(axis=1)
        else:
            numbers = (logits.ravel() > 0) * (len(self.classes) - 1)
        classes: Array = self.classes[numbers]
        return classes

    def are_correct(self, targets: Array, logits: Array) -> Array:
        """Whether each example of encoded targets is classified correctly."""
        if self.out_activation == "softmax":
            correct: Array = logits.argmax(axis=1) == targets[:, 0]
        elif self.is_one_against_others:
            correct = logits.argmax(axis=1) == targets.argmax(axis=1)
        else:
            correct = ((logits > 0) == (targets > 0.5)).all(axis=1)
        return correct

    def strata(self, targets: Array) -> Array | None:
        """The classes whose shares a split keeps: scikit-learn's keeps those of two."""
        if self.binarizer.y_type_ != "binary":
            return None
        return np.where(targets[:, 0] > 0.5, "True", "False")  # so scikit-learn calls them

    def check(self, y: Any) -> None:
        """Refuse classes that are none of these; they need not be all of them."""
        if is_multilabel(y) != self.is_multilabel:
            known, given = "one class an example", "several labels an example"
            if self.is_multilabel:
                known, given = given, known
            raise ValueError(f"`y` must have {known}, as in the previous call, not {given}")
        classes = unique_labels(y)
        if len(np.setdiff1d(classes, self.classes, assume_unique=True)):
            raise ValueError(
                "`y` has classes not in `self.classes_`. "
                f"`self.classes_` has {self.classes}. 'y' has {classes}."
            )

    def check_all(self, y: Any) -> None:
        """Refuse other classes than these, and fewer."""
        classes = unique_labels(y)
        if set(classes) != set(self.classes):
            raise ValueError(
                "warm_start can only be used where `y` has the same "
                "classes as in the previous call to fit. Previously "
                f"got {self.classes}, `y` has {classes}"
            )


def is_multilabel(given: Any) -> bool:
    """Whether targets, or those that a binarizer has seen, are several labels an example."""
    kind = given.y_type_ if isinstance(given, LabelBinarizer) else type_of_target(given)
    return bool(kind.startswith("multilabel"))


def labels_for(binarizer: LabelBinarizer, loss: str) -> Labels:
    """The labels of a binarizer, with the output layer that a loss wants for them."""
    is_multiclass = binarizer.y_type_ == "multiclass"
    has_softmax = loss == "softmax_crossentropy" or (loss == "log_loss" and is_multiclass)
    if is_multilabel(binarizer):
        if has_softmax:
            raise ValueError("loss='softmax_crossentropy' is for one class an example, not several")
        return Labels(binarizer, "logistic", max(1, len(binarizer.classes_)))
    if has_softmax or is_multiclass:
        out_activation = "softmax" if has_softmax else "logistic"
        return Labels(binarizer, out_activation, max(2, len(binarizer.classes_)))
    return Labels(binarizer, "logistic", 1)
