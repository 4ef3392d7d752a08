"""How far results may lie from their references: one row an operation, one column a dtype.

``EPSILON`` is the gap between 1 and the next number of a dtype, twice the error of a rounding. A
sum of n products is off by n roundings at worst and by √n of them as a rule, so what passes through
layers of a hundred inputs may lose some tens of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

ULP = 4
"""Units in the last place by which an elementary function may miss the rounded true value."""

EPSILON = {"float32": 2.0**-23, "float64": 2.0**-52}

TOLERANCES: dict[str, dict[str, float]] = {
    # The loss of a network: a few sums of a hundred products and a mean over the examples; that of
    # poisson, e^z - y z, is a difference of numbers that may be ten times as large.
    "loss": {"float32": 64 * EPSILON["float32"], "float64": 64 * EPSILON["float64"]},
    # A prediction, relative to the greatest, or to the products whose sum it is, of which little
    # may be left: the same sums, and e^z, which multiplies the error of its argument by |z|.
    "prediction": {"float32": 16 * EPSILON["float32"], "float64": 16 * EPSILON["float64"]},
    # Gradients by norms: sums forward and backward, and g'(z) from the rounded a.
    "gradient": {"float32": 32 * EPSILON["float32"], "float64": 32 * EPSILON["float64"]},
    # Central differences by norms. A step h = 1e-5 leaves h² = 1e-10 times the third derivative and
    # ε / h = 2e-11 of rounding; where all of a gradient is small against the loss, more of it.
    "central_difference": {"float64": 1e-6},
    # PyTorch in float64: an independent order of summation, over a hundred examples.
    "torch": {"float64": 1e-10},
    # Weights after 20 steps, relative to the greatest. A quotient like m / (√v + ε) multiplies
    # the gradient's relative error of 1e-14 where a component is near zero.
    "optimizer": {"float64": 1e-10},
    # Costs of 1,000 steps of gradient descent, one by one: issue 2's bar.
    "trajectory": {"float64": 1e-10},
}


def tolerance(operation: str, dtype: Any) -> float:
    """The table's entry for an operation in a dtype."""
    return TOLERANCES[operation][np.dtype(dtype).name]


def assert_close(
    operation: str, dtype: Any, actual: Any, expected: Any, summed: float = 0.0
) -> None:
    """Elements agree within the operation's tolerance, relative to the greatest expected one.

    Or to ``summed``, where that is more: Σ |xᵢ wᵢ| of the sums Σ xᵢ wᵢ that the elements are.
    """
    bound = tolerance(operation, dtype)
    finite = np.abs(np.asarray(expected, np.float64))
    scale = float(finite[np.isfinite(finite)].max(initial=summed))
    np.testing.assert_allclose(actual, expected, rtol=bound, atol=bound * scale)


def norm_difference(first: ArrayLike, second: ArrayLike) -> float:
    """‖a - b‖ / (‖a‖ + ‖b‖), between 0 and 1; 0 for two arrays of zeros."""
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    size = float(np.linalg.norm(a) + np.linalg.norm(b))
    return float(np.linalg.norm(a - b)) / size if size else 0.0


def assert_norms_close(operation: str, dtype: Any, actual: Any, expected: Any) -> None:
    """Each pair of arrays agrees by norms within the operation's tolerance."""
    bound = tolerance(operation, dtype)
    assert len(actual) == len(expected)
    for place, (a, b) in enumerate(zip(actual, expected, strict=True)):
        assert a.shape == b.shape, f"array {place}: shape {a.shape}, expected {b.shape}"
        difference = norm_difference(a, b)
        assert difference <= bound, f"array {place} of {a.shape}: {difference:.2e} > {bound:.2e}"
