"""A model out of a file."""

from __future__ import annotations

from os import PathLike
from typing import Any

from jitnet.arrays import Array
from jitnet.content import check_tensors, restore, shape_of
from jitnet.description import check_names, recreate
from jitnet.fitting import Record
from jitnet.history import checked_history
from jitnet.inputs import shape_given
from jitnet.io.model_file import read_model, refused
from jitnet.model import MOST_FEATURES, Sequential


def load(path: str | PathLike[str]) -> Any:
    """Read a model that `Sequential.save` or `TableModel.save` wrote.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    Sequential or TableModel
        The model with its weights and its optimiser's state, so that training goes on with the
        bits it would have had.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no model of this library.
    ImportError
        Without the package safetensors: ``pip install 'jitnet[cli]'``, in a checkout
        ``pip install '.[cli]'``.

    Examples
    --------
    See `Sequential.save`.
    """
    description, tensors = read_model(path)
    with refused(path):
        if "table" in description:
            return _table_model(description, tensors)
        return _network(description, tensors)


def _table_model(description: dict[str, Any], tensors: dict[str, Array]) -> Any:
    """A model of a table, whose networks stand one behind the other in the file."""
    from jitnet.tabular.model import TableModel
    from jitnet.tabular.preset import Settings, check_settings
    from jitnet.tabular.soundness import check_columns, check_target
    from jitnet.tabular.table import Table

    table = description["table"]
    target = check_target(recreate(table["target"]))
    columns = check_columns(
        [recreate(column) for column in table["columns"]], target, table["refused"]
    )
    learned = Table._of(columns, target, table["refused"], table["options"])
    settings = check_settings(Settings(**description["settings"]))
    networks = []
    for place, described in enumerate(description["networks"]):
        prefix = f"networks.{place}."
        own = {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
        network = _network(described | {"format": description["format"]}, own)
        _check_fits(network, learned)
        network._record = Record(checked_history(description["histories"][place]))
        networks.append(network)
    if not networks:
        raise ValueError("there are no networks")
    return TableModel._of(
        learned, settings, networks, seed=description["seed"], given=description["given"]
    )


def _check_fits(network: Sequential, table: Any) -> None:
    """Refuse a network that takes or gives something else than the table has."""
    from jitnet.tabular.training import example_shape

    engine, target = network._built(), table.target
    found = engine.nodes.shape, engine.nodes.output, network.loss
    wanted = example_shape(table), (target.n_outputs,), target.loss
    if found != wanted:
        raise ValueError(f"a network has {found}, where the table has {wanted}")


def _network(description: dict[str, Any], tensors: dict[str, Array]) -> Sequential:
    check_names(description)
    model = Sequential(
        [recreate(layer) for layer in description["layers"]],
        description["loss"],
        recreate(description["optimizer"]),
        label_smoothing=description["label_smoothing"],
        quantile=description["quantile"],
        seed=description["seed"],
        dtype=description["dtype"],
    )
    shape = shape_given(shape_of(description, tensors), MOST_FEATURES)
    check_tensors(model._nodes(shape), tensors)
    model._engine = model._new_engine(shape)
    restore(model, description, tensors)
    return model
