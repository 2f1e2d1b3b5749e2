#include "store/db_conninfo.h"

#include <libpq-fe.h>
#include <limits.h>

void conninfo_free(struct conninfo *conninfo)
{
    buf_free(&conninfo->text);
}

// Options of pgx, which libpq does not know: what they set has no counterpart here, or needs none.
static bool is_pgx(struct slice key)
{
    static const char *const others[] = {"default_query_exec_mode", "statement_cache_capacity", "statement_cache_mode",
                                         "description_cache_capacity", "min_read_buffer_size"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (slice_eq(key, slice_str(others[i])))
            return true;
    return slice_starts(key, SLICE("pool_"));
}

// Takes an option of pgx. True when it is one.
static bool take(struct conninfo *out, struct slice key, struct slice value, bool *ok)
{
    uint64_t n;
    if (!is_pgx(key))
        return false;
    if (slice_eq(key, SLICE("pool_max_conns"))) {
        *ok = slice_to_u64(value, &n) && n > 0 && n <= INT_MAX;
        out->connections = *ok ? (unsigned)n : 0;
    }
    return true;
}

// postgres://USER:PASSWORD@HOST:PORT/NAME?KEY=VALUE&KEY=VALUE
static bool split_url(struct slice where, struct conninfo *out)
{
    struct slice before, options, option, key, value;
    bool ok = true, first = true;
    if (!slice_cut(where, '?', &before, &options)) {
        buf_add(&out->text, where);
        return true;
    }
    buf_add(&out->text, before);
    while (ok && options.n != 0) {
        struct slice left = {0};
        if (!slice_cut(options, '&', &option, &left))
            option = options;
        options = left;
        if (!slice_cut(option, '=', &key, &value))
            key = option, value = (struct slice){0};
        if (take(out, key, value, &ok))
            continue;
        buf_addc(&out->text, first ? '?' : '&');
        buf_add(&out->text, option);
        first = false;
    }
    return ok;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// The end of a value: of 'quoted text', or of all up to a blank; a backslash takes the next character along.
static size_t value_end(struct slice text, size_t i)
{
    bool quoted = i < text.n && text.p[i] == '\'';
    for (i += quoted ? 1 : 0; i < text.n; i++) {
        if (text.p[i] == '\\')
            i++;
        else if (quoted ? text.p[i] == '\'' : is_blank(text.p[i]))
            return i + (quoted ? 1 : 0);
    }
    return text.n;
}

// KEY=VALUE KEY = 'VALUE'
static bool split_words(struct slice where, struct conninfo *out)
{
    bool ok = true;
    for (size_t i = 0; ok && i < where.n;) {
        size_t start = i, equal;
        while (i < where.n && is_blank(where.p[i]))
            i++;
        size_t key = i;
        while (i < where.n && where.p[i] != '=' && !is_blank(where.p[i]))
            i++;
        struct slice name = slice_of(where.p + key, i - key);
        for (equal = i; equal < where.n && is_blank(where.p[equal]);)
            equal++;
        if (equal < where.n && where.p[equal] == '=')
            i = equal + 1;
        while (i < where.n && is_blank(where.p[i]))
            i++;
        size_t value = i;
        i = value_end(where, i);
        if (!take(out, name, slice_of(where.p + value, i - value), &ok))
            buf_add(&out->text, slice_of(where.p + start, i - start));
    }
    return ok;
}

bool conninfo_parse(struct slice where, struct conninfo *out, struct error *err)
{
    *out = (struct conninfo){0};
    bool url = slice_starts(where, SLICE("postgres://")) || slice_starts(where, SLICE("postgresql://"));
    if (!(url ? split_url(where, out) : split_words(where, out)))
        return error_set(err, ERR_USAGE, "connection string: pool_max_conns is not a number from 1 on");
    buf_addc(&out->text, '\0');
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(out->text.p, &message);
    // libpq's own words may repeat parts of the string; those about an option name it alone.
    const char *option = message != NULL ? strstr(message, "connection option \"") : NULL;
    struct slice why = option != NULL ? slice_trim(slice_str(message)) : SLICE("libpq cannot read it");
    bool ok = options != NULL ||
              error_set(err, ERR_USAGE,
                        "connection string: %.*s (\"postgres://USER@HOST:PORT/NAME\" or \"host=HOST dbname=NAME\")",
                        SLICE_ARG(why));
    PQconninfoFree(options);
    PQfreemem(message);
    return ok;
}
