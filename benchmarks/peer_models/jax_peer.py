"""The network in JAX: a whole chunk is one compiled call, its steps a `lax.scan`.

The carry is donated, so that parameters and moments are updated where they lie; batches are
gathered inside the step, and indices that are known to be good are not checked. The sigmoid's loss
is written with log1p, from which XLA compiles a gradient with one exponential; through
`jax.nn.softplus` the logistic regression took 1.6 times as long. Its max(z, 0) is (z + |z|) / 2,
as JAX's gradient of that is right at z = 0 too. The value of the loss is never asked for, and so
not computed.

XLA's convolution does not use its threads inside of a scan: a step of mnist_convnet took 10 times
as long there as in a call of its own, which is what it has here. As a product of patches it is
scanned, and faster in most cases; that is a contestant of its own.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from peer_models.base import Peer
from peer_models.jax_layers import Convolve, Pass, by_patches, by_xla, through
from workloads import FloatArray, Workload, initial_weights, make_data

BETA1, BETA2 = 0.9, 0.999


class State(NamedTuple):
    """What a step goes on from."""

    weights: list[Any]
    running: list[Any]
    moments: tuple[list[Any], ...]
    step: Any
    key: Any


class Job(NamedTuple):
    """What a step is compiled for."""

    workload: Workload
    convolve: Convolve


def mean_loss(weights: list[Any], X: Any, targets: Any, state: State, job: Job) -> Any:
    """Binary cross-entropy for one output, softmax cross-entropy for several; what it tracked."""
    step = Pass(iter(weights), iter(state.running), state.key, job.convolve)
    Z = through(job.workload.network.layers, X, step)
    if job.workload.binary:
        size = jnp.abs(Z)
        loss = jnp.mean(0.5 * (Z + size) - targets * Z + jnp.log1p(jnp.exp(-size)))
    else:
        loss = -jnp.mean(jnp.sum(targets * jax.nn.log_softmax(Z), axis=-1))
    return loss, (step.tracked, step.key)


def sgd(state: State, gradients: list[Any], workload: Workload) -> State:
    """Plain descent, or with momentum."""
    rate, momentum = workload.learning_rate, workload.momentum
    if not momentum:
        pairs = zip(state.weights, gradients, strict=True)
        return state._replace(weights=[w - rate * g for w, g in pairs])
    v = [momentum * a + g for a, g in zip(state.moments[0], gradients, strict=True)]
    weights = [w - rate * a for w, a in zip(state.weights, v, strict=True)]
    return state._replace(weights=weights, moments=(v,))


def adam(state: State, gradients: list[Any], workload: Workload) -> State:
    """Adam, with the corrections of both moments drawn into the rate and ε."""
    m, v = state.moments
    step = state.step + 1
    root = jnp.sqrt(1 - BETA2**step)
    scale = workload.learning_rate * root / (1 - BETA1**step)
    epsilon = workload.epsilon * root
    m = [BETA1 * a + (1 - BETA1) * g for a, g in zip(m, gradients, strict=True)]
    v = [BETA2 * a + (1 - BETA2) * g * g for a, g in zip(v, gradients, strict=True)]
    triples = zip(state.weights, m, v, strict=True)
    weights = [w - scale * a / (jnp.sqrt(b) + epsilon) for w, a, b in triples]
    return state._replace(weights=weights, moments=(m, v), step=step)


def moment_count(workload: Workload) -> int:
    """How many arrays the optimiser keeps beside each of the weights."""
    return 2 if workload.optimizer == "adam" else int(workload.momentum > 0)


def descend(state: State, X: Any, targets: Any, job: Job) -> State:
    """Gradient and update."""
    take_gradient = jax.grad(mean_loss, has_aux=True)
    gradients, (running, key) = take_gradient(state.weights, X, targets, state, job)
    update = adam if job.workload.optimizer == "adam" else sgd
    return update(state._replace(running=running, key=key), gradients, job.workload)


@partial(jax.jit, static_argnames=("steps", "job"), donate_argnums=0)
def full_batch_steps(state: State, X: Any, targets: Any, steps: int, job: Job) -> Any:
    """So many steps of descent on all examples."""

    def body(state: State, _: None) -> Any:
        return descend(state, X, targets, job), None

    return jax.lax.scan(body, state, None, length=steps)[0]


def batch_step(state: State, X: Any, targets: Any, rows: Any, job: Job) -> State:
    """A step on some examples."""
    X_batch, targets_batch = (jnp.take(a, rows, axis=0, mode="clip") for a in (X, targets))
    return descend(state, X_batch, targets_batch, job)


one_step = partial(jax.jit, static_argnames="job", donate_argnums=0)(batch_step)


@partial(jax.jit, static_argnames="job", donate_argnums=0)
def epoch(state: State, X: Any, targets: Any, order: Any, job: Job) -> Any:
    """One pass in the given order; what is left for a short last batch is a step of its own."""
    batch = job.workload.batch
    full = len(order) // batch

    def body(state: State, rows: Any) -> Any:
        return batch_step(state, X, targets, rows, job), None

    split = full * batch
    state = jax.lax.scan(body, state, order[:split].reshape(full, batch))[0]
    return body(state, order[split:])[0] if len(order) > split else state


class JaxPeer(Peer):
    """JAX, that is XLA, on the CPU."""

    title = "JAX"
    convolve = staticmethod(by_xla)
    scans_convolutions = False

    def __init__(self, workload: Workload, threads: int) -> None:
        self.workload = workload
        self.job = Job(workload, self.convolve)
        data = make_data(workload)
        yes = data.y if workload.keys else data.y.reshape(-1, 1)
        targets = yes if workload.binary else np.eye(workload.outputs)[data.y]
        self.X, self.targets = jnp.asarray(data.X), jnp.asarray(targets, jnp.float32)
        self.is_trained = [array.trained for array in workload.network.parameters()]
        self.random = np.random.default_rng(0)
        self.reset()

    @staticmethod
    def version() -> str:
        """Version of JAX."""
        return str(jax.__version__)

    def reset(self) -> None:
        """Go back to the initial weights and a fresh optimiser."""
        parts: dict[bool, list[Any]] = {True: [], False: []}
        for array, trained in zip(initial_weights(self.workload), self.is_trained, strict=True):
            parts[trained].append(jnp.array(array))
        zeros = (
            [jnp.zeros_like(w) for w in parts[True]] for _ in range(moment_count(self.workload))
        )
        self.state = State(
            parts[True], parts[False], tuple(zeros), jnp.float32(0), jax.random.key(0)
        )
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
        parts = {True: iter(self.state.weights), False: iter(self.state.running)}
        return [np.array(next(parts[trained])) for trained in self.is_trained]

    def _full_batch(self, steps: int) -> None:
        self.state = full_batch_steps(self.state, self.X, self.targets, steps, self.job)

    def _epoch(self, order: Any) -> None:
        rows, batch = order.astype(np.int32), self.workload.batch
        if self.scans_convolutions or not self.workload.network.convolves:
            self.state = epoch(self.state, self.X, self.targets, rows, self.job)
            return
        for start in range(0, len(rows), batch):
            some = rows[start : start + batch]
            self.state = one_step(self.state, self.X, self.targets, some, self.job)


class JaxPatchesPeer(JaxPeer):
    """JAX with convolutions written as products of patches."""

    title = "JAX, patches"
    convolve = staticmethod(by_patches)
    scans_convolutions = True
