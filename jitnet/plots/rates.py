"""The losses that a run through a range of learning rates has shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitnet.plots.style import COLORS, picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_rates(found: Any, *, theme: str = "light") -> Figure:
    """Draw the losses over the rates, and the suggestion; see `LearningRates.plot`."""
    with picture(6.0, 3.6, theme) as figure:
        panel = figure.subplots()
        panel.plot(found.rates, found.losses)
        panel.axvline(found.suggestion, color=COLORS[1], linestyle="--", linewidth=1.4)
        panel.annotate(
            f" {found.suggestion:.2g}", (found.suggestion, 0.96), color=COLORS[1], va="top",
            xycoords=("data", "axes fraction"),
        )  # fmt: skip
        panel.set(xscale="log", xlabel="learning rate", ylabel="loss, smoothed")
    return figure
