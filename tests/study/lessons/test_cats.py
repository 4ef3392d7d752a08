"""The course's cats: its costs and accuracies to the digit, where a user has its photos."""

from collections.abc import Callable
from pathlib import Path

import pytest

from jitnet.cli import main
from jitnet.study.lessons.lesson import Result

Lesson = Callable[[str], Result]


@pytest.mark.parametrize(
    ("network", "cost", "train", "test"),
    [("12288-7-1", 0.048555, 1.0, 0.72), ("12288-20-7-5-1", 0.092878, 0.986, 0.80)],
)
def test_each_network_ends_where_the_courses_does(
    network: str, cost: float, train: float, test: float, lesson: Lesson
) -> None:
    found = lesson("cats").numbers["networks"][network]
    assert round(found["costs"]["2400"], 6) == cost
    assert round(found["train"], 3) == train
    assert found["test"] == pytest.approx(test)


def test_what_the_deeper_network_misreads_is_what_it_lacks_to_all(lesson: Lesson) -> None:
    found = lesson("cats").numbers
    wrong = 1 - found["networks"]["12288-20-7-5-1"]["test"]
    assert len(found["misread"]) == pytest.approx(50 * wrong)


def test_who_lacks_the_photos_is_told_in_a_line_where_they_are_to_be_had(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JITNET_DATA", str(tmp_path))
    with pytest.raises(SystemExit) as end:
        main(["study", "--lesson", "cats"])
    assert end.value.code == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "the course's train_catvnoncat.h5" in line
    assert "deeplearning.ai" in line
