"""The program that a network in C is with ``-DJITNET_MAIN``: it tests itself, or predicts."""

from __future__ import annotations

from string import Template

from jitnet.arrays import Array
from jitnet.export.c_writer import Source, braced

MAIN = """\
#ifdef JITNET_MAIN

#include <stdio.h>
#include <stdlib.h>

enum { ROWS = $count };

static const $given rows[ROWS * JITNET_INPUTS] = $rows;

static const $real predictions[ROWS * JITNET_OUTPUTS] = $predictions;

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
        jitnet_predict(rows + r * JITNET_INPUTS, y);
        for (size_t u = 0; u < JITNET_OUTPUTS; u++) {
            const double off = fabs((double)y[u] - expected[u]) / greatest;
            if (!(off <= worst))
                worst = off;
        }
    }
    printf("%d rows, off by at most %.1e\\n", (int)ROWS, worst);
    return worst <= 1e-5 ? 0 : 1;
}

/* Read a line of $what between commas or blanks: 1 for a row, 0 at the end, -1 otherwise. */
static int read_row($given *x)
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
            char *end;
            word[length] = '\\0';
            const $parsed value = $read;
            if (*end != '\\0' || count == JITNET_INPUTS$outside)
                return -1;
            x[count++] = $cast;
            length = 0;
        }
        if (ends && count > 0)
            return count == JITNET_INPUTS ? 1 : -1;
        if (c == EOF)
            return 0;
    }
}

int main(int argc, char **argv)
{
    static $given x[JITNET_INPUTS];
    static $real y[JITNET_OUTPUTS];
    if (argc == 2 && strcmp(argv[1], "--self-test") == 0)
        return self_test();
    if (argc != 1) {
        fprintf(stderr, "usage: %s [--self-test] < rows of %d $what\\n", argv[0], JITNET_INPUTS);
        return 2;
    }
    for (unsigned long row = 1;; row++) {
        const int found = read_row(x);
        if (found == 0)
            return 0;
        if (found < 0) {
            fprintf(stderr, "%s: row %lu is not %d $what\\n", argv[0], row, JITNET_INPUTS);
            return 1;
        }
        jitnet_predict(x, y);
        for (size_t u = 0; u < JITNET_OUTPUTS; u++)
            printf(u == 0 ? "%.${digits}g" : ",%.${digits}g", y[u]);
        printf("\\n");
    }
}

#endif
"""


def main_program(source: Source, rows: Array, predictions: Array, vocabulary: int) -> str:
    """The program, with rows to test itself and what is predicted of them."""
    given = _of_indices(rows, vocabulary) if vocabulary else _of_numbers(source, rows)
    return Template(MAIN).substitute(
        given,
        count=len(rows),
        real=source.real,
        predictions=source.numbers(predictions),
        digits=source.digits,
    )


def _of_numbers(source: Source, rows: Array) -> dict[str, str]:
    return {
        "given": source.real,
        "rows": source.numbers(rows),
        "what": "numbers",
        "parsed": source.real,
        "read": f"strto{source.suffix or 'd'}(word, &end)",
        "outside": "",
        "cast": "value",
    }


def _of_indices(rows: Array, vocabulary: int) -> dict[str, str]:
    return {
        "given": "int",
        "rows": braced(map(str, rows.ravel().tolist())),
        "what": f"indices from 0 to {vocabulary - 1}",
        "parsed": "long",
        "read": "strtol(word, &end, 10)",
        "outside": f" || value < 0 || value >= {vocabulary}",
        "cast": "(int)value",
    }
