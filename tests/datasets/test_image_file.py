"""Images and their classes in one file, NPZ or IDX, and models that a line trains on them."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import jitnet as jn
from idx_files import bars, idx
from jitnet.cli import main
from jitnet.datasets.image_file import holds_images, load_image_file, load_pixels, places_of

X, Y = bars(60)
NAMES = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])


def npz(folder: Path, **arrays: Any) -> Path:
    path = folder / "pictures.npz"
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(
    ("pixels", "seen"),
    [
        (X, X[..., np.newaxis]),
        (X[..., np.newaxis], X[..., np.newaxis]),
        (np.repeat(X[..., np.newaxis], 3, axis=3), np.repeat(X[..., np.newaxis], 3, axis=3)),
        (X > 100, X[..., np.newaxis]),
        (X / 255, X[..., np.newaxis]),
        (X.astype(np.float32), X[..., np.newaxis]),
        (X.astype(np.int64), X[..., np.newaxis]),
        (X // 255, X[..., np.newaxis] // 255),
    ],
    ids=["grey", "one channel", "colours", "bits", "to 1", "to 255", "int64", "dark uint8"],
)
def test_pixels_of_any_type_have_256_steps_and_channels(
    pixels: Any, seen: Any, tmp_path: Path
) -> None:
    images, test = load_image_file(npz(tmp_path, pictures=pixels, kind=Y))
    assert images.X.dtype == np.uint8
    np.testing.assert_array_equal(images.X, seen)
    np.testing.assert_array_equal(images.labels, Y)
    assert test is None
    np.testing.assert_array_equal(load_pixels(tmp_path / "pictures.npz"), seen)


def test_parts_to_train_on_and_to_test_with_are_known_by_their_names(tmp_path: Path) -> None:
    path = npz(
        tmp_path, x_train=X, y_train=Y, x_test=X[:10], y_test=NAMES[Y[:10]], valid=X[:5]
    )  # fmt: skip
    images, test = load_image_file(path)
    assert test is not None
    assert (len(images.X), len(test.X)) == (60, 10)
    np.testing.assert_array_equal(test.labels, NAMES[Y[:10]])
    assert len(load_pixels(path)) == 10


def test_the_classes_of_the_other_part_have_their_name_in_any_letters(tmp_path: Path) -> None:
    arrays = {"X_Train": X, "y_Train": Y, "X_Test": X[:10], "y_Test": Y[:10]}
    _, test = load_image_file(npz(tmp_path, **arrays), "y_Train")
    assert test is not None
    np.testing.assert_array_equal(test.labels, Y[:10])


@pytest.mark.parametrize("packed", [False, True])
def test_an_idx_file_has_its_classes_beside_it(packed: bool, tmp_path: Path) -> None:
    pack, end = (gzip.compress, ".gz") if packed else (bytes, "")
    path = tmp_path / f"my-images-idx3-ubyte{end}"
    path.write_bytes(pack(idx(X)))
    with pytest.raises(ValueError, match="--target must be the IDX file"):
        load_image_file(path)
    (tmp_path / f"my-labels-idx1-ubyte{end}").write_bytes(pack(idx(Y)))
    (tmp_path / "others").write_bytes(idx(Y[::-1].copy()))
    np.testing.assert_array_equal(load_image_file(path)[0].labels, Y)
    np.testing.assert_array_equal(
        load_image_file(path, str(tmp_path / "others"))[0].labels, Y[::-1]
    )
    assert holds_images(path)
    assert not holds_images(tmp_path / "others")


def test_other_files_hold_no_images(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    (tmp_path / "table.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n"))
    (tmp_path / "cut.npz").write_bytes(npz(tmp_path, a=X).read_bytes()[:-50])
    for name in ("table.csv", "table.csv.gz", "cut.npz", "none.npz"):
        assert not holds_images(tmp_path / name)
    assert not holds_images(npz(tmp_path, X=X.reshape(60, -1), y=Y))


def test_what_is_no_array_in_an_archive_is_left_out(tmp_path: Path) -> None:
    path = npz(tmp_path, a=X, y=Y)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("READ ME", "of my pictures")
    assert holds_images(path)
    np.testing.assert_array_equal(load_image_file(path)[0].labels, Y)


@pytest.mark.parametrize(
    ("arrays", "labels", "said"),
    [
        (
            {"a": X, "b": X, "y": Y},
            None,
            r"must have the images, and 2 may: \['a', 'b'\]",
        ),
        ({"a": X}, None, "must be the array that has the classes of 'a'; it may be: none"),
        ({"a": X, "y": Y, "z": Y}, None, "it may be: 'y', 'z'"),
        ({"a": X, "y": Y}, "z", "there is no array 'z'; there are 'a', 'y'"),
        ({"a": X, "y": Y[:9]}, "y", "there are 60 images, and the array 'y' has 9"),
        ({"a": X, "y": np.eye(10)[Y]}, "y", "must have a class for each image"),
        ({"a": X, "y": Y / 2}, None, "must have a class for each image, numbers or text"),
        ({"a": X * 1.5, "y": Y}, None, "pixels must lie from 0 to 1, or to 255"),
        ({"a": X * np.nan, "y": Y}, None, "they lie from nan to nan"),
        ({"a": X[:, :0], "y": Y}, None, "have no pixels"),
        ({"a": np.zeros((60, 3, 9, 9)), "y": Y}, None, r"np.moveaxis\(images, 1, -1\)"),
        ({"a": np.zeros((60, 9, 9, 2)), "y": Y}, None, "must have 1 or 3 channels"),
        ({"a": NAMES[X % 10], "y": Y}, None, "images must be numbers"),
    ],
)
def test_what_is_not_clear_or_no_image_is_said(
    arrays: dict[str, Any], labels: str | None, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        load_image_file(npz(tmp_path, **arrays), labels)
    assert "pictures.npz" in str(caught.value)


def test_a_class_that_was_not_trained_on_is_said() -> None:
    assert places_of(np.array([7, 5, 7]), ("5", "7")).tolist() == [1, 0, 1]
    with pytest.raises(ValueError, match="there are images of a class '9', and none to train on"):
        places_of(np.array([5, 9]), ("5", "7"))


def test_a_line_trains_on_a_file_of_images_and_others_evaluate_and_predict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    npz(tmp_path, images=np.repeat(X, 3, axis=0), names=NAMES[np.repeat(Y, 3)])
    assert main(["train", "pictures.npz", "--network", "mlp", "--epochs", "8", "--quiet"]) == 0
    assert "150 images to train on, 30 held out" in capsys.readouterr().out
    assert main(["evaluate", "pictures.safetensors", "pictures.npz"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    shown = dict(words for words in lines if len(words) == 2)
    assert shown["images"] == "180"
    model = jn.load("pictures.safetensors")
    places = places_of(NAMES[np.repeat(Y, 3)], model.classes)
    accuracy = model.evaluate(np.repeat(X, 3, axis=0)[..., np.newaxis], places)["accuracy"]
    assert float(shown["accuracy"]) == pytest.approx(accuracy, abs=1e-4)
    assert accuracy > 0.9
    assert main(["predict", "pictures.safetensors", "pictures.npz", "--output", "said.csv"]) == 0
    said = pl.read_csv("said.csv")
    assert said["image"].to_list() == list(range(180))
    assert (said["prediction"].to_numpy() == NAMES[np.repeat(Y, 3)]).mean() == accuracy


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("train pictures.npz --target when", "there is no array 'when'"),
        ("train pictures.npz --image-size 8x8", "--image-size: it is for images, not for pict"),
        ("train one.npz", "must have images of at least two classes"),
        (
            "train sizes.npz",
            "have the shape (28, 28, 1), those to test with (9, 28, 1)",
        ),
        ("evaluate digits.safetensors pictures.npz", "the model takes no images"),
        ("evaluate digits.safetensors rows.csv --target y", "--target: it is for a file of images"),
    ],
)
def test_a_mistake_is_a_line(
    line: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    npz(tmp_path, images=X, y=Y)
    np.savez("one.npz", images=X, y=Y * 0)
    np.savez("sizes.npz", x_train=X, y_train=Y, x_test=X[:, :9], y_test=Y)
    Path("rows.csv").write_text("a,b\n1,2\n")
    layers = [jn.Dense(10)]
    jn.Sequential(layers, "softmax_crossentropy").build(64).save("digits.safetensors")
    with pytest.raises(SystemExit, match="2"):
        main(line.split())
    assert said in capsys.readouterr().err
