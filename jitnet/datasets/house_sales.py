"""House sales: 21,613 homes sold around Seattle in a year, shipped with the package.

Sales in King County, Washington, from May 2014 to May 2015, as the package *safe-ds-datasets* has
them (MIT); ``house_sales.md``, beside the data, says more.
"""

from __future__ import annotations

from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

__all__ = ["HOUSE_FEATURES", "load_house_sales"]

STEPS = {
    "bedrooms": 1,
    "bathrooms": 4,
    "sqft_living": 1,
    "sqft_lot": 1,
    "floors": 2,
    "waterfront": 1,
    "view": 1,
    "condition": 1,
    "grade": 1,
    "yr_built": 1,
    "zipcode": 1,
    "lat": 10_000,
    "long": 1_000,
}
"""How many steps of the stored whole numbers make 1 of each feature: bathrooms count in quarters,
floors in halves, degrees of latitude and longitude in ten-thousandths and in thousandths."""

HOUSE_FEATURES = tuple(STEPS)
"""The names of the columns of `load_house_sales`, in their order."""


def load_house_sales() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Load the house sales, ordered by the day of the sale and then by zip code.

    Returns
    -------
    X : ndarray of float64, shape (21613, 13)
        One house a row, its features in the order of `HOUSE_FEATURES`: sizes in square feet,
        waterfront 0 or 1, the view and the house's condition rated from 1 to 5, its grade from 1 to
        13, zip codes as numbers that name a place and measure nothing.
    y : ndarray of float64, shape (21613,)
        The price that was paid, in US dollars.

    Examples
    --------
    >>> X, y = load_house_sales()
    >>> X.shape, float(y[0])
    ((21613, 13), 285000.0)
    >>> dict(zip(HOUSE_FEATURES, X[0].tolist()))["sqft_living"]
    2200.0
    """
    with files(__package__).joinpath("house_sales.npz").open("rb") as file, np.load(file) as data:
        X = np.column_stack([data[name] / steps for name, steps in STEPS.items()])
        return X, data["price"].astype(np.float64)
