"""``TensorBoard``: each epoch's figures for TensorBoard."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from jitnet.callbacks.callback import Callback
from jitnet.checks import check_flag
from jitnet.extras import install


class TensorBoard(Callback):
    """Write each epoch's figures, and if wanted the weights, as TensorBoard reads them.

    Parameters
    ----------
    folder : str or path-like
        The folder of the run.
    histograms : bool, default False
        Whether to write the distribution of each parameter.

    Raises
    ------
    ImportError
        Without the package tensorboardX: ``pip install 'jitnet[tensorboard]'``, in a checkout
        ``pip install '.[tensorboard]'``.

    Examples
    --------
    >>> import jitnet as jn, pathlib, tempfile
    >>> model = jn.Sequential([jn.Dense(1)], loss="mse")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = model.fit([[1.0]], [1.0], epochs=2, callbacks=[jn.TensorBoard(folder)])
    ...     len(list(pathlib.Path(folder).glob("events.*")))
    1
    """

    for_sequential = True

    def __init__(self, folder: str | PathLike[str], *, histograms: bool = False) -> None:
        try:
            import tensorboardX  # noqa: F401
        except ImportError as error:
            raise ImportError(
                f"TensorBoard needs the package tensorboardX: {install('tensorboard')}"
            ) from error
        self.folder, self.histograms = Path(folder), check_flag("histograms", histograms)
        self._writer: Any = None

    def on_fit_begin(self, model: Any, n_epochs: int) -> None:
        """Open the run; see `Callback.on_fit_begin`."""
        from tensorboardX import SummaryWriter

        self._writer = SummaryWriter(str(self.folder))

    def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
        """Write the epoch's figures; see `Callback.on_epoch_end`."""
        for name, value in logs.items():
            part = "validation" if name.startswith("val_") else "training"
            self._writer.add_scalar(f"{name.removeprefix('val_')}/{part}", value, epoch)
        self._writer.add_scalar("learning_rate", model.learning_rate, epoch)
        if self.histograms:
            for place, array in enumerate(model.get_weights()):
                self._writer.add_histogram(f"parameter_{place}", array, epoch)

    def on_fit_end(self, model: Any) -> None:
        """Close the run; see `Callback.on_fit_end`."""
        self._writer.close()
