"""``Ranks``: one of several processes that train a network together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from jitnet.engine import Engine
from jitnet.engine.steps.state import Data, Shards
from jitnet.fit import Fit, make_fit
from jitnet.fit_state import FitState
from jitnet.history import History
from jitnet.kernels.panels import panel_width
from jitnet.quoting import quoted
from jitnet.ranks.agreement import agree, facts_of, in_all
from jitnet.ranks.ending import end_all
from jitnet.ranks.exchange import Exchange
from jitnet.ranks.launch import mpi
from jitnet.ranks.layout import Layout
from jitnet.threads import asked_for, available_threads, threads_of_call


def fit_on_ranks(model: Any, communicator: Any, *given: Any, **options: Any) -> History:
    """Fit as one of the ranks of a communicator; see `Sequential.fit`."""
    check_communicator(communicator)

    def layout_of(examples: int) -> Layout:
        size, width = options["batch_size"], panel_width(model.dtype)
        batch = examples if not isinstance(size, int) else max(1, min(size, examples))
        return Layout(examples, batch, width, communicator.rank, communicator.size)

    def checked() -> Fit:
        if communicator.rank > 0:
            options["progress"] = False
        return make_fit(model, *given, **options, looked_at=lambda count: layout_of(count).own_rows)

    fit = in_all(communicator, checked)
    agree(communicator, facts_of(fit))
    ranks = Ranks(communicator, layout_of(fit.examples.count))
    with ranks.one_for_all(), ranks.threads(model.n_threads):
        return fit.run(ranks)


def check_communicator(communicator: Any) -> None:
    """Refuse what is no communicator of mpi4py's, and one between two groups.

    Raises
    ------
    ImportError
        Without mpi4py: ``pip install 'jitnet[mpi]'``, in a checkout ``pip install '.[mpi]'``.
    TypeError
        If it is none.
    """
    if not isinstance(communicator, mpi().Intracomm):
        raise TypeError(
            f"communicator must be one of mpi4py's, such as MPI.COMM_WORLD, got "
            f"{quoted(communicator)}"
        )


class Ranks:
    """The processes that call a fit together, of which this is one.

    Parameters
    ----------
    communicator : mpi4py.MPI.Comm
        The processes.
    layout : Layout
        Which examples are whose.
    """

    def __init__(self, communicator: Any, layout: Layout) -> None:
        self.communicator, self.layout = communicator, layout
        self.is_first = communicator.rank == 0
        self._is_raised_by_all = False

    def begin(self, engine: Engine) -> None:
        """Have room for what is exchanged.

        Raises
        ------
        ValueError
            If a network's examples go on where those of the batch before ended.
        """
        if engine.nodes.state_size:
            raise ValueError("stateful layers cannot be trained by several ranks")
        self.exchange = Exchange(
            self.communicator, self.layout, engine.network.gradients.size, engine.dtype
        )

    @property
    def shards(self) -> Shards:
        """The shards as the compiled loop reads them."""
        return self.exchange.shards

    def lay(self, data: Data, seed: int, epoch: int, shuffle: bool) -> None:
        """Write the order of an epoch."""
        self.layout.lay(data.order, seed, epoch, shuffle=shuffle, own=data.uniform)

    def steps_of_first(self, steps: int) -> int:
        """The steps that the first rank takes until it looks up."""
        taken: int = self.communicator.bcast(steps)
        return taken

    def in_first(self, work: Callable[[], Any], fit: FitState) -> None:
        """Do some work in the first rank alone, and have all in the state that it leaves.

        What it raises is raised in all, in the others as a RuntimeError; and a TypeError or a
        ValueError as such.
        """
        engine, error, left = fit.model._built(), None, None
        if self.is_first:
            try:
                work()
            except Exception as raised:
                error = raised
            place = fit.place, fit.epochs_done, fit.history, fit.stopped, fit.paused
            kind = type(error) if isinstance(error, TypeError | ValueError) else RuntimeError
            left = error and (kind, str(error)), place, engine.rate_scale
        failed, place, rate_scale = self.communicator.bcast(left)
        if failed is not None:
            self._is_raised_by_all = True
            raise error or failed[0](f"rank 0: {failed[1]}")
        fit.place, fit.epochs_done, fit.history, fit.stopped, fit.paused = place
        engine.rate_scale = rate_scale
        for array in engine.training.now:
            self.communicator.Bcast(array)

    def threads(self, n_threads: int | None) -> AbstractContextManager[None]:
        """Have the ranks that share cores share them evenly, unless a number is given."""
        from mpi4py import MPI

        here = self.communicator.Split_type(MPI.COMM_TYPE_SHARED)
        try:
            sharing = here.allgather(_cores())
        finally:
            here.Free()
        given = asked_for(n_threads)
        return threads_of_call(given or max(1, available_threads() // sharing.count(_cores())))

    @contextmanager
    def one_for_all(self) -> Iterator[None]:
        """End the other ranks, which would wait for it, where this one fails by itself.

        What all raise alike they raise: bad input, and a loss that is not finite.
        """
        try:
            yield
        except BaseException as error:
            is_input = isinstance(error, TypeError | ValueError) and not self._has_begun()
            if not (
                is_input
                or self._is_raised_by_all
                or isinstance(error, FloatingPointError)
                or self.communicator.size == 1
            ):
                self._end_all(error)
            raise

    def _has_begun(self) -> bool:
        return hasattr(self, "exchange") and self.exchange.steps > 0

    def _end_all(self, error: BaseException) -> None:
        rank, size = self.communicator.rank, self.communicator.size
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        why = f"rank {rank} of {size} has failed, which ends the others: {what}"
        end_all(self.communicator, why, code=1)


def _cores() -> list[int]:
    """The cores that this process may run on; none where the system does not say."""
    of_process = getattr(os, "sched_getaffinity", None)
    return sorted(of_process(0)) if of_process else []
