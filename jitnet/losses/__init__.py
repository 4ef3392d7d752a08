"""The losses: a file each with what is fed back from it, and one row in the table."""

from jitnet.losses.table import LOSSES, Loss

__all__ = ["LOSSES", "Loss"]
