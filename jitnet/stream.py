"""Predictions step by step, from the states of the steps before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from jitnet.arrays import Array
from jitnet.checks import check_whole
from jitnet.engine.few import FewRows
from jitnet.engine.nodes import Nodes, is_several, over_time
from jitnet.layers.layer import Layer, Shape
from jitnet.layers.recurrent import Recurrent
from jitnet.layers.residual import Residual
from jitnet.quoting import quoted
from jitnet.validation import as_numbers_of, check_fits

if TYPE_CHECKING:
    from jitnet.engine.engine import Engine


class Stream:
    """A model's predictions for one time step after the other (see `Sequential.stream`).

    Parameters
    ----------
    engine : Engine
        The model's engine, whose weights it has at each step.
    batch_size : int or None
        Examples side by side; None is one, without an axis of its own.

    Raises
    ------
    ValueError
        If a layer needs more than the time steps before, or there are too many examples.
    """

    def __init__(self, engine: Engine, batch_size: int | None) -> None:
        self._engine, self._batch = engine, batch_size
        nodes = engine.nodes
        layers = [_going_on(layer) for layer in engine.layers]
        _check(nodes)
        most = nodes.width // 2
        count = 1 if batch_size is None else check_whole("batch_size", batch_size, least=1)
        if count > most:
            raise ValueError(f"a stream has at most {most} examples side by side, got {count}")
        steps = Nodes(layers, (1, *nodes.shape[1:]), nodes.width)
        self._few = FewRows(steps, steps.owners, engine.dtype)
        self._values = self._few.room()
        self._output = np.empty((count, steps.n_outputs), engine.dtype)
        self._vocabulary = steps.reader.vocabulary
        first, size = self._few.places.inputs[0], count * steps.inputs[0].units
        room = self._values[first : first + size]
        self._input = room.view(np.int32)[:size] if self._vocabulary else room
        leading = () if batch_size is None else (count,)
        self._shape: Shape = leading + (() if self._vocabulary else steps.inputs[0].shape[1:])
        self._set_marks(steps, count)
        self._places = _states(steps, self._few.places, count)

    def _set_marks(self, steps: Nodes, count: int) -> None:
        for (number, time), _ in steps.mask_times().items():
            first = self._few.places.masks[number, time]
            self._values[first : first + count * time] = 1.0

    def step(self, x: ArrayLike) -> Array:
        """The prediction after one time step more.

        Parameters
        ----------
        x : int or array-like of shape (features,)
            What the example has at this step: an index where the first layer is an `Embedding`,
            otherwise numbers. Of several examples they are the first axis.

        Returns
        -------
        ndarray of shape (n_outputs,)
            As from `Sequential.predict` at this step, (batch_size, n_outputs) of several examples.

        Raises
        ------
        ValueError
            If x has another shape, is not finite, or an index is outside the vocabulary.
        """
        array, engine = as_numbers_of(x, "x"), self._engine
        if array.shape != self._shape:
            raise ValueError(f"x must have the shape {self._shape}, got {array.shape}")
        if self._vocabulary:
            if array.dtype.kind not in "iu" or array.min() < 0 or array.max() >= self._vocabulary:
                raise ValueError(
                    f"x must be indices from 0 to {self._vocabulary - 1}, got {quoted(x, 80)}"
                )
        else:
            check_fits(array, engine.dtype, "x")
        self._input[...] = array.reshape(-1)
        link = engine.loss.link
        self._few.run(
            engine.training.turns, engine.network.parameters, self._values, link, self._output
        )
        output = self._output.copy()
        return output[0] if self._batch is None else output

    def reset(self) -> None:
        """Go back to states of zero."""
        for start, shape in self._places:
            self._values[start : start + int(np.prod(shape))] = 0.0

    @property
    def state(self) -> list[Array]:
        """Copies of the recurrent layers' states, (batch_size, state) each; may be set.

        Those of an `LSTM` are h and c, one after the other.
        """
        return [
            self._values[start : start + int(np.prod(shape))].reshape(shape).copy()
            for start, shape in self._places
        ]

    @state.setter
    def state(self, states: Sequence[ArrayLike]) -> None:
        arrays = [as_numbers_of(state, "a state") for state in states]
        shapes = [shape for _, shape in self._places]
        if [array.shape for array in arrays] != shapes:
            raise ValueError(
                f"the states must have the shapes {shapes}, got {[a.shape for a in arrays]}"
            )
        for array in arrays:
            check_fits(array, self._engine.dtype, "a state")
        for (start, shape), array in zip(self._places, arrays, strict=True):
            self._values[start : start + int(np.prod(shape))] = array.reshape(-1)


def _going_on(layer: Layer) -> Layer:
    """A layer that takes its states from the step before."""
    if isinstance(layer, Recurrent):
        return replace(layer, stateful=True)
    if isinstance(layer, Residual):
        return replace(layer, layers=tuple(map(_going_on, layer.layers)))
    return layer


def _check(nodes: Nodes) -> None:
    """Refuse a network that needs more than the time steps before."""
    if is_several(nodes.shape):
        raise ValueError("a stream has one input, but the model has several")
    if len(nodes.shape) > 2 or (len(nodes.shape) == 1 and not nodes.takes_indices):
        raise ValueError(f"a stream is one of sequences, but examples are {nodes.shape}")
    for number, (owner, node) in enumerate(zip(nodes.owners, nodes.nodes, strict=True)):
        how = over_time(node, nodes.shape_in(number))
        if how == "last":
            return
        if how != "each":
            raise ValueError(f"there is no stream of {owner}: it needs more than the steps before")


def _states(steps: Nodes, places: Any, count: int) -> list[tuple[int, tuple[int, int]]]:
    """Where the recurrent layers' states lie, and their shapes."""
    return [
        (place.rooms["initial"], (count, node.state))
        for node, place in zip(steps.nodes, places.nodes, strict=True)
        if node.state
    ]
