"""Splits are cut by counting: no seed, no surprise."""

import numpy as np
import pytest

from jitnet.datasets import every_nth_of_each_class, load_digits, stratified_folds


def test_every_second_example_of_each_class_is_held_out() -> None:
    y = ["cat", "dog", "cat", "cat", "dog", "dog", "cat", "owl"]
    #               cat's 2nd ^           ^ dog's 2nd    ^ cat's 4th; the owl has no 2nd
    held_out = every_nth_of_each_class(y, n=2)
    assert held_out.tolist() == [False, False, True, False, True, False, True, False]


def test_every_fifth_digit_of_each_class_is_held_out() -> None:
    _, y = load_digits()
    held_out = every_nth_of_each_class(y)
    assert held_out.dtype == np.bool_
    for digit in range(10):
        places = np.flatnonzero(y == digit)
        np.testing.assert_array_equal(places[held_out[places]], places[4::5])


def test_the_k_th_example_of_a_class_goes_to_fold_k_modulo_n() -> None:
    _, y = load_digits()
    folds = stratified_folds(y, n_folds=7)
    assert folds.dtype == np.int64
    for digit in range(10):
        of_digit = folds[y == digit]
        np.testing.assert_array_equal(of_digit, np.arange(len(of_digit)) % 7)


def test_the_last_fold_is_the_held_out_part() -> None:
    _, y = load_digits()
    np.testing.assert_array_equal(stratified_folds(y, 5) == 4, every_nth_of_each_class(y, 5))


@pytest.mark.parametrize("y", [[], [[0, 1], [1, 0]], 3])
def test_classes_must_be_one_for_each_example(y: object) -> None:
    with pytest.raises(ValueError, match="one class for each example"):
        stratified_folds(y)  # type: ignore[arg-type]


@pytest.mark.parametrize(("n", "error"), [(1, ValueError), (2.0, TypeError), (True, TypeError)])
def test_parts_must_be_a_whole_number_of_at_least_two(n: int, error: type[Exception]) -> None:
    with pytest.raises(error, match="n_folds must be"):
        stratified_folds([0, 1], n_folds=n)
    with pytest.raises(error, match="n must be"):
        every_nth_of_each_class([0, 1], n=n)
