"""What is said and drawn of a search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jitnet.search.search import Try
from jitnet.streams import say
from jitnet.tables import format_table

SHOWN = 8
"""Tries that are shown, the best ones."""


def say_tries(tries: Sequence[Try], picture: Path | None) -> None:
    """Show the best tries in a table, and draw all of them where a file is given."""
    pruned = sum(tried.pruned for tried in tries)
    say(f"search          {len(tries)} settings tried, {pruned} of them ended early; the best:")
    best = tries[0].settings
    columns = {name: shown for name, shown in COLUMNS.items() if shown(best) is not None}
    rows = [
        (
            str(tried.number),
            f"{tried.loss:.4f}",
            *(str(shown(tried.settings)) for shown in columns.values()),
        )
        for tried in tries[:SHOWN]
    ]
    say("\n" + format_table([("try", "loss", *columns), *rows], left=0, indent="  ") + "\n")
    if picture is not None:
        from jitnet.plots.search import plot_tries

        plot_tries(tries).savefig(picture, dpi=120)
        say(f"tries           {picture}")


def _filters(settings: Any) -> str | None:
    """The filters of a network that has convolutions."""
    filters = getattr(settings, "filters", ())
    return _joined(filters) if filters else None


def _joined(units: Sequence[int]) -> str:
    return "-".join(map(str, units)) or "none"


COLUMNS: dict[str, Callable[[Any], str | None]] = {
    "filters": _filters,
    "hidden": lambda settings: _joined(settings.hidden),
    "dropout": lambda settings: f"{settings.dropout:.2f}",
    "rate": lambda settings: f"{settings.learning_rate:.1e}",
    "decay": lambda settings: f"{settings.weight_decay:.1e}",
    "batch": lambda settings: str(settings.batch_size),
}
"""What is shown of a try's settings; nothing where they have no such."""
