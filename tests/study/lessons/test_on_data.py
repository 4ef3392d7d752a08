"""Houses and digits: what one neuron, more features, more units and more examples are worth."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from jitnet.datasets import load_house_sales
from jitnet.study.lessons.houses import houses
from jitnet.study.lessons.lesson import Result

Lesson = Callable[[str], Result]


def test_held_out_houses_are_every_fifth_sale() -> None:
    _, prices = load_house_sales()
    sold = houses(["sqft_living"])
    np.testing.assert_allclose(sold.y_test * 1e5, prices[4::5], rtol=1e-12)
    assert len(sold.y_train) + len(sold.y_test) == len(prices)


def test_features_have_mean_0_and_zip_codes_become_columns() -> None:
    sold = houses(["zipcode", "bedrooms"])
    assert sold.X_train.shape[1] == 71
    np.testing.assert_array_equal(sold.X_train[:, :70].sum(axis=1), 1)
    np.testing.assert_allclose(sold.X_train[:, 70].mean(), 0, atol=1e-12)
    np.testing.assert_allclose(sold.X_train[:, 70].std(), 1, rtol=1e-12)


def test_one_neuron_finds_the_line_of_least_squares(lesson: Lesson) -> None:
    found = lesson("house_prices").numbers
    least = found["least_squares"]
    assert found["linear"]["slope"] == pytest.approx(least["slope"], rel=1e-9)
    assert found["linear"]["intercept"] == pytest.approx(least["intercept"], rel=1e-9)
    assert 250 < least["slope"] < 310, "dollars a square foot"


def test_only_the_linear_neuron_asks_less_than_nothing(lesson: Lesson) -> None:
    found = lesson("house_prices").numbers
    assert min(found["linear"]["prices"]) < 0
    assert min(found["relu"]["prices"]) == 0
    assert found["steps"]["all 13 features: one linear neuron"]["negative"] > 0
    assert found["steps"]["all 13 features: one ReLU neuron"]["negative"] == 0


def test_more_features_and_hidden_units_explain_more(lesson: Lesson) -> None:
    steps = lesson("house_prices").numbers["steps"]
    r2 = [step["r2"] for step in steps.values()]
    size, place, place_hidden, linear, relu, hidden = r2
    assert 0.45 < size < 0.55
    assert size + 0.15 < place < place_hidden < linear
    assert relu == pytest.approx(linear, abs=0.005)
    assert hidden > linear + 0.05


def test_every_model_is_better_with_more_examples(lesson: Lesson) -> None:
    found = lesson("scale").numbers
    for row in found["accuracy"].values():
        assert row[-1] > row[0] + 0.2
        assert all(later > earlier - 0.01 for earlier, later in pairwise(row))


def test_with_all_examples_the_larger_model_is_the_better_one(lesson: Lesson) -> None:
    last = [row[-1] for row in lesson("scale").numbers["accuracy"].values()]
    assert last[0] < last[1] < last[3]
    assert last[0] < last[2] < last[3]
    assert last[0] >= 0.94
    assert last[3] >= 0.97


def test_from_200_examples_on_the_large_network_gains_more_than_regression(lesson: Lesson) -> None:
    found = lesson("scale").numbers
    start = found["examples"].index(200)
    gains = [row[-1] - row[start] for row in found["accuracy"].values()]
    assert gains[3] > gains[0] + 0.01


def test_a_units_favourite_excites_it(lesson: Lesson) -> None:
    found = lesson("first_layer").numbers
    assert found["accuracy"] >= 0.94
    assert len(found["units"]) == 16
    assert sum(unit["activation"] == 0 for unit in found["units"]) == found["dead"]
    assert sum(unit["activation"] > 0.5 for unit in found["units"]) >= 10


def test_a_first_layer_unit_answers_to_more_than_one_digit(lesson: Lesson) -> None:
    living = [unit for unit in lesson("first_layer").numbers["units"] if unit["activation"] > 0]
    assert np.mean([unit["active"] for unit in living]) > 0.5
    assert np.mean([unit["commonest_share"] for unit in living]) < 0.95


def test_the_favourite_is_the_image_with_the_highest_activation(lesson: Lesson) -> None:
    from jitnet.study.lessons.digits import digits_without_fold

    digits = digits_without_fold()
    for unit in lesson("first_layer").numbers["units"]:
        if unit["activation"] > 0:
            z = digits.X_train @ np.array(unit["weights"])
            assert z.argmax() == unit["favourite"]
            assert digits.y_train[unit["favourite"]] == unit["digit"]


def test_parameters_are_counted_and_hyperparameters_listed(lesson: Lesson) -> None:
    found = lesson("hyperparameters").numbers
    assert found["parameters"] == {"W1": 4096, "b1": 64, "W2": 640, "b2": 10}
    assert found["n_parameters"] == 64 * 64 + 64 + 64 * 10 + 10
    assert found["n_hyperparameters"] == len(found["hyperparameters"])
    for name in ("learning rate", "epochs", "hidden layers", "hidden units", "activation"):
        assert name in found["hyperparameters"]


def test_the_best_of_the_search_is_the_best_on_validation_and_good_on_test(lesson: Lesson) -> None:
    found = lesson("hyperparameters").numbers
    best = found["best"]
    grid = np.array(found["validation_accuracy"])
    row, column = found["rates"].index(best["rate"]), found["hidden"].index(best["hidden"])
    assert grid[row, column] == best["validation"] == grid.max()
    assert best["test"] >= 0.95
    assert grid.min() < 0.5, "a bad choice costs much"


def test_no_image_is_in_two_parts_of_the_search(lesson: Lesson) -> None:
    assert sum(lesson("hyperparameters").numbers["images"].values()) == 1797


@pytest.mark.parametrize("score", ["houses_r2", "digits_accuracy"])
def test_a_network_is_better_than_a_linear_model_on_both_kinds_of_data(
    score: str, lesson: Lesson
) -> None:
    linear, network = lesson("data_kinds").numbers[score].values()
    assert network > linear


def test_gains_are_shares_of_what_the_linear_model_lacks(lesson: Lesson) -> None:
    found = lesson("data_kinds").numbers
    linear, network = found["houses_r2"].values()
    assert found["houses_gain"] == pytest.approx((network - linear) / (1 - linear), rel=1e-9)


def test_shuffled_pixels_are_the_same_to_a_dense_network(lesson: Lesson) -> None:
    found = lesson("data_kinds").numbers
    assert found["shuffled_difference"] < 1e-9
    network = list(found["digits_accuracy"].values())[1]
    assert found["shuffled_accuracy"] == pytest.approx(network, abs=0.02)
