"""In a notebook a fit's progress is one line, or the widget that notebooks have."""

from __future__ import annotations

from typing import Any

import pytest

nbclient = pytest.importorskip("nbclient", reason="a notebook is run by nbclient")
nbformat = pytest.importorskip("nbformat", reason="a notebook is made by nbformat")
pytest.importorskip("ipykernel", reason="a notebook's cells are run by ipykernel")

pytestmark = pytest.mark.filterwarnings("ignore:Proactor event loop does not:RuntimeWarning")
"""On Windows, where Jupyter's sockets run a loop of their own."""

WIDGET = "application/vnd.jupyter.widget-view+json"
FIT = """
import jitnet as jn
model = jn.Sequential([jn.Dense(1)], "mse")
for epochs in (1, 3):  # the first compiles, where nothing is cached
    history = model.fit([[1.0], [2.0]], [1.0, 2.0], epochs=epochs, progress=epochs > 1)
"""
WITHOUT = "import sys\nsys.modules[{!r}] = None\n"


def outputs(code: str) -> list[dict[str, Any]]:
    """What a cell leaves in a notebook."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PLATFORM_DIRS", "1")
        nbclient.NotebookClient(notebook, kernel_name="python3", timeout=300).execute()
    found: list[dict[str, Any]] = notebook.cells[0].outputs
    return found


def written(code: str) -> str:
    """What a cell writes, to the standard error stream alone."""
    found = outputs(code)
    assert {output["name"] for output in found} == {"stderr"}
    return "".join(output["text"] for output in found)


def test_with_widgets_there_is_one_and_no_text() -> None:
    pytest.importorskip("ipywidgets", reason="the widget is ipywidgets'")
    pytest.importorskip("tqdm", reason="the bar is tqdm's, from the extra cli")
    (shown,) = outputs(FIT)
    assert WIDGET in shown["data"]


@pytest.mark.parametrize("missing", ["ipywidgets", "tqdm"])
def test_without_widgets_or_without_tqdm_there_is_one_line(missing: str) -> None:
    if missing == "ipywidgets":
        pytest.importorskip("tqdm", reason="the bar is tqdm's, from the extra cli")
    text = written(WITHOUT.format(missing) + FIT)
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert "3/3" in text.split("\r")[-1]
    assert "loss" in text.split("\r")[-1]
