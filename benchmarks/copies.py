"""Measure whether what a user defines trains as fast as what the package brings.

    python benchmarks/copies.py             the table, a minute
    python benchmarks/copies.py --quick     a smoke test

The sources of relu, mse, Adam and Dense are copied into a folder of a user's own and imported from
there. A network with one copy in it trains in turns with the network of the package's own parts, in
one process and on one thread; a ratio is the median of the turns', by the CPU's time. Both must
have the same bits.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import numpy as np

import jitnet as jn
from jitnet.activations import relu
from jitnet.extend import Activation, Loss, register
from jitnet.layers import dense
from jitnet.losses import mse
from jitnet.optimizers import adam
from jitnet.tables import markdown_table
from race.machine import description

TURNS, QUICK_TURNS = 15, 1
RUN_SECONDS = 0.15
BAR = 0.95


class Size(NamedTuple):
    """A network, and a batch."""

    n_features: int
    hidden: int
    batch: int


SIZES = {"large": Size(784, 256, 256), "small": Size(20, 8, 64)}
EXAMPLES = 1024


def copied(module: Any, folder: Path) -> Any:
    """A module of the package as a user's own file."""
    name = f"own_{Path(module.__file__).stem}"
    path = folder / f"{name}.py"
    path.write_text(Path(module.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    own = importlib.util.module_from_spec(spec)
    sys.modules[name] = own
    spec.loader.exec_module(own)
    return own


def networks(folder: Path, size: Size) -> dict[str, jn.Sequential]:
    """The network of the package's parts, and one with each copy."""
    own_relu, own_mse, own_adam, own_dense = (
        copied(module, folder) for module in (relu, mse, adam, dense)
    )
    register(
        own_relu=Activation(own_relu.value, own_relu.slope, like_relu=True),
        own_mse=Loss(own_mse.backward),
    )

    def network(
        layer: Any = jn.Dense, activation: str = "relu", loss: str = "mse", optimizer: Any = None
    ) -> jn.Sequential:
        layers = [layer(size.hidden, activation), layer(size.hidden, activation), layer(3)]
        return jn.Sequential(layers, loss, optimizer or jn.Adam(), n_threads=1)

    return {
        "the package's": network(),
        "relu": network(activation="own_relu"),
        "mse": network(loss="own_mse"),
        "Adam": network(optimizer=own_adam.Adam()),
        "Dense": network(own_dense.Dense),
    }


def seconds(run: Callable[[], object]) -> float:
    """The CPU's time for a call."""
    began = process_time()
    run()
    return process_time() - began


def shares(size: Size, turns: int, folder: Path) -> dict[str, float]:
    """The speed of the network with each copy, as a share of the package's."""
    rng = np.random.default_rng(2027)
    X = rng.normal(size=(EXAMPLES, size.n_features)).astype(np.float32)
    y = rng.normal(size=(EXAMPLES, 3)).astype(np.float32)
    models = networks(folder, size)

    def fit(name: str, epochs: int) -> None:
        models[name].fit(X, y, epochs=epochs, batch_size=size.batch, progress=False)

    for name in models:
        fit(name, 2)
    ours, *copies = models
    for name in copies:
        for own, original in zip(
            models[name].get_weights(), models[ours].get_weights(), strict=True
        ):
            np.testing.assert_array_equal(own, original)
    epochs = max(1, int(RUN_SECONDS / max(1e-4, seconds(lambda: fit(ours, 2)) / 2)))
    found: dict[str, list[float]] = {name: [] for name in copies}
    for turn in range(turns):
        for name in copies:
            pair = (ours, name) if turn % 2 else (name, ours)
            times = {which: seconds(partial(fit, which, epochs)) for which in pair}
            found[name].append(times[ours] / times[name])
    return {name: statistics.median(ratios) for name, ratios in found.items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Compare copies with the package's own.")
    parser.add_argument(
        "--quick", action="store_true", help="one turn, of which the figures are no use"
    )
    quick = parser.parse_args().quick
    print(f"A user's copy in a network, as a share of the package's speed; {description()}\n")
    with tempfile.TemporaryDirectory() as folder:
        table = {
            label: shares(size, QUICK_TURNS if quick else TURNS, Path(folder))
            for label, size in SIZES.items()
        }
    head = [
        "copy",
        *(f"{label}, {s.n_features}-{s.hidden}×2-3, batch {s.batch}" for label, s in SIZES.items()),
    ]
    body = [[name, *(f"{row[name]:.3f}" for row in table.values())] for name in table["large"]]
    print(markdown_table(head, body))
    least = min(min(row.values()) for row in table.values())
    if not quick and least < BAR:
        sys.exit(f"a copy trains at {least:.3f} of the package's speed, asked for is {BAR}")


if __name__ == "__main__":
    main()
