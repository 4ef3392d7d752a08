"""The version is that of the package which is imported, and ``pyproject.toml`` is its one home."""

import importlib.metadata
import tomllib
from pathlib import Path

import pytest

import jitnet as jn
from jitnet import version


def test_in_a_checkout_it_is_the_projects() -> None:
    project = Path(jn.__file__).parents[1] / "pyproject.toml"
    if not project.exists():
        pytest.skip("the package is installed, apart from its checkout")
    assert jn.__version__ == tomllib.loads(project.read_text("utf-8"))["project"]["version"]
    assert "__version__" in dir(jn)


@pytest.mark.parametrize(
    "beside", [None, '[project]\nname = "other"\nversion = "9"\n', "no toml =", "[project]\n"]
)
def test_elsewhere_it_is_the_installed_ones(
    beside: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(version, "PROJECT", tmp_path / "pyproject.toml")
    if beside is not None:
        version.PROJECT.write_text(beside)
    try:
        installed = importlib.metadata.version("jitnet")
    except importlib.metadata.PackageNotFoundError:
        installed = version.UNKNOWN
    assert jn.__version__ == installed


def test_a_copy_that_nobody_installed_has_one_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_there(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(version, "PROJECT", tmp_path / "pyproject.toml")
    monkeypatch.setattr(version, "version", not_there)
    assert jn.__version__ == "0+unknown"
