"""Blocks and their caches, gradients checked by nudges, rates, and np.dot against a loop."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from jitnet.study.lessons import gradient_checking
from jitnet.study.lessons.dot_product import dot
from jitnet.study.lessons.lesson import Result

Lesson = Callable[[str], Result]


def test_every_backward_block_gives_what_the_forward_block_took(lesson: Lesson) -> None:
    blocks = lesson("blocks").numbers["blocks"]
    assert [block["layer"] for block in blocks] == [1, 2, 3]
    for block in blocks:
        assert block["dA_prev"] == block["A_prev"]
        assert block["dW"] == block["W"] == [block["A"][0], block["A_prev"][0]]
        assert block["db"] == [block["A"][0], 1]
        assert block["dA"] == block["A"] == block["Z"]
    for before, after in pairwise(blocks):
        assert before["A"] == after["A_prev"]


def test_the_blocks_gradients_are_jitnets(lesson: Lesson) -> None:
    assert lesson("blocks").numbers["difference"] < 1e-14


def test_jitnets_gradients_pass_the_check_and_planted_mistakes_do_not(lesson: Lesson) -> None:
    differences = lesson("gradient_checking").numbers["differences"]
    assert differences["jitnet's"]["all"] < gradient_checking.GOOD
    for planted in ("doubled", "transposed"):
        assert differences[planted]["all"] > 0.1
        wrong = {name for name, found in differences[planted].items() if found > 0.01}
        assert wrong == {"all", "dW2"}


def test_a_nudge_from_both_sides_errs_like_its_square(lesson: Lesson) -> None:
    found = lesson("gradient_checking").numbers["by_epsilon"]
    assert found["two_sided"]["0.1"] / found["two_sided"]["0.01"] == pytest.approx(100, rel=0.1)
    assert found["one_sided"]["0.1"] / found["one_sided"]["0.01"] == pytest.approx(10, rel=0.2)
    assert found["two_sided"]["1e-12"] > 100 * found["two_sided"]["1e-08"], "rounding"


def test_a_larger_rate_is_faster_until_it_jumps(lesson: Lesson) -> None:
    found = lesson("learning_rates").numbers
    slow, fair, good, large = found["costs"].values()
    assert slow[-1] > fair[-1] > good[-1]
    assert [*found["rises"].values()][:3] == [0, 0, 0]
    assert found["rises"]["5"] > 5
    assert max(large) > 1.5 * large[0]
    assert slow[0] == fair[0] == good[0] == large[0], "the same first weights"


def test_the_same_sums_are_faster_with_the_examples_innermost(lesson: Lesson) -> None:
    rows = lesson("loop_order").numbers["sizes"]
    assert all(row["difference"] < 1e-5 for row in rows)  # float32 sums of 64 terms
    assert rows[-1]["outermost"] > 2 * rows[-1]["innermost"]


def test_numpys_dot_is_the_loop_and_faster_where_there_is_something_to_add(lesson: Lesson) -> None:
    for row in lesson("dot_product").numbers["sizes"]:
        assert row["difference"] < 1e-11
        if row["n"] == 1000:  # a longer one may wait for threads of NumPy's
            assert row["loop"] > 2 * row["dot"]
    w, x = np.random.default_rng(0).random((2, 50))
    assert dot(w.tolist(), x.tolist()) == pytest.approx(float(w @ x), rel=1e-14)
