"""The weights of a model of Keras's, out of the file that it writes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from jitnet.arrays import Array
from jitnet.export.network import Stage, read, row_for
from jitnet.extras import install
from jitnet.layers import BatchNorm, Conv1D, Conv2D, Dense, LayerNorm
from jitnet.model import Sequential

NAMES: dict[type[Any], str] = {
    BatchNorm: "batch_normalization",
    Conv1D: "conv1d",
    Conv2D: "conv2d",
    Dense: "dense",
    LayerNorm: "layer_normalization",
}
"""What Keras calls a layer with weights; their order and their layouts are the same there."""


def from_keras(path: str | PathLike[str], model: Sequential) -> Sequential:
    """Give a model the weights that Keras 3 wrote of an equal one, by ``save_weights``.

    Parameters
    ----------
    path : str or path-like
        The file, which ends with ``.weights.h5``.
    model : Sequential
        A model that is built, with the same layers with weights in the same order. Activations,
        strides, and ε, which Keras's normalisations have at 1e-3 by themselves, are not in the
        file: they are the model's.

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

    stages = list(with_weights(read(model).stages))
    with Path(path).open("rb"):  # the system's own error where there is no such file
        pass
    try:
        with h5py.File(path) as file:
            found = _arrays(file)
    except OSError as error:
        raise ValueError(f"{os.fspath(path)!r} is no file of HDF5: {error}") from error
    expected = _expected(stages)
    wrong = sorted(set(found) ^ set(expected))
    if wrong:
        raise ValueError(
            f"the model and {os.fspath(path)!r} must have the same weights, but not both have "
            f"{wrong}"
        )
    for name, shape in expected.items():
        if found[name].shape != shape:
            raise ValueError(f"{name} must be {shape}, but is {found[name].shape}")
    model.set_weights([found[name] for name in expected])
    return model


def with_weights(stages: tuple[Stage, ...]) -> Iterator[Stage]:
    """The layers that have weights, and those within others, in their order."""
    for stage in stages:
        if stage.weights:
            yield stage
        yield from with_weights(stage.inner)


def _expected(stages: list[Stage]) -> dict[str, tuple[int, ...]]:
    """The names that Keras gives the model's parameters, in their order, and their shapes."""
    counts: Counter[str] = Counter()
    expected = {}
    for stage in stages:
        kind = row_for(stage.layer, NAMES, "Keras")
        name = f"{kind}_{counts[kind]}" if counts[kind] else kind
        counts[kind] += 1
        for number, array in enumerate(stage.weights.values()):
            expected[f"layers/{name}/vars/{number}"] = array.shape
    return expected


def _arrays(file: Any) -> Mapping[str, Array]:
    """All arrays of a file but those of the optimiser."""
    arrays: dict[str, Array] = {}

    def take(name: str, found: Any) -> None:
        if hasattr(found, "shape") and not name.startswith("optimizer/"):
            arrays[name] = found[()]

    file.visititems(take)
    return arrays
