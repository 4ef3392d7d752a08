"""A category of many values has a vector for each of them, which the network learns."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn

pl: Any = pytest.importorskip("polars", reason="tables are read with polars: jitnet[table]")

SHOPS = 600


def sales(rng: np.random.Generator, rows: int, *, numbers: bool = True) -> Any:
    """Sales whose price is a matter of the shop, and of the size."""
    level = np.random.default_rng(1).normal(size=SHOPS)
    shop, size = rng.integers(0, SHOPS, rows), rng.normal(size=rows)
    price = level[shop] + 0.5 * size * numbers + 0.1 * rng.normal(size=rows)
    columns = {"shop": [f"shop {k}" for k in shop], "price": price}
    return pl.DataFrame(columns | ({"size": size} if numbers else {}))


@pytest.fixture(scope="module")
def model() -> jn.TableModel:
    return jn.TableModel("price", epochs=20).fit(sales(np.random.default_rng(0), 12_000))


def test_it_stands_beside_the_features(model: jn.TableModel) -> None:
    ((codes, numbers),) = model.table.embedded
    assert codes == SHOPS + 1
    assert numbers == 32
    assert not any("shop" in name for name in model.table.features)
    features, shops = model.table.transform(sales(np.random.default_rng(2), 5))
    assert features.shape == (5, len(model.table.features))
    assert shops.shape == (5, 1)


def test_its_values_are_learned(model: jn.TableModel) -> None:
    scores = model.evaluate(sales(np.random.default_rng(3), 3000))
    assert scores.rmse < 0.4 < scores.baseline  # type: ignore[union-attr]


def test_a_table_of_nothing_else_is_learned_from() -> None:
    rows = sales(np.random.default_rng(0), 12_000, numbers=False)
    model = jn.TableModel("price", epochs=20).fit(rows)
    assert model.table.features == []
    assert model.evaluate(rows).rmse < 0.4  # type: ignore[union-attr]


def test_a_single_row_is_predicted_like_many(model: jn.TableModel) -> None:
    rows = sales(np.random.default_rng(4), 20)
    together = model.predict(rows)
    alone = [model.predict(row).item() for row in rows.drop("price").to_dicts()]
    np.testing.assert_array_equal(alone, together)


def test_what_was_never_seen_has_a_place(model: jn.TableModel) -> None:
    rows = pl.DataFrame({"shop": ["elsewhere", None, "shop 3"], "size": [0.0, 0.0, 0.0]})
    assert np.isfinite(model.predict(rows)).all()
    assert model.table.unseen(rows) == {"shop": {"elsewhere": 1}}


def test_a_file_holds_it(model: jn.TableModel, tmp_path: Path) -> None:
    pytest.importorskip("safetensors", reason="a model is written with safetensors")
    rows = sales(np.random.default_rng(4), 20)
    model.save(tmp_path / "model.safetensors")
    loaded = jn.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(loaded.predict(rows), model.predict(rows))
