"""Small tables with a column of every kind, for the tests."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

DAY = date(2024, 1, 1)


def mixed(rows: int = 400, seed: int = 0) -> Any:
    """Numbers, categories, truth values, an order, dates, and gaps; and what follows from them."""
    rng = np.random.default_rng(seed)
    size = rng.normal(50, 10, rows)
    colour = rng.choice(["red", "green", "blue"], rows, p=[0.5, 0.3, 0.2])
    grade = rng.choice(["low", "middle", "high"], rows)
    heated = rng.random(rows) < 0.5
    day = rng.integers(0, 700, rows)
    price = size * 10 + 200 * (colour == "red") + 100 * heated + 50 * (grade == "high")
    return pl.DataFrame(
        {
            "size": [None if k % 17 == 3 else float(x) for k, x in enumerate(size)],
            "colour": [None if k % 23 == 5 else str(x) for k, x in enumerate(colour)],
            "grade": pl.Series(grade.tolist(), dtype=pl.Enum(["low", "middle", "high"])),
            "heated": heated.tolist(),
            "sold": [DAY + timedelta(days=int(k)) for k in day],
            "price": price,
            "dear": np.where(price > np.median(price), "yes", "no").tolist(),
        }
    )
