"""Examples of several inputs, or of several lengths."""

from __future__ import annotations

from dataclasses import dataclass

from jitnet.arrays import Array


@dataclass(frozen=True)
class Several:
    """Rows of examples in several arrays, one an input, or whose time steps end early.

    Parameters
    ----------
    arrays : tuple of ndarray
        For each input its rows, as many in each.
    lengths : tuple of ndarray or None
        For each input the time steps of the examples, (n_samples,) of int64; None where all of
        them have all steps.
    """

    arrays: tuple[Array, ...]
    lengths: tuple[Array | None, ...]

    @property
    def count(self) -> int:
        """Examples."""
        return len(self.arrays[0])
