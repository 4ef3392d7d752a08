"""A table's model as one file of C: what it has learned of the columns, and the networks."""

from __future__ import annotations

from collections.abc import Callable
from string import Template
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.export.c_layers import add_network
from jitnet.export.c_table_functions import TABLE_FUNCTIONS
from jitnet.export.c_table_main import table_program
from jitnet.export.c_text import comment, field_names, literal
from jitnet.export.c_writer import Source, braced, number_of
from jitnet.export.table import ExportedTable, places_of, read_table_model
from jitnet.tabular.columns import Category, Column, Date, Number, Numeric, Ordinal
from jitnet.tabular.encoder import Encoder
from jitnet.tabular.model import TableModel
from jitnet.tabular.target import Target
from jitnet.tabular.values import text_of_one
from jitnet.version import package_version

FILE = """\
/* A model of a table, written by jitnet $version as C99.

   void jitnet_predict(const jitnet_row *row, $real *y);

   row has a value of each column; NAN is a missing number, NULL a missing text, JITNET_NO_DATE a
   missing date. A text is UTF-8.
   y is $gives.

   jitnet_predict works in a static array, for one thread at a time. jitnet_predict_in is given room
   for JITNET_SCRATCH numbers instead, a room a thread.

       cc -std=c99 -O3 -march=native -c FILE
       cc -std=c99 -O3 -DJITNET_MAIN FILE -lm -o predict
       ./predict --self-test
       ./predict < rows.csv                                                                      */

#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define JITNET_OUTPUTS $outputs
#define JITNET_SCRATCH $scratch
#define JITNET_NO_DATE LLONG_MIN

typedef struct {
$fields
} jitnet_row;

void jitnet_predict(const jitnet_row *row, $real *y);
void jitnet_predict_in(const jitnet_row *row, $real *y, $real *scratch);
$declared
$functions
$arrays
void jitnet_predict_in(const jitnet_row *row, $real *y, $real *scratch)
{
$calls
}

void jitnet_predict(const jitnet_row *row, $real *y)
{
    static $real scratch[JITNET_SCRATCH];
    jitnet_predict_in(row, y, scratch);
}
$classes
$main"""

DECLARED = "const char *jitnet_class(int k);\n"

CLASSES = """
static const char *const classes[JITNET_OUTPUTS] = $names;

const char *jitnet_class(int k)
{
    return k >= 0 && k < JITNET_OUTPUTS ? classes[k] : NULL;
}
"""

FIELDS = {
    Number: ("float ", "a number"),
    Ordinal: ("const char *", "one of an order"),
    Date: ("long long ", "seconds since 1970-01-01"),
    Category: ("const char *", "a category"),
}
"""The type of a column's field, and what is in it."""


def table_source(model: TableModel) -> str:
    """A table's model in C."""
    exported = read_table_model(model)
    fields = field_names(column.name for column in exported.columns)
    source = Source(exported.networks[0].dtype, TABLE_FUNCTIONS)
    given = add_codes(source, exported, fields)
    if exported.encoder.n_features:
        given.insert(0, add_features(source, exported, fields))
    _add_networks(source, given, exported)
    target = exported.target
    names = braced(literal(str(text_of_one(name))) for name in target.classes)
    return Template(FILE).substitute(
        version=package_version(),
        real=source.real,
        gives=_meaning(target),
        outputs=target.n_outputs,
        scratch=max(1, sum(source.sizes)),
        fields="\n".join(map(_field, exported.columns, fields)),
        declared=DECLARED if target.classes else "",
        functions=source.functions(),
        arrays="\n".join(source.arrays),
        calls="\n".join([source.beginning(), *source.calls]),
        classes=Template(CLASSES).substitute(names=names) if target.classes else "",
        main=table_program(model, source, fields),
    )


def _field(column: Column, field: str) -> str:
    kind, meaning = FIELDS[type(column)]
    return f'    {kind}{field}; /* "{comment(column.name)}": {meaning} */'


def _meaning(target: Target) -> str:
    if target.classes:
        return f'the probability of each class of "{comment(target.name)}", jitnet_class(k)'
    return f'the number "{comment(target.name)}"'


def add_features(source: Source, exported: ExportedTable, fields: list[str]) -> str:
    """Add what `Encoder` does; the buffer with the features."""
    encoder, columns = exported.encoder, exported.columns
    by_field = list(zip(columns, fields, strict=True))
    x = source.buffer(encoder.n_features)
    _add_numbers(source, x, encoder, [(c, f) for c, f in by_field if not isinstance(c, Category)])
    categories = [(c, f) for c, f in by_field if isinstance(c, Category)]
    for (column, field), place in zip(categories, encoder.starts[:-1], strict=True):
        if not column.embedded:
            shares = source.weight("shares", np.array(column.shares))
            ends = shares, column.unseen
            source.call("category", _place(source, column, field), f"{x} + {place}", *ends)
    return x


def add_codes(source: Source, exported: ExportedTable, fields: list[str]) -> list[str]:
    """Add what finds the vectors of embedded categories; the names of their codes."""
    names: list[str] = []
    for column, field in zip(exported.columns, fields, strict=True):
        if isinstance(column, Category) and column.embedded:
            names.append(f"code_{len(names)}")
            source.add(f"const int {names[-1]}[1] = {{{_place(source, column, field)}}};")
    return names


def _place(source: Source, column: Category, field: str) -> str:
    """A call that finds the place of a value's feature or vector."""
    places = places_of(column)
    arguments = *_sorted(source, places.values), places.missing, places.other
    source.use("category_of")
    return f"category_of(row->{field}, {', '.join(map(str, arguments))})"


def _add_numbers(
    source: Source, x: str, encoder: Encoder, columns: list[tuple[Numeric, str]]
) -> None:
    """Add what makes numbers of fields, and their features, in double."""
    if not columns:
        return
    source.add(f"double numbers[{len(encoder.fill) + len(encoder.logs)}];")
    place = 0
    for column, field in columns:
        WRITERS[type(column)](source, column, f"row->{field}", place)
        place += len(column.scales)
    scaled = len(encoder.number)
    if len(encoder.missing):
        which = source.constants("int", "missing", map(str, encoder.missing))
        source.call("missing", "numbers", f"{x} + {scaled}", which, len(encoder.missing))
    source.call("fill", "numbers", _doubles(source, "known", encoder.fill), place)
    if len(encoder.logs):
        which = source.constants("int", "logs", map(str, encoder.logs))
        unit = _doubles(source, "unit", encoder.units)
        source.call("logs", "numbers", f"numbers + {place}", which, unit, len(encoder.logs))
    which = source.constants("int", "number", map(str, encoder.number))
    forms = [
        _doubles(source, name, getattr(encoder, name))
        for name in ("offset", "width", "least", "most")
    ]
    source.call("shares", "numbers", x, which, *forms, scaled)


def _number(source: Source, column: Any, field: str, place: int) -> None:
    source.add(f"numbers[{place}] = {field};")


def _rank(source: Source, column: Any, field: str, place: int) -> None:
    ranks = {value: rank for rank, value in enumerate(column.values)}
    names = ", ".join(map(str, _sorted(source, ranks)))
    source.add(f"numbers[{place}] = rank_of({field}, {names});")
    source.use("rank_of")


def _date(source: Source, column: Any, field: str, place: int) -> None:
    source.call("date", field, f"numbers + {place}")


WRITERS: dict[type, Callable[[Source, Any, str, int], None]] = {
    Number: _number,
    Ordinal: _rank,
    Date: _date,
}
"""What makes numbers of a field."""


def _sorted(source: Source, places: dict[str, int]) -> tuple[str, str, int]:
    """Two arrays, of texts in C's order and of the places of each, and how many there are.

    A text with a zero in it is none in C.
    """
    kept = sorted((text.encode(), place) for text, place in places.items() if "\0" not in text)
    source.use("place_of")
    texts = source.constants("char *const", "texts", [literal(text.decode()) for text, _ in kept])
    return texts, source.constants("int", "places", [str(place) for _, place in kept]), len(kept)


def _doubles(source: Source, stem: str, array: Array) -> str:
    return source.constants("double", stem, (number_of(x, "double") for x in array.tolist()))


def _add_networks(source: Source, given: list[str], exported: ExportedTable) -> None:
    """Add the networks, the mean of their predictions, and the way to the target's units."""
    target, (first, *others) = exported.target, exported.networks
    for _ in others:
        source.hold(given[0])
    add_network(source, given, "y", first)
    for network in others:
        y = source.buffer(target.n_outputs)
        add_network(source, given, y, network)
        source.call("add", y, "y", target.n_outputs)
        source.release(y)
    if others:
        source.add("for (int k = 0; k < JITNET_OUTPUTS; k++)")
        source.add(f"    y[k] /= {len(exported.networks)};")
    if not target.classes:
        mean, deviation = (number_of(n, "double") for n in (target.mean, target.deviation))
        number = f"{mean} + {deviation} * y[0]"
        source.add(f"y[0] = ({source.real}){f'exp({number})' if target.is_log else f'({number})'};")
