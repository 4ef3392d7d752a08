"""A model is an ``nn.Sequential`` of PyTorch's with the same outputs, and comes back from one."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from exported import (
    INPUTS_FIRST,
    NETWORKS,
    ROWS_TO_EXPORT,
    SEVERAL,
    assert_same_predictions,
    filled,
    several,
)
from jitnet.arrays import Array
from jitnet.export import torch_layers
from jitnet.export.network import read
from jitnet.losses import LOSSES
from own_rows import PReLU
from rows import Row, networks

torch: Any = pytest.importorskip("torch", reason="PyTorch is an extra: jitnet[reference]")
nn = torch.nn
AllSteps: Any = pytest.importorskip("jitnet.export.torch_modules").AllSteps
LastStep: Any = pytest.importorskip("jitnet.export.torch_modules").LastStep

LINKS: dict[str, Any] = {
    "identity": lambda z: z,
    "logistic": torch.sigmoid,
    "exponential": torch.exp,
    "softmax": lambda z: torch.softmax(z, dim=-1),
}

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Threads of PyTorch's wait for one another in networks as small as these."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def channels_first(X: Array) -> Any:
    """Examples as PyTorch has them."""
    return torch.from_numpy(np.moveaxis(X, -1, 1).copy())


def given_to(model: jn.Sequential, X: Any) -> Any:
    """Examples as the module that is made of a model takes them."""
    exported, parts = read(model), []
    inputs = zip(exported.inputs, torch_layers.inputs_of(exported), strict=True)
    for part, (own, chain) in zip(X if isinstance(X, tuple) else (X,), inputs, strict=True):
        part = part.reshape(-1, *chain.shape)
        last = own.vocabulary or chain.features_last
        parts.append(torch.from_numpy(part) if last else channels_first(part))
    return tuple(parts) if len(parts) > 1 else parts[0]


def outputs(module: Any, X: Any, link: str = "identity", *, last: bool = False) -> Array:
    """What a module gives in evaluation, channels last, where they may be already."""
    with torch.no_grad():
        logits = module.eval()(X)
        logits = logits if last else logits.movedim(1, -1)
    return np.asarray(LINKS[link](logits))


def check(layers: Sequence[Any], shape: Any, rng: np.random.Generator, loss: str = "mse") -> None:
    """The module predicts the same, and the model that is made of it as well."""
    check_model(*filled(layers, shape, rng, dtype="float64", loss=loss), shape)


def check_model(model: jn.Sequential, X: Any, shape: Any) -> None:
    module, expected, loss = jn.to_torch(model), model.predict(X), model.loss
    last = torch_layers.chain_of(read(model)).features_last
    found = outputs(module, given_to(model, X), LOSSES[loss].link, last=last)
    assert_same_predictions(found, expected)
    back = jn.from_torch(module, loss, shape, dtype="float64")
    assert_same_predictions(back.predict(X), expected)


@pytest.mark.parametrize("row", ROWS_TO_EXPORT, ids=str)
def test_every_row_of_the_tables_gives_the_same_there_and_back(
    row: Row, rng: np.random.Generator
) -> None:
    for network in networks(row):
        check(network.layers, network.n_features, rng, network.loss)


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_of_several_kinds_give_the_same_there_and_back(
    name: str, rng: np.random.Generator
) -> None:
    check(*NETWORKS[name], rng)


@pytest.mark.parametrize(("layers", "shape"), INPUTS_FIRST)
def test_a_first_layer_reads_the_input_in_any_shape(
    layers: Sequence[Any], shape: Any, rng: np.random.Generator
) -> None:
    check(layers, shape, rng)


@pytest.mark.parametrize("name", SEVERAL)
def test_several_inputs_give_the_same_there_and_back(name: str, rng: np.random.Generator) -> None:
    check_model(*several(name, rng, "float64"), SEVERAL[name][1])


def test_branches_that_give_images_side_by_side(rng: np.random.Generator) -> None:
    branches, shapes = SEVERAL["images side by side"]
    layers = [jn.Branches(branches), jn.BatchNorm(), jn.Conv2D(2, 2, activation="relu")]
    check(layers, shapes, rng)


def test_a_hybrid_that_a_user_writes_has_the_weights_of_a_file(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    class Hybrid(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.image = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
            self.numbers, self.last = nn.Linear(4, 3), nn.Linear(4 * 3 * 2 + 3, 2)

        def forward(self, given: Any) -> Any:
            image, numbers = given
            return self.last(torch.cat([self.image(image), self.numbers(numbers)], dim=1))

    branches, shapes = SEVERAL["an image and numbers"]
    model, X = filled([jn.Branches(branches), jn.Dense(2)], shapes, rng)
    jn.save_state_dict(model, tmp_path / "weights.safetensors")
    tensors, module = jn.to_torch(model).state_dict(), Hybrid()
    image, numbers = module.image.state_dict(), module.numbers.state_dict()
    module.image.load_state_dict({name: tensors[f"0.layers.0.{name}"] for name in image})
    module.numbers.load_state_dict({name: tensors[f"0.layers.1.0.{name}"] for name in numbers})
    module.last.load_state_dict({name: tensors[f"1.{name}"] for name in ("weight", "bias")})
    assert_same_predictions(outputs(module, given_to(model, X)), model.predict(X))
    same, _ = filled([jn.Branches(branches), jn.Dense(2)], shapes, rng)
    jn.load_state_dict(same, tmp_path / "weights.safetensors")
    np.testing.assert_array_equal(same.predict(X), model.predict(X))


@pytest.mark.parametrize(
    ("first", "shape", "said"),
    [
        ("Branches", (3,), "Branches of 2 inputs come first alone, and shape then is a list"),
        ("Branches", [(3,), (4,), (5,)], "Branches of 2 inputs come first alone"),
        ("Linear", [(3,), (4,)], "shape must be of one input where no Branches come first"),
    ],
)
def test_shapes_of_other_inputs_are_refused(first: str, shape: Any, said: str) -> None:
    model = jn.Sequential([jn.Branches([[], [jn.Dense(2)]]), jn.Dense(1)], "mse")
    module = jn.to_torch(model.build([(3,), (4,)]))
    with pytest.raises(ValueError, match=said):
        jn.from_torch(module if first == "Branches" else module[1:], "mse", shape)


LENET: Sequence[Any] = (
    jn.Conv2D(6, 5, padding=2, activation="tanh"),
    jn.AveragePool2D(2),
    jn.BatchNorm(),
    jn.Conv2D(16, 5, activation="relu"),
    jn.MaxPool2D(2),
    jn.Flatten(),
    jn.Dense(12, "silu"),
    jn.Dropout(0.5),
    jn.Dense(10),
)


def lenet() -> Any:
    """The same as a user of PyTorch writes it."""
    return nn.Sequential(
        nn.Conv2d(2, 6, 5, padding=2),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.BatchNorm2d(6),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 3 * 4, 12),
        nn.SiLU(),
        nn.Dropout(0.5),
        nn.Linear(12, 10),
    )


def test_a_file_is_read_by_a_module_that_a_user_writes(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    model, X = filled(LENET, (20, 24, 2), rng)
    jn.save_state_dict(model, tmp_path / "weights.safetensors")
    module = lenet()
    module.load_state_dict(load_file(tmp_path / "weights.safetensors"), strict=True)
    expected = model.predict(X)
    assert_same_predictions(outputs(module, channels_first(X)), expected)

    save_file(module.state_dict(), tmp_path / "theirs.safetensors")
    other, _ = filled(LENET, (20, 24, 2), rng)
    jn.load_state_dict(other, tmp_path / "theirs.safetensors")
    np.testing.assert_array_equal(other.predict(X), expected)


def test_a_module_that_a_user_writes_becomes_a_model(rng: np.random.Generator) -> None:
    module = lenet().double()
    module[3].running_mean.uniform_(-1, 1)
    module[3].running_var.uniform_(0.5, 2)
    model = jn.from_torch(module, "softmax_crossentropy", (20, 24, 2), seed=3)
    assert model.layers == (*LENET[:5], jn.Flatten(), *LENET[6:])
    assert (model.dtype.name, model.seed, model.loss) == ("float64", 3, "softmax_crossentropy")
    X = rng.normal(size=(5, 20, 24, 2))
    expected = outputs(module, channels_first(X), "softmax")
    assert_same_predictions(model.predict(X), expected)


def test_a_module_goes_on_training_with_its_dropout_and_its_running_means(
    rng: np.random.Generator,
) -> None:
    layers = [jn.Dense(400), jn.BatchNorm(0.7), jn.Dropout(0.25), jn.Rescaling(2.0)]
    model, X = filled(layers, 3, rng, n_examples=50)
    module = jn.to_torch(model)
    assert module.training
    silent = (module(torch.from_numpy(X)) == 0).float().mean()
    assert abs(float(silent) - 0.25) < 0.02, "some 4 deviations of 20,000 draws"
    batch = X @ model.get_weights()[0] + model.get_weights()[1]
    running = 0.7 * model.get_weights()[4] + 0.3 * batch.mean(axis=0)
    np.testing.assert_allclose(module[1].running_mean.numpy(), running, rtol=1e-4)


def test_a_module_of_half_precision_becomes_a_model_of_float32(rng: np.random.Generator) -> None:
    module = nn.Sequential(nn.Linear(3, 2)).to(torch.bfloat16)
    model = jn.from_torch(module, "mse")
    np.testing.assert_array_equal(model.get_weights()[0].T, module[0].weight.detach().float())


@pytest.mark.parametrize(
    ("part", "named"),
    [
        (nn.Conv2d(2, 2, 3, groups=2), "groups=2"),
        (nn.Conv2d(2, 2, 3, dilation=2), "dilation"),
        (nn.MaxPool2d(2, ceil_mode=True), "ceil_mode=True"),
        (nn.AvgPool2d(2, padding=1), "AvgPool2d"),
        (nn.GELU("tanh"), "GELU"),
        (nn.LeakyReLU(0.2), r"LeakyReLU\(negative_slope=0.2\)"),
        (nn.LayerNorm((2, 4, 4)), "LayerNorm"),
        (nn.LayerNorm(4), "LayerNorm"),
        (nn.AdaptiveAvgPool2d(2), "AdaptiveAvgPool2d"),
        (nn.Softmax(dim=1), "jitnet has no Softmax"),
        (nn.LSTM(2, 3), r"jitnet has no LSTM\(2, 3\) with these settings"),
        (nn.LSTM(2, 3, batch_first=True, proj_size=2), r"LSTM\(2, 3, proj_size=2"),
        (nn.RNN(2, 3, batch_first=True, nonlinearity="relu"), r"RNN\(2, 3"),
        (nn.Embedding(3, 2, max_norm=1.0), r"Embedding\(3, 2, max_norm=1.0\)"),
        (LastStep(), r"LastStep\(\) stands behind a recurrent module alone, not behind None"),
        (nn.Flatten(), "channels first, which come last here; end with a Linear"),
    ],
)
def test_what_there_is_not_is_named(part: Any, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        jn.from_torch(nn.Sequential(nn.Sequential(nn.Identity(), part)), "mse", (4, 4, 2))


RECURRENT: Sequence[tuple[Any, Any]] = (
    (nn.LSTM, jn.LSTM),
    (nn.GRU, jn.GRU),
    (nn.RNN, jn.SimpleRNN),
)


@pytest.mark.parametrize(("theirs", "ours"), RECURRENT)
def test_a_file_of_recurrent_layers_is_read_by_a_module_that_a_user_writes(
    theirs: Any, ours: Any, rng: np.random.Generator, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    class Tagger(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.rnn = theirs(4, 3, batch_first=True, bidirectional=True)

        def forward(self, x: Any) -> Any:
            return self.rnn(x)[0]

    layer = jn.Bidirectional(ours(3, return_sequences=True))
    model, X = filled([layer], (5, 4), rng)
    jn.save_state_dict(model, tmp_path / "weights.safetensors")
    module = Tagger()
    module.rnn.load_state_dict(
        {k.removeprefix("0."): x for k, x in load_file(tmp_path / "weights.safetensors").items()}
    )
    expected = model.predict(X)
    assert_same_predictions(outputs(module, torch.from_numpy(X), last=True), expected)

    module = nn.Sequential(theirs(4, 3, batch_first=True, bidirectional=True))
    save_file(module.state_dict(), tmp_path / "theirs.safetensors")  # both biases are random
    jn.load_state_dict(model, tmp_path / "theirs.safetensors")
    with torch.no_grad():
        found = module(torch.from_numpy(X))[0].numpy()
    assert_same_predictions(model.predict(X), found)


@pytest.mark.parametrize(("theirs", "ours"), RECURRENT)
def test_several_recurrent_layers_of_a_module_become_as_many(
    theirs: Any, ours: Any, rng: np.random.Generator
) -> None:
    def both(last: bool) -> Any:
        return jn.Bidirectional(ours(3, return_sequences=not last))

    settings = {"num_layers": 2, "dropout": 0.25, "bidirectional": True, "batch_first": True}
    rnn = theirs(4, 3, **settings)
    module = nn.Sequential(rnn, LastStep(), nn.Linear(6, 2)).double()
    model = jn.from_torch(module, "mse", (5, 4))
    assert model.layers == (both(False), jn.Dropout(0.25), both(True), jn.Dense(2))
    X = rng.normal(size=(3, 5, 4))
    assert_same_predictions(model.predict(X), outputs(module, torch.from_numpy(X)))


@pytest.mark.parametrize(("theirs", "ours"), RECURRENT)
def test_a_recurrent_module_alone_gives_all_steps(
    theirs: Any, ours: Any, rng: np.random.Generator
) -> None:
    module = nn.Sequential(nn.Embedding(7, 4), theirs(4, 3, batch_first=True, bias=False)).double()
    model = jn.from_torch(module, "mse", 5)
    assert model.layers == (jn.Embedding(7, 4), ours(3, return_sequences=True))
    X = rng.integers(7, size=(3, 5))
    with torch.no_grad():
        found = module(torch.from_numpy(X))[0].numpy()
    assert_same_predictions(model.predict(X), found)


def test_sequences_whose_features_stand_elsewhere_are_refused_with_what_to_put_before() -> None:
    convolution, recurrent = nn.Conv1d(2, 2, 1), nn.GRU(2, 2, batch_first=True)
    with pytest.raises(ValueError, match=r"GRU\(2, 2.*takes sequences \(n, time, features\).*a C"):
        jn.from_torch(nn.Sequential(convolution, recurrent), "mse", (5, 2))
    with pytest.raises(ValueError, match=r"takes sequences \(n, features, time\).*ChannelsFirst"):
        jn.from_torch(nn.Sequential(recurrent, AllSteps(), convolution), "mse", (5, 2))


def test_an_embedding_whose_zeros_are_no_steps_is_refused(rng: np.random.Generator) -> None:
    model, _ = filled([jn.Embedding(4, 2, mask_zero=True), jn.LSTM(2)], 5, rng)
    with pytest.raises(ValueError, match="PyTorch does not know which time steps there are"):
        jn.to_torch(model)


def test_a_convolution_needs_a_shape_and_a_function_is_no_module() -> None:
    with pytest.raises(ValueError, match="shape must be given"):
        jn.from_torch(nn.Sequential(nn.Conv2d(1, 1, 1)), "mse")
    with pytest.raises(TypeError, match=r"must be an nn.Sequential, got Linear"):
        jn.from_torch(nn.Linear(2, 2), "mse")


def test_a_layer_of_ones_own_is_named() -> None:
    with pytest.raises(ValueError, match="PyTorch has no PReLU of jitnet's"):
        jn.to_torch(jn.Sequential([PReLU()], "mse").build(2))
