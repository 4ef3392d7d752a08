"""A child process that does what it is told, a request and an answer a line, both as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TextIO


class Process:
    """The parent's side.

    Parameters
    ----------
    title : str
        What to call the process where it ends unasked.
    arguments : sequence of str
        What Python is told to run.
    environment : mapping of str to str
        The process's variables.
    """

    def __init__(
        self, title: str, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        self.title = title
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def __enter__(self) -> Self:
        """The process itself, which runs already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        self.close()

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Have something done, and wait for the answer."""
        self.tell(do, **arguments)
        return self.answer()

    def tell(self, do: str, **arguments: Any) -> None:
        """Have something done; its answer is still to be read."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """The next answer.

        Raises
        ------
        RuntimeError
            If the process has ended.
        """
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            status = self.process.wait()
            raise RuntimeError(f"the process of {self.title} ended with status {status}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process, which ends when its requests do."""
        with self.process:
            pass


def serve(worker: object, answers: TextIO) -> None:
    """The child's side: call the worker's methods until there are no more requests."""
    for line in sys.stdin:
        request = json.loads(line)
        method: Callable[..., dict[str, Any]] = getattr(worker, request.pop("do"))
        send(answers, method(**request))


def send(answers: TextIO, message: dict[str, Any]) -> None:
    """Write an answer."""
    answers.write(json.dumps(message) + "\n")


def take_standard_output() -> TextIO:
    """Keep the standard output for the answers, and lead what else is printed to the error's."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return answers
