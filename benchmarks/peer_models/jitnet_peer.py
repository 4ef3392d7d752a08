"""The network in jitnet, by its public face alone."""

from __future__ import annotations

import jitnet as jn
from peer_models.base import Peer
from peer_models.jitnet_layers import make_model
from workloads import FloatArray, Workload, initial_weights, make_data


class JitnetPeer(Peer):
    """jitnet's Sequential, trained by `fit`."""

    title = "jitnet"

    def __init__(self, workload: Workload, threads: int) -> None:
        self.workload = workload
        self.X, self.y = make_data(workload)
        self.reset()

    @staticmethod
    def version() -> str:
        """Version of jitnet."""
        return jn.__version__

    def reset(self) -> None:
        """Go back to the initial weights and a fresh optimiser."""
        self.model = make_model(self.workload)
        self.model.build(self.workload.network.shape)
        self.model.set_weights(initial_weights(self.workload))

    def run(self, chunks: int) -> None:
        """Train for so many chunks: an epoch is a step where the batch is all examples."""
        epochs = chunks * self.workload.steps if self.workload.full_batch else chunks
        self._fit(self.workload.examples, epochs, shuffle=True)

    def weights_after(self, steps: int) -> list[FloatArray]:
        """Weights after so many steps in the data's own order."""
        self.reset()
        if self.workload.full_batch:
            self._fit(self.workload.examples, steps, shuffle=False)
        else:
            self._fit(steps * self.workload.batch, 1, shuffle=False)
        return list(self.model.get_weights())

    def _fit(self, examples: int, epochs: int, shuffle: bool) -> None:
        batch = None if self.workload.full_batch else self.workload.batch
        X, y = self.X[:examples], self.y[:examples]
        self.model.fit(X, y, epochs=epochs, batch_size=batch, shuffle=shuffle, progress=False)
