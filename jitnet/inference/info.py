"""``jitnet info``: what jitnet runs on, and what a model takes and gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jitnet.inference.model import load_model
from jitnet.model import Sequential
from jitnet.streams import say
from jitnet.tables import format_table
from jitnet.tabular.columns import Category, Column, Ordinal

SHOWN = 6
"""How many values of a column are named, at most."""


def show_machine() -> None:
    """Print the versions, the CPU as the kernels see it, the threads and the cache's folder."""
    from importlib.metadata import version
    from platform import python_version

    import llvmlite.binding
    import numba

    from jitnet.kernels.cache import folders
    from jitnet.kernels.cpu import VECTOR_BYTES
    from jitnet.threads import available_threads
    from jitnet.version import package_version

    rows = {
        "python": python_version(),
        "jitnet": package_version(),
        **{package: version(package) for package in ("numpy", "numba", "llvmlite")},
        "CPU": numba.config.CPU_NAME or llvmlite.binding.get_host_cpu_name(),
        "lanes": f"{VECTOR_BYTES // 4} of float32, {VECTOR_BYTES // 8} of float64",
        "threads": available_threads(),
        "cache": folders().written or "none, as no folder can be written",
    }
    for name, value in rows.items():
        say(f"{name:<16}{value}")


def show_model(path: Path) -> None:
    """Print what a model takes and what it gives."""
    model = load_model(path)
    if isinstance(model, Sequential):
        _show_network(model)
        return
    target = model.table.target
    say(f"predicts        {target.about}")
    say(f"networks        {len(model.networks)}, {len(model.table.features)} features")
    rows = [("column", "kind", "values"), *(_described(c) for c in model.table.columns)]
    say("\n" + format_table(rows, left=3) + "\n")
    _show_network(model.networks[0])


def _show_network(model: Sequential) -> None:
    engine = model._built()
    shape = ", ".join(map(str, engine.nodes.shape))
    say(f"takes           ({shape}) numbers an example")
    say(f"gives           {engine.n_outputs} outputs, for the loss {model.loss}")
    say(f"trained         {engine.epoch:,} epochs, {engine.step:,} steps\n")
    model.summary()


def _described(column: Column) -> tuple[str, str, str]:
    """A column's name, its kind, and the values that it has."""
    return column.name, column.KIND, _values(column)


def _values(column: Any) -> str:
    if isinstance(column, Category | Ordinal):
        named = ", ".join(column.values[:SHOWN])
        more = len(column.values) + len(getattr(column, "rare", ())) - SHOWN
        return f"{named} and {more} more" if more > 0 else named
    first = column.scales[0]
    missing = ", some missing" if first.missing else ""
    return f"{first.described}{missing}"
