"""Signals that come while a kernel compiles, kept until the compiler can be left.

A signal's handler runs between any two lines of Python, the compiler's own among them, and may
raise: a locked compiler or a half-made kernel would be left behind, and what LLVM calls in Python
swallows what is raised. So handlers wait for the next place where a compilation can be given up.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

Handler = Callable[[int, Any], Any]


class _GivenUp(BaseException):
    """Leaves the compiler for what a handler has raised; no `except Exception` there takes it."""

    def __init__(self, reason: BaseException) -> None:
        super().__init__(reason)
        self.reason = reason


class _Kept:
    """The handlers of the signals that Python handles, and the signals that have come."""

    def __init__(self) -> None:
        self.handlers: dict[int, Handler] = {}
        self.came: deque[tuple[int, Any]] = deque()

    def keep(self, number: int, frame: Any) -> None:
        """Handle a signal later, or at once where nothing compiles any more."""
        if _current is self:
            self.came.append((number, frame))
        else:
            self.handlers[number](number, frame)

    def handle(self) -> None:
        """Call the handlers of the signals that have come."""
        while self.came:
            number, frame = self.came.popleft()
            self.handlers[number](number, frame)

    def install(self) -> None:
        """Put `keep` in the place of all handlers."""
        for number in signal.valid_signals():
            handler = signal.getsignal(number)
            if callable(handler):
                self.handlers[number] = handler
                signal.signal(number, self.keep)

    def restore(self) -> None:
        """Put the handlers back, but for those that another has taken the place of."""
        for number, handler in self.handlers.items():
            if signal.getsignal(number) == self.keep:
                signal.signal(number, handler)


_current: _Kept | None = None


@contextlib.contextmanager
def signals_kept() -> Iterator[None]:
    """Keep signals from being handled within, but at a call of `handle_signals`."""
    global _current
    if _current is not None or threading.current_thread() is not threading.main_thread():
        yield  # signals are handled on the main thread alone
        return
    kept = _current = _Kept()
    try:
        kept.install()
        yield
    except _GivenUp as given_up:
        raise given_up.reason from None
    finally:
        _current = None
        kept.restore()
    kept.handle()


def handle_signals() -> None:
    """Have the signals handled that have come, and leave the compiler if a handler raises."""
    if _current is None or threading.current_thread() is not threading.main_thread():
        return
    try:
        _current.handle()
    except BaseException as reason:
        raise _GivenUp(reason) from reason
