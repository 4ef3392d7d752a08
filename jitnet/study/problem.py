"""What a problem of the ladder is: inputs of a size, and the same algorithm on every rung."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from jitnet.arrays import Array as Array

Size = Mapping[str, int]
Inputs = tuple[Any, ...]
Outputs = tuple[Any, ...]
Run = Callable[[int], Outputs]
"""Takes so many steps from the start, and returns what the last one gave.

Inputs are converted to what a rung reads before the clock runs. What a rung allocates in a step is
a part of the step; the engine's arrays are allocated once, as they are in training.
"""


class Problem(NamedTuple):
    """An algorithm that stands on every rung, in a module of the rung's name.

    Parameters
    ----------
    name : str
        What it is called.
    title : str
        What a step computes, in a line.
    package : str
        Where its rungs stand.
    sizes : mapping of str to int
        The size it is timed at where none is asked for.
    sweeps : mapping of str to sequence of int
        Sizes that are worth a comparison.
    inputs : callable
        ``inputs(size, rng)``: what a step is given, in the course's orientation.
    step : callable
        ``step(module, *inputs)``: a step with the functions of a rung's module.
    flops : callable
        Additions, multiplications and divisions of a step of a size, and calls of exp, log and
        their kin, each of which counts as one.
    traffic : callable
        Numbers that a step must read or write at least once.
    numbers : callable
        Numbers that a rung may hold at once.
    feed : callable, optional
        ``feed(inputs, outputs)``: the next step's inputs, where steps build on one another.
    note : str, default ""
        What the times of its rungs do not say by themselves, printed below them.
    least : mapping of str to int
        The least size, where that is not 1.
    """

    name: str
    title: str
    package: str
    sizes: Size
    sweeps: Mapping[str, tuple[int, ...]]
    inputs: Callable[[Size, np.random.Generator], Inputs]
    step: Callable[..., Outputs]
    flops: Callable[[Size], float]
    traffic: Callable[[Size], float]
    numbers: Callable[[Size], float]
    feed: Callable[[Inputs, Outputs], Inputs] | None = None
    note: str = ""
    least: Mapping[str, int] = {}

    def origin(self, inputs: Inputs) -> Outputs | None:
        """Where the steps start, where they build on one another."""
        return None if self.feed is None else (*inputs[2:-1], 0.0)

    def repeat(self, rung: ModuleType, inputs: Inputs) -> Run:
        """A run with a rung's functions."""

        def run(times: int) -> Outputs:
            given, outputs = inputs, ()
            for _ in range(times):
                outputs = self.step(rung, *given)
                if self.feed is not None:
                    given = self.feed(given, outputs)
            return outputs

        return run


def descend(rung: ModuleType, *given: Any) -> Outputs:
    """A step of gradient descent: the new parameters, and the cost before."""
    outputs: Outputs = rung.gradient_descent_step(*given)
    return outputs


def go_on(given: Inputs, outputs: Outputs) -> Inputs:
    """The inputs of the next step of gradient descent: X, Y, the new parameters, and α."""
    return *given[:2], *outputs[:-1], given[-1]
