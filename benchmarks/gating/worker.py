"""The program of a commit's process: it prepares kernels, and runs one when it is its turn."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from race.process import send, serve, take_standard_output

if TYPE_CHECKING:
    from gating.cases import Timed


class Worker:
    """One commit's side of the conversation."""

    def __init__(self) -> None:
        self.timed: dict[str, Timed] = {}

    def prepare(self, kernels: list[str]) -> dict[str, Any]:
        """Compile and check some kernels; what failed, by the kernel's name."""
        from gating.cases import CASES

        failed = {}
        for name in kernels:
            try:
                case = CASES[name]()
                case.check()
                case.run(1)
                self.timed[name] = case
            except Exception as error:
                failed[name] = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        return {"failed": failed}

    def run(self, kernel: str, times: int) -> dict[str, Any]:
        """Seconds that a kernel takes for so many times."""
        run = self.timed[kernel].run
        start = perf_counter()
        run(times)
        return {"seconds": perf_counter() - start}


def main() -> None:
    """Serve requests until there are no more."""
    answers = take_standard_output()
    try:
        import gating.cases  # noqa: F401
        import jitnet
    except Exception as error:  # a commit's package may lack what the cases call, or be broken
        send(answers, {"failed": f"{type(error).__name__}: {error}"})
        return
    send(answers, {"package": str(jitnet.__file__)})
    serve(Worker(), answers)


if __name__ == "__main__":
    main()
