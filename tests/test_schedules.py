"""Schedules follow their formulas, whatever the slice of steps that is asked for."""

import dataclasses
import math
from typing import Any, cast

import numpy as np
import pytest

from jitnet.schedules import (
    Constant,
    Cosine,
    Exponential,
    OneCycle,
    Schedule,
    Step,
    as_schedule,
)

SCHEDULES = [
    Constant(0.3),
    Step(0.3, every=7, factor=0.5),
    Exponential(0.3, every=7, factor=0.5),
    Cosine(0.3, steps=40, final=0.1),
    OneCycle(0.3, steps=40, rise=0.25, start=0.1, final=0.01),
]
each_schedule = pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)


def test_constant_stays() -> None:
    np.testing.assert_array_equal(Constant(0.3).rates(5, 3), [0.3, 0.3, 0.3])


def test_step_falls_by_its_factor_every_so_many_steps() -> None:
    rates = Step(0.8, every=3, factor=0.5).rates(0, 8)
    np.testing.assert_allclose(rates, [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.2], rtol=1e-15)


def test_exponential_meets_step_where_a_stair_begins() -> None:
    smooth, stairs = Exponential(0.8, every=3, factor=0.5), Step(0.8, every=3, factor=0.5)
    rates = smooth.rates(0, 10)
    np.testing.assert_allclose(rates[::3], stairs.rates(0, 10)[::3], rtol=1e-15)
    np.testing.assert_allclose(rates[1:] / rates[:-1], 0.5 ** (1 / 3), rtol=1e-14)


def test_cosine_follows_its_formula_and_then_stays() -> None:
    schedule = Cosine(0.2, steps=10, final=0.25)
    expected = [0.05 + 0.15 * (1 + math.cos(math.pi * t / 10)) / 2 for t in range(11)]
    np.testing.assert_allclose(schedule.rates(0, 11), expected, rtol=1e-14)
    np.testing.assert_array_equal(schedule.rates(10, 5), np.full(5, 0.05))


def test_one_cycle_rises_to_the_rate_and_falls_to_its_final_share() -> None:
    schedule = OneCycle(0.5, steps=20, rise=0.25, start=0.2, final=0.1)
    rates = schedule.rates(0, 30)
    np.testing.assert_allclose(rates[:6], np.linspace(0.1, 0.5, 6), rtol=1e-14)
    falling = [0.05 + 0.45 * (1 + math.cos(math.pi * t / 15)) / 2 for t in range(16)]
    np.testing.assert_allclose(rates[5:21], falling, rtol=1e-14)
    np.testing.assert_allclose(rates[20:], 0.05, rtol=1e-14)


@each_schedule
def test_warmup_is_a_straight_line_that_ends_where_the_curve_begins(schedule: Schedule) -> None:
    rates = dataclasses.replace(schedule, warmup=4).rates(0, 5)
    np.testing.assert_allclose(rates, schedule(0) * np.array([0.2, 0.4, 0.6, 0.8, 1]), rtol=1e-14)


@pytest.mark.parametrize("kind", [Cosine, OneCycle])
def test_steps_count_the_warmup(kind: type[Cosine | OneCycle]) -> None:
    warm, cold = kind(0.3, steps=50, warmup=10), kind(0.3, steps=40)
    np.testing.assert_array_equal(warm.rates(10, 60), cold.rates(0, 60))


@each_schedule
@pytest.mark.parametrize("size", [1, 3, 8, 17])
def test_slicing_changes_no_bit(schedule: Schedule, size: int) -> None:
    schedule = dataclasses.replace(schedule, warmup=5)
    slices = [schedule.rates(first, size) for first in range(0, 51, size)]
    np.testing.assert_array_equal(np.concatenate(slices)[:51], schedule.rates(0, 51))


@each_schedule
def test_a_call_gives_the_rate_of_one_step(schedule: Schedule) -> None:
    rate = schedule(13)
    assert type(rate) is float
    assert rate == schedule.rates(0, 20)[13]


@each_schedule
def test_rates_are_float64_even_from_a_float32_learning_rate(schedule: Schedule) -> None:
    half = cast(float, np.float32(0.5))
    rates = dataclasses.replace(schedule, learning_rate=half).rates(0, 20)
    assert rates.dtype == np.float64
    double = dataclasses.replace(schedule, learning_rate=0.5)
    np.testing.assert_array_equal(rates, double.rates(0, 20))


@each_schedule
def test_a_schedule_does_not_change(schedule: Schedule) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        schedule.learning_rate = 1.0  # type: ignore[misc]


@pytest.mark.parametrize("value", [0.25, np.float32(0.25)])
def test_a_number_becomes_a_constant(value: Any) -> None:
    assert as_schedule(value) == Constant(0.25)


def test_a_schedule_is_taken_as_it_is() -> None:
    assert as_schedule(SCHEDULES[3]) is SCHEDULES[3]


@pytest.mark.parametrize("value", ["fast", None, True, [0.1]])
def test_what_is_no_rate_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="learning_rate must be a number or a schedule"):
        as_schedule(value)


@pytest.mark.parametrize("value", [0, -0.1, math.nan, math.inf])
def test_a_rate_must_be_positive_and_finite(value: float) -> None:
    with pytest.raises(ValueError, match="learning_rate must be finite and above 0"):
        as_schedule(value)


@pytest.mark.parametrize(
    ("kind", "given", "error", "message"),
    [
        (Constant, {"warmup": -1}, ValueError, "warmup must be at least 0, got -1"),
        (Constant, {"warmup": 1.5}, TypeError, "warmup must be a whole number, got 1.5"),
        (Step, {"every": 0}, ValueError, "every must be at least 1, got 0"),
        (Step, {"every": 3, "factor": 0.0}, ValueError, "factor must be finite and above 0"),
        (Exponential, {"every": True}, TypeError, "every must be a whole number"),
        (Exponential, {"every": 3, "factor": "½"}, TypeError, "factor must be a number"),
        (Cosine, {"steps": 0}, ValueError, "steps must be at least 1"),
        (Cosine, {"steps": 9, "warmup": 9}, ValueError, "steps must be more than warmup"),
        (
            Cosine,
            {"steps": 9, "final": 1.5},
            ValueError,
            "at most 1, got 1.5; it is a share",
        ),
        (OneCycle, {"steps": 10.0}, TypeError, "steps must be a whole number"),
        (OneCycle, {"steps": 9, "rise": 0.0}, ValueError, "without a rise, use Cosine"),
        (
            OneCycle,
            {"steps": 9, "start": -0.1},
            ValueError,
            "at most 1, got -0.1; it is a share",
        ),
    ],
)
def test_parameters_without_sense_are_refused(
    kind: type[Schedule], given: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        kind(0.1, **given)
