#include "feed/json_members.h"

#include "base/buf.h"

// Where the scan is, outside of members and in them.
enum place { BEFORE, AT_KEY, IN_KEY, AT_COLON, AT_VALUE, IN_VALUE, AFTER_VALUE, AFTER };

struct scan {
    enum place place;
    bool in_string, escaped, first;
    uint64_t depth; // of brackets inside the value
    uint64_t position;
    struct buf member;
    const struct limits *limits;
    json_member_fn *take;
    void *context;
};

static bool fault(const struct scan *s, struct error *err, const char *what)
{
    return error_set(err, ERR_FORMAT, "not JSON: %s at byte %llu", what, (unsigned long long)s->position);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool keep(struct scan *s, struct slice bytes, struct error *err)
{
    if (s->member.n + bytes.n > s->limits->feed_member_bytes)
        return error_set(err, ERR_LIMIT, "an entry of more than %llu bytes at byte %llu (limit feed_member_bytes)",
                         (unsigned long long)s->limits->feed_member_bytes, (unsigned long long)s->position);
    buf_add(&s->member, bytes);
    return true;
}

// How many bytes from the start of `in` belong to the string that the scan is in, its closing quote included.
static size_t string_part(struct scan *s, struct slice in)
{
    size_t i = 0;
    while (i < in.n) {
        char c = in.p[i++];
        if (s->escaped) {
            s->escaped = false;
        } else if (c == '\\') {
            s->escaped = true;
        } else if (c == '"') {
            s->in_string = false;
            break;
        }
    }
    return i;
}

// The same for the value: up to the bracket that closes it, or to what follows a bare one. *done tells that it is
// complete. Which kind of bracket closes which is the parser's business.
static size_t value_part(struct scan *s, struct slice in, bool *done)
{
    size_t i = 0;
    *done = false;
    while (i < in.n && !*done) {
        char c = in.p[i];
        if (s->in_string) {
            i += string_part(s, slice_from(in, i));
            *done = !s->in_string && s->depth == 0;
            continue;
        }
        if (s->depth == 0 && (c == ',' || c == '}' || c == ']' || is_blank(c))) {
            *done = true; // a number or a word has ended before this byte
            break;
        }
        i++;
        if (c == '"') {
            s->in_string = true;
        } else if (c == '{' || c == '[') {
            s->depth++;
        } else if (c == '}' || c == ']') {
            s->depth--;
            *done = s->depth == 0;
        }
    }
    return i;
}

static bool end_member(struct scan *s, struct error *err)
{
    buf_addc(&s->member, '}');
    if (!s->take(s->context, buf_slice(&s->member), err))
        return error_wrap(err, "the entry that ends at byte %llu", (unsigned long long)s->position);
    s->member.n = 0;
    return true;
}

// One byte between tokens. *used is false when the byte begins the next token instead.
static bool between(struct scan *s, char c, bool *used, struct error *err)
{
    *used = true;
    if (is_blank(c))
        return true;
    switch (s->place) {
    case BEFORE:
        if (c != '{')
            return fault(s, err, "no object");
        s->place = AT_KEY;
        s->first = true;
        return true;
    case AT_KEY:
        if (c == '}' && s->first) {
            s->place = AFTER;
            return true;
        }
        if (c != '"')
            return fault(s, err, "no key");
        s->place = IN_KEY;
        s->in_string = true;
        buf_adds(&s->member, "{\"");
        return true;
    case AT_COLON:
        if (c != ':')
            return fault(s, err, "no colon after a key");
        s->place = AT_VALUE;
        buf_addc(&s->member, ':');
        return true;
    case AT_VALUE:
        s->place = IN_VALUE;
        s->depth = 0;
        *used = false;
        return true;
    case AFTER_VALUE:
        if (c != ',' && c != '}')
            return fault(s, err, "neither comma nor end after a value");
        s->place = c == ',' ? AT_KEY : AFTER;
        s->first = false;
        return true;
    default:
        return fault(s, err, "something behind the end");
    }
}

static bool scan_chunk(struct scan *s, struct slice in, struct error *err)
{
    while (in.n > 0) {
        size_t n = 1;
        if (s->place == IN_KEY) {
            n = string_part(s, in);
            if (!keep(s, slice_of(in.p, n), err))
                return false;
            s->place = s->in_string ? IN_KEY : AT_COLON;
        } else if (s->place == IN_VALUE) {
            bool done;
            n = value_part(s, in, &done);
            if (!keep(s, slice_of(in.p, n), err))
                return false;
            s->position += n;
            if (done && !end_member(s, err))
                return false;
            s->position -= n;
            s->place = done ? AFTER_VALUE : IN_VALUE;
        } else {
            bool used;
            if (!between(s, in.p[0], &used, err))
                return false;
            n = used ? 1 : 0;
        }
        in = slice_from(in, n);
        s->position += n;
    }
    return true;
}

static bool scan_all(struct scan *s, struct reader *r, struct error *err)
{
    for (;;) {
        struct slice chunk;
        if (!reader_next(r, &chunk, err))
            return false;
        if (chunk.n == 0)
            break;
        if (!scan_chunk(s, chunk, err))
            return false;
    }
    return s->place == AFTER || fault(s, err, s->position == 0 ? "empty" : "it is cut short");
}

bool json_for_each_member(struct reader *r, const struct limits *limits, json_member_fn *take, void *context,
                          struct error *err)
{
    struct scan s = {.limits = limits, .take = take, .context = context};
    bool ok = scan_all(&s, r, err);
    buf_free(&s.member);
    return ok;
}

yyjson_doc *json_read_all(struct reader *r, const struct limits *limits, struct error *err)
{
    struct buf text BUF_AUTO = {0};
    if (!reader_read_all(r, &text, limits->feed_member_bytes, "the file (limit feed_member_bytes)", err))
        return NULL;
    return json_parse(buf_slice(&text), err);
}
