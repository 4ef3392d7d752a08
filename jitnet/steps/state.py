"""What the compiled steps read and write, in named tuples."""

from __future__ import annotations

from typing import NamedTuple

from jitnet.memory import Array

PREDICT, EVALUATE, GRADIENTS, TRAIN = range(4)
"""How far a step goes."""

EPOCH, POSITION, STEPS, FAILED, REQUEST, STOPPED = range(6)
"""The counters of a `Progress`: the epoch, the examples of it that are behind, the steps of this
call, whether a loss was not finite, whether Python asks to stop, and whether the team does."""

LOSS, WEIGHT, HITS, PENALTY, FIRST_POWER, SECOND_POWER = range(6)
"""The sums of a `Progress`."""


class Network(NamedTuple):
    """Layers, parameters and what belongs to each parameter."""

    table: Array
    parameters: Array
    gradients: Array
    first_moment: Array
    second_moment: Array
    l2: Array
    chunks: Array  # (n_chunks, 2): Σ g² and the penalty of each chunk of parameters


class Data(NamedTuple):
    """Examples where they lie, their targets, and the order in which they are taken.

    The order may be that of several epochs, one after the other; then they take turns.
    """

    address: int
    row_step: int
    column_step: int
    source: int
    targets: Array  # (n_samples, n_outputs), or (n_samples, 1) of class labels
    labels: bool
    smoothing: float
    weights: Array
    uniform: bool
    examples: int  # in an epoch
    order: Array  # (epochs * examples,): rows of X, of the targets and of the weights


class Plan(NamedTuple):
    """What is to be done with the data."""

    stage: int
    loss: int
    quantile: float
    link: int
    gain: float  # what the loss is multiplied by where its gradient is taken
    per_example: bool  # l2 is for one example, and a batch counts by its size, not its weight
    accuracy: bool
    optimizer: int
    hyper: Array
    seed: int
    shuffled: bool
    first_epoch: int  # that the order begins with
    examples: int
    batch: int
    block: int  # examples that go through the network at once; a batch is summed block by block
    steps: int
    rates: Array


class Progress(NamedTuple):
    """Where training stands."""

    counters: Array  # int64
    sums: Array  # float64: loss, weight, hits and penalty of the epoch so far, β₁ᵗ and β₂ᵗ
    record: Array  # (epochs, 4): the first four sums of each epoch that ended in this call
    output: Array  # (n_samples, n_outputs): predictions

    def ask_to_stop(self) -> None:
        """Have the team stop at the end of its block of examples."""
        self.counters[REQUEST] = 1


class Worker(NamedTuple):
    """One of the threads of a team."""

    rank: int
    size: int
    team: Array


class Batch(NamedTuple):
    """The examples of a step."""

    weight: float  # Σ w
    importance: float  # what its sums are multiplied by
    order: int  # where its epoch begins in the order
