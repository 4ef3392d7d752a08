"""What makes hidden units useful: a curve, different beginnings, slopes that are not flat."""

from collections.abc import Callable

import numpy as np
import pytest

from jitnet.study.lessons.flower import flower
from jitnet.study.lessons.lesson import Result
from real_data import planar_flower

Lesson = Callable[[str], Result]


def test_the_flower_covers_the_plane_as_the_courses_does() -> None:
    X, y = flower()
    theirs, labels = planar_flower()
    assert X.shape == theirs.shape
    assert y.mean() == labels.mean() == 0.5
    # two draws of the noise: a mean of 400 points with a deviation of 2 is good to 0.1
    np.testing.assert_allclose(X.std(axis=0), theirs.std(axis=0), atol=0.1)
    np.testing.assert_allclose(X.mean(axis=0), theirs.mean(axis=0), atol=0.3)


def test_two_linear_layers_are_one_up_to_rounding(lesson: Lesson) -> None:
    assert lesson("linear_layers").numbers["collapse_difference"] < 1e-13


def test_linear_hidden_units_are_no_better_than_logistic_regression(lesson: Lesson) -> None:
    straight, linear, _ = lesson("linear_layers").numbers["networks"].values()
    assert linear["loss"] == pytest.approx(straight["loss"], rel=1e-6)
    assert linear["accuracy"] == pytest.approx(straight["accuracy"], abs=0.01)
    assert 0.4 <= straight["accuracy"] <= 0.6, "the course: about half"


def test_tanh_hidden_units_know_the_flower(lesson: Lesson) -> None:
    *_, curved = lesson("linear_layers").numbers["networks"].values()
    assert curved["accuracy"] >= 0.88, "the course: about 90 %"


@pytest.mark.parametrize("start", ["all 0", "all 0.5"])
def test_equal_units_stay_equal(start: str, lesson: Lesson) -> None:
    found = lesson("initialization").numbers["starts"]
    assert found[start]["spread"] == 0
    assert found[start]["accuracy"] < 0.8 < found["random × 0.01"]["accuracy"]


def test_zeros_learn_nothing_at_all(lesson: Lesson) -> None:
    found = lesson("initialization").numbers["starts"]["all 0"]
    assert found["last_loss"] == pytest.approx(np.log(2), abs=1e-9)


def test_small_random_weights_break_the_symmetry(lesson: Lesson) -> None:
    found = lesson("initialization").numbers["starts"]["random × 0.01"]
    assert found["spread"] > 1
    assert found["accuracy"] >= 0.88


def test_large_random_weights_begin_flat_and_end_higher_up(lesson: Lesson) -> None:
    found = lesson("initialization").numbers["starts"]
    small, large, huge = (found[f"random × {scale}"] for scale in ("0.01", "10", "100"))
    assert small["saturated"] == 0
    assert small["mean_slope"] > 0.99
    assert 0.5 < large["saturated"] < huge["saturated"]
    assert huge["mean_slope"] < large["mean_slope"] < 0.2
    assert small["last_loss"] < large["last_loss"] < huge["last_loss"]


def test_activations_have_the_courses_values_and_slopes(lesson: Lesson) -> None:
    found = lesson("activations").numbers
    curves = found["curves"]
    assert found["places"] == [-10, -1, 0, 1, 10]
    assert curves["sigmoid"]["values"][2] == 0.5
    assert curves["sigmoid"]["slopes"][2] == 0.25
    assert curves["tanh"]["values"][2] == 0
    assert curves["tanh"]["slopes"][2] == 1
    assert curves["relu"] == {"values": [0, 0, 0, 1, 10], "slopes": [0, 0, 0, 1, 1]}
    assert curves["leaky_relu"]["values"] == [-0.1, -0.01, 0, 1, 10]
    assert curves["leaky_relu"]["slopes"] == [0.01, 0.01, 0.01, 1, 1]
    assert curves["identity"]["slopes"] == [1, 1, 1, 1, 1]


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_both_ends_are_flat(name: str, lesson: Lesson) -> None:
    slopes = lesson("activations").numbers["curves"][name]["slopes"]
    assert 0 < slopes[0] < 1e-4
    assert 0 < slopes[-1] < 1e-4


def test_sigmoid_layers_take_ten_times_the_steps_of_relu_and_more(lesson: Lesson) -> None:
    learning = lesson("activations").numbers["learning"]
    assert learning["sigmoid"]["steps"] > 10 * learning["relu"]["steps"]
    assert learning["sigmoid"]["dW1"] < 0.1 * learning["relu"]["dW1"]


def test_far_out_only_relu_passes_the_gradient_on(lesson: Lesson) -> None:
    learning = lesson("activations").numbers["learning"]
    for flat in ("sigmoid", "tanh"):
        assert learning[flat]["dW1_far_out"] < 0.01 * learning[flat]["dW1"]
    for straight in ("relu", "leaky_relu"):
        assert learning[straight]["dW1_far_out"] > learning[straight]["dW1"]
