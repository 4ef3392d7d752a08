"""What scikit-learn's perceptrons do not do, these do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the estimators are for scikit-learn")

import scipy.sparse
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.preprocessing import StandardScaler

import jitnet as jn
from jitnet.arrays import Array

FAST: dict[str, Any] = {
    "tol": 1e-2,
    "n_iter_no_change": 3,
    "learning_rate_init": 0.01,
    "random_state": 0,
}


@pytest.fixture
def cancer() -> tuple[Array, Array]:
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.fixture
def digits() -> tuple[Array, Array]:
    X, y = jn.datasets.load_digits()
    return X / 16, y


@pytest.fixture
def line(rng: np.random.Generator) -> tuple[Array, Array]:
    X = rng.normal(size=(400, 3))
    return X, X @ [1.0, -2.0, 0.5]


class Heard(jn.Callback):
    """Keeps what it is told, and stops after some epochs."""

    def __init__(self, stop: int = 10**6) -> None:
        self.told: list[dict[str, float]] = []
        self.stop, self.begun, self.ended = stop, 0, 0

    def on_fit_begin(self, model: Any, n_epochs: int) -> None:
        self.begun += 1

    def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> bool:
        self.told.append(logs)
        return epoch >= self.stop

    def on_fit_end(self, model: Any) -> None:
        self.ended += 1


def test_a_list_gives_each_hidden_layer_its_activation(digits: tuple[Array, Array]) -> None:
    model = jn.MLPClassifier((20, 10), activation=["gelu", "leaky_relu"], **FAST).fit(*digits)
    assert [layer.activation for layer in model.to_sequential().layers] == [
        "gelu",
        "leaky_relu",
        "identity",
    ]
    same = jn.MLPClassifier((20, 10), activation=["logistic"] * 2, **FAST).fit(*digits)
    other = jn.MLPClassifier((20, 10), activation="logistic", **FAST).fit(*digits)
    assert same.loss_curve_ == other.loss_curve_
    for wrong, message in ((["relu"], "one for each of the 2"), (["relu", "no"], "unknown")):
        with pytest.raises(ValueError, match=message):
            jn.MLPClassifier((20, 10), activation=wrong).fit(*digits)


def test_a_network_without_hidden_layers_is_linear(line: tuple[Array, Array]) -> None:
    parameters: dict[str, Any] = {"solver": "lbfgs", "alpha": 0, "tol": 1e-9, "random_state": 0}
    model = jn.MLPRegressor(hidden_layer_sizes=(), **parameters).fit(*line)
    # SciPy stops where the loss, half the square, gets better by less than 2.2e-9: √(2 · 2.2e-9)
    np.testing.assert_allclose(model.coefs_[0].ravel(), [1, -2, 0.5], atol=1e-4)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "quantile"])
def test_each_loss_of_a_regressor_is_made_small(loss: str, line: tuple[Array, Array]) -> None:
    X, y = line
    model = jn.MLPRegressor(
        loss=loss, hidden_layer_sizes=(), solver="sgd", learning_rate_init=0.05, random_state=0,
        max_iter=1000, tol=1e-7,
    ).fit(X, y)  # fmt: skip
    np.testing.assert_allclose(model.coefs_[0].ravel(), [1, -2, 0.5], atol=0.1)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_the_quantile_loss_finds_the_quantile(level: float, rng: np.random.Generator) -> None:
    y = rng.normal(size=4000)
    model = jn.MLPRegressor(
        loss="quantile", quantile=level, hidden_layer_sizes=(), learning_rate_init=0.01,
        random_state=0,
    ).fit(np.ones((4000, 1)), y)  # fmt: skip
    share = (y < model.predict(np.ones((1, 1)))).mean()
    assert abs(share - level) < 0.02  # three deviations of a share of 4,000 and the last steps


@pytest.mark.parametrize("loss", ["binary_crossentropy", "softmax_crossentropy"])
def test_either_cross_entropy_serves_two_and_many_classes(
    loss: str, digits: tuple[Array, Array], cancer: tuple[Array, Array]
) -> None:
    for X, y in (digits, cancer):
        model = jn.MLPClassifier(loss=loss, early_stopping=True, **FAST).fit(X, y)
        assert model.score(X, y) > 0.9
        probabilities = model.predict_proba(X)
        assert probabilities.shape == (len(X), len(model.classes_))
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)  # digits are float32
        decisions = model.decision_function(X)
        chosen = decisions > 0 if decisions.ndim == 1 else decisions.argmax(axis=1)
        np.testing.assert_array_equal(model.predict(X), model.classes_[chosen.astype(int)])


def test_class_weights_are_weights_of_the_examples(cancer: tuple[Array, Array]) -> None:
    X, y = cancer
    weighted = jn.MLPClassifier(class_weight={0: 3.0, 1: 0.5}, **FAST).fit(X, y)
    by_hand = jn.MLPClassifier(**FAST).fit(X, y, np.where(y == 0, 3.0, 0.5))
    assert weighted.loss_curve_ == by_hand.loss_curve_
    balanced = jn.MLPClassifier(class_weight="balanced", **FAST).fit(X, y)
    shares = len(y) / (2 * np.bincount(y))
    assert balanced.loss_curve_ == jn.MLPClassifier(**FAST).fit(X, y, shares[y]).loss_curve_
    with pytest.raises(ValueError, match="balanced"):
        balanced.partial_fit(X, y)


def test_a_validation_set_of_ones_own_gives_curves_and_stops(digits: tuple[Array, Array]) -> None:
    X, y = digits
    model = jn.MLPClassifier(early_stopping=True, **FAST)
    model.fit(X[:1500], y[:1500], X_val=X[1500:], y_val=y[1500:])
    assert len(model.validation_loss_curve_) == model.n_iter_ == len(model.validation_scores_)
    assert model.stopped_
    assert model.score(X[1500:], y[1500:]) == max(model.validation_scores_)
    assert model.t_ == 1500 * model.n_iter_  # nothing was split off
    curves = jn.MLPClassifier(**FAST)
    curves.fit(X[:1500], y[:1500], X_val=X[1500:], y_val=y[1500:])
    plain = jn.MLPClassifier(**FAST).fit(X[:1500], y[:1500])
    assert curves.loss_curve_ == plain.loss_curve_
    probabilities = curves.predict_proba(X[1500:])
    expected = -np.log(probabilities[np.arange(297), y[1500:]]).mean()
    np.testing.assert_allclose(curves.validation_loss_curve_[-1], expected)
    with pytest.raises(ValueError, match="together"):
        model.fit(X, y, X_val=X)
    with pytest.raises(ValueError, match="classes not in"):
        model.fit(X[y < 9], y[y < 9], X_val=X, y_val=y)


def test_lbfgs_follows_a_validation_set_too(cancer: tuple[Array, Array]) -> None:
    X, y = cancer
    model = jn.MLPClassifier(solver="lbfgs", alpha=1, tol=1e-2, random_state=0)
    model.fit(X[:400], y[:400], X_val=X[400:], y_val=y[400:])
    assert len(model.validation_loss_curve_) == model.n_iter_
    assert model.validation_scores_[-1] == model.score(X[400:], y[400:])


def test_partial_fit_stops_early_and_keeps_the_best(digits: tuple[Array, Array]) -> None:
    X, y = digits
    model = jn.MLPClassifier(early_stopping=True, **FAST)
    while not getattr(model, "stopped_", False):
        model.partial_fit(X[:1500], y[:1500], classes=np.arange(10), X_val=X[1500:], y_val=y[1500:])
        assert len(model.loss_curve_) < 100
    assert model.score(X[1500:], y[1500:]) == max(model.validation_scores_)
    epochs = len(model.loss_curve_)
    kept = [coef.copy() for coef in model.coefs_]
    with pytest.warns(UserWarning, match="partial_fit has stopped"):
        model.partial_fit(X[:1500], y[:1500], X_val=X[1500:], y_val=y[1500:])
    model.partial_fit(X[:1500], y[:1500], X_val=X[1500:], y_val=y[1500:])  # it was said once
    assert len(model.loss_curve_) == epochs
    for a, b in zip(model.coefs_, kept, strict=True):
        np.testing.assert_array_equal(a, b)


def test_partial_fit_goes_on_after_a_fit_that_stopped(digits: tuple[Array, Array]) -> None:
    X, y = digits
    model = jn.MLPClassifier(early_stopping=True, **FAST).fit(X, y)
    assert model.stopped_
    epochs = len(model.loss_curve_)
    for further in range(1, 3):
        before = model.coefs_[0].copy()
        model.partial_fit(X, y)
        assert len(model.loss_curve_) == epochs + further
        assert not model.stopped_
        assert (model.coefs_[0] != before).any()


def test_a_stopped_partial_fit_trains_on_without_early_stopping(
    digits: tuple[Array, Array],
) -> None:
    X, y = digits
    model = jn.MLPClassifier(early_stopping=True, **FAST | {"tol": 1.0})
    while not getattr(model, "stopped_", False):
        model.partial_fit(X, y, classes=np.arange(10))
    epochs = len(model.loss_curve_)
    model.set_params(early_stopping=False, n_iter_no_change=np.inf).partial_fit(X, y)
    assert len(model.loss_curve_) == epochs + 1
    epochs = model.set_params(early_stopping=True, n_iter_no_change=3).fit(X, y).n_iter_
    assert len(model.partial_fit(X, y).loss_curve_) == epochs + 1


def test_a_small_call_of_partial_fit_says_what_it_needs(digits: tuple[Array, Array]) -> None:
    X, y = digits
    for kind, targets in ((jn.MLPClassifier, y % 2), (jn.MLPRegressor, y.astype(float))):
        model = kind(early_stopping=True, **FAST)
        classes = {"classes": [0, 1]} if kind is jn.MLPClassifier else {}
        for few in (1, 2, 10):
            with pytest.raises(ValueError, match=f"Of {few} examples in a call of partial_fit"):
                model.partial_fit(X[:few], targets[:few], **classes)
        model.partial_fit(X[:10], targets[:10], X_val=X[10:20], y_val=targets[10:20], **classes)
    rare = np.arange(20) == 3  # of which nothing can be in both parts
    jn.MLPClassifier(early_stopping=True, **FAST).partial_fit(X[:20], rare, classes=[False, True])


def test_partial_fit_holds_out_the_same_examples_each_time(digits: tuple[Array, Array]) -> None:
    X, y = digits
    model = jn.MLPClassifier(early_stopping=True, **FAST | {"random_state": None})
    for _ in range(2):
        model.partial_fit(X, y, classes=np.arange(10))
    assert model.t_ == 2 * 1617
    seed = model._split_seed
    model.partial_fit(X, y)
    assert model._split_seed == seed


def test_partial_fit_takes_several_labels(digits: tuple[Array, Array]) -> None:
    X, y = digits
    labels = np.column_stack([y % 2 == 0, y > 4, y == 3]).astype(int)
    model = jn.MLPClassifier(**FAST)
    for _ in range(60):
        model.partial_fit(X, labels)
    assert model.predict(X).shape == labels.shape
    assert model.score(X, labels) > 0.9
    assert model.out_activation_ == "logistic"


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_callbacks_are_told_and_may_stop(solver: str, cancer: tuple[Array, Array]) -> None:
    heard = Heard(stop=4)
    model = jn.MLPClassifier(solver=solver, callbacks=[heard], random_state=0).fit(*cancer)
    assert model.n_iter_ == 4
    assert (heard.begun, heard.ended) == (1, 1)
    assert len(heard.told) == 4
    assert heard.told[-1]["loss"] == model.loss_


@pytest.mark.parametrize(
    "callback",
    [
        jn.EarlyStopping(),
        jn.ReduceOnPlateau(),
        jn.TimeBudget(1.0),
        jn.CSVLogger("log.csv"),
        jn.Checkpoint("kept"),
    ],
    ids=lambda callback: type(callback).__name__,
)
def test_callbacks_for_sequential_are_refused_before_any_work(
    callback: Any, cancer: tuple[Array, Array], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = jn.MLPClassifier(callbacks=[callback])
    with pytest.raises(ValueError, match=f"{type(callback).__name__} is for a Sequential"):
        model.fit(*cancer)
    assert not hasattr(model, "coefs_")
    assert not list(tmp_path.iterdir())


def test_progress_is_shown(cancer: tuple[Array, Array], capsys: pytest.CaptureFixture[str]) -> None:
    jn.MLPClassifier(progress=True, learning_rate="cosine", max_iter=5).fit(*cancer)
    assert "loss" in capsys.readouterr().err


@pytest.mark.parametrize(
    "parameters",
    [
        {"solver": "adamw"},
        {"solver": "rmsprop"},
        {"solver": jn.SGD(0.05, momentum=0.9)},
        {"solver": jn.AdamW(jn.Cosine(0.01, steps=400))},
        {"solver": "sgd", "learning_rate": jn.Exponential(0.1, every=100)},
        {"learning_rate": "cosine"},
        {"learning_rate": "one_cycle", "solver": "adamw"},
    ],
    ids=str,
)
def test_the_engines_optimisers_and_schedules_train(
    parameters: dict[str, Any], digits: tuple[Array, Array]
) -> None:
    settings = FAST | {"max_iter": 60, "tol": 0.03} | parameters
    assert jn.MLPClassifier(**settings).fit(*digits).score(*digits) > 0.95


def test_the_dtype_and_the_threads_can_be_chosen(digits: tuple[Array, Array]) -> None:
    X, y = digits
    single = jn.MLPClassifier(dtype="float32", n_threads=1, **FAST).fit(X, y)
    assert single.coefs_[0].dtype == np.float32
    team = jn.MLPClassifier(dtype="float32", n_threads=2, **FAST).fit(X, y)
    np.testing.assert_array_equal(single.coefs_[0], team.coefs_[0])


@pytest.mark.parametrize("preset", [None, "tabular"])
def test_to_sequential_predicts_the_same(
    preset: str | None, cancer: tuple[Array, Array], line: tuple[Array, Array]
) -> None:
    double = {"preset": preset, "dtype": "float64"}
    classifier = jn.MLPClassifier(**FAST | double | {"max_iter": 20, "tol": 0.1})
    X, y = cancer[0] * 7 + 3, cancer[1]
    proba = classifier.fit(X, y).predict_proba(X)[:, -1:]
    model = classifier.to_sequential()
    assert isinstance(model, jn.Sequential)
    np.testing.assert_allclose(model.predict(X)[:, -1:], proba, atol=1e-9)
    regressor = jn.MLPRegressor(**FAST | double | {"tol": 1e9})
    X, y = line[0] * 7 + 3, line[1] * 100 - 5
    predicted = regressor.fit(X, y).predict(X)
    np.testing.assert_allclose(regressor.to_sequential().predict(X).ravel(), predicted, atol=1e-6)


def test_the_preset_scales_inside_and_leaves_given_parameters() -> None:
    X, y = load_diabetes(return_X_y=True)
    train, test = slice(0, 342), slice(342, None)
    far = X * [1e-3, 1e4, *[1.0] * 8] + 50
    model = jn.MLPRegressor(preset="tabular", random_state=0).fit(far[train], y[train])
    assert model.score(far[test], y[test]) > 0.3
    sizes = jn.MLPRegressor(hidden_layer_sizes=(7,), preset="tabular", random_state=0)
    assert [len(b) for b in sizes.fit(far[train], y[train]).intercepts_] == [7, 1]


def test_the_preset_computes_in_float32_but_for_its_scales() -> None:
    X, y = load_diabetes(return_X_y=True)
    far = X * 1e-3 + 50  # a column's spread is 1e-6 of its mean: float32 does not hold it
    settings: dict[str, Any] = {"preset": "tabular", "random_state": 0}
    fast = jn.MLPRegressor(**settings).fit(far, y)
    exact = jn.MLPRegressor(dtype="float64", **settings).fit(far, y)
    assert fast.coefs_[0].dtype == np.float32
    assert exact.coefs_[0].dtype == np.float64
    assert fast.predict(far).dtype == np.float64, "what goes in says what comes out"
    assert fast.score(far, y) > 0.4
    assert abs(fast.score(far, y) - exact.score(far, y)) < 0.05
    folded = fast.to_sequential()
    bound = 1e-4 * y.std()  # float32's rounding after some hundred sums
    np.testing.assert_allclose(folded.predict(far).ravel(), fast.predict(far), rtol=0, atol=bound)


@pytest.mark.parametrize("rows", [30, 400])
def test_the_preset_predicts_from_sparse_and_dense_rows_alike(
    rows: int, rng: np.random.Generator
) -> None:
    X = np.where(rng.random((rows, 6)) < 0.6, 0.0, rng.normal(size=(rows, 6)))
    sparse = scipy.sparse.csr_matrix(X)
    for given in (X, sparse):
        model = jn.MLPRegressor(preset="tabular", random_state=0).fit(given, X[:, 0])
        np.testing.assert_allclose(model.predict(sparse), model.predict(X), rtol=1e-9, atol=1e-12)


def test_the_preset_takes_a_class_of_one_member(rng: np.random.Generator) -> None:
    X = rng.normal(size=(2500, 3))
    y = np.where(np.arange(2500) == 77, "rare", "common")
    model = jn.MLPClassifier(preset="tabular", max_iter=2, random_state=0).fit(X, y)
    assert len(model.validation_scores_) == 2
    with pytest.raises(ValueError, match="too few members are"):
        jn.MLPClassifier(preset="tabular", early_stopping=True).fit(X, y)


def test_the_preset_takes_few_rows_and_parts_of_any_size(rng: np.random.Generator) -> None:
    X = rng.normal(size=(3000, 3))
    y = X[:, 0] * 2 + 7
    jn.MLPRegressor(preset="tabular", random_state=0).fit(X[:10], y[:10])
    model = jn.MLPRegressor(preset="tabular", random_state=0)
    for rows in (3000, 1, 10, 2500):
        model.partial_fit(X[:rows], y[:rows])
    assert model.validation_scores_ is None


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int16, np.longdouble])
def test_the_preset_scales_targets_of_any_type(dtype: Any, rng: np.random.Generator) -> None:
    X = rng.normal(size=(200, 4))
    y = (X[:, 0] * 3000 + 2000).astype(dtype)
    model = jn.MLPRegressor(preset="tabular", random_state=0).fit(X, y)
    assert model.score(X, y.astype(float)) > 0.95


def test_targets_too_large_for_a_deviation_are_refused(rng: np.random.Generator) -> None:
    X = rng.normal(size=(200, 4))
    for given, words in ((X[:, 0] * 1e200, "y is too large"), (X[:, 0], "X is too large")):
        with pytest.raises(ValueError, match=words):
            jn.MLPRegressor(preset="tabular").fit(X * (1e200 if words[0] == "X" else 1), given)


@pytest.mark.parametrize("scale", [1e-163, 1e300])
@pytest.mark.parametrize("part", ["X", "y"])
def test_the_preset_refuses_what_has_no_deviation_in_double_precision(
    scale: float, part: str, rng: np.random.Generator
) -> None:
    X = rng.normal(size=(60, 3))
    given = {"X": X, "y": X[:, 0]}
    given[part] = given[part] * scale
    with pytest.raises(ValueError, match="for its deviation to be taken; scale it"):
        jn.MLPRegressor(preset="tabular").fit(given["X"], given["y"])
