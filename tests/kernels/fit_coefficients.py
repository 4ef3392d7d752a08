"""Fit the polynomials of ``jitnet.kernels.elementary``: prints its tables of coefficients.

    python tests/kernels/fit_coefficients.py

Each row is a function, the interval of its variable and a weight that makes the error relative to
the final result. Remez's exchange finds the polynomial whose greatest weighted error is smallest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from mpmath import mp, mpf

mp.dps = 60


class Fit(NamedTuple):
    """A polynomial to be fitted, and its degrees for float32 and float64."""

    function: Callable[[Any], Any]
    weight: Callable[[Any], Any]
    interval: tuple[Any, Any]
    degrees: tuple[int, int]


def _exp_tail(r: Any) -> Any:
    return mpf(1) / 2 + r / 6 if abs(r) < mpf(10) ** -15 else (mp.exp(r) - 1 - r) / r**2


def _odd_tail(function: Callable[[Any], Any], scale: Any) -> Callable[[Any], Any]:
    """(f(x)/x - f'(0)) / x² as a function of z = x², for an odd f."""

    def tail(z: Any) -> Any:
        x = mp.sqrt(z)
        return (function(x) / x - scale) / x**2

    return tail


SMALL = mpf(10) ** -6
HALF_LN2 = mp.log(2) / 2
LOG_LIMIT = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2
ERF_LIMIT = mpf("0.875")
TWO_OVER_ROOT_PI = 2 / mp.sqrt(mp.pi)

FITS = {
    "EXP": Fit(_exp_tail, lambda r: (r**2 + SMALL) / mp.exp(r), (-HALF_LN2, HALF_LN2), (4, 10)),
    "LOG": Fit(
        _odd_tail(lambda s: 2 * mp.atanh(s), 2), lambda z: z / 2, (SMALL, LOG_LIMIT), (2, 6)
    ),
    "LOG1P": Fit(
        _odd_tail(lambda s: 2 * mp.atanh(s), 2), lambda z: z / 2, (SMALL, mpf(1) / 9), (4, 10)
    ),
    "ERF": Fit(
        lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z) if z else TWO_OVER_ROOT_PI,
        lambda z: 1,
        (0, ERF_LIMIT**2),
        (5, 11),
    ),
    "LOG_ERFC": Fit(
        lambda x: mp.log(mp.erfc(x)), lambda x: mp.erfc(x) / mp.erf(x), (ERF_LIMIT, 6), (7, 19)
    ),
}


def remez(fit: Fit, degree: int) -> tuple[list[Any], Any]:
    """Coefficients from the lowest power on, and the greatest weighted error."""
    low, high = (mpf(end) for end in fit.interval)
    count = degree + 2
    nodes = [
        (low + high - (high - low) * mp.cos(mp.pi * i / (count - 1))) / 2 for i in range(count)
    ]
    grid = [
        low + (high - low) * (1 - mp.cos(mp.pi * i / (40 * count))) / 2
        for i in range(40 * count + 1)
    ]
    values = [(fit.function(x), fit.weight(x)) for x in grid]
    for _ in range(12):
        system = mp.matrix(count, count)
        right = mp.matrix(count, 1)
        for i, x in enumerate(nodes):
            for k in range(degree + 1):
                system[i, k] = x**k
            system[i, degree + 1] = (-1) ** i / fit.weight(x)
            right[i] = fit.function(x)
        solution = mp.lu_solve(system, right)
        coefficients = list(solution)[: degree + 1]
        errors = [
            (f - mp.fsum(c * x**k for k, c in enumerate(coefficients))) * w
            for x, (f, w) in zip(grid, values, strict=True)
        ]
        nodes = _alternating(grid, errors, count)
        greatest = max(map(abs, errors))
        if greatest < abs(solution[degree + 1]) * mpf("1.01"):
            break
    return coefficients, greatest


def _alternating(grid: list[Any], errors: list[Any], count: int) -> list[Any]:
    """The greatest error of each run of one sign, ``count`` of them."""
    runs: list[int] = []
    for i, error in enumerate(errors):
        if runs and (errors[runs[-1]] > 0) == (error > 0):
            if abs(error) > abs(errors[runs[-1]]):
                runs[-1] = i
        else:
            runs.append(i)
    while len(runs) > count:
        runs.pop(0 if abs(errors[runs[0]]) < abs(errors[runs[-1]]) else -1)
    if len(runs) < count:
        raise ArithmeticError("the error does not alternate: raise mp.dps or lower the degree")
    return [grid[i] for i in runs]


if __name__ == "__main__":
    for name, fit in FITS.items():
        for precision, degree in zip(("SINGLE", "DOUBLE"), fit.degrees, strict=True):
            coefficients, error = remez(fit, degree)
            print(f"{name}_{precision} = (  # error {mp.nstr(error, 3)}")
            for value in reversed(coefficients):
                print(f"    {float(value)!r},")
            print(")")
