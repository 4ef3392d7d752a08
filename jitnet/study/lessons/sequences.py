"""Sequences: what a gate is for, and why gradients vanish on their way back through time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import jitnet as jn
from jitnet.arrays import Array, FloatArray
from jitnet.layers import Layer
from jitnet.study.blocks import BACKWARD, FORWARD, PREPARE, Blocks
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.lstm.vectorized import lstm_forward
from jitnet.study.picture import BLACK, BLUE, GREEN, GREY, ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Kind(NamedTuple):
    """A network's recurrent layer, the forget gate's first bias if it is not the layer's own."""

    layer: type[Any]
    color: str
    forget: float | None = None


UNITS, SYMBOLS, EARLY = 16, 4, 5
OPEN = 5.0
KINDS = {
    "SimpleRNN": Kind(jn.SimpleRNN, ORANGE),
    "GRU": Kind(jn.GRU, GREEN),
    "LSTM": Kind(jn.LSTM, BLACK),
    "LSTM, gates open": Kind(jn.LSTM, BLUE, OPEN),
}
LENGTHS = (5, 10, 20, 50, 100)
SEEDS = 2
TRAIN, TEST, BATCH, EPOCHS, RATE = 2000, 1000, 25, 40, 0.005
SOLVED = 0.999
DISTANCES = (1, 10, 50, 90)
WATCHED = 50

TEXT = """\
A sequence has a symbol of {symbols} at each step, drawn at random, and a mark beside one of the
first {early}. Which one was marked? The answer is asked for at the end, so that it has to be kept
while others pass by. Accuracy in % on {test:,} new sequences, by their length, after at most
{epochs} passes over {train:,} others; means of {seeds} trainings, where chance is {chance:.0f}:

{accuracy}

How far each holds is a matter of the task: this one was chosen to tell them apart. Where what
passes by is empty or rare, SimpleRNN held to 50 or 60 steps, longer than the others.

One reason is the gradient, which begins at the last state and goes back step by step. The norm of
what reaches a step's input before training, relative to the last one's, so many steps before the
end:

{gradients}

SimpleRNN makes its state anew at each step, h ← tanh(x W + h U + b): the gradient is multiplied by
U and by slopes below 1, again and again. An LSTM adds to its cell, c ← f c + i g, and hands the
gradient back times f. Its gates are sigmoids: a bias of 1, as usual, means f = {usual:.2f} at
first, and {usual:.2f}⁵⁰ is {usual_left:.0e}; some more comes back through h. So at first it is no
better off than SimpleRNN, though its gates can learn to be. With a bias of {bias:g}, f is
{opened:.3f}, and {opened:.3f}⁵⁰ is {opened_left:.2f}: what is early is felt at the end from the
first step on. Of {longest} steps, {solved} of {seeds} trainings have learned the answer so, and
{others} of the others: a gradient that arrives is needed, and is not all that is needed.

And once it has learned? With gates open and {watched} steps, input gates i are at
{input_at_mark:.2f} at the mark, on average, and at {input_elsewhere:.2f} elsewhere. What a unit
adds, |i g|, is {written_at_mark:.2f} and {written_elsewhere:.2f}: others are not kept out. Forget
gates f stay at {kept:.3f}, so that what was added is kept."""


def run() -> Result:
    """Train on each length, measure gradients of fresh networks, and look into gates."""
    models = {
        name: {
            length: [_trained(name, length, seed) for seed in range(SEEDS)] for length in LENGTHS
        }
        for name in KINDS
    }
    accuracy = {
        name: {str(length): _accuracies(found, length) for length, found in by_length.items()}
        for name, by_length in models.items()
    }
    norms = {name: gradient_norms(name, LENGTHS[-1]) for name in KINDS}
    gates = _gates(models["LSTM, gates open"][WATCHED][0])
    numbers = {"accuracy": accuracy, "gradient_norms": norms, "gates": gates}
    return Result(numbers, _text(numbers))


def draw(figure: Figure, result: Result) -> None:
    """The gradient against the distance, accuracy against the length, and gates in a sequence."""
    top, below = figure.subfigures(2, 1, squeeze=False, height_ratios=(1.35, 1))[:, 0]
    figure.set_size_inches(11, 7.6)
    gradient, accuracy = top.subplots(1, 2)
    for name, kind in KINDS.items():
        norms = result.numbers["gradient_norms"][name]
        gradient.semilogy(range(len(norms)), norms, color=kind.color, label=name)
        shares = [100 * np.mean(row) for row in result.numbers["accuracy"][name].values()]
        accuracy.semilogx(LENGTHS, shares, "o-", color=kind.color, label=name)
    gradient.set(xlabel="steps before the end", ylabel="gradient, relative to the last step's")
    gradient.set_title("What reaches a step, before training")
    accuracy.axhline(100 / SYMBOLS, color=GREY, linewidth=0.8, linestyle="--")
    accuracy.set_xticks(LENGTHS, LENGTHS)
    accuracy.minorticks_off()
    accuracy.set(xlabel="length of the sequence", ylabel="accuracy, %", ylim=(0, 105))
    accuracy.set_title("Which symbol was marked? (dashed: chance)")
    handles, labels = gradient.get_legend_handles_labels()
    top.legend(handles, labels, loc="outside lower center", ncols=len(KINDS))
    gates, mark = result.numbers["gates"], result.numbers["gates"]["mark"]
    shown = (
        ("input", "Input gates i: what is let in"),
        ("forget", "Forget gates f: what is kept"),
    )
    for panel, (name, title) in zip(below.subplots(1, 2), shown, strict=True):
        image = panel.imshow(gates[name], cmap="cividis", vmin=0, vmax=1, aspect="auto")
        panel.axvline(mark, color=ORANGE, linewidth=1.2, linestyle=":")
        panel.set(xlabel="step (dotted: the mark)", ylabel="unit", title=title)
        below.colorbar(image, ax=panel)


def marked_symbols(count: int, length: int, seed: int) -> tuple[FloatArray, NDArray[np.int64]]:
    """Sequences of symbols, of which one of the first is marked, and that symbol.

    Parameters
    ----------
    count, length : int
        How many sequences, and how many steps they have.
    seed : int
        Of the draw.

    Returns
    -------
    X : ndarray of float64, shape (count, length, SYMBOLS + 1)
        At each step a 1 for its symbol, and one in the last column for the mark.
    y : ndarray of int64, shape (count,)

    Examples
    --------
    >>> X, y = marked_symbols(3, 20, seed=0)
    >>> X.shape, X[:, :, -1].sum(axis=1).tolist()
    ((3, 20, 5), [1.0, 1.0, 1.0])
    """
    rng, rows = np.random.default_rng(seed), np.arange(count)
    symbols, place = rng.integers(0, SYMBOLS, (count, length)), rng.integers(0, EARLY, count)
    X = np.eye(SYMBOLS, SYMBOLS + 1)[symbols]
    X[rows, place, SYMBOLS] = 1
    return X, symbols[rows, place]


def gradient_norms(name: str, length: int) -> list[float]:
    """What reaches the inputs of a fresh network, from the last step to the first, relative to it.

    The loss's gradient goes back through the engine's own blocks, of all examples of the test.
    """
    X, y = marked_symbols(TEST, length, 1)
    model = _network(name, length, 0, "float64")
    *weights, head, _ = model.get_weights()
    layer = model.layers[0]
    blocks = Blocks(layer, X.shape[1:], TEST, "float64")
    names = [parameter.name for parameter in blocks.parameters]
    errors = (model.predict(X) - np.eye(SYMBOLS)[y]) / TEST
    blocks.write(X=X.reshape(TEST, -1).T, dY=head @ errors.T)
    blocks.write(**dict(zip(names, weights, strict=True)))
    blocks.runs(PREPARE, FORWARD, BACKWARD)(1)
    dX = blocks.read("dX").reshape(length, -1)
    norms: Array = np.linalg.norm(dX, axis=1)[::-1]
    return [float(norm) for norm in norms / norms[0]]


def _network(name: str, length: int, seed: int, dtype: str = "float32") -> jn.Sequential:
    kind = KINDS[name]
    layers: list[Layer] = [kind.layer(UNITS), jn.Dense(SYMBOLS)]
    optimizer = jn.Adam(RATE, clip_norm=1.0)
    model = jn.Sequential(layers, "softmax_crossentropy", optimizer, seed=seed, dtype=dtype)
    model.build((length, SYMBOLS + 1))
    if kind.forget is not None:
        weight, bias, *others = model.get_weights()
        bias[UNITS : 2 * UNITS] = kind.forget
        model.set_weights([weight, bias, *others])
    return model


def _trained(name: str, length: int, seed: int) -> jn.Sequential:
    """A network that knows its examples, or has had all its epochs."""
    X, y = marked_symbols(TRAIN, length, 0)
    model = _network(name, length, seed)
    for _ in range(EPOCHS // 5):
        model.fit(X, y, epochs=5, batch_size=BATCH)
        if model.history["accuracy"][-1] >= SOLVED:
            break
    return model


def _accuracies(models: list[jn.Sequential], length: int) -> list[float]:
    examples = marked_symbols(TEST, length, 1)
    return [model.evaluate(*examples)["accuracy"] for model in models]


def _gates(model: jn.Sequential) -> dict[str, Any]:
    """The input and the forget gates of a sequence, and their means over all of them."""
    X, _ = marked_symbols(TEST, WATCHED, 1)
    weight, bias, recurrent, *_ = model.get_weights()
    columns = np.ascontiguousarray(X.transpose(1, 2, 0), weight.dtype)
    _, gates, _ = lstm_forward(columns, weight.T, recurrent.T, bias[:, np.newaxis])
    i, f, g, _ = np.split(gates, 4, axis=1)
    opened, written = i.mean(axis=1), np.abs(i * g).mean(axis=1)
    at_mark = columns[:, SYMBOLS] == 1
    return {
        "mark": int(X[0, :, SYMBOLS].argmax()),
        "input": i[:, :, 0].T.tolist(),
        "forget": f[:, :, 0].T.tolist(),
        "input_at_mark": float(opened[at_mark].mean()),
        "input_elsewhere": float(opened[~at_mark].mean()),
        "written_at_mark": float(written[at_mark].mean()),
        "written_elsewhere": float(written[~at_mark].mean()),
        "kept": float(f.mean()),
    }


def _text(numbers: dict[str, Any]) -> str:
    usual, opened = (float(1 / (1 + np.exp(-bias))) for bias in (1.0, OPEN))
    gates, accuracy = numbers["gates"], numbers["accuracy"]
    longest = str(LENGTHS[-1])
    solved = {name: sum(np.array(row[longest]) > 0.9) for name, row in accuracy.items()}
    return lay_out(
        TEXT,
        symbols=SYMBOLS,
        early=EARLY,
        test=TEST,
        train=TRAIN,
        epochs=EPOCHS,
        seeds=SEEDS,
        chance=100 / SYMBOLS,
        accuracy=in_columns(
            ("steps", *map(str, LENGTHS)),
            [
                (name, *(f"{100 * np.mean(shares):.0f}" for shares in row.values()))
                for name, row in accuracy.items()
            ],
        ),
        gradients=in_columns(
            ("steps before the end", *map(str, DISTANCES)),
            [
                (name, *(f"{norms[distance]:.0e}" for distance in DISTANCES))
                for name, norms in numbers["gradient_norms"].items()
            ],
        ),
        usual=usual,
        usual_left=usual**50,
        opened=opened,
        opened_left=opened**50,
        bias=OPEN,
        watched=WATCHED,
        input_at_mark=gates["input_at_mark"],
        input_elsewhere=gates["input_elsewhere"],
        written_at_mark=gates["written_at_mark"],
        written_elsewhere=gates["written_elsewhere"],
        longest=longest,
        solved=solved.pop("LSTM, gates open"),
        others=sum(solved.values()) or "none",
        kept=gates["kept"],
    )
