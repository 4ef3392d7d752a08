"""The steps and the threads of a fit's next slice, chosen by what the last ones have cost."""

from __future__ import annotations

import math

SLICE_SECONDS = 0.1
MAX_GROWTH = 4
"""The longest next slice, as a multiple of the last one."""


class Pace:
    """Chooses the steps of slices, and between a team and one thread.

    A team waits for its slowest member: where other programs use the cores, one thread may be many
    times faster. So the other choice is tried from time to time in a short slice, and at once when
    the team is much slower than it has been, and what was faster is kept. The choice never changes
    a bit.

    Parameters
    ----------
    team : int
        Threads of the team.
    steps : int
        Steps of the first slice.
    """

    SLOW = 1.7
    SHORTEST = 0.002
    """Seconds of a slice below which waking threads weighs too much to judge by it."""
    FIRST_TRIAL, TRIAL_OF_ONE, TRIAL_OF_TEAM = 0.05, 10.0, 0.5
    """Seconds after which the other choice is tried."""
    TRIAL_SECONDS, MAX_SHARE = 0.005, 0.05
    """How long a trial is, if the other choice is as fast; and, where a single step takes longer,
    its share of the time since the last one."""

    def __init__(self, team: int, steps: int) -> None:
        self.team, self.threads, self.steps = team, team, steps
        self._each = {team: math.inf, 1: math.inf}
        self._best = math.inf
        self._seconds, self._patience = 0.0, self.FIRST_TRIAL

    def note(self, seconds: float, steps: int) -> None:
        """Take in how long the last slice took, and choose for the next."""
        if not steps:  # a fork had it end in its first step
            return
        fitting = int(steps * SLICE_SECONDS / max(seconds, 1e-9))
        self.steps = max(1, min(fitting, max(steps * MAX_GROWTH, self.steps)))
        if self.team > 1 and seconds >= self.SHORTEST:
            self._choose_threads(seconds, seconds / steps)

    def _choose_threads(self, seconds: float, each: float) -> None:
        self._each[self.threads] = each
        self._seconds += seconds
        other = 1 if self.threads == self.team else self.team
        slow = False
        if self.threads == self.team:
            self._best = min(self._best, each)
            slow = each > self.SLOW * self._best
        is_time = self._seconds >= max(self._patience, each / self.MAX_SHARE)
        if slow or each > self._each[other] or is_time:
            if each <= self._each[other]:
                self.steps = max(1, min(self.steps, int(self.TRIAL_SECONDS / each)))
            self.threads, self._seconds = other, 0.0
            self._patience = self.TRIAL_OF_TEAM if other == 1 else self.TRIAL_OF_ONE
