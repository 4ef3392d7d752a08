"""Hunts find what is wrong, say how to find it again, and draw from all that there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import drawing
import hunt
import jitnet as jn
from hunting import Lost, Rng, Tally, drawn
from jitnet.activations import ACTIVATIONS
from jitnet.layers import LAYERS
from jitnet.losses import LOSSES
from jitnet.optimizers.table import OPTIMIZERS


def never_above(limit: int) -> Any:
    def case(rng: Rng) -> Tally:
        number = int(rng.integers(1000))
        assert number <= limit, f"{number} is above"
        return Tally(2, 1)

    return drawn(case)


def test_what_is_wrong_is_said_with_its_seed_and_number_by_which_it_is_found_again() -> None:
    run = never_above(950)
    with pytest.raises(Lost, match=r"--seed 5 --first \d+: .* is above") as found:
        run(60.0, 5, 0)
    number = int(str(found.value).split(":")[0].split()[-1])
    assert number > 0
    with pytest.raises(Lost, match=f"--seed 5 --first {number}: "):
        run(0.0, 5, number)
    assert run(0.0, 5, 0) == Tally(2, 1)


def test_a_hunt_ends_when_its_time_is_over() -> None:
    tally = never_above(1000)(0.05, 1, 0)
    assert tally.cases == 2 * tally.faults > 2


@pytest.mark.parametrize("name", hunt.NAMES)
def test_every_hunt_says_what_it_tries_and_is_in_the_table_of_figures(name: str) -> None:
    found, about = hunt.load(name)
    assert about.endswith(".")
    assert found.short < found.long
    assert f"| {name} | {about} |" in (hunt.FOLDER.parent / "HUNTS.md").read_text("utf-8")


def test_a_run_adds_to_its_processors_row_alone(tmp_path: Path) -> None:
    rows = {
        ("bits", "one, of 256 bits"): hunt.Row(60, 1200, 0, "2026-01-31"),
        ("bits", "another"): hunt.Row(5, 7, 1, "2026-02-01"),
        ("kills", "another"): hunt.Row(1, 2, 3, "2026-02-01"),
    }
    file = tmp_path / "HUNTS.md"
    file.write_text(hunt.page(rows), "utf-8")
    assert hunt.rows_of(file) == rows
    assert hunt.rows_of(tmp_path / "none") == {}
    more = rows["kills", "another"].with_run({"seconds": 9.6, "cases": 1000, "faults": 4})
    assert more[:3] == (11, 1002, 7)


def names_in(layers: Any) -> Iterator[str]:
    for layer in layers:
        yield type(layer).__name__
        yield from names_in(getattr(layer, "layers", ()))
        for branch in getattr(layer, "branches", ()):
            yield from names_in(branch)


def test_networks_are_drawn_from_all_rows_of_the_tables() -> None:
    networks = [drawing.draw_network(drawing.picker(np.random.default_rng(n))) for n in range(800)]
    assert {name for network in networks for name in names_in(network.layers)} == LAYERS.keys()
    assert {network.loss for network in networks} == LOSSES.keys()
    assert {type(network.optimizer).__name__ for network in networks} == OPTIMIZERS.keys()
    assert {network.dtype for network in networks} == {"float32", "float64"}
    said = " ".join(map(repr, networks))
    assert all(f"activation='{name}'" in said for name in ACTIVATIONS)


def test_a_layer_that_nothing_draws_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LAYERS, "Novel", jn.Dense)
    with pytest.raises(AssertionError, match=r"nothing draws \['Novel'\]"):
        drawing.draw_network(drawing.picker(np.random.default_rng(0)))
