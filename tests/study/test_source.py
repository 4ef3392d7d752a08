"""A rung's code is printed as it runs: its module, and what it takes from others."""

import pytest

from jitnet.study.problems import PROBLEMS, RUNGS, get_problem
from jitnet.study.source import source


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("name", PROBLEMS)
def test_every_rung_prints_its_module_once(name: str, rung: str) -> None:
    text = source(get_problem(name), rung)
    assert text.startswith(f"# jitnet/study/{PROBLEMS[name]}/{rung}.py\n")
    titles = [line for line in text.splitlines() if line.startswith("# jitnet/")]
    assert len(titles) == len(set(titles))


def test_what_a_rung_takes_from_another_module_is_printed_behind_it() -> None:
    text = source(get_problem("logistic_regression"), "loops")
    assert "# jitnet/study/activations/loops.py, sigmoid\n\ndef sigmoid(z: float)" in text


def test_what_those_call_is_printed_too() -> None:
    assert "losses/loops.py, mean\n" in source(get_problem("deep_network"), "loops")


def test_the_tiled_rung_of_an_activation_shows_the_activation() -> None:
    text = source(get_problem("gelu"), "tiled")
    assert "# jitnet/activations/gelu.py, value\n" in text
    assert "# jitnet/activations/gelu.py, slope\n" in text


def test_the_loop_over_layers_is_part_of_every_deep_rung() -> None:
    for rung in ("loops", "vectorized", "compiled", "parallel"):
        assert "for layer in reversed(range(len(W)))" in source(get_problem("deep_network"), rung)


@pytest.mark.parametrize("name", ["dense", "matmul", "deep_network"])
def test_the_tiled_rung_shows_the_engines_own_tile(name: str) -> None:
    text = source(get_problem(name), "tiled")
    for name in ("multiply_tile", "add_products"):
        assert f"# jitnet/kernels/matmul.py, {name}\n" in text
    assert "store(sums, i, fma(x, load(B, (k * VECTORS + v) * width), load(sums, i)))" in text


def test_what_a_factory_makes_is_printed_as_a_function_of_its_own() -> None:
    text = source(get_problem("maxpool2d"), "tiled")
    assert "pool_forward\n\n@njit(parallel=True)\ndef pool_forward(\n    Y: Any" in text
    assert "# jitnet/layers/max_pool.py, to_greatest\n" in text
