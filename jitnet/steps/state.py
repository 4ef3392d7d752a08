"""What the compiled steps read and write, in named tuples."""

from __future__ import annotations

from typing import NamedTuple

from jitnet.memory import Array

PREDICT, EVALUATE, GRADIENTS, TRAIN = range(4)
"""How far a step goes."""

COUNTERS = 7
EPOCH, POSITION, STEPS, ENDED, FAILED, REQUEST, STOPPED = range(COUNTERS)
"""The counters of a `Progress`: the epoch, and the examples of it that are behind; of this call its
steps, the epochs that ended in it, whether a loss was not finite, whether Python asks to stop, and
whether the team has."""

LOSS, WEIGHT, HITS, PENALTY = range(4)
"""The sums of a `Progress`."""

EPOCHS_TAKEN, STEPS_TAKEN = range(2)
"""A network's clock: epochs and steps of training so far."""


class Network(NamedTuple):
    """Layers, parameters and what belongs to each parameter."""

    table: Array
    parameters: Array
    gradients: Array
    first_moment: Array
    second_moment: Array
    packed: Array  # weights in tiles
    powers: Array  # β₁ᵗ and β₂ᵗ
    clock: Array  # int64
    l2: Array
    chunks: Array  # (n_chunks, 2): Σ g² and the penalty of each chunk of parameters
    turn: Array
    door: Array


class Data(NamedTuple):
    """Examples where they lie, their targets, and the order in which they are taken.

    The order may be that of several epochs, one after the other; then they take turns.
    """

    address: int
    row_step: int
    column_step: int
    source: int
    owner: Array  # X without its elements, which keeps the memory at the address
    targets: Array  # (n_samples, n_outputs)
    labels: Array  # (n_samples,) of int32, the targets of an example's class; else empty
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
    sums: Array  # float64: loss, weight, hits and penalty of the epoch so far
    record: Array  # (epochs, 4): the sums of each epoch that ended in this call
    output: Array  # (n_samples, n_outputs): predictions

    def ended(self) -> Array:
        """The sums of each epoch that ended in this call."""
        return self.record[: int(self.counters[ENDED])]

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
