"""The ladder's pictures: each rung on logarithmic axes, under both roofs."""

from pathlib import Path

import numpy as np
import pytest

from jitnet.study.ladder import Timing
from jitnet.study.picture import picture, save
from jitnet.study.plot import draw_rungs, draw_sweeps
from jitnet.study.problems import PROBLEMS, RUNGS, get_problem
from jitnet.study.roofs import Roofs

pytest.importorskip("matplotlib")

ROOFS = Roofs(100.0, 10.0)


def timing(rung: str, n: int, seconds: float | None) -> Timing:
    gflops = None if seconds is None else 2 * n**3 / seconds / 1e9
    skipped = "a step would take about 9 s" if seconds is None else None
    return Timing("matmul", {"n": n}, rung, seconds, 0.01, None, gflops, 0.0, skipped)


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf"])
def test_a_picture_is_written(tmp_path: Path, ending: str) -> None:
    timings = [timing("loops", 4, 1e-5), timing("tiled", 4, 1e-6), timing("tiled", 64, 1e-5)]
    path = tmp_path / f"ladder{ending}"
    with picture() as figure:
        draw_sweeps(figure, get_problem("matmul"), {"n": timings}, ROOFS, "a machine", itemsize=4)
        save(figure, path)
    assert path.stat().st_size > 1000


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_sweep_of_every_problem_is_drawn(name: str) -> None:
    problem = get_problem(name)
    sweeps = {
        dimension: [
            Timing(name, {**problem.sizes, dimension: value}, "tiled", 1, 0, None, 1, 0, None)
            for value in values
        ]
        for dimension, values in problem.sweeps.items()
    }
    with picture() as figure:
        draw_sweeps(figure, problem, sweeps, ROOFS, "a machine", itemsize=4)
        figure.draw_without_rendering()
    assert len(figure.axes) == len(sweeps)


def test_lines_and_roofs_are_where_the_numbers_are() -> None:
    timings = [timing("loops", n, 1e-3 * n) for n in (8, 16)]
    timings += [timing("loops", 32, None), *(timing("tiled", n, 1e-6 * n) for n in (8, 16, 32))]
    with picture() as figure:
        draw_sweeps(figure, get_problem("matmul"), {"n": timings}, ROOFS, "", itemsize=4)
    (panel,) = figure.axes
    lines = {str(line.get_label()): np.array(line.get_data()) for line in panel.get_lines()}
    assert panel.get_xscale() == panel.get_yscale() == "log"
    assert set(lines) == {"loops", "tiled", "compute roof", "main memory roof"}
    assert lines["loops"][0].tolist() == [8, 16]
    assert lines["tiled"][1].tolist() == [2 * n**2 / 1e3 for n in (8, 16, 32)]
    assert set(lines["compute roof"][1]) == {100.0}
    memory = lines["main memory roof"][1]
    assert memory[0] == pytest.approx(10.0 * 2 * 8**3 / (4 * 3 * 8**2))
    assert memory[-1] == pytest.approx(min(100.0, 10.0 * 2 * 32**3 / (4 * 3 * 32**2)))


def test_rungs_of_a_size_stand_at_their_rates_with_what_they_took() -> None:
    timings = [timing(rung, 8, None if rung == "loops" else 1e-6) for rung in RUNGS]
    with picture() as figure:
        draw_rungs(figure, get_problem("matmul"), timings, ROOFS, "", itemsize=4)
    (panel,) = figure.axes
    marked = [line for line in panel.get_lines() if str(line.get_marker()) in "sv^D"]
    points = [np.array(line.get_data()).ravel().tolist() for line in marked]
    assert points == [[pytest.approx(1.024), place] for place in range(1, len(RUNGS))]
    assert [text.get_text() for text in panel.texts] == [
        "skipped: a step would take about 9 s",
        *["1.00 µs ±1.0%"] * (len(RUNGS) - 1),
    ]


def test_a_users_own_style_changes_no_picture() -> None:
    import matplotlib

    with matplotlib.rc_context({"figure.facecolor": "black"}), picture() as figure:
        assert figure.get_facecolor() == (1.0, 1.0, 1.0, 1.0)
