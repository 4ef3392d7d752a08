"""Do two libraries reach the same weights? Only then do they do the same work.

The distance between two results is taken relative to how far training has moved the weights, by
norms for each array. Rounding in float32 leaves about 1e-6 of a gradient. Adam would make much of
it, since its first steps divide a gradient by its own size: one that is rounding alone moves its
weight as far as any other, and the weights it moves change all the others. So Adam is compared
with a larger ε (`Workload.smooth`), which leaves all of its parts in use. A wrong factor, a dropped
example or another ε changes every weight, and by far more than the tolerance.

In a network that convolves, rounding tips over some of the millions of places where relu bends and
where the greatest of a window changes; each takes its own share of a gradient with it, some 1e-3 to
1e-2 of the way in all. So its smooth twin is compared, tanh for relu and means for maxima, and then
the network itself, by a tolerance that no other layer or activation would pass.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from race.child import Child
from workloads import Job, Workload, initial_weights

STEPS = 5
TOLERANCE = 1e-3
KINKS_TOLERANCE = 5e-2


class DisagreementError(Exception):
    """Two libraries reach different weights."""


def check_agreement(children: Sequence[Child], reference: Child, job: Job) -> None:
    """Compare what each library reaches in 5 steps on the same batches with the reference's.

    Raises
    ------
    DisagreementError
        If a library is off by more than the tolerance.
    """
    for kinks, tolerance in checks(job):
        with tempfile.TemporaryDirectory() as folder:
            expected = _weights(reference, Path(folder), kinks)
            assert expected is not None
            start = _start(job, expected)
            for child in children:
                weights = _weights(child, Path(folder), kinks)
                if weights is not None:
                    _compare((child, weights), (reference, expected), start, tolerance)


def checks(job: Job) -> list[tuple[bool, float]]:
    """What is compared: with its kinks or without, and the tolerance."""
    if not isinstance(job, Workload) or not job.network.convolves:
        return [(True, TOLERANCE)]
    return [(False, TOLERANCE), (True, KINKS_TOLERANCE)]


def farthest(
    weights: Sequence[NDArray[np.float32]],
    expected: Sequence[NDArray[np.float32]],
    start: Sequence[NDArray[np.float32]],
) -> tuple[float, int]:
    """The distance of the array that is the farthest off, and its number; NaN is far."""
    distances = [distance(*arrays) for arrays in zip(weights, expected, start, strict=True)]
    index = max(range(len(distances)), key=lambda i: (np.isnan(distances[i]), distances[i]))
    return distances[index], index


def distance(
    weights: NDArray[np.float32], expected: NDArray[np.float32], start: NDArray[np.float32]
) -> float:
    """‖w - e‖ / ‖e - w₀‖ in double precision; NaN where a weight is."""
    w, e, w0 = (np.asarray(array, np.float64) for array in (weights, expected, start))
    moved = float(np.linalg.norm(e - w0))
    return float(np.linalg.norm(w - e)) / max(moved, 1e-30)


def _start(job: Job, expected: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    if isinstance(job, Workload):
        return initial_weights(job)
    return [np.zeros_like(array) for array in expected]


def _weights(child: Child, folder: Path, kinks: bool) -> list[NDArray[np.float32]] | None:
    path = folder / f"{child.kind}.npz"
    if not child.ask("weights", steps=STEPS, path=str(path), kinks=kinks)["saved"]:
        return None
    with np.load(path) as arrays:
        return [arrays[name] for name in arrays.files]


def _compare(
    one: tuple[Child, list[NDArray[np.float32]]],
    other: tuple[Child, list[NDArray[np.float32]]],
    start: list[NDArray[np.float32]],
    tolerance: float,
) -> None:
    (child, weights), (reference, expected) = one, other
    off, index = farthest(weights, expected, start)
    if not off <= tolerance:
        raise DisagreementError(
            f"after {STEPS} steps {child.title} is off {reference.title} by {off:.1e} of the way "
            f"that array {index} of the weights has gone; {tolerance:.0e} is allowed"
        )
