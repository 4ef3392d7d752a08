"""What the comparison asks of every library."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from workloads import FloatArray


class Peer(ABC):
    """One library, set up as its experts would for one job in float32.

    It is made from the job and the number of threads that it may use.
    """

    title: ClassVar[str]

    @staticmethod
    @abstractmethod
    def version() -> str:
        """Version of the library."""

    @abstractmethod
    def reset(self) -> None:
        """Go back to the initial weights and a fresh optimiser."""

    @abstractmethod
    def run(self, chunks: int) -> None:
        """Train for `chunks` epochs, shuffled, or in full-batch work `chunks` times its steps."""

    def weights_after(self, steps: int) -> list[FloatArray] | None:
        """Return [W1, b1, …] after so many steps in the data's own order, or None if it cannot."""
        return None
