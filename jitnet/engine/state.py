"""What training changes: parameters, moments, powers and the clock, as one state."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet import memory
from jitnet.arrays import Array
from jitnet.engine.nodes import Nodes
from jitnet.engine.turns import State, Turns
from jitnet.optimizers.optimizer import Update

AT_ONCE = 1 << 16
"""Numbers that are looked at together, so that what is said of them stays in the cache."""


class TrainingState:
    """A network's state, which others read and write as it is between two steps.

    Parameters
    ----------
    nodes : Nodes
        The network.
    update : Update
        The optimiser's step.
    dtype : dtype
        float32 or float64.
    """

    def __init__(self, nodes: Nodes, update: Update, dtype: Any) -> None:
        self.nodes, self.moments = nodes, update.moments
        self.apart = memory.apart(nodes.count, dtype)
        self.turns = Turns()
        self.now = State(
            parameters=memory.zeros(nodes.count, dtype),
            moments=memory.zeros(self.apart * len(update.moments), dtype, 2),
            powers=np.ones(len(update.decays)),
            clock=np.zeros(2, np.int64),
            states=memory.zeros(0, dtype, 3),
        )

    def hold_states(self, examples: int) -> None:
        """Have room for the states of so many examples; they are zero if that is new."""
        size = self.nodes.states_of(examples)
        if self.now.states.size != size:
            self.now = self.now._replace(states=memory.zeros(size, self.now.states.dtype, 3))

    def copy(self, into: State | None = None) -> State:
        """A copy of it all."""
        target = State(*map(np.empty_like, self.now)) if into is None else into
        self.turns.copy(target, self.now)
        return target

    def restore(self, state: State) -> None:
        """Go back to a copied state."""
        if state.states.size != self.now.states.size:
            states = memory.zeros(state.states.size, self.now.states.dtype, 3)
            self.now = self.now._replace(states=states)
        given = (np.array(new, old.dtype) for new, old in zip(state, self.now, strict=True))
        self.turns.copy(self.now, State(*given))

    def read(self) -> Array:
        """A copy of the parameters."""
        parameters = np.empty_like(self.now.parameters)
        self.turns.copy(self._only(parameters), self._only(self.now.parameters))
        return parameters

    def write(self, parameters: Array) -> None:
        """Replace the parameters; the optimiser's state stays."""
        self.turns.copy(self._only(self.now.parameters), self._only(parameters))

    def _only(self, parameters: Array) -> State:
        """A state of which nothing but the parameters is copied."""
        return State(parameters, *(array[:0] for array in self.now[1:]))

    def moment_views(self, state: State) -> dict[str, list[Array]]:
        """The optimiser's moments in a state, as views like the parameters'."""
        return {
            name: self.nodes.views(state.moments[place * self.apart :])
            for place, name in enumerate(self.moments)
        }

    def tensors(self, state: State) -> dict[str, Array]:
        """The parameters and moments in a state, as views by their names in a file."""
        names = [row.name for row in self.nodes.parameters]
        tensors = dict(zip(names, self.nodes.views(state.parameters), strict=True))
        for moment, views in self.moment_views(state).items():
            tensors |= {f"{moment}.{name}": view for name, view in zip(names, views, strict=True)}
        return tensors

    def is_finite(self) -> bool:
        """Whether all that training changes is finite."""
        return all(
            bool(np.isfinite(array[start : start + AT_ONCE]).all())
            for array in self.now[:2]
            for start in range(0, array.size, AT_ONCE)
        )
