"""`asv continuous` compares all benchmarks that succeed, also where one fails."""

from __future__ import annotations

from typing import Any

from asv.commands import continuous
from asv.commands.run import Run


class RunToTheEnd(Run):  # type: ignore[misc]
    """A run after which there is a comparison; what failed is marked in it, and counts as worse."""

    @classmethod
    def run(cls, *given: Any, **named: Any) -> Any:
        """Run; 2, some benchmark has failed, is no reason to end here."""
        status = super().run(*given, **named)
        return None if status == 2 else status


continuous.Run = RunToTheEnd
