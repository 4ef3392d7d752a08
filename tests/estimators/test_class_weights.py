"""Class weights and classes are those there will be; a part of the examples need not have all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the estimators are for scikit-learn")

import jitnet as jn
from jitnet.arrays import Array

FAST: dict[str, Any] = {
    "hidden_layer_sizes": (8,),
    "tol": 10.0,
    "n_iter_no_change": 1,
    "random_state": 0,
}
CLASSES = {"numbers": np.arange(3), "names": np.array(["a", "b", "c"])}


@pytest.fixture
def X(rng: np.random.Generator) -> Array:
    return rng.normal(size=(60, 4))


NUMBERS = np.arange(60) % 3


@pytest.mark.parametrize("kind", CLASSES)
def test_a_part_without_a_weighted_class_is_weighted_by_the_others(kind: str, X: Array) -> None:
    classes = CLASSES[kind]
    weights = {classes[1]: 5.0, classes[2]: 2.0}
    model = jn.MLPClassifier(class_weight=weights, **FAST)
    by_hand = jn.MLPClassifier(**FAST)
    for there in (NUMBERS >= 0, NUMBERS != 1, NUMBERS == 2):
        y = classes[NUMBERS[there]]
        model.partial_fit(X[there], y, classes=classes)
        by_hand.partial_fit(X[there], y, np.array([1.0, 5.0, 2.0])[NUMBERS[there]], classes=classes)
    assert model.loss_curve_ == by_hand.loss_curve_


def test_a_part_without_a_weighted_label_is_weighted_by_the_others(X: Array) -> None:
    labels = np.column_stack([NUMBERS > 0, NUMBERS == 1]).astype(int)
    weights = [{1: 5.0}, {0: 0.5, 1: 3.0}]
    model = jn.MLPClassifier(class_weight=weights, **FAST)
    by_hand = jn.MLPClassifier(**FAST)
    for there in (NUMBERS >= 0, NUMBERS == 0):
        y = labels[there]
        model.partial_fit(X[there], y)
        given = np.array([1.0, 5.0])[y[:, 0]] * np.array([0.5, 3.0])[y[:, 1]]
        by_hand.partial_fit(X[there], y, given)
    assert model.loss_curve_ == by_hand.loss_curve_


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({7: 2.0}, "are not in class_weight"),
        ([{1: 2.0}], "one dict of the classes"),
    ],
    ids=str,
)
def test_weights_of_what_is_no_class_are_refused(given: Any, words: str, X: Array) -> None:
    with pytest.raises(ValueError, match=words):
        jn.MLPClassifier(class_weight=given, **FAST).fit(X, NUMBERS)


@pytest.mark.parametrize("given", [{1: 2.0}, [{1: 2.0}]], ids=str)
def test_labels_need_a_dict_each(given: Any, X: Array) -> None:
    labels = np.column_stack([NUMBERS > 0, NUMBERS == 1]).astype(int)
    with pytest.raises(ValueError, match="a dict for each"):
        jn.MLPClassifier(class_weight=given, **FAST).fit(X, labels)


def test_a_warm_start_takes_a_validation_set_that_lacks_a_class(X: Array) -> None:
    few = NUMBERS != 1
    model = jn.MLPClassifier(warm_start=True, **FAST)
    for _ in range(2):
        model.fit(X, NUMBERS, X_val=X[few], y_val=NUMBERS[few])
    with pytest.raises(ValueError, match="same classes as in the previous call"):
        model.fit(X[few], NUMBERS[few])
    with pytest.raises(ValueError, match="classes not in"):
        model.fit(X, NUMBERS, X_val=X, y_val=NUMBERS + 1)


def test_labels_do_not_validate_classes(X: Array) -> None:
    labels = np.column_stack([NUMBERS > 0, NUMBERS == 1]).astype(int)
    with pytest.raises(ValueError, match="must have one class an example"):
        jn.MLPClassifier(**FAST).fit(X, NUMBERS, X_val=X, y_val=labels)
    with pytest.raises(ValueError, match="must have several labels an example"):
        jn.MLPClassifier(**FAST).fit(X, labels, X_val=X, y_val=NUMBERS % 2)
