"""The functions that a table in C is made of; only those used are written."""

from __future__ import annotations

from jitnet.export.c_functions import FUNCTIONS

PLACE_OF = """\
/* Where a text stands among sorted ones; count where it does not. */
static size_t place_of(const char *text, const char *const *sorted, size_t count)
{
    size_t first = 0, last = count;
    while (text && first < last) {
        const size_t middle = first + (last - first) / 2;
        const int order = strcmp(text, sorted[middle]);
        if (order == 0)
            return middle;
        if (order < 0)
            last = middle;
        else
            first = middle + 1;
    }
    return count;
}
"""

RANK_OF = """\
/* The rank of a text in its order, or NaN. */
static double rank_of(
    const char *text, const char *const *sorted, const int *ranks, size_t count)
{
    const size_t place = place_of(text, sorted, count);
    return place < count ? ranks[place] : NAN;
}
"""

CATEGORY_OF = """\
/* The place of a category's value among its features or vectors. */
static int category_of(
    const char *text, const char *const *sorted, const int *places, size_t count, int missing,
    int other)
{
    const size_t found = place_of(text, sorted, count);
    return !text ? missing : found < count ? places[found] : other;
}
"""

CATEGORY = """\
/* x[k] = 1 at a place and 0 elsewhere. What has its place behind all of them is nothing that was
   seen: x[k] = shares[k]. */
static void category(int place, $real *x, const $real *shares, int features)
{
    for (int k = 0; k < features; k++)
        x[k] = place < features ? k == place : shares[k];
}
"""

DATE_PARTS = """\
/* The day's number since 1970, the month, the day of the month, the weekday from 1 for Monday, and
   the hour. Month and day follow from the day's place in the 400 years of a calendar whose years
   begin in March (Hinnant, 2013, chrono-Compatible Low-Level Date Algorithms). */
static void date_parts(long long seconds, double *parts)
{
    const long long second = (seconds % 86400 + 86400) % 86400, day = (seconds - second) / 86400;
    const long long n = ((day + 719468) % 146097 + 146097) % 146097;
    const long long year = (n - n / 1460 + n / 36524 - n / 146096) / 365;
    const long long place = n - (365 * year + year / 4 - year / 100);
    const long long month = (5 * place + 2) / 153;
    parts[0] = (double)day;
    parts[1] = (double)((month + 2) % 12 + 1);
    parts[2] = (double)(place - (153 * month + 2) / 5 + 1);
    parts[3] = (double)(((day + 3) % 7 + 7) % 7 + 1);
    parts[4] = (double)(second / 3600);
}
"""

DATE = """\
static void date(long long seconds, double *parts)
{
    if (seconds != JITNET_NO_DATE)
        date_parts(seconds, parts);
    else
        parts[0] = parts[1] = parts[2] = parts[3] = parts[4] = NAN;
}
"""

MISSING = """\
/* x[k] = 1 where number which[k] is missing, else 0. */
static void missing(const double *numbers, $real *x, const int *which, size_t count)
{
    for (size_t k = 0; k < count; k++)
        x[k] = !isfinite(numbers[which[k]]);
}
"""

FILL = """\
/* What is missing becomes what stands in for it. */
static void fill(double *numbers, const double *known, size_t count)
{
    for (size_t k = 0; k < count; k++)
        if (!isfinite(numbers[k]))
            numbers[k] = known[k];
}
"""

LOGS = """\
/* logs[k] = ln(1 + |x| / unit[k]) with the sign of x = numbers[which[k]]. */
static void logs(
    const double *numbers, double *logs, const int *which, const double *unit, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        const double x = numbers[which[k]];
        logs[k] = copysign(log1p(fabs(x) / unit[k]), x);
    }
}
"""

SHARES = """\
/* x[k] = (numbers[which[k]] - offset[k]) / width[k], from least[k] to most[k]. */
static void shares(
    const double *numbers, $real *x, const int *which, const double *offset, const double *width,
    const double *least, const double *most, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        const double share = (numbers[which[k]] - offset[k]) / width[k];
        x[k] = ($real)(share < least[k] ? least[k] : share > most[k] ? most[k] : share);
    }
}
"""

TABLE_FUNCTIONS = {
    "place_of": PLACE_OF,
    "rank_of": RANK_OF,
    "category_of": CATEGORY_OF,
    "category": CATEGORY,
    "date": DATE_PARTS + "\n" + DATE,
    "missing": MISSING,
    "fill": FILL,
    "logs": LOGS,
    "shares": SHARES,
    **FUNCTIONS,
}
"""All functions of a table and its networks, by the name that they are called by."""
