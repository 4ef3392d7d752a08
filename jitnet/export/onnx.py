"""A model as a file of ONNX's."""

from __future__ import annotations

from os import PathLike
from typing import Any

from jitnet.export.network import read
from jitnet.export.onnx_graph import IR_VERSION, OPSET, OPSET_ML, Graph
from jitnet.export.onnx_layers import add_network
from jitnet.export.onnx_table import add_table_model
from jitnet.export.table import read_table_model
from jitnet.extras import install
from jitnet.io.files import write_file
from jitnet.model import Sequential
from jitnet.tabular.model import TableModel
from jitnet.version import package_version

OUTPUT = "y"


def to_onnx(model: Sequential | TableModel, path: str | PathLike[str]) -> None:
    """Write a model as an ONNX file, for onnxruntime and others that run such.

    The input ``x`` is of examples as `Sequential.predict` takes them, (n, features) or (n, height,
    width, channels), and the output ``y`` is what it gives, probabilities included; both are of the
    model's dtype, and n is free. A model that begins with `Branches` has the inputs ``x_0``,
    ``x_1`` and so on. Indices, of a model that begins with an `Embedding`, are int64 (n,
    time). What only training does, such as `Dropout`, is left out. Sequences have all their time
    steps, and `stateful` layers begin each prediction with a state of zero.

    Of a `TableModel` each column is an input of its name, (n, 1), and what was learned of it is in
    the file:

    - numbers are float32, a missing one NaN;
    - categories, ordered values and truth values (``"false"``, ``"true"``) are strings, a number
      that is a category its digits; a missing one is ``""``, unless the column has that as a value;
    - dates are int64, seconds since 1970-01-01 in the calendar of the table, a missing one
      -2**63.

    The outputs are ``label`` (n,), a string or int64 as the target has it, and ``probabilities``
    (n, n_classes); or ``prediction`` (n, 1) in the target's units.

    Parameters
    ----------
    model : Sequential or TableModel
        The model.
    path : str or path-like
        The file, by custom ``.onnx``. It is written whole or not at all.

    Raises
    ------
    NotFittedError
        If the model has no weights yet.
    ValueError
        If a layer, an activation or a loss of one's own is among the model's, an `Embedding` with
        ``mask_zero``; if a column of a table has no name.
    ImportError
        Without the package onnx: ``pip install 'jitnet[onnx]'``, in a checkout
        ``pip install '.[onnx]'``.

    Notes
    -----
    The operators are those of opset 22. Of float64, onnxruntime has no convolution, average pool,
    recurrent layer, leaky_relu, elu, gelu or softplus: a model with one of these is to be of
    float32 to run there.

    A float32 has 24 bits: a number of a table beyond 16,777,216 comes in rounded, by up to 32 where
    it is 1e9. Where so little matters, as in times in seconds, make it a column of dates, or take a
    first value off before training. What follows is computed in float64.

    A column of a table that is called as an output is keeps its name; the output then is
    ``label_0``, for instance.

    Examples
    --------
    >>> import jitnet as jn, pathlib, tempfile
    >>> model = jn.Sequential([jn.Dense(3)], loss="softmax_crossentropy").build(2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     jn.to_onnx(model, pathlib.Path(folder) / "model.onnx")
    """
    write_file(path, onnx_model(model).SerializeToString())


def onnx_model(model: Sequential | TableModel) -> Any:
    """A model as onnx has it."""
    try:
        from onnx import checker, helper
    except ImportError as error:
        raise ImportError(f"an ONNX file needs the package onnx: {install('onnx')}") from error

    graph = _graph_of_table(model) if isinstance(model, TableModel) else _graph_of(model)
    opsets = {node.domain: OPSET_ML if node.domain else OPSET for node in graph.nodes}
    made = helper.make_model(
        helper.make_graph(graph.nodes, "jitnet", graph.inputs, graph.outputs, graph.weights),
        opset_imports=[helper.make_opsetid(*opset) for opset in opsets.items()],
        ir_version=IR_VERSION,
        producer_name="jitnet",
        producer_version=package_version(),
    )
    checker.check_model(made, full_check=True)
    return made


def _graph_of(model: Sequential) -> Graph:
    exported = read(model)
    graph = Graph(exported.dtype)
    names = [graph.input(own.name, own.shape, own.dtype) for own in exported.inputs]
    graph.output(OUTPUT, add_network(graph, names, exported), exported.output)
    return graph


def _graph_of_table(model: TableModel) -> Graph:
    exported = read_table_model(model)
    graph = Graph(exported.networks[0].dtype)
    add_table_model(graph, exported)
    return graph
