"""The settings that a search has tried, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jitnet.plots.style import COLORS, picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AXES: dict[str, tuple[Any, str]] = {
    "units of the first layer": (lambda s: s.hidden[0], "choices"),
    "hidden layers": (lambda s: len(s.hidden), "choices"),
    "dropout": (lambda s: s.dropout, "linear"),
    "learning rate": (lambda s: s.learning_rate, "log"),
    "weight decay": (lambda s: s.weight_decay, "log"),
    "batch size": (lambda s: s.batch_size, "choices"),
}
"""What is drawn, and on which scale: of choices those that were tried are marked."""
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
    best = tries[0]
    with picture(10.5, 5.6, theme) as figure:
        panels = figure.subplots(2, 3, sharey=True)
        for panel, (name, (value_of, scale)) in zip(panels.flat, AXES.items(), strict=True):
            for pruned, color, label in KINDS:
                shown = [tried for tried in tries if tried.pruned == pruned]
                panel.plot(
                    [value_of(tried.settings) for tried in shown],
                    [tried.loss for tried in shown],
                    "o", color=color, markersize=5, alpha=0.7,
                    label=label,
                )  # fmt: skip
            panel.plot(
                value_of(best.settings), best.loss, "*", color=COLORS[1], markersize=14,
                label="the best",
            )  # fmt: skip
            panel.set_xlabel(name)
            if scale == "choices":
                choices = sorted({value_of(tried.settings) for tried in tries})
                panel.set_xscale("log", base=2)
                panel.set_xticks(choices, [str(choice) for choice in choices])
            else:
                panel.set_xscale(scale)
            panel.xaxis.set_minor_formatter("")
        for row in panels:
            row[0].set_ylabel("least validation loss")
        panels[0, 0].legend()
    return figure
