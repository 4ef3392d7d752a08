"""Tables, images, arrays and texts of strangers are refused in one line, or can be used."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

import jitnet as jn
from envelopes import GZIP, PLAIN, PNG_CHUNKS, ZIP
from fuzzing import NEEDS, Read, Reader, guided
from hunting import Hunt
from jitnet.datasets.image_file import holds_images, load_image_file
from jitnet.datasets.image_folder import ENDINGS, read_images
from jitnet.inference.rows import pieces_of
from jitnet.tabular.reading import read_table
from jitnet.tabular.streaming import fit_file
from jitnet.train.text import read_text
from tabular.frames import mixed

Begin = Callable[[Path], tuple[Sequence[bytes], Read]]


def _table(name: str, *seeds: bytes) -> Begin:
    """A table's file is read as a whole, and piece by piece."""

    def begin(folder: Path) -> tuple[Sequence[bytes], Read]:
        path = folder / name

        def read(content: bytes) -> None:
            path.write_bytes(content)
            frame = read_table(path)
            assert len(frame)
            jn.Table().fit(frame, frame.columns[-1])
            read_table(path, header=False)
            for _, rows in pieces_of(path):
                assert len(rows)

        return seeds, read

    return begin


def _text_tables() -> list[bytes]:
    frame = mixed(30)
    plain = frame.write_csv().encode()
    quoted = frame.write_csv(quote_style="always", separator=";").encode()
    gaps = b'a,b\n1,x\n2,"y\n""z"\n, x \n?,"y\n""z"\n2.5e3,x\n\n'
    return [plain, quoted, gaps]


def _written(write: str, **options: Any) -> bytes:
    file = io.BytesIO()
    getattr(mixed(40).with_columns(pl.col("colour").cast(pl.Categorical)), write)(file, **options)
    return file.getvalue()


def _npz() -> bytes:
    file = io.BytesIO()
    X, y, when = np.eye(4, 2, dtype="f4"), np.arange(4) % 2, np.zeros(4, "M8[s]")
    np.savez_compressed(file, X=X, when=when, word=np.array(["a", "bc", "", "d"]), y=y)
    return file.getvalue()


def _begin_streams(folder: Path) -> tuple[Sequence[bytes], Read]:
    path = folder / "rows.parquet"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        fit_file(jn.TableModel("dear", epochs=1, hidden=(2,), n_threads=1), path, progress=False)

    frame = mixed(60).drop("grade")
    return [_parquet(frame, row_group_size=30)], read


def _parquet(frame: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file, **options)
    return file.getvalue()


def _begin_arrays(folder: Path) -> tuple[Sequence[bytes], Read]:
    path = folder / "images-idx3-ubyte"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        array = jn.datasets.read_idx(path)
        assert array.sum() is not None

    plain = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3]) + bytes(range(6))
    floats = bytes([0, 0, 13, 1, 0, 0, 0, 2]) + np.arange(2, dtype=">f4").tobytes()
    return [plain, floats, gzip.compress(plain)], read


def _image_file(name: str, *seeds: bytes) -> Begin:
    """Images in one file, with their classes."""

    def begin(folder: Path) -> tuple[Sequence[bytes], Read]:
        path = folder / name
        (folder / "labels").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 0, 1]))

        def read(content: bytes) -> None:
            path.write_bytes(content)
            holds_images(path)
            images, _ = load_image_file(path, None if name.endswith(".npz") else f"{folder}/labels")
            assert images.X.dtype == np.uint8
            assert len(images.X) == len(images.labels)

        return seeds, read

    return begin


def _npz_of_images() -> bytes:
    file = io.BytesIO()
    X, y = np.arange(24, dtype=np.uint8).reshape(2, 3, 4), np.array(["a", "b"])
    np.savez_compressed(file, x_train=X, y_train=y, x_test=X / 255, y_test=y[::-1])
    return file.getvalue()


def _idx_of_images() -> bytes:
    return bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4]) + bytes(range(24))


def _image(ending: str, seeds: Sequence[bytes] = ()) -> Begin:
    def begin(folder: Path) -> tuple[Sequence[bytes], Read]:
        path = folder / f"image{ending}"

        def read(content: bytes) -> None:
            path.write_bytes(content)
            read_images([path])
            read_images([path], (4, 5), 3)

        return seeds or _images(ending), read

    return begin


def _images(ending: str) -> list[bytes]:
    """Images of several modes, as far as the format has them."""
    pixels = np.random.default_rng(0).integers(0, 256, (6, 7, 3), np.uint8)
    files = []
    for mode in ("RGB", "L", "P", "1", "RGBA", "I;16"):
        file = io.BytesIO()
        if mode == "I;16":
            image = Image.fromarray(pixels[:, :, 0].astype("<u2"))
        else:
            image = Image.fromarray(pixels).convert(mode)
        try:
            image.save(file, Image.registered_extensions()[ending])
        except (OSError, KeyError):
            continue
        files.append(file.getvalue())
    return files


def _begin_texts(folder: Path) -> tuple[Sequence[bytes], Read]:
    path = folder / "text.txt"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        read_text(path)

    return ["Es war einmal ein Käse.\n".encode() * 9], read


READERS = (
    Reader(_table("rows.csv", *_text_tables())),
    Reader(_table("rows.csv.gz", *map(gzip.compress, _text_tables())), GZIP),
    Reader(_table("rows.npz", _npz()), ZIP),
    Reader(_table("rows.parquet", _written("write_parquet"),
                  _written("write_parquet", compression="uncompressed", use_pyarrow=True))),
    Reader(_table("rows.arrow", _written("write_ipc"), _written("write_ipc", compression="zstd"))),
    Reader(_begin_streams),
    Reader(_begin_arrays, PLAIN),
    Reader(_begin_arrays, GZIP),
    Reader(_image_file("images.npz", _npz_of_images()), ZIP),
    Reader(_image_file("images-idx3-ubyte", _idx_of_images())),
    *(Reader(_image(ending), PNG_CHUNKS if ending == ".png" else PLAIN) for ending in ENDINGS),
    Reader(_begin_texts),
)  # fmt: skip
INSTRUMENTED = (
    "PIL.BmpImagePlugin", "PIL.GifImagePlugin", "PIL.Image", "PIL.ImageFile",
    "PIL.JpegImagePlugin", "PIL.PngImagePlugin", "PIL.PpmImagePlugin", "PIL.TiffImagePlugin",
    "PIL.WebPImagePlugin", "gzip", "jitnet.datasets.idx", "jitnet.datasets.image_file",
    "jitnet.datasets.image_folder", "jitnet.io.npz",
    "jitnet.inference.rows", "jitnet.tabular.frames", "jitnet.tabular.learning",
    "jitnet.tabular.reading", "jitnet.tabular.row_groups", "jitnet.tabular.streaming",
    "jitnet.tabular.table", "jitnet.tabular.target", "jitnet.tabular.values", "jitnet.train.text",
    "numpy.lib._format_impl", "numpy.lib._npyio_impl", "zipfile",
)  # fmt: skip

HUNT = Hunt(
    guided(__name__),
    short=30.0,
    long=3600.0,
    needs=NEEDS,
    mended=(
        "An IDX file of hundreds of axes got an error of thousands of letters.",
        "A damaged Parquet file that streams ended in an OSError of PyArrow's.",
        "Letters that Unicode has not ended an NPZ file in a SystemError.",
        "A file beside the arrays of an NPZ file was taken for one of images.",
        "A TIFF file whose pixels begin at a fraction ended in a TypeError of Pillow's.",
        "Arrays that Python 2 had written were read with a warning of NumPy's.",
        "A header of an array whose fields are of two types ended in a TypeError of NumPy's.",
    ),
)
