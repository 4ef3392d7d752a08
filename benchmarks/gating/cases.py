"""What the gate times: every kernel by itself, and some training with all that is around them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from kernel_cases import KERNELS, Case
from peer_models.jitnet_peer import JitnetPeer
from peer_models.numpy_peer import NumpyPeer
from race.agreement import STEPS, TOLERANCE, farthest
from workloads import WORKLOADS, Workload, initial_weights

EXAMPLES = {"dense_small": 128, "_loss": 64, "_update": 16, "": 64}
"""How many examples kernels get, by what their names contain: arrays of few pages. The same code
differed by a quarter between two processes where arrays filled the cache, and by as much where a
dozen pages shared a core's nearest cache, depending on where the system had put them."""
TRAINED = ("planar", "digits", "mnist128")
BATCHES = 5


class Timed(Protocol):
    """Something that can be checked, and run so many times."""

    def check(self) -> None:
        """Raise an AssertionError where it gives wrong numbers."""

    @property
    def run(self) -> Callable[[int], Any]:
        """Run so many times."""


def kernel(name: str) -> Case:
    """A kernel on so many examples that its arrays stay in a core's cache."""
    examples = next(count for part, count in EXAMPLES.items() if part in name)
    return KERNELS[name](examples, 1)._replace(loops=None)


class Training:
    """A workload's training on a few batches of its data."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload.shortened(BATCHES)
        self.peer = JitnetPeer(self.workload, 1)

    def run(self, times: int) -> None:
        """Train so many epochs, or chunks of full-batch steps."""
        self.peer.run(times)

    def check(self) -> None:
        """Raise an AssertionError where NumPy reaches other weights."""
        smooth = self.workload.smooth()
        found, reached = (kind(smooth, 1).weights_after(STEPS) for kind in (JitnetPeer, NumpyPeer))
        off, _ = farthest(found, reached, initial_weights(smooth))
        assert off <= TOLERANCE, f"{self.workload.name} is off NumPy by {off:.1e}"


CASES: dict[str, Callable[[], Timed]] = {
    **{name: partial(kernel, name) for name in KERNELS},
    **{
        f"training_{workload.name}": partial(Training, workload)
        for workload in WORKLOADS
        if workload.name in TRAINED
    },
}
