"""``TableModel``: from a frame to predictions, and through a file."""

import signal
import threading
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import jitnet as jn
from jitnet.tabular.scores import Classification, Regression
from real_data import data_file
from tabular.frames import mixed


def scores_of_classes(model: jn.TableModel, frame: pl.DataFrame) -> Classification:
    scores = model.evaluate(frame)
    assert isinstance(scores, Classification)
    return scores


def scores_of_numbers(model: jn.TableModel, frame: pl.DataFrame) -> Regression:
    scores = model.evaluate(frame)
    assert isinstance(scores, Regression)
    return scores


@pytest.fixture(scope="module")
def numbers() -> jn.TableModel:
    """A model of a number."""
    frame = mixed(1200).drop("dear")
    return jn.TableModel("price", dropout=0.0, epochs=60).fit(frame)


@pytest.fixture(scope="module")
def classes() -> jn.TableModel:
    """A model of two classes, of two networks."""
    return jn.TableModel("dear", ensemble=2, epochs=20).fit(mixed(600).drop("price"))


def test_a_number_is_predicted_in_its_own_units(numbers: jn.TableModel) -> None:
    scores = scores_of_numbers(numbers, mixed(600, seed=1).drop_nulls())
    assert scores.r2 > 0.95
    assert scores.rmse < 0.25 * scores.baseline


def test_classes_are_predicted_by_name(classes: jn.TableModel) -> None:
    test = mixed(600, seed=1)
    assert set(classes.predict(test)) == {"yes", "no"}
    assert scores_of_classes(classes, test).accuracy > 0.85
    np.testing.assert_allclose(classes.predict_proba(test).sum(axis=1), 1, rtol=1e-5)


def test_an_ensemble_is_the_mean_of_its_networks(classes: jn.TableModel) -> None:
    test = mixed(50, seed=1)
    X = classes.table.transform(test)
    parts = [network.predict(X) for network in classes.networks]
    assert (parts[0] != parts[1]).any()
    np.testing.assert_allclose(classes.predict_proba(test), np.mean(parts, axis=0), rtol=1e-6)


def test_few_rows_of_classes_get_several_networks() -> None:
    few = jn.TableModel("dear", epochs=1).fit(mixed(300).drop("price"))
    many = jn.TableModel("dear", epochs=1).fit(mixed(6000).drop("price"))
    assert (len(few.networks), len(many.networks)) == (5, 1)


def test_the_same_seed_gives_the_same_bits() -> None:
    frame, test = mixed(300).drop("price"), mixed(100, seed=1)
    first, again, other = (
        jn.TableModel("dear", epochs=3, seed=seed).fit(frame).predict_proba(test)
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_a_file_keeps_the_table_and_the_networks(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    model: jn.TableModel = request.getfixturevalue(kind)
    model.save(tmp_path / "model.safetensors")
    loaded = jn.load(tmp_path / "model.safetensors")
    test = mixed(100, seed=1).with_columns(pl.lit("never seen").alias("colour"))
    np.testing.assert_array_equal(loaded.predict(test), model.predict(test))
    assert loaded.table.columns == model.table.columns
    assert loaded.table.target == model.table.target
    assert loaded.settings == model.settings


def test_no_rows_have_no_predictions(classes: jn.TableModel) -> None:
    with pytest.raises(ValueError, match="must have examples"):
        classes.predict(mixed(10)[:0])


def test_a_single_row_is_predicted_as_in_a_frame(classes: jn.TableModel) -> None:
    test = mixed(20, seed=1)
    rows = [classes.predict_proba(row)[0] for row in test.iter_rows(named=True)]
    np.testing.assert_allclose(rows, classes.predict_proba(test), rtol=1e-5)


def test_what_is_learned_of_columns_comes_from_the_training_rows_alone() -> None:
    frame, validation = mixed(300).drop("price"), mixed(100, seed=1).drop("price")
    strange = validation.with_columns(pl.col("size") * 1000, pl.lit("zebra").alias("colour"))
    tables = [
        jn.TableModel("dear", epochs=1).fit(frame, validation=part).table
        for part in (validation, strange)
    ]
    assert tables[0].columns == tables[1].columns


def test_the_weights_are_those_of_the_best_epoch() -> None:
    frame, validation = mixed(200).drop("price"), mixed(200, seed=1).drop("price")
    model = jn.TableModel("dear", epochs=40, learning_rate=0.03, dropout=0.0, ensemble=1)
    model.fit(frame, validation=validation)
    losses = model.networks[0].history["val_loss"]
    assert min(losses) < losses[-1], "the last epoch would do, and this test says nothing"
    found = scores_of_classes(model, validation).log_loss
    np.testing.assert_allclose(found, min(losses), rtol=1e-5)


def validated(frame: pl.DataFrame, *, time: str | None = None) -> list[set[int]]:
    """The rows that each of four networks validates on."""
    model = jn.TableModel("dear", ensemble=4)
    parts = model._parts_of_each(frame, None, None, time)
    places = {row.tobytes(): place for place, row in enumerate(model.table.transform(frame))}
    assert len(places) == len(frame), "a row's features say which it is"
    own = []
    for network in range(4):
        (learned, _), (held_out, _) = parts(network)
        own.append({places[row.tobytes()] for row in held_out})
        assert {places[row.tobytes()] for row in learned} == set(range(len(frame))) - own[-1]
    return own


def test_each_network_of_an_ensemble_validates_on_rows_of_its_own() -> None:
    frame = mixed(280).drop("price")
    own = validated(frame)
    assert {len(rows) for rows in own} == {40}
    assert len(set.union(*own)) > 100, "four sevenths are 160, of which some are drawn twice"
    assert own == validated(frame), "they are drawn by the seed"


def test_networks_that_validate_on_the_latest_rows_validate_on_the_same() -> None:
    frame = mixed(280).drop("price").with_columns(at=pl.int_range(280))
    own = validated(frame, time="at")
    assert own == [set(range(240, 280))] * 4


def test_a_small_table_is_learned_without_a_setting(rng: np.random.Generator) -> None:
    """Friedman's first function, of which 800 rows let boosting explain 0.90."""
    X = rng.uniform(size=(1800, 10))
    y = 10 * np.sin(np.pi * X[:, 0] * X[:, 1]) + 20 * (X[:, 2] - 0.5) ** 2 + X[:, 3:5] @ [10, 5]
    columns = {f"x{k}": X[:, k] for k in range(10)}
    frame = pl.DataFrame(columns).with_columns(y=y + rng.normal(size=1800))
    model = jn.TableModel("y").fit(frame[:800])
    assert scores_of_numbers(model, frame[800:]).r2 > 0.85


def test_the_rows_of_a_group_are_not_cut_and_the_group_is_not_learned_from() -> None:
    frame = mixed(200).drop("price").with_columns(g=pl.int_range(200) // 50)
    model = jn.TableModel("dear", epochs=1, ensemble=1).fit(frame, group="g")
    assert "g" not in {column.name for column in model.table.columns}
    table = jn.Table(drop=["g"])
    assert jn.TableModel("dear", table=table, epochs=1, ensemble=1).fit(frame, group="g").networks
    with pytest.raises(ValueError, match="'g' has one group"):
        jn.TableModel("dear", epochs=1).fit(frame.with_columns(g=1), group="g")


def test_a_fit_that_fails_leaves_the_model_as_it_was(classes: jn.TableModel) -> None:
    test = mixed(50, seed=1)
    before = classes.predict_proba(test)
    for wrong in (mixed(50).drop("dear"), mixed(50).with_columns(dear=pl.lit("yes"))):
        with pytest.raises(ValueError, match="dear"):
            classes.fit(wrong)
        np.testing.assert_array_equal(classes.predict_proba(test), before)


def test_several_networks_have_no_checkpoint_in_common(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="give checkpoints=folder"):
        jn.TableModel("dear").fit(mixed(50), callbacks=[jn.Checkpoint(tmp_path)])


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have two networks be trained at a time, whatever the machine has."""
    monkeypatch.setattr("jitnet.tabular.training.available_threads", lambda: 2)


class Note(jn.Callback):
    """Notes which thread each network is trained in, and how many are at work."""

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.at_work, self.most = 0, 0

    def on_fit_begin(self, model: Any, n_epochs: int) -> None:
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        self.threads.add(threading.get_ident())

    def on_fit_end(self, model: Any) -> None:
        self.at_work -= 1


def test_networks_side_by_side_have_the_bits_of_networks_one_after_the_other(
    two_cores: None,
) -> None:
    frame, test = mixed(300), mixed(50, seed=1)
    found = [
        jn.TableModel("dear", epochs=3, ensemble=3, n_threads=n_threads)
        .fit(frame, callbacks=callbacks)
        .predict_proba(test)
        .tolist()
        for n_threads, callbacks in ((None, ()), (2, ()), (1, ()), (None, [jn.Callback()]))
    ]
    assert found[1:] == found[:1] * 3


def test_callbacks_in_common_are_told_of_one_network_after_the_other_in_the_callers_thread(
    two_cores: None,
) -> None:
    note = Note()
    model = jn.TableModel("dear", epochs=2, ensemble=3, n_threads=2)
    model.fit(mixed(200), callbacks=[note])
    assert (note.threads, note.most) == ({threading.get_ident()}, 1)


def test_networks_with_callbacks_of_their_own_are_trained_side_by_side(two_cores: None) -> None:
    together = threading.Barrier(2, timeout=60)  # passed by two networks that are both at work

    class Wait(jn.Callback):
        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
            if epoch == 1:
                together.wait()

    model = jn.TableModel("dear", epochs=2, ensemble=4)
    model.fit(mixed(200), callbacks=lambda place: [Wait()])
    assert len(model.networks) == 4


def test_an_interrupt_ends_all_networks_and_they_go_on_from_their_checkpoints(
    tmp_path: Path, two_cores: None
) -> None:
    class Interrupt(jn.Callback):
        def __init__(self, epoch: int) -> None:
            self.epoch = epoch

        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
            if epoch == self.epoch:
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def fit(epoch: int, **options: Any) -> jn.TableModel:
        """Fit, and be interrupted in this epoch of the third network, if it comes so far."""
        callbacks = lambda place: [Interrupt(epoch if place == 2 else 0)]  # noqa: E731
        return model.fit(frame, callbacks=callbacks, **options)

    frame = mixed(300)
    model = jn.TableModel("dear", epochs=40, ensemble=3)
    whole = fit(0).predict_proba(frame)
    model = jn.TableModel("dear", epochs=40, ensemble=3)
    with pytest.raises(KeyboardInterrupt):
        fit(3, checkpoints=tmp_path)
    assert not model.networks
    assert list(tmp_path.glob("network-*/step-*"))  # of those that were over
    resumed = fit(0, checkpoints=tmp_path, resume=True).predict_proba(frame)
    np.testing.assert_array_equal(resumed, whole)


def test_one_network_that_fails_ends_the_others(two_cores: None) -> None:
    class Odd(jn.Callback):
        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
            raise LookupError("odd")

    endless = jn.TableModel("dear", epochs=10**6, ensemble=3)
    with pytest.raises(LookupError, match="odd"):
        endless.fit(mixed(200), callbacks=lambda place: [Odd()] if place == 1 else [])
    assert not endless.networks


class Diverges(jn.Callback):
    def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
        raise FloatingPointError("the loss is NaN")


def test_a_network_that_diverges_is_left_out(two_cores: None) -> None:
    frame = mixed(200)
    whole = jn.TableModel("dear", epochs=3, ensemble=3).fit(frame).networks
    model = jn.TableModel("dear", epochs=3, ensemble=3)
    with pytest.warns(RuntimeWarning, match="1 of 3 networks are left out: the loss is NaN"):
        model.fit(frame, callbacks=lambda place: [Diverges()] if place == 1 else [])
    bits = [[w.tobytes() for w in network.get_weights()] for network in model.networks]
    assert bits == [[w.tobytes() for w in whole[place].get_weights()] for place in (0, 2)]
    with pytest.raises(FloatingPointError, match="the loss is NaN"):
        model.fit(frame, callbacks=lambda place: [Diverges()])
    assert len(model.networks) == 2, "a fit that fails leaves the model as it was"


@pytest.mark.parametrize("callbacks", [(), [jn.Callback()]], ids=["side by side", "in turn"])
def test_what_is_shown_of_several_networks_is_their_mean(
    callbacks: Any, capsys: pytest.CaptureFixture[str], two_cores: None
) -> None:
    model = jn.TableModel("dear", epochs=3, ensemble=3)
    model.fit(mixed(200), callbacks=callbacks, progress=True)
    assert capsys.readouterr().err.count("3/3") == 1


def test_a_loaded_model_is_fitted_again_as_it_was(tmp_path: Path) -> None:
    frame = mixed(200)
    model = jn.TableModel("dear", table=jn.Table(drop=["price"]), seed=7, epochs=2, hidden=(8,))
    model.fit(frame).save(tmp_path / "model.safetensors")
    again = jn.load(tmp_path / "model.safetensors").fit(frame)
    np.testing.assert_array_equal(again.predict_proba(frame), model.predict_proba(frame))


def test_a_zero_among_other_rows_than_those_to_learn_from_forbids_the_logarithm() -> None:
    rng = np.random.default_rng(0)
    y = np.exp(rng.normal(5, 1.5, 300))
    frame = pl.DataFrame({"x": rng.normal(size=300), "y": y})
    validation = frame[:50].with_columns(y=pl.Series(np.r_[0.0, y[1:50]]))
    whole = pl.concat([frame, validation])
    assert jn.Table().fit(frame, "y").target.is_log
    assert not jn.Table().fit(frame, "y", whole=whole).target.is_log


@pytest.mark.parametrize("call", ["predict", "predict_proba", "evaluate", "save"])
def test_an_unfitted_model_says_so(call: str) -> None:
    with pytest.raises(jn.NotFittedError, match="call fit first"):
        getattr(jn.TableModel("y"), call)({"x": [1.0], "y": [1.0]})


def test_a_number_has_no_probabilities(numbers: jn.TableModel) -> None:
    with pytest.raises(ValueError, match="the target 'price' is a number and has no classes"):
        numbers.predict_proba(mixed(10))


def test_an_unknown_setting_is_named_with_those_there_are() -> None:
    with pytest.raises(TypeError, match="no setting 'epoch'; there are hidden, dropout, epochs"):
        jn.TableModel("y", epoch=3)


def test_california_is_predicted_as_well_as_published_perceptrons_do() -> None:
    """0.45 of the target's deviation; the published tuned perceptron has 0.4985."""
    frame = pl.read_csv(data_file("california/housing.csv.gz"))
    order = np.random.default_rng(0).permutation(len(frame))
    cut = int(0.8 * len(frame))
    model = jn.TableModel("median_house_value").fit(frame[order[:cut]])
    scores = scores_of_numbers(model, frame[order[cut:]])
    assert scores.rmse / frame["median_house_value"].std() < 0.45
