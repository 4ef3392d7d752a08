"""A table's model written as C compiles without a warning and predicts what it predicts here."""

import csv
import ctypes
import io
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import jitnet as jn
from compiled import CHECKS, compile_c, compiled, run
from exported_tables import (
    AWKWARD,
    CASES,
    Case,
    assert_as_predicted,
    expected_of,
    of_awkward_text,
    of_classes,
    of_dates,
    of_numbers,
    of_two_of_many_values,
    of_whole_numbers,
    values_of,
)
from jitnet.arrays import Array
from jitnet.export.c_source import c_source
from jitnet.export.c_table_main import row_constant
from jitnet.export.c_text import LONGEST, RESERVED, comment, field_names, literal
from jitnet.export.table import rows_to_test
from jitnet.inference.predict import predict_file
from jitnet.tabular.columns import Category, Column, Date, Number, Ordinal, Scale
from jitnet.tabular.reading import MISSING
from real_data import data_file

KINDS: dict[type, tuple[Any, Any]] = {
    Number: (ctypes.c_float, float("nan")),
    Ordinal: (ctypes.c_char_p, None),
    Date: (ctypes.c_longlong, -(2**63)),
    Category: (ctypes.c_char_p, None),
}
"""The type of a field, and what is missing in it."""


def row_of(columns: list[Column]) -> Any:
    """The struct of a row."""
    names = field_names(column.name for column in columns)
    kinds = [KINDS[type(column)][0] for column in columns]
    fields = list(zip(names, kinds, strict=True))
    return type("jitnet_row", (ctypes.Structure,), {"_fields_": fields})


def field(column: Column, value: Any) -> Any:
    if value is None:
        return KINDS[type(column)][1]
    return value.encode() if isinstance(value, str) else value


def predicted_in_c(function: Any, model: jn.TableModel, rows: pl.DataFrame) -> Array:
    """What a C function makes of rows, one by one."""
    columns, values = model.table.columns, values_of(model, rows)
    found = np.full((len(rows), model.table.target.n_outputs), np.nan, np.float32)
    kind = row_of(columns)
    for k, y in enumerate(found):
        row = kind(*(field(c, values[c.name][k]) for c in columns))
        function(ctypes.byref(row), ctypes.c_void_p(y.ctypes.data))
    return found


def library(models: list[jn.TableModel], folder: Path) -> ctypes.CDLL:
    """All models in one library, each under names of its own."""
    files = []
    for number, model in enumerate(models):
        names = "predict_in", "predict", "class"
        renamed = [f"#define jitnet_{name} {name}_{number}\n" for name in names]
        files.append(folder / f"{number}.c")
        files[-1].write_text("".join(renamed) + c_source(model))
    compile_c("-O1", "-shared", "-fPIC", "-o", folder / "all.so", *files)
    return ctypes.CDLL(str(folder / "all.so"))


def program(model: jn.TableModel, folder: Path, *flags: str) -> Path:
    """The program that a model is."""
    jn.to_c(model, folder / "model.c")
    compile_c("-DJITNET_MAIN", *flags, folder / "model.c", "-o", folder / "model")
    return folder / "model"


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> tuple[jn.TableModel, Path]:
    """A model of every kind of column, and its program."""
    model = of_classes().model()
    return model, program(model, tmp_path_factory.mktemp("classes"), *CHECKS)


def read(shown: str) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of CSV."""
    header, *rows = csv.reader(io.StringIO(shown, newline=""))
    return header, rows


@compiled
def test_every_kind_of_column_and_target_predicts_the_same(tmp_path: Path) -> None:
    cases = [maker() for maker in CASES.values()]
    models = [case.model() for case in cases]
    made = library(models, tmp_path)
    for number, (case, model) in enumerate(zip(cases, models, strict=True)):
        found = predicted_in_c(made[f"predict_{number}"], model, case.rows)
        assert_as_predicted(model, found, case.rows)
        name = getattr(made, f"class_{number}", None)
        classes = model.table.target.classes
        assert (name is not None) == bool(classes)
        if name is not None:
            name.restype = ctypes.c_char_p
            assert [name(k).decode() for k in range(len(classes))] == [*map(str, classes)]
            assert (name(-1), name(len(classes))) == (None, None)


@compiled
@pytest.mark.parametrize(
    "maker", [of_classes, of_awkward_text, of_dates, of_numbers, of_two_of_many_values]
)
def test_the_program_prints_what_jitnet_predict_prints(maker: Any, tmp_path: Path) -> None:
    case: Case = maker()
    model = case.model()
    path = program(model, tmp_path, *CHECKS)
    assert run(path, "--self-test")[0] == 0
    rows = case.rows.select(*reversed(case.rows.columns), pl.lit("not looked at").alias("more"))
    code, shown, errors = run(path, given=rows.write_csv())
    assert (code, errors) == (0, "")
    header, lines = read(shown)
    model.save(tmp_path / "model.safetensors")
    paths = tmp_path / "model.safetensors", tmp_path / "rows.csv", tmp_path / "expected.csv"
    paths[1].write_text(rows.write_csv(), encoding="utf-8", newline="")
    predict_file(*paths, probabilities=bool(model.table.target.classes))
    expected_header, expected = read(paths[2].read_bytes().decode())
    assert header == expected_header
    assert len(lines) == len(expected) == len(rows)
    if not model.table.target.classes:
        np.testing.assert_allclose(np.array(lines, float), np.array(expected, float), rtol=1e-5)
        return
    assert [line[0] for line in lines] == [line[0] for line in expected]
    found, probabilities = (
        np.array([line[1:] for line in part], float) for part in (lines, expected)
    )
    np.testing.assert_allclose(found, probabilities, atol=1e-5)


@compiled
@pytest.mark.parametrize("name", ["of text alone", "of numbers alone", "of logarithms"])
def test_a_program_has_nothing_that_it_does_not_need(name: str, tmp_path: Path) -> None:
    code, shown, _ = run(program(CASES[name]().model(), tmp_path, "-O0"), "--self-test")
    assert (code, shown[:23]) == (0, "8 rows, off by at most ")


@compiled
def test_a_file_may_look_as_files_do(classifier: tuple[jn.TableModel, Path]) -> None:
    model, path = classifier
    lines = [
        '\ufeff"grade", size ,"colour",sold,heated',
        'low,51.5,"red",2024-03-05,true',
        '"low" , "51.5 ",\tred ,2024-03-05T00:00:00.25,true\r',
        "",
        "low,1e99,NA,?,",
        " low ,inf,None,2024-03-05 00:00,  ",
        "",
        "",
    ]
    lines[2] = lines[2].replace('"51.5 "', "51.5")
    code, shown, errors = run(path, given="\n".join(lines))
    assert (code, errors) == (0, "")
    red = {"size": 51.5, "colour": "red", "grade": "low", "heated": True, "sold": "2024-03-05"}
    rows = [
        red,
        red | {"grade": "low"},
        dict.fromkeys(red),
        dict.fromkeys(red) | {"grade": "low", "size": 1e99},
        dict.fromkeys(red) | {"grade": "low", "sold": "2024-03-05"},
    ]
    expected = [model.predict_proba(row)[0] for row in rows]
    found = np.array([line[1:] for line in read(shown)[1]], np.float64)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@compiled
@pytest.mark.parametrize("word", MISSING)
def test_every_word_for_a_missing_value_is_one(
    word: str, classifier: tuple[jn.TableModel, Path]
) -> None:
    model, path = classifier
    code, shown, _ = run(path, given=f"size,colour,grade,heated,sold\n{','.join([word] * 5)}\n")
    assert code == 0
    found = np.array([line[1:] for line in read(shown)[1]], np.float64)
    names = [column.name for column in model.table.columns]
    np.testing.assert_allclose(found, model.predict_proba(dict.fromkeys(names)), atol=1e-5)


@compiled
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("size,colour,grade,heated\n", 'there is no column "sold"'),
        ("{}\n\n1,a,b,true\n", "row 2 has 4 fields, but there are 5 columns"),
        ("{}\n1x,a,b,true,\n", 'row 1, column "size": "1x" is not what the column has'),
        ("{}\n1,a,b,true,soon\n", 'row 1, column "sold": "soon" is not what the column has'),
        ("{}\n1,a,b,true,2023-02-29\n", 'row 1, column "sold": "2023-02-29" is not'),
        ("{}\n1,a,b,true,2024-02-28 24:00\n", 'row 1, column "sold": "2024-02-28 24:00" is not'),
        ('{}\n1,a,b,true,\n1,"a\n\n', "row 2: a quote is left open"),
    ],
)
def test_what_does_not_fit_is_named(
    given: str, said: str, classifier: tuple[jn.TableModel, Path]
) -> None:
    code, _, errors = run(classifier[1], given=given.format("size,colour,grade,heated,sold"))
    assert code == 1
    assert errors.startswith(f"{classifier[1]}: {said}")


@compiled
def test_no_file_at_all_prints_nothing(classifier: tuple[jn.TableModel, Path]) -> None:
    assert run(classifier[1]) == (0, "", "")


@compiled
def test_the_self_test_fails_where_the_table_is_another(
    classifier: tuple[jn.TableModel, Path], tmp_path: Path
) -> None:
    text = c_source(classifier[0])
    assert text.count('"blue"') > 1
    (tmp_path / "model.c").write_text(text.replace('"blue"', '"blau"', 1))
    compile_c("-DJITNET_MAIN", tmp_path / "model.c", "-o", tmp_path / "model")
    assert run(tmp_path / "model", "--self-test")[0] == 1


def test_the_struct_names_its_columns(classifier: tuple[jn.TableModel, Path]) -> None:
    text = c_source(classifier[0])
    for line in (
        'float size; /* "size": a number */',
        'const char *colour; /* "colour": a category */',
        'const char *heated; /* "heated": one of an order */',
        'long long sold; /* "sold": seconds since 1970-01-01 */',
    ):
        assert f"    {line}\n" in text


def test_fields_are_names_that_c_takes_each_once() -> None:
    names = ["int", "a b", "A-B", "a_b_2", "7", "\u4e2d\u6587", "Gr\u00f6\u00dfe", "__x", "linux"]
    fields = field_names([*names, *AWKWARD, "", "a b"])
    assert fields[:9] == [
        *("int_", "a_b", "a_b_2", "a_b_2_2", "column_7", "column", "grosse", "x", "linux_")
    ]
    assert len({*fields}) == len(fields)
    assert all(name.isidentifier() and name.isascii() for name in fields)
    assert not RESERVED & {*fields}


@compiled
def test_every_text_is_the_same_in_c(tmp_path: Path) -> None:
    texts = [*AWKWARD, "".join(map(chr, range(1, 700))), "\u00e9?" * LONGEST, "\u202e", "\\", ""]
    source = "\n".join(
        f"const char *t{k}(void) {{ return {literal(text)}; }} /* {comment(text)} */"
        for k, text in enumerate(texts)
    ).replace("return (const char[])", "static const char a[] = ")
    source = source.replace(", 0}; }", ", 0}; return a; }")
    declared = "\n".join(f"const char *t{k}(void);" for k in range(len(texts)))
    (tmp_path / "texts.c").write_text(f"{declared}\n{source}\n", encoding="utf-8")
    compile_c("-O0", "-shared", "-fPIC", "-o", tmp_path / "texts.so", tmp_path / "texts.c")
    made = ctypes.CDLL(str(tmp_path / "texts.so"))
    for k, text in enumerate(texts):
        function = made[f"t{k}"]
        function.restype = ctypes.c_char_p
        assert function().decode() == text


@compiled
@pytest.mark.parametrize(
    ("maker", "name", "other"),
    [
        (of_classes, "heated", pl.col("heated").cast(pl.String).str.to_uppercase()),
        (of_whole_numbers, "code", pl.col("code").cast(pl.String) + ".0"),
    ],
)
def test_a_truth_value_and_a_number_are_known_however_they_are_written(
    maker: Any, name: str, other: pl.Expr, tmp_path: Path
) -> None:
    case: Case = maker()
    rows, path = case.rows[:50], program(case.model(), tmp_path, *CHECKS)
    written = rows.with_columns(other.alias(name))
    usual = run(path, given=rows.write_csv())
    assert run(path, given=written.write_csv()) == usual
    unknown = rows.with_columns(pl.lit("none of them").alias(name))
    assert run(path, given=unknown.write_csv())[1] != usual[1]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "column",
    [
        Number("x", (Scale(700.0, 300.0, 0.0, unit=1e10),)),
        Number("x", (Scale(1e300, 1.0, 0.0),)),
        Date("x", (Scale(-1e30, 1.0, 0.0),) * 5),
    ],
)
def test_rows_to_test_with_are_numbers_and_dates_whatever_the_scale(column: Column) -> None:
    constants = [row_constant([column], row) for row in rows_to_test([column], 4)]
    assert not any("inf" in text for text in constants)


@compiled
def test_adults_rows_are_predicted_the_same(tmp_path: Path) -> None:
    from jitnet.tabular.reading import read_table

    frame = read_table(data_file("adult/adult.data.gz"), header=False)
    model = jn.TableModel(frame.columns[-1], epochs=1).fit(frame)
    rows = frame[:3000]
    path = program(model, tmp_path, "-O1")
    assert run(path, "--self-test")[0] == 0
    code, shown, errors = run(path, given=rows.write_csv())
    assert (code, errors) == (0, "")
    found = np.array([line[1:] for line in read(shown)[1]], np.float64)
    np.testing.assert_allclose(found, expected_of(model, rows), atol=1e-5)
