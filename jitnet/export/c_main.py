"""The program that a network in C is with ``-DJITNET_MAIN``: it tests itself, or predicts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from string import Template

from jitnet.arrays import Array
from jitnet.export.c_writer import Source, braced
from jitnet.export.network import Input

MAIN = """\
#ifdef JITNET_MAIN

#include <stdio.h>
#include <stdlib.h>

enum { ROWS = $count, INPUTS = $total };

typedef struct {
$fields
} example;

static const example rows[ROWS] = $rows;

static const $real predictions[ROWS * JITNET_OUTPUTS] = $predictions;

static void predict(const example *row, $real *y)
{
    jitnet_predict($arguments, y);
}

/* Whether the rows' predictions are those that jitnet made of them, to 1e-5 of the greatest. */
static int self_test(void)
{
    static $real y[JITNET_OUTPUTS];
    double worst = 0;
    for (size_t r = 0; r < ROWS; r++) {
        const $real *expected = predictions + r * JITNET_OUTPUTS;
        double greatest = 1;
        for (size_t u = 0; u < JITNET_OUTPUTS; u++)
            if (fabs(expected[u]) > greatest)
                greatest = fabs(expected[u]);
        predict(rows + r, y);
        for (size_t u = 0; u < JITNET_OUTPUTS; u++) {
            const double off = fabs((double)y[u] - expected[u]) / greatest;
            if (!(off <= worst))
                worst = off;
        }
    }
    printf("%d rows, off by at most %.1e\\n", (int)ROWS, worst);
    return worst <= 1e-5 ? 0 : 1;
}

/* Put a word at its place among a row's numbers: 1 if it is one of them, else 0. */
static int put(const char *word, size_t place, example *row)
{
    char *end;
$put
    return 0;
}

/* Read a line of $what between commas or blanks: 1 for a row, 0 at the end, -1 otherwise. */
static int read_row(example *row)
{
    char word[64];
    size_t length = 0, count = 0;
    for (;;) {
        const int c = getchar();
        const int ends = c == EOF || c == '\\n';
        if (!ends && c != ',' && c != ' ' && c != '\\t' && c != '\\r') {
            if (length + 1 == sizeof word)
                return -1;
            word[length++] = (char)c;
            continue;
        }
        if (length > 0) {
            word[length] = '\\0';
            if (!put(word, count++, row))
                return -1;
            length = 0;
        }
        if (ends && count > 0)
            return count == INPUTS ? 1 : -1;
        if (c == EOF)
            return 0;
    }
}

int main(int argc, char **argv)
{
    static example row;
    static $real y[JITNET_OUTPUTS];
    if (argc == 2 && strcmp(argv[1], "--self-test") == 0)
        return self_test();
    if (argc != 1) {
        fprintf(stderr, "usage: %s [--self-test] < rows of $what\\n", argv[0]);
        return 2;
    }
    for (unsigned long number = 1;; number++) {
        const int found = read_row(&row);
        if (found == 0)
            return 0;
        if (found < 0) {
            fprintf(stderr, "%s: row %lu is not $what\\n", argv[0], number);
            return 1;
        }
        predict(&row, y);
        for (size_t u = 0; u < JITNET_OUTPUTS; u++)
            printf(u == 0 ? "%.${digits}g" : ",%.${digits}g", y[u]);
        printf("\\n");
    }
}

#endif
"""


PUT = """\
    if (place < $size) {
        const $parsed value = $read(word, &end$base);
        row->$name[place] = $cast;
        return *end == '\\0'$within;
    }"""


def main_program(
    source: Source, inputs: Sequence[Input], rows: Sequence[Array], predictions: Array
) -> str:
    """The program, with rows of each input to test itself and what is predicted of them."""
    constants = (
        "{" + ", ".join(_constant(source, *own) for own in zip(inputs, parts, strict=True)) + "}"
        for parts in zip(*rows, strict=True)
    )
    return Template(MAIN).substitute(
        count=len(predictions),
        total=sum(math.prod(own.shape) for own in inputs),
        fields="\n".join(
            f"    {kind_of(source, own)} {own.name}[{size_of(own)}];" for own in inputs
        ),
        rows=braced(constants, a_line=1),
        real=source.real,
        predictions=source.numbers(predictions),
        arguments=", ".join(f"row->{own.name}" for own in inputs),
        put="\n".join(_puts(source, inputs)),
        what=" and ".join(f"{math.prod(own.shape)} {numbers_of(own)}" for own in inputs),
        digits=source.digits,
    )


def kind_of(source: Source, own: Input) -> str:
    """The type of an input's numbers."""
    return "int" if own.vocabulary else source.real


def size_of(own: Input) -> str:
    """What an input's numbers are counted by."""
    return f"JITNET_INPUTS{own.name.removeprefix('x').upper()}"


def numbers_of(own: Input) -> str:
    """``indices from 0 to 9``."""
    return f"indices from 0 to {own.vocabulary - 1}" if own.vocabulary else "numbers"


def _constant(source: Source, own: Input, numbers: Array) -> str:
    if own.vocabulary:
        return braced(map(str, numbers.ravel().tolist()))
    return source.numbers(numbers)


def _puts(source: Source, inputs: Sequence[Input]) -> Iterator[str]:
    """What puts a word into each of the inputs, which stand one behind the other."""
    for number, own in enumerate(inputs):
        if number:
            yield f"    place -= {size_of(inputs[number - 1])};"
        yield Template(PUT).substitute(
            _of_index(own) if own.vocabulary else _of_number(source),
            size=size_of(own),
            name=own.name,
        )


def _of_number(source: Source) -> dict[str, str]:
    read = f"strto{source.suffix or 'd'}"
    return {"parsed": source.real, "read": read, "base": "", "cast": "value", "within": ""}


def _of_index(own: Input) -> dict[str, str]:
    within = f" && value >= 0 && value < {own.vocabulary}"
    return {
        "parsed": "long",
        "read": "strtol",
        "base": ", 10",
        "cast": "(int)value",
        "within": within,
    }
