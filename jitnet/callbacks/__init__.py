"""What happens at the seams of a fit: stopping early, checkpoints, and what a user adds."""

from jitnet.callbacks.callback import Callback
from jitnet.callbacks.checkpoint import Checkpoint
from jitnet.callbacks.early_stopping import EarlyStopping

__all__ = ["Callback", "Checkpoint", "EarlyStopping"]
