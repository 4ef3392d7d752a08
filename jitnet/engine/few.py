"""Predictions for a few examples, which as a panel would cost as much as a full one.

Units lie in the lanes instead of examples. What is computed, and in what order, is the same as in
the compiled loop, and so are its bits. The kernel is compiled by itself: in that loop it would have
everyone wait a second longer for the first fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.engine import calls as c
from jitnet.engine.nodes import Nodes
from jitnet.engine.places import place_few
from jitnet.engine.steps import span as s
from jitnet.engine.turns import Turns
from jitnet.kernels.blocks import call_block
from jitnet.kernels.cache import compilation
from jitnet.kernels.intrinsics import address_at, at
from jitnet.kernels.jit import njit
from jitnet.kernels.turn import AMONG_READERS, DOOR, give_back, new_turn, take_turn
from jitnet.layers.layer import Operation
from jitnet.losses.links import LINKS, predict_of
from jitnet.several import Several

SHARE, SHARE_OF_LARGE = 2, 8
"""Examples are few up to half a panel: through three layers of 256 units one takes 12 µs instead of
134, eight 42. Where a panel is worth a second thread, it is an eighth: four images through two
convolutions of 32 and 64 channels take 0.2 ms instead of 3, sixteen 0.8."""

N_WORDS, N_REALS = len(s.WORDS), len(s.REALS)


class FewRows:
    """A network's way for a few examples.

    Parameters
    ----------
    nodes : Nodes
        The network.
    owners : sequence of str
        What the nodes are called in errors.
    dtype : dtype
        The model's type.
    """

    def __init__(self, nodes: Nodes, owners: Sequence[str], dtype: Any) -> None:
        self.nodes, self.dtype = nodes, np.dtype(dtype)
        self.places = place_few(nodes, dtype)
        self._masks = nodes.mask_times()
        readers = (nodes.nodes[given.reader] for given in nodes.inputs)
        self._inputs = [
            (first, bool(reader.vocabulary))
            for first, reader in zip(self.places.inputs, readers, strict=True)
        ]
        self.calls = c.Layout(nodes, self.places, dtype, owners).few()
        self._tables: dict[str, c.Table] = {}
        self._spare: list[Array] = []  # room that nobody uses now

    def takes(self, examples: int, is_small: bool) -> bool:
        """Whether examples are too few to be worth a panel, and all layers have a way for them.

        ``is_small`` says whether a panel is worth no second thread.
        """
        share = SHARE if is_small else SHARE_OF_LARGE
        enough = examples * share <= self.nodes.width and self.calls is not None
        return enough and not self.nodes.state_size

    def predict(self, turns: Turns, parameters: Array, X: Any, link: str) -> Array:
        """Predictions, (examples, n_outputs), for the rows of X, in turns that readers share."""
        values = self._spare.pop() if self._spare else self.room()
        arrays, lengths = (X.arrays, X.lengths) if isinstance(X, Several) else ((X,), (None,))
        self._lay(arrays, lengths, values)
        output = np.empty((len(arrays[0]), self.nodes.n_outputs), self.dtype)
        self.run(turns, parameters, values, link, output)
        self._spare.append(values)
        return output

    def room(self) -> Array:
        """Room for the numbers of a few examples on their way."""
        scratch = max(node.scratch for node in self.nodes.nodes)
        return np.zeros(self.places.size + scratch, self.dtype)

    def run(self, turns: Turns, parameters: Array, values: Array, link: str, output: Array) -> None:
        """Predictions (examples, n_outputs) of the inputs that lie in their room."""
        table = self._tables.get(link)
        if table is None:
            table = self._tables[link] = self._table(link)
        last = self.places.nodes[-1].Y
        panels = self.places.targets, self.places.weights
        places = last, *panels, self.places.size, self.nodes.width
        arguments = (table.rows, table.phases, parameters, values, *places, output)
        if self.dtype not in _compiled:
            with compilation():
                nothing = np.zeros_like(table.phases)
                forward_few(DOOR, new_turn(), arguments[0], nothing, *arguments[2:])
            _compiled.add(self.dtype)
        turns.take(lambda: forward_few(DOOR, turns.word, *arguments))

    def _lay(self, arrays: Sequence[Array], lengths: Sequence[Array | None], values: Array) -> None:
        """Lay the inputs where the network reads them, and the marks of their time steps."""
        for array, (first, takes_indices) in zip(arrays, self._inputs, strict=True):
            room = values[first:].view(np.int32) if takes_indices else values[first:]
            room[: array.size] = array.ravel()
        for (number, time), zeros in self._masks.items():
            first = self.places.masks[number, time]
            ends = lengths[number] if number >= 0 else None
            mask = np.ones((len(arrays[0]), time), self.dtype)
            if ends is not None:
                mask[np.arange(time) >= ends[:, np.newaxis]] = 0.0
            if zeros:
                mask[arrays[number] == 0] = 0.0
            values[first : first + mask.size] = mask.ravel()

    def _table(self, link: str) -> c.Table:
        outputs, times = self.nodes.n_outputs, self.nodes.times
        names: c.Names = {
            "Z": ("panels", [self.places.targets, outputs]),
            "P": ("panels", [self.places.weights, outputs]),
        }
        if times > 1:
            names = c.by_steps(names, times)
        operation = Operation(predict_of(LINKS[link].predict))
        call = c.bind(operation, names, outputs, self.dtype, f"the link {link!r}")
        phases = {c.FEW: self.calls or [], c.LINK: [call]}
        c.compile_calls(phases)
        return c.table_of(phases)


_compiled: set[np.dtype[Any]] = set()


@njit(entry=True)
def forward_few(
    door: Any,
    turn: Any,
    calls: Any,
    phases: Any,
    parameters: Any,
    values: Any,
    last: int,
    logits: int,
    predictions: int,
    scratch: int,
    width: int,
    output: Any,
) -> bool:
    """Predict within a turn; whether it could be had.

    Writes output (examples, n_outputs); reads the inputs at the beginning of ``values``. The output
    layer's numbers, at ``last``, are laid as a panel at ``logits``, from which the link makes
    another one. At ``scratch`` there is room for the blocks, up to the end.
    """
    if not take_turn(door, turn, AMONG_READERS):
        return False
    span, reals = np.zeros(N_WORDS, np.int64), np.zeros(N_REALS)
    span[s.PANELS] = span[s.LAST_PANEL] = 1
    span[s.SCRATCH], span[s.SCRATCH + 1] = address_at(at(values, scratch)), values.size - scratch
    examples, n_outputs = output.shape
    span[s.EXAMPLES] = examples
    for row in range(phases[c.FEW, 0], phases[c.FEW, 1]):
        span[s.LAST] = (examples * calls[row, c.COUNT] + width - 1) // width
        _call(calls, row, span, reals, parameters, values)
    Z, Y, P = at(values, logits), at(values, last), at(values, predictions)
    for i in range(examples):
        for u in range(n_outputs):
            Z[u * width + i] = Y[i * n_outputs + u]
    for row in range(phases[c.LINK, 0], phases[c.LINK, 1]):
        _call(calls, row, span, reals, parameters, values)
    for i in range(examples):
        for u in range(n_outputs):
            output[i, u] = P[u * width + i]
    give_back(door, turn, AMONG_READERS)
    return True


@njit
def _call(calls: Any, row: int, span: Any, reals: Any, parameters: Any, values: Any) -> None:
    p, v = at(parameters, 0), at(values, 0)
    record = at(calls, row * calls.shape[1] + c.RECORD)
    call_block(calls[row, c.ADDRESS], record, at(span, 0), at(reals, 0), p, p, p, v)
