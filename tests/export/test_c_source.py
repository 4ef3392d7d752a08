"""A model written as C compiles without a warning and predicts what it predicts here."""

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from compiled import CHECKS, compile_c, compiled, run
from exported import (
    INPUTS_FIRST,
    NETWORKS,
    ROWS_TO_EXPORT,
    SEVERAL,
    TRAVELLING,
    assert_same_predictions,
    far_from_zero,
    filled,
    several,
)
from jitnet.activations import ACTIVATIONS
from jitnet.arrays import Array
from jitnet.export import c_functions, c_layers
from jitnet.export.c_source import c_source
from jitnet.export.c_writer import Source
from jitnet.losses.links import LINKS
from own_rows import PReLU
from rows import networks


def library(models: Sequence[jn.Sequential], folder: Path, level: str = "-O1") -> ctypes.CDLL:
    """All models in one library, each under a name of its own."""
    files = []
    for number, model in enumerate(models):
        names = [f"#define jitnet_predict{end} predict{end}_{number}\n" for end in ("", "_in")]
        files.append(folder / f"{number}.c")
        files[-1].write_text("".join(names) + c_source(model))
    compile_c(level, "-shared", "-fPIC", "-o", folder / "all.so", *files)
    return ctypes.CDLL(str(folder / "all.so"))


def predicted(function: Any, X: Any, expected: Array) -> Array:
    """What a C function makes of examples, one by one."""
    parts = X if isinstance(X, tuple) else (X,)
    parts = tuple(part.astype(np.intc) if part.dtype.kind == "i" else part for part in parts)
    found = np.full_like(expected, np.nan)
    for example in zip(*parts, found, strict=True):
        function(*(ctypes.c_void_p(array.ctypes.data) for array in example))
    return found


def program(model: jn.Sequential, folder: Path, *flags: str) -> Path:
    """The program that a model is."""
    jn.to_c(model, folder / "model.c")
    compile_c("-DJITNET_MAIN", *flags, folder / "model.c", "-o", folder / "model")
    return folder / "model"


@compiled
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_row_of_the_tables_predicts_the_same(
    dtype: str, rng: np.random.Generator, tmp_path: Path
) -> None:
    cases = [(row, network) for row in ROWS_TO_EXPORT for network in networks(row)]
    models = [
        filled(network.layers, network.n_features, rng, loss=network.loss, dtype=dtype)
        for _, network in cases
    ]
    made = library([model for model, _ in models], tmp_path)
    for number, ((row, _), (model, X)) in enumerate(zip(cases, models, strict=True)):
        expected = model.predict(X)
        found = predicted(made[f"predict_{number}"], X, expected)
        assert_same_predictions(found, expected, what=str(row))


@compiled
def test_networks_of_several_kinds_predict_the_same(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    cases = [*NETWORKS.values(), *INPUTS_FIRST]
    models = [filled(*case, rng) for case in cases]
    made = library([model for model, _ in models], tmp_path, "-O2")
    for number, ((layers, _), (model, X)) in enumerate(zip(cases, models, strict=True)):
        expected = model.predict(X)
        found = predicted(made[f"predict_{number}"], X, expected)
        assert_same_predictions(found, expected, what=str(layers))


@compiled
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_several_inputs_predict_the_same(
    dtype: str, rng: np.random.Generator, tmp_path: Path
) -> None:
    cases = [several(name, rng, dtype) for name in SEVERAL]
    made = library([model for model, _ in cases], tmp_path)
    for number, (model, X) in enumerate(cases):
        expected = model.predict(X)
        found = predicted(made[f"predict_{number}"], X, expected)
        assert_same_predictions(found, expected, what=repr(model))


@compiled
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_classes_of_each_time_step_are_predicted(
    dtype: str, rng: np.random.Generator, tmp_path: Path
) -> None:
    layers, loss = [jn.LSTM(5, return_sequences=True), jn.Dense(3)], "softmax_crossentropy"
    model, X = filled(layers, (6, 2), rng, loss=loss, dtype=dtype)
    function, expected = library([model], tmp_path)["predict_0"], model.predict(X)
    assert expected.shape == (5, 6, 3)
    assert_same_predictions(predicted(function, X, expected), expected)


@compiled
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sigmoid_and_tanh_are_exact_to_some_units_in_the_last_place(
    dtype: str, tmp_path: Path
) -> None:
    """The polynomial's error, and those of four roundings around it."""
    z = np.concatenate([np.linspace(-80, 80, 9999), [0.0, 1e-30, -1e-5, 1e4, -1e4]]).astype(dtype)
    special = np.array([np.inf, np.nan], dtype)
    eps = np.finfo(z.dtype).eps
    exact = z.astype(np.longdouble)
    for name, expected in (("sigmoid", 1 / (1 + np.exp(-exact))), ("tanh", np.tanh(exact))):
        model = jn.Sequential([jn.Activation(name)], "mse", dtype=dtype).build(1)
        (tmp_path / name).mkdir()
        function = library([model], tmp_path / name, "-O2")["predict_0"]
        found = predicted(function, z[:, np.newaxis], z[:, np.newaxis])[:, 0]
        np.testing.assert_allclose(found, expected, rtol=5 * eps, atol=1e-37)
        edges = predicted(function, special[:, np.newaxis], special[:, np.newaxis])[:, 0]
        np.testing.assert_array_equal(edges, np.array([1.0, np.nan], dtype))


@compiled
def test_a_mean_far_from_zero_costs_no_digits(rng: np.random.Generator, tmp_path: Path) -> None:
    model, X = far_from_zero(rng)
    function, expected = library([model], tmp_path)["predict_0"], model.predict(X)
    assert_same_predictions(predicted(function, X, expected), expected, 1e-6)


def test_every_layer_activation_and_link_has_a_row() -> None:
    assert set(c_layers.LAYERS) == TRAVELLING
    assert set(c_functions.ACTIVATIONS) == set(ACTIVATIONS)
    assert set(c_functions.LINKS) == set(LINKS)


@compiled
@pytest.mark.parametrize("name", NETWORKS)
def test_nothing_is_read_or_written_outside_of_an_array(
    name: str, rng: np.random.Generator, tmp_path: Path
) -> None:
    model, _ = filled(*NETWORKS[name], rng)
    code, shown, errors = run(program(model, tmp_path, *CHECKS), "--self-test")
    assert code == 0, errors
    assert shown.startswith("4 rows, off by at most ")


@compiled
def test_the_program_reads_rows_and_prints_their_predictions(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    model, X = filled([jn.Dense(3)], 4, rng, loss="softmax_crossentropy")
    path = program(model, tmp_path, "-O2")
    commas = "\n".join(",".join(repr(float(x)) for x in row) for row in X)
    blanks = "\r\n\n".join("  ".join(repr(float(x)) for x in row) for row in X) + "\n"
    for given in (commas, blanks):
        code, shown, _ = run(path, given=given)
        found = np.array([line.split(",") for line in shown.splitlines()], np.float32)
        assert code == 0
        assert_same_predictions(found, model.predict(X))


@compiled
@pytest.mark.parametrize(
    ("given", "row"),
    [("1,2,3", 1), ("1 2 3 4\n1 2 3 4 5", 2), ("1,2,x,4", 1), ("1,2,3,4\n\n" + "1" * 80, 2)],
)
def test_a_row_that_is_none_is_named(given: str, row: int, tmp_path: Path) -> None:
    path = program(jn.Sequential([jn.Dense(3)], "mse").build(4), tmp_path)
    code, _, errors = run(path, given=given)
    assert (code, errors) == (1, f"{path}: row {row} is not 4 numbers\n")


@compiled
def test_the_program_reads_indices(rng: np.random.Generator, tmp_path: Path) -> None:
    model, X = filled([jn.Embedding(11, 3), jn.GRU(4), jn.Dense(2)], 5, rng)
    path = program(model, tmp_path, *CHECKS)
    assert "   x is an example's 5 indices from 0 to 10.\n" in (tmp_path / "model.c").read_text()
    code, shown, _ = run(path, given="\n".join(",".join(map(str, row)) for row in X))
    found = np.array([line.split(",") for line in shown.splitlines()], np.float32)
    assert code == 0
    assert_same_predictions(found, model.predict(X))
    for wrong in ("0 1 2 3 11", "0 1 2 3 -1", "0 1 2 3", "0 1 2 3 1.5", f"0 1 2 3 {2**40}"):
        code, _, errors = run(path, given=wrong)
        assert (code, errors) == (1, f"{path}: row 1 is not 5 indices from 0 to 10\n")


@compiled
def test_the_program_reads_several_inputs_one_after_the_other(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    model, X = several("sequences and indices", rng, "float32")
    path = program(model, tmp_path, *CHECKS)
    said = "8 numbers and 4 indices from 0 to 8 and 20 numbers"
    assert "   x_1 is an example's 4 indices from 0 to 8.\n" in (tmp_path / "model.c").read_text()
    assert run(path, "--self-test")[0] == 0
    rows = [
        ",".join(str(x) for part in parts for x in part.ravel()) for parts in zip(*X, strict=True)
    ]
    code, shown, _ = run(path, given="\n".join(rows))
    found = np.array([line.split(",") for line in shown.splitlines()], np.float32)
    assert code == 0
    assert_same_predictions(found, model.predict(X))
    for wrong in (f"{rows[0]},1", rows[0].rpartition(",")[0], ",".join(["0.5"] * 32)):
        assert run(path, given=wrong)[::2] == (1, f"{path}: row 1 is not {said}\n")


@compiled
def test_the_self_test_fails_where_the_weights_are_others(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    model, _ = filled([jn.Dense(3)], 4, rng)
    text = c_source(model)
    first = Source(model.dtype).number(model.get_weights()[0][0, 0])
    assert text.count(first) == 1
    (tmp_path / "model.c").write_text(text.replace(first, "0.12f"))
    compile_c("-DJITNET_MAIN", tmp_path / "model.c", "-o", tmp_path / "model")
    assert run(tmp_path / "model", "--self-test")[0] == 1


@compiled
def test_several_threads_bring_their_own_room(rng: np.random.Generator, tmp_path: Path) -> None:
    model, X = filled([jn.Dense(9, "tanh"), jn.Dense(3)], 4, rng)
    function, expected = library([model], tmp_path)["predict_in_0"], model.predict(X)
    room = np.empty(9 + 3, np.float32)

    def in_room(x: Any, y: Any) -> None:
        function(x, y, ctypes.c_void_p(room.ctypes.data))

    assert "#define JITNET_SCRATCH 12\n" in c_source(model)
    assert_same_predictions(predicted(in_room, X, expected), expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_are_written_exactly(dtype: str, rng: np.random.Generator) -> None:
    source, kind = Source(np.dtype(dtype)), np.dtype(dtype).type
    awkward = [1.0, 0.1, -3e30, np.finfo(kind).tiny, np.finfo(kind).max, *rng.normal(size=99)]
    for number in np.array(awkward, kind):
        text = source.number(float(number)).rstrip("f")
        assert kind(text) == number
        assert set(text) & {".", "e"}, "a whole number is no floating constant of C's"


def test_a_layer_of_ones_own_is_named(tmp_path: Path) -> None:
    model = jn.Sequential([jn.Dense(3), PReLU()], "mse").build(2)
    with pytest.raises(ValueError, match="C has no PReLU of jitnet's, but these: Activation, "):
        jn.to_c(model, tmp_path / "model.c")
    assert not list(tmp_path.iterdir())


def test_an_embedding_whose_zeros_are_no_steps_is_refused(tmp_path: Path) -> None:
    layers = [jn.Embedding(4, 2, mask_zero=True), jn.LSTM(2)]
    branches: Any = jn.Branches([[], layers])
    shapes: Any = [(3,), (5,)]
    for model in (
        jn.Sequential(layers, "mse").build(5),
        jn.Sequential([branches], "mse").build(shapes),
    ):
        with pytest.raises(ValueError, match="C does not know which time steps there are: an Em"):
            jn.to_c(model, tmp_path / "model.c")
