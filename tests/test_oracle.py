"""Loss, gradients and predictions are those of the study's plain loops, in both precisions."""

from typing import Any

import numpy as np
import pytest

import jitnet as jn
from gradient_check import Case, case_of_steps, make_case, make_targets
from jitnet.activations import ACTIVATIONS
from jitnet.losses import LOSSES
from jitnet.study.activations import loops as activation_loops
from jitnet.study.losses import loops as loss_loops
from rows import check, check_predictions, outputs_for
from tolerances import assert_close, assert_norms_close, tolerance

each_activation = pytest.mark.parametrize("activation", ACTIVATIONS)
each_loss = pytest.mark.parametrize("loss", LOSSES)
each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


def one_layer(loss: str, dtype: str, W: Any, X: Any, y: Any, activation: str = "identity") -> Case:
    """A single layer of given weights, without a bias of its own."""
    weight = np.array(W, dtype)
    layer = jn.Dense(weight.shape[1], activation)
    model = jn.Sequential([layer], loss, dtype=dtype, n_threads=1)
    model.set_weights([weight, np.zeros(weight.shape[1])])
    return Case(model, np.array(X, dtype), np.array(y))


@each_dtype
@each_loss
@each_activation
def test_each_activation_with_each_loss(
    activation: str, loss: str, dtype: str, rng: np.random.Generator
) -> None:
    layers = [jn.Dense(7, activation), jn.Dense(33, activation), jn.Dense(outputs_for(loss, 3))]
    case = make_case(rng, layers, loss, n_features=9, dtype=dtype, weighted=True)
    check(case)
    check_predictions(case)


@each_dtype
@each_loss
@pytest.mark.parametrize("units", [1, 33])
def test_each_loss_with_one_output_and_with_many(
    loss: str, units: int, dtype: str, rng: np.random.Generator
) -> None:
    layers = [jn.Dense(8, "tanh", bias=False), jn.Dense(outputs_for(loss, units), l2=0.1)]
    case = make_case(rng, layers, loss, n_features=10, dtype=dtype)
    check(case)
    check_predictions(case)


@each_dtype
@each_loss
@pytest.mark.parametrize("units", [1, 17])
def test_each_loss_of_each_time_step(
    loss: str, units: int, dtype: str, rng: np.random.Generator
) -> None:
    case = case_of_steps(rng, loss, units=outputs_for(loss, units), dtype=dtype)
    for weight in (case.sample_weight, case.sample_weight[:, 0], None):  # type: ignore[index]
        check(case._replace(sample_weight=weight))
    check_predictions(case)


@each_dtype
def test_labels_one_hot_rows_and_probabilities_of_each_time_step(
    dtype: str, rng: np.random.Generator
) -> None:
    case = case_of_steps(rng, "softmax_crossentropy", label_smoothing=0.1, dtype=dtype)
    check(case)
    columns = case.model.gradients(case.X, case.y[..., np.newaxis])
    for found, expected in zip(columns, case.model.gradients(case.X, case.y), strict=True):
        np.testing.assert_array_equal(found, expected)
    check(case._replace(y=case.targets))
    check(case._replace(y=rng.dirichlet(np.ones(3), case.y.shape)))


@each_dtype
@pytest.mark.parametrize("n_examples", [1, 2, 15, 16, 17, 31, 32, 33, 100])
@pytest.mark.parametrize("n_features", [1, 20])
@pytest.mark.parametrize("units", [1, 20])
def test_every_number_of_examples(
    n_examples: int, n_features: int, units: int, dtype: str, rng: np.random.Generator
) -> None:
    options: Any = {"n_features": n_features, "n_examples": n_examples, "dtype": dtype}
    layers = [jn.Dense(units, "tanh"), jn.Dense(1)]
    check(make_case(rng, layers, "mse", **options))


@each_dtype
@pytest.mark.parametrize("widths", [(1100, 9, 2), (3, 1100, 2)], ids=str)
def test_layers_wider_than_a_core_keeps_close(
    widths: tuple[int, int, int], dtype: str, rng: np.random.Generator
) -> None:
    n_features, *units = widths
    layers = [jn.Dense(n, "tanh") for n in units]
    check(make_case(rng, layers, "mse", n_features=n_features, n_examples=5, dtype=dtype))


@each_dtype
@pytest.mark.parametrize("hidden", [(2,), (40, 25)], ids=["as a whole", "in blocks"])
def test_a_batch_of_thousands_goes_through_the_network(
    hidden: tuple[int, ...], dtype: str, rng: np.random.Generator
) -> None:
    layers = [*(jn.Dense(units, "tanh") for units in hidden), jn.Dense(1)]
    case = make_case(rng, layers, "mse", n_features=3, n_examples=4300, dtype=dtype, weighted=True)
    check(case)
    check_predictions(case)


@each_dtype
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
def test_labels_one_hot_rows_and_probabilities(
    smoothing: float, dtype: str, rng: np.random.Generator
) -> None:
    layers = [jn.Dense(4, "tanh"), jn.Dense(5)]
    loss = "softmax_crossentropy"
    case = make_case(rng, layers, loss, n_features=3, dtype=dtype, label_smoothing=smoothing)
    check(case)
    check(case._replace(y=case.targets))
    check(case._replace(y=rng.dirichlet(np.ones(5), len(case.X))))


@each_dtype
def test_labels_may_be_uncertain(dtype: str, rng: np.random.Generator) -> None:
    case = make_case(rng, [jn.Dense(3)], "binary_crossentropy", n_features=3, dtype=dtype)
    check(case._replace(y=np.asarray(rng.uniform(size=case.y.shape))))


@each_dtype
@each_loss
def test_an_example_without_weight_is_as_good_as_absent(
    loss: str, dtype: str, rng: np.random.Generator
) -> None:
    layers = [jn.Dense(7, "tanh"), jn.Dense(outputs_for(loss, 2))]
    case = make_case(rng, layers, loss, n_features=3, n_examples=40, dtype=dtype)
    kept = np.arange(40) % 3 > 0
    without = Case(case.model, case.X[kept], case.y[kept])
    loss_without, gradients = without.loss_and_gradients()
    whole = case.X, case.y
    logs = case.model.evaluate(*whole, sample_weight=kept.astype(float))
    assert_close("loss", dtype, logs["loss"], loss_without)
    found = case.model.gradients(*whole, sample_weight=kept.astype(float))
    assert_norms_close("gradient", dtype, found, gradients)


@each_dtype
@each_loss
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_logits_of_ten_thousand(loss: str, sign: float, dtype: str) -> None:
    W = [[1e4, -1e4, 0.0]]
    if loss == "poisson":  # e^1e4 is infinite: see below
        W, sign = [[-1e4, -1e4, 0.0]], 1.0
    for target in np.eye(3):
        case = one_layer(loss, dtype, W, [[sign]], [target])
        check(case)
        check_predictions(case)


@each_dtype
def test_a_rate_beyond_the_greatest_number_is_infinite_and_not_nan(dtype: str) -> None:
    case = one_layer("poisson", dtype, [[1e4]], [[1.0], [-1.0]], [0.0, 1.0])
    assert case.model.evaluate(case.X, case.y)["loss"] == np.inf
    assert case.model.predict(case.X).tolist() == [[np.inf], [0.0]]


@each_dtype
def test_what_no_number_of_the_type_can_say_is_an_error(dtype: str) -> None:
    big = float(np.finfo(dtype).max) / 2
    case = one_layer("mse", dtype, [[1.0]], [[big], [-big]], [0.0, 0.0])
    assert case.model.evaluate(case.X, case.y)["loss"] == np.inf
    with pytest.raises(FloatingPointError, match=f"gradients are NaN or infinite: .*{dtype}"):
        case.model.gradients(case.X, case.y)
    model = jn.Sequential([jn.Dense(2), jn.Dense(1)], "mse", dtype=dtype)
    model.set_weights([[[4.0, -4.0]], [0.0, 0.0], [[1.0], [1.0]], [0.0]])
    with pytest.raises(FloatingPointError, match="the loss is NaN: numbers on the way"):
        model.evaluate([[big]], [0.0])  # ∞ - ∞


@each_dtype
@each_activation
@pytest.mark.parametrize("z", [1e4, -1e4, 700.0, -700.0, 88.0, -88.0, 20.0, -20.0])
def test_activations_far_from_zero(activation: str, z: float, dtype: str) -> None:
    g = activation_loops.ACTIVATIONS[activation]
    case = one_layer("mae", dtype, [[1.0]], [[z]], [0.5], activation)
    # 1 - a² and the like are exact to a rounding of 1, be the slope itself as small as it may
    bound = tolerance("gradient", dtype)
    np.testing.assert_allclose(case.model.predict(case.X), [[g.value(z)]], bound, bound)
    dW, db = case.model.gradients(case.X, case.y)
    sign = np.sign(g.value(z) - 0.5)
    np.testing.assert_allclose(db, [sign * g.slope(z)], rtol=bound, atol=bound)
    np.testing.assert_allclose(dW / z, [[sign * g.slope(z)]], rtol=bound, atol=bound)


@each_dtype
@each_activation
def test_the_slope_at_zero_is_the_oracles(activation: str, dtype: str) -> None:
    slope = activation_loops.ACTIVATIONS[activation].slope(0.0)
    for zero in (0.0, -0.0):
        case = one_layer("mse", dtype, [[1.0]], [[zero]], [1.0], activation)
        case.model.set_weights([[[1.0]], [zero]])
        value = activation_loops.ACTIVATIONS[activation].value(0.0)
        _, db = case.model.gradients(case.X, case.y)
        assert_close("gradient", dtype, db, [2 * (value - 1) * slope])


@each_dtype
def test_relu_does_not_learn_at_zero(dtype: str) -> None:
    case = one_layer("mse", dtype, [[1.0]], [[0.0]], [1.0], "relu")
    dW, db = case.model.gradients(case.X, case.y)
    assert dW == 0.0
    assert db == 0.0


@each_dtype
@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "quantile"])
def test_nothing_is_left_to_learn_from_an_exact_prediction(loss: str, dtype: str) -> None:
    case = one_layer(loss, dtype, [[2.0]], [[3.0], [-1.0]], [6.0, -2.0])
    assert case.model.evaluate(case.X, case.y) == {"loss": 0.0}
    assert [g.item() for g in case.model.gradients(case.X, case.y)] == [0.0, 0.0]


@each_dtype
@pytest.mark.parametrize("error", [-1.0, 1.0])
def test_huber_turns_into_its_tangent_at_one(error: float, dtype: str) -> None:
    case = one_layer("huber", dtype, [[1.0]], [[error]], [0.0])
    check(case)
    assert case.model.evaluate(case.X, case.y) == {"loss": 0.5}


@each_dtype
@pytest.mark.parametrize("level", [0.1, 0.9])
def test_the_quantile_loss_weighs_errors_by_their_sign(
    level: float, dtype: str, rng: np.random.Generator
) -> None:
    X, y = rng.normal(size=(50, 4)).astype(dtype), rng.normal(size=(50, 2)).astype(dtype)
    model = jn.Sequential([jn.Dense(2)], "quantile", quantile=level, dtype=dtype).build(4)
    W = model.get_weights()[0]
    Z = X.astype(float) @ W.astype(float)
    pairs = list(zip(Z.tolist(), y.tolist(), strict=True))
    expected = np.mean([loss_loops.quantile(z, t, level) for z, t in pairs])
    assert_close("loss", dtype, model.evaluate(X, y)["loss"], expected)
    dZ = np.array([loss_loops.quantile_gradient(z, t, level) for z, t in pairs]) / 50
    assert_norms_close("gradient", dtype, model.gradients(X, y), [X.T @ dZ, dZ.sum(axis=0)])


@each_dtype
def test_subnormal_numbers_are_kept(dtype: str) -> None:
    least = np.finfo(dtype).smallest_subnormal
    X = least * np.array([[1], [-3], [1000], [12345]], dtype)
    case = one_layer("mse", dtype, [[1.0]], X, [1.0] * 4)
    np.testing.assert_array_equal(case.model.predict(X), X)
    dW, _ = case.model.gradients(X, case.y)
    # -2 Σ x / 4 with x in units of the least number: half a unit is rounded to the even one
    assert dW / least == pytest.approx(-0.5 * (1 - 3 + 1000 + 12345), abs=2)
    case.model.set_weights([[[least]], [0.0]])
    np.testing.assert_array_equal(case.model.predict(np.ones((1, 1), dtype)), [[least]])


@each_dtype
def test_accuracy_is_the_weighted_share_of_what_is_right(
    dtype: str, rng: np.random.Generator
) -> None:
    X, weight = rng.normal(size=(100, 4)), rng.uniform(size=100)
    model = jn.Sequential([jn.Dense(3)], "softmax_crossentropy", dtype=dtype).build(4)
    y = rng.integers(0, 3, 100)
    right = model.predict(X).argmax(axis=1) == y
    for labels in (y, np.eye(3)[y]):
        found = model.evaluate(X, labels, sample_weight=weight)["accuracy"]
        assert_close("loss", dtype, found, weight[right].sum() / weight.sum())
    model = jn.Sequential([jn.Dense(3)], "binary_crossentropy", dtype=dtype).build(4)
    labels = make_targets(rng, "binary_crossentropy", 100, (3,))
    share = ((model.predict(X) > 0.5) == (labels > 0.5)).mean(axis=1)
    found = model.evaluate(X, labels, sample_weight=weight)["accuracy"]
    assert_close("loss", dtype, found, (weight * share).sum() / weight.sum())
