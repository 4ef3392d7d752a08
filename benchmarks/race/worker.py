"""The program of a child process: one library, which does what it is told and is timed."""

from __future__ import annotations

import importlib
import sys
from time import perf_counter
from typing import Any

import numpy as np

from peer_models.base import Peer
from race.memory import peak_bytes
from race.process import send, serve, take_standard_output
from workloads import JOBS, Job, Workload

PEERS = {
    "jitnet": "peer_models.jitnet_peer:JitnetPeer",
    "numpy": "peer_models.numpy_peer:NumpyPeer",
    "sklearn": "peer_models.sklearn_peer:SklearnPeer",
    "torch": "peer_models.torch_peer:TorchPeer",
    "torch_channels_last": "peer_models.torch_peer:ChannelsLastPeer",
    "jax": "peer_models.jax_peer:JaxPeer",
    "jax_patches": "peer_models.jax_peer:JaxPatchesPeer",
    "keras_torch": "peer_models.keras_peer:KerasPeer",
    "keras_jax": "peer_models.keras_peer:KerasPeer",
    "jitnet_product": "peer_models.jitnet_product:JitnetProduct",
    "numpy_product": "peer_models.numpy_product:NumpyProduct",
    "jitnet_prediction": "peer_models.jitnet_prediction:JitnetPrediction",
    "torch_prediction": "peer_models.torch_prediction:TorchPrediction",
    "torch_prediction_channels_last": "peer_models.torch_prediction:ChannelsLastPrediction",
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
        self.imported = peak_bytes()

    def prepare(self, job: str, smoke: bool) -> dict[str, Any]:
        """Set the library up for a job, on all its data or, for a smoke test, a little of it."""
        task = JOBS[job].smoke() if smoke else JOBS[job]
        self.task = task
        self.peer = self.kind(task, self.threads)
        self.chunk_steps = task.steps
        return {}

    def weights(self, steps: int, path: str, kinks: bool) -> dict[str, Any]:
        """Train so many smooth steps in the data's own order and save the weights, if it can."""
        task = self.task.smooth()
        if not kinks:
            assert isinstance(task, Workload)
            task = task.without_kinks()
        weights = self.kind(task, self.threads).weights_after(steps)
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

    def peak(self) -> dict[str, Any]:
        """The most memory that there was, above that of the import."""
        return {"bytes": peak_bytes() - self.imported}


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
