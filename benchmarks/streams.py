"""Step by step: two LSTMs of 128 units, a letter at a time, beside PyTorch; and letters a second.

python benchmarks/streams.py             needs PyTorch for the last row
python benchmarks/streams.py --quick     a smoke test
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from statistics import median
from typing import Any

import jitnet as jn
from jitnet.tables import format_table
from race.machine import description

LETTERS, UNITS = 65, 128
TURNS, STEPS, TEXT = 15, 2000, 20_000


def model() -> jn.Sequential:
    """A model of letters, with its first weights."""
    recurrent = [jn.LSTM(UNITS, return_sequences=True) for _ in range(2)]
    layers = [jn.Embedding(LETTERS, UNITS), *recurrent, jn.Dense(LETTERS)]
    made = jn.Sequential(layers, "softmax_crossentropy").build(50)
    made.classes = tuple(map(chr, range(32, 32 + LETTERS)))
    return made


def our_step() -> Callable[[], Any]:
    """A step of jitnet's."""
    stream = model().stream()
    return lambda: stream.step(3)


def torch_step() -> Callable[[], Any]:
    """A step of PyTorch's, on one thread, on which it is faster."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    embedding, output = nn.Embedding(LETTERS, UNITS), nn.Linear(UNITS, LETTERS)
    recurrent = nn.LSTM(UNITS, UNITS, 2)
    letter = torch.tensor([3])
    state: Any = None

    def step() -> Any:
        nonlocal state
        with torch.inference_mode():
            h, state = recurrent(embedding(letter)[None], state)
            return torch.softmax(output(h[0]), dim=1)

    return step


def microseconds(step: Callable[[], Any], steps: int) -> float:
    """What a step takes."""
    began = time.perf_counter()
    for _ in range(steps):
        step()
    return (time.perf_counter() - began) / steps * 1e6


def letters_a_second(count: int) -> float:
    """How many letters `jn.generate` gives."""
    letters = jn.generate(model(), "A", count, seed=0)
    began = time.perf_counter()
    for _ in letters:
        pass
    return count / (time.perf_counter() - began)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure in turns, and print what was found."""
    parser = argparse.ArgumentParser(description="Streams of steps beside PyTorch's.")
    parser.add_argument("--quick", action="store_true", help="a few steps: a smoke test")
    quick = parser.parse_args(arguments).quick
    turns, steps = (1, 10) if quick else (TURNS, STEPS)
    kinds = {"jitnet": our_step()}
    try:
        kinds["PyTorch"] = torch_step()
    except ImportError as error:
        print(f"PyTorch is not here: {error}", file=sys.stderr)
    for step in kinds.values():
        microseconds(step, 10)
    found: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(turns):
        for name, step in kinds.items():
            found[name].append(microseconds(step, steps))
    rows = [("", "µs a step"), *((name, f"{median(times):.1f}") for name, times in found.items())]
    print(f"{description()}; jitnet {jn.__version__}; {date.today()}\n")
    print(format_table(rows, left=1))
    print(f"\n{letters_a_second(100 if quick else TEXT):,.0f} letters a second by jn.generate")
    return 0


if __name__ == "__main__":
    sys.exit(main())
