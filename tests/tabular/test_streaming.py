"""A table that streams from its file."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import jitnet as jn
from jitnet.cli import main
from jitnet.kernels import cache
from jitnet.progress import Progress
from jitnet.tabular.mapped_rows import fit_mapped_file
from jitnet.tabular.row_groups import RowGroups
from jitnet.tabular.streaming import fit_file
from tabular.frames import mixed


def test_a_file_that_is_damaged_anywhere_gets_one_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    mixed(60).drop("price", "grade").write_parquet(path, row_group_size=30)
    whole = path.read_bytes()
    refused = []
    for place in range(0, len(whole), 31):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x3C]) + whole[place + 1 :])
        try:
            for _, frame in RowGroups(path).in_order():
                assert frame.columns
        except ValueError as error:
            refused.append(str(error))
    assert len(refused) > 20
    assert all(said.startswith(repr(str(path))) and "\n" not in said for said in refused)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """A file of many row groups."""
    mixed(6000).drop("price").write_parquet(tmp_path / "rows.parquet", row_group_size=250)
    return tmp_path / "rows.parquet"


def test_shuffled_frames_have_each_row_once_with_its_place(rows: Path) -> None:
    groups, whole = RowGroups(rows), pl.read_parquet(rows)
    seen = []
    for frame, places in groups.shuffled(1000, np.random.default_rng(0)):
        assert frame.equals(whole[places])
        seen.append(places)
    assert len(seen) > 3
    np.testing.assert_array_equal(np.sort(np.concatenate(seen)), np.arange(6000))


def test_each_epoch_has_an_order_of_its_own_and_a_seed_repeats_them(rows: Path) -> None:
    def order(rng: np.random.Generator) -> list[int]:
        return [int(p) for _, places in RowGroups(rows).shuffled(1000, rng) for p in places]

    rng = np.random.default_rng(0)
    first, second = order(rng), order(rng)
    assert first != second
    assert order(np.random.default_rng(0)) == first


def test_neighbours_in_the_file_are_far_apart_in_an_epoch(rows: Path) -> None:
    """In a frame rows of four groups are mixed: two of 250 are neighbours one time in 125."""
    (_, places), *_ = RowGroups(rows).shuffled(1000, np.random.default_rng(0))
    assert (np.abs(np.diff(places)) == 1).mean() < 0.02
    assert len(set(places // 250)) >= 4


def test_a_streamed_model_is_as_good_as_one_in_memory(rows: Path) -> None:
    model = jn.TableModel("dear", epochs=8)
    test = fit_file(model, rows)
    assert {len(values) for values in model.networks[0].history.values()} == {8}
    assert 500 < len(test) < 700, "a tenth of 6,000"
    whole = jn.TableModel("dear", epochs=8).fit(mixed(4800, seed=3).drop("price"))
    assert model.evaluate(test).main[1] > whole.evaluate(test).main[1] - 0.03


def test_a_table_of_embedded_categories_alone_streams(tmp_path: Path) -> None:
    shop = np.random.default_rng(0).integers(300, size=6000)
    frame = pl.DataFrame({"shop": [f"shop {k}" for k in shop], "price": np.sin(shop)})
    frame.write_parquet(tmp_path / "rows.parquet", row_group_size=1000)
    model = jn.TableModel("price", epochs=1)
    fit_file(model, tmp_path / "rows.parquet")
    assert (model.table.features, len(model.table.embedded)) == ([], 1)


def test_a_streamed_fit_hears_of_the_compiler(rows: Path) -> None:
    class Watch(Progress):
        def update(self, epochs_done: float, logs: dict[str, float]) -> None:
            watched.append(self in cache.watchers)

    watched: list[bool] = []
    fit_file(jn.TableModel("dear", epochs=1), rows, progress=Watch())
    assert watched
    assert all(watched)


def test_what_repeats_itself_in_the_file_does_not_in_the_parts(tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": np.arange(2000) % 7 * 0.5, "y": ["a", "b"] * 1000})
    frame.write_parquet(tmp_path / "rows.parquet")
    test = fit_file(jn.TableModel("y", epochs=1), tmp_path / "rows.parquet")
    assert 0.35 < (test["y"] == "a").mean() < 0.65


def test_the_same_seed_gives_the_same_bits(
    rows: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(rows.parent)
    for output in ("a.safetensors", "b.safetensors"):
        line = f"train rows.parquet --target dear --stream --epochs 2 --quiet --output {output}"
        assert main(line.split()) == 0
    assert Path("a.safetensors").read_bytes() == Path("b.safetensors").read_bytes()
    assert "accuracy" in capsys.readouterr().out


def test_text_does_not_stream_and_it_is_said_what_does(tmp_path: Path) -> None:
    mixed(50).write_csv(tmp_path / "rows.csv")
    with pytest.raises(ValueError, match="only Parquet streams"):
        fit_file(jn.TableModel("dear"), tmp_path / "rows.csv")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: _set(frame, 777, "dear", None), "column 'dear': the target is missing"),
        (lambda frame: frame.drop("dear"), "there is no column 'dear'"),
        (lambda frame: frame.with_columns(pl.lit("yes").alias("dear")), "has the target 'yes'"),
    ],
)
def test_a_target_that_cannot_be_learned_is_named(
    tmp_path: Path, change: Callable[[pl.DataFrame], pl.DataFrame], message: str
) -> None:
    path = tmp_path / "rows.parquet"
    change(mixed(1000).drop("price")).write_parquet(path)
    with pytest.raises(ValueError, match=message):
        fit_file(jn.TableModel("dear", epochs=1), path)


@pytest.mark.parametrize("rows", [10, 40, 77, 333])
def test_a_sample_of_any_size_teaches_the_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr("jitnet.tabular.streaming.SAMPLE_ROWS", rows)
    frame = mixed(2000).drop("price")
    frame.write_parquet(tmp_path / "rows.parquet")
    model = jn.TableModel("dear", epochs=1)
    fit_file(model, tmp_path / "rows.parquet")
    assert {column.name for column in model.table.columns} == set(frame.columns) - {"dear"}


def test_a_class_that_the_sample_lacks_is_named_before_any_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jitnet.tabular.streaming.SAMPLE_ROWS", 100)
    frame = _set(mixed(1000).drop("price"), 501, "dear", "perhaps")
    frame.write_parquet(tmp_path / "rows.parquet")
    model = jn.TableModel("dear", epochs=1)
    with pytest.raises(ValueError, match="'perhaps' is none of the classes no, yes"):
        fit_file(model, tmp_path / "rows.parquet")
    assert model.networks == []


def _set(frame: pl.DataFrame, row: int, column: str, value: str | None) -> pl.DataFrame:
    values = frame[column].to_list()
    values[row] = value
    return frame.with_columns(pl.Series(column, values))


def test_a_streamed_fit_goes_on_from_any_checkpoint_to_the_same_bits(
    rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("jitnet.tabular.training.CHECKPOINT_MINUTES", 1e-9)

    def fit(folder: Path, **options: Any) -> list[Any]:
        model = jn.TableModel("dear", epochs=4, ensemble=1)
        fit_mapped_file(model, rows, checkpoints=folder, **options)
        return model.networks[0].get_weights()

    whole = fit(tmp_path / "whole")
    kept = sorted((tmp_path / "whole" / "network-1").glob("step-*"))
    (tmp_path / "broken" / "network-1").mkdir(parents=True)
    shutil.copy(kept[0], tmp_path / "broken" / "network-1")
    resumed = fit(tmp_path / "broken", resume=True)
    assert len(kept) > 1
    assert all(np.array_equal(a, b) for a, b in zip(resumed, whole, strict=True))
    assert not list(tmp_path.glob(".jitnet-*")), "the mapped rows are gone"


def test_the_command_streams_with_checkpoints(
    rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    line = f"train {rows} --target dear --stream --epochs 2 --checkpoints kept --output a.st"
    assert main(line.split()) == 0
    first = (tmp_path / "a.st").read_bytes()
    assert main([*line.split(), "--resume"]) == 0
    assert (tmp_path / "a.st").read_bytes() == first
    assert "going on after" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--cross-validate 3", "--test 0.3", "--baseline"])
def test_what_needs_all_rows_does_not_stream(
    rows: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    with pytest.raises(SystemExit):
        main(f"train {rows} --target dear --stream {option}".split())
    assert f"goes without {option.split()[0]}" in capsys.readouterr().err
