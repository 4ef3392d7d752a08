"""The engine: a network's table of calls, its memory, and the compiled loop that runs it."""

from jitnet.engine.engine import Engine

__all__ = ["Engine"]
