"""The optimisers: a file each with what it is and its flat loop, and a table of them."""

from jitnet.optimizers.adam import Adam, AdamW
from jitnet.optimizers.optimizer import Optimizer, Update
from jitnet.optimizers.rmsprop import RMSprop
from jitnet.optimizers.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "Update"]
