"""Several processes that train one network together, by MPI."""

from jitnet.ranks.ranks import Ranks, fit_on_ranks

__all__ = ["Ranks", "fit_on_ranks"]
