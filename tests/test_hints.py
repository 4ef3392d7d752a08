"""Who comes from Keras, PyTorch or scikit-learn is told what a thing is called here."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from jitnet.hints import CHOICES, KEYWORDS, METHODS


class CrossEntropyLoss:
    """As PyTorch has it."""


class AdamW:
    """As PyTorch has it."""


def model(**given: Any) -> jn.Sequential:
    return jn.Sequential(**({"layers": [jn.Dense(1)], "loss": "mse"} | given))


def fit(**given: Any) -> Any:
    return model().fit([[1.0]], [1.0], **given)


@pytest.mark.parametrize(
    ("make", "given", "kind", "hint"),
    [
        (model, {"loss": "sparse_categorical_crossentropy"}, ValueError, "softmax_crossentropy'"),
        (model, {"loss": "categorical_crossentropy"}, ValueError, "is 'softmax_crossentropy'"),
        (model, {"loss": "CrossEntropyLoss"}, ValueError, "you mean is 'softmax_crossentropy'"),
        (model, {"loss": CrossEntropyLoss()}, TypeError, "you mean is 'softmax_crossentropy'"),
        (model, {"loss": CrossEntropyLoss}, TypeError, "you mean is 'softmax_crossentropy'"),
        (model, {"loss": "bce"}, ValueError, "what you mean is 'binary_crossentropy'"),
        (model, {"loss": "MSE"}, ValueError, "what you mean is 'mse'"),
        (model, {"loss": "binary_crossentrophy"}, ValueError, "mean 'binary_crossentropy'?"),
        (model, {"optimizer": "adamax"}, ValueError, "is 'adam', the nearest there is"),
        (model, {"optimizer": "Adam"}, ValueError, "what you mean is 'adam'"),
        (model, {"optimizer": AdamW()}, TypeError, "what you mean is 'adamw'"),
        (model, {"learning_rate": 0.1}, TypeError, "is optimizer=Adam(learning_rate=…)"),
        (model, {"random_state": 0}, TypeError, "Sequential takes no argument 'random_state'; wh"),
        (fit, {"verbose": 1}, TypeError, "takes no argument 'verbose'; what you mean is progress"),
        (fit, {"validation_split": 0.1}, TypeError, "what you mean is validation_data=(X, y)"),
        (fit, {"epoch": 3}, TypeError, "what you mean is epochs"),
        (fit, {"nonsense": 3}, TypeError, "Sequential.fit takes no argument 'nonsense'"),
        (jn.Adam, {"lr": 0.1}, TypeError, "Adam takes no argument 'lr'; what you mean is learn"),
        (jn.SGD, {"lr": 0.1}, TypeError, "SGD takes no argument 'lr'; what you mean is learning"),
        (jn.RMSprop, {"alpha": 0.9}, TypeError, "what you mean is rho, of RMSprop"),
        (jn.Adam, {"weight_decay": 0.1}, TypeError, "what you mean is AdamW(weight_decay=…)"),
        (jn.Dense, {"units": 1, "use_bias": False}, TypeError, "what you mean is bias"),
        (jn.Dense, {"units": 1, "activation": "softmax"}, ValueError, "none in the last layer"),
        (jn.Dense, {"units": 1, "activation": None}, TypeError, "what you mean is 'identity'"),
        (jn.Dense, {"units": 1, "activation": "ReLU"}, ValueError, "what you mean is 'relu'"),
        (jn.Dense, {"units": 1, "initializer": "HeNormal"}, ValueError, "mean is 'he_normal'"),
        (jn.Dense, {"units": 1, "initializer": "xavier_uniform"}, ValueError, "'glorot_uniform'"),
    ],
)
def test_a_name_of_others_is_answered_with_ours(
    make: Callable[..., object], given: dict[str, Any], kind: type[Exception], hint: str
) -> None:
    with pytest.raises(kind, match=re.escape(hint)):
        make(**given)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_of_others_is_answered_with_ours(name: str) -> None:
    with pytest.raises(AttributeError, match=re.escape(METHODS[name])):
        getattr(model(), name)
    assert not hasattr(model(), name)


def test_every_hint_names_what_there_is() -> None:
    hints = " ".join((*KEYWORDS.values(), *METHODS.values()))
    for what, names in CHOICES.items():
        for hint in names.values():
            for ours in re.findall(r"^'(\w+)'", hint):
                given = {what: ours}
                if what in ("loss", "optimizer"):
                    model(**{"layers": [jn.Dense(2)]} | given)
                elif what == "mode":
                    jn.RandomFlip(**given)
                else:
                    jn.Dense(1, **given)
    for name in re.findall(r"\b([A-Z]\w+)\(", hints):
        assert hasattr(jn, name)
    for name in ("predict", "evaluate", "get_weights", "set_weights", "partial_fit", "save"):
        assert name in hints
        assert hasattr(jn.Sequential, name)


def test_what_is_hinted_at_is_signed_copied_and_kept_as_before() -> None:
    layer = jn.Dense(3, "relu")
    assert pickle.loads(pickle.dumps(layer)) == copy.deepcopy(layer) == layer
    fitted = model()
    fitted.fit([[1.0]], [1.0])
    for same in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        assert same.get_weights()[0] == fitted.get_weights()[0]
    assert "validation_data" in inspect.signature(jn.Sequential.fit).parameters


NAMES = np.array([["a", "b"], ["c", "d"]])
TIMES = np.array([["2020-01-01"], ["2020-01-03"]], "M8[s]")


def test_what_is_advised_for_types_that_are_no_numbers_works() -> None:
    one = jn.Sequential([jn.Dense(1)], "mse")
    for X, words in (
        (NAMES, "np.unique(…, return_inverse=True)"),
        (NAMES.astype(object), "columns of 0 and 1"),
        (TIMES, "(t - t.min()) / np.timedelta64(1, 'D')"),
        (TIMES - TIMES.min(), "t / np.timedelta64(1, 's')"),
        (np.ones((2, 1), complex), "the real and the imaginary parts"),
    ):
        with pytest.raises(TypeError, match=re.escape(words)):
            one.fit(X, [1.0, 2.0])
    codes = np.unique(NAMES, return_inverse=True)[1].reshape(NAMES.shape)
    for numbers in (
        codes,
        (TIMES - TIMES.min()) / np.timedelta64(1, "D"),
        (TIMES - TIMES.min()) / np.timedelta64(1, "s"),
    ):
        jn.Sequential([jn.Dense(1)], "mse").fit(numbers, [1.0, 2.0])


def test_a_hole_is_to_be_filled_with_what_is_right_for_a_column() -> None:
    one = jn.Sequential([jn.Dense(1)], "mse")
    with pytest.raises(ValueError, match=r"leave it out or fill in its column's median") as caught:
        one.fit([[np.nan], [1.0]], [1.0, 2.0])
    assert "nan_to_num" not in str(caught.value)
    with pytest.raises(ValueError, match=r"leave it out$"):
        one.fit([[0.0], [1.0]], [1.0, np.nan])
