"""Cats or not: the course's photos, which a user has to bring, and its networks to the digit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import jitnet as jn
from jitnet.extras import install
from jitnet.study.lessons.course import course_weights
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import MissingData, Result
from jitnet.study.picture import BLUE, ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Examples = tuple[NDArray[np.uint8], NDArray[np.int64]]

FOLDERS = ("datasets", "catvnoncat", ".")
"""Where the files may lie: as in the course, or beside one's work; also below $JITNET_DATA."""
STEPS, RATE, SEED = 2500, 0.0075, 1
PRINTED = 2400
"""The last step whose cost the course prints."""


class Kind(NamedTuple):
    """A network of the course's."""

    widths: tuple[int, ...]
    scale: float | None
    color: str

    @property
    def name(self) -> str:
        """Its layers."""
        return "-".join(map(str, self.widths))


KINDS = (Kind((12288, 7, 1), 0.01, ORANGE), Kind((12288, 20, 7, 5, 1), None, BLUE))
SHOWN = 8

TEXT = """\
{m_train} photos to train on and {m_test} to test with, each of 64×64 pixels in three colours:
one column of 12,288 numbers, divided by 255. {cats:.0f} % of the first and {test_cats:.0f} % of
the others show a cat. Two networks of the course's with ReLU units, its own first weights,
{steps:,} steps of gradient descent over all photos at a rate of {rate:g}; the cost, as the
course prints it:

{costs}

And what they know then:

{accuracy}

The shallow network knows every photo that it was trained on, and errs on more than a quarter of
the others; the deeper one does better. But to say "cat" to every photo is right for
{test_cats:.0f} % of the test: {m_train} photos are few for {parameters:,} parameters, which
learn by heart what else is in a photo. Of the {wrong} photos that the deeper one misreads,
{missed} show a cat that it does not see, and {alarms} show none, but a butterfly, say, or birds
before a sunset."""


def run() -> Result:
    """Train both networks and look at what they misread."""
    train, test = photos("train"), photos("test")
    models = {kind.name: _train(kind, train) for kind in KINDS}
    numbers: dict[str, Any] = {name: _scores(model, train, test) for name, model in models.items()}
    deep = models[KINDS[-1].name]
    seen = deep.predict(_inputs(test[0]))[:, 0]
    wrong = np.flatnonzero((seen > 0.5) != test[1]).tolist()
    found = {"networks": numbers, "misread": wrong, "seen": seen.tolist()}
    return Result(found, _explain(numbers, train, test, wrong))


def draw(figure: Figure, result: Result) -> None:
    """The costs step by step, and photos that the deeper network misreads."""
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(1, 1.25))[0]
    figure.set_size_inches(12, 4.6)
    cost = left.subplots()
    for kind in KINDS:
        costs = result.numbers["networks"][kind.name]["costs"]
        cost.plot([int(step) for step in costs], costs.values(), color=kind.color, label=kind.name)
    cost.set(xlabel="step", ylabel="cost (cross-entropy)", title="Learning", ylim=(0, None))
    cost.legend()
    images, cats = photos("test")
    places = result.numbers["misread"][:SHOWN]
    shown = right.subplots(2, SHOWN // 2, squeeze=False)
    for panel in shown.flat:
        panel.set_axis_off()
    for panel, place in zip(shown.flat, places, strict=False):
        panel.imshow(images[place])
        truth = "a cat" if cats[place] else "no cat"
        probability = 100 * result.numbers["seen"][place]
        panel.set_title(f"{truth}: {probability:.0f} %", fontsize=9.5, pad=5)
    right.suptitle("Misread by the deeper network, and its probability of a cat", fontsize=11.5)


def photos(part: str) -> Examples:
    """The course's photos to train on or to test with, and whether they show a cat.

    Parameters
    ----------
    part : {"train", "test"}
        Which.

    Returns
    -------
    images : ndarray of uint8, shape (m, 64, 64, 3)
    cats : ndarray of int64, shape (m,)

    Raises
    ------
    MissingData
        If the file is not there, or cannot be read; the message says where it is to be had.
    """
    path = _find(f"{part}_catvnoncat.h5")
    try:
        import h5py
    except ImportError:
        raise MissingData(f"reading it needs h5py: {install('study')}") from None
    with h5py.File(path) as file:
        return file[f"{part}_set_x"][:], file[f"{part}_set_y"][:]


def _find(name: str) -> Path:
    """Where a file of the course's lies."""
    home = Path(os.environ.get("JITNET_DATA") or ".")
    for folder in FOLDERS:
        if (home / folder / name).exists():
            return home / folder / name
    raise MissingData(
        f"the lesson needs the course's {name}, which is not ours to give away: take the folder "
        '"datasets" of its assignment "Logistic Regression with a Neural Network mindset" '
        "(Neural Networks and Deep Learning, week 2, deeplearning.ai) here, or name the folder "
        "that it is in by JITNET_DATA"
    )


def _inputs(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """A row a photo, from 0 to 1."""
    return images.reshape(len(images), -1) / 255


def _train(kind: Kind, train: Examples) -> jn.Sequential:
    layers = [*(jn.Dense(units, "relu") for units in kind.widths[1:-1]), jn.Dense(1)]
    model = jn.Sequential(layers, "binary_crossentropy", jn.SGD(RATE), dtype="float64")
    model.set_weights(course_weights(kind.widths, SEED, kind.scale))
    model.fit(_inputs(train[0]), train[1], epochs=STEPS, batch_size=None)
    return model


def _scores(model: jn.Sequential, train: Examples, test: Examples) -> dict[str, Any]:
    losses = model.history["loss"]
    return {
        "parameters": sum(array.size for array in model.get_weights()),
        "costs": {str(step): losses[step] for step in range(0, STEPS, 100)},
        "train": model.evaluate(_inputs(train[0]), train[1])["accuracy"],
        "test": model.evaluate(_inputs(test[0]), test[1])["accuracy"],
    }


def _explain(numbers: dict[str, Any], train: Examples, test: Examples, wrong: list[int]) -> str:
    steps = [str(step) for step in range(0, PRINTED + 1, 600)]
    return lay_out(
        TEXT,
        m_train=len(train[1]),
        m_test=len(test[1]),
        cats=100 * train[1].mean(),
        test_cats=100 * test[1].mean(),
        steps=STEPS,
        rate=RATE,
        costs=in_columns(
            ("network", *(f"step {int(step):,}" for step in steps)),
            [
                (name, *(f"{row['costs'][step]:.6f}" for step in steps))
                for name, row in numbers.items()
            ],
        ),
        accuracy=in_columns(
            ("network", "parameters", "photos to train on", "test"),
            [
                (name, f"{row['parameters']:,}", f"{row['train']:.3f}", f"{row['test']:.2f}")
                for name, row in numbers.items()
            ],
        ),
        parameters=min(row["parameters"] for row in numbers.values()),
        wrong=len(wrong),
        missed=int(test[1][wrong].sum()),
        alarms=len(wrong) - int(test[1][wrong].sum()),
    )
