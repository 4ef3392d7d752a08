"""What examples cost on their way through a network: the room they take, and the work they are.

By that a batch goes through in blocks, in slices of time, and on as many threads as pay.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.engine.nodes import Nodes
from jitnet.engine.steps.state import Data
from jitnet.threads import PARALLEL_FLOPS, asked_for, available_threads

WORKSPACE_BYTES = 64 << 20
"""Room that a block of examples may take; a longer batch goes through in several blocks."""

LEAST_PANELS, LEAST_BYTES = 4, 1 << 30
"""Panels that a block has where there is so much room for them, so that several threads have some:
a long sequence needs megabytes."""

WHOLE_BYTES = 4 << 30
"""Room that a batch may take which has to go through in one block."""

MAX_BLOCK = 4096
"""Examples of a block at most."""

SMALL_NETWORK = 1024
"""Weights up to which gathering a batch costs more than a step with it: a whole batch of such a
network stays in its panels from step to step (5,000 examples of 20 features: 21 µs instead of 124).
With four layers of 32 units that gained nothing, and cost half as much again at 100,000 examples,
which then leave the cache between two layers."""

FIRST_FLOPS = 2e9
"""Work of a first slice: some tenths of a second on the slowest core."""

LONG_FLOPS = 1e9
"""Work of a step that may outlast a slice, so that it has to be stopped in its middle."""

UPDATE_FLOPS = 20
"""Work of a parameter's update, most of it waiting for memory, as so many operations. It counts
where inputs are sparse or indices: else a batch multiplies by each weight more often."""


class Cost:
    """What examples cost in a network.

    Parameters
    ----------
    nodes : Nodes
        The network.
    joined : Nodes
        The same, as it is computed.
    dtype : dtype
        The model's type.
    """

    def __init__(self, nodes: Nodes, joined: Nodes, dtype: Any) -> None:
        self.nodes = nodes
        self.item_bytes = int(np.dtype(dtype).itemsize)
        self.multiplications = max(1, nodes.multiplications())
        made = (joined.n_out(number) for number, node in enumerate(joined.nodes) if node.forward)
        self._inputs, self._numbers_made = joined.n_features, 3 * sum(made)  # forward and backward

    def fitting(self, data: Data, room: int) -> int:
        """Examples that so many bytes are room for."""
        inputs = 0 if data.by_twin else self._inputs
        return room // (max(1, inputs + self._numbers_made) * self.item_bytes)

    def most_at_once(self, data: Data) -> int:
        """Examples that a batch may have which has to go through in one block."""
        return self.fitting(data, WHOLE_BYTES)

    def block(self, data: Data) -> int:
        """Examples that go through the network at once, a multiple of the panel's width."""
        width = self.nodes.width
        least = min(LEAST_PANELS * width, self.fitting(data, LEAST_BYTES))
        fitting = max(least, self.fitting(data, WORKSPACE_BYTES))
        return max(width, min(fitting, MAX_BLOCK) // width * width)

    def block_of(self, data: Data, batch: int) -> int:
        """Examples of a batch that go through the network at once."""
        fitting = self.fitting(data, WORKSPACE_BYTES)
        if self.multiplications <= SMALL_NETWORK and batch <= fitting:
            return batch
        return min(batch, self.block(data))

    def work(self, data: Data, batch: int, products: int) -> int:
        """Operations of a step that multiplies by every weight ``products`` times."""
        work = products * 2 * data.multiplications * batch
        few_use_each = data.by_twin or self.nodes.takes_indices
        return work + UPDATE_FLOPS * self.nodes.count * (products > 1 and few_use_each)

    def threads(self, data: Data, batch: int, products: int, n_threads: int | None) -> int:
        """Threads for such steps: as many as are asked for, by a call or the model, or pay."""
        asked = asked_for(n_threads)
        if asked is not None:
            return 1 if asked == 1 else min(asked, available_threads())
        work = self.work(data, self.block_of(data, batch), products)
        return available_threads() if work >= PARALLEL_FLOPS else 1

    def first_steps(self, data: Data, batch: int, products: int) -> int:
        """Such steps of a first slice."""
        return max(1, int(FIRST_FLOPS / self.work(data, batch, products)))

    def is_small(self, examples: int) -> bool:
        """Whether a prediction of so many is worth no second thread."""
        return 2 * self.multiplications * examples < PARALLEL_FLOPS

    def is_short(self, data: Data) -> bool:
        """Whether a pass over the data is one slice, so that nobody trains within it."""
        return 2 * data.multiplications * data.examples <= FIRST_FLOPS

    def is_long(self, data: Data, batch: int) -> bool:
        """Whether a step may outlast a slice."""
        return 2 * data.multiplications * batch > LONG_FLOPS
