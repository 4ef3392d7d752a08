"""Libraries are held to the same weights, where weights do not hang on rounding."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from peer_models.numpy_peer import Adam, NumpyPeer
from race.agreement import TOLERANCE, farthest
from workloads import WORKLOADS, Workload, initial_weights

STEPS = 2
WORKLOAD = next(w for w in WORKLOADS if w.name == "mnist128").shortened(STEPS)


class Rounded(NumpyPeer):
    """Rounding of another order: some 1e-6 of the largest gradient of an array."""

    def _backward(self, buffers: Any) -> None:
        super()._backward(buffers)
        for gradient in self.gradients:
            noise = np.random.default_rng(3).uniform(-1, 1, gradient.shape)
            gradient += (1e-6 * np.abs(gradient).max() * noise).astype(np.float32)


class Scaled(NumpyPeer):
    """A hundredth too large a step."""

    def __init__(self, workload: Workload, threads: int) -> None:
        super().__init__(workload, threads)
        self.optimizer.learning_rate *= 1.01  # type: ignore[union-attr]


class OtherEpsilon(NumpyPeer):
    """A tenth more of ε."""

    def __init__(self, workload: Workload, threads: int) -> None:
        super().__init__(replace(workload, epsilon=1.1 * workload.epsilon), threads)


class OtherMean(NumpyPeer):
    """Another share of the mean of gradients that is kept."""

    def __init__(self, workload: Workload, threads: int) -> None:
        super().__init__(workload, threads)
        assert isinstance(self.optimizer, Adam)
        self.optimizer.beta1 = 0.91


class Dropped(NumpyPeer):
    """A batch whose last example is its first."""

    def _forward(self, buffers: Any) -> None:
        buffers.X[-1], buffers.T[-1] = buffers.X[0], buffers.T[0]
        super()._forward(buffers)


def off(kind: type[NumpyPeer], workload: Workload) -> float:
    """How far one is off NumPy's own weights."""
    found, expected = (peer(workload, 1).weights_after(STEPS) for peer in (kind, NumpyPeer))
    return farthest(found, expected, initial_weights(workload))[0]


def test_rounding_is_no_disagreement() -> None:
    assert off(Rounded, WORKLOAD) > 10 * off(Rounded, WORKLOAD.smooth())
    assert off(Rounded, WORKLOAD.smooth()) < TOLERANCE


@pytest.mark.parametrize("kind", [Scaled, OtherEpsilon, OtherMean, Dropped])
def test_what_is_wrong_is_a_disagreement(kind: type[NumpyPeer]) -> None:
    assert off(kind, WORKLOAD.smooth()) > TOLERANCE


def test_no_number_is_the_farthest() -> None:
    one = np.ones(3, np.float32)
    broken = np.array([1, np.nan, 1], np.float32)
    assert farthest([one, broken, 2 * one], [one] * 3, [0 * one] * 3)[1] == 1
