"""The layers: a file each with what it is, its forward loop and its backward loops."""

from jitnet.layers.dense import Dense

__all__ = ["Dense"]
