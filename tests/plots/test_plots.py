"""Pictures show what they are given, in both themes."""

import copy
import io
from typing import Any

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.figure import Figure

import jitnet as jn
from jitnet.plots.curves import plot_history
from jitnet.plots.importance import permutation_importance, plot_importance
from jitnet.plots.mistakes import plot_mistakes
from jitnet.plots.predictions import plot_calibration, plot_confusion, plot_predicted
from jitnet.plots.search import plot_tries
from jitnet.plots.style import INKS
from jitnet.plots.weights import plot_filters, plot_regions
from jitnet.search.search import Try
from jitnet.tabular.preset import Settings
from jitnet.train.jobs import JOBS
from tabular.frames import mixed

HISTORY = {"loss": [0.9, 0.5], "val_loss": [0.8, 0.6], "accuracy": [0.5, 0.7]}
TRIES = [Try(k, Settings(hidden=(32 * 2**k,)), 0.5 - 0.1 * k, 4, k == 0) for k in range(3)]
IMAGE_TRIES = [
    Try(k, JOBS["digits"].networks["cnn"]._replace(hidden=(64,) * k), 0.5, 4, False)
    for k in range(2)
]

DRAWN: dict[str, Any] = {
    "curves": lambda theme: plot_history(HISTORY, theme=theme),
    "confusion": lambda theme: plot_confusion(np.eye(3, dtype=int), ["a", "b", "c"], theme=theme),
    "predicted": lambda theme: plot_predicted(np.arange(9.0), np.arange(9.0) + 1, theme=theme),
    "calibration": lambda theme: plot_calibration(
        np.linspace(0.5, 1, 50), np.arange(50) > 10, theme=theme
    ),
    "importance": lambda theme: plot_importance({"a": 0.2, "b": 0.1}, "accuracy", theme=theme),
    "tries": lambda theme: plot_tries(TRIES, theme=theme),
    "tries of images": lambda theme: plot_tries(IMAGE_TRIES, theme=theme),
    "mistakes": lambda theme: plot_mistakes(
        np.zeros((9, 4, 4, 3)), np.arange(9) % 3, np.eye(3)[np.zeros(9, int)], "abc", theme=theme
    ),
    "filters": lambda theme: plot_filters(
        jn.Sequential([jn.Conv2D(5, 3)], "mse").build((6, 6, 2)), theme=theme
    ),
}


@pytest.mark.parametrize("theme", INKS)
@pytest.mark.parametrize("name", DRAWN)
def test_each_picture_is_drawn_on_each_ground(name: str, theme: str) -> None:
    before = copy.deepcopy(dict(rcParams))
    figure: Figure = DRAWN[name](theme)
    file = io.BytesIO()
    figure.savefig(file, format="svg")
    assert file.getvalue()
    assert dict(rcParams) == before, "the user's own style is changed"
    from matplotlib.colors import to_hex

    assert to_hex(figure.get_facecolor()) == INKS[theme][2]


def test_the_curves_are_the_history() -> None:
    panel = plot_history(HISTORY).axes[0]
    training, validation, best = (line.get_xydata() for line in panel.get_lines())
    np.testing.assert_array_equal(training, [[1, 0.9], [2, 0.5]])
    np.testing.assert_array_equal(validation, [[1, 0.8], [2, 0.6]])
    np.testing.assert_array_equal(best, [[2, 0.6]])


def test_a_history_draws_itself() -> None:
    history = jn.Sequential([jn.Dense(1)], "mse").fit([[1.0]], [1.0], epochs=3, progress=False)
    drawn = history.plot().axes[0].get_lines()[0].get_xydata()
    np.testing.assert_array_equal(drawn, np.column_stack([[1, 2, 3], history["loss"]]))


def test_the_squares_of_a_confusion_have_their_numbers() -> None:
    panel = plot_confusion(np.array([[8, 2], [1, 1234]]), ["no", "yes"]).axes[0]
    assert [text.get_text() for text in panel.texts] == ["8", "2", "1", "1,234"]


def test_filters_are_the_first_layers_weights() -> None:
    model = jn.Sequential([jn.Dense(3)], "mse").build(12)
    images = [panel.get_images()[0].get_array() for panel in plot_filters(model, (3, 4)).axes]
    for unit, image in enumerate(images):
        np.testing.assert_array_equal(image, model.get_weights()[0][:, unit].reshape(3, 4))
    with pytest.raises(ValueError, match=r"no images of 3×3; give the shape"):
        plot_filters(model)


def test_regions_are_what_the_model_says() -> None:
    model = jn.Sequential([jn.Dense(2)], "softmax_crossentropy").build(2)
    model.set_weights([[[1.0, -1.0], [0.0, 0.0]], [0.0, 0.0]])  # class 0 where x is positive
    X = np.array([[-1.0, -1.0], [1.0, 1.0]])
    panel = plot_regions(model, X, np.array([1, 0])).axes[0]
    assert [line.get_label() for line in panel.get_lines()] == ["0", "1"]
    with pytest.raises(ValueError, match="two features"):
        plot_regions(model, np.zeros((3, 4)), np.zeros(3))


def test_a_column_that_the_target_depends_on_matters_most() -> None:
    frame = mixed(600).drop("dear")
    model = jn.TableModel("price", dropout=0.0, epochs=40).fit(frame)
    falls = permutation_importance(model, mixed(300, seed=1))
    assert next(iter(falls)) in ("size", "colour")
    assert falls["sold"] < 0.1 < falls["colour"]


def test_an_unknown_theme_is_named() -> None:
    with pytest.raises(ValueError, match="theme must be one of light, dark, got 'blue'"):
        plot_history(HISTORY, theme="blue")
