"""A model as a file of ONNX's."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from typing import Any

from jitnet.export.network import Exported, read, row_named
from jitnet.export.onnx_functions import LINKS
from jitnet.export.onnx_graph import BATCH, IR_VERSION, OPSET, Graph, Value
from jitnet.export.onnx_layers import DESTINATION, add_stages
from jitnet.extras import install
from jitnet.io.files import write_file
from jitnet.model import Sequential
from jitnet.version import package_version

INPUT, OUTPUT = "x", "y"

InputSteps = Callable[[Graph], str]
"""Declares a graph's inputs and adds what comes before the network; the tensor that it reads."""


def to_onnx(model: Sequential, path: str | PathLike[str]) -> None:
    """Write a model as an ONNX file, for onnxruntime and others that run such.

    The input ``x`` is of examples as `Sequential.predict` takes them, (n, features) or (n, height,
    width, channels), and the output ``y`` is what it gives, probabilities included; both are of the
    model's dtype, and n is free. What only training does, such as `Dropout`, is left out.

    Parameters
    ----------
    model : Sequential
        The model.
    path : str or path-like
        The file, by custom ``.onnx``. It is written whole or not at all.

    Raises
    ------
    NotFittedError
        If the model has no weights yet.
    ValueError
        If a layer, an activation or a loss of one's own is among the model's.
    ImportError
        Without the package onnx: ``pip install 'jitnet[onnx]'``, in a checkout
        ``pip install '.[onnx]'``.

    Notes
    -----
    The operators are those of opset 22. Of float64, onnxruntime has no convolution, average pool,
    leaky_relu, elu, gelu or softplus: a model with one of these is to be of float32 to run there.

    Examples
    --------
    >>> import jitnet as jn, pathlib, tempfile
    >>> model = jn.Sequential([jn.Dense(3)], loss="softmax_crossentropy").build(2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     jn.to_onnx(model, pathlib.Path(folder) / "model.onnx")
    """
    write_file(path, onnx_model(model).SerializeToString())


def onnx_model(model: Sequential, input_steps: InputSteps | None = None) -> Any:
    """A model as onnx has it, which may do something with its inputs before the network."""
    try:
        from onnx import checker, helper
    except ImportError as error:
        raise ImportError(f"an ONNX file needs the package onnx: {install('onnx')}") from error

    exported = read(model)
    graph = Graph(exported.dtype)
    name = input_steps(graph) if input_steps else graph.input(INPUT, exported.input)
    _add_network(graph, name, exported)
    kind = helper.np_dtype_to_tensor_dtype(exported.dtype)
    output = helper.make_tensor_value_info(OUTPUT, kind, [BATCH, *exported.output])
    made = helper.make_model(
        helper.make_graph(graph.nodes, "jitnet", graph.inputs, [output], graph.weights),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="jitnet",
        producer_version=package_version(),
    )
    checker.check_model(made, full_check=True)
    return made


def _add_network(graph: Graph, name: str, exported: Exported) -> None:
    """Add the network behind a tensor, and call what it gives the output."""
    value = add_stages(graph, Value(name, exported.input), exported.stages)
    last = graph.channels_last(value).name
    last = row_named("link", exported.link, LINKS, DESTINATION)(graph, last)
    if not graph.nodes or last not in graph.nodes[-1].output:
        last = graph.node("Identity", last)
    graph.nodes[-1].output[0] = OUTPUT
