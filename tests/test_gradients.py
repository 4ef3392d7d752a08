"""Every gradient is the slope of its loss: central differences say so, for each row of the tables.

Activations and losses are taken from their tables: whoever adds one need not add a test here.
"""

import numpy as np
import pytest

import jitnet as jn
from gradient_check import case_of_steps, central_differences, check_gradients, make_case
from jitnet.activations import ACTIVATIONS
from jitnet.layers.dense import INPUTS_IN_LANES, SMALL, UNITS_IN_LANES, gradient_form
from jitnet.losses import LOSSES
from rows import outputs_for
from tolerances import norm_difference, tolerance

SHAPES = {
    "one of all": (1, [1, 1]),
    "small": (5, [7, 2]),
    "units in the lanes": (7, [33, 3]),
    "inputs in the lanes": (33, [7, 1]),
    "all forms in a row": (9, [33, 7, 4]),
    "a hundred features": (100, [1, 7]),
    "a hundred units": (1, [100, 3]),
}
"""Features, and the units of each layer."""

each_activation = pytest.mark.parametrize("activation", ACTIVATIONS)
each_loss = pytest.mark.parametrize("loss", LOSSES)
each_shape = pytest.mark.parametrize("shape", SHAPES)


def network(units: list[int], activation: str, **options: object) -> list[jn.Dense]:
    """Layers of an activation, and an output layer without one."""
    hidden = [jn.Dense(n, activation, **options) for n in units[:-1]]  # type: ignore[arg-type]
    return [*hidden, jn.Dense(units[-1], **options)]  # type: ignore[arg-type]


@each_activation
def test_each_activation_of_the_output_layer(activation: str, rng: np.random.Generator) -> None:
    layers = [jn.Dense(9, "tanh"), jn.Dense(3, activation)]
    for loss, row in LOSSES.items():
        if row.link == "identity":  # the others bring their own activation
            check_gradients(make_case(rng, layers, loss, n_features=8))


@each_loss
def test_each_loss(loss: str, rng: np.random.Generator) -> None:
    for units in (1, 3, 17):
        layers = network([9, outputs_for(loss, units)], "tanh")
        check_gradients(make_case(rng, layers, loss, n_features=5))


@each_loss
def test_each_loss_with_sample_weights(loss: str, rng: np.random.Generator) -> None:
    layers = network([9, outputs_for(loss, 3)], "silu")
    check_gradients(make_case(rng, layers, loss, n_features=8, weighted=True))


@each_loss
def test_each_loss_of_each_time_step(loss: str, rng: np.random.Generator) -> None:
    check_gradients(case_of_steps(rng, loss, units=outputs_for(loss, 3)))


@each_loss
def test_each_loss_with_a_penalty_on_the_weights(loss: str, rng: np.random.Generator) -> None:
    layers = [jn.Dense(9, "tanh", l2=0.3), jn.Dense(outputs_for(loss, 3), l2=0.05)]
    check_gradients(make_case(rng, layers, loss, n_features=8, weighted=True))


@each_loss
def test_each_loss_without_biases(loss: str, rng: np.random.Generator) -> None:
    layers = network([9, outputs_for(loss, 3)], "tanh", bias=False)
    check_gradients(make_case(rng, layers, loss, n_features=8))


def test_a_bias_in_one_layer_alone(rng: np.random.Generator) -> None:
    for biases in ((True, False), (False, True)):
        layers = [jn.Dense(n, "tanh", bias=b) for n, b in zip((33, 4), biases, strict=True)]
        check_gradients(make_case(rng, layers, "mse", n_features=5))


@each_shape
@pytest.mark.parametrize("n_examples", [1, 40])
def test_each_shape(shape: str, n_examples: int, rng: np.random.Generator) -> None:
    n_features, units = SHAPES[shape]
    layers = network(units, "softplus", l2=0.1)
    check_gradients(make_case(rng, layers, "mse", n_features=n_features, n_examples=n_examples))


def test_the_shapes_reach_every_form_of_the_weights_gradient() -> None:
    forms = set()
    for n_features, units in SHAPES.values():
        widths = [n_features, *units]
        forms |= {gradient_form(*pair) for pair in zip(widths, units, strict=False)}
    assert forms == {UNITS_IN_LANES, INPUTS_IN_LANES, SMALL}


@pytest.mark.parametrize("smoothing", [0.1, 0.5])
def test_label_smoothing(smoothing: float, rng: np.random.Generator) -> None:
    layers = network([9, 5], "tanh")
    case = make_case(rng, layers, "softmax_crossentropy", n_features=8, label_smoothing=smoothing)
    check_gradients(case)
    check_gradients(case._replace(y=rng.dirichlet(np.ones(5), len(case.X))))


def test_the_check_trips_on_a_gradient_that_is_off_by_a_hundred_thousandth(
    rng: np.random.Generator,
) -> None:
    case = make_case(rng, network([9, 3], "tanh"), "mse", n_features=8)
    for difference in central_differences(case):
        off = norm_difference(difference * 1.00001, difference)
        assert off > tolerance("central_difference", "float64")
