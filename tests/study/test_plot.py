"""The ladder's picture: a line a rung on logarithmic axes, under both roofs."""

from pathlib import Path

import numpy as np
import pytest

from jitnet.study.ladder import Timing
from jitnet.study.plot import draw_ladder
from jitnet.study.problems import PROBLEMS, get_problem
from jitnet.study.roofs import Roofs

pytest.importorskip("matplotlib")


def timing(rung: str, n: int, seconds: float | None) -> Timing:
    gflops = None if seconds is None else 2 * n**3 / seconds / 1e9
    return Timing("matmul", {"n": n}, rung, seconds, None, gflops, 0.0, None)


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf"])
def test_a_picture_is_written(tmp_path: Path, ending: str) -> None:
    timings = [timing("loops", 4, 1e-5), timing("tiled", 4, 1e-6), timing("tiled", 64, 1e-5)]
    path = tmp_path / f"ladder{ending}"
    draw_ladder(
        path, get_problem("matmul"), {"n": timings}, Roofs(100.0, 10.0), "a machine", itemsize=4
    )
    assert path.stat().st_size > 1000


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_sweep_of_every_problem_is_drawn(name: str, tmp_path: Path) -> None:
    problem = get_problem(name)
    sweeps = {
        dimension: [
            Timing(name, {**problem.sizes, dimension: value}, "tiled", 1.0, None, 1.0, 0.0, None)
            for value in values
        ]
        for dimension, values in problem.sweeps.items()
    }
    path = tmp_path / "ladder.svg"
    draw_ladder(path, problem, sweeps, Roofs(100.0, 10.0), "a machine", itemsize=4)
    assert path.stat().st_size > 1000


def test_lines_and_roofs_are_where_the_numbers_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.figure import Figure

    figures: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda self, *_, **__: figures.append(self))
    timings = [timing("loops", n, 1e-3 * n) for n in (8, 16)]
    timings += [timing("loops", 32, None), *(timing("tiled", n, 1e-6 * n) for n in (8, 16, 32))]
    draw_ladder(
        tmp_path / "x.png",
        get_problem("matmul"),
        {"n": timings},
        Roofs(100.0, 10.0),
        "",
        itemsize=4,
    )
    (ax,) = figures[0].axes
    lines = {str(line.get_label()): np.array(line.get_data()) for line in ax.get_lines()}
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert set(lines) == {"loops", "tiled", "compute roof", "main memory roof"}
    assert lines["loops"][0].tolist() == [8, 16]
    assert lines["tiled"][1].tolist() == [2 * n**2 / 1e3 for n in (8, 16, 32)]
    assert set(lines["compute roof"][1]) == {100.0}
    memory = lines["main memory roof"][1]
    assert memory[0] == pytest.approx(10.0 * 2 * 8**3 / (4 * 3 * 8**2))
    assert memory[-1] == pytest.approx(min(100.0, 10.0 * 2 * 32**3 / (4 * 3 * 32**2)))
