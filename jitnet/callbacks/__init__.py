"""What happens at the seams of a fit: early stopping, checkpoints, logs, and what a user adds."""

from jitnet.callbacks.callback import Callback
from jitnet.callbacks.checkpoint import Checkpoint
from jitnet.callbacks.csv_logger import CSVLogger
from jitnet.callbacks.early_stopping import EarlyStopping
from jitnet.callbacks.reduce_on_plateau import ReduceOnPlateau
from jitnet.callbacks.tensorboard import TensorBoard
from jitnet.callbacks.time_budget import TimeBudget

__all__ = [
    "CSVLogger",
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "ReduceOnPlateau",
    "TensorBoard",
    "TimeBudget",
]
