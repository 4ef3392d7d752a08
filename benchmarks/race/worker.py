"""The program of a child process: one library, which does what it is told and is timed."""

from __future__ import annotations

import importlib
import sys
from time import perf_counter
from typing import Any

import numpy as np

from peer_models.base import Peer
from race.process import send, serve, take_standard_output
from workloads import JOBS, Job

PEERS = {
    "jitnet": "peer_models.jitnet_peer:JitnetPeer",
    "numpy": "peer_models.numpy_peer:NumpyPeer",
    "sklearn": "peer_models.sklearn_peer:SklearnPeer",
    "torch": "peer_models.torch_peer:TorchPeer",
    "jax": "peer_models.jax_peer:JaxPeer",
    "jitnet_product": "peer_models.jitnet_product:JitnetProduct",
    "numpy_product": "peer_models.numpy_product:NumpyProduct",
}


class Worker:
    """One library's side of the conversation."""

    def __init__(self, kind: Any, threads: int) -> None:
        self.kind = kind
        self.threads = threads
        self.task: Job
        self.peer: Peer
        self.chunk_steps = 0
        self.chunk_seconds = 0.0

    def prepare(self, job: str, batches: int | None) -> dict[str, Any]:
        """Set the library up for a job, on all its data or only so many batches of it."""
        task = JOBS[job] if batches is None else JOBS[job].shortened(batches)
        self.task = task
        self.peer = self.kind(task, self.threads)
        self.chunk_steps = task.steps
        return {}

    def weights(self, steps: int, path: str) -> dict[str, Any]:
        """Train so many smooth steps in the data's own order and save the weights, if it can."""
        weights = self.kind(self.task.smooth(), self.threads).weights_after(steps)
        if weights is not None:
            np.savez(path, *weights)
        return {"saved": weights is not None}

    def warm_up(self, seconds: float) -> dict[str, Any]:
        """Compile what has to be compiled, and learn how long a chunk takes, alone and in a row."""
        self.peer.reset()
        self.peer.run(1)
        self.run(0.0)
        if self.chunk_seconds < seconds:
            self.run(seconds)
        return {}

    def run(self, seconds: float) -> dict[str, Any]:
        """Train for about so long, from the initial weights."""
        chunks = max(1, round(seconds / self.chunk_seconds)) if seconds else 1
        self.peer.reset()
        start = perf_counter()
        self.peer.run(chunks)
        elapsed = perf_counter() - start
        self.chunk_seconds = elapsed / chunks
        return {"steps": chunks * self.chunk_steps, "seconds": elapsed}


def main() -> None:
    """Serve requests until there are no more."""
    answers = take_standard_output()
    module, name = PEERS[sys.argv[1]].split(":")
    try:
        kind = getattr(importlib.import_module(module), name)
    except ImportError as error:
        send(answers, {"missing": str(error)})
        return
    send(answers, {"title": kind.title, "version": kind.version()})
    serve(Worker(kind, int(sys.argv[2])), answers)


if __name__ == "__main__":
    main()
