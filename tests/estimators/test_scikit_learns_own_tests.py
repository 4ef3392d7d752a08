"""scikit-learn's own tests of its perceptrons, with the imports exchanged for these."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sklearn", reason="the estimators are for scikit-learn")

from sklearn import neural_network

THEIRS = Path(neural_network.__file__).parent / "tests" / "test_mlp.py"
IMPORT = "from sklearn.neural_network import MLPClassifier, MLPRegressor"

LEFT_OUT = {
    "test_gradient": "calls _unpack and _loss_grad_lbfgs, the private steps of its own search",
    "test_learning_rate_warmstart": "reads the rate from the private _optimizer",
    "test_adaptive_learning_rate": "reads the rate from the private _optimizer",
    "test_mlp_partial_fit_after_fit": "expects partial_fit to refuse early_stopping; here it stops",
}

FIXTURE = """
import pytest

@pytest.fixture
def global_random_seed():
    return 42
"""
"""What its own conftest gives where no other seed is asked for."""


@pytest.fixture
def source() -> str:
    if not THEIRS.exists():
        pytest.skip("scikit-learn is installed without its tests")
    return THEIRS.read_text(encoding="utf-8")


def test_all_but_what_is_left_out_pass(source: str, tmp_path: Path) -> None:
    assert source.count(IMPORT) == 1
    (tmp_path / "test_mlp.py").write_text(
        source.replace(IMPORT, "from jitnet import MLPClassifier, MLPRegressor"), encoding="utf-8"
    )
    (tmp_path / "conftest.py").write_text(FIXTURE, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    deselected = [f"--deselect=test_mlp.py::{name}" for name in LEFT_OUT]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            *deselected,
            "test_mlp.py",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    summary = re.search(r"(\d+) passed, (\d+) deselected", done.stdout)
    assert summary is not None, done.stdout
    assert int(summary[1]) > 50
    assert int(summary[2]) >= len(LEFT_OUT)


def test_what_is_left_out_is_there(source: str) -> None:
    names = {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    assert LEFT_OUT.keys() <= names
