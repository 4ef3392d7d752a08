"""Random networks, drawn from jitnet's tables: every layer, activation, loss and optimiser.

A network is drawn by ``pick(options)``, which takes one of a sequence: by a generator of random
numbers, or by whoever can make a failing case smaller, the first option being the simplest. A row
of a table that cannot be drawn is an error that says where it is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

import jitnet as jn
from gradient_check import make_inputs, make_targets, output_of
from jitnet.activations import ACTIVATIONS
from jitnet.arrays import Array
from jitnet.layers import LAYERS
from jitnet.losses import LOSSES
from rows import OPTIMIZER_EXAMPLES, examples_of
from rows import Row as TableRow

Pick = Callable[[Sequence[Any]], Any]
Shape = tuple[int, ...]

SIZES = range(1, 71)
FEW = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33)
"""Units of layers that see many time steps or pixels: the edges of tiles and of panels."""
STEPS = range(1, 10)
L2 = (0.0, 0.1)
CELLS = (jn.SimpleRNN, jn.GRU, jn.LSTM)

DRAWS = 12
"""How often a layer is drawn for a shape before the chain ends there."""


def picker(rng: np.random.Generator) -> Pick:
    """Draw by random numbers."""
    return lambda options: options[int(rng.integers(len(options)))]


def activation(pick: Pick) -> str:
    """An activation of the table."""
    return str(pick(list(ACTIVATIONS)))


def units(pick: Pick, shape: Shape) -> int:
    """As many as are worth it: an oracle of plain loops goes over all of them."""
    return int(pick(SIZES if len(shape) == 1 else FEW))


def window(pick: Pick, axes: int, *, same: bool = True) -> dict[str, Any]:
    """A window's strides and padding, the same along all axes or one a number each."""
    padding = pick((0, 1, (0, 1), "same") if same and axes == 2 else (0, 1))
    return {"strides": pick((1, 2) if axes == 1 else (1, 2, (2, 1))), "padding": padding}


def size(pick: Pick, axes: int) -> Any:
    """A window's size."""
    return pick((1, 2, 3) if axes == 1 else (1, 2, 3, (2, 3), (3, 1)))


def convolution(kind: Any, axes: int) -> Callable[[Pick, Shape], Any]:
    """Convolutions of a number of axes."""
    return lambda pick, shape: kind(
        pick(FEW),
        size(pick, axes),
        **window(pick, axes),
        activation=activation(pick),
        bias=pick((True, False)),
        l2=pick(L2),
    )


def pool(kind: Any) -> Callable[[Pick, Shape], Any]:
    """Pools: padding reaches half a window at most."""
    return lambda pick, shape: pick(
        (
            kind(),
            kind(3, strides=pick((1, 2)), padding=1),
            kind(2, strides=1, padding=pick((0, "same"))),
        )
    )


def recurrent(kind: Any) -> Callable[[Pick, Shape], Any]:
    """Recurrent layers."""
    return lambda pick, shape: kind(pick(FEW), return_sequences=pick((False, True)), l2=pick(L2))


def residual(pick: Pick, shape: Shape) -> Any:
    """Layers that leave a shape as it is."""
    width = shape[-1]
    inner = (
        [jn.LayerNorm(0.3)],
        [jn.Dense(width, activation(pick), l2=pick(L2))],
        [jn.Dense(pick(FEW), activation(pick)), jn.Dropout(pick((0.0, 0.2))), jn.Dense(width)],
        [jn.BatchNorm(epsilon=0.3), jn.Residual([jn.Rescaling(0.5, 0.1)])],
    )
    return jn.Residual(pick(inner[::3] if len(shape) == 3 else inner))


def reshape(pick: Pick, shape: Shape) -> Any:
    """A form that some layer takes."""
    last = pick((1, 2, 3, 4))
    return jn.Reshape(pick(((-1,), (-1, last), (-1, last, 1), (last, -1, 2))))


def embedding(pick: Pick, shape: Shape) -> Any:
    """An embedding of few words or of many."""
    return jn.Embedding(pick((2, 5, 300)), pick(FEW), l2=pick(L2))


LAYER_DRAWS: dict[str, Callable[[Pick, Shape], Any]] = {
    "Activation": lambda pick, shape: jn.Activation(activation(pick)),
    "AveragePool1D": pool(jn.AveragePool1D),
    "AveragePool2D": pool(jn.AveragePool2D),
    "BatchNorm": lambda pick, shape: jn.BatchNorm(pick((0.9, 0.5, 0.0)), 0.3),
    "Bidirectional": lambda pick, shape: jn.Bidirectional(recurrent(pick(CELLS))(pick, shape)),
    "Conv1D": convolution(jn.Conv1D, 1),
    "Conv2D": convolution(jn.Conv2D, 2),
    "Dense": lambda pick, shape: jn.Dense(
        units(pick, shape), activation(pick), bias=pick((True, False)), l2=pick(L2)
    ),
    "Dropout": lambda pick, shape: jn.Dropout(pick((0.0, 0.2, 0.5))),
    "Flatten": lambda pick, shape: jn.Flatten(),
    "GRU": recurrent(jn.GRU),
    "GlobalAveragePool": lambda pick, shape: jn.GlobalAveragePool(),
    "GlobalMaxPool": lambda pick, shape: jn.GlobalMaxPool(),
    "LSTM": recurrent(jn.LSTM),
    "LayerNorm": lambda pick, shape: jn.LayerNorm(0.3),
    "MaxPool1D": pool(jn.MaxPool1D),
    "MaxPool2D": pool(jn.MaxPool2D),
    "RandomFlip": lambda pick, shape: jn.RandomFlip(pick(("horizontal", "vertical"))),
    "RandomRotation": lambda pick, shape: jn.RandomRotation(pick((20, 180.0))),
    "RandomShift": lambda pick, shape: jn.RandomShift(pick((1, (0, 2), (2, 1)))),
    "Rescaling": lambda pick, shape: jn.Rescaling(pick((0.5, -1.5)), pick((0.0, 0.25))),
    "Reshape": reshape,
    "Residual": residual,
    "SimpleRNN": recurrent(jn.SimpleRNN),
}
"""``draw(pick, shape)`` is a layer for examples of a shape; where the layer itself refuses the
shape, another is drawn. An ε of 0.3: a normal form of a few numbers that lie close together would
multiply their roundings."""

FIRST = {"Embedding": embedding, "Branches": None}
"""Layers that stand at the beginning alone."""


class Drawn(NamedTuple):
    """A network, and the shape of its examples, or of each of its inputs."""

    layers: tuple[Any, ...]
    loss: str
    optimizer: Any
    shape: Any
    dtype: str

    @property
    def is_several(self) -> bool:
        """Whether it takes several inputs."""
        return isinstance(self.layers[0], jn.Branches)

    def model(self, **options: Any) -> jn.Sequential:
        """A model of it, with first weights."""
        given: dict[str, Any] = {"dtype": self.dtype, "n_threads": 1} | options
        model = jn.Sequential(self.layers, self.loss, self.optimizer, **given)
        return model.build(self.shape)

    @property
    def output(self) -> Shape:
        """The shape of what it makes of an example."""
        output: Shape = output_of(self.layers, self.shape)
        return output

    def inputs(self, rng: np.random.Generator, count: int) -> Any:
        """Examples."""
        if not self.is_several:
            return make_inputs(rng, self.layers, self.shape, count, self.dtype)
        parts = zip(self.layers[0].branches, self.shape, strict=True)
        return tuple(
            make_inputs(rng, layers or [jn.Flatten()], shape, count, self.dtype)
            for layers, shape in parts
        )

    def targets(self, rng: np.random.Generator, count: int) -> Array:
        """Targets of its loss."""
        return make_targets(rng, self.loss, count, self.output)


def draw_shape(pick: Pick) -> Shape:
    """The shape of an example: rows, sequences or images."""
    kind = pick((1, 2, 3, 3))
    if kind == 1:
        return (pick(SIZES),)
    if kind == 2:
        return pick(STEPS), pick(STEPS)
    return pick(STEPS), pick(STEPS), pick((1, 2, 3, 5))


def draw_chain(pick: Pick, shape: Shape, longest: int, *, indices: bool = False) -> list[Any]:
    """Layers, one after the other, for examples of a shape, or for indices of so many steps."""
    layers: list[Any] = [embedding(pick, shape)] if indices else []
    missing = LAYERS.keys() - LAYER_DRAWS.keys() - FIRST.keys()
    if missing:
        raise AssertionError(f"nothing draws {sorted(missing)}: add it to tests/drawing.py")
    for _ in range(pick(range(longest + 1))):
        for _ in range(DRAWS):
            here = output_of(layers, shape)
            try:
                layer = LAYER_DRAWS[pick(sorted(LAYER_DRAWS))](pick, here)
                if 0 not in layer.node(here, 16).output:
                    layers.append(layer)
                    break
            except ValueError:  # it takes no such shape
                continue
    return layers


def draw_branches(pick: Pick) -> tuple[Any, tuple[Shape, ...]]:
    """A first layer of several inputs, each made into a row, and their shapes."""
    branches, shapes = [], []
    for _ in range(pick((2, 3))):
        indices = pick((False, True))
        shape = (pick(STEPS),) if indices else draw_shape(pick)
        layers = draw_chain(pick, shape, 2, indices=indices)
        rank = len(output_of(layers, shape))
        branches.append(layers if rank == 1 else [*layers, jn.Flatten()])
        shapes.append(shape)
    return jn.Branches(branches), tuple(shapes)


def draw_loss(pick: Pick, loss: str, shape: Shape) -> Any:
    """The output layer that a loss wants."""
    least = 2 if LOSSES[loss].link == "softmax" else 1
    return jn.Dense(pick(range(least, 6)), bias=pick((True, False)), l2=pick(L2))


def draw_optimizer(pick: Pick) -> Any:
    """An optimiser of the table."""
    name = pick(sorted(OPTIMIZER_EXAMPLES))
    return pick(examples_of(OPTIMIZER_EXAMPLES, TableRow("optimizer", name)))


def draw_network(
    pick: Pick, longest: int = 3, *, several: bool = True, losses: Sequence[str] | None = None
) -> Drawn:
    """A network of up to so many layers before the last; with several inputs now and then."""
    kind = pick(("numbers", "numbers", "indices", "several") if several else ("numbers", "indices"))
    shape: Any
    if kind == "several":
        first, shape = draw_branches(pick)
        here = output_of([first], shape)
        layers = [first, *draw_chain(pick, here, longest - 1)]
    else:
        shape = draw_shape(pick) if kind == "numbers" else (pick(STEPS),)
        layers = draw_chain(pick, shape, longest, indices=kind == "indices")
    here = output_of(layers, shape)
    if len(here) == 3:
        layers.append(jn.Flatten())
    loss = pick(list(LOSSES) if losses is None else losses)
    layers.append(draw_loss(pick, loss, here))
    optimizer = draw_optimizer(pick).optimizer
    return Drawn(tuple(layers), loss, optimizer, shape, pick(("float32", "float64")))


Given = dict[str, Any]


def draw_given(drawn: Drawn, pick: Pick, rng: np.random.Generator, count: int) -> Given:
    """Weights of examples, and where sequences end, if the network takes that."""
    given: Given = {"sample_weight": rng.uniform(0.5, 2.0, count)}
    if not drawn.is_several and len(drawn.shape) == 2 and pick((False, True)):
        lengths = rng.integers(1, drawn.shape[0] + 1, count)
        try:
            drawn.model().predict(drawn.inputs(rng, count), lengths=lengths)
        except ValueError:  # a layer mixes time steps
            return given
        given["lengths"] = lengths
    return given


def training_options(network: Drawn, pick: Pick, count: int) -> Given:
    """How to train; a `BatchNorm` refuses batches of one, short last ones too."""
    batches: list[int | None] = [None, 1, 5, 16, 37, 64, 200]
    if "BatchNorm" in repr(network):
        batches = [size for size in batches if size is None or (size > 1 and count % size != 1)]
    return {"epochs": pick((1, 2)), "batch_size": pick(batches), "shuffle": pick((True, False))}


def train(model: jn.Sequential, X: Any, y: Any, given: Given, options: Given) -> list[float]:
    """Fit; the losses. One that diverges has the weights of its last good epoch."""
    with suppress(FloatingPointError):
        model.fit(X, y, **given, **options, progress=False)
    return list(model.history.get("loss", []))


def answers(model: jn.Sequential, X: Any, y: Any, given: Given) -> list[Array]:
    """A model's figures and gradients, or those of them that are finite."""
    found: list[Array] = []
    with suppress(FloatingPointError):
        found.append(np.array(list(model.evaluate(X, y, **given).values())))
    with suppress(FloatingPointError):
        found += model.gradients(X, y, **given)
    return found
