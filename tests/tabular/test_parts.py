"""The rows that are held out."""

import numpy as np
import polars as pl
import pytest

from jitnet.tabular.parts import folds_of, held_out


def frame(rows: int = 100) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "y": ["a"] * (rows - 20) + ["b"] * 20,
            "patient": [k // 4 for k in range(rows)],
            "day": [(k * 37) % rows for k in range(rows)],
        }
    )


def test_the_same_share_of_each_class_is_held_out() -> None:
    mask = held_out(frame(), "y", 0.2, seed=0)
    classes = frame()["y"].to_numpy()
    assert (mask[classes == "a"].sum(), mask[classes == "b"].sum()) == (16, 4)


def test_the_seed_says_which_rows() -> None:
    masks = [held_out(frame(), "y", 0.2, seed=seed).tolist() for seed in (0, 0, 1)]
    assert masks[0] == masks[1] != masks[2]


def test_a_class_of_few_rows_is_learned_and_not_held_out() -> None:
    rows = frame().with_columns(y=pl.Series(["c", "d", "d", *frame()["y"][3:]]))
    assert not held_out(rows, "y", 0.2, seed=0)[:3].any()
    for learned, held in folds_of(rows, "y", 5, seed=0):
        assert learned[:3].all()
        assert not held[:3].any()


def test_a_group_stays_together() -> None:
    mask = held_out(frame(), "y", 0.2, seed=0, group="patient")
    shares = [mask[4 * k : 4 * k + 4].mean() for k in range(25)]
    assert set(shares) == {0.0, 1.0}
    assert sum(shares) == 5


def test_with_a_time_the_latest_rows_are_held_out() -> None:
    mask = held_out(frame(), "y", 0.25, seed=0, time="day")
    assert sorted(frame()["day"].to_numpy()[mask]) == list(range(75, 100))


@pytest.mark.parametrize("group", [None, "patient"])
def test_folds_test_each_row_once(group: str | None) -> None:
    tested = np.zeros(100, int)
    for learned, held in folds_of(frame(), "y", 5, seed=0, group=group):
        assert not (learned & held).any()
        tested += held
    assert (tested == 1).all()


def test_folds_in_time_test_what_comes_after_what_is_learned() -> None:
    days = frame()["day"].to_numpy()
    for learned, held in folds_of(frame(), "y", 4, seed=0, time="day"):
        assert days[learned].max() + 1 == days[held].min()
        assert held.sum() == 20


def test_too_few_rows_or_groups_are_an_error() -> None:
    with pytest.raises(ValueError, match="3 rows, too few for 5 parts"):
        next(folds_of(frame()[:3], "y", 5, seed=0))
    with pytest.raises(ValueError, match="'patient' has 2 groups, too few for 5"):
        next(folds_of(frame()[:8], "y", 5, seed=0, group="patient"))
    with pytest.raises(ValueError, match="cannot be cut so that 20% are held out"):
        held_out(frame()[:1], "y", 0.2, seed=0)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.4, 0.75])
@pytest.mark.parametrize("cut", [{}, {"group": "patient"}, {"time": "day"}])
def test_the_share_is_what_was_asked_for(share: float, cut: dict[str, str]) -> None:
    mask = held_out(frame(), "y", share, seed=0, **cut)
    assert abs(mask.mean() - share) <= (0.03 if cut.get("group") else 0.01)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, 1.5])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share must be"):
        held_out(frame(), "y", share, seed=0)


def test_text_has_no_order_in_time_and_there_is_one_cut() -> None:
    rows = frame().with_columns(when=pl.lit("12/31/2019"))
    with pytest.raises(ValueError, match="column 'when' has no times, but values such as"):
        held_out(rows, "y", 0.2, seed=0, time="when")
    with pytest.raises(ValueError, match="by a group or by a time, not by both"):
        held_out(rows, "y", 0.2, seed=0, time="day", group="patient")


def test_a_class_of_one_row_is_learned_and_not_held_out() -> None:
    rows = pl.DataFrame({"y": ["no"] * 40 + ["yes"] * 40 + ["once"]})
    for seed in range(20):
        assert not held_out(rows, "y", 0.2, seed)[-1]
        for learned, tested in folds_of(rows, "y", 5, seed):
            assert set(rows["y"].filter(tested)) <= set(rows["y"].filter(learned))


def test_a_cut_that_leaves_no_row_of_a_class_to_learn_from_is_refused() -> None:
    rows = pl.DataFrame({"y": ["no", "yes"] * 10 + ["new"], "day": range(21)})
    with pytest.raises(ValueError, match="row 21, column 'y': no row of the class 'new' is left"):
        held_out(rows, "y", 0.2, 0, time="day")
