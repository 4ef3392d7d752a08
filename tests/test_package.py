"""The package's face: what it names, and what importing it does not load."""

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import jitnet as jn
from jitnet.train.command import NAMES, TASKS
from jitnet.train.jobs import JOBS

OF_TORCH = ("from_torch", "to_torch")
PROBE = """
import sys
import {module}
heavy = [name for name in ("numba", "numpy", "polars", "matplotlib") if name in sys.modules]
print(",".join(heavy))
"""


def test_every_public_name_is_there() -> None:
    for name in jn.__all__:
        if name in OF_TORCH and find_spec("torch") is None:
            continue
        assert getattr(jn, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Densse'"):
        jn.Densse  # noqa: B018


def test_type_checkers_see_the_names_that_are_looked_up() -> None:
    tree = ast.parse(Path(jn.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    seen = {(node.module, alias.name) for node in imports for alias in node.names}
    homes = {(module, name) for module, names in jn.HOMES.items() for name in names}
    assert seen == homes | {("jitnet", "datasets")}


@pytest.mark.parametrize("module", ["jitnet", "jitnet.cli"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    line = [sys.executable, "-c", PROBE.format(module=module)]
    assert subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip() == ""


@pytest.mark.parametrize("command", ["train", "search", "evaluate", "predict", "export", "study"])
def test_help_loads_no_compiler(command: str) -> None:
    asked = f"from jitnet.cli import main\ntry:\n    main([{command!r}, '--help'])\n"
    found = "except SystemExit:\n    sys.exit('numba' in sys.modules or 'polars' in sys.modules)"
    line = [sys.executable, "-c", f"import sys\n{asked}{found}"]
    ended = subprocess.run(line, capture_output=True, text=True)
    assert ended.stdout.startswith("usage: jitnet")
    assert ended.returncode == 0, "it must answer at once"


def test_the_command_line_names_what_it_does_not_load() -> None:
    from jitnet.tabular import target

    assert tuple(JOBS) == NAMES
    assert TASKS == target.TASKS
