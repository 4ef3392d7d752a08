"""A search tries settings, ends bad tries early, and goes on where it was."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from optuna import load_study
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

import jitnet as jn
from jitnet.cli import main
from jitnet.search.search import Budget, Watch
from jitnet.search.table import search_table
from jitnet.tabular.preset import settings_for
from tabular.frames import mixed


def model(**settings: Any) -> jn.TableModel:
    return jn.TableModel("dear", epochs=6, **settings)


def test_the_first_try_has_the_usual_settings_and_the_best_comes_first() -> None:
    frame = mixed(400).drop("price")
    tries = search_table(model(), frame, Budget(tries=6, quiet=True))
    assert len(tries) == 6
    first = next(tried for tried in tries if tried.number == 0)
    usual = settings_for(343, jn.Table().fit(frame, target="dear").target)
    assert first.settings == usual._replace(epochs=6)
    whole = [tried.loss for tried in tries if not tried.pruned]
    assert whole == sorted(whole)
    assert tries[0].loss == min(whole)


def test_settings_that_are_given_are_not_searched_for() -> None:
    tries = search_table(
        model(hidden=(24,), dropout=0.0), mixed(200).drop("price"), Budget(tries=4, quiet=True)
    )
    assert {(tried.settings.hidden, tried.settings.dropout) for tried in tries} == {((24,), 0.0)}
    assert len({tried.settings.learning_rate for tried in tries}) == 4


def test_a_search_goes_on_where_it_was(tmp_path: Path) -> None:
    frame, storage = mixed(200).drop("price"), tmp_path / "tries"
    first = search_table(model(), frame, Budget(tries=3, storage=storage, quiet=True))
    again = search_table(model(), frame, Budget(tries=5, storage=storage, quiet=True))
    assert len(again) == 5
    assert {t.number: t.loss for t in first}.items() <= {t.number: t.loss for t in again}.items()


@pytest.mark.parametrize("threads", [1, 2])
def test_as_many_tries_as_threads_run_at_once(
    threads: int, tmp_path: Path, with_cores: Callable[[int], list[int]]
) -> None:
    with_cores(2)
    storage = tmp_path / "tries"
    some = model(n_threads=threads)
    search_table(some, mixed(200).drop("price"), Budget(tries=6, storage=storage, quiet=True))
    kept = JournalStorage(JournalFileBackend(str(storage)))
    trials = load_study(study_name="jitnet", storage=kept).trials
    spans: Any = [(trial.datetime_start, trial.datetime_complete) for trial in trials]
    at_once = [sum(start <= moment < end for start, end in spans) for moment, _ in spans]
    assert max(at_once) == threads


def test_another_search_does_not_go_on_there(tmp_path: Path) -> None:
    storage = tmp_path / "tries"
    search_table(model(), mixed(200).drop("price"), Budget(tries=1, storage=storage, quiet=True))
    other = jn.TableModel("price", epochs=6)
    with pytest.raises(ValueError, match="the tries of a search for other data"):
        search_table(other, mixed(200).drop("dear"), Budget(tries=2, storage=storage, quiet=True))


def test_a_search_leaves_the_model_alone() -> None:
    given = model()
    search_table(given, mixed(200).drop("price"), Budget(tries=1, quiet=True))
    assert given.table.columns == []


def test_a_budget_in_minutes_ends_it() -> None:
    tries = search_table(
        model(), mixed(400).drop("price"), Budget(tries=10**6, minutes=0.02, quiet=True)
    )
    assert 1 <= len(tries) < 10**5


def test_the_command_trains_with_the_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    mixed(300).drop("price").write_csv("houses.csv")
    line = "search houses.csv --target dear --search 4 --epochs 3 --quiet --search-plot tries.png"
    assert main(line.split()) == 0
    shown = capsys.readouterr().out
    assert "4 settings tried" in shown
    best = shown.split("batch\n")[1].split()[2]
    assert f"-{best}-2, 3 epochs" in shown
    assert Path("tries.png").read_bytes().startswith(b"\x89PNG")


def test_an_interrupt_ends_the_tries_that_run(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watch.on_epoch_end

    def interrupt(self: Any, network: Any, epoch: int, logs: dict[str, float]) -> bool:
        if epoch == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return watched(self, network, epoch, logs)

    monkeypatch.setattr(Watch, "on_epoch_end", interrupt)
    long = jn.TableModel("dear", epochs=10**6, n_threads=2)
    with pytest.raises(KeyboardInterrupt):
        search_table(long, mixed(200).drop("price"), Budget(tries=4, quiet=True))


def test_a_search_whose_output_goes_elsewhere_draws_no_bar(
    capsys: pytest.CaptureFixture[str],
) -> None:
    search_table(model(), mixed(200).drop("price"), Budget(tries=2))
    assert capsys.readouterr().err == ""


def test_a_search_of_which_no_try_ends_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    mixed(300).drop("dear").write_csv("rents.csv")
    for options, words in (
        ("--search 2", "--search: no try has come to its end; all losses became NaN"),
        ("--search 2 --search-minutes 1", "--search-minutes: no try has come to its end in that"),
    ):
        line = f"train rents.csv --target price --learning-rate 1e30 --quiet {options}"
        with pytest.raises(SystemExit) as end:
            main(line.split())
        assert end.value.code == 2
        assert words in capsys.readouterr().err
