"""What is said and drawn of a search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jitnet.search.search import Try
from jitnet.streams import say
from jitnet.tables import format_table

SHOWN = 8
"""Tries that are shown, the best ones."""


def say_tries(tries: Sequence[Try], picture: Path | None) -> None:
    """Show the best tries in a table, and draw all of them where a file is given."""
    pruned = sum(tried.pruned for tried in tries)
    say(f"search          {len(tries)} settings tried, {pruned} of them ended early; the best:")
    header = ("try", "loss", "hidden", "dropout", "rate", "decay", "batch")
    rows = [
        (
            str(tried.number),
            f"{tried.loss:.4f}",
            "-".join(map(str, tried.settings.hidden)),
            f"{tried.settings.dropout:.2f}",
            f"{tried.settings.learning_rate:.1e}",
            f"{tried.settings.weight_decay:.1e}",
            str(tried.settings.batch_size),
        )
        for tried in tries[:SHOWN]
    ]
    say("\n" + format_table([header, *rows], left=0, indent="  ") + "\n")
    if picture is not None:
        from jitnet.plots.search import plot_tries

        plot_tries(tries).savefig(picture, dpi=120)
        say(f"tries           {picture}")
