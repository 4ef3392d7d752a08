"""Which examples are whose: a batch is cut into shards, and a rank has some of them.

The shards are the same for any number of ranks, and so are their examples: the rows of a shard are
neighbours in the data, and each batch takes some of every shard, in the shard's own order.
"""

from __future__ import annotations

import numpy as np

from jitnet.arrays import Array
from jitnet.engine.order import shuffle_again

MOST_SHARDS, LEAST_PANELS = 8, 8
"""Shards of a batch, unless it is so large that a shard still has LEAST_PANELS panels. Each adds up
gradients of its own: of 784-512-512-10 and batches of 1,024, a step of one rank took 1.1 times that
of a fit alone with 4 shards, 1.2 with 8, and 1.5 with 16."""


def shards_of(batch: int, width: int) -> int:
    """The shards of a batch in panels of a width, a power of two.

    Examples
    --------
    >>> shards_of(64, 16), shards_of(1024, 16), shards_of(8192, 16)
    (4, 8, 64)
    """
    panels = -(-batch // width)
    most = min(panels, max(MOST_SHARDS, panels // LEAST_PANELS))
    return 1 << (most.bit_length() - 1)


class Layout:
    """The examples of a fit, of which each rank has its part.

    Parameters
    ----------
    examples, batch : int
        Examples in all, and of a step.
    width : int
        Examples of a panel.
    rank, ranks : int
        This one, and how many there are.

    Attributes
    ----------
    count : int
        Shards of a batch.
    rows : ndarray of shape (count + 1,)
        Where the rows of each shard begin in the data.

    Raises
    ------
    ValueError
        If there are more ranks than shards.
    """

    def __init__(self, examples: int, batch: int, width: int, rank: int, ranks: int) -> None:
        self.examples, self.batch, self.width = examples, batch, width
        self.count = shards_of(batch, width)
        if ranks > self.count:
            raise ValueError(
                f"a batch of {batch} examples has shards for {self.count} ranks at most, and there "
                f"are {ranks}: take fewer, or a larger batch_size"
            )
        self.firsts = [self.count * r // ranks for r in range(ranks + 1)]
        self.first, self.last = self.firsts[rank], self.firsts[rank + 1]
        self._of_batch = self._starts(batch)
        self._of_rest = self._starts(examples % batch)
        self.rows = examples // batch * self._of_batch + self._of_rest

    def _starts(self, batch: int) -> Array:
        """Where the examples of each shard begin in a batch."""
        panels = -(-batch // self.width)
        bounds: Array = np.minimum(self.panels(panels) * self.width, batch)
        return bounds

    def panels(self, panels: int) -> Array:
        """Where the panels of each shard begin, of so many."""
        return panels * np.arange(self.count + 1) // self.count

    @property
    def own_rows(self) -> slice:
        """The rows of this rank."""
        return slice(int(self.rows[self.first]), int(self.rows[self.last]))

    def lay(self, order: Array, seed: int, epoch: int, *, shuffle: bool, own: bool) -> None:
        """Write the rows that an epoch takes, batch after batch; ``own`` are this rank's alone."""
        whole = self.examples // self.batch * self.batch
        batches, rest = order[:whole].reshape(-1, self.batch), order[whole:]
        for shard in range(self.first, self.last) if own else range(self.count):
            start, stop = self.rows[shard : shard + 2]
            rows = np.arange(stop - start)
            if shuffle:
                key = np.random.SeedSequence((seed, shard)).generate_state(1, np.uint64)[0]
                shuffle_again(rows, int(key >> np.uint64(1)), epoch)
            rows += start
            first, last = self._of_batch[shard : shard + 2]
            in_batches = len(batches) * (last - first)
            batches[:, first:last] = rows[:in_batches].reshape(len(batches), -1)
            rest[slice(*self._of_rest[shard : shard + 2])] = rows[in_batches:]
