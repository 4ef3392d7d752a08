"""What asv is told to do otherwise, for this suite.

A benchmark that fails is that benchmark's failure: `asv continuous` compares the others, too. The
list of its pages begins with the ratios, and shows a change of what holds on a noisy machine alone.
"""

from __future__ import annotations

from operator import itemgetter
from pathlib import Path
from typing import Any

from asv import util
from asv.commands import continuous
from asv.commands.run import Run
from asv.plugins.summarylist import SummaryList

HOLDS = ("track_", "peakmem_")
"""How those benchmarks' names begin that hold on a noisy machine: ratios, accuracy and memory."""


LEAD = "(ratio) "
"""What ratios' names begin with in the list, which is sorted: before all letters."""


class RunToTheEnd(Run):  # type: ignore[misc]
    """A run after which there is a comparison; what failed is marked in it, and counts as worse."""

    @classmethod
    def run(cls, *given: Any, **named: Any) -> Any:
        """Run; 2, some benchmark has failed, is no reason to end here."""
        status = super().run(*given, **named)
        return None if status == 2 else status


def readable(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the list: ratios come first, and a time has a value and no change."""
    method = row["name"].rsplit(".", 1)[-1]
    if method.endswith("_ratio"):
        row = row | {"pretty_name": LEAD + row["pretty_name"]}
    return row if method.startswith(HOLDS) else row | {"prev_value": None, "change_rev": None}


def publish(conf: Any, *given: Any) -> None:
    """Publish the list as asv does, with rows that can be read."""
    asvs_publish(conf, *given)
    for path in Path(conf.html_dir).rglob("summary.json"):
        rows = map(readable, util.load_json(str(path)))
        util.write_json(str(path), sorted(rows, key=itemgetter("pretty_name")), compact=True)


continuous.Run = RunToTheEnd
asvs_publish = SummaryList.publish
SummaryList.publish = staticmethod(publish)
