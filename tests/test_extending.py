"""What a user defines in a file of their own works as ours does, and is checked in the same way."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn
import own_rows
import rows
from jitnet import extend
from jitnet.extend import (
    Activation,
    Layer,
    Loss,
    Node,
    Operation,
    Optimizer,
    Parameter,
    Room,
    Update,
)
from jitnet.layers import LAYERS
from own_definitions import adagrad, known
from own_rows import AdaGrad, PReLU
from rows import Row
from training_state import state_of

OWN = [
    Row("layer", "PReLU"),
    Row("activation", "mish"),
    Row("loss", "log_cosh"),
    Row("optimizer", "AdaGrad"),
]

each_row = pytest.mark.parametrize("row", OWN, ids=str)
each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


@pytest.fixture(autouse=True)
def _tables() -> Iterator[None]:
    """Have jitnet know the rows within a test, and the checks their definitions."""
    with known():
        yield


@each_dtype
@each_row
def test_agrees_with_plain_loops(row: Row, dtype: str, rng: np.random.Generator) -> None:
    rows.check_row(row, dtype, rng)


@each_row
def test_gradients_are_central_differences(row: Row, rng: np.random.Generator) -> None:
    rows.check_differences(row, rng)


@each_dtype
def test_every_edge_of_a_tile(dtype: str, rng: np.random.Generator) -> None:
    rows.check_edges(OWN[0], dtype, rng)


@each_dtype
@each_row
def test_a_batch_in_several_blocks(
    row: Row, dtype: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows.check_blocks(row, dtype, rng, monkeypatch)


def test_steps_follow_the_definitions(rng: np.random.Generator) -> None:
    for network in (*rows.networks(OWN[0]), *rows.networks(OWN[-1])):
        rows.check_steps(network._replace(optimizer=AdaGrad(0.05, epsilon=1e-3)), adagrad, rng)


@each_dtype
@each_row
def test_bits_are_the_same_with_one_to_sixteen_workers(
    row: Row, dtype: str, rng: np.random.Generator, with_cores: Callable[[int], list[int]]
) -> None:
    rows.check_workers(row, dtype, rng, with_cores)


@each_dtype
@each_row
def test_a_fit_goes_on_with_its_bits_from_memory_and_from_a_file(
    row: Row, dtype: str, rng: np.random.Generator, tmp_path: Path
) -> None:
    rows.check_resumed(row, dtype, rng, tmp_path)


def new_model(*layers: Any, **options: Any) -> jn.Sequential:
    """A network of a user's own parts."""
    layers = layers or (jn.Dense(6, "mish"), PReLU(), jn.Dense(1))
    given: dict[str, Any] = {"loss": "log_cosh", "optimizer": AdaGrad()} | options
    return jn.Sequential(layers, **given)


def test_a_network_of_ones_own_parts_learns(rng: np.random.Generator) -> None:
    X = rng.normal(size=(200, 4))
    losses = new_model(optimizer=AdaGrad(0.1)).fit(X, X[:, 0] * X[:, 1], epochs=30)["loss"]
    assert losses[-1] < 0.3 * losses[0]


def test_the_example_of_contributing_is_the_one_that_is_checked() -> None:
    page = Path(__file__).parents[1] / "CONTRIBUTING.md"
    example = page.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    source = Path(own_rows.__file__).read_text(encoding="utf-8")
    parts = [part for part in example.split("\n\n\n") if "import" not in part]
    assert len(parts) == 4
    for part in parts:
        assert part.strip() in source


LOAD = "import sys, jitnet; jitnet.load(sys.argv[1])"


@pytest.mark.parametrize(
    ("layers", "loss", "optimizer", "missing"),
    [
        ([PReLU(), jn.Dense(1)], "mse", jn.Adam(), "jitnet.extend.register(PReLU)"),
        ([jn.Dense(1)], "mse", AdaGrad(), "jitnet.extend.register(AdaGrad)"),
        ([jn.Dense(1)], "log_cosh", None, "jitnet.extend.register(log_cosh=Loss(…))"),
        ([jn.Dense(2), jn.Dense(1)], "mse", None, "jitnet.extend.register(mish=Activation(…))"),
    ],
)
def test_a_file_says_in_a_new_process_what_to_register(
    layers: Any, loss: str, optimizer: Any, missing: str, tmp_path: Path
) -> None:
    if "mish" in missing:
        layers = [jn.Dense(2, "mish"), *layers[1:]]
    path = tmp_path / "model"
    jn.Sequential(layers, loss, optimizer).build(3).save(path)
    command = [sys.executable, "-c", LOAD, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 1
    assert "ValueError" in done.stderr
    assert missing in done.stderr


def test_a_class_that_is_not_registered_is_not_saved(tmp_path: Path) -> None:
    del LAYERS["PReLU"]
    with pytest.raises(ValueError, match=r"jitnet\.extend\.register\(PReLU\)"):
        jn.Sequential([PReLU(), jn.Dense(1)], "mse").build(2).save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


# What has the wrong form.


@extend.njit
def asks_for_more(Y: Any, X: Any, temperature: float, first_panel: int, last_panel: int) -> None:
    """A kernel with an argument that nobody has."""


@extend.njit
def does_not_compile(Y: Any, X: Any, first_panel: int, last_panel: int) -> None:
    """A kernel that Numba refuses."""
    Y.append(X)


@extend.njit
def does_nothing(Y: Any, X: Any, first_panel: int, last_panel: int) -> None:
    """A kernel of the right form."""


@extend.njit
def update_that_asks_for_more(parameters: Any, mass: float, first: int, last: int) -> None:
    """An optimiser's kernel with an argument that nobody has."""


@extend.njit
def update_that_does_not_compile(parameters: Any, first: int, last: int) -> None:
    """An optimiser's kernel that Numba refuses."""
    parameters.append(first)


@extend.njit
def has_no_share(dgain: Any, dY: Any) -> None:
    """A kernel that every worker would run on the whole."""


@extend.njit
def sums_its_own_panels(
    dgain: Any, dY: Any, first_unit: int, last_unit: int, first_panel: int, last_panel: int
) -> None:
    """A kernel of gradients that sees no more than some of the panels."""


@extend.njit
def has_rows(dgain: Any, dY: Any, first_row: int, last_row: int) -> None:
    """A gradient of some rows."""


@extend.njit
def has_no_panels(Y: Any, X: Any, first_row: int, last_row: int) -> None:
    """Computes some rows of all panels."""


def plain(Y: Any, X: Any, first_panel: int, last_panel: int) -> None:
    """A function that njit has not seen."""


def node(kernel: Any = does_nothing, **parts: Any) -> Any:
    """A node of a kernel, with some parts given."""
    operations = (Operation(kernel),)
    return Node(**{"output": (3,), "forward": operations, "backward": operations} | parts)


def parameter(draw: Any, shape: Any = (3,)) -> Any:
    """A node of a parameter with a draw."""
    return node(parameters=(Parameter("gain", shape, draw),))


@dataclass(frozen=True)
class Odd(Layer):
    """A layer whose node is what it was given."""

    what: Any

    def node(self, shape: Any, width: int) -> Any:
        """Whatever it is."""
        return self.what


@dataclass(frozen=True)
class OddOptimizer(Optimizer):
    """An optimiser whose update is what it was given."""

    what: Any = None
    learning_rate: float = 0.1
    clip_norm: float | None = None

    def update(self) -> Any:
        """Whatever it is."""
        return self.what


WORDS: Any = {"rate": "high"}
PLAIN: Any = plain

WRONG: dict[str, tuple[Any, str]] = {
    "an argument that nobody has": (
        node(asks_for_more),
        r"asks_for_more of layer 2, Odd.* asks for 'temperature'.*there are X, Y",
    ),
    "a plain function": (node(plain), r"layer 2, .* compiled by jitnet.extend.njit, got <function"),
    "a kernel that does not compile": (
        node(does_not_compile),
        r"does_not_compile of layer 2, .* does not compile: (.|\n)*append",
    ),
    "no node": ({"output": (3,)}, r"node\(\) of layer 2, .* must return a Node, got {'output'"),
    "an operation that is no tuple": (
        node(forward=Operation(does_nothing)),
        "forward of layer 2, .* must be a tuple of Operations",
    ),
    "a kernel without its operation": (
        node(forward=(does_nothing,)),
        "forward of layer 2, .* must be a tuple of Operations, got .*does_nothing",
    ),
    "an output that is no shape": (node(output=3), r"output of layer 2, .* tuple .*, got 3"),
    "an output of nothing": (node(output=(0,)), r"output of layer 2, .* positive .*, got \(0,\)"),
    "a free node with an operation": (
        node(forward=(Operation(does_nothing),), is_free=True),
        "layer 2, .* is free, and so has nothing but an output",
    ),
    "a free node with other numbers": (
        node(output=(7,), forward=(), backward=(), is_free=True),
        r"computes nothing, .* must have as many numbers as its input: \d, .* got the shape \(7,\)",
    ),
    "a node without operations with other numbers": (
        node(output=(7,), forward=(), backward=()),
        r"computes nothing, .* must have as many numbers as its input: \d, .* got the shape \(7,\)",
    ),
    "a node of others with an operation of its own": (
        node(inner=(node(),)),
        "layer 2, .* is made of others, and so has nothing of its own",
    ),
    "a node within another one of the wrong form": (
        node(forward=(), backward=(), inner=(node(has_no_share, path=(1,)),)),
        "has_no_share of layer 2 within layer 2, Odd.* must ask for first_panel",
    ),
    "a forward that ends without panels": (
        node(forward=(Operation(has_no_panels, extend.Cut("row", 3), whole=True),)),
        "forward of layer 2, .* must end in a kernel that asks for first_panel .*has_no_panels",
    ),
    "a forward kernel that divides no panels, and does not wait for them": (
        node(forward=(Operation(has_no_panels, extend.Cut("row", 3)),)),
        "has_no_panels of layer 2, .* must ask for first_panel and last_panel: several workers",
    ),
    "a gradient that waits for all panels": (
        node(
            gradients=(Operation(has_rows, extend.Cut("row", 3), whole=True),),
            parameters=(Parameter("gain", (3,)),),
        ),
        "has_rows of layer 2, .* computes from all panels anyway",
    ),
    "a forward kernel that waits as gradients do": (
        node(forward=(Operation(does_nothing, waits=True),)),
        "does_nothing of layer 2, .* only those can be told to wait",
    ),
    "a statistic that is tracked without a share": (
        node(track=(Operation(has_no_share),), parameters=(Parameter("gain", (3,)),)),
        "has_no_share of layer 2, .* must ask for first_unit and last_unit: several workers",
    ),
    "an array borrowed from nowhere": (
        node(borrows={"S": (-5, "X")}),
        "layer 2, .* borrows 'S' from -5 nodes further on, but it is number 1 of",
    ),
    "something else borrowed": (
        node(borrows={"S": (-1, "weight")}),
        "borrows of layer 2, .* must be a dict of names to .* X, dX, Y, dY",
    ),
    "a setting that is no number": (
        node(forward=(Operation(does_nothing, settings=WORDS),)),
        "setting 'rate' of layer 2, .* must be a number, got 'high'",
    ),
    "rooms without their names": (node(rooms=(Room(3),)), "rooms of layer 2, .* must be a dict"),
    "a forward kernel without a share": (
        node(has_no_share),
        "has_no_share of layer 2, .* must ask for first_panel and last_panel: several workers",
    ),
    "a gradient's kernel without a share": (
        node(gradients=(Operation(has_no_share),), parameters=(Parameter("gain", (3,)),)),
        "has_no_share of layer 2, .* must ask for first_unit and last_unit: several workers",
    ),
    "a gradient's kernel with another cut's names": (
        node(gradients=(Operation(sums_its_own_panels, extend.Cut("row", 3)),)),
        "sums_its_own_panels of layer 2, .* must ask for first_row and last_row",
    ),
    "a gradient of some panels": (
        node(gradients=(Operation(sums_its_own_panels),)),
        "asks for 'first_panel', but is divided by units",
    ),
    "a parameter's name twice": (
        node(parameters=(Parameter("gain", (3,)), Parameter("gain", (3,)))),
        "parameters and rooms of layer 2, .* names of their own.* got 'gain'",
    ),
    "a parameter called like the input": (
        node(parameters=(Parameter("X", (3,)),)),
        "parameters and rooms of layer 2, .* got 'X'",
    ),
    "a draw of another shape": (
        parameter(lambda rng: np.ones(2)),
        r"draw of 'gain' of layer 2, .* must return the shape \(3,\), got \(2,\)",
    ),
    "a draw that would be repeated": (
        parameter(lambda rng: 1.0),
        r"draw of 'gain' of layer 2, .* must return the shape \(3,\), got \(\)",
    ),
    "a draw that is not finite": (
        parameter(lambda rng: np.full(3, np.nan)),
        "draw of 'gain' of layer 2, .* must return finite numbers, got",
    ),
    "a draw of words": (
        parameter(lambda rng: ["a", "b", "c"]),
        "draw of 'gain' of layer 2, .* must return an array of numbers, got",
    ),
    "a draw that is none": (parameter(np.ones(3)), "draw of 'gain' .* must be a function of a gen"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_layer_of_the_wrong_form_is_refused_before_any_work(case: str) -> None:
    given, message = WRONG[case]
    model = new_model(jn.Dense(3), Odd(given), jn.Dense(1))
    for train in (model.fit, model.partial_fit):
        with pytest.raises((TypeError, ValueError), match=message):
            train([[1.0, 2.0]], [3.0])
        assert state_of(model) is None
    with pytest.raises(jn.NotFittedError):
        model.predict([[1.0, 2.0]])


WRONG_UPDATES: dict[str, tuple[Any, str]] = {
    "no update": (does_nothing, r"update\(\) of the optimiser Odd.* must return an Update, got"),
    "a plain function": (
        Update(PLAIN),
        "the optimiser .* needs functions compiled by .*njit, got <f",
    ),
    "an argument that nobody has": (
        Update(update_that_asks_for_more),
        "update_that_asks_for_more of the optimiser asks for 'mass'",
    ),
    "a kernel without a share": (
        Update(has_no_share),
        "has_no_share of the optimiser Odd.* must ask for first and last: several workers",
    ),
    "a decay that is no setting": (
        Update(update_that_asks_for_more, decays=("beta",), settings={"mass": 1.0}),
        "decays of the optimiser .* are names of its settings, got 'beta'",
    ),
    "a kernel that does not compile": (
        Update(update_that_does_not_compile),
        r"update_that_does_not_compile of the optimiser does not compile: (.|\n)*append",
    ),
}


@pytest.mark.parametrize("case", WRONG_UPDATES)
def test_an_optimiser_of_the_wrong_form_is_refused_before_any_work(case: str) -> None:
    given, message = WRONG_UPDATES[case]
    model = new_model(jn.Dense(1), optimizer=OddOptimizer(given))
    with pytest.raises((TypeError, ValueError), match=message):
        model.fit([[1.0, 2.0]], [3.0])
    assert state_of(model) is None


def test_a_model_that_is_built_stays_as_it_was() -> None:
    layers = jn.Dense(3), Odd(node(does_not_compile)), jn.Dense(1)
    model = new_model(*layers).build(2)
    before = state_of(model)
    for _ in range(2):
        with pytest.raises(TypeError, match="does not compile"):
            model.fit([[1.0, 2.0]], [3.0])
        with pytest.raises(TypeError, match="does not compile"):
            model.predict([[1.0, 2.0]])
    assert state_of(model) == before


@extend.njit
def of_two(z: Any, a: Any) -> Any:
    return z


@extend.njit
def of_one(z: Any) -> Any:
    return z


@extend.njit
def returns_text(z: Any) -> Any:
    return "z"


BAD_ROWS: dict[str, tuple[Any, str]] = {
    "a value of two arguments": (
        Activation(of_two, of_two),
        r"own needs a function of 1 arguments?, value\(z\); of_two takes 2: \(z, a\)",
    ),
    "a slope of one argument": (
        Activation(of_one, of_one),
        r"own needs a function of 2 arguments, slope\(z, a\); of_one takes 1: \(z\)",
    ),
    "a plain function": (Activation(PLAIN, of_two), "own needs .*extend.njit, got <function plain"),
    "a loss of two arguments": (
        Loss(of_two),
        r"own needs a function of 6 arguments, backward\(D, Z, T, outputs, row, weight\); of_two",
    ),
    "a loss without its setting": (
        Loss(own_rows.log_cosh_backward, settings=("quantile",)),
        r"a function of 7 arguments, backward\(D, .*, weight, quantile\); log_cosh_.* takes 6",
    ),
    "an unknown link": (Loss(own_rows.log_cosh_backward, "logit"), "unknown link of own 'logit'"),
    "a function": (of_one, "own must be an Activation or a Loss, got"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_row_of_the_wrong_form_is_not_registered(case: str) -> None:
    row, message = BAD_ROWS[case]
    before = {kind: dict(table) for kind, table in rows.TABLES.items()}
    with pytest.raises((TypeError, ValueError), match=message):
        extend.register(own=row)
    assert before == rows.TABLES


def test_an_activation_that_does_not_compile_is_refused_before_any_work() -> None:
    extend.register(own=Activation(returns_text, of_two))
    model = new_model(jn.Dense(3, "own"), jn.Dense(1))
    with pytest.raises(TypeError, match=r"of layer 1, Dense\(.*'own'.* does not compile"):
        model.fit([[1.0, 2.0]], [3.0])
    assert state_of(model) is None


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(ValueError, match="'relu' is taken by"):
        extend.register(relu=own_rows.mish)
    with pytest.raises(TypeError, match="classes to register are layers, optimisers or schedules"):
        extend.register(dict)  # type: ignore[arg-type]
