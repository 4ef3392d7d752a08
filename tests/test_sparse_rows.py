"""Sparse rows give what the same rows give when they are dense, and are never made so."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from tolerances import assert_close, assert_norms_close

scipy_sparse = pytest.importorskip("scipy.sparse")

Array = np.ndarray[Any, Any]

each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
SHAPES = {
    "turned weights": (70, 300, 37),
    "one unit": (33, 50, 1),
    "a small layer": (70, 20, 2),
    "a vector more than a block of units": (40, 30, 8 * 64 + 17),
    "one example": (1, 40, 20),
    "one feature": (50, 1, 9),
}
each_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


def sparse_table(rows: int, columns: int, dtype: str = "float32") -> Any:
    """A matrix of which a tenth is there, one of its rows is empty and one number is a zero."""
    X = scipy_sparse.random(rows, columns, 0.1, format="lil", random_state=1, dtype=dtype)
    X[rows // 2] = 0
    X = X.tocsr()
    X.data[:1] = 0.0
    return X


def model_of(units: int, dtype: str = "float32", **settings: Any) -> jn.Sequential:
    layers = [jn.Dense(units, activation="tanh", l2=0.01), jn.Dense(3, bias=False)]
    return jn.Sequential(layers, "softmax_crossentropy", dtype=dtype, **settings)


def order_of(model: jn.Sequential) -> str:
    """How the first layer's weights lie."""
    assert model._engine is not None
    return model._engine.nodes.parameters[0].parameter.order


def labels_for(rows: int) -> Array:
    return np.arange(rows) % 3


@each_dtype
@each_shape
@pytest.mark.parametrize("built", [False, True], ids=["for sparse rows", "for dense rows"])
def test_the_loss_its_gradients_and_predictions_are_those_of_dense_rows(
    shape: tuple[int, int, int], dtype: str, built: bool, rng: np.random.Generator
) -> None:
    rows, columns, units = shape
    X, y, weight = sparse_table(rows, columns, dtype), labels_for(rows), rng.random(rows) + 0.5
    model = model_of(units, dtype)
    if built:
        model.build(columns)
    model.fit(X, y, epochs=2, batch_size=32, sample_weight=weight)
    dense = X.toarray()
    sparse_loss, dense_loss = (
        model.evaluate(each, y, sample_weight=weight)["loss"] for each in (X, dense)
    )
    assert_close("loss", dtype, sparse_loss, dense_loss)
    assert_close("prediction", dtype, model.predict(X), model.predict(dense))
    gradients = [model.gradients(each, y, sample_weight=weight) for each in (X, dense)]
    assert_norms_close("gradient", dtype, *gradients)


def test_weights_lie_by_what_the_model_is_first_fitted_to() -> None:
    X, y = sparse_table(70, 300), labels_for(70)
    sparse, dense = model_of(37), model_of(37)
    sparse.fit(X, y)
    dense.fit(X.toarray(), y)
    assert (order_of(sparse), order_of(dense)) == ("C", "F")


@each_shape
@pytest.mark.parametrize("optimizer", [jn.Adam(clip_norm=0.1), jn.SGD(0.1, momentum=0.9)])
def test_training_goes_the_way_of_dense_rows(
    shape: tuple[int, int, int], optimizer: Any, rng: np.random.Generator
) -> None:
    rows, columns, units = shape
    X, y, weight = sparse_table(rows, columns, "float64"), labels_for(rows), rng.random(rows)
    fits = [model_of(units, "float64", optimizer=optimizer) for _ in range(3)]
    fits[2].build(columns)
    histories = [
        model.fit(each, y, epochs=4, batch_size=16, sample_weight=weight, validation_data=(each, y))
        for model, each in zip(fits, (X.toarray(), X, X), strict=True)
    ]
    for model, history in zip(fits[1:], histories[1:], strict=True):
        for name, values in history.items():
            np.testing.assert_allclose(values, histories[0][name], rtol=1e-10)
        for ours, dense in zip(model.get_weights(), fits[0].get_weights(), strict=True):
            assert_close("optimizer", "float64", ours, dense)


@each_dtype
@pytest.mark.parametrize("batch", [None, 64, 7], ids=["whole", "some panels", "less than a panel"])
@pytest.mark.parametrize("built", [False, True], ids=["for sparse rows", "for dense rows"])
def test_any_number_of_workers_gives_the_same_bits(
    dtype: str,
    batch: int | None,
    built: bool,
    with_cores: Callable[[int], list[int]],
) -> None:
    X, y = sparse_table(150, 300, dtype), labels_for(150)
    found = []
    for cores in (1, 2, 4, 16):
        sizes = with_cores(cores)
        model = model_of(100, dtype, n_threads=cores)
        if built:
            model.build(300)
        model.fit(X, y, epochs=2, batch_size=batch)
        found.append([*model.get_weights(), model.predict(X), *model.gradients(X, y)])
        assert max(sizes) == cores
    for other in found[1:]:
        for array, first in zip(other, found[0], strict=True):
            np.testing.assert_array_equal(array, first)


def test_a_batch_in_blocks_gives_the_same_as_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = sparse_table(300, 50), labels_for(300)
    whole, blocks = model_of(40), model_of(40)
    whole.fit(X, y, epochs=2, batch_size=None)
    monkeypatch.setattr("jitnet.engine.cost.MAX_BLOCK", 64)
    blocks.fit(X, y, epochs=2, batch_size=None)
    assert_norms_close("gradient", "float32", blocks.get_weights(), whole.get_weights())


@pytest.mark.parametrize(
    "kind", ["csr_matrix", "csr_array", "csc_matrix", "coo_array", "lil_array"]
)
def test_every_kind_of_sparse_matrix_is_taken(kind: str) -> None:
    X = sparse_table(20, 30)
    model = model_of(5).build(30)
    given = getattr(scipy_sparse, kind)(X)
    np.testing.assert_array_equal(model.predict(given), model.predict(X))


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.uint8, np.bool_])
def test_numbers_of_any_type_are_taken(dtype: Any) -> None:
    X = (sparse_table(20, 30) * 5).astype(dtype)
    model = model_of(5).build(30)
    np.testing.assert_array_equal(model.predict(X), model.predict(X.astype(np.float32)))


def test_columns_in_any_order_and_given_twice_are_taken_and_left_as_they_are(
    with_cores: Callable[[int], list[int]],
) -> None:
    with_cores(4)  # each looks for its own columns
    data = np.arange(1.0, 9.0)
    indices, indptr = np.array([50, 20, 50, 0, 99, 10, 0, 0]), np.array([0, 3, 3, 6, 8])
    parts = data.copy(), indices.copy(), indptr.copy()
    X = scipy_sparse.csr_matrix(parts, (4, 100))
    model = model_of(5, "float64", n_threads=4).build(100)
    dense = X.copy().toarray()
    np.testing.assert_allclose(model.predict(X), model.predict(dense), rtol=1e-14)
    for gradient, expected in zip(
        model.gradients(X, [0, 1, 2, 0]), model.gradients(dense, [0, 1, 2, 0]), strict=True
    ):
        np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-15)
    for left, given in zip((X.data, X.indices, X.indptr), (data, indices, indptr), strict=True):
        np.testing.assert_array_equal(left, given)


def test_indices_of_eight_bytes_are_taken() -> None:
    X = sparse_table(20, 30)
    wide = X.copy()
    wide.indices, wide.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    model = model_of(5).build(30)
    np.testing.assert_array_equal(model.predict(wide), model.predict(X))


def test_indices_that_are_changed_in_a_fit_lead_nowhere() -> None:
    class Spoil(jn.Callback):
        def on_epoch_end(self, model: Any, epoch: int, logs: Any) -> None:
            X.indices[:], X.indptr[1:] = 2**30, 2**30

    X, y = sparse_table(40, 30), labels_for(40)
    kept, other = X.copy(), model_of(5)
    model = model_of(5)
    model.fit(X, y, epochs=3, callbacks=[Spoil()])
    other.fit(kept, y, epochs=3)
    np.testing.assert_array_equal(model.get_weights()[0], other.get_weights()[0])


class Rows:
    """A CSR matrix that nobody has checked."""

    format, ndim, dtype = "csr", 2, np.dtype(np.float32)

    def __init__(self, **changed: Any) -> None:
        X = sparse_table(12, 4)
        X = scipy_sparse.csr_matrix(np.where(np.eye(12, 4), 1.0, X.toarray()).astype(np.float32))
        self.shape, self.data = X.shape, X.data
        self.indices, self.indptr = X.indices.copy(), X.indptr.copy()
        for name, change in changed.items():
            setattr(self, name, change(getattr(self, name)))

    def toarray(self) -> Any:
        raise AssertionError("rows are made dense")

    def tocsr(self) -> Any:
        return self


def replaced(array: Array, place: int, value: Any) -> Array:
    array[place] = value
    return array


BAD_ROWS: dict[str, tuple[dict[str, Any], str]] = {
    "a column too far": ({"indices": lambda a: replaced(a, 2, 4)}, "indices must be from 0 to 3"),
    "a column before": ({"indices": lambda a: replaced(a, 2, -1)}, "indices must be from 0 to 3"),
    "far columns": ({"indices": lambda a: a.astype(np.int64) + 2**32}, "must be from 0 to 3"),
    "rows that descend": ({"indptr": lambda a: replaced(a, 1, 99)}, "indptr must ascend"),
    "rows from below": ({"indptr": lambda a: replaced(a, 0, -5)}, "indptr must ascend"),
    "too many numbers": ({"indptr": lambda a: replaced(a, -1, 99)}, "indptr must ascend"),
    "too few rows": ({"indptr": lambda a: a[:-1]}, "no CSR matrix of the shape"),
    "too few numbers": ({"data": lambda a: a[:-1]}, "indptr must ascend"),
    "NaN": ({"data": lambda a: replaced(a, 3, np.nan)}, "X must be finite, but contains nan"),
    "huge": ({"data": lambda a: a.astype(np.float64) * 1e300}, "must fit into float32"),
    "no examples": ({"shape": lambda a: (0, 4)}, "must have examples and features"),
    "features": ({"shape": lambda a: (12, 5)}, "X must have 4 features, got 5"),
}


@pytest.mark.parametrize(("changed", "message"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_bad_rows_are_refused_before_any_work(changed: dict[str, Any], message: str) -> None:
    model = model_of(5).build(4)
    before = model.get_weights()
    calls: tuple[Any, ...] = (model.predict, lambda X: model.fit(X, labels_for(12)))
    for call in calls:
        with pytest.raises(ValueError, match=message):
            call(Rows(**changed))
    for array, kept in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(array, kept)


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(TypeError, match="must hold real numbers, got the type complex"):
        model_of(5).build(30).predict(sparse_table(20, 30).astype(complex))


@each_dtype
@pytest.mark.parametrize(
    "first", [jn.LayerNorm(), jn.Dropout(0.2), jn.Dense(37)], ids=lambda layer: type(layer).__name__
)
@pytest.mark.parametrize("density", [0.02, 0.5, 1.0])
def test_any_first_layer_and_any_density_give_what_dense_rows_give(
    first: Any, density: float, dtype: str
) -> None:
    X = scipy_sparse.random(70, 90, density, format="csr", random_state=1, dtype=dtype)
    y, fits = labels_for(70), []
    for each in (X, X.toarray()):
        layers = [first, jn.Dense(3)]
        model = jn.Sequential(layers, "softmax_crossentropy", jn.SGD(0.1), dtype=dtype)
        model.fit(each, y, epochs=2, batch_size=32)
        fits.append(model)
    assert_norms_close("gradient", dtype, fits[0].get_weights(), fits[1].get_weights())
    assert_close("prediction", dtype, fits[0].predict(X), fits[0].predict(X.toarray()))


@pytest.mark.parametrize("batch", [64, 7])
def test_any_number_of_workers_lays_dense_rows_out_the_same(
    batch: int, with_cores: Callable[[int], list[int]]
) -> None:
    X, y = scipy_sparse.random(150, 90, 0.5, format="csr", random_state=1), labels_for(150)
    found = []
    for cores in (1, 2, 4, 16):
        sizes = with_cores(cores)
        model = model_of(100, n_threads=cores)
        model.fit(X, y, epochs=2, batch_size=batch)
        found.append(model.get_weights()[0])
        assert max(sizes) == cores
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


def test_a_copy_goes_on_from_where_it_was() -> None:
    import pickle

    X, y = sparse_table(70, 300), labels_for(70)
    model = model_of(37)
    model.fit(X, y, epochs=2)
    copied = pickle.loads(pickle.dumps(model))
    for each in (model, copied):
        each.fit(X, y)
    np.testing.assert_array_equal(copied.get_weights()[0], model.get_weights()[0])


MEASURED = """
import numpy as np, scipy.sparse, jitnet as jn

def peak():  # not getrusage's, which begins with that of the process that started this one
    lines = open("/proc/self/status").read().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))

rows, columns, units = 2000, {columns}, 32
indices = np.random.default_rng(0).integers(0, columns, rows * 80)
parts = np.ones(rows * 80, np.float32), indices, np.arange(0, rows * 80 + 1, 80)
X = scipy.sparse.csr_matrix(parts, (rows, columns))
model = jn.Sequential([jn.Dense(units), jn.Dense(1)], "mse", n_threads=1)
small = X[:, :100]
jn.Sequential([jn.Dense(units), jn.Dense(1)], "mse").fit(small, np.zeros(rows))
before = peak()
model.fit(X, np.zeros(rows), epochs=2)
fitted = peak()
model.predict(X)
predicted = peak()
X.toarray()
print(fitted - before, predicted - fitted, peak() - predicted)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="counts memory as Linux does")
def test_a_fit_and_a_prediction_take_far_less_memory_than_dense_rows() -> None:
    columns = 130_000
    code = MEASURED.format(columns=columns)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    fitted, predicted, dense = map(int, done.stdout.split())
    weights = columns * 32 * 4
    assert fitted < 10 * weights < dense // 4, "parameters, gradients and the optimiser's state"
    assert predicted < weights, "nothing of the size of the weights"
