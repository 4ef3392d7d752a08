"""Examples with their targets and weights, checked once and before any work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from jitnet.arrays import Array
from jitnet.engine.data import Rows, count_of
from jitnet.engine.nodes import Shapes
from jitnet.inputs import for_network, step_weights, take_inputs
from jitnet.quoting import quoted
from jitnet.shapes import nodes_of_inputs
from jitnet.sparse import SparseRows
from jitnet.validation import RowsOfCount, check_targets, check_total, check_weights

if TYPE_CHECKING:
    from jitnet.engine import Engine
    from jitnet.engine.steps.state import Data
    from jitnet.model import Sequential


@dataclass(frozen=True)
class Examples:
    """Inputs, targets, whether those are labels, weights, and whether those are all alike.

    ``chosen`` are the rows that take part, in their order; all where it is None.
    """

    rows: Rows
    shape: Shapes
    targets: Array
    labels: bool
    weights: Array
    uniform: bool
    chosen: Array | None = None

    @property
    def count(self) -> int:
        """Examples that take part."""
        return count_of(self.rows) if self.chosen is None else len(self.chosen)

    @property
    def is_mostly_zeros(self) -> bool:
        """Whether they are sparse rows whose numbers are to be multiplied one by one."""
        return isinstance(self.rows, SparseRows) and self.rows.is_mostly_zeros

    def choose(self, chosen: Array, name: str) -> Examples:
        """The same arrays, of which other rows take part.

        Raises
        ------
        ValueError
            If the sum of their weights, which are called by the name, cannot be divided by.
        """
        if not self.uniform:
            check_total(self.weights[chosen], self.weights.dtype, name)
        rows = self.rows.taking(chosen) if isinstance(self.rows, SparseRows) else self.rows
        return replace(self, rows=rows, chosen=chosen)

    def data(self, engine: Engine) -> Data:
        """The examples as the compiled loop reads them."""
        return engine.data(
            self.rows,
            self.targets,
            self.labels,
            self.weights,
            uniform=self.uniform,
            rows=self.chosen,
        )


def read_examples(
    model: Sequential,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    lengths: Any = None,
    *,
    shape: Shapes | None = None,
    name: str = "",
    looked_at: RowsOfCount = slice,
) -> Examples:
    """Examples that a model can be trained on; of X so far as it is ``looked_at``.

    Raises
    ------
    TypeError, ValueError
        If they do not fit the model, or the shape, where there is one.
    """
    shape = model._engine.nodes.shape if model._engine else shape
    what = lengths, model.layers, shape, model.dtype
    given = take_inputs(X, *what, name=f"X{name}", looked_at=looked_at)
    nodes = nodes_of_inputs(model._nodes, given.shape, given.parts[0].given, f"X{name}")
    rows, count = for_network(given, nodes, f"X{name}"), count_of(given.rows)
    targets, labels = check_targets(
        y, count, nodes.output, model.loss, model.dtype, name=f"y{name}"
    )
    own = check_weights(
        sample_weight, count, model.dtype, times=nodes.times, name=f"sample_weight{name}"
    )
    weights, uniform = step_weights(own, sample_weight is not None, rows, nodes)
    return Examples(rows, given.shape, targets, labels, weights, uniform)


def read_validation(model: Sequential, given: Any, shape: Shapes) -> Examples | None:
    """Examples to validate on, of the shape of those to train on.

    Raises
    ------
    TypeError, ValueError
        If they are none, or do not fit the model.
    """
    if given is None:
        return None
    if not isinstance(given, tuple | list) or len(given) not in (2, 3, 4):
        several = isinstance(given, tuple | list)
        what = f"{len(given)} of them" if several else quoted(given, 80)
        raise ValueError(
            "validation_data must be (X, y), (X, y, sample_weight) or (X, y, sample_weight, "
            f"lengths), got {what}"
        )
    return read_examples(model, *given, shape=shape, name=" of validation_data")
