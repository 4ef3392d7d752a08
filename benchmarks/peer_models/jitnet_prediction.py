"""Predictions in jitnet, by its public face alone."""

from __future__ import annotations

import jitnet as jn
from peer_models.base import Peer
from peer_models.jitnet_layers import make_model
from workloads import FloatArray, Prediction, initial_weights, make_images


class JitnetPrediction(Peer):
    """`predict` of all images at once."""

    title = "jitnet"

    def __init__(self, prediction: Prediction, threads: int) -> None:
        workload = prediction.workload
        self.X = make_images(prediction)
        self.model = make_model(workload).build(workload.network.shape)
        self.model.set_weights(initial_weights(workload))

    @staticmethod
    def version() -> str:
        """Version of jitnet."""
        return jn.__version__

    def reset(self) -> None:
        """A prediction changes nothing."""

    def run(self, chunks: int) -> None:
        """Predict so many times."""
        for _ in range(chunks):
            self.shares = self.model.predict(self.X)

    def weights_after(self, steps: int) -> list[FloatArray]:
        """The predictions stand for the weights."""
        self.run(1)
        return [self.shares]
