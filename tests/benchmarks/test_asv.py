"""asv's commands work on the suite, and a browser shows what it publishes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import jitnet

pytest.importorskip("asv", reason="asv is not installed: the extra `bench` has it")
pytest.importorskip("selenium", reason="selenium is not installed: the extra `bench` has it")

from benchmarks.pages import CHROMIUM, browser, program, serving, take_scripts_from_here

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
CHOSEN = {
    "accuracy.Accuracy.track_accuracy": "Accuracy.track_accuracy",
    "kernels.Ratio.track_numpy_ratio": r"kernels.Ratio.track_numpy_ratio\('matmul', 64\)",
}
"""A benchmark's name, and what chooses it."""
EXISTING = ("--environment", f"existing:{sys.executable}")

COLORED_COLUMNS = """
const canvas = document.querySelector("#main-graph canvas.flot-base");
if (!canvas) return 0;
const {width, height} = canvas;
const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
const columns = new Set();
for (let i = 0; i < pixels.length; i += 4) {
    const color = pixels.slice(i, i + 3);
    if (pixels[i + 3] > 128 && Math.max(...color) - Math.min(...color) > 64)
        columns.add((i / 4) % width);
}
return columns.size / width;
"""
"""The share of the graph's columns that have a colored pixel: axes and grid are grey."""


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


def publish(config: Path, commits: list[str]) -> None:
    """Run the chosen benchmarks, once for every commit, and publish what they gave."""
    asv(config, "machine", "--yes")
    choice = [word for pattern in CHOSEN.values() for word in ("--bench", pattern)]
    for commit in commits:
        asv(config, "run", "--quick", *EXISTING, "--set-commit-hash", commit, *choice)
    asv(config, "publish")


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


def test_the_list_leads_with_ratios_and_shows_changes_of_what_holds_alone(config: Path) -> None:
    from asv_plugin import readable

    (regex,) = json.loads(config.read_text())["regressions_first_commits"]
    for name in benchmark_names(config):
        row = {"name": name, "pretty_name": name, "last_value": 2.0, "prev_value": 1.0}
        shown = readable(row | {"change_rev": [None, 3]})
        timed = name.rsplit(".", 1)[-1].startswith("time")
        assert (shown["prev_value"] is None) == (shown["change_rev"] is None) == timed
        assert shown["last_value"] == 2.0
        assert (shown["pretty_name"] < "a") == name.endswith("_ratio")
        assert bool(re.match(regex, name)) == timed


def benchmark_names(config: Path) -> list[str]:
    """The names of all benchmarks of the suite."""
    asv(config, "machine", "--yes")
    asv(config, "run", "--bench", "just-discover", *EXISTING)
    found = json.loads((config.parent / "results_dir" / "benchmarks.json").read_text())
    return [name for name in found if name != "version"]


def test_a_browser_shows_the_benchmarks_and_draws_their_curves(
    config: Path, commits: list[str], tmp_path: Path
) -> None:
    for names in (CHROMIUM, ("chromedriver",), ("npm",)):
        program(*names)
    publish(config, commits)
    take_scripts_from_here(tmp_path / "html_dir")

    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.wait import WebDriverWait

    with serving(tmp_path / "html_dir") as address, browser(tmp_path / "profile") as driver:
        for name in CHOSEN:
            driver.get(address)
            link = f"a[href^='#{name}']"
            wait = WebDriverWait(driver, 30)
            wait.until(lambda page, link=link: page.find_elements(By.CSS_SELECTOR, link))
            driver.find_element(By.CSS_SELECTOR, link).click()
            wait.until(lambda page: page.execute_script(COLORED_COLUMNS) > 0.5)
            assert driver.find_element(By.ID, "title").text == name
