#include "http/negotiate.h"

#include "http/encoder.h"

#define ENCODE_LEAST 256 // bytes: a shorter body would hardly become shorter

// ---- lists with quality values --------------------------------------------------------------------------------------

static bool is_token(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return s.n != 0;
}

// "0.75" in thousandths; false for anything else.
static bool quality(struct slice s, unsigned *q)
{
    unsigned scale = 1000;
    struct slice whole, fraction;
    slice_cut(s, '.', &whole, &fraction);
    if (whole.n != 1 || (whole.p[0] != '0' && whole.p[0] != '1') || fraction.n > 3)
        return false;
    *q = whole.p[0] == '1' ? 1000 : 0;
    for (size_t i = 0; i < fraction.n; i++) {
        if (fraction.p[i] < '0' || fraction.p[i] > '9')
            return false;
        scale /= 10;
        *q += scale * (unsigned)(fraction.p[i] - '0');
    }
    return *q <= 1000;
}

// Takes the next item off a list, with its quality. False at the end; `*wrong` is set when it cannot be read, in the
// words of Go's mime package, which Clair's clients see.
static bool next_item(struct slice *rest, struct slice *item, unsigned *q, const char **wrong)
{
    if (rest->n == 0)
        return false;
    struct slice whole, parameters, parameter, name, value;
    slice_cut(*rest, ',', &whole, rest);
    slice_cut(whole, ';', item, &parameters);
    *item = slice_trim(*item);
    *q = 1000;
    while (parameters.n != 0) {
        slice_cut(parameters, ';', &parameter, &parameters);
        parameter = slice_trim(parameter);
        if (parameter.n == 0)
            continue;
        if (!slice_cut(parameter, '=', &name, &value) || !is_token(slice_trim(name)))
            *wrong = "mime: invalid media parameter";
        else if (slice_eq_nocase(slice_trim(name), SLICE("q")) && !quality(slice_trim(value), q))
            *wrong = "mime: invalid media parameter";
    }
    return true;
}

// ---- media types ----------------------------------------------------------------------------------------------------

static bool covers(struct slice range, struct slice type)
{
    if (slice_eq(range, SLICE("*/*")) || slice_eq_nocase(range, type))
        return true;
    return slice_ends(range, SLICE("/*")) && type.n >= range.n &&
           slice_eq_nocase(slice_of(range.p, range.n - 1), slice_of(type.p, range.n - 1));
}

static const char *not_a_type(struct slice item)
{
    struct slice type, subtype;
    if (item.n == 0)
        return "mime: no media type";
    if (!slice_cut(item, '/', &type, &subtype))
        return is_token(item) ? "mime: expected slash after first token" : "mime: no media type";
    return is_token(type) && is_token(subtype) ? NULL : "mime: expected token after slash";
}

static const char *none_acceptable(const struct web_request *request, const char *const *allowed,
                                   struct web_response *response)
{
    struct buf list BUF_AUTO = {0};
    for (size_t i = 0; allowed[i] != NULL; i++)
        buf_addf(&list, "%s%s", i != 0 ? " " : "", allowed[i]);
    web_error(request, response, 415, "unable to negotiate common media type for [%.*s]", SLICE_ARG(buf_slice(&list)));
    return NULL;
}

const char *web_accept(const struct web_request *request, const char *const *allowed, struct web_response *response)
{
    const char *best = NULL, *wrong = NULL;
    unsigned best_q = 0, q;
    struct slice rest, item;
    bool any = false;
    for (size_t n = 0; (rest = web_header(request, "Accept", n)).p != NULL; n++) {
        any = true;
        if (rest.n == 0)
            wrong = "mime: no media type";
        while (wrong == NULL && next_item(&rest, &item, &q, &wrong)) {
            wrong = wrong != NULL ? wrong : not_a_type(item);
            for (size_t i = 0; wrong == NULL && allowed[i] != NULL; i++) {
                if (q <= best_q || !covers(item, slice_str(allowed[i])))
                    continue;
                best = allowed[i];
                best_q = q;
                break;
            }
        }
    }
    if (wrong != NULL) {
        web_error(request, response, 400, "malformed request: %s", wrong);
        return NULL;
    }
    return !any ? allowed[0] : best != NULL ? best : none_acceptable(request, allowed, response);
}

// ---- entity tags ----------------------------------------------------------------------------------------------------

bool web_matches(const struct web_request *request, struct slice tag)
{
    struct slice value;
    for (size_t n = 0; (value = web_header(request, "If-None-Match", n)).p != NULL; n++)
        if (slice_eq(value, tag))
            return true;
    return false;
}

// ---- content codings ------------------------------------------------------------------------------------------------

static enum coding coding_named(struct slice name)
{
    static const struct {
        const char *name;
        enum coding coding;
    } names[] = {{"gzip", CODING_GZIP},       {"x-gzip", CODING_GZIP}, {"*", CODING_GZIP},
                 {"deflate", CODING_DEFLATE}, {"zstd", CODING_ZSTD},   {"identity", CODING_IDENTITY}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (slice_eq_nocase(name, slice_str(names[i].name)))
            return names[i].coding;
    return CODING_UNKNOWN;
}

static enum coding choose_coding(struct slice header)
{
    struct slice item;
    unsigned q, best_q = 0;
    bool identity = true; // may still be sent
    enum coding best = CODING_UNKNOWN;
    const char *wrong = NULL;
    while (next_item(&header, &item, &q, &wrong)) {
        enum coding coding = coding_named(item);
        if (q == 0 && (coding == CODING_IDENTITY || slice_eq(item, SLICE("*"))))
            identity = false;
        if (coding != CODING_UNKNOWN && q > best_q) {
            best = coding;
            best_q = q;
        }
    }
    return best == CODING_UNKNOWN && !identity ? CODING_REFUSED : best;
}

// The whole body at once.
static bool encode_body(enum coding coding, struct slice in, struct buf *out)
{
    struct encoder *e __attribute__((cleanup(encoder_free))) = encoder_new(coding);
    buf_reserve(out, in.n + in.n / 128 + 4096); // as much as it can come to, so that it is done in one go
    return e != NULL && encoder_add(e, in, true, out);
}

bool web_gzip(struct slice in, struct buf *out)
{
    return encode_body(CODING_GZIP, in, out);
}

static void refuse(struct web_response *response)
{
    response->status = 415;
    response->type = NULL;
    response->body.n = 0;
    web_stream_end(&response->stream);
}

// A handler that has the body encoded already says so.
static bool is_encoded(const struct web_response *response)
{
    for (size_t i = 0; i < response->fields.n; i++)
        if (strcmp(response->fields.v[i].name, "Content-Encoding") == 0)
            return true;
    return false;
}

void web_encode(const struct web_request *request, struct web_response *response)
{
    struct slice header = web_header(request, "Accept-Encoding", 0);
    struct buf encoded BUF_AUTO = {0};
    bool streamed = response->stream.next != NULL;
    if (header.p == NULL || (response->body.n == 0 && !streamed))
        return;
    enum coding coding = choose_coding(header);
    if (coding == CODING_REFUSED) {
        refuse(response);
        return;
    }
    web_add(request, response, "Vary", SLICE("Accept-Encoding"));
    if (is_encoded(response))
        return;
    if (coding == CODING_UNKNOWN)
        web_add(request, response, "Accept-Encoding", SLICE("zstd, gzip, deflate"));
    if (coding_name(coding) == NULL)
        return;
    if (streamed) {
        response->stream.encoder = encoder_new(coding);
    } else {
        if (response->body.n < ENCODE_LEAST || !encode_body(coding, buf_slice(&response->body), &encoded))
            return;
        struct buf plain = response->body;
        response->body = encoded;
        encoded = plain;
    }
    web_add(request, response, "Content-Encoding", slice_str(coding_name(coding)));
}
