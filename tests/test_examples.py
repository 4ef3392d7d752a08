"""The examples in the docstrings run and give what they say."""

import doctest
import importlib
import pkgutil

import pytest

import jitnet

NEEDS = {
    "jitnet.export.from_torch": "torch",
    "jitnet.export.torch_modules": "torch",
    "jitnet.export.torch_reader": "torch",
    "jitnet.export.torch_reader_layers": "torch",
    "jitnet.export.torch_reader_sequences": "torch",
}
"""Modules that a package outside of the extra ``test`` has classes for."""


def module_names() -> list[str]:
    packages = pkgutil.walk_packages(jitnet.__path__, "jitnet.")
    return ["jitnet", *(module.name for module in packages if module.name != "jitnet.__main__")]


@pytest.mark.parametrize("name", module_names())
def test_examples_run(name: str) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason=f"{name} needs {NEEDS[name]}")
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0
