"""Data: the embedded sets, those whose files a user brings, and ways to cut data into parts."""

from jitnet.datasets.digits import load_digits
from jitnet.datasets.house_sales import HOUSE_FEATURES, load_house_sales
from jitnet.datasets.idx import read_idx
from jitnet.datasets.image_folder import load_image_folder
from jitnet.datasets.mnist import load_fashion_mnist, load_mnist
from jitnet.datasets.splits import every_nth_of_each_class, stratified_folds
from jitnet.datasets.streams import cut_stream

__all__ = [
    "HOUSE_FEATURES",
    "cut_stream",
    "every_nth_of_each_class",
    "load_digits",
    "load_fashion_mnist",
    "load_house_sales",
    "load_image_folder",
    "load_mnist",
    "read_idx",
    "stratified_folds",
]
