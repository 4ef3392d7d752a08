"""First weights, drawn in float64 so that every dtype starts from the same numbers.

An initialiser takes a layer's number of inputs and of units and a generator, and returns its
weights, one column a unit. Biases start at zero.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from jitnet.activations import ACTIVATIONS
from jitnet.checks import check_choice

__all__ = ["INITIALIZERS", "Initializer", "check_initializer", "resolve"]


class Initializer(Protocol):
    """A function that draws first weights."""

    __name__: str

    def __call__(
        self,
        n_in: int,
        n_out: int,
        rng: np.random.Generator,
        shape: tuple[int, ...] | None = None,
    ) -> NDArray[np.float64]:
        """Draw weights."""


def zeros(
    n_in: int, n_out: int, rng: np.random.Generator, shape: tuple[int, ...] | None = None
) -> NDArray[np.float64]:
    """All weights 0: every unit of a hidden layer stays like its neighbours for ever.

    Parameters
    ----------
    n_in, n_out : int
        Inputs and units of the layer.
    rng : numpy.random.Generator
        Not drawn from.
    shape : tuple of int, optional
        The weights' shape, (n_in, n_out) by default.

    Returns
    -------
    ndarray of float64

    Examples
    --------
    >>> zeros(2, 3, np.random.default_rng(0)).tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    return np.zeros(shape or (n_in, n_out))


def normal(
    n_in: int, n_out: int, rng: np.random.Generator, shape: tuple[int, ...] | None = None
) -> NDArray[np.float64]:
    """Small normal weights, W ~ N(0, 0.01²): enough to break the symmetry of `zeros`.

    Parameters
    ----------
    n_in, n_out : int
        Inputs and units of the layer.
    rng : numpy.random.Generator
        Where the numbers come from.
    shape : tuple of int, optional
        The weights' shape, (n_in, n_out) by default; a convolution's inputs and units count once
        for each place of its window.

    Returns
    -------
    ndarray of float64

    Examples
    --------
    >>> bool(abs(normal(64, 128, np.random.default_rng(0))).max() < 0.05)
    True
    """
    return rng.normal(0.0, 0.01, shape or (n_in, n_out))


def he_normal(
    n_in: int, n_out: int, rng: np.random.Generator, shape: tuple[int, ...] | None = None
) -> NDArray[np.float64]:
    """Normal weights, W ~ N(0, 2 / n_in), not truncated.

    Keeps the size of what flows forward through ReLU layers (He et al., 2015, *Delving Deep into
    Rectifiers*, equation 10).

    Parameters
    ----------
    n_in, n_out : int
        Inputs and units of the layer.
    rng : numpy.random.Generator
        Where the numbers come from.
    shape : tuple of int, optional
        The weights' shape, (n_in, n_out) by default; a convolution's inputs and units count once
        for each place of its window.

    Returns
    -------
    ndarray of float64

    Examples
    --------
    >>> float(he_normal(200, 200, np.random.default_rng(0)).std().round(2))
    0.1
    """
    return rng.normal(0.0, math.sqrt(2.0 / n_in), shape or (n_in, n_out))


def he_uniform(
    n_in: int, n_out: int, rng: np.random.Generator, shape: tuple[int, ...] | None = None
) -> NDArray[np.float64]:
    """Uniform weights, W ~ U(-a, a) with a = √(6 / n_in): `he_normal`'s variance.

    Parameters
    ----------
    n_in, n_out : int
        Inputs and units of the layer.
    rng : numpy.random.Generator
        Where the numbers come from.
    shape : tuple of int, optional
        The weights' shape, (n_in, n_out) by default; a convolution's inputs and units count once
        for each place of its window.

    Returns
    -------
    ndarray of float64

    Examples
    --------
    >>> bool(abs(he_uniform(6, 100, np.random.default_rng(0))).max() <= 1.0)
    True
    """
    a = math.sqrt(6.0 / n_in)
    return rng.uniform(-a, a, shape or (n_in, n_out))


def glorot_normal(
    n_in: int, n_out: int, rng: np.random.Generator, shape: tuple[int, ...] | None = None
) -> NDArray[np.float64]:
    """Normal weights, W ~ N(0, 2 / (n_in + n_out)), not truncated.

    Balances what flows forward and backward through layers that are linear near 0 (Glorot & Bengio,
    2010, *Understanding the difficulty of training deep feedforward neural networks*, equation 12).

    Parameters
    ----------
    n_in, n_out : int
        Inputs and units of the layer.
    rng : numpy.random.Generator
        Where the numbers come from.
    shape : tuple of int, optional
        The weights' shape, (n_in, n_out) by default; a convolution's inputs and units count once
        for each place of its window.

    Returns
    -------
    ndarray of float64

    Examples
    --------
    >>> float(glorot_normal(150, 50, np.random.default_rng(0)).std().round(2))
    0.1
    """
    return rng.normal(0.0, math.sqrt(2.0 / (n_in + n_out)), shape or (n_in, n_out))


def glorot_uniform(
    n_in: int, n_out: int, rng: np.random.Generator, shape: tuple[int, ...] | None = None
) -> NDArray[np.float64]:
    """Uniform weights, W ~ U(-a, a) with a = √(6 / (n_in + n_out)): `glorot_normal`'s variance.

    Parameters
    ----------
    n_in, n_out : int
        Inputs and units of the layer.
    rng : numpy.random.Generator
        Where the numbers come from.
    shape : tuple of int, optional
        The weights' shape, (n_in, n_out) by default; a convolution's inputs and units count once
        for each place of its window.

    Returns
    -------
    ndarray of float64

    Examples
    --------
    >>> bool(abs(glorot_uniform(4, 2, np.random.default_rng(0))).max() <= 1.0)
    True
    """
    a = math.sqrt(6.0 / (n_in + n_out))
    return rng.uniform(-a, a, shape or (n_in, n_out))


INITIALIZERS: dict[str, Initializer] = {
    "zeros": zeros,
    "normal": normal,
    "he_normal": he_normal,
    "he_uniform": he_uniform,
    "glorot_normal": glorot_normal,
    "glorot_uniform": glorot_uniform,
}
"""Every initialiser by its name; a new one is a function and a row."""

AUTO = "auto"
"""The choice by the layer's activation."""


def resolve(name: str, activation: str) -> Initializer:
    """Look an initialiser up; ``"auto"`` chooses by the layer's activation.

    Parameters
    ----------
    name : str
        A name in `INITIALIZERS`, or ``"auto"``: `he_normal` for an activation that is
        `like_relu`, `glorot_uniform` for any other.
    activation : str
        The layer's activation.

    Returns
    -------
    Initializer
        A function of (n_in, n_out, rng) that returns float64 weights, shape (n_in, n_out).

    Raises
    ------
    TypeError
        If the name is not a string.
    ValueError
        If there is no initialiser of that name.

    Examples
    --------
    >>> resolve("auto", "relu").__name__, resolve("auto", "tanh").__name__
    ('he_normal', 'glorot_uniform')
    """
    name = check_initializer(name)
    if name == AUTO:
        return he_normal if ACTIVATIONS[activation].like_relu else glorot_uniform
    return INITIALIZERS[name]


def check_initializer(name: str) -> str:
    """Return the name of an initialiser, or of the choice by the activation."""
    return check_choice("initializer", name, (AUTO, *INITIALIZERS))
