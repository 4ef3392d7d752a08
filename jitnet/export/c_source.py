"""A model as one file of C."""

from __future__ import annotations

import math
from collections.abc import Callable
from os import PathLike
from string import Template
from typing import NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.export.c_functions import LINKS
from jitnet.export.c_layers import DESTINATION, add_stages
from jitnet.export.c_main import main_program
from jitnet.export.c_writer import Source
from jitnet.export.network import Exported, read, row_named
from jitnet.io.files import write_file
from jitnet.layers.layer import Shape
from jitnet.model import Sequential
from jitnet.version import package_version

ROWS_TO_TEST = 4

FILE = """\
/* A neural network, written by jitnet $version as C99.

   void jitnet_predict(const $real *x, $real *y);

   x is an example, $takes.
   y is its prediction, $gives.

   jitnet_predict works in a static array, for one thread at a time. jitnet_predict_in is given room
   for JITNET_SCRATCH numbers instead, a room a thread.

       cc -std=c99 -O3 -march=native -c FILE
       cc -std=c99 -O3 -DJITNET_MAIN FILE -lm -o predict
       ./predict --self-test
       ./predict < rows.csv                                                                      */

#include <math.h>
#include <stddef.h>
#include <string.h>

#define JITNET_INPUTS $inputs
#define JITNET_OUTPUTS $outputs
#define JITNET_SCRATCH $scratch

void jitnet_predict(const $real *x, $real *y);
void jitnet_predict_in(const $real *x, $real *y, $real *scratch);

$functions
$arrays
void jitnet_predict_in(const $real *x, $real *y, $real *scratch)
{
$calls
}

void jitnet_predict(const $real *x, $real *y)
{
    static $real scratch[JITNET_SCRATCH];
    jitnet_predict_in(x, y, scratch);
}

$main"""

MEANINGS = {
    "identity": "values",
    "logistic": "probabilities",
    "exponential": "rates",
    "softmax": "probabilities of classes, which sum to 1",
}
"""What the predictions of a link are."""


class InputSteps(NamedTuple):
    """What comes before the network.

    Parameters
    ----------
    write : callable
        Adds what fills a buffer from ``x``; the name of that buffer.
    takes : tuple of int
        The shape of an example at ``x``.
    rows : ndarray
        Such examples.
    predictions : ndarray
        What is to be predicted of them.
    """

    write: Callable[[Source], str]
    takes: Shape
    rows: Array
    predictions: Array


def to_c(model: Sequential, path: str | PathLike[str]) -> None:
    """Write a model as one self-contained file of C99.

    It needs nothing but a compiler: the weights are constants, no memory is allocated, and the
    loops are there to be read. ``void jitnet_predict(const float *x, float *y)`` predicts of one
    example what `Sequential.predict` does; of a float64 model all is double. Compiled with
    ``-DJITNET_MAIN`` it is a program that predicts rows of numbers from its standard input, or with
    ``--self-test`` checks that it predicts what the model does.

    Parameters
    ----------
    model : Sequential
        The model.
    path : str or path-like
        The file, by custom ``.c``. It is written whole or not at all.

    Raises
    ------
    NotFittedError
        If the model has no weights yet.
    ValueError
        If a layer, an activation or a loss of one's own is among the model's.

    Examples
    --------
    >>> import jitnet as jn, pathlib, tempfile
    >>> model = jn.Sequential([jn.Dense(3)], loss="softmax_crossentropy").build(2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     jn.to_c(model, pathlib.Path(folder) / "model.c")
    """
    write_file(path, c_source(model).encode())


def c_source(model: Sequential, input_steps: InputSteps | None = None) -> str:
    """A model in C, which may do something with its inputs before the network."""
    exported = read(model)
    steps = input_steps or _straight_in(model, exported)
    source = Source(exported.dtype)
    outputs = math.prod(exported.output)
    last = add_stages(source, steps.write(source), exported.stages)
    source.add(f"memcpy(y, {last}, {outputs} * sizeof *y);")
    link = row_named("link", exported.link, LINKS, DESTINATION)
    if link is not None:
        source.call(link, "y", outputs)
    return Template(FILE).substitute(
        version=package_version(),
        real=source.real,
        takes=_described(steps.takes, "numbers"),
        gives=_described(exported.output, MEANINGS[exported.link]),
        inputs=math.prod(steps.takes),
        outputs=outputs,
        scratch=max(1, sum(source.sizes)),
        arrays="\n".join(source.arrays),
        functions=source.functions(),
        calls="\n".join([*_buffers(source), *source.calls]),
        main=main_program(source, steps.rows, steps.predictions),
    )


def _straight_in(model: Sequential, exported: Exported) -> InputSteps:
    """Nothing before the network, and rows to test it with."""
    shape = (ROWS_TO_TEST, *exported.input)
    rows = np.random.default_rng(0).normal(size=shape).astype(exported.dtype)
    return InputSteps(lambda source: "x", exported.input, rows, model.predict(rows))


def _buffers(source: Source) -> list[str]:
    """Where in the scratch each buffer begins."""
    if not source.sizes:
        return ["    (void)scratch;"]
    places = np.cumsum([0, *source.sizes])
    return [
        f"    {source.real} *const b{number} = scratch + {place};"
        for number, place in enumerate(places[:-1])
    ]


def _described(shape: Shape, what: str) -> str:
    """``784 numbers: (28, 28, 1), the last axis side by side``."""
    axes = f": {shape}, the last axis side by side" * (len(shape) > 1)
    return f"{math.prod(shape)} {what}{axes}"
