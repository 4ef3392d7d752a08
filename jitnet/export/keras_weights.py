"""The weights of a model of Keras's, out of the file that it writes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from jitnet.arrays import Array
from jitnet.export.keras_layers import LAYERS, InKeras
from jitnet.export.network import Stage, read, row_for
from jitnet.extras import install
from jitnet.layers.layer import Shape
from jitnet.model import Sequential
from jitnet.quoting import first_line

DAMAGED = (LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError)
"""What h5py raises where a file is damaged, or of another kind."""


def from_keras(path: str | PathLike[str], model: Sequential) -> Sequential:
    """Give a model the weights that Keras 3 wrote of an equal one, by ``save_weights``.

    Parameters
    ----------
    path : str or path-like
        The file, which ends with ``.weights.h5``.
    model : Sequential
        A model that is built, with the same layers with weights in the same order. Activations,
        strides, and ε, which Keras's normalisations have at 1e-3 by themselves, are not in the
        file: they are the model's. A GRU is one with ``reset_after``, as Keras makes it by itself.

    Returns
    -------
    Sequential
        The model itself.

    Raises
    ------
    NotFittedError
        If the model has not been built.
    OSError
        If the file cannot be read.
    ValueError
        If it is no such file, or has other weights than the model; the model is left as it was.
    ImportError
        Without the package h5py: ``pip install 'jitnet[keras]'``, in a checkout
        ``pip install '.[keras]'``.

    Examples
    --------
    >>> import jitnet as jn, h5py, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "model.weights.h5"
    ...     with h5py.File(path, "w") as file:  # as keras.Sequential([Dense(1)]) writes it
    ...         file["layers/dense/vars/0"], file["layers/dense/vars/1"] = [[2.0]], [1.0]
    ...     model = jn.from_keras(path, jn.Sequential([jn.Dense(1)], loss="mse").build(1))
    >>> model.predict([[3.0]]).item()
    7.0
    """
    try:
        import h5py
    except ImportError as error:
        need = f"a weights file of Keras's needs the package h5py: {install('keras')}"
        raise ImportError(need) from error

    named = _named(list(with_weights(read(model).stages)))
    expected = {
        f"{group}/{name}": shape
        for stage, group, row in named
        for name, shape in row.shapes(stage).items()
    }
    with Path(path).open("rb"):  # the system's own error where there is no such file
        pass
    try:
        with h5py.File(path) as file:
            found = _arrays(file, expected)
    except DAMAGED as error:
        raise ValueError(
            f"{os.fspath(path)!r} is no file of HDF5 that fits: {first_line(error)}"
        ) from error
    weights: list[Array] = []
    for stage, group, row in named:
        arrays = [found[f"{group}/{name}"] for name in row.shapes(stage)]
        weights += row.weights(stage, arrays)
    model.set_weights(weights)
    return model


def with_weights(stages: tuple[Stage, ...]) -> Iterator[Stage]:
    """The layers that have weights, and those within others, in their order.

    Branches as a whole: Keras keeps their layers by the depth of a graph.
    """
    for stage in stages:
        if stage.weights or stage.branches:
            yield stage
        yield from with_weights(stage.inner)


def _named(stages: list[Stage]) -> list[tuple[Stage, str, InKeras]]:
    """The layers with the groups that Keras keeps their arrays in."""
    counts: Counter[str] = Counter()
    named = []
    for stage in stages:
        row = row_for(stage.layer, LAYERS, "Keras")
        number = counts[row.name]
        named.append((stage, f"layers/{row.name}" + f"_{number}" * (number > 0), row))
        counts[row.name] += 1
    return named


def _arrays(file: Any, expected: Mapping[str, Shape]) -> Mapping[str, Array]:
    """The arrays that are expected, of a file that has no others but those of the optimiser."""
    there: dict[str, Any] = {}

    def take(name: str, found: Any) -> None:
        if hasattr(found, "shape") and not name.startswith("optimizer/"):
            there[name] = found

    file.visititems(take)
    wrong = sorted(set(there) ^ set(expected))
    if wrong:
        raise ValueError(f"it must have the weights of the model, but not both have {wrong}")
    return {name: _array(name, there[name], shape) for name, shape in expected.items()}


def _array(name: str, found: Any, shape: Shape) -> Array:
    """An array's numbers, which lie in the file itself: it may name any other one for them."""
    if found.shape != shape:
        raise ValueError(f"{name} must be {shape}, but is {found.shape}")
    if found.external or found.is_virtual:
        raise ValueError(f"the numbers of {name} lie in other files, which are not read")
    array: Array = found[()]
    return array
