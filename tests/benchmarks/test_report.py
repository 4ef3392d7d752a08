"""The race's tables say what was measured, won or lost."""

import peers
from race.contest import Contest
from race.machine import description
from race.report import short_table, single_table
from race.sections import SINGLE
from workloads import WORKLOADS

BY_NAME = {workload.name: workload for workload in WORKLOADS}


def contest(name: str, ours: float, numpys: float) -> Contest:
    return Contest(
        BY_NAME[name], {"jitnet": [0.8 * ours, 0.8 * ours, ours], "NumPy": [numpys, numpys]}
    )


def cells(table: str) -> list[list[str]]:
    rows = [line.strip("| ").split("|") for line in table.splitlines()[2:]]
    return [[cell.strip() for cell in row] for row in rows]


def test_what_was_raced_on_one_thread_stands_below_the_rest_also_where_it_lost() -> None:
    table = short_table([contest("mnist512", 200.0, 160.0)], [contest("mnist512", 80.0, 100.0)])
    team, alone = cells(table)
    assert [team[0], team[-1]] == ["mnist512", "1.25"]
    assert alone[0] == "mnist512, one thread"
    assert alone[2:] == ["80", "NumPy 100", "0.80"]


def test_a_race_that_was_called_off_has_no_row() -> None:
    off = Contest(BY_NAME["tabular"], fault="off NumPy")
    assert cells(single_table([off, contest("tabular", 50.0, 100.0)])) == [
        ["tabular", "50", "100", "0.50", "0.40"]
    ]


def test_one_thread_is_measured_by_default_and_on_each_side() -> None:
    options = peers.parse([])
    assert "single" in options.sections
    assert set(SINGLE) == {"mnist512", "tabular"} <= set(BY_NAME)


def test_the_machine_is_named_with_the_width_of_its_vectors() -> None:
    assert any(f"{bits}-bit vectors" in description() for bits in (128, 256, 512))
