"""The network in PyTorch: eager, with the fused optimiser.

The data set is shuffled as a whole once an epoch, so that batches are views. `foreach` in place of
`fused` was 0 to 20 % slower, indexing batch by batch up to 5 %, and `torch.compile` of the network,
which needs a C++ compiler, 28 % at digits.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from peer_models.base import Peer
from workloads import FloatArray, Workload, initial_weights, make_data

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}
OPTIMIZERS: dict[str, Any] = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}


class TorchPeer(Peer):
    """PyTorch on the CPU."""

    title = "PyTorch"

    def __init__(self, workload: Workload, threads: int) -> None:
        torch.set_num_threads(threads)
        self.workload = workload
        data = make_data(workload)
        self.X, self.y = torch.from_numpy(data.X), torch.from_numpy(data.y)
        self.loss: Any = functional.cross_entropy
        if workload.binary:
            self.y = self.y.float().unsqueeze(1)
            self.loss = functional.binary_cross_entropy_with_logits
        self.network = self._make_network()
        self.reset()

    @staticmethod
    def version() -> str:
        """Version of PyTorch."""
        return str(torch.__version__)

    def reset(self) -> None:
        """Go back to the initial weights and a fresh optimiser."""
        with torch.no_grad():
            for parameter, array in zip(
                self.network.parameters(), initial_weights(self.workload), strict=True
            ):
                parameter.copy_(torch.from_numpy(array.T))
        make = OPTIMIZERS[self.workload.optimizer]
        rate = self.workload.learning_rate
        given = {"eps": self.workload.epsilon} if make is torch.optim.Adam else {}
        self.optimizer = make(self.network.parameters(), lr=rate, fused=True, **given)

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
        if self.workload.full_batch:
            for _ in range(steps):
                self._step(self.X, self.y)
        else:
            self._epoch(torch.arange(steps * self.workload.batch))
        parameters = self.network.parameters()
        return [np.ascontiguousarray(array.detach().numpy().T) for array in parameters]

    def _make_network(self) -> nn.Sequential:
        sizes = self.workload.sizes
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise(sizes):
            layers += [nn.Linear(n_in, n_out), ACTIVATIONS[self.workload.activation]()]
        return nn.Sequential(*layers[:-1])

    def _epoch(self, order: torch.Tensor) -> None:
        batch = self.workload.batch
        X, y = self.X[order].split(batch), self.y[order].split(batch)
        for X_batch, y_batch in zip(X, y, strict=True):
            self._step(X_batch, y_batch)

    def _step(self, X: torch.Tensor, y: torch.Tensor) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        self.loss(self.network(X), y).backward()
        self.optimizer.step()
