"""MNIST and Fashion-MNIST are found under all their names, and what is missing is said."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from idx_files import COUNTS, FORMS, PUBLISHED, bars, idx, write_set
from jitnet.datasets import load_fashion_mnist, load_mnist
from real_data import data_file

SETS = {
    "mnist": (load_mnist, "https://ossci-datasets.s3.amazonaws.com/mnist/", "CC BY-SA 3.0"),
    "fashion-mnist": (
        load_fashion_mnist,
        "https://github.com/zalandoresearch/fashion-mnist",
        "MIT",
    ),
}
FILES = [
    PUBLISHED[:-3].format(part=part, kind=kind, axes=axes)
    for part in COUNTS
    for kind, axes in (("images", 3), ("labels", 1))
]
DIGITS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]


def check(found: Any) -> None:
    """What was loaded is what `write_set` wrote."""
    for (X, y), count in zip(found, COUNTS.values(), strict=True):
        expected = bars(count)
        np.testing.assert_array_equal(X, expected[0])
        np.testing.assert_array_equal(y, expected[1])
        assert (X.dtype, y.dtype) == (np.uint8, np.int64)


@pytest.mark.parametrize("form", FORMS)
def test_the_files_may_have_any_of_their_names(form: str, tmp_path: Path) -> None:
    check(load_mnist(write_set(tmp_path, form)))


def test_a_folder_of_a_files_name_is_passed_over(tmp_path: Path) -> None:
    (write_set(tmp_path) / FILES[0]).mkdir()
    check(load_mnist(tmp_path))


def test_images_that_are_not_packed_are_mapped(tmp_path: Path) -> None:
    (X, _), _ = load_mnist(write_set(tmp_path, FORMS[1]))
    assert isinstance(X, np.memmap)


@pytest.mark.parametrize("name", SETS)
def test_without_a_folder_it_is_looked_for_below_jitnet_data(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_set(tmp_path / name)
    monkeypatch.setenv("JITNET_DATA", str(tmp_path))
    check(SETS[name][0]())


def refused(load: Callable[..., Any], *folder: Path) -> str:
    with pytest.raises(FileNotFoundError) as error:
        load(*folder)
    return str(error.value)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("missing", FILES)
def test_a_missing_file_is_named_with_where_it_is_to_be_had(
    missing: str, name: str, tmp_path: Path
) -> None:
    load, address, licence = SETS[name]
    (write_set(tmp_path) / f"{missing}.gz").unlink()
    message = refused(load, tmp_path)
    assert message.startswith(f"there is no {missing}, packed (.gz) or not, in {str(tmp_path)!r}")
    assert address in message
    assert licence in message


@pytest.mark.parametrize("name", SETS)
def test_a_missing_folder_is_named_with_where_its_files_are_to_be_had(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, address, licence = SETS[name]
    nowhere = tmp_path / "nowhere"
    monkeypatch.setenv("JITNET_DATA", str(tmp_path))
    for message in (refused(load, nowhere), refused(load)):
        assert message.startswith(f"there is no folder {str(tmp_path)!r}"[:-1])
        assert address in message
        assert licence in message
    monkeypatch.setenv("JITNET_DATA", "")
    message = refused(load)
    assert f"set JITNET_DATA to the folder that has them in {name}; " in message
    assert address in message
    assert licence in message


def test_images_and_labels_that_are_swapped_are_refused(tmp_path: Path) -> None:
    write_set(tmp_path, FORMS[1])
    images, labels = (tmp_path / name for name in FILES[:2])
    shutil.copy(images, tmp_path / "kept")
    shutil.copy(labels, images)
    with pytest.raises(ValueError, match=r"in the shape \(60,\), expected are images .*swapped"):
        load_mnist(tmp_path)
    shutil.copy(tmp_path / "kept", images)
    shutil.copy(images, labels)
    with pytest.raises(ValueError, match=r"shape \(60, 28, 28\), expected are labels .*swapped"):
        load_mnist(tmp_path)


def test_files_of_different_parts_are_refused(tmp_path: Path) -> None:
    write_set(tmp_path, FORMS[1])
    shutil.copy(tmp_path / FILES[3], tmp_path / FILES[1])
    with pytest.raises(ValueError, match="has 60 images and 30 labels of 'train'"):
        load_mnist(tmp_path)


@pytest.mark.parametrize("other", [np.zeros((60, 32, 32), np.uint8), np.zeros((60, 28, 28), "f4")])
def test_images_of_another_size_or_type_are_refused(other: Any, tmp_path: Path) -> None:
    write_set(tmp_path, FORMS[1])
    (tmp_path / FILES[0]).write_bytes(idx(other))
    with pytest.raises(ValueError, match=re.escape("expected are images of uint8, (n, 28, 28)")):
        load_mnist(tmp_path)


@pytest.mark.parametrize(
    ("name", "counts", "first"),
    [("mnist", DIGITS, [5, 0, 4, 1, 9]), ("fashion-mnist", [6000] * 10, [9, 0, 0, 3, 0])],
)
def test_the_published_files_have_each_class_as_often_as_published(
    name: str, counts: list[int], first: list[int]
) -> None:
    (X, y), (X_test, y_test) = SETS[name][0](data_file(name))
    assert (X.shape, X_test.shape, y_test.shape) == ((60_000, 28, 28), (10_000, 28, 28), (10_000,))
    assert np.bincount(y).tolist() == counts
    assert y[:5].tolist() == first
    assert X.max() == 255
