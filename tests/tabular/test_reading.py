"""Files of tables, and the line that each damaged one gets."""

import gzip
import io
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from jitnet.datasets.image_file import holds_images
from jitnet.tabular.reading import read_table, scan_text

FRAME = pl.DataFrame({"a": [1, 2, None], "b": [0.5, None, 2.5], "c": ["x", "y", "x"]})


def read(
    folder: Path, content: bytes, name: str = "rows.csv", *, header: bool = True
) -> pl.DataFrame:
    path = folder / name
    path.write_bytes(content)
    frame: pl.DataFrame = read_table(path, header=header)
    return frame


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path: Path, mark: str) -> None:
    text = "a,b,c\n1,0.5,x\n2,,y\n,2.5,x\n".replace(",", mark)
    assert read(tmp_path, text.encode()).equals(FRAME)


def test_a_comma_in_numbers_does_not_cut_a_line_with_semicolons(tmp_path: Path) -> None:
    assert read(tmp_path, b"a;b\n1,5;x\n2,5;y\n").columns == ["a", "b"]


def test_a_packed_file_is_unpacked(tmp_path: Path) -> None:
    content = gzip.compress(b"a,b,c\n1,0.5,x\n2,,y\n,2.5,x\n")
    assert read(tmp_path, content, "rows.csv.gz").equals(FRAME)


def test_parquet_arrow_and_npz_are_read(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "rows.parquet")
    FRAME.write_ipc(tmp_path / "rows.arrow")
    np.savez(tmp_path / "rows.npz", X=np.arange(6.0).reshape(3, 2), y=[1, 2, 3])
    assert read_table(tmp_path / "rows.parquet").equals(FRAME)
    assert read_table(tmp_path / "rows.arrow").equals(FRAME)
    expected = {"X_0": [0.0, 2.0, 4.0], "X_1": [1.0, 3.0, 5.0], "y": [1, 2, 3]}
    assert read_table(tmp_path / "rows.npz").to_dict(as_series=False) == expected


def test_spaces_around_values_are_no_part_of_them(tmp_path: Path) -> None:
    frame = read(tmp_path, b"a, b\n 1, x\n2 ,?\n")
    assert frame.to_dict(as_series=False) == {"a": [1, 2], "b": ["x", None]}


@pytest.mark.parametrize("word", ["", "?", "NA", "nan", "null", "None"])
def test_words_for_a_missing_value_are_known(tmp_path: Path, word: str) -> None:
    frame = read(tmp_path, f"a,b\n1,x\n{word},y\n".encode())
    assert frame["a"].to_list() == [1, None]


def test_dates_are_found_and_ambiguous_ones_are_text(tmp_path: Path) -> None:
    frame = read(tmp_path, b"a,b,c\n2024-01-02,03.02.2024,03/02/2024\n2024-02-03,04.02.2024,x\n")
    assert frame["a"].dt.date().to_list() == [date(2024, 1, 2), date(2024, 2, 3)]
    assert frame["b"].dt.month().to_list() == [2, 2]
    assert frame["c"].dtype == pl.String


def test_a_type_that_changes_late_is_seen(tmp_path: Path) -> None:
    content = b"a\n" + b"1\n" * 20_000 + b"x\n"
    assert read(tmp_path, content)["a"].dtype == pl.String


def test_without_a_header_the_columns_are_numbered(tmp_path: Path) -> None:
    assert read(tmp_path, b"1,2\n3,4\n", header=False).columns == ["column_1", "column_2"]


def test_empty_lines_at_the_end_are_no_rows(tmp_path: Path) -> None:
    assert len(read(tmp_path, b"a,b\n1,2\n\n\n")) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"a,b\n", "has no rows"),
        (b"a,b,c\n1,2,3\n4,5\n", "row 2 has 2 fields, but there are 3 columns"),
        (b"a,b,c\n1,2,3\n4,5,6,7\n", "row 2 has 4 fields, but there are 3 columns"),
        (b"a,b,a\n1,2,3\n", "the column 'a' is there twice"),
        (b"\n\n1,2\n", "the first line is empty, where the columns' names are to stand"),
        (b"1,2\n3,4\n", "the first line has numbers, not names: 1, 2"),
        (b"a,b\n1,x\n2,\xff\xfe\n", r"row 2, column 'b': b'\\xff\\xfe' is not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "the first line is not UTF-8"),
        (b'a,b\n1,"x\n2,y\n', "line 3: unexpected end of data"),
    ],
)
def test_a_damaged_text_file_gets_one_line_that_says_where(
    tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(ValueError, match=message) as error:
        read(tmp_path, content)
    assert "rows.csv" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["rows.parquet", "rows.arrow", "rows.npz", "rows.csv.gz"])
@pytest.mark.parametrize("kept", [1, 40, 0.5, 0.9])
def test_a_file_that_is_cut_off_gets_one_line(tmp_path: Path, name: str, kept: float) -> None:
    whole = io.BytesIO()
    if name == "rows.parquet":
        FRAME.write_parquet(whole)
    elif name == "rows.arrow":
        FRAME.write_ipc(whole)
    elif name == "rows.npz":
        np.savez(whole, X=np.arange(600.0))
    else:
        whole.write(gzip.compress(b"a,b\n" + b"1,2\n" * 5000))
    content = whole.getvalue()
    with pytest.raises(ValueError, match=name) as error:
        read(tmp_path, content[: int(kept if kept >= 1 else kept * len(content))], name)
    assert "\n" not in str(error.value)


def test_a_file_of_another_kind_is_refused_with_the_kinds_there_are(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a table is one of \.csv, \.tsv"):
        read(tmp_path, b"x", "rows.xlsx")


def test_a_packed_file_of_nothing_is_empty(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"rows\.csv\.gz': it is empty"):
        read(tmp_path, gzip.compress(b""), "rows.csv.gz")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": np.ones(3, complex)}, "'X' has the type complex128, which no table's column has"),
        ({"X": np.zeros(3, [("p", int)])}, "'X' has the type"),
        ({"X": np.zeros(3, "timedelta64[s]")}, "'X' has the type timedelta64"),
        ({"X": np.zeros((3, 2)), "X_0": np.zeros(3)}, "the column 'X_0' is there twice"),
    ],
)
def test_arrays_that_are_no_columns_are_named(tmp_path: Path, arrays: Any, message: str) -> None:
    np.savez(tmp_path / "rows.npz", **arrays)
    with pytest.raises(ValueError, match=rf"rows\.npz': {message}"):
        read_table(tmp_path / "rows.npz")


def test_wide_numbers_and_every_unit_of_time_are_read(tmp_path: Path) -> None:
    months = np.array(["2024-01", "2024-02"], "datetime64[M]")
    nanoseconds = np.array([5, 7], "datetime64[ns]")
    np.savez(tmp_path / "rows.npz", a=np.array([0.5, 1.5], np.longdouble), b=months, c=nanoseconds)
    frame = read_table(tmp_path / "rows.npz")
    assert frame["a"].to_list() == [0.5, 1.5]
    assert frame["b"].dt.month().to_list() == [1, 2]
    assert frame["c"].dt.nanosecond().to_list() == [5, 7]


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    header = b"\x93NUMPY\x01\0\x46\0" + b"{'descr': '<f8', 'shape': (4611686018427387904,".ljust(70)
    for name, content in {"X.txt": b"hello", "X.npy": b"no array", "Y.npy": header}.items():
        with zipfile.ZipFile(tmp_path / "rows.npz", "w") as archive:
            archive.writestr(name, content)
        with pytest.raises(ValueError, match=r"rows\.npz'"):
            read_table(tmp_path / "rows.npz")
    with pytest.raises(ValueError, match=r"rows\.npz': it is no NPZ file"):
        read(tmp_path, b"\x93NUMPY", "rows.npz")


def test_what_polars_panics_at_gets_one_line_too(tmp_path: Path) -> None:
    twice = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pa.ipc.new_file(tmp_path / "rows.arrow", twice.schema) as writer:
        writer.write_table(twice)
    with pytest.raises(ValueError, match=r"rows\.arrow'") as error:
        read_table(tmp_path / "rows.arrow")
    assert "\n" not in str(error.value)


def test_pickled_arrays_are_not_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "rows.npz", X=np.array([{"a": 1}], object))
    with pytest.raises(ValueError, match=r"rows\.npz"):
        read_table(tmp_path / "rows.npz")


@pytest.mark.parametrize("code", [0xD800, 0xDFFF, 0x110000, 0xFFFFFFFF])
@pytest.mark.parametrize("order", "<>")
def test_letters_that_unicode_has_not_are_refused(tmp_path: Path, code: int, order: str) -> None:
    words = np.array(["ab", "c"], f"{order}U2")
    words.view(f"{order}u4")[2] = code
    np.savez(tmp_path / "rows.npz", word=words)
    with pytest.raises(ValueError, match="'word' has letters that Unicode has not"):
        read_table(tmp_path / "rows.npz")


@pytest.mark.parametrize("name", ["rows[1].csv", "rows*.parquet", "ro?ws.arrow"])
def test_the_name_of_a_file_is_no_pattern(tmp_path: Path, name: str) -> None:
    writers = {".csv": "write_csv", ".parquet": "write_parquet", ".arrow": "write_ipc"}
    path, other = tmp_path / name, tmp_path / name.translate({ord(c): None for c in "[]*?"})
    getattr(FRAME, writers[path.suffix])(path)
    getattr(FRAME[:1], writers[path.suffix])(other)
    assert_frame_equal(read_table(path), FRAME)
    if path.suffix == ".csv":
        assert len(scan_text(path).collect()) == len(FRAME)


def test_a_header_whose_fields_are_of_two_types_is_refused_in_one_line(tmp_path: Path) -> None:
    content = io.BytesIO()
    np.save(content, np.array([1.5, 2.5]))
    with zipfile.ZipFile(tmp_path / "rows.npz", "w") as archive:
        archive.writestr("size.npy", content.getvalue().replace(b" 'shape'", b"b'shape'"))
    with pytest.raises(ValueError, match=r"rows\.npz") as caught:
        read_table(tmp_path / "rows.npz")
    assert "\n" not in str(caught.value)
    assert not holds_images(tmp_path / "rows.npz")


@pytest.mark.filterwarnings("error")
def test_arrays_that_python_2_has_written_are_read_without_a_warning(tmp_path: Path) -> None:
    content = io.BytesIO()
    np.save(content, np.array([1.5, 2.5]))
    with zipfile.ZipFile(tmp_path / "rows.npz", "w") as archive:
        archive.writestr("size.npy", content.getvalue().replace(b"(2,), } ", b"(2L,), }"))
    assert read_table(tmp_path / "rows.npz")["size"].to_list() == [1.5, 2.5]
