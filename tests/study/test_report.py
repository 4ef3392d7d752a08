"""What the ladder prints can be read: times with units, shares, and where rungs overtake."""

import json

import pytest

from jitnet.study import report
from jitnet.study.ladder import Timing
from jitnet.study.roofs import Roofs

ROOFS = Roofs(gflops=200.0, gigabytes=20.0)


def timing(rung: str, m: int, seconds: float | None, speedup: float | None = None) -> Timing:
    gflops = None if seconds is None else 50.0
    skipped = "a step would take about 9 s" if seconds is None else None
    spread = None if seconds is None else 0.012
    size = {"m": m, "units": 4}
    return Timing("dense", size, rung, seconds, spread, speedup, gflops, 1e-7, skipped)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.0, "2.00 s"), (0.0123, "12.3 ms"), (1.5e-4, "150 µs"), (4.2e-9, "4.20 ns"), (0, "0.00 ns")],
)
def test_a_duration_has_three_digits_and_a_unit(seconds: float, text: str) -> None:
    assert report.duration(seconds) == text


def test_a_row_gives_time_spread_speedup_rate_share_and_error() -> None:
    line = report.row(timing("tiled", 8, 1e-5, 1234.5), ROOFS)
    assert line.split() == ["tiled", "10.0", "µs", "±1.2%", "1,234", "50", "25.00%", "1.0e-07"]
    assert len(line) == len(report.header())


@pytest.mark.parametrize(("speedup", "text"), [(0.0234, "0.0234"), (7.123, "7.12"), (99.4, "99.4")])
def test_a_speedup_has_three_digits(speedup: float, text: str) -> None:
    assert report.row(timing("tiled", 8, 1e-5, speedup), ROOFS).split()[4] == text


@pytest.mark.parametrize(("spread", "text"), [(0.0021, "±0.2%"), (0.123, "±12%"), (97.0, ">±100%")])
def test_a_spread_is_half_the_distance_of_the_quartiles(spread: float, text: str) -> None:
    assert report.spread_text(spread) == text


def test_a_sweep_has_the_middle_spread_of_each_rung() -> None:
    rungs = [("loops", None), ("compiled", 0.01), ("compiled", 0.03), ("compiled", 0.9)]
    timings = [timing(rung, 8, 1.0)._replace(spread=spread) for rung, spread in rungs]
    assert report.spreads([*timings, timing("tiled", 8, 1.0)]) == (
        "spread: compiled ±3.0%, tiled ±1.2%"
    )


@pytest.mark.parametrize(
    ("spreads", "wide"),
    [((0.01, 0.02, 0.9), False), ((0.01, 0.2, 0.3), True), ((None, 0.3), True), ((None,), False)],
)
def test_times_spread_widely_where_most_do(spreads: tuple[float | None, ...], wide: bool) -> None:
    timings = [timing("tiled", 8, 1e-5)._replace(spread=spread) for spread in spreads]
    assert report.spreads_widely(timings) == wide


def test_a_rung_that_was_compared_with_nothing_has_no_error() -> None:
    assert report.row(timing("tiled", 8, 1e-5)._replace(max_error=None), ROOFS).endswith("    –")


def test_a_row_without_loops_has_no_speedup() -> None:
    assert report.row(timing("tiled", 8, 1e-5), ROOFS).split()[1:5] == ["10.0", "µs", "±1.2%", "50"]


def test_a_skipped_rung_gives_its_reason() -> None:
    line = report.row(timing("loops", 8, None), ROOFS)
    assert line == "loops       skipped: a step would take about 9 s"


def test_json_has_a_dictionary_a_rung() -> None:
    rungs = report.as_json([timing("tiled", 8, 1e-5, 2.0)], ROOFS, "a processor", busy=False)
    assert json.loads(json.dumps(rungs)) == [
        {
            "problem": "dense",
            "size": {"m": 8, "units": 4},
            "rung": "tiled",
            "seconds": 1e-5,
            "spread": 0.012,
            "speedup": 2.0,
            "gflops": 50.0,
            "peak_share": 0.25,
            "max_error": 1e-7,
            "skipped": None,
            "processor": "a processor",
            "busy": False,
        }
    ]


def test_json_of_a_skipped_rung_has_no_share() -> None:
    (rung,) = report.as_json([timing("loops", 8, None)], ROOFS, "a processor", busy=False)
    assert rung["seconds"] is None
    assert rung["peak_share"] is None
    assert rung["skipped"] == "a step would take about 9 s"


@pytest.mark.parametrize(
    ("loops", "vectorized", "says"),
    [
        ((1, 2, 4), (3, 1, 1), "vectorized is faster than loops from m = 10 on"),
        ((1, 2, 4), (3, 1, 5), "vectorized is not faster than loops at m = 100"),
        ((2, 2, 4), (1, 1, 1), "vectorized is faster than loops throughout"),
        ((9, 2, 4), (1, 3, 1), "vectorized is faster than loops from m = 100 on"),
        ((1, 2, None), (3, 1, 1), "vectorized is faster than loops from m = 10 on"),
    ],
)
def test_a_sweep_says_where_a_rung_overtakes_the_one_before(
    loops: tuple[float | None, ...], vectorized: tuple[float, ...], says: str
) -> None:
    sizes = (1, 10, 100)
    timings = [timing("loops", m, s) for m, s in zip(sizes, loops, strict=True)]
    timings += [timing("vectorized", m, s) for m, s in zip(sizes, vectorized, strict=True)]
    assert report.overtakings("m", timings) == [says]


@pytest.mark.parametrize(("spread", "faster"), [(0.0, True), (0.1, False)])
def test_a_rung_is_faster_by_more_than_times_come_and_go(spread: float, faster: bool) -> None:
    loops, vectorized = (
        timing(rung, 1, seconds)._replace(spread=spread)
        for rung, seconds in (("loops", 1.1), ("vectorized", 1.0))
    )
    (verdict,) = report.overtakings("m", [loops, vectorized])
    assert verdict.startswith("vectorized is faster" if faster else "vectorized is not faster")
