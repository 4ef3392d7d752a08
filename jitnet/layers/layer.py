"""What a layer is: shapes, parameters, room, and the blocks that run it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jitnet.kernels.jit import Kernel

Shape = tuple[int, ...]
Draw = Callable[[np.random.Generator], NDArray[np.float64]]
"""Draws a parameter's first values, in its shape."""


class Parameter(NamedTuple):
    """A row of a layer's parameters.

    Parameters
    ----------
    name : str
        What kernels call it; they call its gradient ``d`` and the name.
    shape : tuple of int
        Its shape.
    draw : callable, optional
        ``draw(rng)`` draws its first values; zeros by default.
    l2 : float, default 0.0
        λ of its penalty λ/2 Σ W².
    trained : bool, default True
        Whether the optimiser steps it; otherwise it is only copied and saved.
    order : {"C", "F"}, default "C"
        How it lies in memory, where kernels see it as a flat array.
    least : float, optional
        The least that its values can be.
    """

    name: str
    shape: Shape
    draw: Draw | None = None
    l2: float = 0.0
    trained: bool = True
    order: Literal["C", "F"] = "C"
    least: float | None = None

    @property
    def size(self) -> int:
        """Its number of elements."""
        return math.prod(self.shape)


class Room(NamedTuple):
    """Room that a layer's blocks share: ``units`` rows of each panel, or an array of a shape.

    It is zero at first.
    """

    units: int = 0
    shape: Shape = ()

    @property
    def size(self) -> int:
        """Elements of the array."""
        return math.prod(self.shape)


class Cut(NamedTuple):
    """What of a block is divided between workers: a dimension, cut at multiples of the grain.

    A block with the cut ``Cut("row", 100, 4)`` takes the arguments ``first_row`` and ``last_row``.
    Of gradients another dimension may be cut too, ``otherwise``, where the first one cannot be
    divided evenly; the block takes a range of both.
    """

    dimension: str
    size: int
    grain: int = 1
    otherwise: Cut | None = None


class Operation(NamedTuple):
    """A kernel in a layer's use.

    Parameters
    ----------
    kernel : Kernel
        A function compiled by `njit`. Its arguments are found by their names: see `Layer`.
    cut : Cut, optional
        What else than panels is divided between workers. By default that is ``unit``, where the
        kernel takes ``first_unit`` and ``last_unit``: forward the rows of Y, otherwise those of X.
    settings : mapping of str to int, float or bool
        Numbers that the kernel asks for by name.
    pointwise : bool, default False
        Whether each unit is computed from the same unit alone; without parameters, and outside of
        training, all of them in the same way.
    names : mapping of str to str
        Arguments that the kernel calls otherwise: its name and the one to look up.
    whole : bool, default False
        Whether it needs what was written before for all panels of the batch: a step of training
        then waits for it, and the batch goes through the network as one block. Only steps of
        training call it. Forward and backward, one that does not ask for panels is divided by its
        cut alone, over all panels.
    waits : bool, default False
        Of gradients: whether it reads what all workers have written in the operation before.
    """

    kernel: Kernel
    cut: Cut | None = None
    settings: Mapping[str, float] = {}
    pointwise: bool = False
    names: Mapping[str, str] = {}
    whole: bool = False
    waits: bool = False


class Node(NamedTuple):
    """A layer for inputs of one shape.

    Parameters
    ----------
    output : tuple of int
        The shape of an example's output.
    forward : tuple of Operation
        Y from X, for the worker's panels. Without any, Y is X.
    backward : tuple of Operation
        dX from dY, for the worker's panels; left out where nobody needs dX.
    gradients : tuple of Operation
        The parameters' gradients, from all panels, for the worker's part of what the operation's
        cut divides. Each of them is summed by one worker, in the order of the panels.
    parameters : tuple of Parameter
        The rows of its parameters.
    rooms : mapping of str to Room
        Room for what its blocks keep, by the name that kernels ask for it.
    arrange : tuple of Operation
        What gradients need laid out in another order, panel by panel, when dY is known.
    prepare : Operation, optional
        What is made of the first parameter once a step, when it has been updated. Its cut counts
        the rows that the parameter is made of in memory.
    prepare_for : {"forward", "backward"}, default "forward"
        Who reads what is prepared: where nobody needs dX, nothing is prepared for backward.
    input_gradients : tuple of Operation
        Instead of ``gradients`` where X is the network's input: of it there is also ``X_rows``
        (panels, blocks times width + 1, width), each block of a panel turned, an example a row.
    few : Operation, or tuple of such, optional
        Y (examples, units) from X (examples, units) for a few examples, to the same bits.
    in_place : bool, default False
        Whether dX is written over dY, which backward then finds in dX.
    is_free : bool, default False
        Whether Y is X and dY is dX, the same numbers in another shape: there is nothing to run.
    places : int, default 1
        How often an example meets each weight: a convolution's window has so many places.
    scratch : int, default 0
        Numbers that a worker needs room for in ``scratch``, beside what all have.
    is_activated : bool, default False
        Whether Y is what the layer's activation makes of it already.
    sparse : Node, optional
        Its twin, of the same output and parameters, for a network's input of sparse rows: instead
        of X its kernels take ``indptr``, ``indices``, ``numbers`` and ``order``.
    track : tuple of Operation
        Once a step of training that counts, beside the optimiser's: parameters that are not trained
        follow what the batch was, such as running means. Divided between workers as gradients are.
    least_examples : int, default 1
        Examples that a batch of training must have.
    borrows : mapping of str to (int, str)
        Arrays of other nodes, by the name that kernels ask for them: how many nodes further on, or
        back where it is negative, and what is borrowed there, ``"X"``, ``"Y"``, ``"dX"`` or
        ``"dY"``.
    inner : tuple of Node
        The nodes that it is made of, one after the other, instead of operations of its own.
    path : tuple of int
        Of one of those: the place of its layer among the inner ones, and within that.
    times : int, default 1
        Time steps, each of which the kernels see as a panel of its own: X is then (panels · times,
        units / times, width), and so are the other arrays and rooms of units.
    over_time : {"mixed", "each", "both", "last", "all"}, default "mixed"
        What it makes of sequences, whose end ``mask`` shows. An output for each time step, of that
        one and those before it, or of those on both sides before the end; or one output, that of
        the last step, or of all of them before the end. Otherwise it mixes them with what is behind
        the end, and examples that end early are refused. Where all is pointwise, and the shape is
        kept, it is each.
    vocabulary : int, default 0
        Where X is the network's input of indices instead of numbers, how many there are.
    masks_zero : bool, default False
        Whether the index 0 stands for a time step that is none.
    join : callable, optional
        ``join(after)`` is its twin, of the same parameters, that does to the same bits what it and
        the next node do one after the other; None where they are better left as they are. One
        without ``backward`` runs where nobody needs dX, one without ``few`` not for a few examples.
    input : int, optional
        The number of the network's input that it takes instead of the output before it.
    state : int, default 0
        Numbers that are kept of an example from one batch to the next.
    """

    output: Shape
    forward: tuple[Operation, ...]
    backward: tuple[Operation, ...]
    gradients: tuple[Operation, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    rooms: Mapping[str, Room] = {}
    arrange: tuple[Operation, ...] = ()
    prepare: Operation | None = None
    prepare_for: Literal["forward", "backward"] = "forward"
    input_gradients: tuple[Operation, ...] = ()
    few: Operation | tuple[Operation, ...] | None = None
    in_place: bool = False
    is_free: bool = False
    places: int = 1
    scratch: int = 0
    is_activated: bool = False
    sparse: Node | None = None
    track: tuple[Operation, ...] = ()
    least_examples: int = 1
    borrows: Mapping[str, tuple[int, str]] = {}
    inner: tuple[Node, ...] = ()
    path: tuple[int, ...] = ()
    times: int = 1
    over_time: Literal["mixed", "each", "both", "last", "all"] = "mixed"
    vocabulary: int = 0
    masks_zero: bool = False
    join: Callable[[Node], Node | None] | None = None
    input: int | None = None
    state: int = 0


def few_of(node: Node) -> tuple[Operation, ...]:
    """What a node does for a few examples, if it has a way of its own."""
    if node.few is None:
        return ()
    alone = isinstance(node.few, Operation) or not isinstance(node.few, tuple)
    return (node.few,) if alone else node.few  # type: ignore[return-value]


class Layer(ABC):
    """What all layers are: a frozen dataclass of settings that says its node for a shape.

    Kernels find their arguments by these names:

    ``X``, ``dX``
        The input and its gradient, (panels, units, width): a panel holds ``width`` examples, side
        by side in the lanes of SIMD vectors, and a row of it is a unit.
    ``Y``, ``dY``
        The output and its gradient, in the same form.
    a parameter's name, and ``d`` before it
        The parameter and its gradient, flat.
    a room's name
        (panels, units, width) for a room of units, otherwise an array of its shape.
    ``scratch``
        Room of the worker's own, (1, size), in which nothing is kept from one call to the next; for
        a few examples as well.
    ``examples``
        Examples in all panels; the last panel may be filled up with copies of the last one.
    ``first_panel``, ``last_panel``
        The worker's panels, forward and backward.
    ``first_unit``, ``last_unit``
        The worker's units; or other names, by the operation's cut. Forward and backward, a kernel
        whose units need one another does not ask for them, and is given all.
    ``add``
        Whether gradients are added to those there are (1) or written (0).
    ``training``
        1 in a step of training, otherwise 0.
    ``key``, ``first_example``
        A random key of the step, and the place in the batch of the first panel's first example.
    ``indptr``, ``indices``, ``numbers``
        The network's input where that is sparse rows, (n_samples + 1,) of int64, of int32 and in
        the model's type; the examples of the batch are ``order[batch_first:batch_last]``.
    ``node``
        The layer's number in the network.
    ``times``
        The node's time steps, if each is a panel of its own, otherwise 1.
    ``mask``
        (panels, time, width): 1 at each time step of an example, 0 behind its end.
    ``states``, ``first_state``, ``state_size``
        What is kept from batch to batch, flat: of each panel ``state_size`` rows, of which the
        node's begin at ``first_state``.
    settings of the operation
        By their names.

    Examples
    --------
    `jitnet.Dropout` and `jitnet.LayerNorm` are short ones to begin from; CONTRIBUTING.md has a
    whole one on a page.
    """

    @abstractmethod
    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape.

        Parameters
        ----------
        shape : tuple of int
            The shape of an example's input.
        width : int
            Examples in a panel, for what depends on it.

        Returns
        -------
        Node
            Its output's shape, parameters, room and operations.

        Raises
        ------
        ValueError
            If the layer takes no such inputs.
        """

    def node_of_sparse(self, shape: Shape, width: int) -> Node:
        """The layer for a network's inputs that are mostly zeros.

        Of the same parameters, which may lie otherwise. By default it is as for others.
        """
        return self.node(shape, width)
