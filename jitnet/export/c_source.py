"""A model as one file of C."""

from __future__ import annotations

import math
from os import PathLike
from string import Template

import numpy as np

from jitnet.export.c_layers import add_network
from jitnet.export.c_main import kind_of, main_program, numbers_of, size_of
from jitnet.export.c_table import table_source
from jitnet.export.c_writer import Source
from jitnet.export.network import Input, read
from jitnet.io.files import write_file
from jitnet.layers.layer import Shape
from jitnet.model import Sequential
from jitnet.tabular.model import TableModel
from jitnet.version import package_version

ROWS_TO_TEST = 4

FILE = """\
/* A neural network, written by jitnet $version as C99.

   void jitnet_predict($parameters, $real *y);

$takes
   y is its prediction, $gives.

   jitnet_predict works in a static array, for one thread at a time. jitnet_predict_in is given room
   for JITNET_SCRATCH numbers instead, a room a thread.

       cc -std=c99 -O3 -march=native -c FILE
       cc -std=c99 -O3 -DJITNET_MAIN FILE -lm -o predict
       ./predict --self-test
       ./predict < rows.csv                                                                      */

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

$inputs
#define JITNET_OUTPUTS $outputs
#define JITNET_SCRATCH $scratch

void jitnet_predict($parameters, $real *y);
void jitnet_predict_in($parameters, $real *y, $real *scratch);

$functions
$arrays
void jitnet_predict_in($parameters, $real *y, $real *scratch)
{
$calls
}

void jitnet_predict($parameters, $real *y)
{
    static $real scratch[JITNET_SCRATCH];
    jitnet_predict_in($names, y, scratch);
}

$main"""

MEANINGS = {
    "identity": "values",
    "logistic": "probabilities",
    "exponential": "rates",
    "softmax": "probabilities of classes, which sum to 1",
}
"""What the predictions of a link are."""


def to_c(model: Sequential | TableModel, path: str | PathLike[str]) -> None:
    """Write a model as one self-contained file of C99.

    It needs nothing but a compiler: the weights are constants, no memory is allocated, and the
    loops are there to be read. ``void jitnet_predict(const float *x, float *y)`` predicts of one
    example what `Sequential.predict` does; of a float64 model all is double. The indices of a model
    that begins with an `Embedding` are a ``const int *x``, and must be below its vocabulary. A
    model that begins with `Branches` takes its inputs as ``x_0``, ``x_1`` and so on, before ``y``.
    Sequences have all their time steps, and `stateful` layers begin each prediction with a state of
    zero. Compiled with ``-DJITNET_MAIN`` the file is a program that predicts rows of numbers from
    its standard input, those of all inputs one after the other, or with ``--self-test`` checks that
    it predicts what the model does.

    Of a `TableModel` the file takes along what was learned of the columns. There ``jitnet_predict``
    takes a ``jitnet_row`` with a field for each column, named in lower-case ASCII: a float for a
    number, a ``const char *`` for a category, an ordered or a truth value, and the seconds since
    1970-01-01 in a long long for a date. ``NAN``, ``NULL`` and ``JITNET_NO_DATE`` are missing
    values. It gives the probabilities of the classes, whose names are ``jitnet_class(k)``, or a
    number in the target's units. The program then reads CSV with a header, whatever the order of
    its columns, and prints what ``jitnet predict --probabilities`` does; dates are to be ISO's.

    Parameters
    ----------
    model : Sequential or TableModel
        The model.
    path : str or path-like
        The file, by custom ``.c``. It is written whole or not at all.

    Raises
    ------
    NotFittedError
        If the model has no weights yet.
    ValueError
        If a layer, an activation or a loss of one's own is among the model's, or an `Embedding`
        with ``mask_zero``.

    Notes
    -----
    A float has 24 bits: a number of a table beyond 16,777,216 comes in rounded, by up to 32 where
    it is 1e9. `to_onnx` says what to do where that matters.

    Examples
    --------
    >>> import jitnet as jn, pathlib, tempfile
    >>> model = jn.Sequential([jn.Dense(3)], loss="softmax_crossentropy").build(2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     jn.to_c(model, pathlib.Path(folder) / "model.c")
    """
    write_file(path, c_source(model).encode())


def c_source(model: Sequential | TableModel) -> str:
    """A model in C."""
    return table_source(model) if isinstance(model, TableModel) else _network_source(model)


def _network_source(model: Sequential) -> str:
    exported, rng = read(model), np.random.default_rng(0)
    source, inputs = Source(exported.dtype), exported.inputs
    names = [own.name for own in inputs]
    add_network(source, names, "y", exported)
    rows = exported.rows(ROWS_TO_TEST, rng)
    parts = rows if len(inputs) > 1 else (rows,)
    return Template(FILE).substitute(
        version=package_version(),
        real=source.real,
        parameters=", ".join(f"const {kind_of(source, own)} *{own.name}" for own in inputs),
        names=", ".join(names),
        takes="\n".join(map(_taken, inputs)),
        gives=_described(exported.output, MEANINGS[exported.link]),
        inputs="\n".join(f"#define {size_of(own)} {math.prod(own.shape)}" for own in inputs),
        outputs=math.prod(exported.output),
        scratch=max(1, sum(source.sizes)),
        arrays="\n".join(source.arrays),
        functions=source.functions(),
        calls="\n".join([source.beginning(), *source.calls]),
        main=main_program(source, inputs, parts, model.predict(rows)),
    )


def _taken(own: Input) -> str:
    return f"   {own.name} is an example's {_described(own.shape, numbers_of(own))}."


def _described(shape: Shape, what: str) -> str:
    """``784 numbers: (28, 28, 1), the last axis side by side``."""
    axes = f": {shape}, the last axis side by side" * (len(shape) > 1)
    return f"{math.prod(shape)} {what}{axes}"
