"""Every kernel that is timed computes what NumPy and the plain loops compute."""

import pytest

import jitnet as jn
from formulas import FORMULAS
from jitnet.layers import LAYERS
from kernel_cases import KERNELS, SIZES, WITHOUT_LOOPS, Case


def wrong(case: Case) -> Case:
    return case._replace(vectorized=lambda: 1.01 * case.vectorized())


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("kernel", KERNELS)
def test_a_kernel_agrees_with_the_other_rungs(kernel: str, threads: int) -> None:
    case = KERNELS[kernel](SIZES[0], threads)
    case.check()
    assert (case.loops is None) == kernel.endswith(WITHOUT_LOOPS)


def test_every_layer_of_the_table_has_its_kernels_timed() -> None:
    free = {jn.Activation, jn.Flatten, jn.Reshape}  # activations are timed by themselves
    of_others = {jn.Residual, jn.Branches, jn.Bidirectional, jn.SimpleRNN}  # the LSTM's products
    assert {"lstm", "gru", "embedding"} <= set(KERNELS)
    free |= {jn.LSTM, jn.GRU, jn.Embedding}  # all their kernels are timed together
    timed = {type(formulas.layer) for formulas in FORMULAS}
    assert set(LAYERS.values()) - free - of_others <= timed
    assert {"residual_forward", "residual_backward", "shortcut_backward"} <= set(KERNELS)


@pytest.mark.parametrize(
    "kernel",
    [
        "matmul",
        "lstm",
        "embedding",
        "dense_backward",
        "dense_bias_backward",
        "layer_norm_weight_backward",
        "dropout_forward",
        "batch_norm_statistics",
        "residual_forward",
        "gelu_forward",
        "max_pool_2d_backward",
        "average_pool_1d_backward",
        "global_max_pool_forward",
        "conv_2d_forward",
        "conv_2d_weight_backward",
        "conv_1d_backward",
        "mae_loss",
        "adam_update",
    ],
)
def test_a_kernel_that_is_off_by_a_hundredth_is_found(kernel: str) -> None:
    with pytest.raises(AssertionError):
        wrong(KERNELS[kernel](SIZES[0], 1)).check()
