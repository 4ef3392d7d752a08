"""The network in PyTorch: eager, with the fused optimiser, and all tensors in memory.

The data set is shuffled as a whole once an epoch, so that batches are views. `foreach` in place of
`fused` was 0 to 20 % slower, indexing batch by batch up to 5 %, and `torch.compile` of the network,
which needs a C++ compiler, 28 % at digits and more at LeNet5. Images go in both of PyTorch's
orders, each as a contestant of its own: which is faster depends on the processor and the network.
Sequences have one order; as images of one row they took longer.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from networks import Recurrent
from peer_models.base import Peer
from peer_models.torch_layers import (
    arrays,
    bag_of_words,
    from_torch,
    images,
    load_weights,
    placed_as,
    sequential,
    to_tensor,
)
from workloads import FloatArray, Workload, make_data


def each_step(Z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The mean cross-entropy over all time steps."""
    return functional.cross_entropy(Z.flatten(0, 1), y.flatten())


class TorchPeer(Peer):
    """PyTorch on the CPU."""

    title = "PyTorch"
    memory_format = torch.contiguous_format

    def __init__(self, workload: Workload, threads: int) -> None:
        torch.set_num_threads(threads)
        self.workload = workload
        data = make_data(workload)
        network = workload.network
        goes_on = any(isinstance(layer, Recurrent) for layer in network.layers)
        X = to_tensor(data.X, is_sequences=goes_on or network.vocabulary > 0)
        self.X = placed_as(self.memory_format, X)
        self.y = torch.from_numpy(data.y)
        self.loss: Any = functional.cross_entropy
        if network.steps > 1 and not workload.binary:
            self.loss = each_step
        if workload.binary:
            self.y = self.y.float() if workload.keys else self.y.float().unsqueeze(1)
            self.loss = functional.binary_cross_entropy_with_logits
        self.images = images(network)
        make = bag_of_words if network.vocabulary and not goes_on else sequential
        self.network = placed_as(self.memory_format, make(network.layers, network.shape))
        self.reset()

    @staticmethod
    def version() -> str:
        """Version of PyTorch."""
        return str(torch.__version__)

    def reset(self) -> None:
        """Go back to the initial weights and a fresh optimiser."""
        load_weights(self.network, self.workload)
        self.optimizer = self._make_optimizer()

    def run(self, chunks: int) -> None:
        """Train for so many chunks."""
        for _ in range(chunks):
            if self.workload.full_batch:
                for _ in range(self.workload.steps):
                    self._step(self.X, self.y)
            else:
                self._epoch(torch.randperm(self.workload.examples))

    def weights_after(self, steps: int) -> list[FloatArray]:
        """Weights after so many steps in the data's own order."""
        self.reset()
        for module in self.network.modules():
            if hasattr(module, "with_one_bias"):
                module.with_one_bias()
        if self.workload.full_batch:
            for _ in range(steps):
                self._step(self.X, self.y)
        else:
            self._epoch(torch.arange(steps * self.workload.batch))
        found = zip(arrays(self.network), self.images, strict=True)
        weights = [from_torch(tensor, image) for tensor, image in found]
        if self.workload.network.vocabulary:
            weights[0] = weights[0].T.copy()
        return weights

    def _make_optimizer(self) -> torch.optim.Optimizer:
        job, parameters = self.workload, self.network.parameters()
        if job.optimizer == "adam":
            return torch.optim.Adam(parameters, job.learning_rate, eps=job.epsilon, fused=True)
        return torch.optim.SGD(parameters, job.learning_rate, job.momentum, fused=True)

    def _epoch(self, order: torch.Tensor) -> None:
        batch = self.workload.batch
        X, y = self.X[order].split(batch), self.y[order].split(batch)
        for X_batch, y_batch in zip(X, y, strict=True):
            self._step(X_batch, y_batch)

    def _step(self, X: torch.Tensor, y: torch.Tensor) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        self.loss(self.network(X), y).backward()
        self.optimizer.step()


class ChannelsLastPeer(TorchPeer):
    """PyTorch with the channels of a place side by side in memory."""

    title = "PyTorch, channels last"
    memory_format = torch.channels_last
