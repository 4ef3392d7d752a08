"""A search for the settings that suit a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jitnet.callbacks import Callback
from jitnet.search.search import Budget, Try, search
from jitnet.search.space import Space
from jitnet.tabular.frames import as_polars
from jitnet.tabular.model import TableModel
from jitnet.tabular.preset import Settings, settings_for
from jitnet.tabular.table import Table
from jitnet.tabular.training import fit_network, new_network

SPACE = Space(
    widths=(32, 64, 128, 256, 512), layers=(1, 3), halved=True, batch_sizes=(32, 64, 128, 256, 512)
)


def search_table(
    model: TableModel,
    frame: Any,
    budget: Budget,
    *,
    validation: Any = None,
    group: str | None = None,
    time: str | None = None,
) -> list[Try]:
    """Try widths, rates, penalties, dropout and batch sizes.

    Parameters
    ----------
    model : TableModel
        A model whose target, table, seed and given settings count; its networks are left alone.
    frame : DataFrame of pandas, Polars or Arrow, or dict of columns
        The rows.
    budget : Budget
        How far the search goes.
    validation, group, time
        The validation part, as in `TableModel.fit`: the same one for all tries.

    Returns
    -------
    list of Try
        As from `jitnet.search.search.search`, of `Settings`.

    Raises
    ------
    ValueError
        If the table does not fit, or the storage has tries of another search.
    ImportError
        Without optuna: ``pip install 'jitnet[search]'``, in a checkout ``pip install '.[search]'``.
    """
    learner = TableModel(
        model.target, table=Table(**model.table.options), seed=model.seed, **model.given
    )
    rows, validation = learner._parts(as_polars(frame), validation, group, time)
    table = learner.table
    learned, checked = ((table.transform(part), table.targets(part)) for part in (rows, validation))

    def train(settings: Settings, callbacks: Sequence[Callback]) -> None:
        network = new_network(settings, table, len(rows), seed=model.seed, n_threads=1)
        parts = learned, checked
        fit_network(network, settings, parts, callbacks=callbacks, progress=False)

    return search(
        train,
        settings_for(len(rows), table.target),
        model.given,
        SPACE,
        budget,
        of=[model.target, model.given, repr(table.columns), len(validation)],
        seed=model.seed,
        n_threads=model.n_threads,
    )
