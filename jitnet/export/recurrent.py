"""Recurrent layers as those who write them elsewhere see them: each direction with its weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.export.network import Stage
from jitnet.layers import GRU, LSTM, Bidirectional, SimpleRNN

KINDS: tuple[type[Any], ...] = (GRU, LSTM, SimpleRNN, Bidirectional)
"""The layers that go from step to step."""


class Direction(NamedTuple):
    """The weights with which a layer goes through the time steps in one direction.

    Parameters
    ----------
    weight, bias : ndarray
        What an input brings to the gates, (features, gates · units) and (gates · units,).
    recurrent_weight : ndarray
        What the state brings to them, (units, gates · units).
    recurrent_bias : ndarray, optional
        What the state of a GRU brings to n beside, (units,).
    """

    weight: Array
    bias: Array
    recurrent_weight: Array
    recurrent_bias: Array | None = None

    @property
    def biases(self) -> tuple[Array, Array]:
        """A bias of the inputs and one of the state, (gates · units,) both."""
        of_state = np.zeros_like(self.bias)
        if self.recurrent_bias is not None:
            of_state[-len(self.recurrent_bias) :] = self.recurrent_bias
        return self.bias, of_state

    @property
    def added(self) -> Array:
        """What of the own biases a bias of the state is added to."""
        if self.recurrent_bias is None:
            return self.bias
        return np.concatenate([self.bias[: -len(self.recurrent_bias)], self.recurrent_bias])


def recurrent_of(layer: Any) -> Any:
    """The layer that goes through the time steps, in one direction or both."""
    return layer.layer if isinstance(layer, Bidirectional) else layer


def directions_of(stage: Stage) -> list[Direction]:
    """The weights of each direction, forward first."""
    count = 2 if isinstance(stage.layer, Bidirectional) else 1
    weights = stage.weights
    parts = [
        np.split(weights["weight"], count, axis=1),
        np.split(weights["bias"], count),
        np.split(weights["recurrent_weight"], count),
    ]
    if "recurrent_bias" in weights:
        parts.append(np.split(weights["recurrent_bias"], count))
    return [Direction(*of_one) for of_one in zip(*parts, strict=True)]


def direction_from(
    weight: Array, recurrent_weight: Array, bias: Array, of_state: Array, kind: type[Any]
) -> Direction:
    """A direction of what others have: a bias of the inputs and one of the state."""
    units = len(recurrent_weight)
    if kind is not GRU:
        return Direction(weight, bias + of_state, recurrent_weight)
    both = np.concatenate([bias[:-units] + of_state[:-units], bias[-units:]])
    return Direction(weight, both, recurrent_weight, of_state[-units:])


def joined(directions: Sequence[Direction]) -> list[Array]:
    """The arrays of a layer with these directions, in the order of its parameters."""
    weight, bias, recurrent_weight, recurrent_bias = zip(*directions, strict=True)
    arrays = [np.hstack(weight), np.concatenate(bias), np.concatenate(recurrent_weight)]
    if recurrent_bias[0] is not None:
        arrays.append(np.concatenate(recurrent_bias))
    return arrays


def gates_in_order(array: Array, order: Sequence[int]) -> Array:
    """An array whose last axis are gates, (…, gates · units), with these in another order.

    Examples
    --------
    >>> gates_in_order(np.array([1, 1, 2, 2, 3, 3]), (1, 0, 2)).tolist()
    [2, 2, 1, 1, 3, 3]
    """
    parts = np.split(array, len(order), axis=-1)
    return np.concatenate([parts[gate] for gate in order], axis=-1)
