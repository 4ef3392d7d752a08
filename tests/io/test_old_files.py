"""A model that an earlier version saved loads, predicts the same and trains on."""

from pathlib import Path

import numpy as np
import pytest

import jitnet as jn
from jitnet.arrays import Array
from tolerances import assert_close, tolerance

pytest.importorskip("safetensors", reason="a model file needs safetensors")

FOLDER = Path(__file__).parents[1] / "data"

MODELS: dict[str, tuple[jn.Sequential, str]] = {
    "adam": (
        jn.Sequential(
            [jn.Dense(9, "relu", l2=0.01), jn.Dense(8, "tanh", bias=False), jn.Dense(3)],
            "softmax_crossentropy",
            jn.Adam(jn.Cosine(0.01, steps=200, warmup=3), clip_norm=1.0),
            label_smoothing=0.1,
            seed=3,
        ),
        "labels",
    ),
    "momentum": (
        jn.Sequential(
            [jn.Dense(17, "gelu"), jn.Dense(1)],
            "quantile",
            jn.SGD(0.05, momentum=0.9, nesterov=True),
            quantile=0.7,
            dtype="float64",
        ),
        "y",
    ),
    "rmsprop": (
        jn.Sequential(
            [jn.Dense(2, "softplus"), jn.Dense(1, l2=0.001)], "mse", jn.RMSprop(0.01, rho=0.8)
        ),
        "y",
    ),
    "layers": (
        jn.Sequential(
            [jn.Dense(12, "relu"), jn.LayerNorm(), jn.Dropout(0.25), jn.Dense(3)],
            "softmax_crossentropy",
            jn.AdamW(0.01, weight_decay=0.1),
            seed=11,
        ),
        "labels",
    ),
}
"""The models as they were made, and what they were trained on. With all forms of a Dense; the last
one's file knows the number of features, where today's know a shape."""

each_model = pytest.mark.parametrize("name", MODELS)


@pytest.fixture(scope="module")
def arrays() -> dict[str, Array]:
    """What the earlier version computed."""
    with np.load(FOLDER / "predictions.npz") as file:
        return dict(file)


@each_model
def test_it_is_the_model_that_was_saved(name: str) -> None:
    assert repr(jn.load(FOLDER / f"{name}.safetensors")) == repr(MODELS[name][0])


@each_model
def test_it_predicts_the_same(name: str, arrays: dict[str, Array]) -> None:
    model = jn.load(FOLDER / f"{name}.safetensors")
    predicted = model.predict(arrays["X"])
    assert_close("prediction", model.dtype, predicted, arrays[f"{name}_predictions"])


@each_model
def test_it_trains_on_as_it_would_have(name: str, arrays: dict[str, Array]) -> None:
    model, targets = jn.load(FOLDER / f"{name}.safetensors"), arrays[MODELS[name][1]]
    losses = model.fit(arrays["X"], targets, epochs=3, batch_size=16)["loss"]
    assert_close("loss", model.dtype, losses, arrays[f"{name}_losses"])
    expected = arrays[f"{name}_later_predictions"]
    # nine steps, each of which adds a gradient's error to the weights
    bound = 9 * tolerance("gradient", model.dtype)
    np.testing.assert_allclose(
        model.predict(arrays["X"]), expected, bound, bound * np.abs(expected).max()
    )


@each_model
def test_it_is_saved_anew_in_todays_format(name: str, tmp_path: Path) -> None:
    model = jn.load(FOLDER / f"{name}.safetensors")
    model.save(tmp_path / "model")
    again = jn.load(tmp_path / "model")
    X, y = np.ones((3, 6)), np.ones(3, int)
    assert model.fit(X, y, epochs=2) == again.fit(X, y, epochs=2)
