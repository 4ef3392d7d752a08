"""The embedded data, and ways to cut data into parts."""

from jitnet.datasets.digits import load_digits
from jitnet.datasets.splits import every_nth_of_each_class, stratified_folds

__all__ = ["every_nth_of_each_class", "load_digits", "stratified_folds"]
