"""Random networks that one to four processes train together, to the same bits."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hunting import Hunt, Rng, Tally, drawn
from launching import results

RANKS = 1, 2, 3, 4
AT_ONCE = 8
"""Networks that the processes train before they end."""


def case(rng: Rng) -> Tally:
    """Some networks."""
    first = str(rng.integers(2**31))
    with TemporaryDirectory() as folder:
        arguments = Path(folder), first, str(AT_ONCE)
        alone, *_ = results(1, "drawn_networks", *arguments)
        for ranks in RANKS[1:]:
            if results(ranks, "drawn_networks", *arguments) != [alone] * ranks:
                raise AssertionError(f"{ranks} ranks give other bits, of the seeds from {first} on")
    return Tally(AT_ONCE * len(RANKS))


HUNT = Hunt(drawn(case), short=10, long=600, needs="mpi4py")
