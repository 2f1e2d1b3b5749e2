#include "feed/json_members.h"

#include "base/buf.h"

// Where the scan is, outside of members and in them; elements are those of the array that was asked for.
enum place {
    BEFORE,
    AT_KEY,
    IN_KEY,
    AT_COLON,
    AT_VALUE,
    IN_VALUE,
    AFTER_VALUE,
    AT_ELEMENT,
    IN_ELEMENT,
    AFTER_ELEMENT,
    AFTER
};

struct scan {
    enum place place;
    bool in_string, escaped, first;
    uint64_t depth; // of brackets inside the value
    uint64_t position;
    struct buf member;
    struct slice array; // what the member of the array begins with, {"key": ; empty: members are asked for
    bool array_seen;
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

// Of an object whose array is asked for, another member.
static bool pass_over(struct slice object, struct error *err)
{
    yyjson_doc *doc JSON_AUTO = json_parse(object, err);
    return doc != NULL;
}

// The member, or element, is complete.
static bool end_value(struct scan *s, struct error *err)
{
    bool member = s->place == IN_VALUE, wanted = !member || s->array.n == 0;
    if (member)
        buf_addc(&s->member, '}');
    struct slice text = buf_slice(&s->member);
    if (!(wanted ? s->take(s->context, text, err) : pass_over(text, err)))
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
        if (c == '[' && s->array.n != 0 && slice_eq(buf_slice(&s->member), s->array)) {
            s->place = AT_ELEMENT;
            s->first = s->array_seen = true;
            s->member.n = 0;
            return true;
        }
        s->place = IN_VALUE;
        s->depth = 0;
        *used = false;
        return true;
    case AT_ELEMENT:
        if (c == ']' && s->first) {
            s->place = AFTER_VALUE;
            return true;
        }
        if (c == ',' || c == ']' || c == '}')
            return fault(s, err, "no element");
        s->place = IN_ELEMENT;
        s->depth = 0;
        *used = false;
        return true;
    case AFTER_ELEMENT:
        if (c != ',' && c != ']')
            return fault(s, err, "neither comma nor end after an element");
        s->place = c == ',' ? AT_ELEMENT : AFTER_VALUE;
        s->first = false;
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
        } else if (s->place == IN_VALUE || s->place == IN_ELEMENT) {
            bool done;
            n = value_part(s, in, &done);
            if (!keep(s, slice_of(in.p, n), err))
                return false;
            s->position += n;
            if (done && !end_value(s, err))
                return false;
            s->position -= n;
            if (done)
                s->place = s->place == IN_VALUE ? AFTER_VALUE : AFTER_ELEMENT;
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

bool json_for_each_element(struct reader *r, const char *key, const struct limits *limits, json_member_fn *take,
                           void *context, struct error *err)
{
    struct buf array BUF_AUTO = {0};
    buf_addf(&array, "{\"%s\":", key);
    struct scan s = {.array = buf_slice(&array), .limits = limits, .take = take, .context = context};
    bool ok = scan_all(&s, r, err) && (s.array_seen || error_set(err, ERR_FORMAT, "no list \"%s\" in it", key));
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
