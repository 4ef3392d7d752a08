"""What an optimiser is: settings, and the flat loop that takes a step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

from jitnet.checks import check_number, keep
from jitnet.kernels.jit import Kernel
from jitnet.schedules import Schedule, as_schedule


class Update(NamedTuple):
    """A step of an optimiser.

    Parameters
    ----------
    kernel : Kernel
        A function compiled by `njit`, whose arguments are found by their names: see `Optimizer`.
    moments : tuple of str, default ()
        What is kept of each parameter from step to step, zeros at first.
    decays : tuple of str, default ()
        Settings β whose powers βᵗ at step t = 1, 2, … the kernel asks for, as ``<name>_power``.
    settings : mapping of str to float or bool
        Numbers that the kernel asks for by name.
    """

    kernel: Kernel
    moments: tuple[str, ...] = ()
    decays: tuple[str, ...] = ()
    settings: Mapping[str, float] = {}


class Optimizer(ABC):
    """What all optimisers are: a frozen dataclass of settings, with a rate and a clipped norm.

    The kernel of its `update` finds its arguments by these names:

    ``parameters``, ``gradients``
        All parameters and their gradients, flat.
    the moments
        By their names, in the same order as the parameters.
    ``first``, ``last``
        The elements to step, multiples of the lanes of a SIMD vector.
    ``rate``, ``clip``
        The step's learning rate, and the scale of gradients that the clipped norm asks for.
    settings, and powers of decays
        By their names.

    Parameters
    ----------
    learning_rate : float or Schedule
        The rate η, or a schedule of it.
    clip_norm : float, optional
        All gradients are scaled by min(1, c / ‖g‖₂), with the norm over all parameters.

    Examples
    --------
    `jitnet.RMSprop` is a short one to begin from.
    """

    learning_rate: float | Schedule
    clip_norm: float | None

    @abstractmethod
    def update(self) -> Update:
        """What a step runs.

        Returns
        -------
        Update
            The kernel, and what it is given.
        """

    def __post_init__(self) -> None:
        """Check what was given.

        Raises
        ------
        TypeError, ValueError
            If a value has the wrong type or makes no sense.
        """
        if not isinstance(self.learning_rate, Schedule):
            keep(self, learning_rate=as_schedule(self.learning_rate).learning_rate)
        if self.clip_norm is not None:
            keep(self, clip_norm=check_number("clip_norm", self.clip_norm, above=0.0))


def check_share(name: str, value: float) -> float:
    """Return a share, which is in [0, 1)."""
    return check_number(name, value, least=0.0, below=1.0)
