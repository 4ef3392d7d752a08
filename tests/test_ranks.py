"""Several processes train one network together, to the same bits however many they are."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("mpi4py", reason="several ranks are for mpi4py")

import jitnet as jn
import rank_jobs
from jitnet.kernels.panels import panel_width
from jitnet.ranks.ending import end_all
from jitnet.ranks.layout import Layout, shards_of
from jitnet.ranks.tree import most_sums, nodes_of, sum_nodes
from launching import JOBS, LAUNCHER, errors, results, start

launched = pytest.mark.skipif(LAUNCHER is None, reason="there is no mpiexec")


@pytest.mark.parametrize("examples", [32, 100, 256, 500])
@pytest.mark.parametrize("batch", [32, 100, 256])
@pytest.mark.parametrize("shuffle", [False, True])
def test_an_epoch_takes_each_row_once_whoever_has_it(
    examples: int, batch: int, shuffle: bool
) -> None:
    batch = min(batch, examples)
    orders = []
    for ranks in range(1, shards_of(batch, 8) + 1):
        order = np.full(examples, -1)
        for rank in range(ranks):
            layout, own = Layout(examples, batch, 8, rank, ranks), order.copy()
            layout.lay(own, 5, 2, shuffle=shuffle, own=True)
            new = own[own != order]
            rows = np.arange(examples)[layout.own_rows]
            np.testing.assert_array_equal(np.sort(new), rows)
            order = own
        np.testing.assert_array_equal(np.sort(order), np.arange(examples))
        orders.append(order.tolist())
        layout.lay(order, 5, 2, shuffle=shuffle, own=False)
        orders.append(order.tolist())
    assert all(order == orders[0] for order in orders)


def test_an_order_is_of_its_epoch_and_its_seed() -> None:
    layout, orders = Layout(256, 64, 8, 0, 1), []
    for seed, epoch in ((0, 0), (0, 1), (1, 0)):
        orders.append(np.zeros(256, np.int64))
        layout.lay(orders[-1], seed, epoch, shuffle=True, own=True)
    assert len({order.tobytes() for order in orders}) == 3


@pytest.mark.parametrize("shards", [1, 2, 8, 16])
def test_a_sum_has_the_same_bits_however_the_shards_are_divided(shards: int) -> None:
    numbers = np.random.default_rng(0).normal(size=(shards, 3)).astype(np.float32)

    def added(first: int, last: int) -> list[Any]:
        """The sums of a rank's nodes."""
        return [
            (node, sum_nodes((type(node)(k, 1), numbers[node.first + k].copy()[None])
                             for k in range(node.size))[0])
            for node in nodes_of(first, last)
        ]  # fmt: skip

    alone = sum_nodes(added(0, shards))
    for ranks in range(2, shards + 1):
        cuts = [shards * r // ranks for r in range(ranks + 1)]
        parts = [part for r in range(ranks) for part in added(cuts[r], cuts[r + 1])]
        np.testing.assert_array_equal(sum_nodes(parts), alone)
    np.testing.assert_allclose(alone, numbers.sum(axis=0), rtol=1e-5)


def test_the_most_sums_are_those_of_the_nodes_and_the_next_shards() -> None:
    assert most_sums(0, 8) == 4
    assert most_sums(0, 1) == 1
    assert most_sums(5, 11) == 4


@launched
def test_networks_of_every_kind_have_the_same_bits_with_one_to_four_ranks(tmp_path: Path) -> None:
    alone = results(1, "drawn_networks", tmp_path, "0", "6")
    assert len({digest for digest, _ in alone[0]}) == len(alone[0])
    for ranks in (2, 3, 4):
        assert results(ranks, "drawn_networks", tmp_path, "0", "6") == alone * ranks
    assert results(2, "drawn_networks", tmp_path, "0", "6", "3") == alone * 2  # threads


@launched
def test_a_step_of_all_examples_is_that_of_a_fit_alone(tmp_path: Path) -> None:
    layers = [jn.Dense(16, "tanh"), jn.BatchNorm(), jn.Dense(2)]
    model = jn.Sequential(layers, "softmax_crossentropy", jn.SGD(0.5), seed=0, dtype="float64")
    model.fit(rank_jobs.X, rank_jobs.Y, epochs=1, batch_size=None)
    for found in results(2, "one_step", tmp_path):
        for ours, alone in zip(found, model.get_weights(), strict=True):
            # sums of 500 terms in another order
            np.testing.assert_allclose(ours, alone, rtol=1e-11, atol=1e-13)


@launched
def test_a_rank_reads_its_rows_alone(tmp_path: Path) -> None:
    others = results(4, "own_rows", tmp_path)
    assert others == results(1, "own_rows", tmp_path) * 4


@launched
def test_callbacks_are_called_in_the_first_rank_and_count_in_all(tmp_path: Path) -> None:
    first, *others = results(3, "callbacks", tmp_path)
    assert first.pop("told") == [1, 2, 3, 4]
    assert [other.pop("told") for other in others] == [[], []]
    assert others == [first, first]
    assert len(first["history"]["loss"]) == 4


@launched
def test_what_a_callback_raises_is_raised_in_all(tmp_path: Path) -> None:
    first, second = errors(2, "error_in_callback", tmp_path)
    assert first == ["OSError", "no room for the log"]
    assert second == ["RuntimeError", "rank 0: no room for the log"]


@launched
def test_a_fit_goes_on_with_another_number_of_ranks_to_the_same_bits(tmp_path: Path) -> None:
    whole = results(1, "checkpoints", tmp_path, str(tmp_path / "whole"), "5")[0]
    broken = str(tmp_path / "broken")
    for ranks, epochs in ((2, "2"), (4, "4"), (1, "5")):
        found = results(ranks, "checkpoints", tmp_path, broken, epochs)
    assert found == [whole]
    model, shards = rank_jobs.network(), shards_of(128, panel_width(np.float32))
    with pytest.raises(ValueError, match=f"its number of shards is {shards}, not 0"):
        model.fit(
            rank_jobs.X,
            rank_jobs.Y,
            epochs=9,
            callbacks=[jn.Checkpoint(broken, every_steps=3)],
            resume=broken,
        )


@launched
def test_a_rank_that_dies_ends_the_others_and_the_last_checkpoint_is_whole(tmp_path: Path) -> None:
    folder, place = str(tmp_path / "kept"), tmp_path / "out"
    place.mkdir()
    ended = start(3, [str(JOBS), "killed", str(place), folder])
    assert ended.returncode != 0
    assert f"signal {int(signal.SIGKILL)}" in ended.stdout + ended.stderr  # what the launcher says
    assert not list(place.iterdir())
    whole = results(1, "checkpoints", tmp_path, str(tmp_path / "whole"), "5")[0]
    going_on = [str(JOBS), "checkpoints", str(place), folder, "5"]
    assert start(2, going_on).returncode == 0
    assert json.loads((place / "0.json").read_text()) == {"result": whole}


@launched
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_rank_that_forks_takes_each_step_to_its_end(tmp_path: Path) -> None:
    whole = results(1, "forks", tmp_path)
    assert results(2, "forks", tmp_path) == whole * 2


@launched
def test_a_rank_that_fails_by_itself_ends_the_others_and_says_why(tmp_path: Path) -> None:
    ended = start(2, [str(JOBS), "no_memory", str(tmp_path)])
    assert ended.returncode != 0
    assert "rank 1 of 2 has failed, which ends the others: MemoryError" in ended.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="the system does not tell what is unread")
def test_ranks_end_once_the_launcher_has_read_why(monkeypatch: pytest.MonkeyPatch) -> None:
    class Communicator:
        """A stand-in, as the end of a real one is that of this process."""

        ended = threading.Event()

        def Abort(self, code: int) -> None:
            assert code == 3
            self.ended.set()

    read, written = os.pipe()
    with os.fdopen(read, "rb") as launcher, os.fdopen(written, "w") as said:
        monkeypatch.setattr(sys, "stderr", said)
        rank = threading.Thread(target=end_all, args=(Communicator(), "no room", 3))
        rank.start()
        assert not Communicator.ended.wait(0.2)
        assert launcher.readline() == b"no room\n"
        rank.join()
        assert Communicator.ended.is_set()


@launched
def test_a_loss_that_is_not_finite_is_said_by_all_and_leaves_the_same_weights(
    tmp_path: Path,
) -> None:
    first, second = results(2, "diverges", tmp_path)
    assert first == second
    assert "the loss became NaN or infinite in epoch 1" in first["error"]


@launched
def test_ranks_of_one_machine_share_its_cores(tmp_path: Path) -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    first, second = results(2, "threads", tmp_path)
    assert first == [max(1, (cores or 1) // 2)]
    assert second == []


DIFFERENCES = {
    "X": "in their X: rank 0 has float32 of shape (500, 6), rank 1 has float32 of shape (499",
    "features": "shape (500, 5)",
    "y": "in their y: rank 0 has (500, 1), digest",
    "NaN": "rank 1: X must be finite, but contains nan",
    "epochs": "in their epochs: rank 0 has 3, rank 1 has 4",
    "batch_size": "in their batch_size: rank 0 has 128, rank 1 has 200",
    "sample_weight": "in their sample_weight",
    "callbacks": "in their callbacks: rank 0 has [], rank 1 has ['EarlyStopping']",
    "seed": "in their seed: rank 0 has 0, rank 1 has 1",
    "version": "in their version of numba: rank 0 has",
    "optimizer": "in their optimizer: rank 0 has Adam",
    "dtype": "in their dtype: rank 0 has float32, rank 1 has float64",
    "loss": "in their loss",
    "layers": "in their layers",
    "weights": "in their state",
}
"""What ranks say of a fit that the second one calls with something else."""


@launched
def test_ranks_that_differ_say_in_what_before_the_first_step(tmp_path: Path) -> None:
    for found in results(3, "differ", tmp_path, *DIFFERENCES):
        for (what, said), error in zip(DIFFERENCES.items(), found, strict=True):
            assert said in error, what


@launched
def test_work_that_fails_in_one_rank_fails_in_all(tmp_path: Path) -> None:
    said = "rank 1: [Errno 28] No space left on device"
    assert errors(2, "full_disk", tmp_path) == [["ValueError", said]] * 2


@launched
def test_what_several_ranks_cannot_do_is_refused_in_all(tmp_path: Path) -> None:
    for few, stateful in results(2, "refused", tmp_path):
        assert "a batch of 8 examples has shards for 1 ranks at most" in few
        assert "stateful layers cannot be trained by several ranks" in stateful


def test_what_is_no_communicator_is_refused() -> None:
    model = jn.Sequential([jn.Dense(1)], "mse")
    with pytest.raises(TypeError, match=r"communicator must be one of mpi4py's.* got 'world'"):
        model.fit([[1.0]], [1.0], communicator="world")


def test_a_missing_mpi_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(ImportError, match=r"mpi4py, and an MPI such as .*mpich.*jitnet\[mpi\]"):
        jn.Sequential([jn.Dense(1)], "mse").fit([[1.0]], [1.0], communicator=object())


def test_an_mpi_without_its_library_names_its_package() -> None:
    pytest.importorskip("mpi4py", reason="needs the extra mpi")
    none = os.environ | {"MPI4PY_LIBMPI": "/nowhere/libmpi.so", "MPI4PY_MPIABI": ""}
    model = "jn.Sequential([jn.Dense(1)], 'mse')"
    fit = f"import jitnet as jn; {model}.fit([[1.0]], [1.0], communicator=0)"
    ended = subprocess.run([sys.executable, "-c", fit], env=none, capture_output=True, text=True)
    if "TypeError" in ended.stderr:
        pytest.skip("this mpi4py has its library with it")
    assert ended.stderr.splitlines()[-1].startswith("ImportError: several ranks need the package")


@launched
def test_the_command_trains_with_ranks_of_which_one_speaks(tmp_path: Path) -> None:
    pytest.importorskip("safetensors", reason="a model is written with safetensors")
    files, said = [], []
    for ranks in (1, 2):
        files.append(tmp_path / f"{ranks}.safetensors")
        command = f"-m jitnet train digits --epochs 2 --batch-size 128 --output {files[-1]}"
        ended = start(ranks, command.split())
        assert ended.returncode == 0, ended.stderr
        said.append([line for line in ended.stdout.splitlines() if line.startswith("test accur")])
    assert files[0].read_bytes() == files[1].read_bytes()
    assert len(said[0]) == 1
    assert said[0] == said[1]


@launched
def test_a_mistake_in_the_command_is_said_once() -> None:
    ended = start(3, ["-m", "jitnet", "train", "nothing.csv"])
    assert ended.returncode != 0
    assert ended.stderr.count("there is no file 'nothing.csv'") == 1


def trained(ranks: int, folder: Path, *words: str) -> bytes:
    """The model of a command."""
    output = folder / f"{ranks}.safetensors"
    ended = start(ranks, ["-m", "jitnet", "train", *words, "--output", str(output)], folder)
    assert ended.returncode == 0, ended.stderr
    return output.read_bytes()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A file of six row groups."""
    pl = pytest.importorskip("polars", reason="a table needs polars")
    pytest.importorskip("pyarrow", reason="a file that streams needs pyarrow")
    pytest.importorskip("safetensors", reason="a model is written with safetensors")
    rng = np.random.default_rng(0)
    columns = {"age": rng.integers(18, 80, 3000), "job": rng.choice(["a", "b", "c"], 3000)}
    rich = np.where(columns["age"] + 20 * (columns["job"] == "a") > 60, "yes", "no")
    path = tmp_path / "table.parquet"
    pl.DataFrame(columns | {"rich": rich}).write_parquet(path, row_group_size=500)
    return path


@launched
@pytest.mark.parametrize("stream", [[], ["--stream"]])
def test_a_table_is_learned_to_the_same_bits(table: Path, stream: list[str]) -> None:
    words = [str(table), "--target", "rich", "--epochs", "2", "--batch-size", "128", *stream]
    alone = trained(1, table.parent, *words)
    assert trained(2, table.parent, *words) == alone
    assert trained(3, table.parent, *words) == alone
    assert not list(table.parent.glob(".jitnet-*"))


@launched
def test_each_rank_reads_its_row_groups_alone(table: Path) -> None:
    own = results(2, "row_groups_read", table.parent, str(table))
    assert own == [[0, 2, 4], [1, 3, 5]]


@launched
def test_a_table_is_learned_on_from_its_checkpoints_by_other_ranks(table: Path) -> None:
    given = str(table), str(table.parent / "kept")
    whole, *_ = results(2, "learned_table", table.parent, *given, "")
    before, last = sorted((table.parent / "kept" / "network-1").glob("step-*"))
    last.unlink()
    assert results(1, "learned_table", table.parent, *given, "resume") == [whole]
    assert last.exists()
    assert not before.samefile(last)


@launched
@pytest.mark.parametrize("option", ["--search=3", "--cross-validate=3", "--baseline"])
def test_what_is_for_one_process_is_refused(table: Path, option: str) -> None:
    ended = start(2, ["-m", "jitnet", "train", str(table), "--target", "rich", option])
    assert ended.returncode != 0
    assert f"{option.partition('=')[0]}: it goes without mpiexec" in ended.stderr
