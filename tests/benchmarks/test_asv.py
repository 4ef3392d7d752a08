"""asv's commands work on the suite, and a browser shows what it publishes."""

import json
import os
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


def asv(config: Path, *arguments: str) -> str:
    """What asv prints, run on the jitnet that is tested."""
    sources = str(Path(jitnet.__file__).parents[1])
    variables = {"HOME": str(config.parent), "ASV_PYTHONPATH": sources}
    command = [sys.executable, "-m", "asv", *arguments, "--config", str(config)]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
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
