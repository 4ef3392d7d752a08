"""What makes no sense is refused in words, and leaves the model as it was."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from training_state import state_of

ROWS, FEATURES, CLASSES = 12, 4, 3
X = np.linspace(-1.0, 1.0, ROWS * FEATURES, dtype=np.float32).reshape(ROWS, FEATURES)
LABELS = np.arange(ROWS) % CLASSES
VALUES = X[:, 0].astype(np.float64)


class Sparse:
    """What sparse matrices look like that are not had by rows."""

    shape = X.shape

    def toarray(self) -> Any:
        return X


def classifier() -> jn.Sequential:
    layers = [jn.Dense(5, activation="tanh"), jn.Dense(CLASSES)]
    return jn.Sequential(layers, loss="softmax_crossentropy")


def regressor(loss: str = "mse") -> jn.Sequential:
    return jn.Sequential([jn.Dense(5, activation="tanh"), jn.Dense(1)], loss=loss)


def trained(model: jn.Sequential) -> jn.Sequential:
    targets = LABELS if model.loss == "softmax_crossentropy" else abs(VALUES)
    model.fit(X, targets, epochs=2)
    return model


def replaced(array: Any, value: Any) -> Any:
    """A copy with one other value in its last place but one."""
    copy = array.astype(np.result_type(array, np.asarray(value)))
    copy.flat[-2] = value
    return copy


def refuses(
    kind: type[Exception], words: str, model: jn.Sequential, method: str, *given: Any, **named: Any
) -> None:
    """The call raises, in these words, and changes nothing of the model."""
    before, history = state_of(model), dict(model.history)
    with pytest.raises(kind, match=re.escape(words)):
        getattr(model, method)(*given, **named)
    assert state_of(model) == before
    assert model.history == history


SHAPE = "must have the shape (n_samples, n_features), got"
BAD_X: dict[str, tuple[Any, type[Exception], str]] = {
    "NaN": (replaced(X, np.nan), ValueError, "must be finite, but contains nan; leave it out"),
    "infinity": (replaced(X, -np.inf), ValueError, "must be finite, but contains -inf"),
    "too large": (replaced(X, 1e300), ValueError, "must fit into float32, but contains 1e+300"),
    "too long": (replaced(X, np.longdouble(1e39)), ValueError, "must fit into float32"),
    "one dimension": (
        X[0],
        ValueError,
        f"{SHAPE} (4,); reshape(-1, 1)",
    ),
    "four dimensions": (
        X[None, None],
        ValueError,
        f"{SHAPE} (1, 1, 12, 4)",
    ),
    "a number": (1.0, ValueError, f"{SHAPE} ()"),
    "no examples": (X[:0], ValueError, "must have examples and features, got the shape (0, 4)"),
    "no features": (X[:, :0], ValueError, "must have examples and features"),
    "objects": (X.astype(object) + 1j, TypeError, "must hold real numbers, got the type object"),
    "strings": (X.astype(str), TypeError, "must hold real numbers, got the type <U"),
    "complex": (X.astype(complex), TypeError, "must hold real numbers, got the type complex128"),
    "dates": (
        np.zeros(X.shape, "M8[s]"),
        TypeError,
        "must hold real numbers, got the type dat",
    ),
    "records": (np.zeros(X.shape, [("a", "f4")]), TypeError, "must hold real numbers"),
    "nothing": (None, TypeError, "must hold real numbers"),
    "ragged": ([[1, 2, 3, 4], [1, 2]], ValueError, "must be an array, or lists of numbers of one"),
    "sparse": (Sparse(), TypeError, "must not be a sparse matrix; pass what its toarray()"),
    "masked": (np.ma.masked_less(X, 0), ValueError, "must not have masked values; leave such"),
}

BAD_LABELS: dict[str, tuple[Any, type[Exception], str]] = {
    "NaN": (replaced(LABELS, np.nan), ValueError, "y must be finite, but contains nan"),
    "below": (LABELS - 1, ValueError, "class labels from 0 to 2, as the last layer has 3 units"),
    "above": (LABELS + 1, ValueError, "got 1 to 3"),
    "fractions": (LABELS + 0.5, ValueError, "y must hold whole class labels"),
    "too few": (LABELS[1:], ValueError, "a target for each of the 12 examples, got the shape (11,"),
    "a number": (1, ValueError, "y must have a target for each of the 12 examples"),
    "none": ([], ValueError, "y must have a target for each of the 12 examples"),
    "two columns": (np.eye(2)[LABELS % 2], ValueError, "(n_samples, 3) or (n_samples,) of labels"),
    "no shares": (np.eye(3)[LABELS] / 2, ValueError, "each row of y must sum to 1"),
    "negative shares": (2 * np.eye(3)[LABELS] - 1, ValueError, "y must lie between 0 and 1"),
    "names": (LABELS.astype(str), TypeError, "y must hold real numbers, got the type <U"),
    "masked": (np.ma.masked_equal(LABELS, 1), ValueError, "y must not have masked values"),
}

BAD_WEIGHTS: dict[str, tuple[Any, type[Exception], str]] = {
    "NaN": (replaced(np.ones(ROWS), np.nan), ValueError, "sample_weight must be finite"),
    "negative": (replaced(np.ones(ROWS), -1), ValueError, "must not be negative, got -1.0"),
    "all zero": (np.zeros(ROWS), ValueError, "must have a positive, finite sum, got 0.0"),
    "all but zero": (np.full(ROWS, 1e-300), ValueError, "must have a positive, finite sum"),
    "endless": (np.full(ROWS, 1e38), ValueError, "must have a positive, finite sum, got inf"),
    "too few": (np.ones(ROWS - 1), ValueError, "must have the shape (12,), got (11,)"),
    "a column": (np.ones((ROWS, 1)), ValueError, "must have the shape (12,), got (12, 1)"),
    "a number": (2.0, ValueError, "must have the shape (12,), got ()"),
    "names": (["a"] * ROWS, TypeError, "sample_weight must hold real numbers"),
}

BAD_ARGUMENTS: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "no epochs": ({"epochs": 0}, ValueError, "epochs must be at least 1, got 0"),
    "half an epoch": ({"epochs": 0.5}, TypeError, "epochs must be a whole number, got 0.5"),
    "true epochs": ({"epochs": True}, TypeError, "epochs must be a whole number, got True"),
    "many epochs": ({"epochs": np.array([3])}, TypeError, "epochs must be a whole number"),
    "empty batches": ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
    "half batches": ({"batch_size": 2.5}, TypeError, "batch_size must be a whole number"),
    "true batches": ({"batch_size": True}, TypeError, "batch_size must be a whole number"),
    "shuffle": ({"shuffle": "yes"}, TypeError, "shuffle must be True or False, got 'yes'"),
    "progress": ({"progress": "bar"}, TypeError, "must be True, False, None or a Progress"),
    "a callback": ({"callbacks": jn.Callback()}, TypeError, "must be a list of Callback objects"),
    "no callback": ({"callbacks": [print]}, TypeError, "callbacks must be Callback objects, got"),
    "a class": ({"callbacks": [jn.Callback]}, TypeError, "callbacks must be Callback objects, got"),
    "no pair": (
        {"validation_data": X},
        ValueError,
        "must be (X, y), (X, y, sample_weight) or (X, y, sample_weight, lengths), got arr",
    ),
    "five": ({"validation_data": (X, LABELS, 1, 1, 1)}, ValueError, "got 5 of them"),
    "other weights": (
        {"validation_data": (X, LABELS, np.ones(ROWS - 1))},
        ValueError,
        "sample_weight of validation_data must have the shape (12,), got (11,)",
    ),
    "other features": (
        {"validation_data": (X[:, :3], LABELS)},
        ValueError,
        "X of validation_data must have 4 features, got 3",
    ),
    "other classes": (
        {"validation_data": (X, LABELS + 1)},
        ValueError,
        "y of validation_data must hold class labels from 0 to 2",
    ),
    "a hole": (
        {"validation_data": (replaced(X, np.nan), LABELS)},
        ValueError,
        "X of validation_data must be finite, but contains nan",
    ),
}


@pytest.mark.parametrize("bad", BAD_X)
def test_inputs(bad: str) -> None:
    given, kind, words = BAD_X[bad]
    for model in (classifier(), trained(classifier())):
        refuses(kind, f"X {words}", model, "fit", given, LABELS)
    refuses(kind, f"X {words}", model, "predict", given)
    refuses(kind, f"X {words}", model, "evaluate", given, LABELS)
    refuses(kind, f"X {words}", model, "gradients", given, LABELS)


def test_inputs_of_other_features_than_the_models() -> None:
    model = trained(classifier())
    refuses(ValueError, "X must have 4 features, got 3", model, "fit", X[:, :3], LABELS)
    refuses(ValueError, "X must have 4 features, got 3", model, "predict", X[:, :3])


@pytest.mark.parametrize("bad", BAD_LABELS)
def test_labels(bad: str) -> None:
    given, kind, words = BAD_LABELS[bad]
    for model in (classifier(), trained(classifier())):
        refuses(kind, words, model, "fit", X, given)
    refuses(kind, words, model, "evaluate", X, given)
    refuses(kind, words, model, "gradients", X, given)


@pytest.mark.parametrize(
    ("loss", "given", "words"),
    [
        ("mse", replaced(VALUES, np.inf), "y must be finite, but contains inf"),
        ("mse", replaced(VALUES, 1e300), "y must fit into float32, but contains 1e+300"),
        ("mse", np.stack([VALUES, VALUES], axis=1), "(n_samples, 1), as the last layer has 1 unit"),
        ("binary_crossentropy", LABELS, "y must lie between 0 and 1 for binary_crossentropy"),
        ("poisson", -np.ones(ROWS), "y must not be negative for poisson, got -1.0"),
    ],
)
def test_values(loss: str, given: Any, words: str) -> None:
    for model in (regressor(loss), trained(regressor(loss))):
        refuses(ValueError, words, model, "fit", X, given)


@pytest.mark.parametrize("bad", BAD_WEIGHTS)
def test_sample_weights(bad: str) -> None:
    given, kind, words = BAD_WEIGHTS[bad]
    model = trained(regressor())
    for method in ("fit", "partial_fit", "evaluate", "gradients"):
        refuses(kind, words, model, method, X, VALUES, sample_weight=given)


@pytest.mark.parametrize("bad", BAD_ARGUMENTS)
def test_arguments_of_a_fit(bad: str) -> None:
    given, kind, words = BAD_ARGUMENTS[bad]
    for model in (classifier(), trained(classifier())):
        refuses(kind, words, model, "fit", X, LABELS, **given)


W = [np.ones((4, 5)), np.ones(5), np.ones((5, 1)), np.ones(1)]


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        (
            W[:3],
            ValueError,
            "the shapes [(4, 5), (5,), (5, 1), (1,)], got [(4, 5), (5,), (5",
        ),
        ([w.T for w in W], ValueError, "must have the shapes [("),
        ([], ValueError, "weights must "),
        (None, TypeError, "a list of arrays [W1, b1, …], got a NoneType"),
        (W[0], TypeError, "a list of arrays [W1, b1, …], got a ndarray"),
        ([W[0], np.full(5, np.nan), *W[2:]], ValueError, "weights[1] must be finite, but contains"),
        ([W[0], np.full(5, 1e300), *W[2:]], ValueError, "weights[1] must fit into float32, but"),
        ([*W[:3], ["a"]], TypeError, "weights[3] must hold real numbers, got the type <U1"),
        ([[[1.0], [1.0, 2.0]], *W[1:]], ValueError, "weights[0] must be an array, or lists"),
    ],
)
def test_weights_to_set(given: Any, kind: type[Exception], words: str) -> None:
    for model in (regressor(), trained(regressor())):
        refuses(kind, words, model, "set_weights", given)


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("predict", [X]),
        ("evaluate", [X, VALUES]),
        ("gradients", [X, VALUES]),
        ("get_weights", []),
        ("save", ["model.safetensors"]),
    ],
)
def test_a_model_without_weights(method: str, given: list[Any]) -> None:
    words = "no weights yet; call fit, build or set_weights first"
    refuses(jn.NotFittedError, words, regressor(), method, *given)


@pytest.mark.parametrize("given", [0, -1, 10**30, 1.5, True, "4", None])
def test_numbers_of_features(given: Any) -> None:
    kind = ValueError if type(given) is int else TypeError
    refuses(kind, "n_features must be", trained(regressor()), "build", given)


def model_of(**given: Any) -> jn.Sequential:
    return jn.Sequential(**({"layers": [jn.Dense(1)], "loss": "mse"} | given))


@pytest.mark.parametrize(
    ("make", "given", "kind", "words"),
    [
        (model_of, {"layers": []}, ValueError, "a sequence of at least one layer, got []"),
        (model_of, {"layers": [3]}, TypeError, "must be layers such as Dense(10), got 3"),
        (model_of, {"loss": "mze"}, ValueError, "unknown loss 'mze'; there are: mse, mae"),
        (model_of, {"optimizer": "adm"}, ValueError, "unknown optimizer 'adm'; there are: sgd"),
        (model_of, {"optimizer": 0.1}, TypeError, "an optimiser such as Adam(), got 0.1"),
        (model_of, {"optimizer": jn.Adam(epsilon=1e-300)}, ValueError, "above 0 in float32"),
        (model_of, {"optimizer": jn.Adam(epsilon=1e39)}, ValueError, "finite in float32"),
        (model_of, {"seed": -1}, ValueError, "seed must be from 0 to 9223372036854775807"),
        (model_of, {"seed": True}, TypeError, "seed must be a whole number, got True"),
        (model_of, {"dtype": "float16"}, ValueError, "'float32' or 'float64', got 'float16'"),
        (model_of, {"dtype": None}, ValueError, "'float32' or 'float64', got None"),
        (model_of, {"n_threads": 0}, ValueError, "n_threads must be from 1 to 256, got 0"),
        (model_of, {"label_smoothing": 0.1}, ValueError, "belongs to softmax_crossentropy"),
        (model_of, {"quantile": 0.9}, ValueError, "belongs to the loss 'quantile'"),
        (
            model_of,
            {"quantile": 1.0},
            ValueError,
            "quantile must be finite and above 0 and below 1",
        ),
        (jn.Adam, {"epsilon_hat": 1}, TypeError, "True or False"),
        (model_of, {"loss": "softmax_crossentropy"}, ValueError, "at least 2 units, one a class"),
        (jn.Dense, {"units": 0}, ValueError, "units must be "),
        (jn.Dense, {"units": 2**40}, ValueError, "units must be from 1 to 2147483647, got"),
        (jn.Dense, {"units": True}, TypeError, "units must be a whole number, got True"),
        (jn.Dense, {"units": 2, "activation": "rely"}, ValueError, "unknown activation 'rely'"),
        (jn.Dense, {"units": 2, "initializer": "he"}, ValueError, "unknown initializer 'he'"),
        (jn.Dense, {"units": 2, "bias": 1}, TypeError, "bias must be True or False, got 1"),
        (jn.Dense, {"units": 2, "l2": -0.1}, ValueError, "l2 must be finite and at least 0"),
        (jn.SGD, {"learning_rate": 0}, ValueError, "must be finite and above 0, got 0"),
        (jn.SGD, {"learning_rate": "fast"}, TypeError, "a number or a schedule, got 'fast'"),
        (jn.SGD, {"momentum": 1.01}, ValueError, "momentum must be finite and at least 0 and"),
        (jn.Adam, {"learning_rate": np.nan}, ValueError, "must be finite and above 0, got nan"),
        (jn.Adam, {"clip_norm": 0}, ValueError, "clip_norm must be finite and above 0, got 0"),
        (jn.Adam, {"beta_1": "big"}, TypeError, "beta_1 must be a number, got 'big'"),
    ],
)
def test_what_models_are_made_of(
    make: Callable[..., object], given: dict[str, Any], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=re.escape(words)):
        make(**given)
