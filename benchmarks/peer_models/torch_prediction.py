"""Predictions in PyTorch: inference mode, and parts that stay in the cache."""

from __future__ import annotations

import torch

from peer_models.base import Peer
from peer_models.torch_layers import load_weights, placed_as, sequential, to_tensor
from workloads import FloatArray, Prediction, make_images

PART = 128
"""Images that go through the network at once; 64 were no faster, 256 and more were slower."""


class TorchPrediction(Peer):
    """PyTorch on the CPU."""

    title = "PyTorch"
    memory_format = torch.contiguous_format

    def __init__(self, prediction: Prediction, threads: int) -> None:
        torch.set_num_threads(threads)
        workload = prediction.workload
        network = workload.network
        X = placed_as(self.memory_format, to_tensor(make_images(prediction)))
        self.parts = X.split(PART)
        self.network = sequential(network.layers, network.shape).eval()
        self.network = placed_as(self.memory_format, self.network)
        load_weights(self.network, workload)

    @staticmethod
    def version() -> str:
        """Version of PyTorch."""
        return str(torch.__version__)

    def reset(self) -> None:
        """A prediction changes nothing."""

    def run(self, chunks: int) -> None:
        """Predict so many times."""
        with torch.inference_mode():
            for _ in range(chunks):
                self.shares = torch.cat([self.network(X).softmax(1) for X in self.parts])

    def weights_after(self, steps: int) -> list[FloatArray]:
        """The predictions stand for the weights."""
        self.run(1)
        return [self.shares.numpy()]


class ChannelsLastPrediction(TorchPrediction):
    """PyTorch with the channels of a place side by side in memory."""

    title = "PyTorch, channels last"
    memory_format = torch.channels_last
