"""Every kernel that is timed computes what NumPy and the plain loops compute."""

import pytest

from kernel_cases import KERNELS, SIZES, Case


def wrong(case: Case) -> Case:
    return case._replace(vectorized=lambda: 1.01 * case.vectorized())


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("kernel", KERNELS)
def test_a_kernel_agrees_with_the_other_rungs(kernel: str, threads: int) -> None:
    KERNELS[kernel](SIZES[0], threads).check()


@pytest.mark.parametrize("kernel", ["matmul", "dense_backward", "gelu_forward", "adam_update"])
def test_a_kernel_that_is_off_by_a_hundredth_is_found(kernel: str) -> None:
    with pytest.raises(AssertionError):
        wrong(KERNELS[kernel](SIZES[0], 1)).check()
