"""What asv is told to do otherwise, for this suite.

A benchmark that fails is that benchmark's failure: `asv continuous` compares the others, too. And
in the list of its pages a change is shown of what holds on a noisy machine alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from asv import util
from asv.commands import continuous
from asv.commands.run import Run
from asv.plugins.summarylist import SummaryList

HOLDS = ("track_", "peakmem_")
"""How those benchmarks' names begin that hold on a noisy machine: ratios, accuracy and memory."""


class RunToTheEnd(Run):  # type: ignore[misc]
    """A run after which there is a comparison; what failed is marked in it, and counts as worse."""

    @classmethod
    def run(cls, *given: Any, **named: Any) -> Any:
        """Run; 2, some benchmark has failed, is no reason to end here."""
        status = super().run(*given, **named)
        return None if status == 2 else status


def without_changes_of_times(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the list, in which a time has a value and no change."""
    return [
        row
        if row["name"].rsplit(".", 1)[-1].startswith(HOLDS)
        else {**row, "prev_value": None, "change_rev": None}
        for row in rows
    ]


def publish(conf: Any, *given: Any) -> None:
    """Publish the list as asv does, but for changes of times."""
    asvs_publish(conf, *given)
    for path in Path(conf.html_dir).rglob("summary.json"):
        rows = without_changes_of_times(util.load_json(str(path)))
        util.write_json(str(path), rows, compact=True)


continuous.Run = RunToTheEnd
asvs_publish = SummaryList.publish
SummaryList.publish = staticmethod(publish)
