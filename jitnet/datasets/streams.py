"""A long sequence as batches of short ones, each of which goes on where the last one ended."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from jitnet.arrays import Array
from jitnet.checks import check_whole

__all__ = ["cut_stream"]


def cut_stream(sequence: ArrayLike, steps: int, batch_size: int) -> tuple[Array, Array]:
    """Cut a sequence into pieces of some time steps, and what follows each step.

    The sequence is divided into ``batch_size`` streams, one behind the other. The first batch has
    the first piece of each, the second one the pieces behind those: layers that are ``stateful``
    then see whole streams, though gradients go back through the steps of a piece alone, which is
    truncated back-propagation through time (Williams and Peng, 1990, *An efficient gradient-based
    algorithm for on-line training of recurrent network trajectories*). What is left over at the end
    is left out.

    Parameters
    ----------
    sequence : array-like of shape (n,) or (n, features)
        The sequence.
    steps : int
        Time steps of a piece.
    batch_size : int
        Pieces of a batch.

    Returns
    -------
    X, y : ndarray of shape (n_pieces, steps) or (n_pieces, steps, features)
        The pieces, for ``fit(X, y, batch_size=batch_size, shuffle=False)``, and the same one step
        further on.

    Raises
    ------
    ValueError
        If the sequence is too short for a batch.

    Examples
    --------
    >>> X, y = cut_stream(list(range(9)), steps=2, batch_size=2)
    >>> X.tolist()
    [[0, 1], [4, 5], [2, 3], [6, 7]]
    >>> y.tolist()
    [[1, 2], [5, 6], [3, 4], [7, 8]]
    """
    array = np.asarray(sequence)
    steps = check_whole("steps", steps, least=1)
    batch_size = check_whole("batch_size", batch_size, least=1)
    batches = (len(array) - 1) // (steps * batch_size)
    if batches < 1:
        raise ValueError(
            f"a batch of {batch_size} pieces of {steps} steps needs a sequence of "
            f"{steps * batch_size + 1} at least, got {len(array)}"
        )
    count = batches * steps * batch_size
    shape = batch_size, batches, steps, *array.shape[1:]
    X, y = (array[first : first + count].reshape(shape) for first in (0, 1))
    pieces = [part.swapaxes(0, 1).reshape(-1, *shape[2:]) for part in (X, y)]
    return pieces[0], pieces[1]
