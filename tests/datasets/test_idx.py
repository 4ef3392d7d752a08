"""An IDX file is read whole, in every form, or refused with what is wrong with it."""

import gzip
import re
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from idx_files import CODES, idx
from jitnet.datasets import read_idx

CONTENT = idx(np.arange(6, dtype=np.uint8).reshape(3, 2))
PACK: dict[str, Callable[[bytes], bytes]] = {"plain": bytes, "packed": gzip.compress}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


@pytest.mark.parametrize("pack", PACK.values(), ids=PACK)
@pytest.mark.parametrize("code", CODES)
def test_numbers_of_every_type_come_in_their_shape(
    code: str, pack: Callable[[bytes], bytes], path: Path
) -> None:
    expected = np.array([[0, 1, 100], [7, -1 if code[0] != "u" else 255, 2]]).astype(code)
    path.write_bytes(pack(idx(expected)))
    array = read_idx(path)
    assert array.dtype.newbyteorder("=") == code
    np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("pack", PACK.values(), ids=PACK)
@pytest.mark.parametrize("shape", [(0,), (1,), (0, 28, 28), (2, 1, 3, 1)])
def test_an_axis_may_be_of_any_length(
    shape: tuple[int, ...], pack: Callable[[bytes], bytes], path: Path
) -> None:
    path.write_bytes(pack(idx(np.ones(shape, np.uint8))))
    np.testing.assert_array_equal(read_idx(path), np.ones(shape))


def test_the_content_says_whether_a_file_is_packed_and_not_its_name(tmp_path: Path) -> None:
    for name, content in (("a.gz", CONTENT), ("b", gzip.compress(CONTENT))):
        (tmp_path / name).write_bytes(content)
        assert read_idx(tmp_path / name).tolist() == [[0, 1], [2, 3], [4, 5]]


def test_a_file_that_is_not_packed_is_mapped_and_not_read(path: Path) -> None:
    path.write_bytes(CONTENT)
    assert isinstance(read_idx(str(path)), np.memmap)


@pytest.mark.parametrize("pack", PACK.values(), ids=PACK)
def test_nothing_can_be_written_to_what_was_read(
    pack: Callable[[bytes], bytes], path: Path
) -> None:
    path.write_bytes(pack(CONTENT))
    with pytest.raises(ValueError, match="read-only"):
        read_idx(path)[0] = 1


DAMAGED = {
    "empty": (b"", "is no IDX file: it begins with b''"),
    "three bytes": (CONTENT[:3], "is no IDX file"),
    "a page": (b"<!DOCTYPE html>", r"is no IDX file: it begins with b'<!DO'"),
    "magic in the other order of bytes": (CONTENT[3::-1] + CONTENT[4:], "is no IDX file"),
    "unknown type": (b"\0\0\x0a\x01" + CONTENT[4:], "is no IDX file"),
    "no axes": (b"\0\0\x08\0" + CONTENT[4:], "is no IDX file"),
    "lengths cut off": (CONTENT[:11], "is cut off: it ends before the lengths of its 2 axes do"),
    "more axes than one would say": (
        bytes([0, 0, 8, 255]) + b"\xff" * 1020,
        "is cut off: 4294967295×.* … numbers take .* … bytes, there are 0",
    ),
    "a byte less": (CONTENT[:-1], "is cut off: 3×2 numbers take 6 bytes, there are 5"),
    "a byte more": (CONTENT + b"\0", "is too long: 3×2 numbers take 6 bytes, there are 7"),
    "lengths beyond all memory": (
        b"\0\0\x08\x03" + struct.pack(">3I", *[2**32 - 1] * 3),
        "is cut off: 4294967295×4294967295×4294967295 numbers",
    ),
}


@pytest.mark.parametrize("pack", PACK.values(), ids=PACK)
@pytest.mark.parametrize(("content", "message"), DAMAGED.values(), ids=DAMAGED)
def test_what_is_wrong_with_a_file_is_said_with_its_name(
    content: bytes, message: str, pack: Callable[[bytes], bytes], path: Path
) -> None:
    path.write_bytes(pack(content))
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))} {message}"):
        read_idx(path)


@pytest.mark.parametrize("pack", PACK.values(), ids=PACK)
def test_a_file_is_refused_wherever_it_is_cut_off(
    pack: Callable[[bytes], bytes], path: Path
) -> None:
    whole = pack(CONTENT)
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        with pytest.raises(ValueError, match=f"^{re.escape(str(path))} is "):
            read_idx(path)


def test_a_packed_file_is_refused_wherever_a_byte_of_its_numbers_is_wrong(path: Path) -> None:
    whole = gzip.compress(CONTENT, mtime=0)
    for place in range(10, len(whole)):  # behind gzip's own header
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        with pytest.raises(ValueError, match=f"^{re.escape(str(path))} is "):
            read_idx(path)


def test_a_file_that_is_not_there_is_the_systems_own_error(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_idx(path)
