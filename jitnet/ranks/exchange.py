"""What the ranks exchange in a step: called by the compiled loop, in the middle of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.engine.calls import Panels
from jitnet.engine.steps.shards import SUMS
from jitnet.engine.steps.state import Progress, Shards
from jitnet.kernels.exchange import address_of_exchange
from jitnet.ranks.layout import Layout
from jitnet.ranks.tree import most_sums, nodes_of, sum_nodes


class Exchange:
    """The exchange of the steps of a fit.

    The sum of all ranks' gradients is one Allreduce, but in a tree that does not depend on how many
    they are, for which MPI's own leaves no promise: each rank adds up a part of the parameters
    (Alltoall), and the sums are gathered (Allgather). It sends as much as the best Allreduce does.
    It follows the whole of backward: begun before other work and waited for behind it, it hides
    nothing where ranks share memory, as they copy what they send themselves, and a thread that does
    it for them takes a core from them (`benchmarks/ranks.py` measures it).

    Parameters
    ----------
    communicator : mpi4py.MPI.Comm
        The ranks.
    layout : Layout
        Whose the shards are.
    gradients : int
        Their number.
    dtype : dtype
        Their type.
    """

    def __init__(self, communicator: Any, layout: Layout, gradients: int, dtype: Any) -> None:
        self.communicator, self.layout = communicator, layout
        rank, ranks = communicator.rank, communicator.size
        self._nodes = [nodes_of(*layout.firsts[r : r + 2]) for r in range(ranks)]
        slots = most_sums(layout.first, layout.last)
        self._cuts = [gradients * r // ranks for r in range(ranks + 1)]
        width = self._cuts[rank + 1] - self._cuts[rank]
        rounds = max(map(len, self._nodes))
        self._received = np.zeros((rounds, ranks, width), dtype)
        self._function, address = address_of_exchange(self._called)
        self.shards = Shards(
            number=layout.count,
            first=layout.first,
            last=layout.last,
            exchange=address,
            totals=np.zeros((layout.count, 3)),
            partial=np.zeros((slots, gradients), dtype),
        )
        self.steps = 0
        self._failure: BaseException | None = None

    def attach(
        self,
        gradients: Array,
        values: Array,
        shared: Mapping[int, Sequence[Panels]],
        progress: Progress,
    ) -> None:
        """Say where the arrays of the next steps are."""
        self._gradients, self._values = gradients, values
        self._shared, self._progress = shared, progress

    def check(self) -> None:
        """Raise what has ended the last steps, if an exchange has failed."""
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _called(self, what: int, panels: int) -> None:
        """Exchange what the compiled loop asks for; an error has it stop, and is raised later."""
        if self._failure is not None:
            return
        try:
            if what == SUMS:
                self.sum_gradients()
            else:
                self._share(self._shared[what], panels)
        except BaseException as error:
            self._failure = error
            self._progress.ask_to_stop()

    def _share(self, arrays: Sequence[Panels], panels: int) -> None:
        """Have every rank's panels of some arrays."""
        if self.communicator.size == 1:
            return
        from mpi4py import MPI

        bounds = self.layout.panels(panels)[self.layout.firsts]
        for place, size, indices in arrays:
            room = self._values[place:].view(np.int32) if indices else self._values[place:]
            spec = [room, (np.diff(bounds) * size, bounds[:-1] * size)]
            self.communicator.Allgatherv(MPI.IN_PLACE, spec)

    def sum_gradients(self) -> None:
        """Have the gradients' sum over all shards, and every shard's sums of losses."""
        self.steps += 1
        communicator, rank = self.communicator, self.communicator.rank
        partial, received, cuts = self.shards.partial, self._received, self._cuts
        if communicator.size == 1:
            self._gradients[:] = sum_nodes(zip(self._nodes[0], partial, strict=False))
            return
        from mpi4py import MPI

        counts = np.diff(cuts)
        for slot in range(len(received)):
            sent = counts * (slot < len(self._nodes[rank]))
            got = [counts[rank] * (slot < len(nodes)) for nodes in self._nodes]
            source = [partial[min(slot, len(partial) - 1)], (sent, cuts[:-1])]
            places = np.arange(communicator.size) * counts[rank]
            communicator.Alltoallv(source, [received[slot], (got, places)])
        parts = [
            (node, received[slot, r])
            for r, nodes in enumerate(self._nodes)
            for slot, node in enumerate(nodes)
        ]
        self._gradients[cuts[rank] : cuts[rank + 1]] = sum_nodes(parts)
        communicator.Allgatherv(MPI.IN_PLACE, [self._gradients, (counts, cuts[:-1])])
        own = np.diff(self.layout.firsts) * 3
        totals = [self.shards.totals, (own, np.multiply(self.layout.firsts[:-1], 3))]
        communicator.Allgatherv(MPI.IN_PLACE, totals)
