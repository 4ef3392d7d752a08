"""Arguments of odd types: taken for what they mean, or refused in words, and nothing is changed.

What the hunt ``arguments`` has found, a kind each.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import good_calls
import jitnet as jn
import jitnet.extend as ex
from jitnet.callbacks.stopwatch import Stopwatch
from jitnet.datasets import every_nth_of_each_class, load_image_folder
from jitnet.quoting import LONGEST, quoted
from own_rows import PReLU, log_cosh
from spoilers import Own, Text
from test_bad_input import ROWS, VALUES, X, regressor, trained
from training_state import state_of

HUGE = 10**400
"""A whole number that no float holds, and whose text Python still makes."""


ANY: Any = jn
"""The library to a type checker that is not to know better."""


def within_lists(depth: int) -> Any:
    found: list[Any] = [1.0]
    for _ in range(depth):
        found = [found]
    return found


def test_all_that_is_public_is_hunted() -> None:
    assert good_calls.missing() == []


class Mute:
    """A thing that cannot be shown."""

    def __repr__(self) -> str:
        raise Own


@pytest.mark.parametrize("value", [Mute(), within_lists(3000), 10**5000, "x" * 10_000], ids=type)
def test_an_error_is_readable_whatever_the_value(value: Any) -> None:
    assert len(quoted(value)) <= LONGEST + 2
    for make in (jn.Dense, jn.Dropout, jn.Activation, jn.Residual, jn.Bidirectional):
        with pytest.raises((TypeError, ValueError)) as refused:
            make(value)
        assert 0 < len(str(refused.value)) < 2 * LONGEST
    with pytest.raises(ValueError, match="dtype must be"):
        jn.Sequential([jn.Dense(1)], "mse", dtype=value)


NUMBERS: tuple[Callable[[Any], Any], ...] = (Fraction, np.float64, np.longdouble, np.float32)


@pytest.mark.parametrize("of", NUMBERS)
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (jn.AdamW, "weight_decay"),
        (jn.AdamW, "beta_1"),
        (jn.SGD, "learning_rate"),
        (jn.SGD, "momentum"),
        (jn.SGD, "clip_norm"),
        (jn.RMSprop, "rho"),
        (jn.Dropout, "rate"),
    ],
)
def test_numbers_of_any_type_are_kept_as_pythons_own(make: Any, name: str, of: Any) -> None:
    spec = make(**{name: of(0.5)})
    assert type(getattr(spec, name)) is float
    assert spec == make(**{name: 0.5})
    if isinstance(spec, ex.Optimizer):
        weights = [trained_by(one).get_weights()[0] for one in (spec, make(**{name: 0.5}))]
        np.testing.assert_array_equal(weights[0], weights[1])


def trained_by(optimizer: ex.Optimizer) -> jn.Sequential:
    model = jn.Sequential([jn.Dense(1)], "mse", optimizer)
    model.fit(X, VALUES, epochs=1)
    return model


@pytest.mark.parametrize(
    "schedule",
    [
        ANY.Step(Fraction(1, 2), np.int64(3), Fraction(1, 4), warmup=np.int8(2)),
        ANY.Cosine(np.float32(0.5), np.array(9), final=Fraction(1, 4)),
        ANY.OneCycle(0.5, np.int32(9), rise=Fraction(1, 2), start=np.float32(0.25)),
    ],
)
def test_schedules_keep_pythons_own_numbers(schedule: jn.Schedule) -> None:
    assert {type(getattr(schedule, field.name)) for field in fields(schedule)} <= {int, float}


def test_names_of_any_class_of_text_are_names() -> None:
    layers = [jn.Dense(2, Text("relu"), Text("he_normal")), jn.Activation(np.str_("tanh"))]
    model = jn.Sequential(layers, Text("mse"), Text("sgd"))
    assert repr(model) == repr(
        jn.Sequential([jn.Dense(2, "relu", "he_normal"), jn.Activation("tanh")], "mse", "sgd")
    )


@pytest.mark.parametrize(
    ("make", "given"),
    [
        (jn.Rescaling, {"scale": HUGE}),
        (jn.BatchNorm, {"epsilon": -HUGE}),
        (jn.SGD, {"learning_rate": Fraction(HUGE, 3)}),
        (jn.TimeBudget, {"minutes": HUGE}),
        (jn.Step, {"learning_rate": 0.1, "every": HUGE}),
    ],
)
def test_numbers_beyond_all_floats_are_refused(make: Any, given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        make(**given)


BEYOND = (HUGE, Decimal("sNaN"))


@pytest.mark.parametrize("value", BEYOND, ids=["huge", "sNaN"])
def test_objects_that_no_float_holds_are_refused_everywhere(value: Any) -> None:
    objects, targets = X.astype(object), VALUES.astype(object)
    objects[3, 2] = targets[3] = value
    model = trained(regressor())
    estimator = jn.MLPRegressor(hidden_layer_sizes=(3,), tol=10.0).fit(X, VALUES)
    before = state_of(model)
    calls: tuple[Callable[[], Any], ...] = (
        lambda: model.fit(objects, VALUES),
        lambda: model.fit(X, targets),
        lambda: model.predict(objects),
        lambda: jn.find_learning_rate(model, objects, VALUES),
        lambda: jn.MLPRegressor().fit(objects, VALUES),
        lambda: jn.MLPRegressor().fit(X, targets),
        lambda: estimator.predict(objects),
    )
    for call in calls:
        with pytest.raises(ValueError, match=r"must hold|must be an array|signaling NaN"):
            call()
    assert state_of(model) == before


def test_labels_that_cannot_be_compared_are_refused() -> None:
    labels = np.array([1, 2, Decimal("sNaN")], object)
    with pytest.raises(ValueError, match="y must hold numbers"):
        every_nth_of_each_class(labels)


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "bsr"])
def test_sparse_matrices_that_lead_out_of_their_arrays_are_refused(kind: str) -> None:
    scipy_sparse = pytest.importorskip("scipy.sparse")

    def spoiled(values: Any) -> Any:
        matrix = scipy_sparse.csr_matrix(values).asformat(kind)
        if kind == "coo":
            matrix.row[:] += 10**9
        else:
            matrix.indices[:] += 10**6
        return matrix

    many = spoiled(np.eye(3)[np.arange(ROWS) % 3])
    labels = np.arange(ROWS) % 3
    estimator = jn.MLPClassifier((3,), tol=10.0).fit(X, labels)
    calls: tuple[Callable[[], Any], ...] = (
        lambda: regressor().fit(spoiled(X), VALUES),
        lambda: trained(regressor()).predict(spoiled(X)),
        lambda: estimator.predict(spoiled(X)),
        lambda: jn.MLPClassifier((3,)).fit(spoiled(X), labels),
        lambda: jn.MLPClassifier((3,)).fit(X, many),
        lambda: jn.MLPClassifier((3,)).partial_fit(X, many),
        lambda: jn.MLPClassifier((3,)).partial_fit(X, labels, classes=many),
    )
    for call in calls:
        with pytest.raises(ValueError, match=f"is no {kind.upper()} matrix"):
            call()


def table_model() -> jn.TableModel:
    return jn.TableModel("tall", epochs=1, hidden=(4,)).fit(good_calls.FRAME)


def test_text_of_any_class_is_the_category_that_it_is() -> None:
    model = table_model()
    row = {**good_calls.ROW, "kind": "a"}
    odd = {**row, "kind": Text("a"), "day": Text(row["day"])}
    np.testing.assert_array_equal(model.table.transform_row(odd), model.table.transform_row(row))


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda m: ANY.TableModel("tall", table="a"), TypeError, "table must be a Table"),
        (lambda m: ANY.Table(drop="day"), TypeError, "drop must be a sequence of names, got 'day'"),
        (
            lambda m: ANY.Table(categorical=[3]),
            TypeError,
            "categorical must be a sequence of names",
        ),
        (lambda m: ANY.Table(ordinal={"kind": "abc"}), TypeError, "the order of 'kind' must be a"),
        (lambda m: jn.TableModel("tall", epochs=0.5), TypeError, "epochs must be a whole number"),
        (lambda m: jn.TableModel("tall", hidden=4), TypeError, "hidden must be a tuple"),
        (lambda m: jn.TableModel("tall", batch_size=0), ValueError, "batch_size must be at least"),
        (lambda m: ANY.Table(ordinal=3), TypeError, "ordinal must be a dict"),
        (lambda m: m.table.transform_row([1]), TypeError, "row must be a dict"),
        (lambda m: m.table.transform_row({"kind": 10**5000}), ValueError, "is no value of a"),
        (lambda m: m.table.inverse([[0.5]]), ValueError, "must have the shape (n_rows, 2)"),
        (lambda m: m.table.inverse([[Decimal("sNaN"), 1]]), TypeError, "must hold real numbers"),
        (lambda m: m.fit(good_calls.FRAME, time="dya"), ValueError, "there is no column 'dya'"),
        (lambda m: m.fit(good_calls.FRAME, time=["day"]), TypeError, "are given by their names"),
        (lambda m: m.predict({"height": within_lists(50)}), ValueError, "nested without an end"),
    ],
)
def test_tables(call: Callable[[Any], Any], kind: type[Exception], words: str) -> None:
    model = table_model()
    before = [state_of(network) for network in model.networks]
    with pytest.raises(kind, match=re.escape(words)):
        call(model)
    assert [state_of(network) for network in model.networks] == before


def test_a_tables_settings_are_kept_as_pythons_own_numbers(tmp_path: Path) -> None:
    given: dict[str, Any] = {"hidden": [np.int64(4)], "epochs": np.int8(1), "dropout": Fraction(0)}
    model = jn.TableModel("tall", **given).fit(good_calls.FRAME)
    model.save(tmp_path / "model.safetensors")
    assert jn.load(tmp_path / "model.safetensors").given == model.given


def test_a_list_in_itself_is_no_column() -> None:
    endless: list[Any] = [1.0]
    endless.append(endless)
    with pytest.raises(ValueError, match="nested without an end"):
        jn.Table().fit({"a": endless, "b": [1, 2]}, "b")


def test_predictions_of_a_subclass_of_arrays_are_decoded_as_the_array() -> None:
    outputs = np.array([[0.25, 0.75], [0.5, 0.5]])
    matrix: Any = outputs.view(np.matrix)
    assert table_model().table.inverse(matrix).tolist() == ["yes", "no"]


@pytest.mark.parametrize("given", ["no model", 3, None, jn.Sequential])
def test_what_is_no_model_is_refused(given: Any, tmp_path: Path) -> None:
    jn.save_state_dict(trained(regressor()), tmp_path / "state.safetensors")
    for call in (
        lambda: jn.load_state_dict(given, tmp_path / "state.safetensors"),
        lambda: jn.find_learning_rate(given, X, VALUES),
    ):
        with pytest.raises(TypeError, match="model must be a Sequential"):
            call()


@pytest.mark.parametrize("y", [VALUES[:5], VALUES[0], VALUES[:, np.newaxis][:1]], ids=np.shape)
def test_a_search_for_a_rate_refuses_what_a_fit_does(y: Any) -> None:
    model = trained(regressor())
    before = state_of(model)
    with pytest.raises(ValueError, match="y must have a target for each"):
        jn.find_learning_rate(model, X, y)
    assert state_of(model) == before


@pytest.mark.parametrize(
    ("make", "given", "words"),
    [
        (jn.EarlyStopping, {"monitor": 3}, "monitor must be the name of a figure"),
        (jn.ReduceOnPlateau, {"monitor": None}, "monitor must be the name of a figure"),
        (jn.Checkpoint, {"folder": ".", "monitor": 3}, "monitor must be the name of a figure"),
        (jn.EarlyStopping, {"restore_best": 1}, "restore_best must be True or False"),
    ],
)
def test_callbacks(make: Any, given: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        make(**given)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_an_estimators_callbacks_are_callbacks(solver: str) -> None:
    with pytest.raises(TypeError, match="callbacks must be Callback objects, got 3"):
        ANY.MLPRegressor(solver=solver, callbacks=[3]).fit(X, VALUES)


def test_streams() -> None:
    layers = [jn.LSTM(3, return_sequences=True), jn.Dense(1)]
    stream = jn.Sequential(layers, "mse").build((4, 2)).stream()
    stream.step([0.5, 0.25])
    before = [array.tolist() for array in stream.state]
    for x in ([1e300, 0.0], [1j, 0.0], [[0.5, 0.25]]):
        with pytest.raises((ValueError, TypeError), match="x must"):
            stream.step(x)
    for state in ([np.full(6, 1e300)], [np.ones(6, complex)], [np.array(0.5)]):
        with pytest.raises((ValueError, TypeError), match="state"):
            stream.state = state
    assert [array.tolist() for array in stream.state] == before


@pytest.mark.parametrize("built", [False, True])
@pytest.mark.parametrize("kind", [jn.EarlyStopping, jn.ReduceOnPlateau])
def test_a_figure_that_is_not_recorded_is_missed_before_any_work(kind: Any, built: bool) -> None:
    model = trained(regressor()) if built else regressor()
    before = state_of(model)
    with pytest.raises(ValueError, match="monitor='val_loss' is not among the figures"):
        model.fit(X, VALUES, callbacks=[kind()])
    assert state_of(model) == before


def test_the_bounds_of_a_loss_of_ones_own_are_numbers() -> None:
    with pytest.raises(TypeError, match="a bound of the targets of odd must be a number"):
        ex.register(odd=log_cosh._replace(least=Decimal("NaN")))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "figures", [{"loss": [HUGE, 1.0]}, {"loss": 3.0}, {"loss": ["a"]}, {3: [1.0]}, {}]
)
def test_a_history_of_no_numbers_is_not_drawn(figures: Any) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises((TypeError, ValueError), match=r"histor|figures"):
        jn.History(figures).plot()


def test_an_epsilon_beyond_the_models_type_is_refused() -> None:
    with pytest.raises(ValueError, match="epsilon must be finite in float32, got 1e\\+308"):
        jn.Sequential([jn.Dense(1)], "mse", jn.RMSprop(epsilon=1e308))


@pytest.mark.parametrize("size", [5, (5,), "55", (0, 5), (5, 2**40), np.array(5)])
def test_the_size_of_images(size: Any, tmp_path: Path) -> None:
    with pytest.raises((ValueError, TypeError), match="size must be"):
        load_image_folder(tmp_path, size=size)


@pytest.mark.parametrize(
    "given", [{"first_step": -1}, {"n_steps": 2j}, {"n_steps": HUGE}, {"first_step": 0.5}]
)
def test_steps_of_a_schedule(given: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError), match="_step"):
        jn.Constant(0.1).rates(**{"first_step": 0, "n_steps": 2} | given)


class Spoilt(PReLU):
    """A layer of which the test changes a part."""

    change: Any = None

    def node(self, shape: Any, width: int) -> Any:
        return type(self).change(super().node(shape, width))  # type: ignore[no-untyped-call]


def forward(**changed: Any) -> Callable[[Any], Any]:
    return lambda node: node._replace(forward=(node.forward[0]._replace(**changed),))


def cut(**changed: Any) -> Callable[[Any], Any]:
    def change(node: Any) -> Any:
        (operation,) = node.gradients
        return node._replace(gradients=(operation._replace(cut=operation.cut._replace(**changed)),))

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (forward(settings=["rate"]), "settings of layer 1"),
        (forward(names=3), "names of layer 1"),
        (forward(cut="unit"), "a cut of layer 1"),
        (forward(pointwise="yes"), "pointwise of layer 1"),
        (forward(kernel=SimpleNamespace(serial=1)), "needs functions compiled by"),
        (cut(otherwise=b"no"), "a cut of layer 1"),
        (cut(size=0.5), "size of a cut of layer 1"),
        (cut(grain=0), "grain of a cut of layer 1"),
        (lambda node: node._replace(times="2"), "times of layer 1"),
        (lambda node: node._replace(over_time="never"), "unknown over_time of layer 1"),
        (lambda node: node._replace(rooms={"kept": ex.Room(shape=3)}), "the room 'kept'"),  # type: ignore[arg-type]
        (lambda node: node._replace(path=3), "path of layer 1"),
        (lambda node: node._replace(input=1), "takes input 1, of 1 there are"),
        (lambda node: node._replace(input=HUGE), "input of layer 1"),
    ],
)
def test_parts_of_a_layer_of_ones_own(change: Callable[[Any], Any], words: str) -> None:
    layer = type("Own", (Spoilt,), {"change": staticmethod(change)})
    with pytest.raises((TypeError, ValueError), match=re.escape(words)):
        jn.Sequential([layer(), jn.Dense(1)], "mse").fit(X, VALUES)


def test_a_clock_that_is_set_back_takes_no_time_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("jitnet.callbacks.stopwatch.time.monotonic", lambda: now[0])
    watch = Stopwatch(2.0)
    for moment, seconds in ((3.0, 5.0), (-1e6, 5.0), (-1e6 + 1, 6.0)):
        now[0] = moment
        assert watch.seconds() == seconds

    class SetBack(jn.Callback):
        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
            now[0] -= 3600.0

    def fit(epochs: int, **more: Any) -> jn.Sequential:
        budget, log = jn.TimeBudget(1e9), jn.CSVLogger(tmp_path / "log.csv")
        callbacks = [SetBack(), budget, log, jn.Checkpoint(tmp_path / "kept")]
        model = regressor()
        model.fit(X, VALUES, epochs=epochs, callbacks=callbacks, progress=False, **more)
        return model

    fit(2)
    resumed = fit(4, resume=tmp_path / "kept")
    with (tmp_path / "log.csv").open(newline="") as file:
        assert [float(row["seconds"]) for row in csv.DictReader(file)] == [0.0] * 4
    assert len(resumed.history["loss"]) == 4


def test_a_log_that_ends_in_its_header_begins_anew(tmp_path: Path) -> None:
    log = jn.CSVLogger(tmp_path / "log.csv")
    (tmp_path / "log.csv").write_text("epoch,sec")
    log.restore({"epochs": 0, "seconds": 0.0}, [])
    log.on_epoch_end(SimpleNamespace(learning_rate=0.1), 1, {"loss": 0.5})
    header = (tmp_path / "log.csv").read_text().splitlines()[0]
    assert header == "epoch,seconds,learning_rate,loss"
