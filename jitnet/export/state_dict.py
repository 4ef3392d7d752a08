"""The weights of a model as PyTorch names and lays them out, to a file and from one."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

import numpy as np

from jitnet.arrays import Array
from jitnet.export.network import check_model, read
from jitnet.export.torch_chain import named
from jitnet.export.torch_layers import COUNTER, modules_of
from jitnet.extras import install
from jitnet.io.files import write_file
from jitnet.model import Sequential
from jitnet.quoting import shortened
from jitnet.validation import as_numbers_of, check_fits

INSTALL = f"a file of a state dict needs the package safetensors: {install('cli')}"


def save_state_dict(model: Sequential, path: str | PathLike[str]) -> None:
    """Write a model's weights as the equal ``nn.Sequential`` of PyTorch has them; without PyTorch.

    The file is one of safetensors, with names such as ``0.weight`` and ``2.running_mean`` and
    PyTorch's layouts: there ``module.load_state_dict(safetensors.torch.load_file(path))`` reads it.
    `to_torch` makes that module; `jitnet.export.torch_layers` has the table of what is equal to
    what. Each module has a number, an activation too. Where images are flattened, the weights that
    follow are in the order of PyTorch's, whose channels come first.

    Parameters
    ----------
    model : Sequential
        The model.
    path : str or path-like
        The file. It is written whole or not at all.

    Raises
    ------
    NotFittedError
        If the model has no weights yet.
    ValueError
        If a layer or an activation of one's own is among the model's.
    ImportError
        Without the package safetensors: ``pip install 'jitnet[cli]'``, in a checkout
        ``pip install '.[cli]'``.

    Examples
    --------
    >>> import jitnet as jn, pathlib, tempfile
    >>> layers = [jn.Dense(3, activation="relu"), jn.Dense(1)]
    >>> model = jn.Sequential(layers, loss="mse").build(2)
    >>> same = jn.Sequential(layers, loss="mse", seed=1).build(2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     jn.save_state_dict(model, pathlib.Path(folder) / "weights.safetensors")
    ...     jn.load_state_dict(same, pathlib.Path(folder) / "weights.safetensors")
    >>> bool((same.get_weights()[2] == model.get_weights()[2]).all())
    True
    """
    write_file(path, state_dict_bytes(model))


def state_dict_bytes(model: Sequential) -> bytes:
    """What `save_state_dict` writes."""
    try:
        from safetensors.numpy import save
    except ImportError as error:
        raise ImportError(INSTALL) from error

    content: bytes = save(to_state_dict(model))
    return content


def load_state_dict(model: Sequential, path: str | PathLike[str]) -> None:
    """Give a model the weights that an equal ``nn.Sequential`` of PyTorch has in a file.

    It is what ``safetensors.torch.save_file(module.state_dict(), path)`` writes, or
    `save_state_dict`.

    Parameters
    ----------
    model : Sequential
        The model, built: its layers say what is equal.
    path : str or path-like
        The file, of safetensors.

    Raises
    ------
    NotFittedError
        If the model has not been built.
    OSError
        If the file cannot be read.
    TypeError
        If a tensor holds no real numbers.
    ValueError
        If it is no such file, or has other tensors than the model; the model is left as it was.
    ImportError
        Without the package safetensors: ``pip install 'jitnet[cli]'``, in a checkout
        ``pip install '.[cli]'``.

    Examples
    --------
    See `save_state_dict`.
    """
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load
    except ImportError as error:
        raise ImportError(INSTALL) from error

    content = Path(path).read_bytes()
    try:
        tensors = load(content)
    except (SafetensorError, KeyError, TypeError) as error:
        raise ValueError(
            f"{os.fspath(path)!r} is no file of safetensors, or of a type that NumPy has not: "
            f"{shortened(repr(error))}"
        ) from error
    from_state_dict(model, tensors)


def to_state_dict(model: Sequential) -> dict[str, Array]:
    """A model's weights by PyTorch's names, in its layouts."""
    return {name: np.array(array, order="C") for name, array in named(modules_of(read(model)))}


def from_state_dict(model: Sequential, tensors: Mapping[str, Array]) -> None:
    """Give a model the weights that are there by PyTorch's names, in its layouts."""
    check_model(model)
    weights = model.get_weights()
    places = _places(model)
    wrong = sorted(set(places) ^ {name for name in tensors if not name.endswith(COUNTER)})
    if wrong:
        raise ValueError(
            "the model and the file must have the same tensors, but not both have "
            f"{shortened(str(wrong))}"
        )
    flat = np.zeros(sum(array.size for array in weights))
    for name, place in places.items():
        given = as_numbers_of(tensors[name], name)
        if given.shape != place.shape:
            raise ValueError(f"{name} must be {place.shape}, but is {given.shape}")
        check_fits(given, model.dtype, name)
        with np.errstate(over="ignore"):  # a sum that is too large is refused below
            flat[place] += given
    ends = np.cumsum([array.size for array in weights])[:-1]
    parts = np.split(flat, ends)
    model.set_weights([part.reshape(w.shape) for part, w in zip(parts, weights, strict=True)])


def _places(model: Sequential) -> dict[str, Array]:
    """Where each number of PyTorch's tensors stands among all of the model's.

    The layouts move numbers about and change none: they tell where each one goes as well.
    """
    numbered, first = [], 0
    for array in model.get_weights():
        numbered.append(np.arange(first, first + array.size).reshape(array.shape))
        first += math.prod(array.shape)
    moved = named(modules_of(read(model, numbered)), added=True)
    return {name: places for name, places in moved if not name.endswith(COUNTER)}
