"""The activations: a file each, ``value`` and ``slope`` of a vector, and one row in the table."""

from jitnet.activations.table import ACTIVATIONS, Activation

__all__ = ["ACTIVATIONS", "Activation"]
