"""Gradients and optimisers are those of PyTorch, where it is installed, in float64."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from gradient_check import Case, case_of_steps, make_case
from jitnet.losses import LOSSES
from jitnet.optimizers.table import OPTIMIZERS
from oracle import activation_of, count_of, parameters_of, weights_of_steps
from rows import ROWS, Row, networks
from tolerances import assert_close, assert_norms_close
from torch_pools import TORCH_POOLS
from torch_recurrences import torch_recurrence

torch: Any = pytest.importorskip("torch", reason="PyTorch is an extra: jitnet[reference]")
F = torch.nn.functional

STEPS = 20

TORCH_ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky_relu": lambda z: F.leaky_relu(z, 0.01),
    "elu": F.elu,
    "gelu": lambda z: F.gelu(z, approximate="none"),
    "silu": F.silu,
    "softplus": F.softplus,
}

TORCH_LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "mse": lambda z, y: F.mse_loss(z, y, reduction="none").mean(dim=1),
    "mae": lambda z, y: F.l1_loss(z, y, reduction="none").mean(dim=1),
    "huber": lambda z, y: F.huber_loss(z, y, reduction="none", delta=1.0).mean(dim=1),
    "quantile": lambda z, y: 0.5 * F.l1_loss(z, y, reduction="none").mean(dim=1),
    "poisson": lambda z, y: F.poisson_nll_loss(z, y, log_input=True, reduction="none").mean(dim=1),
    "binary_crossentropy": lambda z, y: F.binary_cross_entropy_with_logits(
        z, y, reduction="none"
    ).mean(dim=1),
    "softmax_crossentropy": lambda z, y: F.cross_entropy(z, y, reduction="none"),
}
"""Losses of each example; the mean over them is taken with the examples' weights."""


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Threads of PyTorch's wait for one another in steps as small as these: they took 10 s."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def convolved(convolve: Callable[..., Any]) -> Callable[..., Any]:
    """A convolution of PyTorch's of images or sequences whose channels come last, or are one."""

    def applied(layer: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        images = (x[..., None] if x.ndim < weight.ndim else x).movedim(-1, 1)
        padding = layer.padding
        if padding == "same":  # by itself it warns of even windows
            edges = [((n - 1) // 2, n // 2) for n in reversed(weight.shape[:-2])]
            images, padding = F.pad(images, list(chain.from_iterable(edges))), "valid"
        z = convolve(images, weight.movedim((-1, -2), (0, 1)), bias, layer.strides, padding)
        return z.movedim(1, -1)

    return applied


TORCH_LAYERS: dict[str, Callable[..., Any]] = {
    **TORCH_POOLS,
    "Activation": lambda layer, x: x,  # `through` applies it, as behind every layer
    "BatchNorm": lambda layer, x, weight, bias, mean, variance: F.batch_norm(
        x.movedim(-1, 1), mean.detach(), variance.detach(), weight, bias, eps=layer.epsilon
    ).movedim(1, -1),
    "Bidirectional": torch_recurrence,
    "Conv1D": convolved(F.conv1d),
    "Conv2D": convolved(F.conv2d),
    "Dense": lambda layer, x, W, b=0.0: x @ W + b,
    "Dropout": lambda layer, x: F.dropout(x, layer.rate, training=False),
    "Embedding": lambda layer, x, weight: F.embedding(x, weight),
    "Flatten": lambda layer, x: x.flatten(1),
    "GRU": torch_recurrence,
    "LSTM": torch_recurrence,
    "LayerNorm": lambda layer, x, weight, bias: F.layer_norm(
        x, x.shape[-1:], weight, bias, layer.epsilon
    ),
    "RandomFlip": lambda layer, x: x,
    "RandomRotation": lambda layer, x: x,
    "RandomShift": lambda layer, x: x,
    "Rescaling": lambda layer, x: x * layer.scale + layer.offset,
    "Reshape": lambda layer, x: x.reshape(len(x), *layer.shape),
    "Residual": lambda layer, x, *own: x + through(layer.layers, x, own),
    "SimpleRNN": torch_recurrence,
}


def through(layers: Sequence[Any], x: Any, parameters: Iterable[Any]) -> Any:
    """What layers and their activations make of x."""
    left = iter(parameters)
    for layer in layers:
        own = islice(left, count_of(layer, tuple(x.shape[1:])))
        x = TORCH_ACTIVATIONS[activation_of(layer)](
            TORCH_LAYERS[type(layer).__name__](layer, x, *own)
        )
    return x


class Twin:
    """The same network in PyTorch, with the same weights."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.parameters = [torch.tensor(w, requires_grad=True) for w in case.model.get_weights()]
        self.X, self.targets = torch.tensor(case.X), torch.tensor(case.targets)
        rows = case.targets.size // case.targets.shape[-1]
        self.weight = torch.tensor(weights_of_steps(case.sample_weight, len(case.X), rows))

    def loss(self) -> Any:
        """The loss of all examples, with its penalty."""
        model = self.case.model
        a = through(model.layers, self.X, self.parameters)
        rows = parameters_of(model.layers, tuple(self.X.shape[1:]))
        squares = zip(rows, self.parameters, strict=True)
        penalty = sum(0.5 * row.l2 * (p**2).sum() for row, p in squares if row.l2)
        targets = self.targets
        if model.loss == "softmax_crossentropy":
            smoothing = model.label_smoothing
            targets = targets * (1 - smoothing) + smoothing / targets.shape[-1]
        by_rows = (array.reshape(-1, array.shape[-1]) for array in (a, targets))
        losses = TORCH_LOSSES[model.loss](*by_rows)
        return (self.weight * losses).sum() / self.weight.sum() + penalty

    def check_gradients(self) -> None:
        """Loss and gradients agree."""
        model, X, y, weight = self.case
        loss = self.loss()
        loss.backward()
        assert_close(
            "torch", "float64", model.evaluate(X, y, sample_weight=weight)["loss"], loss.item()
        )
        expected = [np.zeros(p.shape) if p.grad is None else p.grad for p in self.parameters]
        assert_norms_close(
            "torch", "float64", model.gradients(X, y, sample_weight=weight), expected
        )


def skip_unless_known(name: str, table: dict[str, Any]) -> None:
    if name not in table:
        pytest.skip(f"PyTorch has no {name}")


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_gradients_of_networks_around_each_row(row: Row, rng: np.random.Generator) -> None:
    known: dict[str, dict[str, Any]] = {
        "layer": TORCH_LAYERS,
        "activation": TORCH_ACTIVATIONS,
        "loss": TORCH_LOSSES,
    }
    if row.kind in known:
        skip_unless_known(row.name, known[row.kind])
    for network in networks(row):
        Twin(network.case(rng, n_examples=100)).check_gradients()


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_of_each_loss(loss: str, rng: np.random.Generator) -> None:
    skip_unless_known(loss, TORCH_LOSSES)
    layers = [jn.Dense(33, "tanh", l2=0.2), jn.Dense(10, "relu", bias=False), jn.Dense(4)]
    options: Any = {"n_features": 20, "n_examples": 100, "weighted": True}
    Twin(make_case(rng, layers, loss, **options)).check_gradients()


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_of_each_loss_of_each_time_step(loss: str, rng: np.random.Generator) -> None:
    skip_unless_known(loss, TORCH_LOSSES)
    Twin(case_of_steps(rng, loss)).check_gradients()


def test_gradients_with_smoothed_labels(rng: np.random.Generator) -> None:
    layers = [jn.Dense(12, "tanh"), jn.Dense(5)]
    loss = "softmax_crossentropy"
    Twin(make_case(rng, layers, loss, n_features=6, label_smoothing=0.2)).check_gradients()


PAIRS: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "sgd": (jn.SGD(0.1), lambda p: torch.optim.SGD(p, lr=0.1)),
    # its velocity holds no rate, which is the same as long as the rate does not change
    "momentum": (jn.SGD(0.1, momentum=0.9), lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
    "nesterov": (
        jn.SGD(0.1, momentum=0.9, nesterov=True),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    ),
    "rmsprop": (
        jn.RMSprop(0.01, rho=0.9, epsilon=1e-3),
        lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-3),
    ),
    "adam": (
        jn.Adam(0.01, beta_1=0.8, beta_2=0.95, epsilon=1e-3),
        lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.95), eps=1e-3),
    ),
    "adamw": (
        jn.AdamW(0.01, weight_decay=0.1),
        lambda p: torch.optim.AdamW(p, lr=0.01, eps=1e-8, weight_decay=0.1),
    ),
}
"""Each optimiser and PyTorch's. An ε this large shows where it stands."""


def test_every_optimiser_is_compared() -> None:
    assert {type(ours) for ours, _ in PAIRS.values()} == set(OPTIMIZERS.values())


@pytest.mark.parametrize("name", PAIRS)
def test_steps_of_each_optimiser(name: str, rng: np.random.Generator) -> None:
    ours, make_theirs = PAIRS[name]
    layers = [jn.Dense(33, "tanh"), jn.Dense(7, "tanh"), jn.Dense(3)]
    case = make_case(rng, layers, "softmax_crossentropy", n_features=10, n_examples=50)
    model = jn.Sequential(layers, case.model.loss, ours, dtype="float64")
    model.set_weights(case.model.get_weights())
    twin = Twin(case)
    theirs = make_theirs(twin.parameters)
    for _ in range(STEPS):
        theirs.zero_grad()
        twin.loss().backward()
        theirs.step()
    model.fit(case.X, case.y, epochs=STEPS, batch_size=None)
    for found, expected in zip(model.get_weights(), twin.parameters, strict=True):
        assert_close("optimizer", "float64", found, expected.detach().numpy())
