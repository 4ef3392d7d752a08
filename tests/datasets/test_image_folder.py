"""A folder of images: read, trained on, and predicted."""

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import EpsImagePlugin, Image

import jitnet as jn
from jitnet.cli import main
from jitnet.datasets import load_image_folder


def write(path: Path, pixels: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Bright and dark images, grey."""
    for name, low in (("bright", 180), ("dark", 10)):
        for k in range(20):
            pixels = rng.integers(low, low + 60, (9, 12)).astype(np.uint8)
            write(tmp_path / "images" / name / f"{k:02d}.png", pixels)
    return tmp_path / "images"


def test_folders_are_classes_in_alphabetical_order(folder: Path) -> None:
    X, y, classes = load_image_folder(folder)
    assert classes == ("bright", "dark")
    assert X.shape == (40, 9, 12, 1)
    assert X.dtype == np.uint8
    assert y.tolist() == [0] * 20 + [1] * 20
    with Image.open(folder / "dark" / "03.png") as image:
        np.testing.assert_array_equal(X[23, :, :, 0], np.asarray(image))


def test_one_colour_image_gives_all_three_channels(folder: Path) -> None:
    write(folder / "dark" / "zz.png", np.zeros((9, 12, 3), np.uint8))
    assert load_image_folder(folder).X.shape == (41, 9, 12, 3)


def test_channels_may_be_said(folder: Path) -> None:
    X = load_image_folder(folder).X
    coloured = load_image_folder(folder, channels=3).X
    np.testing.assert_array_equal(coloured, X.repeat(3, axis=-1))
    np.testing.assert_array_equal(load_image_folder(folder, channels=1).X, X)
    with pytest.raises(ValueError, match="channels must be 1 or 3, got 2"):
        load_image_folder(folder, channels=2)


def test_other_sizes_are_refused_or_brought_to_one(folder: Path) -> None:
    write(folder / "dark" / "zz.png", np.zeros((5, 5), np.uint8))
    with pytest.raises(ValueError, match=r"zz.png' has 5×5 pixels, and .*00.png' 9×12"):
        load_image_folder(folder)
    assert load_image_folder(folder, size=(8, 6)).X.shape == (41, 8, 6, 1)


def test_what_is_no_image_is_named(folder: Path) -> None:
    (folder / "dark" / "zz.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"zz.png' is no image, or damaged"):
        load_image_folder(folder)
    content = (folder / "dark" / "00.png").read_bytes()
    (folder / "dark" / "zz.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"zz.png' is no image, or damaged"):
        load_image_folder(folder)


def test_a_few_bytes_that_say_they_are_a_gigabyte_are_refused(folder: Path) -> None:
    whole = (folder / "dark" / "00.png").read_bytes()
    for side in (9000, 12_000, 100_000):  # Pillow takes the first, warns of the second
        head = b"IHDR" + side.to_bytes(4, "big") * 2 + whole[24:29]
        content = whole[:12] + head + zlib.crc32(head).to_bytes(4, "big") + whole[33:]
        (folder / "dark" / "zz.png").write_bytes(content)
        with pytest.raises(ValueError, match=r"zz.png' is no image, or damaged: .* pixels"):
            load_image_folder(folder)


def test_a_damaged_number_within_a_file_is_said(folder: Path) -> None:
    """Pixels that begin at a fraction of a byte, for which Pillow has no error of its own."""
    path = folder / "dark" / "zz.tif"
    Image.fromarray(np.zeros((9, 12), np.uint16)).save(path)
    content = path.read_bytes()
    (place,) = (content.find(tag) for tag in (b"\x11\1\3\0", b"\x11\1\4\0") if tag in content)
    path.write_bytes(content[: place + 2] + bytes([12]) + content[place + 3 :])
    with pytest.raises(ValueError, match=r"zz.tif' is no image, or damaged"):
        load_image_folder(folder)


def test_no_program_is_started_for_a_format_that_is_none_of_images(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pillow runs Ghostscript for PostScript, whatever the file is called."""
    started: list[Any] = []
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *given: started.append(given))
    Image.new("L", (12, 9)).save(folder / "dark" / "zz.eps")
    (folder / "dark" / "zz.eps").rename(folder / "dark" / "zz.png")
    with pytest.raises(ValueError, match=r"zz.png' is no image, or damaged"):
        load_image_folder(folder)
    assert not started


def test_a_folder_without_two_classes_is_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ValueError, match="a folder of images for each class, at least two"):
        load_image_folder(folder / "dark")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        load_image_folder(tmp_path / "none")


def test_a_model_of_coloured_images_evaluates_grey_ones_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder.parent)
    write(folder / "dark" / "zz.png", np.zeros((9, 12, 3), np.uint8))
    words = "--epochs 2 --hidden 16 --quiet --checkpoints kept"
    assert main(f"train images {words}".split()) == 0
    assert jn.load("kept/best.safetensors").classes == ("bright", "dark")
    (folder / "dark" / "zz.png").unlink()
    assert main(["evaluate", "images.safetensors", "images"]) == 0
    assert "accuracy" in capsys.readouterr().out


def test_a_model_of_images_is_kept_though_its_picture_cannot_be_drawn(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("no picture")

    monkeypatch.chdir(folder.parent)
    monkeypatch.setattr("jitnet.train.images.draw", fails)
    assert main(["train", "images", "--epochs", "1", "--hidden", "16", "--quiet"]) == 1
    assert "no picture" in capsys.readouterr().err
    assert jn.load("images.safetensors").classes == ("bright", "dark")


def test_from_a_folder_to_predictions(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder.parent)
    assert main(["train", "images", "--epochs", "40", "--hidden", "16", "--quiet"]) == 0
    shown = capsys.readouterr().out
    assert "32 images to train on, 8 held out" in shown
    assert "classes         bright, dark" in shown
    model = jn.load("images.safetensors")
    assert model.classes == ("bright", "dark")
    line = "predict images.safetensors images --output said.csv --probabilities"
    assert main(line.split()) == 0
    said = pl.read_csv("said.csv")
    assert said.columns == ["file", "prediction", "probability of bright", "probability of dark"]
    expected = [name.split("/")[0] for name in said["file"]]
    assert said["prediction"].to_list() == expected
    np.testing.assert_allclose(
        said["probability of dark"], model.predict(load_image_folder(folder).X)[:, 1], atol=1e-6
    )


def test_a_model_of_rows_takes_no_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder.parent)
    jn.Sequential([jn.Dense(2)], "mse").build(3).save("rows.safetensors")
    with pytest.raises(SystemExit):
        main(["predict", "rows.safetensors", "images"])
    assert "the model takes no images" in capsys.readouterr().err
