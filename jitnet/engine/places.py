"""Where the arrays of a block of examples lie, on their way through a network and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.engine.nodes import Nodes
from jitnet.memory import APART_BYTES, aligned, zeros


class NodePlaces(NamedTuple):
    """Where a node's arrays begin."""

    X: int
    dX: int
    Y: int
    dY: int
    rooms: Mapping[str, int]


class Places(NamedTuple):
    """Where everything begins in the flat array of a batch's values."""

    panels: int
    nodes: list[NodePlaces]
    inputs: list[int]
    masks: Mapping[tuple[int, int], int]  # by the input and the time steps
    input_rows: int
    targets: int
    weights: int
    losses: int
    counts: int
    size: int

    def values(self, dtype: Any) -> Array:
        """Room for all of it."""
        return zeros(self.size, dtype)


class _Taker:
    """Takes places one after the other."""

    def __init__(self, unit: int, apart: int) -> None:
        self.unit, self.apart, self.place = unit, apart, 0

    def elements(self, count: int) -> int:
        """The place of so many elements."""
        start = self.place
        self.place += aligned(count) + self.apart
        return start

    def units(self, units: int) -> int:
        """The place of an array of panels, of so many units."""
        return self.elements(units * self.unit)


def place_batch(nodes: Nodes, panels: int, dtype: Any) -> Places:
    """Places for so many panels of examples."""
    width = nodes.width
    take = _Taker(panels * width, APART_BYTES // np.dtype(dtype).itemsize)
    n_out, times = nodes.n_outputs, nodes.times
    inputs = [take.units(0 if nodes.is_sparse else given.units) for given in nodes.inputs]
    keeps_rows = nodes.reader.input_gradients and not nodes.is_sparse
    input_rows = take.units(nodes.blocks() * (width + 1) if keeps_rows else 0)
    masks = {key: take.units(key[1]) for key in nodes.mask_times()}
    placed: list[NodePlaces] = []
    Y = dY = 0
    for number, (node, before) in enumerate(zip(nodes.nodes, nodes.before, strict=True)):
        units = nodes.n_out(number)
        if before < 0:
            given = nodes.inputs[-1 - before]
            Y = inputs[-1 - before]
            # of the input, which nobody computes, but the loss where there is nothing between
            dY = take.units(given.units) if nodes.nodes[given.reader].is_free else Y
            reader = given.reader
        X, dX = Y, dY
        if node.forward:
            Y = take.units(units)
        if not node.is_free:
            dY = dX if node.in_place and number > reader else take.units(units)
        rooms = {
            name: take.units(room.units) if room.units else take.elements(room.size)
            for name, room in node.rooms.items()
        }
        placed.append(NodePlaces(X, dY if node.in_place else dX, Y, dY, rooms))
    return Places(
        panels=panels,
        nodes=placed,
        inputs=inputs,
        masks=masks,
        input_rows=input_rows,
        targets=take.units(n_out),
        weights=take.units(times),
        losses=take.units(times),
        counts=take.units(times),
        size=take.place,
    )


def place_few(nodes: Nodes, dtype: Any) -> Places:
    """Places for fewer examples than half a panel, (examples, units), through a network.

    The output's logits and predictions are a panel each.
    """
    width = nodes.width
    take = _Taker(width // 2, APART_BYTES // np.dtype(dtype).itemsize)
    # whole vectors are read beyond the last example
    inputs = [take.units(given.units + 2) for given in nodes.inputs]
    masks = {key: take.units(key[1]) for key in nodes.mask_times()}
    placed: list[NodePlaces] = []
    Y = 0
    for number, (node, before) in enumerate(zip(nodes.nodes, nodes.before, strict=True)):
        X = inputs[-1 - before] if before < 0 else Y
        Y = take.units(nodes.n_out(number) + 2) if node.forward else X
        rooms = {
            name: take.units(room.units + 2) if room.units else take.elements(room.size)
            for name, room in node.rooms.items()
        }
        placed.append(NodePlaces(X, X, Y, Y, rooms))
    return Places(
        panels=1,
        nodes=placed,
        inputs=inputs,
        masks=masks,
        input_rows=0,
        targets=take.elements(nodes.n_outputs * width),
        weights=take.elements(nodes.n_outputs * width),
        losses=0,
        counts=0,
        size=take.place,
    )
