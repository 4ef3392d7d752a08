"""A small file that would fill the memory is refused before it does."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from jitnet.inference.rows import pieces_of
from jitnet.io import packed
from jitnet.tabular import columnar
from jitnet.tabular.reading import read_table
from jitnet.tabular.streaming import fit_file

pl = pytest.importorskip("polars", reason="a table needs polars")

ROWS = 300_000


def zeros_npz(file: Any) -> None:
    np.savez_compressed(file, X=np.zeros(ROWS))


def zeros_csv(file: Any) -> None:
    file.write(gzip.compress(b"a,b\n" + b"0,0\n" * ROWS))


def zeros_idx(file: Any) -> None:
    header = bytes([0, 0, 8, 1]) + ROWS.to_bytes(4, "big")
    file.write(gzip.compress(header + bytes(ROWS)))


def zeros_parquet(file: Any) -> None:
    pl.DataFrame({"a": np.zeros(ROWS)}).write_parquet(file)


def zeros_arrow(file: Any) -> None:
    pl.DataFrame({"a": np.zeros(ROWS)}).write_ipc(file, compression="zstd")


def pieces(path: Path) -> None:
    list(pieces_of(path))


def streamed(path: Path) -> None:
    fit_file(jn.TableModel("a"), path)


@pytest.mark.parametrize(
    ("name", "write", "read"),
    [
        ("rows.npz", zeros_npz, read_table),
        ("rows.csv.gz", zeros_csv, read_table),
        ("rows.csv.gz", zeros_csv, pieces),
        ("rows.parquet", zeros_parquet, read_table),
        ("rows.parquet", zeros_parquet, pieces),
        ("rows.parquet", zeros_parquet, streamed),
        ("rows.arrow", zeros_arrow, read_table),
        ("rows.arrow", zeros_arrow, pieces),
        ("labels-idx1-ubyte.gz", zeros_idx, jn.datasets.read_idx),
    ],
)
def test_what_becomes_far_more_than_it_is_gets_refused(
    name: str, write: Callable[[Any], None], read: Callable[[Path], Any],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    path = tmp_path / name
    with path.open("wb") as file:
        write(file)
    monkeypatch.setattr(packed, "MOST_BYTES", 1 << 16)
    monkeypatch.setattr(columnar, "MOST_TIMES", 100)
    with pytest.raises(ValueError, match=rf"{name}.* bytes would become more than") as error:
        read(path)
    assert "\n" not in str(error.value)


def test_below_a_gigabyte_any_file_is_read(tmp_path: Path) -> None:
    with (tmp_path / "rows.csv.gz").open("wb") as file:
        zeros_csv(file)
    assert read_table(tmp_path / "rows.csv.gz").shape == (ROWS, 2)


def test_a_member_of_an_archive_gives_no_more_than_it_says(tmp_path: Path) -> None:
    """The check goes by what an archive says of itself; one that lies is damaged."""
    whole = io.BytesIO()
    np.savez_compressed(whole, X=np.zeros(ROWS))
    content = bytearray(whole.getvalue())
    size = zipfile.ZipFile(whole).infolist()[0].file_size.to_bytes(4, "little")
    while (place := content.find(size)) >= 0:
        content[place : place + 4] = (500).to_bytes(4, "little")
    (tmp_path / "rows.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"rows\.npz"):
        read_table(tmp_path / "rows.npz")
