"""The definitions of recurrent layers, step by step, in NumPy's float64: a part of the oracle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jitnet.arrays import FloatArray

State = tuple[FloatArray, ...]
Parameters = Sequence[FloatArray]


class Cell(NamedTuple):
    """What a recurrent layer does at a time step.

    Parameters
    ----------
    states : int
        Arrays (examples, units) of a state, of which the first is the output h.
    step : callable
        ``step(x, state, parameters)`` is the state behind the step.
    back : callable
        ``back(dstate, x, state, parameters)`` is dx, the gradients of the state before the step,
        and of the parameters, from those of the state behind it.
    """

    states: int
    step: Callable[[FloatArray, State, Parameters], State]
    back: Callable[[State, FloatArray, State, Parameters], tuple[FloatArray, State, Parameters]]


def _rnn_step(x: FloatArray, state: State, parameters: Parameters) -> State:
    """h ← tanh(x W + h U + b)."""
    (h,), (W, b, U) = state, parameters
    return (np.tanh(x @ W + h @ U + b),)


def _rnn_back(
    dstate: State, x: FloatArray, state: State, parameters: Parameters
) -> tuple[FloatArray, State, Parameters]:
    (h,), (W, _, U) = state, parameters
    (new,) = _rnn_step(x, state, parameters)
    da = dstate[0] * (1 - new**2)
    return da @ W.T, (da @ U.T,), [x.T @ da, da.sum(axis=0), h.T @ da]


def _gru_gates(x: FloatArray, h: FloatArray, parameters: Parameters) -> Sequence[FloatArray]:
    """r, z = σ(x W + h U + b), q = h U + b' and n = tanh(x W + b + r q)."""
    W, b, U, own = parameters
    from_x, from_h = np.split(x @ W + b, 3, axis=1), np.split(h @ U, 3, axis=1)
    r, z = (_sigmoid(from_x[gate] + from_h[gate]) for gate in (0, 1))
    q = from_h[2] + own
    return r, z, q, np.tanh(from_x[2] + r * q)


def _gru_step(x: FloatArray, state: State, parameters: Parameters) -> State:
    """h ← (1 - z) n + z h."""
    (h,) = state
    _, z, _, n = _gru_gates(x, h, parameters)
    return ((1 - z) * n + z * h,)


def _gru_back(
    dstate: State, x: FloatArray, state: State, parameters: Parameters
) -> tuple[FloatArray, State, Parameters]:
    (dh,), (h,), (W, _, U, _) = dstate, state, parameters
    r, z, q, n = _gru_gates(x, h, parameters)
    dn = dh * (1 - z) * (1 - n**2)
    dz, dr, dq = dh * (h - n) * z * (1 - z), dn * q * r * (1 - r), dn * r
    by_x, by_h = np.hstack([dr, dz, dn]), np.hstack([dr, dz, dq])
    gradients = [x.T @ by_x, by_x.sum(axis=0), h.T @ by_h, dq.sum(axis=0)]
    return by_x @ W.T, (dh * z + by_h @ U.T,), gradients


def _lstm_gates(x: FloatArray, h: FloatArray, parameters: Parameters) -> Sequence[FloatArray]:
    """i, f, o = σ(x W + h U + b) and g = tanh(x W + h U + b), in the order i, f, g, o."""
    W, b, U = parameters
    i, f, g, o = np.split(x @ W + h @ U + b, 4, axis=1)
    return _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)


def _lstm_step(x: FloatArray, state: State, parameters: Parameters) -> State:
    """c ← f c + i g, h ← o tanh(c)."""
    h, c = state
    i, f, g, o = _lstm_gates(x, h, parameters)
    c = f * c + i * g
    return o * np.tanh(c), c


def _lstm_back(
    dstate: State, x: FloatArray, state: State, parameters: Parameters
) -> tuple[FloatArray, State, Parameters]:
    (dh, dc), (h, c), (W, _, U) = dstate, state, parameters
    i, f, g, o = _lstm_gates(x, h, parameters)
    t = np.tanh(f * c + i * g)
    dc = dc + dh * o * (1 - t**2)
    of_gates = dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh * t * o * (1 - o)
    da = np.hstack(of_gates)
    return da @ W.T, (da @ U.T, dc * f), [x.T @ da, da.sum(axis=0), h.T @ da]


CELLS: dict[str, Cell] = {
    "GRU": Cell(1, _gru_step, _gru_back),
    "LSTM": Cell(2, _lstm_step, _lstm_back),
    "SimpleRNN": Cell(1, _rnn_step, _rnn_back),
}


def recurrent_forward(layer: Any, X: FloatArray, parameters: Any, uniform: Any) -> FloatArray:
    """The states h of all steps, or of the last one, of each direction side by side."""
    outputs = []
    for cell, units, own, order in _directions(layer, parameters):
        Y = np.empty((*X.shape[:2], units))
        states = _states(cell, units, X[:, order], own)
        Y[:, order] = np.stack([state[0] for state in states[1:]], axis=1)
        outputs.append(Y if _inner(layer).return_sequences else Y[:, order][:, -1])
    return np.concatenate(outputs, axis=-1)


def recurrent_backward(
    layer: Any, dY: FloatArray, X: FloatArray, parameters: Any, uniform: Any
) -> tuple[FloatArray, list[FloatArray]]:
    """From the last step to the first, direction by direction."""
    dX, gradients, _ = through_time(layer, dY, X, parameters)
    return dX, gradients


def through_time(
    layer: Any, dY: FloatArray, X: FloatArray, parameters: Any
) -> tuple[FloatArray, list[FloatArray], FloatArray]:
    """dX, the parameters' gradients, and those of the initial states of each direction."""
    dX, of_directions = np.zeros(X.shape), []
    initial: State = ()
    parts = _directions(layer, parameters)
    for (cell, units, own, order), given in zip(
        parts, np.split(dY, len(parts), axis=-1), strict=True
    ):
        by_step = np.zeros((*X.shape[:2], units))
        if _inner(layer).return_sequences:
            by_step = given[:, order]
        else:
            by_step[:, -1] = given
        inputs = X[:, order]
        states = _states(cell, units, inputs, own)
        d = tuple(np.zeros(state.shape) for state in states[0])
        total = [np.zeros(array.shape) for array in own]
        steps = np.zeros(X.shape)
        for t in range(X.shape[1] - 1, -1, -1):
            behind = d[0] + by_step[:, t], *d[1:]
            steps[:, t], d, gradients = cell.back(behind, inputs[:, t], states[t], own)
            total = [a + b for a, b in zip(total, gradients, strict=True)]
        dX += steps[:, order]
        of_directions.append(total)
        initial += d
    return dX, _joined(of_directions), np.concatenate(initial, axis=1)


def _states(cell: Cell, units: int, X: FloatArray, parameters: Parameters) -> list[State]:
    """The state before the first step, which is zero, and those behind each step."""
    states: list[State] = [(np.zeros((len(X), units)),) * cell.states]
    for t in range(X.shape[1]):
        states.append(cell.step(X[:, t], states[-1], parameters))
    return states


def _inner(layer: Any) -> Any:
    return getattr(layer, "layer", layer)


AXES = (1, 0, 0, 0)
"""Along which axis of W, b, U and b' the directions follow one another."""


def _directions(layer: Any, parameters: Any) -> list[tuple[Cell, int, Parameters, slice]]:
    """For each direction its cell, units, parameters, and the order of the time steps."""
    inner = _inner(layer)
    orders = [slice(None), slice(None, None, -1)][: 1 if inner is layer else 2]
    arrays = [
        np.split(array, len(orders), axis=axis)
        for array, axis in zip(parameters, AXES, strict=False)
    ]
    cell = CELLS[type(inner).__name__]
    return [
        (cell, inner.units, own, order)
        for own, order in zip(map(list, zip(*arrays, strict=True)), orders, strict=True)
    ]


def _joined(of_directions: Sequence[Parameters]) -> list[FloatArray]:
    return [
        np.concatenate(arrays, axis=axis)
        for arrays, axis in zip(zip(*of_directions, strict=True), AXES, strict=False)
    ]


def _sigmoid(a: FloatArray) -> FloatArray:
    s: FloatArray = 1 / (1 + np.exp(-a))
    return s
