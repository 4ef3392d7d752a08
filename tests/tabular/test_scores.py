"""Scores, beside scikit-learn's."""

import numpy as np
import pytest
from sklearn import metrics

from jitnet.tabular.scores import classification_scores, regression_scores


def test_scores_of_classes_are_scikit_learns(rng: np.random.Generator) -> None:
    labels = rng.integers(0, 3, 500)
    logits = rng.normal(size=(500, 3)) + 1.5 * np.eye(3)[labels]
    P = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    P = P.round(2) / P.round(2).sum(axis=1, keepdims=True)  # with ties
    said = P.argmax(axis=1)
    scores = classification_scores(labels, P, most_frequent=1)
    assert scores.accuracy == metrics.accuracy_score(labels, said)
    assert scores.baseline == np.mean(labels == 1)
    np.testing.assert_allclose(
        scores.precision, metrics.precision_score(labels, said, average=None)
    )
    np.testing.assert_allclose(scores.recall, metrics.recall_score(labels, said, average=None))
    np.testing.assert_array_equal(scores.confusion, metrics.confusion_matrix(labels, said))
    area = metrics.roc_auc_score(labels, P, multi_class="ovr")
    np.testing.assert_allclose(scores.auc, area, rtol=1e-12)


def test_scores_of_two_classes_are_scikit_learns(rng: np.random.Generator) -> None:
    labels = rng.integers(0, 2, 400)
    p = np.clip(0.2 + 0.5 * labels + rng.normal(0, 0.3, 400), 0.01, 0.99).round(2)
    scores = classification_scores(labels, np.column_stack([1 - p, p]), most_frequent=0)
    np.testing.assert_allclose(scores.auc, metrics.roc_auc_score(labels, p), rtol=1e-12)
    np.testing.assert_allclose(scores.log_loss, metrics.log_loss(labels, p), rtol=1e-12)
    shares = np.full(400, labels.mean())
    np.testing.assert_allclose(scores.baseline_log_loss, metrics.log_loss(labels, shares))


def test_calibration_is_the_distance_of_probability_and_frequency() -> None:
    P = np.array([[0.15, 0.85]] * 10 + [[0.65, 0.35]] * 10)
    labels = np.array([1] * 8 + [0] * 2 + [0] * 10)
    scores = classification_scores(labels, P, most_frequent=1)
    np.testing.assert_allclose(scores.calibration, (0.05 + 0.35) / 2)


def test_scores_of_numbers_are_scikit_learns(rng: np.random.Generator) -> None:
    y = rng.normal(size=200)
    said = y + rng.normal(0, 0.5, 200)
    scores = regression_scores(y, said, mean=0.5)
    np.testing.assert_allclose(scores.rmse, metrics.root_mean_squared_error(y, said))
    np.testing.assert_allclose(scores.mae, metrics.mean_absolute_error(y, said))
    np.testing.assert_allclose(scores.r2, metrics.r2_score(y, said))
    np.testing.assert_allclose(scores.baseline, np.sqrt(np.mean((y - 0.5) ** 2)))
    np.testing.assert_allclose(
        scores.baseline_mae, metrics.mean_absolute_error(y, np.full(200, 0.5))
    )


@pytest.mark.parametrize("labels", [[0, 0, 0], [1, 1, 1]])
def test_rows_of_one_class_have_no_area(labels: list[int]) -> None:
    P = np.array([[0.3, 0.7], [0.4, 0.6], [0.5, 0.5]])
    assert np.isnan(classification_scores(np.array(labels), P, most_frequent=0).auc)
