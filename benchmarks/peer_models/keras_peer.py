"""The network in Keras 3, by `fit`, on the backend that its process was started with.

Keras's Adam has its ε beside √v, where the others have it beside √v̂; with Adam's usual ε that makes
no difference. For the five steps that are compared it is put beside √v̂.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from networks import Recurrent, placed
from peer_models.base import Peer
from peer_models.keras_layers import CHANNELS, is_sequences, make_model
from workloads import FloatArray, Workload, initial_weights, make_data

BACKEND = keras.backend.backend()
NAMES = {"torch": "PyTorch", "jax": "JAX"}
Adam: Any = type(keras.optimizers.Adam())
"""The backend's own."""


def zrh(array: FloatArray) -> FloatArray:
    """Columns of the gates r, z, n as those of z, r, h."""
    r, z, n = np.split(array, 3, axis=-1)
    return np.concatenate([z, r, n], axis=-1)


class PaperAdam(Adam):  # type: ignore[misc]
    """Adam with ε √(1 - β₂ᵗ) beside √v."""

    @property
    def epsilon(self) -> Any:
        """In this step."""
        return self.own_epsilon * keras.ops.sqrt(
            1.0 - keras.ops.power(self.beta_2, keras.ops.cast(self.iterations + 1, "float32"))
        )

    @epsilon.setter
    def epsilon(self, value: float) -> None:
        self.own_epsilon = value


class KerasPeer(Peer):
    """Keras 3 on PyTorch or JAX."""

    title = f"Keras on {NAMES[BACKEND]}"

    def __init__(self, workload: Workload, threads: int) -> None:
        if BACKEND == "torch":
            import torch

            torch.set_num_threads(threads)
        self.workload = workload
        X, self.y = make_data(workload)
        network = workload.network
        kept = is_sequences(network)
        self.X = X if kept else np.ascontiguousarray(np.moveaxis(X, -1, CHANNELS))
        if workload.binary and not workload.keys:
            self.y = self.y[:, np.newaxis].astype(np.float32)
        self.model = make_model(workload.network)
        self._compile(keras.optimizers.Adam)
        self.reset()

    @staticmethod
    def version() -> str:
        """Version of Keras."""
        return str(keras.__version__)

    def reset(self) -> None:
        """Go back to the initial weights and a fresh optimiser; what is compiled stays."""
        self.model.set_weights(self._weights())
        for variable, array in self.fresh:
            variable.assign(array)

    def run(self, chunks: int) -> None:
        """Train for so many chunks."""
        self._fit(self.workload.examples, chunks, shuffle=True)

    def _weights(self) -> list[FloatArray]:
        """First weights in Keras's order, which has weights before biases in recurrent layers."""
        if not self._goes_on:
            return initial_weights(self.workload)
        left, found = iter(initial_weights(self.workload)), []
        for layer, shape in placed(self.workload.network.layers, self.workload.network.shape):
            own = [next(left) for _ in layer.parameters(shape)]
            if isinstance(layer, Recurrent):
                weight, bias, recurrent, *rest = own
                if layer.cell == "gru":  # Keras's gates are z, r, h, and each has two biases
                    weight, recurrent = (zrh(array) for array in (weight, recurrent))
                    second = np.concatenate([np.zeros(2 * layer.units, np.float32), rest[0]])
                    bias = np.stack([zrh(bias), second])
                own = [weight, recurrent, bias]
            found += own
        return found

    @property
    def _goes_on(self) -> bool:
        return any(isinstance(layer, Recurrent) for layer in self.workload.network.layers)

    def weights_after(self, steps: int) -> list[FloatArray] | None:
        """Weights after so many steps in the data's own order; not of two biases for one."""
        if self._goes_on:
            return None
        self._compile(PaperAdam)
        self.reset()
        self._fit(steps * self.workload.batch, 1, shuffle=False)
        return [np.array(array) for array in self.model.get_weights()]

    def _compile(self, adam: Any) -> None:
        job = self.workload
        if job.optimizer == "adam":
            optimizer = adam(job.learning_rate, epsilon=job.epsilon)
        else:
            optimizer = keras.optimizers.SGD(job.learning_rate, job.momentum)
        optimizer.build(self.model.trainable_variables)
        self.fresh = [(variable, np.array(variable)) for variable in optimizer.variables]
        kind = "Binary" if job.binary else "SparseCategorical"
        loss = getattr(keras.losses, f"{kind}Crossentropy")(from_logits=True)
        self.model.compile(optimizer, loss)

    def _fit(self, examples: int, epochs: int, shuffle: bool) -> None:
        X, y = self.X[:examples], self.y[:examples]
        batch = self.workload.batch
        self.model.fit(X, y, batch_size=batch, epochs=epochs, shuffle=shuffle, verbose=0)
