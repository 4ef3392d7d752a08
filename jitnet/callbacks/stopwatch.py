"""``Stopwatch``: how long a fit has taken, whatever happens to the clock."""

from __future__ import annotations

import time


class Stopwatch:
    """Seconds since it was made; a clock that is set back takes none away.

    Parameters
    ----------
    before : float, default 0.0
        Seconds to begin with, such as those before a checkpoint.
    """

    def __init__(self, before: float = 0.0) -> None:
        self._seconds, self._read = before, time.monotonic()

    def seconds(self) -> float:
        """The seconds so far."""
        now = time.monotonic()
        self._seconds += max(0.0, now - self._read)
        self._read = now
        return self._seconds
