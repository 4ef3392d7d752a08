"""Every public function and class with good arguments, to be called with one of them spoiled.

What is public is found by introspection (`public`), so that whoever adds a function or a method
learns that it has no row here.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import itertools
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, cast

import numpy as np

import jitnet as jn
import jitnet.extend as ex
from hunting import Rng
from jitnet.activations import ACTIVATIONS
from jitnet.export.sklearn_networks import to_sklearn
from jitnet.initializers import INITIALIZERS
from jitnet.learning_rates import LearningRates
from jitnet.losses import LOSSES
from jitnet.optimizers.table import by_name
from jitnet.stream import Stream
from own_rows import AdaGrad, PReLU, log_cosh, mish

RESULTS = (Stream, LearningRates)
"""Classes whose objects public functions return."""
CALLED_BY_FITS = (jn.Callback, ex.Layer, ex.Optimizer)
"""Classes whose methods the library calls, with arguments of its own."""
IN_KERNELS = "jitnet.kernels."
"""What stands there is called in compiled code alone."""

ROWS, FEATURES, CLASSES, TIMES = 12, 4, 3, 5
X = (np.arange(ROWS * FEATURES, dtype=np.float32).reshape(ROWS, FEATURES) % 7 - 3) / 4
LABELS = np.arange(ROWS) % CLASSES
VALUES = X[:, 0].astype(np.float64)
SEQUENCES = (np.arange(ROWS * TIMES * 2, dtype=np.float32).reshape(ROWS, TIMES, 2) % 11 - 5) / 8
IMAGES = np.arange(ROWS * 6 * 5 * 2, dtype=np.float32).reshape(ROWS, 6, 5, 2) % 9 / 8
CODES = np.arange(ROWS * TIMES).reshape(ROWS, TIMES) % 7
WEIGHTS = 1.0 + np.arange(ROWS) % 3
LENGTHS = 1 + np.arange(ROWS) % TIMES
CHARACTERS = ("a", "b", "c")
FRAME: dict[str, Any] = {
    "height": [150.0 + k % 50 for k in range(60)],
    "kind": ["abc"[k % 3] for k in range(60)],
    "day": [f"2020-01-{1 + k % 28:02d}" for k in range(60)],
    "group": [k // 4 for k in range(60)],
    "tall": ["yes" if k % 50 > 25 else "no" for k in range(60)],
}
ROW = {name: values[3] for name, values in FRAME.items() if name != "tall"}


@dataclass
class Call:
    """A public thing, and what it is called with.

    Parameters
    ----------
    arguments : callable
        ``arguments(rng)``: its arguments by their names; all that have no default.
    subject : callable, optional
        ``subject()``: what a method is called of.
    use : callable, optional
        ``use(result, rng)``: what is done with what it returns, within the same promise.
    endless : sequence of str
        Arguments that say how much is done: what is huge there takes its time.
    weight : float, default 1.0
        How often it is drawn, beside the others.
    compared : bool, default True
        Whether what it gives does not depend on the types that it is given.
    written : sequence of str
        Arguments that name files which it writes.
    trains : bool, default False
        Whether it changes models that it is given.
    """

    arguments: Callable[[Rng], dict[str, Any]] = lambda rng: {}
    subject: Callable[[], Any] | None = None
    use: Callable[[Any, Rng], Any] | None = None
    endless: tuple[str, ...] = ()
    weight: float = 1.0
    compared: bool = True
    written: tuple[str, ...] = ()
    trains: bool = False
    name: str = field(default="", init=False)
    function: Callable[..., Any] | None = field(default=None, init=False)


def public() -> dict[str, Any]:
    """Every public function, class, method and settable property by its name.

    What needs a package that is not there is left out.
    """
    found: dict[str, Any] = {}
    for module, names in ((jn, jn.__all__), (ex, ex.__all__), (jn.datasets, jn.datasets.__all__)):
        for name in names:
            try:
                thing = getattr(module, name)
            except ImportError:
                continue
            if _is_called(thing):
                short = module.__name__.replace("jitnet", "jn", 1)
                found[f"{short}.{name}"] = thing
    for kind in [thing for thing in found.values() if inspect.isclass(thing)] + [*RESULTS]:
        if not issubclass(kind, CALLED_BY_FITS):
            found |= dict(_methods(kind))
    return found


def _is_called(thing: Any) -> bool:
    """Whether a user calls it; what is abstract has classes of its own that are called."""
    home = str(getattr(thing, "__module__", ""))
    return callable(thing) and not inspect.isabstract(thing) and not home.startswith(IN_KERNELS)


def _methods(kind: type) -> Iterator[tuple[str, Any]]:
    """The public methods of a class that are written in the package, and properties to set.

    What all schedules have is one method.
    """
    of = "Schedule" if issubclass(kind, jn.Schedule) else kind.__name__
    bases = [base for base in kind.__mro__ if base.__module__.startswith("jitnet")]
    for name in sorted({name for base in bases for name in vars(base)}):
        if name.startswith("_"):
            continue
        thing = inspect.getattr_static(kind, name)
        if type(thing).__name__ == "RequestMethod" or name == "curve":
            continue  # scikit-learn writes it, and schedules call theirs themselves
        if isinstance(thing, property):
            if thing.fset is not None:
                yield f"{of}.{name} =", thing.fset
        elif callable(getattr(kind, name, None)) and not inspect.isclass(thing):
            yield f"{of}.{name}", partial(_called, name)


def _called(method: str, subject: Any, **named: Any) -> Any:
    return getattr(subject, method)(**named)


@cache
def models() -> dict[str, Any]:
    """Trained models, from which copies are taken."""
    made: dict[str, Any] = {
        "classifier": jn.Sequential(
            [jn.Dense(5, "tanh"), jn.BatchNorm(), jn.Dense(CLASSES)], "softmax_crossentropy"
        ),
        "regressor": jn.Sequential([jn.Dense(5, "tanh"), jn.Dense(1)], "mse", jn.SGD(0.01)),
        "double": jn.Sequential([jn.Dense(1)], "mae", dtype="float64"),
        "images": jn.Sequential(
            [jn.Conv2D(2, 3, activation="relu"), jn.Flatten(), jn.Dense(1)], "mse"
        ),
        "sequences": jn.Sequential([jn.LSTM(3, return_sequences=True), jn.Dense(1)], "mse"),
        "codes": jn.Sequential(
            [jn.Embedding(7, 3), jn.GRU(3), jn.Dense(CLASSES)], "softmax_crossentropy"
        ),
        "branches": jn.Sequential(
            [jn.Branches([[jn.Dense(3)], [jn.Embedding(7, 2), jn.GRU(2)]]), jn.Dense(1)], "mse"
        ),
        "characters": jn.Sequential(
            [jn.Embedding(3, 2), jn.GRU(3, return_sequences=True), jn.Dense(3)],
            "softmax_crossentropy",
        ),
    }
    for name, model in made.items():
        inputs, targets = DATA[name]
        model.fit(inputs, targets, epochs=1, progress=False)
    made["characters"].classes = CHARACTERS
    made["new"] = jn.Sequential([jn.Dense(5, "tanh"), jn.Dense(1)], "mse")
    made["MLPClassifier"] = jn.MLPClassifier((4,), max_iter=30, tol=1.0, random_state=0)
    made["MLPRegressor"] = jn.MLPRegressor(
        "squared_error", (4,), max_iter=30, tol=1.0, random_state=0
    )
    made["MLPClassifier"].fit(X.astype(float), LABELS)
    made["MLPRegressor"].fit(X.astype(float), VALUES)
    made["TableModel"] = jn.TableModel("tall", epochs=2, hidden=(4,)).fit(FRAME)
    made["Table"] = jn.Table().fit(FRAME, "tall")
    made["LearningRates"] = jn.find_learning_rate(made["regressor"], X, VALUES, steps=10)
    return made


DATA: dict[str, tuple[Any, Any]] = {
    "classifier": (X, LABELS),
    "regressor": (X, VALUES),
    "double": (X, VALUES),
    "images": (IMAGES, VALUES),
    "sequences": (SEQUENCES, SEQUENCES[:, :, :1]),
    "codes": (CODES, LABELS),
    "branches": ((X, CODES), VALUES),
    "characters": (CODES % 3, (CODES + 1) % 3),
}
"""Inputs and targets of the models."""


def a_copy(name: str) -> Callable[[], Any]:
    """Makes a copy of one of the models."""
    return lambda: copy.deepcopy(models()[name])


def fresh(values: Any) -> Any:
    """Copies of arrays, so that a case may spoil its own."""
    return copy.deepcopy(values)


def _examples(name: str, *, with_y: bool = True) -> Callable[[Rng], dict[str, Any]]:
    def drawn(rng: Rng) -> dict[str, Any]:
        inputs, targets = fresh(DATA[name])
        found = {"X": inputs} | ({"y": targets} if with_y else {})
        if with_y and rng.random() < 0.4 and name != "characters":
            found["sample_weight"] = WEIGHTS.copy()
        if name in ("sequences", "codes") and rng.random() < 0.5:
            found["lengths"] = LENGTHS.copy()
        if name == "branches" and rng.random() < 0.5:
            found["lengths"] = (None, LENGTHS.copy())
        return found

    return drawn


def _fit(name: str) -> Callable[[Rng], dict[str, Any]]:
    def drawn(rng: Rng) -> dict[str, Any]:
        found = _examples(name)(rng) | {"epochs": 2, "batch_size": 5, "shuffle": True}
        if rng.random() < 0.4:
            found["validation_data"] = fresh(DATA[name])
            found["callbacks"] = [jn.EarlyStopping(patience=1), jn.Callback()]
        found |= {"progress": False, "n_threads": 1}
        if rng.random() < 0.2:
            found["callbacks"] = [jn.Checkpoint(_path(rng, "folder"))]
        return found

    return drawn


PLACES: dict[str, Callable[[str], Call]] = {
    "fit": lambda name: Call(_fit(name), endless=("epochs",), weight=2.0),
    "partial_fit": lambda name: Call(
        lambda rng: _examples(name)(rng) | {"batch_size": 5, "shuffle": bool(rng.integers(2))}
    ),
    "predict": lambda name: Call(_examples(name, with_y=False), weight=2.0),
    "evaluate": lambda name: Call(_examples(name), weight=1.5),
    "gradients": lambda name: Call(_examples(name)),
}
"""Methods that take examples, for each of the models."""


def _path(rng: Rng, ending: str = "safetensors") -> Path:
    return Path(tempfile.mkdtemp(dir=".")) / f"file.{ending}"


def _use_layer(layer: Any, rng: Rng) -> Any:
    """Train and predict with a layer before the last."""
    recurrent = (
        "LSTM",
        "GRU",
        "SimpleRNN",
        "Bidirectional",
        "Conv1D",
        "MaxPool1D",
        "AveragePool1D",
    )
    name = type(layer).__name__
    examples: Any = X
    if name in recurrent or name.startswith("Global"):
        examples = SEQUENCES
    if name.endswith("2D") or name.startswith("Random"):
        examples = IMAGES
    if name == "Embedding":
        examples = CODES
    if name == "Branches":
        examples = tuple([X] * layer.n_inputs)
    model = jn.Sequential([layer, jn.Flatten(), jn.Dense(1)], "mse")
    model.fit(examples, VALUES, epochs=1, progress=False)
    return model.predict(examples), _read_again(model).predict(examples)


def _read_again(model: Any) -> Any:
    """A model as it comes out of a file, once all has been said about it."""
    repr(model)
    with contextlib.redirect_stdout(io.StringIO()):
        model.summary()
    path = _path(np.random.default_rng())
    model.save(path)
    return jn.load(path)


def _use_optimizer(optimizer: Any, rng: Rng) -> Any:
    model = jn.Sequential([jn.Dense(1)], "mse", optimizer)
    model.fit(X, VALUES, epochs=1, progress=False)
    if isinstance(optimizer, Stepping):
        return model.predict(X)
    return model.predict(X), _read_again(model).predict(X)


def _use_schedule(schedule: Any, rng: Rng) -> Any:
    found = schedule.rates(0, 20), schedule(3)
    return found, _use_optimizer(jn.SGD(schedule), rng)


def _use_callback(callback: Any, rng: Rng) -> Any:
    model = jn.Sequential([jn.Dense(1)], "mse")
    return dict(
        model.fit(
            X, VALUES, epochs=2, validation_data=(X, VALUES), callbacks=[callback], progress=False
        )
    )


def _use_model(model: Any, rng: Rng) -> Any:
    model.fit(X, LABELS if model.loss == "softmax_crossentropy" else abs(VALUES), epochs=1)
    return model.predict(X), _read_again(model).predict(X)


def _use_estimator(estimator: Any, rng: Rng) -> Any:
    kind = LABELS if isinstance(estimator, jn.MLPClassifier) else VALUES
    return estimator.fit(X.astype(float), kind).predict(X.astype(float))


def _use_table(table: Any, rng: Rng) -> Any:
    return table.fit(FRAME, "tall").transform(FRAME)


def _use_table_model(model: Any, rng: Rng) -> Any:
    return model.fit(FRAME).predict(FRAME)


def _draw(*tables: Any) -> Callable[[Rng], Any]:
    names = [name for table in tables for name in table]
    return lambda rng: str(rng.choice(names))


def _dense(rng: Rng) -> dict[str, Any]:
    return {
        "units": 3,
        "activation": _draw(ACTIVATIONS)(rng),
        "initializer": _draw(INITIALIZERS)(rng),
        "bias": True,
        "l2": 0.1,
    }


def _conv(size: Any) -> Callable[[Rng], dict[str, Any]]:
    return lambda rng: {
        "filters": 3,
        "kernel_size": size if rng.integers(2) else 2,
        "strides": 1,
        "padding": str(rng.choice(["same", "valid"])),
        "activation": "relu",
        "initializer": "auto",
        "bias": True,
        "l2": 0.1,
    }


def _pool(size: Any) -> Callable[[Rng], dict[str, Any]]:
    return lambda rng: {
        "pool_size": size if rng.integers(2) else 2,
        "strides": 1,
        "padding": "valid",
    }


def _recurrent(rng: Rng) -> dict[str, Any]:
    return {"units": 3, "return_sequences": bool(rng.integers(2)), "stateful": False, "l2": 0.1}


def _layer(arguments: Callable[[Rng], dict[str, Any]]) -> Call:
    return Call(arguments, use=_use_layer)


def _estimator(rng: Rng, kind: str) -> dict[str, Any]:
    given: dict[str, Any] = {
        "hidden_layer_sizes": (4,),
        "max_iter": 20,
        "tol": 1.0,
        "random_state": 0,
    }
    settings: dict[str, Any] = {
        "activation": str(rng.choice(["relu", "tanh", "logistic", "identity"])),
        "solver": str(rng.choice(["lbfgs", "sgd", "adam"])),
        "alpha": 1e-3,
        "batch_size": 5,
        "learning_rate": "constant",
        "learning_rate_init": 0.01,
        "power_t": 0.5,
        "shuffle": True,
        "verbose": False,
        "warm_start": False,
        "momentum": 0.9,
        "nesterovs_momentum": True,
        "early_stopping": False,
        "validation_fraction": 0.3,
        "beta_1": 0.9,
        "beta_2": 0.99,
        "epsilon": 1e-8,
        "n_iter_no_change": 3,
        "max_fun": 100,
        "dtype": "float64",
        "n_threads": 1,
        "callbacks": [jn.Callback()],
        "progress": False,
        "preset": None,
    }
    settings |= (
        {"loss": "log_loss", "class_weight": {0: 1.0, 1: 2.0, 2: 1.0}, "label_smoothing": 0.0}
        if kind == "MLPClassifier"
        else {"loss": "squared_error"}
    )
    chosen = rng.permutation(list(settings))[:4]
    return given | {str(name): settings[name] for name in chosen}


def _sequential(rng: Rng) -> dict[str, Any]:
    loss = _draw(LOSSES)(rng)
    return {
        "layers": [jn.Dense(4, "relu"), jn.Dense(3 if loss == "softmax_crossentropy" else 1)],
        "loss": loss,
        "optimizer": _draw(by_name())(rng) if rng.integers(2) else jn.SGD(0.01),
        "label_smoothing": 0.1 if loss == "softmax_crossentropy" else 0.0,
        "quantile": 0.4 if loss == "quantile" else 0.5,
        "seed": 3,
        "dtype": str(rng.choice(["float32", "float64"])),
        "n_threads": 1,
    }


def _estimator_fit(kind: str) -> Callable[[Rng], dict[str, Any]]:
    y = LABELS if kind == "MLPClassifier" else VALUES

    def drawn(rng: Rng) -> dict[str, Any]:
        found: dict[str, Any] = {"X": X.astype(float), "y": y.copy()}
        if rng.random() < 0.4:
            found["sample_weight"] = WEIGHTS.copy()
        if rng.random() < 0.3:
            found |= {
                "X_val": X.astype(float),
                "y_val": y.copy(),
                "sample_weight_val": WEIGHTS.copy(),
            }
        return found

    return drawn


def _estimator_partial(rng: Rng) -> dict[str, Any]:
    found = _estimator_fit("MLPClassifier")(rng)
    return found | ({"classes": np.arange(CLASSES)} if rng.random() < 0.5 else {})


def _new_stream() -> Any:
    stream = models()["sequences"].stream()
    stream.step([0.5, 0.25])
    return stream


def _new_table() -> Any:
    return jn.Table()


def _with_model(name: str, **more: Callable[[Rng], Any]) -> Callable[[Rng], dict[str, Any]]:
    return lambda rng: {"model": a_copy(name)()} | {key: make(rng) for key, make in more.items()}


@cache
def files() -> dict[str, Path]:
    """Files to be read."""
    from idx_files import idx, write_set

    folder = Path("files").absolute()
    folder.mkdir(exist_ok=True)
    found = {"model": folder / "model.safetensors", "table": folder / "table.safetensors"}
    models()["regressor"].save(found["model"])
    models()["TableModel"].save(found["table"])
    found["state"] = folder / "state.safetensors"
    jn.save_state_dict(models()["regressor"], found["state"])
    found["idx"] = folder / "numbers.idx"
    found["idx"].write_bytes(idx(np.arange(6, dtype=np.uint8).reshape(2, 3)))
    found["mnist"] = write_set(folder / "mnist")
    found["keras"] = folder / "model.weights.h5"
    _write_keras(found["keras"])
    found["images"] = folder / "images"
    _write_images(found["images"])
    return found


def _write_keras(path: Path) -> None:
    import h5py

    weights = models()["regressor"].get_weights()
    with h5py.File(path, "w") as file:
        for place, array in enumerate(weights):
            layer = "dense_1" if place > 1 else "dense"
            file[f"layers/{layer}/vars/{place % 2}"] = array


def _write_images(folder: Path) -> None:
    from PIL import Image

    for place, name in enumerate(("cats", "dogs")):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(2):
            image = Image.fromarray(np.full((4, 3), 40 * place + number, np.uint8))
            image.save(folder / name / f"{number}.png")


def _torch_module(rng: Rng) -> dict[str, Any]:
    import torch

    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    return {"module": module, "loss": "mse", "shape": 4}


def _sklearn_network(rng: Rng) -> dict[str, Any]:
    return {"mlp": to_sklearn(models()["regressor"]), "seed": 3}


def _part(kind: Any) -> Call:
    """A part of a layer of one's own, used in a network."""
    own: Any = PReLU(0.25)
    return Call(
        lambda rng: _arguments_of(_parts(own.node((3,), 16))[kind]),
        use=lambda made, rng: _use_part(kind, made),
        weight=0.5,
    )


def _arguments_of(part: Any) -> dict[str, Any]:
    """The arguments that a named tuple is made of."""
    return dict(part._asdict())


def _parts(node: Any) -> dict[Any, Any]:
    return {
        ex.Node: node,
        ex.Parameter: node.parameters[0],
        ex.Cut: node.gradients[0].cut,
        ex.Operation: node.forward[0],
        ex.Room: ex.Room(units=3),
    }


@dataclass(frozen=True)
class Changed(PReLU):
    """A layer of which a part is another."""

    kind: Any = None
    made: Any = None

    def node(self, shape: Any, width: int) -> Any:
        """The layer for inputs of a shape."""
        node = super().node(shape, width)  # type: ignore[no-untyped-call]
        changes: dict[Any, Callable[[], Any]] = {
            ex.Node: lambda: self.made,
            ex.Parameter: lambda: node._replace(parameters=(self.made,)),
            ex.Cut: lambda: node._replace(gradients=(node.gradients[0]._replace(cut=self.made),)),
            ex.Operation: lambda: node._replace(forward=(self.made,)),
            ex.Room: lambda: node._replace(rooms={"kept": self.made}),
        }
        return changes[self.kind]()


def _use_part(kind: Any, made: Any) -> Any:
    layers = [jn.Dense(3), Changed(0.25, kind, made), jn.Dense(1)]
    model = jn.Sequential(layers, "mse", n_threads=1)
    model.fit(X, VALUES, epochs=1, progress=False)
    return model.predict(X)


@dataclass(frozen=True)
class Stepping(AdaGrad):
    """An optimiser whose step is given."""

    made: Any = None

    def update(self) -> Any:
        """What a step runs."""
        return self.made


def _use_row(kind: str) -> Callable[[Any, Rng], Any]:
    def used(row: Any, rng: Rng) -> Any:
        name = f"own_{next(NUMBERS)}"
        table: dict[str, Any] = ACTIVATIONS if kind == "activation" else LOSSES
        try:
            ex.register(**{name: row})
            if kind == "activation":
                return _use_layer(jn.Dense(3, activation=name), rng)
            model = jn.Sequential([jn.Dense(1)], name)
            model.fit(X, VALUES, epochs=1, progress=False)
            return model.predict(X)
        finally:
            table.pop(name, None)

    return used


NUMBERS = itertools.count()


def _members() -> list[Any]:
    """Two networks that are not fitted yet."""
    return [jn.Sequential([jn.Dense(3, "tanh"), jn.Dense(1)], "mse", seed=s) for s in range(2)]


def _fit_many(rng: Rng) -> dict[str, Any]:
    """What many networks are fitted with."""
    found = _fit("regressor")(rng)
    if "callbacks" in found:
        found["callbacks"] = lambda place: [jn.EarlyStopping(patience=1)] if place else []
        found.setdefault("validation_data", fresh(DATA["regressor"]))
    return found | {"n_threads": 2}


def _fold() -> jn.Fold:
    """A fold of a cross-validation."""
    fit = jn.Fitted(a_copy("regressor")(), jn.History(), None)
    return jn.Fold(fit, {"loss": 0.5}, np.arange(3))


def _ensemble() -> Any:
    """Networks that predict together."""
    ensemble = jn.Ensemble(_members())
    ensemble.fit(X, VALUES, epochs=1)
    return ensemble


CALLS: dict[str, Call] = {
    "jn.Activation": _layer(lambda rng: {"activation": _draw(ACTIVATIONS)(rng)}),
    "jn.AveragePool1D": _layer(_pool((2,))),
    "jn.AveragePool2D": _layer(_pool((2, 2))),
    "jn.MaxPool1D": _layer(_pool((2,))),
    "jn.MaxPool2D": _layer(_pool((2, 2))),
    "jn.BatchNorm": _layer(lambda rng: {"momentum": 0.9, "epsilon": 1e-5}),
    "jn.LayerNorm": _layer(lambda rng: {"epsilon": 1e-5}),
    "jn.Bidirectional": _layer(lambda rng: {"layer": jn.GRU(2)}),
    "jn.Branches": _layer(lambda rng: {"branches": [[jn.Dense(2)], [jn.Dense(3), jn.Dense(2)]]}),
    "jn.Conv1D": _layer(_conv((2,))),
    "jn.Conv2D": _layer(_conv((2, 2))),
    "jn.Dense": _layer(_dense),
    "jn.Dropout": _layer(lambda rng: {"rate": 0.3}),
    "jn.Embedding": _layer(
        lambda rng: {"vocabulary": 7, "units": 3, "mask_zero": False, "l2": 0.1}
    ),
    "jn.Flatten": _layer(lambda rng: {}),
    "jn.GRU": _layer(_recurrent),
    "jn.LSTM": _layer(_recurrent),
    "jn.SimpleRNN": _layer(_recurrent),
    "jn.GlobalAveragePool": _layer(lambda rng: {}),
    "jn.GlobalMaxPool": _layer(lambda rng: {}),
    "jn.RandomFlip": _layer(lambda rng: {"mode": "horizontal"}),
    "jn.RandomRotation": _layer(lambda rng: {"degrees": 10.0}),
    "jn.RandomShift": _layer(lambda rng: {"pixels": 1 if rng.integers(2) else (1, 2)}),
    "jn.Rescaling": _layer(lambda rng: {"scale": 0.5, "offset": 0.25}),
    "jn.Reshape": _layer(lambda rng: {"shape": (2, 2)}),
    "jn.Residual": _layer(lambda rng: {"layers": [jn.Dense(3, "tanh"), jn.Dense(FEATURES)]}),
    "jn.Adam": Call(
        lambda rng: {
            "learning_rate": 0.01 if rng.integers(2) else jn.Constant(0.01),
            "beta_1": 0.9,
            "beta_2": 0.99,
            "epsilon": 1e-7,
            "clip_norm": 1.0,
            "epsilon_hat": True,
        },
        use=_use_optimizer,
    ),
    "jn.AdamW": Call(lambda rng: {"weight_decay": 0.1, "beta_1": 0.8}, use=_use_optimizer),
    "jn.RMSprop": Call(
        lambda rng: {"learning_rate": 0.01, "rho": 0.9, "epsilon": 1e-7, "clip_norm": 1.0},
        use=_use_optimizer,
    ),
    "jn.SGD": Call(
        lambda rng: {"learning_rate": 0.01, "momentum": 0.9, "nesterov": True, "clip_norm": 1.0},
        use=_use_optimizer,
    ),
    "jn.Constant": Call(lambda rng: {"learning_rate": 0.1, "warmup": 2}, use=_use_schedule),
    "jn.Cosine": Call(
        lambda rng: {"learning_rate": 0.1, "steps": 9, "final": 0.1, "warmup": 2}, use=_use_schedule
    ),
    "jn.Exponential": Call(
        lambda rng: {"learning_rate": 0.1, "every": 3, "factor": 0.5, "warmup": 2},
        use=_use_schedule,
    ),
    "jn.OneCycle": Call(
        lambda rng: {
            "learning_rate": 0.1,
            "steps": 9,
            "rise": 0.4,
            "start": 0.1,
            "final": 0.1,
            "warmup": 2,
        },
        use=_use_schedule,
    ),
    "jn.Step": Call(
        lambda rng: {"learning_rate": 0.1, "every": 3, "factor": 0.5, "warmup": 2},
        use=_use_schedule,
    ),
    "Schedule.rates": Call(
        lambda rng: {"first_step": 3, "n_steps": 5}, lambda: jn.Step(0.1, 3), endless=("n_steps",)
    ),
    "jn.Callback": Call(use=_use_callback),
    "jn.Checkpoint": Call(
        lambda rng: {
            "folder": _path(rng, "folder"),
            str(rng.choice(["every_epochs", "every_steps", "every_minutes"])): 1,
            "monitor": "loss",
        },
        use=_use_callback,
    ),
    "jn.CSVLogger": Call(lambda rng: {"path": _path(rng, "csv")}, use=_use_callback),
    "jn.EarlyStopping": Call(
        lambda rng: {"monitor": "val_loss", "patience": 1, "min_delta": 0.1, "restore_best": True},
        use=_use_callback,
    ),
    "jn.ReduceOnPlateau": Call(
        lambda rng: {
            "monitor": "loss",
            "factor": 0.5,
            "patience": 1,
            "min_delta": 0.1,
            "min_rate": 1e-6,
        },
        use=_use_callback,
    ),
    "jn.TensorBoard": Call(
        lambda rng: {"folder": _path(rng, "folder"), "histograms": bool(rng.integers(2))},
        use=_use_callback,
    ),
    "jn.TimeBudget": Call(lambda rng: {"minutes": 1.0}, use=_use_callback),
    "jn.History": Call(
        lambda rng: {"loss": [0.5, 0.25], "val_loss": [0.5, 0.3]},
        use=lambda h, rng: h.plot() and None,
        weight=0.2,
    ),
    "History.plot": Call(
        lambda rng: {"theme": "dark"}, lambda: jn.History(loss=[0.5, 0.2]), weight=0.2
    ),
    "LearningRates.plot": Call(subject=a_copy("LearningRates"), weight=0.1),
    "jn.NotFittedError": Call(weight=0.1),
    "jn.Sequential": Call(_sequential, use=_use_model, weight=4.0),
    "Sequential.build": Call(lambda rng: {"shape": 4}, a_copy("regressor")),
    "Sequential.scale_learning_rate": Call(lambda rng: {"factor": 0.5}, a_copy("regressor")),
    "Sequential.n_threads =": Call(lambda rng: {"n_threads": 1}, a_copy("regressor")),
    "Sequential.reset_state": Call(subject=a_copy("sequences"), weight=0.1),
    "Sequential.stream": Call(
        lambda rng: {"batch_size": 2},
        a_copy("sequences"),
        use=lambda stream, rng: [stream.step(np.ones((2, 2))) for _ in range(2)],
    ),
    "Sequential.get_weights": Call(subject=a_copy("regressor"), weight=0.1),
    "Sequential.set_weights": Call(
        lambda rng: {"weights": models()["regressor"].get_weights()}, a_copy("regressor")
    ),
    "Sequential.summary": Call(subject=a_copy("regressor"), weight=0.1),
    "Sequential.save": Call(
        lambda rng: {"path": _path(rng)}, a_copy("regressor"), written=("path",)
    ),
    "Stream.step": Call(lambda rng: {"x": np.array([0.5, 0.25])}, _new_stream),
    "Stream.reset": Call(subject=_new_stream, weight=0.1),
    "Stream.state =": Call(
        lambda rng: {"states": [s + 0.5 for s in _new_stream().state]}, _new_stream
    ),
    "jn.find_learning_rate": Call(
        lambda rng: {
            "model": a_copy("regressor")(),
            "X": X.copy(),
            "y": VALUES.copy(),
            "lowest": 1e-5,
            "highest": 0.5,
            "steps": 10,
            "batch_size": 5,
        },
        endless=("steps",),
    ),
    "jn.fit_many": Call(
        lambda rng: _fit_many(rng) | {"models": _members()},
        endless=("epochs",),
        weight=2.0,
        trains=True,
    ),
    "jn.Fitted": Call(
        lambda rng: {"model": a_copy("regressor")(), "history": jn.History(), "error": None},
        compared=False,
        weight=0.1,
    ),
    "jn.cross_validate": Call(
        lambda rng: _fit_many(rng) | {"make_model": lambda: _members()[0], "folds": 3, "seed": 5},
        endless=("epochs",),
        weight=2.0,
        trains=True,
    ),
    "jn.CrossValidation": Call(lambda rng: {"folds": [_fold()]}, compared=False, weight=0.1),
    "jn.Fold": Call(lambda rng: _fold()._asdict(), compared=False, weight=0.1),
    "jn.Ensemble": Call(lambda rng: {"models": _members()}, weight=0.5),
    "Ensemble.fit": Call(_fit_many, lambda: jn.Ensemble(_members()), endless=("epochs",)),
    "Ensemble.predict": Call(lambda rng: {"X": X.copy()}, _ensemble),
    "Ensemble.predict_each": Call(lambda rng: {"X": X.copy()}, _ensemble, weight=0.5),
    "Ensemble.deviation": Call(lambda rng: {"X": X.copy()}, _ensemble, weight=0.5),
    "Ensemble.quantiles": Call(lambda rng: {"X": X.copy(), "levels": (0.1, 0.9)}, _ensemble),
    "jn.from_keras": Call(lambda rng: {"path": files()["keras"], "model": a_copy("regressor")()}),
    "jn.from_sklearn": Call(_sklearn_network),
    "jn.from_torch": Call(_torch_module),
    "jn.generate": Call(
        _with_model(
            "characters",
            prompt=lambda rng: "ab",
            length=lambda rng: 5,
            temperature=lambda rng: 0.5,
            seed=lambda rng: 3,
        ),
        endless=("length",),
        weight=2.0,
    ),
    "jn.load": Call(lambda rng: {"path": files()[str(rng.choice(["model", "table"]))]}),
    "jn.load_state_dict": Call(_with_model("regressor", path=lambda rng: files()["state"])),
    "jn.save_state_dict": Call(_with_model("regressor", path=_path), written=("path",)),
    "jn.to_c": Call(_with_model("regressor", path=lambda rng: _path(rng, "c")), written=("path",)),
    "jn.to_onnx": Call(
        _with_model("regressor", path=lambda rng: _path(rng, "onnx")), written=("path",)
    ),
    "jn.to_sklearn": Call(_with_model("regressor")),
    "jn.to_torch": Call(_with_model("regressor")),
    "jn.MLPClassifier": Call(
        lambda rng: _estimator(rng, "MLPClassifier"),
        use=_use_estimator,
        endless=("max_iter", "hidden_layer_sizes", "n_iter_no_change", "max_fun"),
        weight=4.0,
    ),
    "jn.MLPRegressor": Call(
        lambda rng: _estimator(rng, "MLPRegressor"),
        use=_use_estimator,
        endless=("max_iter", "hidden_layer_sizes", "n_iter_no_change", "max_fun"),
        weight=3.0,
    ),
    "MLPClassifier.fit": Call(_estimator_fit("MLPClassifier"), a_copy("MLPClassifier"), weight=2.0),
    "MLPClassifier.partial_fit": Call(_estimator_partial, a_copy("MLPClassifier"), weight=2.0),
    "MLPClassifier.predict": Call(lambda rng: {"X": X.astype(float)}, a_copy("MLPClassifier")),
    "MLPClassifier.predict_proba": Call(
        lambda rng: {"X": X.astype(float)}, a_copy("MLPClassifier")
    ),
    "MLPClassifier.predict_log_proba": Call(
        lambda rng: {"X": X.astype(float)}, a_copy("MLPClassifier")
    ),
    "MLPClassifier.decision_function": Call(
        lambda rng: {"X": X.astype(float)}, a_copy("MLPClassifier")
    ),
    "MLPClassifier.to_sequential": Call(subject=a_copy("MLPClassifier"), weight=0.2),
    "MLPRegressor.fit": Call(_estimator_fit("MLPRegressor"), a_copy("MLPRegressor"), weight=2.0),
    "MLPRegressor.partial_fit": Call(
        _estimator_fit("MLPRegressor"), a_copy("MLPRegressor"), weight=1.0
    ),
    "MLPRegressor.predict": Call(lambda rng: {"X": X.astype(float)}, a_copy("MLPRegressor")),
    "MLPRegressor.to_sequential": Call(subject=a_copy("MLPRegressor"), weight=0.2),
    "jn.Table": Call(
        lambda rng: {
            "task": "classification",
            "categorical": ["group"],
            "ordinal": {"kind": ["a", "b", "c"]},
            "drop": ["day"],
            "bins": 4,
        },
        use=_use_table,
        weight=2.0,
    ),
    "Table.fit": Call(lambda rng: {"frame": fresh(FRAME), "target": "tall"}, _new_table),
    "Table.transform": Call(lambda rng: {"frame": fresh(FRAME)}, a_copy("Table")),
    "Table.transform_row": Call(lambda rng: {"row": fresh(ROW)}, a_copy("Table")),
    "Table.targets": Call(lambda rng: {"frame": fresh(FRAME)}, a_copy("Table")),
    "Table.inverse": Call(
        lambda rng: {"predictions": np.array([[0.25, 0.75], [0.5, 0.5]])}, a_copy("Table")
    ),
    "Table.unseen": Call(lambda rng: {"frame": fresh(FRAME)}, a_copy("Table")),
    "Table.missing": Call(lambda rng: {"frame": fresh(FRAME)}, a_copy("Table")),
    "jn.TableModel": Call(
        lambda rng: {
            "target": "tall",
            "table": jn.Table(),
            "seed": 3,
            "n_threads": 1,
            "hidden": (4,),
            "dropout": 0.1,
            "epochs": 2,
            "batch_size": 16,
            "learning_rate": 0.01,
            "weight_decay": 0.1,
            "ensemble": 1,
        },
        use=_use_table_model,
        endless=("epochs", "ensemble", "hidden"),
        weight=2.0,
    ),
    "TableModel.fit": Call(
        lambda rng: {
            "frame": fresh(FRAME),
            "validation": 0.2,
            **({"group": "group"} if rng.integers(2) else {"time": "day"}),
            "callbacks": (),
            "progress": False,
            "checkpoints": _path(rng, "folder"),
            "resume": False,
        },
        a_copy("TableModel"),
        weight=2.0,
    ),
    "TableModel.predict": Call(
        lambda rng: {"frame": fresh(FRAME if rng.integers(2) else ROW)}, a_copy("TableModel")
    ),
    "TableModel.predict_proba": Call(
        lambda rng: {"frame": fresh(FRAME if rng.integers(2) else ROW)}, a_copy("TableModel")
    ),
    "TableModel.evaluate": Call(lambda rng: {"frame": fresh(FRAME)}, a_copy("TableModel")),
    "TableModel.outputs": Call(lambda rng: {"frame": fresh(FRAME)}, a_copy("TableModel")),
    "TableModel.save": Call(
        lambda rng: {"path": _path(rng)}, a_copy("TableModel"), written=("path",)
    ),
    "jn.extend.Activation": Call(
        lambda rng: _arguments_of(mish), use=_use_row("activation"), weight=0.3
    ),
    "jn.extend.Loss": Call(lambda rng: _arguments_of(log_cosh), use=_use_row("loss"), weight=0.3),
    "jn.extend.Cut": _part(ex.Cut),
    "jn.extend.Node": _part(ex.Node),
    "jn.extend.Operation": _part(ex.Operation),
    "jn.extend.Parameter": _part(ex.Parameter),
    "jn.extend.Room": _part(ex.Room),
    "jn.extend.Update": Call(
        lambda rng: _arguments_of(cast(Any, AdaGrad()).update()),
        use=lambda made, rng: _use_optimizer(Stepping(made=made), rng),
        weight=0.5,
    ),
    "jn.extend.register": Call(lambda rng: {"mish": mish}, weight=0.3),
    "jn.datasets.cut_stream": Call(
        lambda rng: {"sequence": np.arange(30), "steps": 3, "batch_size": 2},
        compared=False,
    ),
    "jn.datasets.every_nth_of_each_class": Call(lambda rng: {"y": LABELS.copy(), "n": 2}),
    "jn.datasets.stratified_folds": Call(lambda rng: {"y": LABELS.copy(), "n_folds": 2}),
    "jn.datasets.load_digits": Call(weight=0.1),
    "jn.datasets.load_house_sales": Call(weight=0.1),
    "jn.datasets.load_fashion_mnist": Call(lambda rng: {"folder": files()["mnist"]}, weight=0.5),
    "jn.datasets.load_mnist": Call(lambda rng: {"folder": files()["mnist"]}, weight=0.5),
    "jn.datasets.load_image_folder": Call(
        lambda rng: {"folder": files()["images"], "size": (5, 4), "channels": 3}
    ),
    "jn.datasets.read_idx": Call(lambda rng: {"path": files()["idx"]}),
}
"""What is public, but for what takes examples, with good arguments."""


def calls() -> dict[str, Call]:
    """All calls, each with its function; what has none is left out."""
    named = dict(CALLS)
    for method, make in PLACES.items():
        named |= {f"Sequential.{method} of {name}": make(name) for name in DATA}
        named[f"Sequential.{method} of a new one"] = replace(make("regressor"))
    found = {}
    for name, thing in public().items():
        for called, call in named.items():
            if called == name or called.startswith(f"{name} of "):
                model = called.partition(" of ")[2]
                if model:
                    call.subject = a_copy("new" if model == "a new one" else model)
                call.name, call.function = called, thing
                found[called] = call
    return found


def missing() -> list[str]:
    """What is public and has no call."""
    called = {name.partition(" of ")[0] for name in calls()}
    return sorted(set(public()) - called)
