"""A recurrent layer that goes through the time steps in both directions."""

from __future__ import annotations

from dataclasses import dataclass

from jitnet.hints import hinted_class
from jitnet.layers.layer import Layer, Node, Shape
from jitnet.layers.recurrent import Recurrent, recurrent_node
from jitnet.quoting import quoted


@hinted_class
@dataclass(frozen=True)
class Bidirectional(Layer):
    """A recurrent layer and its like from the last time step to the first, side by side.

    The outputs of both are concatenated, forward first (Schuster and Paliwal, 1997, *Bidirectional
    recurrent neural networks*). Where the layer does not return sequences, each direction's output
    is that of its own last step. The backward direction begins at each example's end.

    Their parameters are in one array each: the columns of ``weight`` and ``bias`` are those of the
    forward direction and then of the backward one, and so are the rows of ``recurrent_weight``.

    Parameters
    ----------
    layer : LSTM, GRU or SimpleRNN
        The layer; it must not be ``stateful``, as the backward direction knows no batch before.

    Raises
    ------
    TypeError, ValueError
        If it is no recurrent layer, or a stateful one.

    Examples
    --------
    >>> import jitnet as jn
    >>> model = jn.Sequential([jn.Bidirectional(jn.GRU(8)), jn.Dense(2)], loss="mse").build((20, 3))
    >>> [array.shape for array in model.get_weights()]
    [(3, 48), (48,), (16, 24), (16,), (16, 2), (2,)]
    """

    layer: Recurrent

    def __post_init__(self) -> None:
        """Check what was given."""
        if not isinstance(self.layer, Recurrent):
            raise TypeError(
                f"layer must be an LSTM, a GRU or a SimpleRNN, got {quoted(self.layer)}"
            )
        if self.layer.stateful:
            raise ValueError(
                "layer must not be stateful: the backward direction begins at the last time step, "
                "and knows no batch before"
            )

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape."""
        return recurrent_node(self.layer, self.layer.cell, shape, width, directions=2)
