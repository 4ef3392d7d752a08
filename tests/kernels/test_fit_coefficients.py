"""The coefficients in ``jitnet.kernels.elementary`` are what was fitted, to the last bit."""

import pytest

from jitnet.kernels import elementary
from kernels.fit_coefficients import FITS, remez


@pytest.mark.parametrize("precision", [0, 1], ids=["SINGLE", "DOUBLE"])
@pytest.mark.parametrize("name", FITS)
def test_the_table_is_what_the_fit_gives(name: str, precision: int) -> None:
    table = getattr(elementary, f"{name}_{('SINGLE', 'DOUBLE')[precision]}")
    coefficients, _ = remez(FITS[name], FITS[name].degrees[precision])
    assert table == tuple(float(value) for value in reversed(coefficients))


def test_every_table_was_fitted() -> None:
    tables = {name for name in vars(elementary) if name.endswith(("_SINGLE", "_DOUBLE"))}
    constants = {name for name in tables if name.startswith("LN2_")}
    assert {name.rsplit("_", 1)[0] for name in tables - constants} == set(FITS)
