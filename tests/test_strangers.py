"""What stands in a stranger's file is never run, and its names are no places of files."""

from __future__ import annotations

import ast
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import jitnet as jn
from compiled import CHECKS, compile_c, compiled, run
from jitnet.cli import main
from jitnet.inference.serve import schema

pl = pytest.importorskip("polars", reason="a table needs polars")
pytest.importorskip("safetensors", reason="a model file needs safetensors")

PACKAGE = Path(jn.__file__).parent
KERNELS = {"kernels/cache.py", "compiling.py"}
"""What unpickles compiled kernels, from a folder that is the user's own, and from its own child."""
MODULES = {"dill", "joblib", "marshal", "pickle", "shelve"}
KEYWORDS = ("allow_pickle", "shell")
CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "torch.load"}

NAMES = (
    "../../x", "/etc/x", "..", "nul\0", "two\nlines\r\n", "*/ int x; /*", "say \"x\" 'y' \\",
    "<script>alert(1)</script>", "&lt;img src=x onerror=y&gt;", "$\\frac{$", "%s%n{0}", "\x1b[2J",
    "??/", "${x}", "é" * 200,
)  # fmt: skip
"""Of columns, of values and of classes."""
TARGET = "../../x \x1b[2J \0"
ROWS = 60


def runs_content(path: Path) -> list[str]:
    """What in a module makes objects or code of bytes."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if is_pickling(alias.name)]
        elif isinstance(node, ast.ImportFrom):
            found += [name for name in [node.module or ""] if is_pickling(name)]
        elif isinstance(node, ast.Call):
            found += [name for name in [ast.unparse(node.func)] if name in CALLS]
            given = {str(word.arg): ast.unparse(word.value) for word in node.keywords}
            found += [word for word in KEYWORDS if given.get(word, "False") != "False"]
    return found


def is_pickling(module: str) -> bool:
    return module.partition(".")[0] in MODULES


def test_nothing_makes_objects_or_code_of_a_files_content() -> None:
    found = {
        path.relative_to(PACKAGE).as_posix(): names
        for path in PACKAGE.rglob("*.py")
        if (names := runs_content(path))
    }
    assert set(found) == KERNELS, found


@pytest.mark.parametrize(
    "line",
    [
        "import pickle", "from joblib import load", "eval(x)", "np.load(x, allow_pickle=True)",
        "subprocess.run(x, shell=True)", "exec(x)", "os.system(x)", "torch.load(x)",
    ],
)  # fmt: skip
def test_each_way_to_run_content_is_seen(line: str, tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(line)
    assert runs_content(tmp_path / "module.py")


@pytest.fixture(scope="module")
def frame() -> Any:
    numbers = {f"{name} number": [float(k % 7) for k in range(ROWS)] for name in NAMES}
    words = {f"{name} word": [NAMES[k % 3 + at] for k in range(ROWS)]
             for at, name in enumerate(NAMES[:-3])}  # fmt: skip
    return pl.DataFrame(numbers | words | {TARGET: [NAMES[7 + k % 2 * 2] for k in range(ROWS)]})


@pytest.fixture(scope="module")
def content(frame: Any, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A model file that is full of such names."""
    path = tmp_path_factory.mktemp("made") / "model.safetensors"
    jn.TableModel(TARGET, epochs=1, hidden=(3,)).fit(frame).save(path)
    return path.read_bytes()


@pytest.fixture
def folder(content: bytes, frame: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder deep enough for names that lead out of it, with the model and rows for it."""
    here = tmp_path / "a" / "b"
    here.mkdir(parents=True)
    (here / "model.safetensors").write_bytes(content)
    frame.write_parquet(here / "rows.parquet")
    monkeypatch.chdir(here)
    return here


def files(folder: Path) -> set[str]:
    top = folder.parent.parent
    return {path.name for path in top.rglob("*") if path.is_file()}


class Page(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(name for name, _ in attrs)}


def test_names_of_a_model_are_no_places_of_files(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = files(folder)
    for words in (
        "info model.safetensors",
        "predict model.safetensors rows.parquet --probabilities --output predictions.csv",
        "evaluate model.safetensors rows.parquet",
        "report model.safetensors rows.parquet --output page.html",
        "export model.safetensors model.c",
        "export model.safetensors model.onnx",
    ):
        assert main(words.split()) == 0, words
    made = {"predictions.csv", "page.html", "model.c", "model.onnx"}
    assert files(folder) == given | made
    assert not Path("/etc/x").exists()
    said = capsys.readouterr()
    assert not {"\x1b", "\0"} & set(said.out + said.err), "nothing steers the terminal"
    page = Page((folder / "page.html").read_text(encoding="utf-8"))
    assert not page.found & {"script", "onerror", "iframe", "object", "form"}
    assert "<script" not in json.dumps(list(map(str, page.found)))


@compiled
def test_names_of_a_model_are_text_in_c(folder: Path, frame: Any) -> None:
    model = jn.load("model.safetensors")
    jn.to_c(model, "model.c")
    compile_c(*CHECKS, "-DJITNET_MAIN", "model.c", "-o", "predict")
    assert run(folder / "predict", "--self-test")[0] == 0


def test_a_schema_with_such_names_is_json(folder: Path) -> None:
    model = jn.load("model.safetensors")
    names = {column.name for column in model.table.columns}
    assert set(json.loads(json.dumps(schema(model)))["properties"]) == names


def test_a_model_of_characters_steers_no_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = [jn.Embedding(2, 2), jn.SimpleRNN(2, return_sequences=True), jn.Dense(2)]
    model = jn.Sequential(layers, "softmax_crossentropy").build(5)
    model.classes = ("\n", "\x1b")
    model.save(tmp_path / "text.safetensors")
    for is_seen in (False, True):
        monkeypatch.setattr("sys.stdout.isatty", lambda seen=is_seen: seen)
        assert main(["generate", str(tmp_path / "text.safetensors"), "--length", "50"]) == 0
        assert ("\x1b" in capsys.readouterr().out) is not is_seen, "what is piped on is as it is"
