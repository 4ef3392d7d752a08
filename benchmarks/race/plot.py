"""The race's figures as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from race.contest import Contest
from race.report import SUBJECT

COLORS = {
    "jitnet": "#d1495b",
    "JAX": "#2e6f95",
    "NumPy": "#66a182",
    "PyTorch": "#edae49",
    "scikit-learn": "#8d96a3",
}


def draw_speeds(contests: Sequence[Contest], machine: str, path: Path) -> None:
    """Draw each library's fastest turn, as a share of the best other library's."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    races = [contest for contest in contests if not contest.fault and len(contest.rates) > 1]
    titles = [title for title in COLORS if any(title in race.rates for race in races)]
    figure, axes = pyplot.subplots(figsize=(9, 3.6), layout="constrained")
    height = 0.8 / len(titles)
    for i, title in enumerate(titles):
        shares = [_share(race, title) for race in races]
        places = np.arange(len(races)) - 0.4 + (i + 0.5) * height
        axes.bar(places, shares, height, label=title, color=COLORS[title])
    axes.axhline(1.0, color="black", linewidth=0.8)
    axes.set_xticks(range(len(races)), [race.job.name for race in races])
    axes.set_ylabel("steps per second\nover the best other library")
    axes.set_title(machine, fontsize=9, color="#555555")
    _clean(axes)
    axes.legend(frameon=False, ncols=len(titles), loc="upper right", fontsize=9)
    figure.savefig(path)


def _share(race: Contest, title: str) -> float:
    others = [race.best(other) for other in race.rates if other != SUBJECT]
    return race.best(title) / max(others) if title in race.rates else 0.0


def _clean(axes: Any) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
