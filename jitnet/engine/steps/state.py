"""What the compiled steps read and write, in named tuples."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from jitnet.arrays import Array

PREDICT, EVALUATE, GRADIENTS, TRAIN = range(4)
"""How far a step goes."""

COUNTERS = 7
EPOCH, POSITION, STEPS, ENDED, FAILED, REQUEST, STOPPED = range(COUNTERS)
"""The counters of a `Progress`: the epoch, and the examples of it that are behind; of this call its
steps, the epochs that ended in it, whether a loss was not finite, whether Python asks to stop, and
whether the team has."""

LOSS, WEIGHT, CORRECT, PENALTY = range(4)
"""The sums of a `Progress`."""

EPOCHS_TAKEN, STEPS_TAKEN = range(2)
"""A network's clock: epochs and steps of training so far."""

PLACE, SIZE, ROWS, RANGE_GRAIN, RANGE_CHUNK, PREPARED = range(6)
"""The columns of a network's ranges: parameters that a step updates, the rows that they are made
of, at multiples of how many elements they are cut between workers, how many are updated at once,
and the row of the table that is called for these then, or -1."""


class Network(NamedTuple):
    """A table of calls, the parameters, and what belongs to each parameter."""

    calls: Array  # int64
    phases: Array  # int64
    parameters: Array
    gradients: Array
    moments: Array
    powers: Array  # βᵗ of each decay β
    clock: Array  # int64
    ranges: Array  # int64
    chunks: Array  # (n_chunks, 2): Σ g² and the penalty of each chunk of parameters
    turn: Array
    door: Array


class Penalties(NamedTuple):
    """The penalties of parameters, λ/2 Σ W²."""

    places: Array  # (n_parameters, 2) of int64: where each parameter begins and ends
    l2: Array  # (n_parameters,): λ
    chunks: Array  # (n_chunks, 2): Σ g² and the penalty of each chunk of parameters


class Work(NamedTuple):
    """Room for a block of examples on their way through the network and back."""

    values: Array
    scratch: Array  # (workers, size)
    spans: Array  # (workers, words) of int64
    reals: Array  # (workers, words)
    width: int
    outputs: int
    times: int  # time steps of the output
    weights: int  # places in the values
    losses: int
    counts: int
    predictions: int


class Data(NamedTuple):
    """Examples where they lie, their targets, and the order in which they are taken.

    Who holds it keeps them alive while compiled code reads them by their addresses.

    The order may be that of several epochs, one after the other; then they take turns. Sparse rows
    have no address: they are in the last three arrays, which are empty for others.
    """

    inputs: Array  # (n_inputs, INPUT_WORDS) of int64: where each lies (`steps.gather`)
    sources: tuple[np.dtype[Any], ...]  # their types; none where the rows are sparse
    owners: tuple[Array, ...]  # X without its elements, and the lengths of the examples
    targets: Array  # (n_samples, n_outputs)
    labels: Array  # (n_samples · times,) of int32, the targets of an example's class; else empty
    step_weights: Array  # (n_samples · times,)
    weights: Array  # (n_samples,): their sums
    uniform: bool  # whether all of them are 1
    examples: int  # in an epoch
    order: Array  # (epochs * examples,): rows of X, of the targets and of the weights
    rows: Array  # those that a shuffled epoch takes; empty where it takes all
    multiplications: int  # that an example takes forward
    by_twin: bool  # whether the first node's twin takes the sparse rows as they are
    indptr: Array  # (n_samples + 1,) of int64: where a row's numbers begin
    indices: Array  # int32: the columns of the numbers
    numbers: Array


class Feed(NamedTuple):
    """What the compiled loop reads of the data by itself."""

    words: Array  # int64: the words of a worker's span, with addresses and sizes of the data
    order: Array
    rows: Array
    weights: Array
    uniform: bool
    states: Array  # in which a batch leaves its examples


class Shards(NamedTuple):
    """The parts of each block whose sums are taken by themselves, and those of this rank.

    Their sums do not depend on how many ranks there are, nor does what is made of them.
    """

    number: int
    first: int  # of this rank's shards, and the one after its last
    last: int
    exchange: int  # the address by which ranks exchange; 0 where there are no others
    totals: Array  # (number, 3): sums of losses, weights and correct ones
    partial: Array  # (slots, n_parameters): sums of gradients


class Plan(NamedTuple):
    """What is to be done with the data."""

    stage: int
    gain: float  # the loss's scale where its gradient is taken
    per_example: bool  # l2 is for one example, and a batch counts by its size, not its weight
    accuracy: bool
    penalised: bool  # whether there is an l2, or a norm to clip
    clip_norm: float  # 0 is none
    decays: Array
    seed: int
    shuffled: bool
    first_epoch: int  # that the order begins with
    examples: int
    batch: int
    block: int  # examples that go through the network at once; a batch is summed block by block
    steps: int
    rates: Array
    shards: Shards


class Progress(NamedTuple):
    """Where training stands."""

    counters: Array  # int64
    sums: Array  # float64: loss, weight, correct and penalty of the epoch so far
    record: Array  # (epochs, 4): the sums of each epoch that ended in this call
    output: Array  # (n_samples, n_outputs): predictions

    def ended(self) -> Array:
        """The sums of each epoch that ended in this call."""
        return self.record[: int(self.counters[ENDED])]

    def ask_to_stop(self) -> None:
        """Have the team stop at the end of its block of examples."""
        self.counters[REQUEST] = 1


class Worker(NamedTuple):
    """One of the threads of a team, and pointers to what its calls read."""

    rank: int
    size: int
    team: Array
    calls: Any
    columns: int
    phases: Any
    span: Any
    reals: Any
    parameters: Any
    gradients: Any
    moments: Any
    values: Any
