"""Sequences for `accuracy.py`: texts, music, speech, rows of digits, and an image with numbers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jitnet as jn
import sequence_sets
from accuracy_row import Outcome, cosine
from jitnet.layers import Layer
from jitnet.progress import make_progress
from sequence_sets import KEYS, Part

QUICK = 64
"""Examples of a smoke test."""
TEXT_STEPS, TEXT_BATCH = 50, 50


class SequenceRow(NamedTuple):
    """A network on a data set, how it is trained, and what it should reach."""

    about: str
    outline: str
    load: Callable[[], tuple[Part, Part]]
    network: Callable[[], list[Layer]]
    epochs: int
    batch_size: int
    learning_rate: float
    bar: float
    figure: str
    published: str = "none"
    loss: str = "softmax_crossentropy"
    weight_decay: float = 0.0
    clip_norm: float = 1.0
    outputs: int = 1
    """Outputs whose mean the loss is, where it is to be their sum."""
    streams: bool = False
    """Whether each batch goes on where the one before has ended."""

    @property
    def settings(self) -> str:
        """How it is trained, in a few words."""
        decay = f", decay {self.weight_decay:g}" * (self.weight_decay > 0)
        return f"{self.epochs}, {self.batch_size}, AdamW {self.learning_rate:g} by a cosine{decay}"

    def train(self, seed: int, quick: bool) -> Outcome:
        """Train the network once."""
        training, test = self.load()
        epochs, batch = self.epochs, self.batch_size
        if quick:
            count = batch if self.streams else QUICK
            epochs, training, test = 1, _some(training, count), _some(test, count)
            batch = min(batch, count)
        model, seconds = self.fit(self.network(), training, epochs, batch, seed, quick)
        size = batch if self.streams else None
        found = model.evaluate(test.X, test.y, lengths=test.lengths, batch_size=size)
        figures = {
            "accuracy": found.get("accuracy", 0.0),
            "nats": found["loss"] * self.outputs,
            "RMSE": found["loss"] ** 0.5,
        }
        return Outcome(figures[self.figure], seconds)

    def fit(
        self, layers: list[Layer], part: Part, epochs: int, batch: int, seed: int, quick: bool
    ) -> tuple[jn.Sequential, float]:
        """A trained model, and the seconds that it took."""
        rate = cosine(self.learning_rate, epochs * -(-len(part.y) // batch))
        optimizer = jn.AdamW(rate, weight_decay=self.weight_decay, clip_norm=self.clip_norm)
        model = jn.Sequential(layers, self.loss, optimizer, seed=seed)
        progress = make_progress(not quick)
        began = time.perf_counter()
        model.fit(
            part.X,
            part.y,
            lengths=part.lengths,
            epochs=epochs,
            batch_size=batch,
            shuffle=not self.streams,
            progress=progress,
        )
        return model, time.perf_counter() - began - progress.compile_seconds


def _some(part: Part, count: int) -> Part:
    """The first examples."""
    X = tuple(X[:count] for X in part.X) if isinstance(part.X, tuple) else part.X[:count]
    lengths = None if part.lengths is None else part.lengths[:count]
    return Part(X, part.y[:count], lengths)


def writer() -> list[Layer]:
    """Two LSTMs of 128 units over characters.

    With the text's end held out, ten epochs without dropout and decay end at 1.578 nats and fifty
    at 1.626: what is held out then is no longer learned. A rate of 0.008, twice the decay, or more
    dropout end higher at ten.
    """
    first, second = (jn.LSTM(128, return_sequences=True, stateful=True) for _ in range(2))
    layers = [jn.Embedding(65, 64), first, jn.Dropout(0.1), second, jn.Dropout(0.1)]
    return [*layers, jn.Dense(65)]


def named(parts: Callable[[], dict[str, Part]]) -> tuple[Part, Part]:
    """The training part and the test part."""
    found = parts()
    return found["train"], found["test"]


def musician(cell: Any, units: int) -> list[Layer]:
    """A recurrent layer over the keys of a chord.

    On the validation part, less dropout and decays of 0.1 and 0.2 end 0.04 nats higher, half and
    twice the epochs 0.1 and 0.3.
    """
    recurrent = cell(units, return_sequences=True)
    return [jn.Dropout(0.2), recurrent, jn.Dropout(0.3), jn.Dense(KEYS)]


def seer() -> list[Layer]:
    """Convolutions over a map."""
    first, second = (jn.Conv2D(n, 3, activation="relu") for n in (16, 32))
    return [first, jn.MaxPool2D(2), second, jn.Flatten(), jn.Dropout(0.3), jn.Dense(64, "relu")]


def reckoner() -> list[Layer]:
    """Dense layers over numbers."""
    return [jn.Dense(64, "relu"), jn.Dense(64, "relu")]


def ending(layers: Sequence[Layer]) -> list[Layer]:
    """Layers, and those that both kinds of input end in."""
    return [*layers, jn.Dense(64, "relu"), jn.Dense(1)]


def one_kind(which: int) -> tuple[Part, Part]:
    """The houses by one of their inputs."""
    training, test = (part._replace(X=part.X[which]) for part in sequence_sets.houses())
    return training, test


WRITING: dict[str, Any] = {
    "outline": "65 characters-64-lstm128-lstm128-65",
    "network": writer,
    "batch_size": TEXT_BATCH,
    "learning_rate": 1.2e-2,
    "weight_decay": 0.05,
    "clip_norm": 5.0,
    "streams": True,
    "figure": "nats",
}
HOUSES: dict[str, Any] = {
    "epochs": 30,
    "batch_size": 128,
    "learning_rate": 2e-3,
    "weight_decay": 0.01,
    "loss": "mse",
    "figure": "RMSE",
}
CHORALES: dict[str, Any] = {
    "about": "Bach's chorales in C, keys a quarter note",
    "load": partial(named, sequence_sets.chorales),
    "epochs": 600,
    "batch_size": 16,
    "learning_rate": 1e-2,
    "weight_decay": 0.05,
    "loss": "binary_crossentropy",
    "figure": "nats",
    "outputs": KEYS,
}

SEQUENCE_ROWS = {
    "shakespeare": SequenceRow(
        **WRITING,
        about="Tiny Shakespeare, the last 5 % of each of 50 streams held out",
        load=partial(sequence_sets.shakespeare, TEXT_STEPS, TEXT_BATCH),
        epochs=20,
        bar=1.42,
        published="about 1.42 in 50 epochs, char-rnn",
    ),
    "shakespeare_short": SequenceRow(
        **WRITING,
        about="the same",
        load=partial(sequence_sets.shakespeare, TEXT_STEPS, TEXT_BATCH),
        epochs=10,
        bar=1.55,
    ),
    "shakespeares_end": SequenceRow(
        **WRITING,
        about="Tiny Shakespeare, the last 5 % of the text held out",
        load=partial(sequence_sets.shakespeares_end, TEXT_STEPS, TEXT_BATCH),
        epochs=10,
        bar=1.55,
    ),
    "names": SequenceRow(
        about="names.txt, 80/10/10",
        outline="27 letters-24-gru64-27, 19,555 weights",
        load=partial(named, sequence_sets.names),
        network=lambda: [jn.Embedding(27, 24), jn.GRU(64, return_sequences=True), jn.Dense(27)],
        epochs=40,
        batch_size=64,
        learning_rate=1e-2,
        weight_decay=0.1,
        bar=2.00,
        figure="nats",
        published="2.022 with 22,000 weights, makemore",
    ),
    "chorales_gru": SequenceRow(
        **CHORALES,
        outline="88-gru46-88, 22,812 weights",
        network=partial(musician, jn.GRU, 46),
        bar=8.54,
        published="8.54, Chung et al.",
    ),
    "chorales_lstm": SequenceRow(
        **CHORALES,
        outline="88-lstm36-88, 21,256 weights",
        network=partial(musician, jn.LSTM, 36),
        bar=8.67,
        published="8.67, Chung et al.",
    ),
    "spoken_digits": SequenceRow(
        about="FSDD, log-mel frames, takes 0 to 4 held out",
        outline="40-gru64 both ways-10",
        load=sequence_sets.spoken_digits,
        network=lambda: [jn.Bidirectional(jn.GRU(64)), jn.Dropout(0.3), jn.Dense(10)],
        epochs=30,
        batch_size=32,
        learning_rate=3e-3,
        weight_decay=0.05,
        bar=0.97,
        figure="accuracy",
        published="0.92 to 0.99 on other splits",
    ),
    "mnist_rows": SequenceRow(
        about="MNIST, 28 steps of 28 pixels",
        outline="28-lstm128-10",
        load=sequence_sets.rows_of_digits,
        network=lambda: [jn.LSTM(128), jn.Dense(10)],
        epochs=8,
        batch_size=128,
        learning_rate=2e-3,
        weight_decay=0.01,
        bar=0.985,
        figure="accuracy",
    ),
    "houses_both": SequenceRow(
        about="King County's sales, a map and numbers",
        outline="(16C3-MP2-32C3-64, 64-64)-64-1",
        load=sequence_sets.houses,
        network=lambda: ending([jn.Branches([seer(), reckoner()])]),
        bar=0.50,
        published="the rows below",
        **HOUSES,
    ),
    "houses_map": SequenceRow(
        about="the same, the map alone",
        outline="16C3-MP2-32C3-64-64-1",
        load=partial(one_kind, 0),
        network=lambda: ending(seer()),
        bar=1.0,
        **HOUSES,
    ),
    "houses_numbers": SequenceRow(
        about="the same, the numbers alone",
        outline="64-64-64-1",
        load=partial(one_kind, 1),
        network=lambda: ending(reckoner()),
        bar=1.0,
        **HOUSES,
    ),
}
"""What is trained on sequences, and on several inputs."""
