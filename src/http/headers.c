#include "http/headers.h"

#include <curl/curl.h>

bool header_line(struct slice line, const char *name, struct slice *value)
{
    struct slice key;
    if (!slice_cut(line, ':', &key, value) || !slice_eq_nocase(key, slice_str(name)))
        return false;
    *value = slice_trim(*value);
    return true;
}

bool header_value_is_safe(struct slice value)
{
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

// 5.6.2.
static bool is_token_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

bool header_may_be_given(struct slice name)
{
    static const char *const own[] = {
        "Host",
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Upgrade",
        "Expect",
        "Range",
        "If-Range",
        "Proxy-Connection",
        "Proxy-Authorization",
    };
    for (size_t i = 0; i < name.n; i++)
        if (!is_token_byte(name.p[i]))
            return false;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (slice_eq_nocase(name, slice_str(own[i])))
            return false;
    return name.n != 0;
}

bool content_range_parse(struct slice value, struct content_range *range)
{
    struct slice unit, first, last, total;
    if (!slice_cut(value, ' ', &unit, &value) || !slice_eq_nocase(unit, SLICE("bytes")) ||
        !slice_cut(value, '/', &value, &total) || !slice_cut(value, '-', &first, &last))
        return false;
    range->total = UINT64_MAX;
    return slice_to_u64(first, &range->first) && slice_to_u64(last, &range->last) && range->first <= range->last &&
           (slice_eq(total, SLICE("*")) || (slice_to_u64(total, &range->total) && range->last < range->total));
}

static bool header_time(struct slice value, time_t *when)
{
    char text[64];
    if (value.n == 0 || value.n >= sizeof text)
        return false;
    memcpy(text, value.p, value.n);
    text[value.n] = '\0';
    *when = curl_getdate(text, NULL);
    return *when != -1;
}

struct slice validators_strong(const struct validators *v)
{
    time_t modified, sent;
    if (v->etag.n != 0)
        return slice_starts(v->etag, SLICE("W/")) ? SLICE("") : v->etag;
    bool settled = header_time(v->last_modified, &modified) && header_time(v->date, &sent) && modified < sent;
    return settled ? v->last_modified : SLICE("");
}

// ---- Challenges -----------------------------------------------------------------------------------------------------

static void skip_blanks(struct slice *s)
{
    while (s->n != 0 && (s->p[0] == ' ' || s->p[0] == '\t'))
        *s = slice_from(*s, 1);
}

static struct slice take_token(struct slice *s)
{
    size_t n = 0;
    while (n < s->n && is_token_byte(s->p[n]))
        n++;
    struct slice token = slice_of(s->p, n);
    *s = slice_from(*s, n);
    return token;
}

// What stands between quotes, with a backslash before some bytes (5.6.4). A missing end is the end of the header.
static struct slice take_quoted(struct slice *s, struct arena *a)
{
    size_t end = 1, n = 0;
    while (end < s->n && s->p[end] != '"')
        end += s->p[end] == '\\' && end + 1 < s->n ? 2 : 1;
    char *out = arena_alloc(a, end);
    for (size_t i = 1; i < end; i++) {
        i += s->p[i] == '\\' && i + 1 < end;
        out[n++] = s->p[i];
    }
    *s = slice_from(*s, end + 1);
    return slice_of(out, n);
}

static struct slice take_value(struct slice *s, struct arena *a)
{
    if (s->n != 0 && s->p[0] == '"')
        return take_quoted(s, a);
    return arena_dup(a, take_token(s));
}

// Takes "name = value" off; false, and nothing taken, where none stands.
static bool take_parameter(struct slice *s, struct arena *a, struct slice *name, struct slice *value)
{
    struct slice at = *s;
    *name = take_token(&at);
    skip_blanks(&at);
    if (name->n == 0 || at.n == 0 || at.p[0] != '=')
        return false;
    at = slice_from(at, 1);
    skip_blanks(&at);
    // "==" is the end of a token68 (11.2), which none of the schemes read here has.
    if (at.n != 0 && at.p[0] == '=')
        return false;
    *value = take_value(&at, a);
    *s = at;
    return true;
}

// Is it one of the words of a relation?
static bool names_next(struct slice relations)
{
    struct slice word;
    while (relations.n != 0) {
        slice_cut(relations, ' ', &word, &relations);
        if (slice_eq_nocase(word, SLICE("next")))
            return true;
    }
    return false;
}

// The parameters behind a target, each with a semicolon in front. Of several relations the first one counts (3.3).
static bool take_relation(struct slice *s, struct arena *a)
{
    bool told = false, next = false;
    for (skip_blanks(s); s->n != 0 && s->p[0] == ';'; skip_blanks(s)) {
        struct slice name, value;
        *s = slice_from(*s, 1);
        skip_blanks(s);
        if (!take_parameter(s, a, &name, &value)) {
            take_token(s); // one without a value
        } else if (!told && slice_eq_nocase(name, SLICE("rel"))) {
            told = true;
            next = names_next(value);
        }
    }
    return next;
}

bool link_next(struct slice value, struct arena *a, struct slice *target)
{
    struct slice found, rest = value;
    while (rest.n != 0) {
        skip_blanks(&rest);
        if (rest.n == 0 || rest.p[0] != '<' || !slice_cut(slice_from(rest, 1), '>', &found, &rest))
            return false;
        if (take_relation(&rest, a)) {
            *target = found;
            return found.n != 0;
        }
        if (rest.n == 0 || rest.p[0] != ',')
            return false;
        rest = slice_from(rest, 1);
    }
    return false;
}

// Of a parameter that stands twice the first one counts.
static void keep_parameter(struct challenge *c, struct slice name, struct slice value)
{
    const struct {
        const char *name;
        struct slice *value;
    } known[] = {{"realm", &c->realm}, {"service", &c->service}, {"scope", &c->scope}, {"error", &c->error}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (slice_eq_nocase(name, slice_str(known[i].name)) && known[i].value->n == 0)
            *known[i].value = value;
}

static void skip_separators(struct slice *s)
{
    while (s->n != 0 && (s->p[0] == ',' || s->p[0] == ' ' || s->p[0] == '\t'))
        *s = slice_from(*s, 1);
}

// Where a scheme should stand: passes over what is none, to behind the next comma.
static bool find_scheme(struct slice *s, struct slice *scheme)
{
    for (skip_separators(s); s->n != 0; skip_separators(s)) {
        *scheme = take_token(s);
        if (scheme->n != 0 && (s->n == 0 || s->p[0] == ' ' || s->p[0] == '\t' || s->p[0] == ','))
            return true;
        ptrdiff_t comma = slice_find(*s, ',');
        *s = slice_from(*s, comma >= 0 ? (size_t)comma : s->n);
    }
    return false;
}

bool challenge_next(struct slice *rest, struct arena *a, struct challenge *challenge)
{
    struct slice scheme, name, value;
    if (!find_scheme(rest, &scheme))
        return false;
    *challenge = (struct challenge){.scheme = arena_dup(a, scheme)};
    for (skip_blanks(rest); take_parameter(rest, a, &name, &value); skip_separators(rest))
        keep_parameter(challenge, name, value);
    return true;
}
