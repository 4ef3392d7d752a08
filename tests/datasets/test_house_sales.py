"""The embedded house sales are the published ones."""

import csv
import gzip

import numpy as np
import pytest

from jitnet.datasets import HOUSE_FEATURES, load_house_sales
from real_data import data_file

PUBLISHED_NAMES = {"yr_built": "year_built", "lat": "latitude", "long": "longitude"}
FIRST_HOUSE = {
    "bedrooms": 4,
    "bathrooms": 2.5,
    "sqft_living": 2200,
    "sqft_lot": 9397,
    "floors": 2,
    "waterfront": 0,
    "view": 1,
    "condition": 3,
    "grade": 8,
    "yr_built": 1987,
    "zipcode": 98001,
    "lat": 47.3406,
    "long": -122.269,
}
RANGES = {
    "bedrooms": (0, 33),
    "bathrooms": (0, 8),
    "sqft_living": (290, 13_540),
    "sqft_lot": (520, 1_651_359),
    "floors": (1, 3.5),
    "waterfront": (0, 1),
    "view": (1, 5),
    "condition": (1, 5),
    "grade": (1, 13),
    "yr_built": (1900, 2015),
    "zipcode": (98_001, 98_199),
    "lat": (47.1559, 47.7776),
    "long": (-122.519, -121.315),
}


@pytest.fixture(scope="module")
def published() -> list[dict[str, str]]:
    """The published table: one dictionary a house."""
    with gzip.open(data_file("house_sales/house_sales.csv.gz"), "rt") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", HOUSE_FEATURES)
def test_each_feature_is_as_published_to_the_last_digit(
    name: str, published: list[dict[str, str]]
) -> None:
    X, _ = load_house_sales()
    column = [float(house[PUBLISHED_NAMES.get(name, name)]) for house in published]
    assert X[:, HOUSE_FEATURES.index(name)].tolist() == column


def test_each_price_is_as_published(published: list[dict[str, str]]) -> None:
    _, y = load_house_sales()
    assert y.tolist() == [float(house["price"]) for house in published]


def test_types_and_shapes_of_the_house_sales() -> None:
    X, y = load_house_sales()
    assert (X.shape, X.dtype.name) == ((21_613, 13), "float64")
    assert (y.shape, y.dtype.name) == ((21_613,), "float64")


def test_the_first_house_cost_285_000_dollars() -> None:
    X, y = load_house_sales()
    assert dict(zip(HOUSE_FEATURES, X[0].tolist(), strict=True)) == FIRST_HOUSE
    assert y[0] == 285_000


def test_features_and_prices_keep_to_their_ranges() -> None:
    X, y = load_house_sales()
    ranges = zip(X.min(axis=0).tolist(), X.max(axis=0).tolist(), strict=True)
    assert dict(zip(HOUSE_FEATURES, ranges, strict=True)) == RANGES
    assert (y.min(), y.max()) == (75_000, 7_700_000)


def test_the_houses_lie_in_70_zip_codes() -> None:
    X, _ = load_house_sales()
    assert len(np.unique(X[:, HOUSE_FEATURES.index("zipcode")])) == 70


def test_a_house_changed_by_a_caller_stays_with_the_caller() -> None:
    X, _ = load_house_sales()
    X[:] = 0
    assert load_house_sales()[0].min() < 0
