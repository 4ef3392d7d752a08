"""The settings that a search has tried, and what came of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from jitnet.plots.style import COLORS, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CHOICES = "choices"
AXES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "filters of the first convolution": (lambda s: (*getattr(s, "filters", ()), 0)[0], CHOICES),
    "units of the first hidden layer": (lambda s: (*s.hidden, 0)[0], CHOICES),
    "hidden layers": (lambda s: len(s.hidden), CHOICES),
    "dropout": (lambda s: s.dropout, "linear"),
    "learning rate": (lambda s: s.learning_rate, "log"),
    "weight decay": (lambda s: s.weight_decay, "log"),
    "batch size": (lambda s: s.batch_size, CHOICES),
}
"""What is drawn, and on which scale: choices stand side by side, and are left out where there was
none."""
ROWS = 2
SIDE = 3.4
"""Of a panel, in inches."""
KINDS = ((False, COLORS[0], "trained to the end"), (True, COLORS[7], "ended early"))


def plot_tries(tries: Sequence[Any], *, theme: str = "light") -> Figure:
    """Draw the loss of each try over each of its settings.

    Parameters
    ----------
    tries : sequence of Try
        What `jitnet.search.search.search` returns.
    theme : {"light", "dark"}, default "light"
        The ground it is for.

    Returns
    -------
    matplotlib.figure.Figure
    """
    values = {name: [value_of(t.settings) for t in tries] for name, (value_of, _) in AXES.items()}
    drawn = [n for n, (_, scale) in AXES.items() if scale != CHOICES or any(values[n])]
    columns = math.ceil(len(drawn) / ROWS)
    with picture(SIDE * columns, 0.8 * SIDE * ROWS, theme) as figure:
        panels = figure.subplots(ROWS, columns, sharey=True)
        for panel, name in zip_longest(panels.flat, drawn):
            if name is None:
                panel.set_visible(False)
                continue
            _draw(panel, tries, values[name], AXES[name][1])
            panel.set_xlabel(name)
        for row in panels:
            row[0].set_ylabel("least validation loss")
        panels[0, 0].legend()
    return figure


def _draw(panel: Axes, tries: Sequence[Any], values: Sequence[Any], scale: str) -> None:
    """The loss over one setting."""
    if scale == CHOICES:
        choices = sorted(set(values))
        panel.set_xticks(range(len(choices)), [str(choice) for choice in choices])
        panel.set_xlim(-0.5, len(choices) - 0.5)
        values = [choices.index(value) for value in values]
    else:
        panel.set_xscale(scale if min(values) > 0 else "linear")
        panel.xaxis.set_minor_formatter("")
    for pruned, color, label in KINDS:
        shown = [(v, t.loss) for v, t in zip(values, tries, strict=True) if t.pruned == pruned]
        panel.plot(
            [value for value, _ in shown], [loss for _, loss in shown],
            "o", color=color, markersize=5, alpha=0.7, label=label,
        )  # fmt: skip
    panel.plot(values[0], tries[0].loss, "*", color=COLORS[1], markersize=14, label="the best")
