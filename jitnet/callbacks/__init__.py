"""What happens at the seams of a fit: stopping early, and what a user adds."""

from jitnet.callbacks.callback import Callback
from jitnet.callbacks.early_stopping import EarlyStopping

__all__ = ["Callback", "EarlyStopping"]
