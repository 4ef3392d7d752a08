"""Many networks at once, beside one after the other, and beside PyTorch's and JAX's vmap.

python benchmarks/many.py --output benchmarks/MANY.md    needs PyTorch and JAX for the last rows
python benchmarks/many.py --quick                        a smoke test
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from datetime import date
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import jitnet as jn
from jitnet.tables import format_table
from race.machine import description

NETWORKS, ROWS, BATCH, EPOCHS, TURNS = 64, 10_000, 64, 2, 5
WIDTHS = 28, 64, 64, 1
RATE = 1e-3

Train = Callable[[], Any]


def data(rows: int) -> tuple[Any, Any]:
    """Examples, and targets in a column."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, WIDTHS[0])).astype(np.float32)
    return X, (X[:, :1] * X[:, 1:2]).astype(np.float32)


def models(count: int) -> list[jn.Sequential]:
    """Networks that differ in their first weights."""
    layers = [*(jn.Dense(units, "relu") for units in WIDTHS[1:-1]), jn.Dense(WIDTHS[-1])]
    return [jn.Sequential(layers, "mse", jn.Adam(RATE), seed=seed) for seed in range(count)]


def at_once(count: int, X: Any, y: Any) -> Train:
    """`jn.fit_many`."""
    made = models(count)
    return lambda: jn.fit_many(made, X, y, epochs=EPOCHS, batch_size=BATCH, progress=False)


def one_after_the_other(count: int, X: Any, y: Any) -> Train:
    """A loop over `fit`."""
    made = models(count)

    def train() -> None:
        for model in made:
            model.fit(X, y, epochs=EPOCHS, batch_size=BATCH, progress=False)

    return train


def torch_vmap(count: int, X: Any, y: Any) -> Train:
    """`torch.func.vmap` over stacked parameters, of which one Adam makes the step."""
    import torch
    from torch import func, nn

    def network() -> Any:
        parts: list[Any] = []
        for n_in, n_out in pairwise(WIDTHS):
            parts += [nn.Linear(n_in, n_out), nn.ReLU()]
        return nn.Sequential(*parts[:-1])

    networks = [network() for _ in range(count)]
    parameters, buffers = func.stack_module_state(networks)
    optimizer = torch.optim.Adam(parameters.values(), RATE, fused=True)
    rows, targets = torch.from_numpy(X), torch.from_numpy(y)

    def loss(parameters: Any, x: Any, t: Any) -> Any:
        return ((func.functional_call(networks[0], (parameters, buffers), (x,)) - t) ** 2).mean()

    losses = func.vmap(loss, in_dims=(0, 0, 0), randomness="same")

    def train() -> None:
        for _ in range(EPOCHS):
            orders = torch.stack([torch.randperm(len(X)) for _ in range(count)])
            for first in range(0, len(X), BATCH):
                batch = orders[:, first : first + BATCH]
                optimizer.zero_grad()
                losses(parameters, rows[batch], targets[batch]).sum().backward()
                optimizer.step()

    return train


def jax_vmap(count: int, X: Any, y: Any) -> Train:
    """`jax.vmap` of a whole epoch, its steps a scan, compiled once."""
    import jax
    from jax import numpy as jnp

    whole = len(X) // BATCH * BATCH
    rows, targets = jnp.asarray(X), jnp.asarray(y)

    def first_weights(key: Any) -> Any:
        keys = jax.random.split(key, len(WIDTHS) - 1)
        sizes = zip(keys, WIDTHS, WIDTHS[1:], strict=False)
        return [(jax.random.normal(k, (a, b)) * (2 / a) ** 0.5, jnp.zeros(b)) for k, a, b in sizes]

    def loss(weights: Any, x: Any, t: Any) -> Any:
        for W, b in weights[:-1]:
            x = jax.nn.relu(x @ W + b)
        W, b = weights[-1]
        return jnp.mean((x @ W + b - t) ** 2)

    def step(state: Any, batch: Any) -> Any:
        weights, m, v, t = state
        g = jax.grad(loss)(weights, rows[batch], targets[batch])
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        rate = RATE * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        new = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-8), weights, m, v)
        return (new, m, v, t), None

    def epoch(state: Any, key: Any) -> Any:
        batches = jax.random.permutation(key, len(X))[:whole].reshape(-1, BATCH)
        return jax.lax.scan(step, state, batches)[0]

    run = jax.jit(jax.vmap(epoch))
    weights = jax.vmap(first_weights)(jax.random.split(jax.random.key(0), count))
    zeros = jax.tree.map(jnp.zeros_like, weights)
    state = weights, zeros, zeros, jnp.zeros(count)

    def train() -> None:
        nonlocal state
        for turn in range(EPOCHS):
            state = run(state, jax.random.split(jax.random.key(turn), count))
        jax.block_until_ready(state)

    return train


ROWS_OF: dict[str, tuple[str, Callable[..., Train]]] = {
    "jn.fit_many": ("", at_once),
    "one after the other": ("", one_after_the_other),
    "PyTorch's vmap": ("torch", torch_vmap),
    "JAX's vmap": ("jax", jax_vmap),
}
"""Each way to train, and the package that it needs."""


def seconds(train: Train) -> float:
    """What a training takes."""
    began = time.perf_counter()
    train()
    return time.perf_counter() - began


def measured(count: int, rows: int, turns: int) -> dict[str, list[float]]:
    """The seconds of each way, in turns; the first, which compiles, does not count."""
    X, y = data(rows)
    ways = {
        name: make(count, X, y)
        for name, (needs, make) in ROWS_OF.items()
        if not needs or find_spec(needs)
    }
    found: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(turns + 1):
        for name, train in ways.items():
            taken = seconds(train)
            if turn:
                found[name].append(taken)
    return found


def page(found: dict[str, list[float]], count: int, rows: int) -> str:
    """The figures as a page."""
    ours = median(found["jn.fit_many"])
    lines = [
        (name, f"{median(taken):.3f}", f"{median(taken) / ours:.2f}")
        for name, taken in found.items()
    ]
    network = "-".join(map(str, WIDTHS))
    table = format_table([("", "seconds", "of fit_many's"), *lines])
    return (
        "# Many networks at once\n\n"
        f"{count} networks {network} on {rows:,} rows, batches of {BATCH}, Adam, {EPOCHS} epochs; "
        "medians of turns.\n"
        f"`python benchmarks/many.py --output benchmarks/MANY.md`, {description()}; "
        f"{date.today()}.\n\n```\n{table}\n```\n"
    )


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a few networks on few rows, once")
    parser.add_argument("--output", type=Path, help="a file for the page")
    given = parser.parse_args()
    size = (4, 500, 1) if given.quick else (NETWORKS, ROWS, TURNS)
    text = page(measured(*size), *size[:2])
    print(text)
    if given.output:
        given.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
