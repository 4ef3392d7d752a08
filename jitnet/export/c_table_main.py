"""The program that a table's model in C is with ``-DJITNET_MAIN``: it predicts rows of CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from string import Template
from typing import Any

import numpy as np

from jitnet.export.c_csv import READERS, RECORDS
from jitnet.export.c_text import literal
from jitnet.export.c_writer import Source, braced, number_of
from jitnet.export.table import places_of, rows_to_test, seconds_of
from jitnet.tabular.columns import Category, Column, Date, Number, Ordinal
from jitnet.tabular.model import TableModel
from jitnet.tabular.reading import MISSING
from jitnet.tabular.target import Target
from jitnet.tabular.values import TRUTH, text_of_one

ROWS_TO_TEST = 8

MAIN = """\
#ifdef JITNET_MAIN

#include <float.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = $count, COLUMNS = $columns, MISSING = $n_missing };

static const jitnet_row rows[ROWS] = $rows;

static const double predictions[ROWS * JITNET_OUTPUTS] = $predictions;

static const char *const columns[COLUMNS] = $names;

/* What is printed above the predictions. */
static const char *const titles[] = $titles;

/* What a missing value is written as. */
static const char *const missing_words[MISSING] = $missing;
$printed
/* Whether the rows' predictions are those that jitnet made of them, to 1e-5 of each, or of what
   counts as much. */
static int self_test(void)
{
    $real y[JITNET_OUTPUTS];
    double worst = 0;
    for (int r = 0; r < ROWS; r++) {
        jitnet_predict(rows + r, y);
        for (int k = 0; k < JITNET_OUTPUTS; k++) {
            const double expected = predictions[r * JITNET_OUTPUTS + k];
            const double off = fabs(y[k] - expected) / fmax(fabs(expected), $scale);
            if (!(off <= worst))
                worst = off;
        }
    }
    printf("%d rows, off by at most %.1e\\n", (int)ROWS, worst);
    return worst <= 1e-5 ? 0 : 1;
}

$records$readers
/* Read texts, one a column, NULL where it is missing; the first column whose text does not fit, or
   COLUMNS. */
static int read_row(const char *const *texts, jitnet_row *row)
{
$assigned
    return COLUMNS;
}

static int print_row(const char *const *texts, unsigned long number, const char *program)
{
    jitnet_row row;
    $real y[JITNET_OUTPUTS];
    const int wrong = read_row(texts, &row);
    if (wrong < COLUMNS) {
        fprintf(
            stderr, "%s: row %lu, column \\"%s\\": \\"%s\\" is not what the column has\\n", program,
            number, columns[wrong], texts[wrong]);
        return 1;
    }
    jitnet_predict(&row, y);
$print
    return 0;
}

int main(int argc, char **argv)
{
    static const char *nothing[COLUMNS], *texts[COLUMNS];
    size_t places[COLUMNS], fields;
    unsigned long number = 0, empty = 0; /* empty lines count if others follow */
    static record r;
    if (argc == 2 && strcmp(argv[1], "--self-test") == 0)
        return self_test();
    if (argc != 1) {
        fprintf(stderr, "usage: %s [--self-test] < rows.csv\\n", argv[0]);
        return 2;
    }
    int found = read_record(&r);
    fields = r.fields;
    for (int c = 0; found > 0 && c < COLUMNS; c++) {
        for (places[c] = 0; places[c] < fields; places[c]++)
            if (strcmp(field(&r, places[c]), columns[c]) == 0)
                break;
        if (places[c] == fields) {
            fprintf(stderr, "%s: there is no column \\"%s\\"\\n", argv[0], columns[c]);
            return 1;
        }
    }
    for (size_t t = 0; found > 0 && t < sizeof titles / sizeof *titles; t++)
        printf(t ? ",%s" : "%s", titles[t]);
    if (found > 0)
        printf("\\n");
    while (found > 0 && (found = read_record(&r)) > 0) {
        if (r.fields == 1 && *field(&r, 0) == '\\0') {
            empty++;
            continue;
        }
        for (; empty > 0; empty--)
            print_row(nothing, ++number, argv[0]);
        number++;
        if (r.fields != fields) {
            fprintf(
                stderr, "%s: row %lu has %lu fields, but there are %lu columns\\n", argv[0], number,
                (unsigned long)r.fields, (unsigned long)fields);
            return 1;
        }
        for (int c = 0; c < COLUMNS; c++)
            texts[c] = value(&r, places[c]);
        if (print_row(texts, number, argv[0]) != 0)
            return 1;
    }
    if (found < 0) {
        fprintf(stderr, "%s: row %lu: a quote is left open\\n", argv[0], number + empty + 1);
        return 1;
    }
    return 0;
}

#endif
"""

KNOWN = """
/* The numbers that column $place has as categories. */
static const char *const known_$place[] = $values;
"""

PRINTED = """
/* The classes as CSV has them. */
static const char *const printed[JITNET_OUTPUTS] = $classes;
"""

PRINT_CLASS = """\
    int best = 0;
    for (int k = 1; k < JITNET_OUTPUTS; k++)
        if (y[k] > y[best])
            best = k;
    printf("%s", printed[best]);
    for (int k = 0; k < JITNET_OUTPUTS; k++)
        printf(",%.${digits}g", y[k]);
    printf("\\n");"""

PRINT_NUMBER = """\
    printf("%.${digits}g\\n", y[0]);"""


def table_program(model: TableModel, source: Source, fields: Sequence[str]) -> str:
    """The program, with rows to test itself and what is predicted of them."""
    columns, target = model.table.columns, model.table.target
    rows = rows_to_test(columns, ROWS_TO_TEST)
    readers = {_reader_of(column) for column in columns}
    names = [str(text_of_one(name)) for name in target.classes]
    titles = [target.name, *(f"probability of {name}" for name in names)]
    printed = Template(PRINTED).substitute(classes=_quoted(names)) if names else ""
    return Template(MAIN).substitute(
        count=len(rows),
        columns=len(columns),
        n_missing=len(MISSING),
        real=source.real,
        rows=braced((row_constant(columns, row) for row in rows), a_line=1),
        predictions=braced(number_of(x, "double") for row in rows for x in _expected(model, row)),
        names=braced(literal(column.name.strip()) for column in columns),
        titles=_quoted(titles),
        missing=braced(map(literal, MISSING)),
        printed=printed,
        scale=_scale(target),
        records=RECORDS,
        readers="".join(text for name, text in READERS.items() if name in readers)
        + "".join(_known(place, column) for place, column in enumerate(columns)),
        assigned="\n".join(
            _assigned(place, column, field)
            for place, (column, field) in enumerate(zip(columns, fields, strict=True))
        ),
        print=Template(PRINT_CLASS if names else PRINT_NUMBER).substitute(digits=source.digits),
    )


def _quoted(texts: Sequence[str]) -> str:
    """Texts as CSV has them, as constants of C's."""
    quoted = []
    for text in texts:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow([text])
        quoted.append(literal(line.getvalue()[:-1]))
    return braced(quoted)


def _reader_of(column: Column) -> str | None:
    """What reads a column's texts; None where they stay as they are."""
    if isinstance(column, Number | Date):
        return "read_number" if isinstance(column, Number) else "read_date"
    if column.values == TRUTH:
        return "read_truth"
    return "read_value" if getattr(column, "of_numbers", False) else None


def _known(place: int, column: Column) -> str:
    """The numbers that a column has as categories."""
    if not isinstance(column, Category) or not column.of_numbers:
        return ""
    values = braced(map(literal, places_of(column).values))
    return Template(KNOWN).substitute(place=place, values=values)


def _assigned(place: int, column: Column, field: str) -> str:
    reader, text = _reader_of(column), f"texts[{place}]"
    if isinstance(column, Number | Date):
        return f"    if (!{reader}({text}, &row->{field}))\n        return {place};"
    if reader == "read_value":
        text += f", known_{place}, sizeof known_{place} / sizeof *known_{place}"
    return f"    row->{field} = {reader}({text});" if reader else f"    row->{field} = {text};"


def row_constant(columns: Sequence[Column], row: dict[str, Any]) -> str:
    """A row as a constant of the struct's."""
    return "{" + ", ".join(VALUES[type(c)](row[c.name]) for c in columns) + "}"


def _text(value: str | None) -> str:
    return "NULL" if value is None or "\0" in value else literal(value)


def _number(value: float | None) -> str:
    return "NAN" if value is None else number_of(value, "float")


def _date(value: Any) -> str:
    return "JITNET_NO_DATE" if value is None else f"{seconds_of(value)}LL"


VALUES: dict[type, Callable[[Any], str]] = {
    Number: _number,
    Ordinal: _text,
    Date: _date,
    Category: _text,
}
"""A column's value as a constant."""


def _expected(model: TableModel, row: dict[str, Any]) -> list[float]:
    predict = model.predict_proba if model.table.target.classes else model.predict
    return np.ravel(predict(row)).tolist()


def _scale(target: Target) -> str:
    """What a prediction counts as at least: classes 1, a number the deviation of all."""
    if target.classes:
        return "1.0"
    return "DBL_MIN" if target.is_log else number_of(target.deviation, "double")
