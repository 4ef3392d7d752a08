"""The network in JAX: a whole chunk is one compiled call, its steps a `lax.scan`.

The carry is donated, so that parameters and moments are updated where they lie; batches are
gathered inside the step, and indices that are known to be good are not checked. The sigmoid's loss
is written with log1p, from which XLA compiles a gradient with one exponential; through
`jax.nn.softplus` the logistic regression took 1.6 times as long. Its max(z, 0) is (z + |z|) / 2,
as JAX's gradient of that is right at z = 0 too. The value of the loss is never asked for, and so
not computed.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from peer_models.base import Peer
from workloads import FloatArray, Workload, initial_weights, make_data

BETA1, BETA2 = 0.9, 0.999
ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh}


def network(weights: list[Any], X: Any, activation: str) -> Any:
    """The logits."""
    A = X
    for W, b in zip(weights[0:-2:2], weights[1:-2:2], strict=True):
        A = ACTIVATIONS[activation](A @ W + b)
    return A @ weights[-2] + weights[-1]


def mean_loss(weights: list[Any], X: Any, targets: Any, workload: Workload) -> Any:
    """Binary cross-entropy for one output, softmax cross-entropy for several."""
    Z = network(weights, X, workload.activation)
    if workload.binary:
        size = jnp.abs(Z)
        return jnp.mean(0.5 * (Z + size) - targets * Z + jnp.log1p(jnp.exp(-size)))
    return -jnp.mean(jnp.sum(targets * jax.nn.log_softmax(Z), axis=1))


def sgd(state: Any, gradients: list[Any], workload: Workload) -> Any:
    """Plain descent."""
    return ([w - workload.learning_rate * g for w, g in zip(state[0], gradients, strict=True)],)


def adam(state: Any, gradients: list[Any], workload: Workload) -> Any:
    """Adam, with the corrections of both moments drawn into the rate and ε."""
    weights, m, v, step = state
    step = step + 1
    root = jnp.sqrt(1 - BETA2**step)
    scale = workload.learning_rate * root / (1 - BETA1**step)
    epsilon = workload.epsilon * root
    m = [BETA1 * a + (1 - BETA1) * g for a, g in zip(m, gradients, strict=True)]
    v = [BETA2 * a + (1 - BETA2) * g * g for a, g in zip(v, gradients, strict=True)]
    moments = zip(weights, m, v, strict=True)
    return [w - scale * a / (jnp.sqrt(b) + epsilon) for w, a, b in moments], m, v, step


def descend(state: Any, X: Any, targets: Any, workload: Workload) -> Any:
    """Gradient and update."""
    gradients = jax.grad(mean_loss)(state[0], X, targets, workload)
    update = adam if workload.optimizer == "adam" else sgd
    return update(state, gradients, workload)


@partial(jax.jit, static_argnames=("steps", "workload"), donate_argnums=0)
def full_batch_steps(state: Any, X: Any, targets: Any, steps: int, workload: Workload) -> Any:
    """So many steps of descent on all examples."""

    def body(state: Any, _: None) -> Any:
        return descend(state, X, targets, workload), None

    return jax.lax.scan(body, state, None, length=steps)[0]


@partial(jax.jit, static_argnames="workload", donate_argnums=0)
def epoch(state: Any, X: Any, targets: Any, order: Any, workload: Workload) -> Any:
    """One pass in the given order; what is left for a short last batch is a step of its own."""
    full = len(order) // workload.batch

    def body(state: Any, rows: Any) -> Any:
        X_batch, targets_batch = (jnp.take(a, rows, axis=0, mode="clip") for a in (X, targets))
        return descend(state, X_batch, targets_batch, workload), None

    split = full * workload.batch
    state = jax.lax.scan(body, state, order[:split].reshape(full, workload.batch))[0]
    return body(state, order[split:])[0] if len(order) > split else state


class JaxPeer(Peer):
    """JAX, that is XLA, on the CPU."""

    title = "JAX"

    def __init__(self, workload: Workload, threads: int) -> None:
        self.workload = workload
        data = make_data(workload)
        outputs = workload.sizes[-1]
        targets = data.y.reshape(-1, 1) if workload.binary else np.eye(outputs)[data.y]
        self.X, self.targets = jnp.asarray(data.X), jnp.asarray(targets, jnp.float32)
        self.random = np.random.default_rng(0)
        self.reset()

    @staticmethod
    def version() -> str:
        """Version of JAX."""
        return str(jax.__version__)

    def reset(self) -> None:
        """Go back to the initial weights and a fresh optimiser."""
        weights = [jnp.array(array) for array in initial_weights(self.workload)]
        self.state: Any = (weights,)
        if self.workload.optimizer == "adam":
            m, v = ([jnp.zeros_like(w) for w in weights] for _ in range(2))
            self.state = (weights, m, v, jnp.float32(0))
        jax.block_until_ready(self.state)

    def run(self, chunks: int) -> None:
        """Train for so many chunks."""
        for _ in range(chunks):
            if self.workload.full_batch:
                self._full_batch(self.workload.steps)
            else:
                self._epoch(self.random.permutation(self.workload.examples))
        jax.block_until_ready(self.state)

    def weights_after(self, steps: int) -> list[FloatArray]:
        """Weights after so many steps in the data's own order."""
        self.reset()
        if self.workload.full_batch:
            self._full_batch(steps)
        else:
            self._epoch(np.arange(steps * self.workload.batch))
        return [np.array(array) for array in self.state[0]]

    def _full_batch(self, steps: int) -> None:
        self.state = full_batch_steps(self.state, self.X, self.targets, steps, self.workload)

    def _epoch(self, order: Any) -> None:
        rows = order.astype(np.int32)
        self.state = epoch(self.state, self.X, self.targets, rows, self.workload)
