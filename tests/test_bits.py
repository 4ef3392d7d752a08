"""The same seed gives the same bits: in any process, on any threads, from any layout, in any slice.

Compared are weights, history and predictions, bit by bit.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from check_small import in_a_new_process, trained_bits
from jitnet.arrays import Array
from jitnet.engine.few import forward_few
from jitnet.kernels.panels import panel_width

WORKERS = (2, 3, 4, 16)
"""They really run, on however few cores; a team begins without those who come late."""

each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])

OPTIMIZERS = {
    "momentum": jn.SGD(0.1, momentum=0.9),
    "rmsprop": jn.RMSprop(),
    "adamw": jn.AdamW(),
    "adam with a schedule": jn.Adam(jn.Cosine(0.01, steps=30, warmup=3), clip_norm=0.5),
}


class Result:
    """What came out of a training, to the last bit."""

    def __init__(self, model: jn.Sequential, losses: list[float], X: Array) -> None:
        self.weights, self.losses = model.get_weights(), losses
        self.predictions = model.predict(X)

    def assert_same(self, other: "Result") -> None:
        for mine, others in zip(self.weights, other.weights, strict=True):
            np.testing.assert_array_equal(mine.view(np.uint8), others.view(np.uint8))
        assert self.losses == other.losses
        np.testing.assert_array_equal(
            self.predictions.view(np.uint8), other.predictions.view(np.uint8)
        )


def make_data(rng: np.random.Generator, count: int = 203) -> tuple[Array, Array]:
    X = rng.normal(size=(count, 37)).astype(np.float32)
    return X, rng.integers(0, 5, count)


def make_model(
    dtype: str, *, n_threads: int | None = 1, optimizer: Any = None, seed: int = 7
) -> jn.Sequential:
    """A network of more than a thousand parameters, with all forms of the weights' gradient."""
    layers = [jn.Dense(33, "gelu", l2=0.01), jn.Dense(7, "tanh"), jn.Dense(5)]
    loss = "softmax_crossentropy"
    return jn.Sequential(
        layers, loss, optimizer or jn.Adam(), seed=seed, dtype=dtype, n_threads=n_threads
    )


def train(model: jn.Sequential, X: Array, y: Array, **options: Any) -> Result:
    options = {"epochs": 2, "batch_size": 64} | options
    return Result(model, model.fit(X, y, **options)["loss"], X)


@each_dtype
def test_twice_in_one_process(dtype: str, rng: np.random.Generator) -> None:
    X, y = make_data(rng)
    train(make_model(dtype), X, y).assert_same(train(make_model(dtype), X, y))


@each_dtype
def test_another_seed_gives_others(dtype: str, rng: np.random.Generator) -> None:
    X, y = make_data(rng)
    first, second = (train(make_model(dtype, seed=seed), X, y) for seed in (0, 1))
    assert first.losses != second.losses


@each_dtype
def test_in_two_processes(dtype: str) -> None:
    assert in_a_new_process("bits", dtype, "2") == trained_bits(dtype, 1)


@each_dtype
@pytest.mark.parametrize("panels", [0.2, 1, 1.5, 2, 3, 6, None])
def test_with_one_to_sixteen_workers(
    dtype: str,
    panels: float | None,
    rng: np.random.Generator,
    with_cores: Callable[[int], list[int]],
) -> None:
    """A batch of few panels is computed in lockstep, one of many panel by panel."""
    X, y = make_data(rng)
    batch = None if panels is None else int(panels * panel_width(dtype))
    one = train(make_model(dtype, n_threads=1), X, y, batch_size=batch)
    sizes = with_cores(16)
    for workers in WORKERS:
        one.assert_same(train(make_model(dtype, n_threads=workers), X, y, batch_size=batch))
    assert max(sizes) > 2


@each_dtype
def test_gradients_and_loss_with_one_to_sixteen_workers(
    dtype: str, rng: np.random.Generator, with_cores: Callable[[int], list[int]]
) -> None:
    X, y = make_data(rng, 5000)  # more than go through the network at once
    sizes, found = with_cores(16), []
    for workers in (1, *WORKERS):
        model = make_model(dtype, n_threads=workers).build(37)
        gradients = [array.tobytes() for array in model.gradients(X, y)]
        found.append((gradients, model.evaluate(X, y), model.predict(X).tobytes()))
    assert all(figures == found[0] for figures in found)
    assert max(sizes) > 2


def in_records(X: Array) -> Array:
    """Rows within records of an odd length, so that no number is where the hardware likes it."""
    kind = np.dtype([("before", "u1"), ("row", X.dtype, X.shape[1])])
    records = np.zeros(len(X), kind)
    records["row"] = X
    return records["row"]


def read_only(X: Array) -> Array:
    X = X.copy()
    X.setflags(write=False)
    return X


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "Fortran-ordered": np.asfortranarray,
    "strided rows": lambda X: np.repeat(X, 2, axis=0)[::2],
    "strided columns": lambda X: np.repeat(X, 3, axis=1)[:, ::3],
    "reversed rows": lambda X: X[::-1].copy()[::-1],
    "reversed columns": lambda X: X[:, ::-1].copy()[:, ::-1],
    "read-only": read_only,
    "unaligned": in_records,
    "other byte order": lambda X: X.astype(X.dtype.newbyteorder()),
    "list": lambda X: X.astype(float).tolist(),
}


@each_dtype
@pytest.mark.parametrize("layout", LAYOUTS)
def test_from_every_layout(dtype: str, layout: str, rng: np.random.Generator) -> None:
    X, y = make_data(rng)
    given = LAYOUTS[layout](X)
    np.testing.assert_array_equal(given, X)
    expected = train(make_model(dtype), X, y)
    model = make_model(dtype)
    losses = model.fit(given, y, epochs=2, batch_size=64)["loss"]
    expected.assert_same(Result(model, losses, given))


@each_dtype
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("n_threads", [1, 2])
def test_predictions_of_a_few_rows_or_of_all(
    dtype: str, layout: str, n_threads: int, rng: np.random.Generator
) -> None:
    X, y = make_data(rng)
    model = make_model(dtype, n_threads=n_threads)
    predictions = train(model, X, y).predictions
    for count in (1, 2, 3, 8, 9, 31):
        few = model.predict(LAYOUTS[layout](X[5 : 5 + count]))
        expected = predictions[5 : 5 + count]
        np.testing.assert_array_equal(few.view(np.uint8), expected.view(np.uint8))


@each_dtype
def test_a_few_rows_of_any_kind_take_the_one_compiled_kernel(
    dtype: str, rng: np.random.Generator
) -> None:
    model = make_model(dtype).build(37)
    X = rng.normal(size=(2, 37)).astype(dtype)
    unaligned = np.frombuffer(b"x" + X.tobytes(), dtype, offset=1).reshape(X.shape)
    model.predict(X)
    compiled = len(forward_few.signatures)
    for given in (read_only(X), unaligned, np.asfortranarray(X)):
        np.testing.assert_array_equal(model.predict(given), model.predict(X))
    assert len(forward_few.signatures) == compiled


@each_dtype
def test_from_a_file(dtype: str, rng: np.random.Generator, tmp_path: Path) -> None:
    X, y = make_data(rng)
    X.tofile(tmp_path / "X")
    given = np.memmap(tmp_path / "X", np.float32, "r", shape=X.shape)
    expected = train(make_model(dtype), X, y)
    expected.assert_same(train(make_model(dtype), given, y))


@each_dtype
@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int64, np.float32, np.float64, np.float16])
def test_from_every_type_that_holds_the_same_numbers(
    dtype: str, kind: Any, rng: np.random.Generator
) -> None:
    X, y = make_data(rng)
    X = np.clip(np.rint(10 * X + 20), 0, 100)
    expected = train(make_model(dtype), X.astype(dtype), y)
    expected.assert_same(train(make_model(dtype), X.astype(kind), y))


@each_dtype
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("batch_size", [32, None])
def test_a_fit_goes_on_where_the_last_one_ended(
    dtype: str, optimizer: str, batch_size: int | None, rng: np.random.Generator
) -> None:
    X, y = make_data(rng)
    models = [make_model(dtype, optimizer=OPTIMIZERS[optimizer]) for _ in range(3)]
    whole = train(models[0], X, y, epochs=4, batch_size=batch_size)
    losses = []
    for epochs in (1, 2, 1):
        losses += models[1].fit(X, y, epochs=epochs, batch_size=batch_size)["loss"]
    whole.assert_same(Result(models[1], losses, X))
    losses = []
    for _ in range(4):
        losses += models[2].partial_fit(X, y, batch_size=batch_size)["loss"]
    whole.assert_same(Result(models[2], losses, X))


@each_dtype
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("seconds", [1e-9, 1e-4, 100.0])
def test_in_slices_of_any_length(
    dtype: str,
    optimizer: str,
    seconds: float,
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    X, y = make_data(rng)
    options: Any = {"epochs": 9, "batch_size": 30}
    expected = train(make_model(dtype, optimizer=OPTIMIZERS[optimizer]), X, y, **options)
    monkeypatch.setattr("jitnet.engine.pace.SLICE_SECONDS", seconds)
    monkeypatch.setattr("jitnet.engine.cost.FIRST_FLOPS", 1.0)
    expected.assert_same(train(make_model(dtype, optimizer=OPTIMIZERS[optimizer]), X, y, **options))


@each_dtype
def test_with_a_look_at_every_epoch(dtype: str, rng: np.random.Generator) -> None:
    X, y = make_data(rng)
    expected = train(make_model(dtype), X, y, epochs=5)
    options: Any = {"callbacks": [jn.Callback()], "validation_data": (X[:50], y[:50])}
    expected.assert_same(train(make_model(dtype), X, y, epochs=5, **options))
