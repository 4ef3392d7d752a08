"""Sequences for `accuracy.py`: texts, chorales, spoken digits, rows of digits, houses on a map."""

from __future__ import annotations

import io
import random
import tarfile
from functools import cache
from typing import Any, NamedTuple

import numpy as np

import jitnet as jn
from data_folder import data_folder
from jitnet.arrays import Array
from jitnet.extras import install

LOWEST_KEY, KEYS, OCTAVE = 21, 88, 12
MAJOR = 6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88
MINOR = 6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17
"""How well each of an octave's notes, from the tonic on, fits into a key (C. L. Krumhansl,
Cognitive foundations of musical pitch, 1990)."""
RATE, FRAME, HOP, MELS, FRAMES = 8000, 256, 128, 40, 64
SPOKEN_TEST = 5
"""Recordings of each digit and speaker that are for testing, the first ones."""
CELLS, PATCH = 64, 17
"""Cells of the map of the county along each side, and of what a house sees of it."""
SHUFFLED = 42


class Part(NamedTuple):
    """Examples, their targets, and the time steps of each if they end early."""

    X: Any
    y: Array
    lengths: Array | None = None


@cache
def shakespeare(steps: int, batch_size: int) -> tuple[Part, Part]:
    """Tiny Shakespeare in pieces that go on from batch to batch, and those to test with.

    It is cut into as many streams as a batch has pieces, and of each of them the last 5 % are held
    out, as in Karpathy's char-rnn, of which figures are published.
    """
    X, y = jn.datasets.cut_stream(_letters(), steps, batch_size)
    end = int(0.95 * (len(X) // batch_size)) * batch_size
    return Part(X[:end], y[:end]), Part(X[end:], y[end:])


@cache
def shakespeares_end(steps: int, batch_size: int) -> tuple[Part, Part]:
    """Tiny Shakespeare in such pieces, of which the last 5 % of the whole text are held out."""
    letters = _letters()
    end = int(0.95 * len(letters))
    parts = (jn.datasets.cut_stream(part, steps, batch_size) for part in np.split(letters, [end]))
    training, test = (Part(X, y) for X, y in parts)
    return training, test


def _letters() -> Array:
    """The text as places in its alphabet."""
    text = (data_folder() / "text" / "tinyshakespeare.txt").read_text("utf-8")
    return np.unique(np.array(list(text)), return_inverse=True)[1]


@cache
def names() -> dict[str, Part]:
    """Names as letters 1 to 26, with 0 at the beginning and as the end to be found.

    They are shuffled and cut into 80, 10 and 10 % as in Karpathy's makemore.
    """
    words = (data_folder() / "text" / "names.txt").read_text("utf-8").split()
    random.Random(SHUFFLED).shuffle(words)
    time = max(map(len, words)) + 1
    X, y = np.zeros((2, len(words), time), np.int64)
    lengths = np.array([len(word) + 1 for word in words])
    for row, word in enumerate(words):
        letters = [ord(letter) - ord("a") + 1 for letter in word]
        X[row, 1 : len(word) + 1] = y[row, : len(word)] = letters
    cuts = int(0.8 * len(words)), int(0.9 * len(words))
    parts = (np.split(array, cuts) for array in (X, y, lengths))
    return dict(zip(("train", "valid", "test"), map(Part, *parts), strict=True))


@cache
def chorales() -> dict[str, Part]:
    """Bach's chorales: of each quarter note the keys that sound, and those of the next one.

    All are in C, major or minor, as in the set that figures are published of, whose pitches reach
    from 43 to 96 (N. Boulanger-Lewandowski, Y. Bengio, P. Vincent, Modeling temporal dependencies
    in high-dimensional sequences, 2012, section 6). As they were composed, networks end 0.4 nats
    higher.
    """
    path = data_folder() / "text" / "Jsb16thSeparated.npz"
    with np.load(path, allow_pickle=True, encoding="latin1") as file:
        pieces = {name: [_in_c(_keys(piece[::4])) for piece in file[name]] for name in file.files}
    time = max(len(piece) for part in pieces.values() for piece in part) - 1
    return {name: _padded(part, time) for name, part in pieces.items()}


def _keys(voices: Array) -> Array:
    """The keys that sound at each time step, (time, keys); a voice that rests is NaN."""
    keys = np.zeros((len(voices), KEYS), np.float32)
    steps, _ = np.nonzero(~np.isnan(voices))
    keys[steps, voices[~np.isnan(voices)].astype(int) - LOWEST_KEY] = 1.0
    return keys


def _in_c(keys: Array) -> Array:
    """A piece, moved so that its tonic is a C: up to half an octave up or down."""
    tonic = _tonic(keys)
    return np.roll(keys, -tonic if 2 * tonic <= OCTAVE else OCTAVE - tonic, axis=1)


def _tonic(keys: Array) -> int:
    """The note, from C on, in whose key what sounds fits best, as Krumhansl and Schmuckler do."""
    sounding = np.zeros(OCTAVE)
    np.add.at(sounding, (np.arange(KEYS) + LOWEST_KEY) % OCTAVE, keys.sum(axis=0))
    return max(
        range(OCTAVE),
        key=lambda note: max(
            np.corrcoef(np.roll(profile, note), sounding)[0, 1] for profile in (MAJOR, MINOR)
        ),
    )


def _padded(pieces: list[Array], time: int) -> Part:
    X, y = np.zeros((2, len(pieces), time, KEYS), np.float32)
    for row, piece in enumerate(pieces):
        X[row, : len(piece) - 1], y[row, : len(piece) - 1] = piece[:-1], piece[1:]
    return Part(X, y, np.array([len(piece) - 1 for piece in pieces]))


@cache
def spoken_digits() -> tuple[Part, Part]:
    """Spoken digits as log-mel frames, and the official test: takes 0 to 4 of each."""
    try:
        import librosa
        import soundfile
    except ImportError as error:
        raise ImportError(f"spoken digits need the package librosa: {install('audio')}") from error
    parts: dict[bool, list[tuple[Array, int]]] = {True: [], False: []}
    with tarfile.open(data_folder() / "audio" / "fsdd.tar.gz") as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            if not member.name.endswith(".wav"):
                continue
            digit, _, take = member.name.rsplit("/", 1)[1].removesuffix(".wav").split("_")
            content = archive.extractfile(member)
            assert content is not None
            sound, _ = soundfile.read(io.BytesIO(content.read()), dtype="float32")
            mel = librosa.feature.melspectrogram(
                y=sound, sr=RATE, n_fft=FRAME, hop_length=HOP, n_mels=MELS
            )
            frames = np.log(mel + 1e-6).T[:FRAMES]
            parts[int(take) < SPOKEN_TEST].append((frames, int(digit)))
    train, test = (_frames(parts[is_test]) for is_test in (False, True))
    assert train.lengths is not None
    real = np.arange(FRAMES) < train.lengths[:, np.newaxis]
    mean, deviation = train.X[real].mean(axis=0), train.X[real].std(axis=0)
    return tuple(  # type: ignore[return-value]
        part._replace(X=(part.X - mean) / deviation) for part in (train, test)
    )


def _frames(recordings: list[tuple[Array, int]]) -> Part:
    X = np.zeros((len(recordings), FRAMES, MELS), np.float32)
    for row, (frames, _) in enumerate(recordings):
        X[row, : len(frames)] = frames
    digits = np.array([digit for _, digit in recordings])
    return Part(X, digits, np.array([len(frames) for frames, _ in recordings]))


@cache
def rows_of_digits() -> tuple[Part, Part]:
    """MNIST, whose 28 rows of 28 pixels are time steps."""
    parts = jn.datasets.load_mnist(data_folder() / "mnist")
    return tuple(Part(X / np.float32(255), y) for X, y in parts)  # type: ignore[return-value]


@cache
def houses() -> tuple[Part, Part]:
    """King County's sales: a map around each house, and its numbers; every fifth to test with.

    The map has, for each cell, the mean log price of the training sales there but the house's own,
    as a deviation from their mean, and how many there are.
    """
    X, y = jn.datasets.load_house_sales()
    names = list(jn.datasets.HOUSE_FEATURES)
    price = np.log(y)
    held_out = np.arange(len(X)) % 5 == 0
    price = (price - price[~held_out].mean()) / price[~held_out].std()
    where = X[:, [names.index("lat"), names.index("long")]]
    low, high = np.percentile(where[~held_out], [0.5, 99.5], axis=0)
    cells = np.clip((where - low) / (high - low) * CELLS, 0, CELLS - 1).astype(int)
    rest = [place for place, name in enumerate(names) if name not in ("lat", "long", "zipcode")]
    numbers = X[:, rest]
    numbers = (numbers - numbers[~held_out].mean(axis=0)) / numbers[~held_out].std(axis=0)
    maps = _maps(cells, price, held_out)
    return tuple(  # type: ignore[return-value]
        Part((maps[part], numbers[part].astype(np.float32)), price[part].astype(np.float32))
        for part in (~held_out, held_out)
    )


def _maps(cells: Array, price: Array, held_out: Array) -> Array:
    """What each house sees of the map: (houses, PATCH, PATCH, 2)."""
    edge = PATCH // 2
    sums, counts = np.zeros((2, CELLS + 2 * edge, CELLS + 2 * edge))
    for (row, column), value in zip(cells[~held_out] + edge, price[~held_out], strict=True):
        sums[row, column] += value
        counts[row, column] += 1
    maps = np.empty((len(cells), PATCH, PATCH, 2), np.float32)
    for house, (row, column) in enumerate(cells):
        total = sums[row : row + PATCH, column : column + PATCH].copy()
        count = counts[row : row + PATCH, column : column + PATCH].copy()
        if not held_out[house]:
            total[edge, edge] -= price[house]
            count[edge, edge] -= 1
        maps[house, ..., 0] = total / np.maximum(count, 1)
        maps[house, ..., 1] = np.log1p(count)
    return maps
