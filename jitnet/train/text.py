"""``jitnet train text``: a recurrent network that writes like a file, character by character."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.callbacks import Callback, Checkpoint
from jitnet.callbacks.checkpoint import CHECKPOINT_MINUTES
from jitnet.datasets.streams import cut_stream
from jitnet.generation import generate
from jitnet.io.model_file import CHECKPOINTS
from jitnet.layers import GRU, LSTM, Dense, Embedding, Layer, SimpleRNN
from jitnet.model import Sequential
from jitnet.optimizers import Adam
from jitnet.progress import Progress, make_progress
from jitnet.schedules import Cosine
from jitnet.streams import say
from jitnet.train.output import check_options, check_output, compile_note, say_repeat
from jitnet.train.pictures import draw

__all__ = ["NETWORKS", "train_text"]

NETWORKS: dict[str, Callable[..., Layer]] = {"lstm": LSTM, "gru": GRU, "rnn": SimpleRNN}
HIDDEN, EPOCHS, BATCH, STEPS, RATE, CLIP = (128, 128), 10, 50, 50, 4e-3, 5.0
WARMUP_SHARE, VALIDATION_SHARE = 0.05, 0.05
EMBEDDED = 64
"""Numbers of a character's vector."""
SAMPLES, SAMPLE = 5, 160
"""How often a sample is shown at most, and its characters."""
MOST_BYTES = 1 << 30


class Text(NamedTuple):
    """A file's characters as indices, and which those are."""

    characters: tuple[str, ...]
    training: Array
    validation: Array


def train_text(options: argparse.Namespace) -> int:
    """Train a network on a text; a ValueError is a mistake in the options or the file."""
    if options.file is None:
        raise ValueError("argument FILE: jitnet train text needs the file of a text")
    path = Path(options.file)
    output = check_output(options.output, f"{path.stem}.safetensors")
    check_options(options)
    cell = options.network or "lstm"
    if cell not in NETWORKS:
        known = ", ".join(NETWORKS)
        raise ValueError(f"argument --network: there is no network {cell!r}; there are: {known}")
    steps, batch = options.steps or STEPS, options.batch_size or BATCH
    text = read_text(path)
    X, y = _pieces(text, steps, batch, path)
    batch_held = max(1, min(batch, (len(text.validation) - 1) // steps))
    held_out = cut_stream(text.validation, steps, batch_held)
    say(f"{path.name:<15} {len(text.training):,} characters to train on, "
        f"{len(text.validation):,} behind them held out")  # fmt: skip
    hidden, epochs = options.hidden or HIDDEN, options.epochs or EPOCHS
    count = len(text.characters)
    say(f"network         {count} characters-{EMBEDDED}-{'-'.join(f'{cell}{n}' for n in hidden)}"
        f"-{count}, {epochs} epochs, batches of {batch}×{steps}")  # fmt: skip

    model = network(NETWORKS[cell], count, hidden, epochs * len(X) // batch, options)
    model.classes = text.characters
    progress = make_progress(not options.quiet)
    folder = options.checkpoints
    callbacks: list[Callback] = [Samples(epochs, progress)]
    if folder:
        callbacks.append(Checkpoint(folder, every_minutes=CHECKPOINT_MINUTES))
    start = time.perf_counter()
    history = model.fit(
        X,
        y,
        epochs=epochs,
        batch_size=batch,
        shuffle=False,
        callbacks=callbacks,
        progress=progress,
        resume=folder if options.resume and any(folder.glob(CHECKPOINTS)) else None,
        communicator=options.communicator,
    )
    seconds = time.perf_counter() - start - progress.compile_seconds
    if output is not None:
        model.save(output)  # before anything of what is held out can fail
    loss = model.evaluate(*held_out, batch_size=batch_held)["loss"]
    say(f"training loss   {history['loss'][-1]:.4f} nats a character")
    say(f"held-out loss   {loss:.4f} nats a character, {loss / np.log(2):.4f} bits")
    say(f"training time   {seconds:.2f} s{compile_note(progress.compile_seconds)}")
    draw(options.plot, history, lambda: iter(()))
    if output is not None:
        say(f"model           {output}")
        say(f"to write        jitnet generate {output} --prompt {_prompt(text)!r}")
        say_repeat(output, options)
    return 0


def network(
    cell: Callable[..., Layer],
    characters: int,
    hidden: tuple[int, ...],
    steps: int,
    options: argparse.Namespace,
) -> Sequential:
    """The network: its states go on from piece to piece."""
    rate = Cosine(options.learning_rate or RATE, steps=steps, warmup=int(WARMUP_SHARE * steps))
    recurrent = [cell(units, return_sequences=True, stateful=True) for units in hidden]
    return Sequential(
        [Embedding(characters, EMBEDDED), *recurrent, Dense(characters)],
        loss="softmax_crossentropy",
        optimizer=Adam(learning_rate=rate, clip_norm=CLIP),
        seed=options.seed,
        n_threads=options.threads,
    )


class Samples(Callback):
    """Shows what the network writes, some times in a fit."""

    def __init__(self, epochs: int, progress: Progress) -> None:
        self.progress = progress
        self.shown = {round(epochs * k / SAMPLES) for k in range(1, SAMPLES + 1)}

    def on_epoch_end(self, model: Sequential, epoch: int, logs: dict[str, float]) -> None:
        """Show a sample."""
        if epoch in self.shown:
            start = "\n" if "\n" in model.classes else model.classes[0]
            sample = "".join(generate(model, start, SAMPLE, temperature=0.8, seed=epoch))
            lines = "\n".join(f"  | {line}" for line in sample.strip().splitlines())
            self.progress.note(f"after epoch {epoch}, loss {logs['loss']:.3f}:\n{lines}")


def read_text(path: Path) -> Text:
    """A file's text; a ValueError says what is wrong with it."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"{str(path)!r} has more than {MOST_BYTES:,} bytes")
        content = path.read_text("utf-8")
    except OSError as error:
        raise ValueError(f"{str(path)!r}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{str(path)!r} is no text in UTF-8: byte {error.start} is {error.object[error.start]}"
        ) from None
    codes = np.frombuffer(content.encode("utf-32-le"), np.uint32)
    if not codes.size:
        raise ValueError(f"{str(path)!r} is empty")
    known, indices = np.unique(codes, return_inverse=True)
    if len(known) < 2:
        raise ValueError(f"{str(path)!r} has one character only, {chr(known[0])!r}")
    end = len(codes) - int(VALIDATION_SHARE * len(codes))
    training, validation = np.split(indices.astype(np.int32), [end])
    return Text(tuple(map(chr, known)), training, validation)


def _pieces(text: Text, steps: int, batch: int, path: Path) -> tuple[Array, Array]:
    trained, held_out = len(text.training), len(text.validation)
    if trained < steps * batch + 1 or held_out <= steps:
        raise ValueError(
            f"{str(path)!r} is too short: {trained:,} characters to train on and {held_out:,} to "
            f"hold out, where a step takes {batch} pieces of {steps}; see --batch-size, --steps"
        )
    return cut_stream(text.training, steps, batch)


def _prompt(text: Text) -> str:
    """A word that the file begins with."""
    first = "".join(text.characters[place] for place in text.training[:20]).split()
    return first[0] if first else text.characters[-1]
