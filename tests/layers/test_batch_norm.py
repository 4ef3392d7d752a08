"""BatchNorm is PyTorch's, counts each example once, and tracks the steps that count."""

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from jitnet.arrays import Array
from jitnet.engine.runs import new_position, new_progress
from jitnet.engine.steps.state import STEPS, TRAIN
from jitnet.kernels.panels import panel_width
from tolerances import EPSILON

WIDTH = panel_width("float64")
RATE = 0.1


def layers_between(first: Sequence[Any] = ()) -> list[Any]:
    """Two normalisations with a layer of weights between, at the beginning, within, at no end."""
    return [*first, jn.BatchNorm(), jn.Dense(6, "tanh"), jn.BatchNorm(0.7, 1e-3), jn.Dense(2)]


def data_of(rng: np.random.Generator, examples: int, features: int = 12) -> tuple[Array, Array]:
    return 3.0 + 2.0 * rng.normal(size=(examples, features)), rng.normal(size=(examples, 2))


def fitted(examples: int, rng: np.random.Generator, **options: Any) -> jn.Sequential:
    X, y = data_of(rng, examples)
    model = jn.Sequential(layers_between(), "mse", jn.SGD(RATE), dtype="float64", n_threads=1)
    model.fit(X, y, **options)
    return model


def torch_twin(layers: Sequence[Any], weights: Sequence[Array]) -> Any:
    """The same layers as modules of PyTorch's, channels in their second axis."""
    torch = pytest.importorskip("torch", reason="PyTorch is an extra: jitnet[reference]")
    left = [torch.tensor(array) for array in weights]

    class Channels(torch.nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self, layer: jn.BatchNorm, own: Sequence[Any]) -> None:
            super().__init__()
            channels = len(own[0])
            self.norm = torch.nn.BatchNorm1d(channels, layer.epsilon, 1 - layer.momentum)
            self.norm.to(torch.float64)
            names = "weight", "bias", "running_mean", "running_var"
            for name, value in zip(names, own, strict=True):
                getattr(self.norm, name).data.copy_(value)

        def forward(self, x: Any) -> Any:
            rows = self.norm(x.reshape(-1, x.shape[-1]))
            return rows.reshape(x.shape)

    class Affine(torch.nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self, own: Sequence[Any]) -> None:
            super().__init__()
            self.W, self.b = (torch.nn.Parameter(value.clone()) for value in own)

        def forward(self, x: Any) -> Any:
            return x @ self.W + self.b

    modules: list[Any] = []
    for layer in layers:
        if isinstance(layer, jn.BatchNorm):
            modules.append(Channels(layer, [left.pop(0) for _ in range(4)]))
        elif isinstance(layer, jn.Dense):
            modules.append(Affine([left.pop(0), left.pop(0)]))
            modules += [torch.nn.Tanh()] * (layer.activation == "tanh")
        else:
            flat = isinstance(layer, jn.Flatten)
            modules.append(torch.nn.Flatten() if flat else torch.nn.Unflatten(1, layer.shape))
    return torch.nn.Sequential(*modules)


def weights_of(twin: Any) -> list[Array]:
    """A twin's parameters and running state, in our order."""
    found: list[Array] = []
    for module in twin:
        norm = getattr(module, "norm", None)
        if norm is not None:
            own = norm.weight, norm.bias, norm.running_mean, norm.running_var
            found += [value.detach().numpy() for value in own]
        else:
            found += [value.detach().numpy() for value in module.parameters()]
    return found


IMAGES = [jn.Reshape((2, 2, 3)), jn.BatchNorm(0.8), jn.Flatten()]


@pytest.mark.parametrize("first", [[], IMAGES], ids=["features", "images"])
@pytest.mark.parametrize("examples", [2, 3 * WIDTH, 5 * WIDTH + 3])
@pytest.mark.parametrize("batch_size", [5, WIDTH + 1, 2 * WIDTH, None])
def test_steps_and_predictions_are_those_of_pytorch(
    first: list[Any], examples: int, batch_size: int | None, rng: np.random.Generator
) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is an extra: jitnet[reference]")
    size = examples if batch_size is None else batch_size
    if examples % size == 1:
        examples += 1
    X, y = data_of(rng, examples)
    layers = layers_between(first)
    model = jn.Sequential(layers, "mse", jn.SGD(RATE), dtype="float64").build(12)
    start = [w + 0.1 * np.abs(rng.normal(size=w.shape)) for w in model.get_weights()]
    model.set_weights(start)
    twin = torch_twin(layers, start)
    optimizer = torch.optim.SGD(twin.parameters(), lr=RATE)
    inputs, targets = torch.tensor(X), torch.tensor(y)
    for _ in range(3):
        for begin in range(0, examples, size):
            part = slice(begin, begin + size)
            optimizer.zero_grad()
            ((twin(inputs[part]) - targets[part]) ** 2).mean().backward()
            optimizer.step()
    model.fit(X, y, epochs=3, batch_size=batch_size, shuffle=False)
    for found, expected in zip(model.get_weights(), weights_of(twin), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)
    predicted = twin.eval()(inputs).detach().numpy()
    np.testing.assert_allclose(model.predict(X), predicted, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("places", [1, 50])
@pytest.mark.parametrize("examples", [100, 1000])
def test_a_large_mean_costs_no_more_digits_than_the_input_has(
    places: int, examples: int, rng: np.random.Generator
) -> None:
    X = (1e4 + rng.normal(size=(examples, places * 3))).astype(np.float32)
    layers = [jn.Reshape((places, 3)), jn.BatchNorm(0.0), jn.Flatten(), jn.Dense(1)]
    model = jn.Sequential(layers, "mse", jn.SGD(1e-30)).build(places * 3)
    model.fit(X, np.zeros(examples), epochs=1, batch_size=None)
    _, _, mean, variance = model.get_weights()[:4]
    exact = X.astype(np.float64).reshape(-1, 3)
    # the mean is rounded to a number of its size; the variance keeps its digits
    np.testing.assert_allclose(mean, exact.mean(axis=0), rtol=EPSILON["float32"])
    np.testing.assert_allclose(variance, exact.var(axis=0, ddof=1), rtol=1e-5)


@pytest.mark.parametrize("left", [2, 3, WIDTH - 1])
def test_what_fills_up_a_panel_weighs_nothing(left: int, rng: np.random.Generator) -> None:
    """Beyond a panel's end an example would count again: as the last one, which is far away."""
    X, y = data_of(rng, left)
    X[-1] = 100.0
    model = jn.Sequential([jn.BatchNorm(0.0), jn.Dense(2)], "mse", jn.SGD(RATE), dtype="float64")
    model.fit(X, y, epochs=1, batch_size=None)
    _, _, mean, variance = model.get_weights()[:4]
    np.testing.assert_allclose(mean, X.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(variance, X.var(axis=0, ddof=1), rtol=1e-12)


def test_outside_of_training_an_example_does_not_depend_on_others(rng: np.random.Generator) -> None:
    model = fitted(50, rng, epochs=2, batch_size=20)
    X, y = data_of(rng, 40)
    before = model.get_weights()
    alone = np.concatenate([model.predict(x[None]) for x in X])
    np.testing.assert_array_equal(alone, model.predict(X))
    squares = (alone - y) ** 2
    assert model.evaluate(X, y)["loss"] == pytest.approx(squares.mean(), rel=1e-12)
    model.gradients(X, y)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_gradients_of_what_is_not_trained_are_zeros_in_its_place(rng: np.random.Generator) -> None:
    model = fitted(50, rng, epochs=1)
    weights, gradients = model.get_weights(), model.gradients(*data_of(rng, 30))
    assert [g.shape for g in gradients] == [w.shape for w in weights]
    for running in (2, 3, 8, 9):
        assert not gradients[running].any()
    assert all(gradients[place].any() for place in (0, 1, 4, 6, 7, 10))


@pytest.mark.parametrize("optimizer", [jn.AdamW(0.01, weight_decay=0.5), jn.SGD(0.1, clip_norm=1)])
def test_no_optimiser_touches_the_running_state(optimizer: Any, rng: np.random.Generator) -> None:
    X, y = data_of(rng, 60)
    layers = [jn.BatchNorm(0.0), jn.Dense(2)]
    model = jn.Sequential(layers, "mse", optimizer, dtype="float64")
    model.fit(X, y, epochs=3, batch_size=None)
    np.testing.assert_allclose(model.get_weights()[2], X.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(model.get_weights()[3], X.var(axis=0, ddof=1), rtol=1e-12)


def test_a_failed_fit_leaves_the_running_state_of_the_last_good_epoch(
    rng: np.random.Generator,
) -> None:
    X, y = data_of(rng, 60)
    layers = [jn.BatchNorm(), jn.Dense(4), jn.BatchNorm(), jn.Dense(2)]
    rate = jn.Exponential(0.1, every=3, factor=10.0)
    options: Any = {"batch_size": 20, "shuffle": False}
    model, other = (
        jn.Sequential(layers, "mse", jn.SGD(rate), dtype="float64").build(12) for _ in range(2)
    )
    with pytest.raises(FloatingPointError):
        model.fit(X, y, epochs=30, **options)
    good = len(model.history.get("loss", []))
    assert 0 < good < 30
    other.fit(X, y, epochs=good, **options)
    for found, expected in zip(model.get_weights(), other.get_weights(), strict=True):
        assert np.isfinite(found).all()
        np.testing.assert_array_equal(found, expected)


def test_a_step_that_is_stopped_in_its_middle_leaves_no_trace(rng: np.random.Generator) -> None:
    model = fitted(60, rng, epochs=1, batch_size=20)
    engine, before = model._built(), model.get_weights()
    X, y = data_of(rng, 60)
    data = engine.data(X, y, False, np.ones(60), uniform=True)
    plan = engine.plan(TRAIN, 20, 3, data, engine.epoch, False)
    progress = new_progress(engine, new_position(engine.epoch), plan)
    progress.ask_to_stop()
    engine.run(engine.network, data, plan, progress, 1)
    assert progress.counters[STEPS] == 0
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_copies_and_files_go_on_with_the_same_running_state(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    model = fitted(50, rng, epochs=2, batch_size=20)
    X, y = data_of(rng, 50)
    model.save(tmp_path / "model")
    others = [copy.deepcopy(model), jn.load(tmp_path / "model")]
    for each in (model, *others):
        each.fit(X, y, epochs=2, batch_size=20)
    for other in others:
        for found, expected in zip(other.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("channels", [1, 3, 40])
@pytest.mark.parametrize("batch_size", [5, 4 * WIDTH + 3])
def test_images_have_the_same_bits_with_any_number_of_workers(
    channels: int,
    batch_size: int,
    rng: np.random.Generator,
    with_cores: Callable[[int], list[int]],
) -> None:
    with_cores(16)
    X, y = data_of(rng, 9 * WIDTH, 4 * channels)
    layers = layers_between([jn.Reshape((2, 2, channels)), jn.BatchNorm(), jn.Flatten()])
    found = []
    for workers in (1, 2, 4, 16):
        model = jn.Sequential(layers, "mse", n_threads=workers)
        losses = model.fit(X, y, epochs=3, batch_size=batch_size)["loss"]
        found.append(b"".join(w.tobytes() for w in (*model.get_weights(), np.array(losses))))
    assert len(set(found)) == 1


def test_a_batch_of_one_value_a_channel_is_refused_before_any_work(
    rng: np.random.Generator,
) -> None:
    X, y = data_of(rng, 21)
    model = jn.Sequential(layers_between(), "mse")
    message = r"BatchNorm.* needs at least 2 examples in each batch.*21 examples in batches of 10"
    with pytest.raises(ValueError, match=message):
        model.fit(X, y, batch_size=10)
    with pytest.raises(jn.NotFittedError):
        model.get_weights()
    with pytest.raises(ValueError, match="got batches of 1"):
        model.build(12).fit(X, y, batch_size=1)
    with pytest.raises(ValueError, match="got batches of 1"):
        model.partial_fit(X[:1], y[:1])
    images = jn.Sequential([jn.Reshape((4, 3)), jn.BatchNorm(), jn.Flatten(), jn.Dense(2)], "mse")
    images.fit(X, y, batch_size=10, epochs=1)  # whose places are values, too


def test_a_batch_that_cannot_be_one_block_is_refused_with_one_that_can(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = data_of(rng, 100)
    monkeypatch.setattr("jitnet.engine.cost.WHOLE_BYTES", 40 * 3 * 31 * 8)
    model = jn.Sequential(layers_between(), "mse", dtype="float64")
    with pytest.raises(ValueError, match="batches of 100 are too large; choose a batch_size") as no:
        model.fit(X, y, batch_size=None)
    most = int(str(no.value).split()[-1])
    model.fit(X, y, batch_size=most, epochs=1)
    jn.Sequential([jn.Dense(2)], "mse").fit(X, y, batch_size=None, epochs=1)


def test_a_batch_is_one_block_where_others_would_be_several(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = data_of(rng, 100)

    def bits() -> list[bytes]:
        model = jn.Sequential(layers_between(), "mse", dtype="float64")
        model.fit(X, y, epochs=2, batch_size=80)
        return [w.tobytes() for w in (*model.get_weights(), model.predict(X))]

    whole = bits()
    monkeypatch.setattr("jitnet.engine.cost.SMALL_NETWORK", 0)
    monkeypatch.setattr("jitnet.engine.cost.MAX_BLOCK", WIDTH)
    assert bits() == whole


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"momentum": 1.0}, ValueError),
        ({"momentum": -0.1}, ValueError),
        ({"momentum": "0.9"}, TypeError),
        ({"epsilon": 0.0}, ValueError),
        ({"epsilon": float("nan")}, ValueError),
    ],
)
def test_bad_settings_are_refused(given: dict[str, Any], kind: type[Exception]) -> None:
    with pytest.raises(kind, match=next(iter(given))):
        jn.BatchNorm(**given)


def test_a_variance_below_zero_is_refused() -> None:
    model = jn.Sequential([jn.BatchNorm(), jn.Dense(1)], "mse").build(2)
    weights = model.get_weights()
    weights[3] = np.array([1.0, -1e-30])
    with pytest.raises(
        ValueError, match=r"weights\[3\], running_variance, must be at least 0, but"
    ):
        model.set_weights(weights)
