"""The embedded digits are the published ones."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from jitnet.datasets import load_digits

FIRST_IMAGE = """
     . . 5 d 9 1 . .
     . . d f a f 5 .
     . 3 f 2 . b 8 .
     . 4 c . . 8 8 .
     . 5 8 . . 9 8 .
     . 4 b . 1 c 7 .
     . 2 e 5 a c . .
     . . 6 d a . . .
"""


@pytest.fixture
def published() -> NDArray[np.int64]:
    """UCI's test file: 64 values and a label a row."""
    folder = os.environ.get("JITNET_DATA")
    if folder is None:
        pytest.skip("JITNET_DATA, the folder of the real data sets, is not set")
    with gzip.open(Path(folder) / "optdigits" / "optdigits.tes.gz", "rt") as file:
        return np.loadtxt(file, delimiter=",", dtype=np.int64)


def test_each_value_is_as_published(published: NDArray[np.int64]) -> None:
    X, y = load_digits()
    np.testing.assert_array_equal(X, published[:, :64])
    np.testing.assert_array_equal(y, published[:, 64])


def test_types_and_shapes() -> None:
    X, y = load_digits()
    assert (X.shape, X.dtype.name) == ((1797, 64), "float32")
    assert (y.shape, y.dtype.name) == ((1797,), "int64")


def test_ink_runs_from_0_to_16_in_whole_steps() -> None:
    X, _ = load_digits()
    np.testing.assert_array_equal(np.unique(X), np.arange(17))


def test_the_first_image_is_a_zero_with_its_rows_in_order() -> None:
    X, y = load_digits()
    drawn = [int(ink.replace(".", "0"), 16) for ink in FIRST_IMAGE.split()]
    assert X[0].tolist() == drawn
    assert y[0] == 0


def test_each_digit_is_there_as_often_as_published() -> None:
    _, y = load_digits()
    assert np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_what_a_caller_does_to_the_arrays_stays_with_the_caller() -> None:
    X, _ = load_digits()
    X /= 16
    assert load_digits()[0].max() == 16
