"""The version, whose one home is ``pyproject.toml``."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
UNKNOWN = "0+unknown"


def package_version() -> str:
    """The version of what is imported: the checkout's it lies in, else the installed one's.

    Examples
    --------
    >>> package_version().split(".")[0]
    '0'
    """
    try:
        project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
        if project["name"] == "jitnet":
            return str(project["version"])
    except (OSError, KeyError, ValueError):  # no checkout
        pass
    try:
        return version("jitnet")
    except PackageNotFoundError:
        return UNKNOWN
