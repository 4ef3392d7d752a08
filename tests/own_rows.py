"""An activation, a loss, an optimiser and a layer as a user's own file would define them."""

from dataclasses import dataclass

import numpy as np

from jitnet.extend import (
    Activation,
    Cut,
    Layer,
    Loss,
    Node,
    Operation,
    Optimizer,
    Parameter,
    Update,
    absolute,
    at,
    exp,
    fma,
    lanes,
    load,
    log1p,
    njit,
    sigmoid,
    softplus,
    splat,
    square_root,
    store,
    sum_lanes,
    tanh,
    where,
)


@njit
def prelu_forward(Y, X, slope, first_panel, last_panel, first_unit, last_unit):
    """Y[u, i] = X[u, i] where it is positive, else slope[u] X[u, i]."""
    _, units, width = X.shape
    for p in range(first_panel, last_panel):
        for u in range(first_unit, last_unit):
            row = (p * units + u) * width
            x, y = at(X, row), at(Y, row)
            for i in range(0, width, lanes(x)):
                z = load(x, i)
                store(y, i, where(z > 0.0, z, z * slope[u]))


@njit
def prelu_backward(dX, dY, X, slope, first_panel, last_panel, first_unit, last_unit):
    """dX[u, i] = dY[u, i] where X[u, i] is positive, else slope[u] dY[u, i]."""
    _, units, width = X.shape
    for p in range(first_panel, last_panel):
        for u in range(first_unit, last_unit):
            row = (p * units + u) * width
            x, dx, dy = at(X, row), at(dX, row), at(dY, row)
            for i in range(0, width, lanes(x)):
                d = load(dy, i)
                store(dx, i, where(load(x, i) > 0.0, d, d * slope[u]))


@njit
def prelu_slope_backward(dslope, dY, X, add, first_unit, last_unit):
    """dslope[u] = Σ dY[u, i] X[u, i] over the examples i whose X[u, i] is not positive."""
    panels, units, width = X.shape
    for u in range(first_unit, last_unit):
        total = splat(at(X, 0), 0.0)
        for p in range(panels):
            row = (p * units + u) * width
            x, dy = at(X, row), at(dY, row)
            for i in range(0, width, lanes(x)):
                z = load(x, i)
                total = fma(load(dy, i), where(z > 0.0, 0.0, z), total)
        d = sum_lanes(total)
        dslope[u] = dslope[u] + d if add else d


@dataclass(frozen=True)
class PReLU(Layer):
    """max(0, x) + a min(0, x), with a slope a that each unit learns (He et al., 2015)."""

    start: float = 0.25

    def node(self, shape, width):
        """The layer for inputs of a shape."""
        (units,) = shape
        slope = Parameter("slope", (units,), lambda rng: np.full(units, self.start))
        return Node(
            output=shape,
            forward=(Operation(prelu_forward, pointwise=True),),
            backward=(Operation(prelu_backward, pointwise=True),),
            gradients=(Operation(prelu_slope_backward, Cut("unit", units)),),
            parameters=(slope,),
        )


@njit
def mish_value(z):
    """g(z) = z tanh(softplus(z)) (Misra, 2019)."""
    return z * tanh(softplus(z))


@njit
def mish_slope(z, a):
    """g'(z) = t + z σ(z) (1 - t²) with t = tanh(softplus(z))."""
    t = tanh(softplus(z))
    return fma(z * sigmoid(z), 1.0 - t * t, t)


mish = Activation(mish_value, mish_slope, like_relu=True)


@njit
def log_cosh_backward(D, Z, T, outputs, row, weight):
    """D = weight tanh(z - t) / outputs for a vector of examples; returns l, the mean ln cosh."""
    total = splat(Z, 0.0)
    for u in range(outputs):
        e = load(Z, u * row) - load(T, u * row)
        size = absolute(e)
        total = total + (size + log1p(exp(size * -2.0)) - 0.6931471805599453)
        store(D, u * row, weight * (tanh(e) * (1.0 / outputs)))
    return total / outputs


log_cosh = Loss(log_cosh_backward)


@njit
def update_adagrad(parameters, squares, gradients, epsilon, rate, clip, first, last):
    """s ← s + g², W ← W - η g / (√s + ε)."""
    w, s, g = at(parameters, 0), at(squares, 0), at(gradients, 0)
    for i in range(first, last, lanes(w)):
        gradient = load(g, i) * clip
        square = fma(gradient, gradient, load(s, i))
        store(s, i, square)
        store(w, i, load(w, i) - gradient * rate / (square_root(square) + epsilon))


@dataclass(frozen=True)
class AdaGrad(Optimizer):
    """The gradient over the root of its squares' sum (Duchi, Hazan and Singer, 2011)."""

    learning_rate: float = 0.01
    epsilon: float = 1e-8
    clip_norm: float | None = None

    def update(self):
        """What a step runs."""
        return Update(update_adagrad, ("squares",), settings={"epsilon": self.epsilon})
