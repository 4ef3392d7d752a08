"""The command line trains on images with the options that it has for tables."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

import jitnet as jn
from idx_files import write_set
from jitnet.cli import main
from pages import written

pytest.importorskip("safetensors", reason="a model is written with safetensors")
Image = pytest.importorskip("PIL.Image", reason="images are read by Pillow")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a folder of images, brighter and darker ones."""
    monkeypatch.chdir(tmp_path)
    write_folder(tmp_path / "images", 40, seed=0)
    return tmp_path


def write_folder(folder: Path, count: int, *, seed: int, size: tuple[int, int] = (8, 8)) -> None:
    rng = np.random.default_rng(seed)
    for name, low in (("bright", 90), ("dark", 60)):
        (folder / name).mkdir(parents=True)
        for k in range(count):
            pixels = rng.integers(low, low + 100, size).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{k:02d}.png")


def run(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main([*line.split(), "--quiet"]) == 0
    return capsys.readouterr().out


def refused(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as end:
        main([*line.split(), "--quiet"])
    assert end.value.code == 2
    return capsys.readouterr().err


def figure(shown: str, name: str) -> str:
    (line,) = [line for line in shown.splitlines() if line.startswith(name)]
    return line[16:].strip()


SHORT = "--network mlp --hidden 16 --epochs 2"


@pytest.mark.parametrize(
    ("options", "counts"),
    [
        ("", "64 images to train on, 16 held out"),
        ("--test 0.1", "72 images to train on, 8 held out"),
        ("--validation 0.25", "48 images to train on, 16 to validate on, 16 held out"),
        ("--test 0.5 --validation 0.1", "36 images to train on, 4 to validate on, 40 held out"),
        ("--split 70,20,10", "56 images to train on, 16 to validate on, 8 held out"),
    ],
)
def test_images_are_held_out_by_shares_of_each_class(
    options: str, counts: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = run(f"train images {SHORT} {options}", capsys)
    assert figure(shown, "images ") == counts
    held_out = int(counts.split()[-3])
    rows = [
        line.split()[:2] for line in shown.splitlines() if line[:7].strip() in ("bright", "dark")
    ]
    assert rows == [["bright", str(held_out // 2)], ["dark", str(held_out // 2)]]


def test_another_seed_holds_out_other_images(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = f"train images {SHORT} --baseline --test 0.3 --seed"
    scores = [figure(run(f"{line} {k}", capsys), "boosting").split(";")[0] for k in (0, 0, 1, 2)]
    assert scores[0] == scores[1], "boosting sees the same images"
    assert len(set(scores)) == 3


def test_images_to_test_with_may_lie_elsewhere_and_have_another_size(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_folder(here / "others", 15, seed=7, size=(16, 12))
    shown = run(f"train images {SHORT} --test others --validation others", capsys)
    counts = "80 images to train on, 30 to validate on, 30 held out"
    assert figure(shown, "images ") == counts
    evaluated = run_without_quiet("evaluate images.safetensors others", capsys)
    assert float(figure(evaluated, "accuracy")) == float(figure(shown, "test accuracy"))


def run_without_quiet(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(line.split()) == 0
    return capsys.readouterr().out


def test_the_weights_of_the_epoch_that_validates_best_are_kept(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_folder(here / "others", 30, seed=3)
    long = "--network mlp --hidden 64 --epochs 60 --learning-rate 0.02"
    shown = run(f"train images {long} --validation others --test others", capsys)
    said = figure(shown, "validation").split()
    assert int(said[4].strip(",")) < 60, "so that there is something to go back to"
    X, y, _ = jn.datasets.load_image_folder(here / "others")
    loss = jn.load(here / "images.safetensors").evaluate(X, y)["loss"]
    assert f"{loss:.4f}" == said[1]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("train mnist --data files --test 0.2", "--test: 'mnist' has images to test with"),
        ("train mnist --data files --split 7,1,2", "--split: 'mnist' has images to test with"),
        ("train digits --validation images", "the digits are rows of numbers; give a share"),
        ("train images --test nowhere", "--test: 'nowhere' is no folder or file of images"),
        ("train images --test strange", "--test: there are images of a class 'cat', and none to"),
        ("train images --split 7,1,2 --test 0.2", "--split: it goes without --test and --valid"),
        ("train images --validation 0.001", "of 64 images 0% of each class are none to"),
        ("train images --search-minutes 1", "--search: it says how many settings are tried"),
        ("train images --cross-validate 1", "--cross-validate: expected at least 2, got 1"),
        ("train images --cross-validate 65", "64 examples are too few for 65 folds"),
        ("train images --report a.html --output a.html", "--report: 'a.html' is where --output"),
        (
            "train images --report a.html --output strange/../a.html",
            "--report: 'a.html' is where --out",
        ),
        (
            "train images --search 2 --search-file strange/cat/1.png --test strange/cat/1.png",
            "--search-file: 'strange/cat/1.png' is the input itself",
        ),
        ("train images --group bright", "--group: it is for a table's file, not for images"),
        ("train images --ensemble 3", "--ensemble: it is for a table's file, not for images"),
        ("train images --network mlp --filters 8", "the network 'mlp' has no convolutions"),
        ("train images --filters 8,8,8,8", "are larger than its input"),
        ("train images --output images/dark/00.png --test images/dark/00.png", "--output"),
        ("search text essay.txt", "a search is for tables and images, not for a text"),
        ("train text essay.txt --search 3", "--search: it is for a table's file, not for text"),
    ],
)
def test_a_mistake_is_said_before_any_work(
    line: str, words: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_set(here / "files")
    (here / "strange" / "cat").mkdir(parents=True)
    (here / "strange" / "dog").mkdir()
    for name in ("cat/1.png", "dog/1.png"):
        Image.new("L", (8, 8)).save(here / "strange" / name)
    (here / "essay.txt").write_text("to be or not to be " * 500)
    before = sorted(here.rglob("*"))
    assert words in refused(line, capsys)
    assert sorted(here.rglob("*")) == before


def test_a_cross_validation_scores_each_fold(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = run("train images --network mlp --hidden 16 --epochs 20 --cross-validate 4", capsys)
    folds = [float(figure(shown, f"fold {k}").split()[1]) for k in range(1, 5)]
    assert figure(shown, "4 folds") == f"accuracy {np.mean(folds):.4f} ± {np.std(folds):.4f}"
    assert {round(16 * score, 3) % 1 for score in folds} == {0}, "each is on 16 images"


def test_a_search_trains_with_the_best_settings(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = run("search images --search 4 --epochs 2 --search-plot tries.png", capsys)
    assert "4 settings tried" in shown
    assert "54 images to train on, 10 to validate on" in shown, "a seventh of each class"
    filters, hidden = shown.split("batch\n")[1].split()[2:4]
    best = [f"conv{n}-pool" for n in filters.split("-")] + [hidden] * (hidden != "none")
    assert f"8×8×1-{'-'.join(best)}-2, 2 epochs" in figure(shown, "network")
    assert Path("tries.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_given_is_not_searched_for(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = "--filters 4 --hidden 8 --dropout 0.25 --batch-size 16 --epochs 1"
    shown = run(f"train images --search 3 --threads 1 {given}", capsys)
    rows = [line.split() for line in shown.split("batch\n")[1].splitlines()[:3]]
    assert {(row[2], row[3], row[4], row[7]) for row in rows} == {("4", "8", "0.25", "16")}
    assert len({row[5] for row in rows}) > 1, "two of three rates may look alike"


def test_a_search_goes_on_in_its_file_and_refuses_anothers(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = "train images --network mlp --epochs 1 --search-file tries"
    run(f"{line} --search 2", capsys)
    assert "3 settings tried" in run(f"{line} --search 3", capsys)
    assert "a search for other data or with others" in refused(
        f"{line} --search 3 --test 0.5", capsys
    )


def test_boosting_is_scored_on_the_same_images(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = run(f"train digits {SHORT} --baseline", capsys)
    X, y = jn.datasets.load_digits()
    held_out = jn.datasets.every_nth_of_each_class(y)
    trees = HistGradientBoostingClassifier(random_state=0).fit(X[~held_out] / 16, y[~held_out])
    accuracy = trees.score(X[held_out] / 16, y[held_out])
    assert figure(shown, "boosting").startswith(f"accuracy {accuracy:.4g}, AUC ")


def test_a_report_has_scores_mistakes_filters_and_curves(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="pictures are drawn with matplotlib")
    shown = run(f"train images {SHORT} --report report.html --baseline", capsys)
    page = written(here / "report.html")
    text = " | ".join(page.text)
    parts = [
        "images: a report",
        "bright",
        "dark",
        figure(shown, "test accuracy"),
        "gradient boosting",
        "Where it is most wrong",
        "What its first layer looks for",
        "Dense, relu",
        "weight (64, 16), bias (16,)",
        "Epoch by epoch",
        "2 epochs",
    ]
    assert [part for part in parts if part not in text] == []
    assert all(address.startswith("data:image/") for address in page.addresses)
    assert "script" not in page.tags


def test_a_models_file_and_a_folder_make_a_report_too(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="pictures are drawn with matplotlib")
    run(f"train images {SHORT}", capsys)
    write_folder(here / "others", 9, seed=7)
    run_without_quiet("report images.safetensors others --output page.html", capsys)
    text = " | ".join(written(here / "page.html").text)
    assert "others: a report" in text
    assert "18" in text


def test_all_pictures_of_images_are_drawn_into_a_folder(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="pictures are drawn with matplotlib")
    shown = run(f"train images {SHORT} --plot pictures", capsys)
    names = "curves, confusion, calibration, mistakes, filters"
    assert figure(shown, "pictures") == f"pictures: {names}"
    assert sorted(path.stem for path in (here / "pictures").iterdir()) == sorted(names.split(", "))
