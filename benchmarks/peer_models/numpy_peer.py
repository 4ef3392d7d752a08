"""The network in NumPy: every array allocated once, every operation written with `out`.

What the figures behind this file showed, in the order of their worth:

- Products are `np.dot` with `out`. In full-batch work Xᵀ is an array of its own, unless X is so
  large that a second copy would push the first from the cache.
- Parameters, gradients and the optimiser's state are flat arrays that the layers hold views of, so
  that an update is a few passes, however many layers there are.
- `np.maximum` with an array of zeros takes a quarter of the time it takes with the scalar 0.
- Constants are arrays without dimensions, which NumPy need not convert at every call.
- The descent's factor -η / m is multiplied into the output's gradient, the smallest array there is:
  what reaches the weights is then the step itself. Adam's (1 - β) are left out of its moments and
  made up for in its two scalars.
- σ(z) - y = ½ (tanh(z / 2) - s) with s = 2 y - 1 is three operations, where e^-z takes five.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peer_models.base import Peer
from workloads import FloatArray, Workload, initial_weights, make_data

LARGEST_COPY = 1 << 20  # bytes


def constant(value: float) -> NDArray[Any]:
    """A float32 array without dimensions."""
    return np.array(value, np.float32)


def views(flat: FloatArray, like: list[FloatArray]) -> list[FloatArray]:
    """Cut a flat array into pieces of the given arrays' shapes, one after the other."""
    ends = np.cumsum([array.size for array in like])
    return [flat[end - a.size : end].reshape(a.shape) for end, a in zip(ends, like, strict=True)]


class Sgd:
    """W ← W + step, where the gradient that arrives has been multiplied by -η already."""

    def __init__(self, parameters: FloatArray, gradients: FloatArray, workload: Workload) -> None:
        self.parameters, self.gradients = parameters, gradients
        self.gradient_scale = -workload.learning_rate

    def reset(self) -> None:
        """Plain descent remembers nothing."""

    def update(self) -> None:
        """One pass over the parameters."""
        np.add(self.parameters, self.gradients, out=self.parameters)


class Adam:
    """W ← W - η m̂ / (√v̂ + ε), with m / (1 - β₁) and v / (1 - β₂) kept in place of m and v."""

    gradient_scale = 1.0
    beta1, beta2 = 0.9, 0.999

    def __init__(self, parameters: FloatArray, gradients: FloatArray, workload: Workload) -> None:
        self.parameters, self.gradients = parameters, gradients
        self.learning_rate, self.epsilon = workload.learning_rate, workload.epsilon
        self.m, self.v, self.scratch = (np.zeros_like(parameters) for _ in range(3))
        self.decay1, self.decay2 = constant(self.beta1), constant(self.beta2)
        self.step = 0

    def reset(self) -> None:
        """Forget both moments."""
        self.m[:] = 0.0
        self.v[:] = 0.0
        self.step = 0

    def update(self) -> None:
        """Ten passes over the parameters."""
        self.step += 1
        # √v̂ = √v kept · root, hence m̂ / (√v̂ + ε) = m kept · scale / (√v kept + ε / root)
        root = math.sqrt((1.0 - self.beta2) / (1.0 - self.beta2**self.step))
        scale = self.learning_rate * (1.0 - self.beta1) / (1.0 - self.beta1**self.step) / root
        g, m, v, t = self.gradients, self.m, self.v, self.scratch
        np.multiply(m, self.decay1, out=m)
        np.add(m, g, out=m)
        np.multiply(g, g, out=t)
        np.multiply(v, self.decay2, out=v)
        np.add(v, t, out=v)
        np.sqrt(v, out=t)
        np.add(t, constant(self.epsilon / root), out=t)
        np.divide(m, t, out=t)
        np.multiply(t, constant(scale), out=t)
        np.subtract(self.parameters, t, out=self.parameters)


class Buffers:
    """Every array that a pass over `m` examples writes to."""

    def __init__(self, workload: Workload, m: int, scale: float) -> None:
        n = workload.sizes
        self.X = np.empty((m, n[0]), np.float32)
        self.X_transposed = self.X.T
        self.T = np.empty((m, n[-1]), np.float32)
        self.A = [np.empty((m, width), np.float32) for width in n[1:]]
        self.dA = [np.empty((m, width), np.float32) for width in n[1:]]
        self.scratch = [np.empty((m, width), np.float32) for width in n[1:]]
        self.positive = [np.empty((m, width), np.bool_) for width in n[1:]]
        self.zeros = [np.zeros((m, width), np.float32) for width in n[1:]]
        self.row = np.empty((m, 1), np.float32)
        self.ones = np.ones(m, np.float32)
        self.scale = constant(scale / m)
        self.half_scale = constant(0.5 * scale / m)

    def hold(self, X: FloatArray, T: FloatArray) -> None:
        """Take the whole data set as the one batch there is."""
        self.X, self.T = X, T
        self.X_transposed = X.T if X.nbytes > LARGEST_COPY else np.ascontiguousarray(X.T)


class NumpyPeer(Peer):
    """NumPy, with the BLAS it comes with."""

    title = "NumPy"

    def __init__(self, workload: Workload, threads: int) -> None:
        self.workload = workload
        data = make_data(workload)
        self.X = data.X
        self.T = self._targets(data.y)
        weights = initial_weights(workload)
        self.initial = np.concatenate([array.ravel() for array in weights])
        self.parameters = self.initial.copy()
        gradients = np.zeros_like(self.initial)
        self.weights, self.gradients = views(self.parameters, weights), views(gradients, weights)
        rule = Adam if workload.optimizer == "adam" else Sgd
        self.optimizer = rule(self.parameters, gradients, workload)
        self.random = np.random.default_rng(0)
        self.half, self.one = constant(0.5), constant(1.0)
        self.class_ones = np.ones((workload.sizes[-1], 1), np.float32)
        self.buffers = self._make_buffers()

    @staticmethod
    def version() -> str:
        """Version of NumPy."""
        return np.__version__

    def reset(self) -> None:
        """Go back to the initial weights and a fresh optimiser."""
        self.parameters[:] = self.initial
        self.optimizer.reset()

    def run(self, chunks: int) -> None:
        """Train for so many chunks."""
        for _ in range(chunks):
            if self.workload.full_batch:
                for _ in range(self.workload.steps):
                    self._step(self.buffers[self.workload.examples])
            else:
                self._epoch(self.random.permutation(self.workload.examples))

    def weights_after(self, steps: int) -> list[FloatArray]:
        """Weights after so many steps in the data's own order."""
        self.reset()
        if self.workload.full_batch:
            for _ in range(steps):
                self._step(self.buffers[self.workload.examples])
        else:
            self._epoch(np.arange(steps * self.workload.batch))
        return [array.copy() for array in self.weights]

    def _targets(self, y: NDArray[np.int64]) -> FloatArray:
        if self.workload.binary:
            return (2.0 * y - 1.0).astype(np.float32).reshape(-1, 1)
        return np.eye(self.workload.sizes[-1], dtype=np.float32)[y]

    def _make_buffers(self) -> dict[int, Buffers]:
        examples, batch = self.workload.examples, self.workload.batch
        lengths = {examples} if self.workload.full_batch else {batch, examples % batch} - {0}
        scale = self.optimizer.gradient_scale
        buffers = {m: Buffers(self.workload, m, scale) for m in lengths}
        if self.workload.full_batch:
            buffers[examples].hold(self.X, self.T)
        return buffers

    def _epoch(self, order: NDArray[np.int64]) -> None:
        for start in range(0, len(order), self.workload.batch):
            rows = order[start : start + self.workload.batch]
            buffers = self.buffers[len(rows)]
            np.take(self.X, rows, axis=0, out=buffers.X, mode="clip")
            np.take(self.T, rows, axis=0, out=buffers.T, mode="clip")
            self._step(buffers)

    def _step(self, buffers: Buffers) -> None:
        self._forward(buffers)
        if self.workload.binary:
            self._sigmoid_gradient(buffers)
        else:
            self._softmax_gradient(buffers)
        self._backward(buffers)
        self.optimizer.update()

    def _forward(self, buffers: Buffers) -> None:
        A, last = buffers.X, len(buffers.A) - 1
        for layer, Z in enumerate(buffers.A):
            np.dot(A, self.weights[2 * layer], out=Z)
            np.add(Z, self.weights[2 * layer + 1], out=Z)
            if layer < last and self.workload.activation == "relu":
                np.maximum(Z, buffers.zeros[layer], out=Z)
            elif layer < last:
                np.tanh(Z, out=Z)
            A = Z

    def _sigmoid_gradient(self, buffers: Buffers) -> None:
        dZ = buffers.dA[-1]
        np.multiply(buffers.A[-1], self.half, out=dZ)
        np.tanh(dZ, out=dZ)
        np.subtract(dZ, buffers.T, out=dZ)
        np.multiply(dZ, buffers.half_scale, out=dZ)

    def _softmax_gradient(self, buffers: Buffers) -> None:
        dZ, row = buffers.dA[-1], buffers.row
        np.maximum.reduce(buffers.A[-1], axis=1, keepdims=True, out=row)
        np.subtract(buffers.A[-1], row, out=dZ)
        np.exp(dZ, out=dZ)
        np.dot(dZ, self.class_ones, out=row)
        np.divide(dZ, row, out=dZ)
        np.subtract(dZ, buffers.T, out=dZ)
        np.multiply(dZ, buffers.scale, out=dZ)

    def _backward(self, buffers: Buffers) -> None:
        for layer in reversed(range(len(buffers.A))):
            dZ = buffers.dA[layer]
            A_transposed = buffers.A[layer - 1].T if layer else buffers.X_transposed
            np.dot(A_transposed, dZ, out=self.gradients[2 * layer])
            np.dot(buffers.ones, dZ, out=self.gradients[2 * layer + 1])
            if layer:
                np.dot(dZ, self.weights[2 * layer].T, out=buffers.dA[layer - 1])
                self._activation_backward(buffers, layer - 1)

    def _activation_backward(self, buffers: Buffers, layer: int) -> None:
        A, dA = buffers.A[layer], buffers.dA[layer]
        if self.workload.activation == "relu":
            np.greater(A, buffers.zeros[layer], out=buffers.positive[layer])
            np.multiply(dA, buffers.positive[layer], out=dA)
        else:
            slope = buffers.scratch[layer]
            np.multiply(A, A, out=slope)
            np.subtract(self.one, slope, out=slope)
            np.multiply(dA, slope, out=dA)
