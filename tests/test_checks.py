"""Single values are checked, and returned as plain Python values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jitnet.checks import check_flag, check_number, check_whole


@pytest.mark.parametrize("value", [True, False, np.True_, np.False_])
def test_a_flag_is_pythons_or_numpys(value: Any) -> None:
    assert check_flag("shuffle", value) is bool(value)


@pytest.mark.parametrize("value", [0, 1, 1.0, "yes", None, np.array([True])])
def test_nothing_else_stands_for_a_flag(value: Any) -> None:
    with pytest.raises(TypeError, match="shuffle must be True or False, got"):
        check_flag("shuffle", value)


@pytest.mark.parametrize("flag", [True, np.True_])
def test_a_flag_is_no_number(flag: Any) -> None:
    with pytest.raises(TypeError, match="rate must be a number, got"):
        check_number("rate", flag)
    with pytest.raises(TypeError, match="units must be a whole number, got"):
        check_whole("units", flag, least=0)


def test_numbers_of_numpy_become_pythons() -> None:
    assert type(check_number("rate", np.float32(0.5))) is float
    assert type(check_whole("units", np.int8(5), least=1)) is int


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_number_is_finite_also_without_bounds(value: float) -> None:
    with pytest.raises(ValueError, match="rate must be finite, got"):
        check_number("rate", value)
