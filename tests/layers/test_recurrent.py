"""Recurrent layers go through time right: for every length, number of units and direction.

PyTorch is the reference where it is installed, the definitions of ``recurrences.py`` everywhere; of
a sequence that ends early they know the part before its end.
"""

import importlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import jitnet as jn
from jitnet.kernels.matmul import packed_shape
from jitnet.study.blocks import BACKWARD, FORWARD, PREPARE, Blocks, from_panels, to_panels
from ragged import draw_weights, ragged_loss_and_gradients, ragged_predictions
from recurrences import through_time
from rows import edges
from tolerances import assert_close, assert_norms_close

Array = np.ndarray[Any, Any]

KINDS = (jn.SimpleRNN, jn.GRU, jn.LSTM)
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
each_direction = pytest.mark.parametrize("both", [False, True], ids=["forward", "both directions"])

SMALL = [(5, time, 3, 1 + (4 * time + k) % 9) for time in range(1, 18) for k in (0, 5)]
"""Examples, time steps, features and units: lengths 1 … 17, units 1 … 9."""

SIZES = edges("float64")
AT_EDGES = [
    (SIZES[(place + 5) % len(SIZES)], 3, SIZES[(place + 2) % len(SIZES)], units)
    for place, units in enumerate(SIZES)
]
PACKED = (9, 3, 2, 97)
"""Units of a layer whose recurrent weights are packed."""


class Sequences(NamedTuple):
    """A recurrent layer under a dense one, and sequences for it."""

    model: Any
    layer: Any
    X: Array
    y: Array
    lengths: Array | None

    @property
    def ends(self) -> Array:
        """How many time steps each example has."""
        count, time, _ = self.X.shape
        return np.full(count, time) if self.lengths is None else self.lengths


def sequences(
    rng: np.random.Generator,
    kind: Any,
    size: tuple[int, int, int, int],
    *,
    both: bool,
    ragged: bool,
    all_steps: bool,
) -> Sequences:
    n, time, features, units = size
    layer = kind(units, return_sequences=all_steps)
    layer = jn.Bidirectional(layer) if both else layer
    model = jn.Sequential([layer, jn.Dense(2)], "mse", dtype="float64", n_threads=1)
    draw_weights(model.build((time, features)), rng)
    X = rng.normal(size=(n, time, features))
    y = rng.normal(size=(n, time, 2) if all_steps else (n, 2))
    lengths = rng.integers(1, time + 1, n) if ragged else None
    return Sequences(model, layer, X, y, lengths)


def check_predictions(given: Sequences, expected: Any) -> None:
    """They are as expected up to each example's end."""
    found = given.model.predict(given.X, lengths=given.lengths)
    for row, right, end in zip(found, expected, given.ends, strict=True):
        assert_close("torch", "float64", row[:end], right[:end])


def check_gradients(given: Sequences, loss: float, gradients: Any) -> None:
    options: Any = {"lengths": given.lengths}
    found = given.model.evaluate(given.X, given.y, **options)["loss"]
    assert_close("torch", "float64", found, loss)
    assert_norms_close(
        "torch", "float64", given.model.gradients(given.X, given.y, **options), gradients
    )


@pytest.fixture(scope="module")
def theirs() -> Iterator[Any]:
    """PyTorch's recurrent layers, with one thread: steps as small as these are worth no more."""
    torch = pytest.importorskip("torch", reason="PyTorch is an extra: jitnet[reference]")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield importlib.import_module("torch_recurrences").torch_recurrence
    torch.set_num_threads(threads)


def check_with_torch(given: Sequences, recurrence: Any) -> None:
    torch: Any = importlib.import_module("torch")
    parameters = [torch.tensor(w, requires_grad=True) for w in given.model.get_weights()]
    *own, W, b = parameters
    outputs = recurrence(given.layer, torch.tensor(given.X), *own, lengths=given.lengths) @ W + b
    squares = ((outputs - torch.tensor(given.y)) ** 2).mean(dim=-1)
    if squares.ndim == 2:
        squares = squares[torch.arange(given.X.shape[1]) < torch.tensor(given.ends)[:, None]]
    loss = squares.mean()
    loss.backward()
    check_predictions(given, outputs.detach().numpy())
    check_gradients(given, loss.item(), [p.grad.numpy() for p in parameters])


def check_with_definition(given: Sequences) -> None:
    check_predictions(given, ragged_predictions(given.model, given.X, given.ends))
    check_gradients(given, *ragged_loss_and_gradients(given.model, given.X, given.y, given.ends))


@each_kind
@each_direction
@pytest.mark.parametrize("ragged", [False, True], ids=["whole", "ragged"])
@pytest.mark.parametrize("all_steps", [False, True], ids=["last step", "all steps"])
def test_outputs_and_gradients_are_pytorchs(
    kind: Any, both: bool, ragged: bool, all_steps: bool, theirs: Any, rng: np.random.Generator
) -> None:
    for size in (*SMALL, *AT_EDGES, PACKED):
        given = sequences(rng, kind, size, both=both, ragged=ragged, all_steps=all_steps)
        check_with_torch(given, theirs)


@each_kind
@each_direction
@pytest.mark.parametrize("ragged", [False, True], ids=["whole", "ragged"])
@pytest.mark.parametrize("all_steps", [False, True], ids=["last step", "all steps"])
def test_outputs_and_gradients_are_the_definitions(
    kind: Any, both: bool, ragged: bool, all_steps: bool, rng: np.random.Generator
) -> None:
    for size in (*SMALL[::5], *AT_EDGES[::5], PACKED):
        given = sequences(rng, kind, size, both=both, ragged=ragged, all_steps=all_steps)
        check_with_definition(given)


def test_the_sizes_are_what_they_are_said_to_be() -> None:
    assert {time for _, time, _, _ in SMALL} == {*range(1, 18)}
    assert {units for *_, units in SMALL} == {*range(1, 10)}
    units = PACKED[-1]
    assert packed_shape(units, 4 * units)[0] > 0
    assert packed_shape(max(SIZES), 4 * max(SIZES))[0] == 0


class Alone:
    """A recurrent layer by itself: what its blocks make of the last output's gradients."""

    def __init__(self, given: Sequences, dY: Array) -> None:
        count, time, _ = given.X.shape
        blocks = Blocks(given.layer, given.X.shape[1:], count, "float64")
        self.panels, self.width, self.count = blocks.span.panels, blocks.width, count
        self.values, places = blocks.room.work.values, blocks.room.places
        rows = [row for row in blocks.room.nodes.parameters if row.parameter.name != "below"]
        for row, array in zip(rows, given.model.get_weights(), strict=False):
            row.view(blocks.network.parameters)[...] = array
        is_there = np.arange(time) < given.ends[:, np.newaxis]
        self.view(places.inputs[0], given.X[0].size)[...] = to_panels(given.X.reshape(count, -1).T)
        self.view(places.masks[0, time], time)[...] = to_panels(is_there.T.astype(float))
        self.view(places.nodes[-1].dY, dY[0].size)[...] = to_panels(dY.reshape(count, -1).T)
        blocks.runs(PREPARE, FORWARD, BACKWARD)(1)
        number = next(n for n, node in enumerate(places.nodes) if "dstate" in node.rooms)
        room = blocks.room.nodes.nodes[number].rooms["dstate"]
        panels = self.view(places.nodes[number].rooms["dstate"], room.units)
        self.initial_gradient = from_panels(panels, count).T

    def view(self, place: int, units: int) -> Array:
        """An array of panels, where it lies."""
        size = self.panels * units * self.width
        view: Array = self.values[place : place + size].reshape(self.panels, units, self.width)
        return view


ALONE = [(5, 1, 3, 4), (21, 4, 3, 9), (37, 6, 2, 13), (3, 3, 2, 97)]


@each_kind
@each_direction
@pytest.mark.parametrize("all_steps", [False, True], ids=["last step", "all steps"])
def test_the_gradient_of_the_initial_state_is_the_definitions(
    kind: Any, both: bool, all_steps: bool, rng: np.random.Generator
) -> None:
    for size in ALONE:
        given = sequences(rng, kind, size, both=both, ragged=True, all_steps=all_steps)
        *own, W, _ = given.model.get_weights()
        dY = rng.normal(size=(*given.y.shape[:-1], len(W)))
        if all_steps:
            dY[np.arange(size[1]) >= given.ends[:, np.newaxis]] = 0.0
        expected = [
            through_time(
                given.layer, dY[i : i + 1, : end if all_steps else None], x[None, :end], own
            )[2][0]
            for i, (x, end) in enumerate(zip(given.X, given.ends, strict=True))
        ]
        assert_norms_close(
            "torch", "float64", [Alone(given, dY).initial_gradient], [np.array(expected)]
        )


@each_kind
@each_direction
def test_the_gradient_of_the_initial_state_is_pytorchs(
    kind: Any, both: bool, theirs: Any, rng: np.random.Generator
) -> None:
    torch: Any = importlib.import_module("torch")
    for size in ALONE:
        given = sequences(rng, kind, size, both=both, ragged=True, all_steps=False)
        *own, W, _ = map(torch.tensor, given.model.get_weights())
        dY = rng.normal(size=(size[0], len(W)))
        found = Alone(given, dY).initial_gradient
        initial = torch.zeros(*found.shape, dtype=torch.float64, requires_grad=True)
        options: Any = {"lengths": given.lengths, "initial": initial}
        outputs = theirs(given.layer, torch.tensor(given.X), *own, **options)
        outputs.backward(torch.tensor(dY))
        assert_norms_close("torch", "float64", [found], [initial.grad.numpy()])


@each_kind
@pytest.mark.parametrize("units", [1, 8])
def test_first_recurrent_weights_are_orthogonal_in_each_direction(kind: Any, units: int) -> None:
    model = jn.Sequential([jn.Bidirectional(kind(units))], "mse", dtype="float64").build((5, 3))
    W, b, U, *_ = model.get_weights()
    first, second = np.split(U, 2)
    for own in (first, second):
        np.testing.assert_allclose(own @ own.T, np.eye(units), atol=1e-14)
    assert units == 1 or not np.array_equal(first, second)
    assert np.unique(W).size == W.size
    forget = np.repeat([0.0, 1.0, 0.0, 0.0], units) if kind is jn.LSTM else np.zeros(b.size // 2)
    np.testing.assert_array_equal(b, np.tile(forget, 2))


@each_kind
def test_the_backward_direction_is_the_forward_one_of_reversed_sequences(
    kind: Any, rng: np.random.Generator
) -> None:
    X = rng.normal(size=(20, 5, 3))
    both = jn.Sequential([jn.Bidirectional(kind(4))], "mse", dtype="float64").build((5, 3))
    draw_weights(both, rng)
    W, b, U, *own = both.get_weights()
    parts = [np.split(W, 2, axis=1), *(np.split(array, 2) for array in (b, U, *own))]
    outputs = []
    for direction, given in enumerate((X, X[:, ::-1])):
        one = jn.Sequential([kind(4)], "mse", dtype="float64").build((5, 3))
        one.set_weights([part[direction] for part in parts])
        outputs.append(one.predict(given))
    np.testing.assert_array_equal(both.predict(X), np.hstack(outputs))


@each_kind
@pytest.mark.parametrize("shape", [(5,), (4, 4, 2)])
def test_only_sequences_are_taken(kind: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=rf"{kind.__name__} takes sequences \(time, features\)"):
        jn.Sequential([kind(3)], "mse").build(shape)


@each_kind
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"units": 0}, ValueError, "units must be"),
        ({"units": 2.5}, TypeError, "units must be"),
        ({"units": 3, "return_sequences": "yes"}, TypeError, "return_sequences must be"),
        ({"units": 3, "l2": -1.0}, ValueError, "l2 must be"),
    ],
)
def test_what_makes_no_sense_is_refused(
    kind: Any, options: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        kind(**options)


def test_only_a_recurrent_layer_has_two_directions() -> None:
    with pytest.raises(TypeError, match=r"an LSTM, a GRU or a SimpleRNN, got Dense\("):
        jn.Bidirectional(jn.Dense(3))  # type: ignore[arg-type]
