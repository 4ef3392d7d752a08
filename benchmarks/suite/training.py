"""The workloads that the libraries are compared on, trained with jitnet and with NumPy."""

import math
from functools import cache

from jitnet.threads import available_threads
from peer_models.jitnet_peer import JitnetPeer
from peer_models.numpy_peer import NumpyPeer
from race.agreement import TOLERANCE, farthest
from suite.ratios import UNIT, numpy_ratio
from workloads import JOBS, WORKLOADS, Workload, initial_weights

THREADS = (1, 2)
AGREED_STEPS = 2
CHUNK_FLOPS = 2e9
"""Of the products in a timed call, where the workload has so many: some hundredths of a second."""

MAX_CHUNKS = 10


class Subject(JitnetPeer):
    """jitnet on at most so many threads; where it may use them all it chooses by itself."""

    def __init__(self, workload: Workload, threads: int) -> None:
        self.threads = threads
        super().__init__(workload, threads)

    def reset(self) -> None:
        """Go back to the initial weights and a fresh optimiser."""
        super().reset()
        self.model.n_threads = None if self.threads >= available_threads() else self.threads
        self.model.build(self.workload.network.shape)  # from here on the threads count
        self.model.set_weights(initial_weights(self.workload))


def chunks_a_call(workload: Workload) -> int:
    """How many chunks a ratio's turn takes: more of the shortest, which would be noise."""
    return max(1, min(MAX_CHUNKS, int(CHUNK_FLOPS / workload.step_flops / workload.steps)))


@cache
def prepared(name: str, threads: int) -> tuple[Subject, NumpyPeer]:
    """Both libraries on a part of a workload's data, after they have reached the same weights."""
    workload = JOBS[name]
    assert isinstance(workload, Workload)
    batches = max(AGREED_STEPS, math.ceil(CHUNK_FLOPS / workload.step_flops))
    part = workload.shortened(batches)
    check_agreement(Subject(part.smooth(), threads), NumpyPeer(part.smooth(), 1))
    subject, reference = Subject(part, threads), NumpyPeer(part, 1)
    for peer in (subject, reference):
        peer.run(1)
    return subject, reference


def check_agreement(subject: JitnetPeer, reference: NumpyPeer) -> None:
    """Raise an AssertionError where two libraries reach different weights."""
    found, expected = (peer.weights_after(AGREED_STEPS) for peer in (subject, reference))
    off, index = farthest(found, expected, initial_weights(reference.workload))
    assert off <= TOLERANCE, f"array {index} of the weights is off NumPy's by {off:.1e}"


class Training:
    """A call is an epoch of some batches, or some steps of full-batch work."""

    params = ([workload.name for workload in WORKLOADS], THREADS)
    param_names = ("workload", "threads")
    timeout = 300
    version = "1"

    def setup(self, workload: str, threads: int) -> None:
        """Compile and check, once; go back to the first weights, every time."""
        self.subject, _ = prepared(workload, threads)
        self.subject.reset()

    def time_epoch(self, workload: str, threads: int) -> None:
        """Time jitnet's `fit`."""
        self.subject.run(1)


class Ratio:
    """Both libraries on one thread."""

    params = ([workload.name for workload in WORKLOADS],)
    param_names = ("workload",)
    timeout = 300
    version = "1"
    unit = UNIT

    def setup(self, workload: str) -> None:
        """Compile and check, once; go back to the first weights, every time."""
        self.subject, self.reference = prepared(workload, 1)
        self.subject.reset()
        self.reference.reset()

    def track_numpy_ratio(self, workload: str) -> float:
        """Track jitnet's time over NumPy's, for the same steps."""
        chunks = chunks_a_call(self.subject.workload)
        return numpy_ratio(lambda: self.subject.run(chunks), lambda: self.reference.run(chunks))
