"""Plain loops as the oracle of a whole network, in the engine's orientation: an example a row.

Of dense layers, activations and losses the study's loops are the oracle, in the course's
orientation, an example a column; of the other layers the definitions are here, in NumPy's float64.
Penalties and weighted examples are put around them. A row of jitnet's tables that has no oracle is
an error that says where it is wanted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

import convolutions
import pools
import recurrences
from jitnet.arrays import FloatArray
from jitnet.layers.chain import chain, nodes_of
from jitnet.study.activations.loops import ACTIVATIONS
from jitnet.study.dense import loops as dense
from jitnet.study.losses.loops import LOSSES, smooth_labels

Draw = Callable[[int, int], FloatArray]
"""Uniform numbers (examples, units) of a node in a step of training."""


class LayerOracle(NamedTuple):
    """A layer's definition.

    Parameters
    ----------
    forward : callable
        ``forward(layer, X, parameters, uniform)`` is Y for X (examples, *shape); ``uniform`` is
        None but in a step of training.
    backward : callable
        ``backward(layer, dY, X, parameters, uniform)`` is dX and the parameters' gradients.
    track : callable, optional
        ``track(layer, X, parameters, uniform)`` is what the parameters become beside a step of
        training, as running means do.
    """

    forward: Callable[..., FloatArray]
    backward: Callable[..., tuple[FloatArray, list[FloatArray]]]
    kinks: Callable[[Any, FloatArray], FloatArray] | None = None
    """``kinks(layer, X)`` is how far X (examples, *shape) is from where Y has a kink, an example a
    row: those of central differences keep away from it."""
    track: Callable[..., list[FloatArray]] | None = None


def dense_forward(layer: Any, X: FloatArray, parameters: Any, uniform: Any) -> FloatArray:
    """Z = X W + b, of sequences at every time step."""
    W, b = _with_bias(layer, parameters)
    Z = np.array(dense.dense_forward(_columns(_steps(X)), _columns(W), _column(b))).T
    return Z.reshape(*X.shape[:-1], -1)


def dense_backward(
    layer: Any, dY: FloatArray, X: FloatArray, parameters: Any, uniform: Any
) -> tuple[FloatArray, list[FloatArray]]:
    """dX = dZ Wᵀ, dW = Xᵀ dZ and db = Σ dZ."""
    W, _ = _with_bias(layer, parameters)
    rows = _steps(X)
    dX, dW, db = dense.dense_backward(_columns(_steps(dY)), _columns(rows), _columns(W))
    m = len(rows)  # the course's gradients are means
    gradients = [m * np.array(dW).T, m * np.array(db)[:, 0]]
    return np.array(dX).T.reshape(X.shape), gradients[: 1 + layer.bias]


def _steps(X: FloatArray) -> FloatArray:
    """The time steps of all examples, a row each; an example of one axis is one."""
    return X.reshape(-1, X.shape[-1])


def _with_bias(layer: Any, parameters: Any) -> tuple[FloatArray, FloatArray]:
    W = parameters[0]
    b = parameters[1] if len(parameters) > 1 else np.zeros(W.shape[-1])
    return W, b


def dropout_forward(layer: Any, X: FloatArray, parameters: Any, uniform: Any) -> FloatArray:
    """Y = X, but in training X / (1 - rate) where r ≥ rate, else 0."""
    return X if uniform is None else np.where(_kept(layer, X, uniform), X / (1 - layer.rate), 0.0)


def dropout_backward(
    layer: Any, dY: FloatArray, X: FloatArray, parameters: Any, uniform: Any
) -> tuple[FloatArray, list[FloatArray]]:
    """The same mask and the same factor."""
    return dropout_forward(layer, dY, parameters, uniform), []


def _kept(layer: Any, X: FloatArray, uniform: Draw) -> Any:
    return uniform(len(X), math.prod(X.shape[1:])).reshape(X.shape) >= layer.rate


def layer_norm_forward(layer: Any, X: FloatArray, parameters: Any, uniform: Any) -> FloatArray:
    """Y = e weight + bias with e = (X - mean) / √(variance + ε), along the last axis."""
    weight, bias = parameters
    e, _ = _normal(layer, X)
    Y: FloatArray = e * weight + bias
    return Y


def layer_norm_backward(
    layer: Any, dY: FloatArray, X: FloatArray, parameters: Any, uniform: Any
) -> tuple[FloatArray, list[FloatArray]]:
    """dX by the matrix of ∂e/∂x of each example, ∂e_j/∂x_k = (δ_jk - 1/n - e_j e_k / n) / σ."""
    n = X.shape[-1]
    dY_rows, X_rows = dY.reshape(-1, n), X.reshape(-1, n)
    e, deviation = _normal(layer, X_rows)
    dX = np.empty_like(X_rows)
    for i, g in enumerate(dY_rows * parameters[0]):
        jacobian = (np.eye(n) - 1 / n - np.outer(e[i], e[i]) / n) / deviation[i]
        dX[i] = g @ jacobian
    return dX.reshape(X.shape), [(dY_rows * e).sum(axis=0), dY_rows.sum(axis=0)]


def _normal(layer: Any, X: FloatArray) -> tuple[FloatArray, FloatArray]:
    centered = X - X.mean(axis=-1, keepdims=True)
    deviation = np.sqrt(np.mean(centered**2, axis=-1, keepdims=True) + layer.epsilon)
    return centered / deviation, deviation[..., 0]


def flatten_forward(layer: Any, X: FloatArray, parameters: Any, uniform: Any) -> FloatArray:
    """Each example's numbers, the last axis the fastest."""
    return np.array([[x[place] for place in np.ndindex(x.shape)] for x in X])


def reshape_forward(layer: Any, X: FloatArray, parameters: Any, uniform: Any) -> FloatArray:
    """Each example's numbers in the same order, in the layer's shape."""
    rows = flatten_forward(layer, X, parameters, uniform)
    rest = rows.shape[1] // abs(math.prod(layer.shape))
    Y = np.empty((len(X), *(rest if n == -1 else n for n in layer.shape)))
    for row, y in zip(rows, Y, strict=True):
        for number, place in zip(row, np.ndindex(y.shape), strict=True):
            y[place] = number
    return Y


def activation_forward(layer: Any, X: FloatArray, parameters: Any, uniform: Any) -> FloatArray:
    """Z = X, of which the activation that stands after every layer makes A."""
    return X


def unmoved_backward(
    layer: Any, dY: FloatArray, X: FloatArray, parameters: Any, uniform: Any
) -> tuple[FloatArray, list[FloatArray]]:
    """The same numbers in X's shape."""
    dX = np.empty_like(X)
    for dx, dy in zip(dX, dY, strict=True):
        for place, to in zip(np.ndindex(dy.shape), np.ndindex(dx.shape), strict=True):
            dx[to] = dy[place]
    return dX, []


def batch_norm_forward(layer: Any, X: FloatArray, parameters: Any, uniform: Any) -> FloatArray:
    """Y = e weight + bias with e = (X - mean) / √(variance + ε), channel by channel."""
    weight, bias = parameters[:2]
    Y: FloatArray = _standard(layer, X, parameters, uniform)[0] * weight + bias
    return Y


def batch_norm_backward(
    layer: Any, dY: FloatArray, X: FloatArray, parameters: Any, uniform: Any
) -> tuple[FloatArray, list[FloatArray]]:
    """dX by the matrix of ∂e/∂x of each channel, over all examples and places.

    ∂e_j/∂x_k = (δ_jk - 1/n - e_j e_k / n) / σ in training, where mean and σ are the batch's, and
    δ_jk / σ otherwise.
    """
    channels = X.shape[-1]
    e, deviation = _standard(layer, X, parameters, uniform)
    e, g = e.reshape(-1, channels), dY.reshape(-1, channels)
    n = len(e)
    dX = np.empty_like(e)
    for c in range(channels):
        jacobian = np.eye(n)
        if uniform is not None:
            jacobian = jacobian - 1 / n - np.outer(e[:, c], e[:, c]) / n
        dX[:, c] = (parameters[0][c] * g[:, c]) @ (jacobian / deviation[c])
    nothing = np.zeros(channels)
    return dX.reshape(X.shape), [(g * e).sum(axis=0), g.sum(axis=0), nothing, nothing]


def batch_norm_track(layer: Any, X: FloatArray, parameters: Any, uniform: Any) -> list[FloatArray]:
    """running ← momentum running + (1 - momentum) batch, with the unbiased variance."""
    weight, bias, mean, variance = parameters
    rows = X.reshape(-1, X.shape[-1])
    kept, new = layer.momentum, 1 - layer.momentum
    running = kept * mean + new * rows.mean(axis=0)
    return [weight, bias, running, kept * variance + new * rows.var(axis=0, ddof=1)]


def _standard(
    layer: Any, X: FloatArray, parameters: Any, uniform: Any
) -> tuple[FloatArray, FloatArray]:
    """E and σ of each channel, of the batch in training and of what ran before otherwise."""
    _, _, mean, variance = parameters
    if uniform is not None:
        rows = X.reshape(-1, X.shape[-1])
        mean, variance = rows.mean(axis=0), rows.var(axis=0)
    deviation = np.sqrt(variance + layer.epsilon)
    return (X - mean) / deviation, deviation


def residual_forward(layer: Any, X: FloatArray, parameters: Any, uniform: Any) -> FloatArray:
    """Y = X + f(X)."""
    return X + network_stages(layer.layers, X, parameters, uniform)[-1].Y


def residual_backward(
    layer: Any, dY: FloatArray, X: FloatArray, parameters: Any, uniform: Any
) -> tuple[FloatArray, list[FloatArray]]:
    """dX = dY + f'(X) dY."""
    inner, gradients = _through(network_stages(layer.layers, X, parameters, uniform), dY)
    return dY + inner, gradients


def residual_track(layer: Any, X: FloatArray, parameters: Any, uniform: Any) -> list[FloatArray]:
    """What those within become."""
    return tracked(layer.layers, X, parameters, uniform)


def branches_forward(layer: Any, X: Any, parameters: Any, uniform: Any) -> FloatArray:
    """Y = [f₀(X₀), f₁(X₁), …], side by side along the last axis."""
    return np.concatenate(
        [_outputs(stages, x) for x, stages in _branches(layer, X, parameters, uniform)], axis=-1
    )


def branches_backward(
    layer: Any, dY: FloatArray, X: Any, parameters: Any, uniform: Any
) -> tuple[Any, list[FloatArray]]:
    """dX₀ = f₀'(X₀) dY₀, where dY₀ is that part of dY, and so on."""
    inputs, gradients, first = [], [], 0
    for x, stages in _branches(layer, X, parameters, uniform):
        last = first + _outputs(stages, x).shape[-1]
        dX, own = _through(stages, dY[..., first:last])
        inputs.append(dX)
        gradients += own
        first = last
    return tuple(inputs), gradients


def _outputs(stages: list[Stage], X: FloatArray) -> FloatArray:
    """What a chain makes of X, which is X where there are no layers."""
    return stages[-1].Y if stages else X


def _branches(
    layer: Any, X: Any, parameters: Any, uniform: Any
) -> Iterator[tuple[FloatArray, list[Stage]]]:
    """Each branch's input, and its stages; a branch without layers has a node all the same."""
    first, node = 0, 0
    for layers, x in zip(layer.branches, X, strict=True):
        shape = x.shape[1:]
        last = first + len(parameters_of(layers, shape))
        draws = None if uniform is None else partial(_later, uniform, node)
        yield x, network_stages(layers, x, parameters[first:last], draws)
        first, node = last, node + max(1, len(chain(layers, shape, 16)))


def _later(uniforms: Callable[[int], Draw], before: int, node: int) -> Draw:
    return uniforms(before + node)


def branches_track(layer: Any, X: Any, parameters: Any, uniform: Any) -> list[FloatArray]:
    """What those within become."""
    found = []
    for _, stages in _branches(layer, X, parameters, uniform):
        found += _tracked(stages)
    return found


def move_forward(layer: Any, X: FloatArray, parameters: Any, uniform: Any) -> FloatArray:
    """Y = A X, where A moves the pixels of each image in training, and is I otherwise."""
    return X if uniform is None else _moved(_moves(layer, X, uniform), X)


def move_backward(
    layer: Any, dY: FloatArray, X: FloatArray, parameters: Any, uniform: Any
) -> tuple[FloatArray, list[FloatArray]]:
    """dX = Aᵀ dY."""
    if uniform is None:
        return dY, []
    return _moved(_moves(layer, X, uniform).swapaxes(1, 2), dY), []


def _moved(moves: FloatArray, images: FloatArray) -> FloatArray:
    pixels = images.reshape(*moves.shape[:2], -1)
    return (moves @ pixels).reshape(images.shape)


def _moves(layer: Any, images: FloatArray, uniform: Draw) -> FloatArray:
    """The share of each pixel of X in each of Y, (examples, pixels, pixels)."""
    rows, columns = images.shape[1:3]
    origins = of(ORIGINS, type(layer).__name__, "layer")
    moves = np.zeros((len(images), rows, columns, rows, columns))
    for move, numbers in zip(moves, uniform(len(images), 2), strict=True):
        for r, c in np.ndindex(rows, columns):
            at_r, at_c = origins(layer, numbers, rows, columns, r, c)
            for row, column in np.ndindex(rows, columns):
                share = max(1 - abs(at_r - row), 0) * max(1 - abs(at_c - column), 0)
                move[r, c, row, column] = share
    return moves.reshape(len(images), rows * columns, rows * columns)


def _flip_origin(layer: Any, numbers: Any, rows: int, columns: int, r: int, c: int) -> Any:
    """The mirror's place where the number of a direction of the mode is below 1/2."""
    down = "vertical" in layer.mode and numbers[0] < 0.5
    across = "horizontal" in layer.mode and numbers[1] < 0.5
    return (rows - 1 - r if down else r), (columns - 1 - c if across else c)


def _shift_origin(layer: Any, numbers: Any, rows: int, columns: int, r: int, c: int) -> Any:
    """The place before a step of ⌊number · (2 pixels + 1)⌋ - pixels."""
    most = np.broadcast_to(layer.pixels, 2)
    down, across = np.floor(numbers * (2 * most + 1)) - most
    return r - down, c - across


def _rotation_origin(layer: Any, numbers: Any, rows: int, columns: int, r: int, c: int) -> Any:
    """The place before a turn against the clock, as a complex number: right + i · up."""
    centre = (columns - 1) / 2 - 1j * (rows - 1) / 2
    angle = np.radians(layer.degrees) * (2 * numbers[0] - 1)
    origin = (c - 1j * r - centre) * np.exp(-1j * angle) + centre
    return -origin.imag, origin.real


ORIGINS: dict[str, Callable[..., Any]] = {
    "RandomFlip": _flip_origin,
    "RandomRotation": _rotation_origin,
    "RandomShift": _shift_origin,
}
"""Where in X a pixel of Y comes from: layer, an image's numbers, its size, and the pixel."""


def rescaling_forward(layer: Any, X: FloatArray, parameters: Any, uniform: Any) -> FloatArray:
    """Y = scale X + offset."""
    Y: FloatArray = layer.scale * X + layer.offset
    return Y


def rescaling_backward(
    layer: Any, dY: FloatArray, X: FloatArray, parameters: Any, uniform: Any
) -> tuple[FloatArray, list[FloatArray]]:
    """dX = scale dY."""
    return layer.scale * dY, []


def embedding_forward(layer: Any, X: FloatArray, parameters: Any, uniform: Any) -> FloatArray:
    """Y = W[X], a row of W for each index."""
    W = parameters[0]
    return np.array([[W[int(index)] for index in x] for x in X])


def embedding_backward(
    layer: Any, dY: FloatArray, X: FloatArray, parameters: Any, uniform: Any
) -> tuple[FloatArray, list[FloatArray]]:
    """dW[X] += dY, index by index; indices have no gradient."""
    dW = np.zeros(parameters[0].shape)
    for example, step in np.ndindex(X.shape):
        dW[int(X[example, step])] += dY[example, step]
    return np.zeros(X.shape), [dW]


AVERAGE_POOL = LayerOracle(pools.average_pool_forward, pools.average_pool_backward)
MAX_POOL = LayerOracle(pools.max_pool_forward, pools.max_pool_backward, pools.max_pool_kinks)
CONVOLUTION = LayerOracle(convolutions.convolution_forward, convolutions.convolution_backward)
RECURRENT = LayerOracle(recurrences.recurrent_forward, recurrences.recurrent_backward)

LAYERS: dict[str, LayerOracle] = {
    "Activation": LayerOracle(activation_forward, unmoved_backward),
    "AveragePool1D": AVERAGE_POOL,
    "AveragePool2D": AVERAGE_POOL,
    "BatchNorm": LayerOracle(batch_norm_forward, batch_norm_backward, track=batch_norm_track),
    "Bidirectional": RECURRENT,
    "Branches": LayerOracle(branches_forward, branches_backward, track=branches_track),
    "Conv1D": CONVOLUTION,
    "Conv2D": CONVOLUTION,
    "Dense": LayerOracle(dense_forward, dense_backward),
    "Dropout": LayerOracle(dropout_forward, dropout_backward),
    "Embedding": LayerOracle(embedding_forward, embedding_backward),
    "Flatten": LayerOracle(flatten_forward, unmoved_backward),
    "GRU": RECURRENT,
    "GlobalAveragePool": AVERAGE_POOL,
    "GlobalMaxPool": MAX_POOL,
    "LSTM": RECURRENT,
    "LayerNorm": LayerOracle(layer_norm_forward, layer_norm_backward),
    "MaxPool1D": MAX_POOL,
    "MaxPool2D": MAX_POOL,
    "RandomFlip": LayerOracle(move_forward, move_backward),
    "RandomRotation": LayerOracle(move_forward, move_backward),
    "RandomShift": LayerOracle(move_forward, move_backward),
    "Rescaling": LayerOracle(rescaling_forward, rescaling_backward),
    "Reshape": LayerOracle(reshape_forward, unmoved_backward),
    "Residual": LayerOracle(residual_forward, residual_backward, track=residual_track),
    "SimpleRNN": RECURRENT,
}
"""The definitions of jitnet's layers. A layer may carry its own as ``oracle``."""


def of(table: Mapping[str, Any], name: str, what: str) -> Any:
    """A row's oracle, or an error that says where one is wanted."""
    if name not in table:
        raise AssertionError(
            f"the {what} {name!r} has no oracle: add its definition, in plain Python or NumPy, to "
            f"{what.upper()}S of tests/oracle.py, or of the study's plain loops that it takes"
        )
    return table[name]


def uniform_of(seed: int, step: int, node: int) -> Draw:
    """The uniform numbers of a node in a step: of unit u and the example at place i of its batch.

    Their key is mix(mix(mix(seed, step), node), u), their counter i; both halves of the key are
    mixed into the counter by a hash of 32 bits, of which 24 make the number.
    """
    node_key = mixed(mixed(seed, step), node)

    def draw(examples: int, units: int) -> FloatArray:
        numbers = np.empty((examples, units))
        for u in range(units):
            key = mixed(node_key, u)
            for i in range(examples):
                numbers[i, u] = uniform_number(key, i)
        return numbers

    return draw


def mixed(key: int, counter: int) -> int:
    """The definition of `jitnet.kernels.random.mix`: SplitMix64 without its last bit."""
    word = (key + 0x9E3779B97F4A7C15 * (counter + 1)) % 2**64
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
        word = ((word ^ (word >> shift)) * factor) % 2**64
    return word >> 1


def uniform_number(key: int, counter: int) -> float:
    """The definition of `jitnet.kernels.random.uniform`, in Python's whole numbers."""
    word = counter % 2**32
    for half in (key % 2**32, key >> 32):
        word ^= half
        for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B), (16, 1)):
            word = ((word ^ (word >> shift)) * factor) % 2**32
    return (word >> 8) / 2**24


class Stage(NamedTuple):
    """A layer on the way through a network: what it was given, and what it made of that."""

    layer: Any
    uniform: Any
    X: FloatArray
    parameters: list[FloatArray]
    Z: FloatArray
    Y: FloatArray


def network_stages(
    layers: Sequence[Any],
    X: Any,
    weights: Sequence[ArrayLike],
    uniforms: Callable[[int], Draw] | None = None,
) -> list[Stage]:
    """Forward through all layers and their activations; in training where ``uniforms`` draws.

    X is a tuple where the first layer takes several inputs.
    """
    Y: Any = (
        tuple(np.asarray(x, float) for x in X) if isinstance(X, tuple) else np.asarray(X, float)
    )
    left, node = iter(weights), 0
    stages = []
    for layer in layers:
        given = Y
        shape = shape_of(given)
        count = count_of(layer, shape)
        parameters = [np.asarray(next(left), float) for _ in range(count)]
        uniform = _uniform_for(layer, uniforms, node)
        Z = oracle_of(layer).forward(layer, given, parameters, uniform)
        activation = activation_of(layer)
        Y = _each(of(ACTIVATIONS, activation, "activation").value, Z)
        node += len(nodes_of(layer, layer.node(shape, 16)))
        stages.append(Stage(layer, uniform, given, parameters, Z, Y))
    return stages


def _uniform_for(layer: Any, uniforms: Callable[[int], Draw] | None, node: int) -> Any:
    """What draws a layer's numbers; of layers in a layer, what draws those of each node."""
    if uniforms is None:
        return None
    if hasattr(layer, "branches"):
        return partial(_later, uniforms, node)
    return partial(_later, uniforms, node + 1) if hasattr(layer, "layers") else uniforms(node)


def shape_of(X: Any) -> Any:
    """The shape of an example, or of an example of each input."""
    return tuple(x.shape[1:] for x in X) if isinstance(X, tuple) else X.shape[1:]


def tracked(
    layers: Sequence[Any],
    X: Any,
    weights: Sequence[ArrayLike],
    uniforms: Callable[[int], Draw] | None,
) -> list[FloatArray]:
    """What a network's parameters become beside a step of training."""
    return _tracked(network_stages(layers, X, weights, uniforms))


def _tracked(stages: Sequence[Stage]) -> list[FloatArray]:
    found: list[FloatArray] = []
    for layer, uniform, given, parameters, _, _ in stages:
        track = oracle_of(layer).track
        found += parameters if track is None else track(layer, given, parameters, uniform)
    return found


def oracle_of(layer: Any) -> LayerOracle:
    """A layer's definition."""
    found: LayerOracle = of(LAYERS, type(layer).__name__, "layer")
    return found


def count_of(layer: Any, shape: tuple[int, ...]) -> int:
    """Parameters of a layer for inputs of a shape."""
    return len(parameters_of([layer], shape))


def parameters_of(layers: Sequence[Any], shape: tuple[int, ...]) -> list[Any]:
    """The rows of the parameters of layers for inputs of a shape."""
    found: list[Any] = []
    for layer in layers:
        node = layer.node(shape, 16)
        shape = node.output
        found += [row for each in nodes_of(layer, node) for row in each.parameters]
    return found


def activation_of(layer: Any) -> str:
    """A layer's activation."""
    return str(getattr(layer, "activation", "identity"))


def _each(function: Callable[[float], float], Z: FloatArray) -> FloatArray:
    return np.array([function(z) for z in Z.ravel().tolist()]).reshape(Z.shape)


def network_loss_and_gradients(
    layers: Sequence[Any],
    X: Any,
    T: ArrayLike,
    weights: Sequence[ArrayLike],
    loss: str,
    sample_weight: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    uniforms: Callable[[int], Draw] | None = None,
) -> tuple[float, list[FloatArray]]:
    """Loss and gradients of a whole network, forward and backward.

    Parameters
    ----------
    layers : sequence of Layer
        The layers; the output layer's activation is "identity" where the loss brings the sigmoid,
        softmax or exponential.
    X : (n_samples, *shape), or a tuple of such
        Examples.
    T : (n_samples, n_outputs)
        Targets; for softmax_crossentropy one-hot rows or probabilities. Of sequences (n_samples,
        time, n_outputs), where each time step has a loss.
    weights : list of arrays
        Their parameters, as `Sequential.get_weights` returns them.
    loss : str
        A name in `LOSSES`.
    sample_weight : (n_samples,) or (n_samples, time), optional
        How much each example, or each time step, counts, by default all the same.
    label_smoothing : float
        ε of `smooth_labels`, for softmax_crossentropy.
    uniforms : callable, optional
        In a step of training: draws each node's numbers.

    Returns
    -------
    J : float
        The loss: weighted mean over the examples and their time steps, plus the penalties.
    gradients : list of arrays
        dJ with respect to each of the weights.
    """
    stages = network_stages(layers, X, weights, uniforms)
    outputs = stages[-1].Y
    rows = rows_with_a_loss(outputs)
    targets = np.asarray(T, float).reshape(rows.shape).tolist()
    if label_smoothing:
        targets = [smooth_labels(y, label_smoothing) for y in targets]
    shares = weights_of_steps(sample_weight, len(outputs), len(rows))
    J, dY = _weighted_loss(rows, targets, loss, shares / shares.sum())
    rows_of = parameters_of(layers, shape_of(X))
    arrays = [np.asarray(w, float) for w in weights]
    penalties = zip(rows_of, arrays, strict=True)
    J += sum(0.5 * row.l2 * float(np.square(w).sum()) for row, w in penalties)
    _, gradients = _through(stages, dY.reshape(outputs.shape))
    of_each = zip(gradients, rows_of, arrays, strict=True)
    return J, [g + row.l2 * w for g, row, w in of_each]


def rows_with_a_loss(outputs: FloatArray) -> FloatArray:
    """Outputs as rows, of which each has a loss: examples, or the time steps of sequences."""
    units = outputs.shape[-1] if outputs.ndim == 3 else math.prod(outputs.shape[1:])
    return outputs.reshape(-1, units)


def weights_of_steps(weight: ArrayLike | None, examples: int, rows: int) -> FloatArray:
    """How much each row of so many counts, where those are examples or time steps."""
    given = np.ones(examples) if weight is None else np.asarray(weight, float)
    return given.ravel() if given.ndim > 1 else np.repeat(given, rows // examples)


def _through(stages: Sequence[Stage], dY: FloatArray) -> tuple[FloatArray, list[FloatArray]]:
    """Backward through layers: dX, and the gradients of their parameters."""
    gradients: list[FloatArray] = []
    for layer, uniform, given, parameters, Z, _ in reversed(stages):
        dZ = dY * _each(of(ACTIVATIONS, activation_of(layer), "activation").slope, Z)
        dY, own = oracle_of(layer).backward(layer, dZ, given, parameters, uniform)
        gradients = [*own, *gradients]
    return dY, gradients


def _weighted_loss(
    outputs: FloatArray, targets: list[list[float]], loss: str, shares: FloatArray
) -> tuple[float, FloatArray]:
    """J = Σ w l, and w dl/dz a row for each example, for weights w whose sum is 1."""
    row = of(LOSSES, loss, "loss")
    J, rows = 0.0, []
    for output, y, w in zip(outputs.tolist(), targets, shares.tolist(), strict=True):
        J += w * row.value(output, y)
        rows.append([w * d for d in row.gradient(output, y)])
    return J, np.array(rows)


def predictions(loss: str, outputs: FloatArray) -> FloatArray:
    """What a model predicts from its last layer's outputs."""
    rows = rows_with_a_loss(outputs).tolist()
    predicted = np.array([of(LOSSES, loss, "loss").predict(z) for z in rows])
    return predicted.reshape(outputs.shape)


def _columns(X: ArrayLike) -> Any:
    return np.asarray(X, float).T.tolist()


def _column(b: ArrayLike) -> Any:
    return np.asarray(b, float)[:, None].tolist()
