"""The functions of C that read CSV, and the numbers and dates in it."""

RECORDS = """\
/* A line of CSV: its fields, one behind the other, each with a zero at its end. */
typedef struct {
    char *text;
    size_t used, room;
    size_t *begins;
    size_t fields, places;
} record;

static void *resized(void *array, size_t bytes)
{
    void *larger = realloc(array, bytes);
    if (!larger) {
        fprintf(stderr, "there is no memory left\\n");
        exit(1);
    }
    return larger;
}

static void put(record *r, int c)
{
    if (r->used == r->room)
        r->text = resized(r->text, r->room = 2 * r->room + 256);
    r->text[r->used++] = (char)c;
}

static void begin_field(record *r)
{
    if (r->fields == r->places)
        r->begins = resized(r->begins, (r->places = 2 * r->places + 64) * sizeof *r->begins);
    r->begins[r->fields++] = r->used;
}

/* Read a line, and those that a quoted field has: 1, 0 at the end, -1 where a quote stays open. */
static int read_record(record *r)
{
    int c = getchar(), quoted = 0;
    r->used = r->fields = 0;
    if (c == EOF)
        return 0;
    for (begin_field(r);; c = getchar()) {
        if (quoted && c == EOF)
            return -1;
        if (quoted && c != '"') {
            put(r, c);
        } else if (quoted) {
            c = getchar();
            if (c == '"') {
                put(r, c);
            } else {
                quoted = 0;
                ungetc(c, stdin);
            }
        } else if (c == '"' && r->used == r->begins[r->fields - 1]) {
            quoted = 1;
        } else if (c == ',' || c == '\\n' || c == EOF) {
            put(r, '\\0');
            if (c != ',')
                return 1;
            begin_field(r);
        } else {
            put(r, c);
            if (r->used == 3 && memcmp(r->text, "\\357\\273\\277", 3) == 0)
                r->used = 0; /* a byte order mark */
        }
    }
}

/* A field without blanks around it. */
static char *field(const record *r, size_t k)
{
    static const char blanks[] = " \\t\\r\\n\\v\\f";
    char *text = r->text + r->begins[k];
    size_t length = strlen(text += strspn(text, blanks));
    while (length > 0 && strchr(blanks, text[length - 1]))
        length--;
    text[length] = '\\0';
    return text;
}

/* A field, or NULL where it is missing. */
static const char *value(const record *r, size_t k)
{
    const char *text = field(r, k);
    for (int w = 0; w < MISSING; w++)
        if (strcmp(text, missing_words[w]) == 0)
            return NULL;
    return text;
}
"""

READ_NUMBER = """
/* A finite number that no float can be is the greatest of them. */
static int read_number(const char *text, float *x)
{
    char *end;
    const double number = text ? strtod(text, &end) : NAN;
    *x = isfinite(number) ? (float)fmax(-FLT_MAX, fmin(FLT_MAX, number)) : NAN;
    return !text || *end == '\\0';
}
"""

READ_DATE = """
/* Read so many digits, and what stands before them, if anything. */
static int read_digits(const char **text, const char *before, int count, int *number)
{
    if (*before && !(**text && strchr(before, *(*text)++)))
        return 0;
    for (*number = 0; count > 0; count--, ++*text) {
        if (**text < '0' || **text > '9')
            return 0;
        *number = 10 * *number + (**text - '0');
    }
    return 1;
}

/* Read YYYY-MM-DD, maybe with HH:MM or HH:MM:SS behind a T or a blank, and parts of a second. */
static int read_date(const char *text, long long *seconds)
{
    int year, month, day, hour = 0, minute = 0, second = 0;
    *seconds = JITNET_NO_DATE;
    if (!text)
        return 1;
    if (!read_digits(&text, "", 4, &year) || !read_digits(&text, "-", 2, &month) ||
        !read_digits(&text, "-", 2, &day))
        return 0;
    if (*text && (!read_digits(&text, "T ", 2, &hour) || !read_digits(&text, ":", 2, &minute)))
        return 0;
    if (*text && !read_digits(&text, ":", 2, &second))
        return 0;
    if (*text == '.')
        text += 1 + strspn(text + 1, "0123456789");
    const int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    const int last = month == 2 ? 28 + leap : month == 4 || month == 6 || month == 9 || month == 11
                                                  ? 30
                                                  : 31;
    if (*text || month < 1 || month > 12 || day < 1 || day > last || hour > 23 || minute > 59 ||
        second > 59)
        return 0;
    const long long y = year - (month < 3), place = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    const long long days = 365 * y + y / 4 - y / 100 + y / 400 + place - 719468;
    *seconds = days * 86400 + hour * 3600 + minute * 60 + second;
    return 1;
}
"""

READ_TRUTH = """
/* A truth value in any letters. */
static const char *read_truth(const char *text)
{
    static const char *const words[] = {"false", "true"};
    for (int w = 0; text && w < 2; w++) {
        size_t k = 0;
        while (text[k] && (text[k] | ' ') == words[w][k])
            k++;
        if (!text[k] && !words[w][k])
            return words[w];
    }
    return text;
}
"""

READ_VALUE = """
/* A category that is a number, whatever it is written as. */
static const char *read_value(const char *text, const char *const *known, size_t count)
{
    char *end;
    if (!text || !*text || text[strspn(text, "+-.0123456789eE")])
        return text;
    const double number = strtod(text, &end);
    for (size_t k = 0; !*end && k < count; k++)
        if (strtod(known[k], NULL) == number)
            return known[k];
    return text;
}
"""

READERS = {
    "read_number": READ_NUMBER,
    "read_date": READ_DATE,
    "read_truth": READ_TRUTH,
    "read_value": READ_VALUE,
}
"""What reads a text that is not to stay one."""
