"""asv's commands work on the suite."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import jitnet

pytest.importorskip("asv", reason="asv is not installed: the extra `bench` has it")

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
EXISTING = ("--environment", f"existing:{sys.executable}")


@pytest.fixture
def commits(tmp_path: Path) -> list[str]:
    """The commits of a small repository."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git = ["git", "-C", str(folder), "-c", "user.name=n", "-c", "user.email=n@example.com"]
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    for message in ("one", "two", "three"):
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", message], check=True)
    return subprocess.check_output([*git, "rev-list", "main"], text=True).split()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The suite's configuration, with its results and pages in a folder of the test's own."""
    settings = json.loads((BENCHMARKS / "asv.conf.json").read_text())
    folders = {name: str(tmp_path / name) for name in ("env_dir", "results_dir", "html_dir")}
    settings |= {"repo": str(tmp_path / "repository"), "benchmark_dir": str(BENCHMARKS / "suite")}
    path = tmp_path / "asv.conf.json"
    path.write_text(json.dumps(settings | folders))
    return path


def asv(config: Path, *arguments: str, status: int = 0) -> str:
    """What asv prints, run on the jitnet that is tested."""
    sources = str(Path(jitnet.__file__).parents[1])
    variables = {
        "HOME": str(config.parent),
        "ASV_PYTHONPATH": sources,
        "PYTHONPATH": os.pathsep.join([str(BENCHMARKS), os.environ.get("PYTHONPATH", "")]),
    }
    command = [sys.executable, "-m", "asv", *arguments, "--config", str(config)]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_asv_finds_no_fault_in_the_suite(config: Path) -> None:
    assert "No problems found" in asv(config, "check", *EXISTING)


TOYS = """
import os
def track_same(): return 1.0
def track_longer_name(): return {"BASE": 1.0}.get(os.environ["ASV_COMMIT"], 2.0)
def track_broken(): raise AssertionError("off NumPy's")
"""


def test_a_benchmark_that_fails_leaves_the_comparison_of_the_others(
    config: Path, commits: list[str], tmp_path: Path
) -> None:
    pytest.importorskip("virtualenv", reason="asv makes an environment by virtualenv")
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "__init__.py").touch()
    (tmp_path / "suite" / "toys.py").write_text(TOYS.replace("BASE", commits[1]))
    plain = {"benchmark_dir": str(tmp_path / "suite"), "matrix": {}}
    plain |= {f"{step}_command": [] for step in ("build", "install", "uninstall")}
    config.write_text(json.dumps(json.loads(config.read_text()) | plain))
    asv(config, "machine", "--yes")
    printed = asv(config, "continuous", "--quick", "HEAD~1", "HEAD", status=1)
    assert "failed" in next(line for line in printed.splitlines() if "track_broken" in line)
    (row,) = (line for line in printed.splitlines() if line.startswith("| +"))
    assert row.split("|")[4].strip() == "2"
    assert "track_longer_name" in row
