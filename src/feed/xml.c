// XML 1.0 by expat, which gives everything as valid UTF-8, whatever the document's encoding.
#include "feed/xml.h"

#include "base/arena.h"
#include "base/buf.h"

#include <expat.h>

#define PIECE (64 * 1024) // given to expat at a time, so that a tag without an end is noticed

struct xml {
    XML_Parser parser;
    const struct limits *limits;
    const struct xml_handler *handler;
    void *context;
    struct buf text; // of the innermost element
    VEC(struct xml_attribute) attributes;
    struct arena arena; // of `attributes`
    size_t depth;
    bool failed; // `err` says why; no other event is wanted
    struct error *err;
};

struct slice xml_attribute(const struct xml_element *element, const char *name)
{
    for (size_t i = 0; i < element->attributes_n; i++)
        if (slice_eq(element->attributes[i].name, slice_str(name)))
            return element->attributes[i].value;
    return (struct slice){0};
}

static bool at_line(struct xml *x)
{
    return error_wrap(x->err, "line %lu, column %lu", (unsigned long)XML_GetCurrentLineNumber(x->parser),
                      (unsigned long)XML_GetCurrentColumnNumber(x->parser) + 1);
}

static void stop(struct xml *x)
{
    x->failed = true;
    at_line(x);
    XML_StopParser(x->parser, XML_FALSE);
}

static void over(struct xml *x, const char *what, const char *limit, uint64_t most)
{
    error_set(x->err, ERR_LIMIT, "%s (limit %s, %llu)", what, limit, (unsigned long long)most);
    stop(x);
}

// ---- what expat calls -----------------------------------------------------------------------------------------------

// Behind the prefix, if there is one. expat's own names are terminated.
static struct slice local_name(const XML_Char *name)
{
    struct slice s = slice_str(name);
    return slice_from(s, (size_t)(slice_find(s, ':') + 1));
}

static void XMLCALL on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct xml *x = context;
    if (x->failed)
        return;
    x->text.n = 0;
    if (++x->depth > x->limits->xml_depth) {
        over(x, "too many elements inside one another", "xml_depth", x->limits->xml_depth);
        return;
    }
    if ((uint64_t)XML_GetCurrentByteCount(x->parser) > x->limits->xml_text_bytes) {
        over(x, "a tag is too long", "xml_text_bytes", x->limits->xml_text_bytes);
        return;
    }
    x->attributes.n = 0;
    for (size_t i = 0; attributes[i] != NULL; i += 2)
        VEC_PUSH(&x->arena, &x->attributes) =
            (struct xml_attribute){local_name(attributes[i]), slice_str(attributes[i + 1])};
    struct xml_element element = {local_name(name), x->attributes.v, x->attributes.n, x->depth};
    if (!x->handler->begin(x->context, &element, x->err))
        stop(x);
}

static void XMLCALL on_text(void *context, const XML_Char *text, int n)
{
    struct xml *x = context;
    if (x->failed)
        return;
    if (x->text.n + (size_t)n > x->limits->xml_text_bytes)
        over(x, "a text is too long", "xml_text_bytes", x->limits->xml_text_bytes);
    else
        buf_add(&x->text, slice_of(text, (size_t)n));
}

static void XMLCALL on_end(void *context, const XML_Char *name)
{
    struct xml *x = context;
    if (x->failed)
        return;
    struct xml_element element = {.name = local_name(name), .depth = x->depth--};
    if (!x->handler->end(x->context, &element, slice_trim(buf_slice(&x->text)), x->err))
        stop(x);
    x->text.n = 0;
}

static void XMLCALL on_doctype(void *context, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                               int has_internal_subset)
{
    struct xml *x = context;
    (void)name, (void)system, (void)public, (void)has_internal_subset;
    if (x->failed)
        return;
    error_set(x->err, ERR_FORMAT, "it declares a document type, which may hold entities: refused");
    stop(x);
}

// ---- reading --------------------------------------------------------------------------------------------------------

static bool give(struct xml *x, struct slice piece, bool last)
{
    if (XML_Parse(x->parser, piece.p, (int)piece.n, last) == XML_STATUS_OK)
        return true;
    if (!x->failed) {
        error_set(x->err, ERR_FORMAT, "%s", XML_ErrorString(XML_GetErrorCode(x->parser)));
        at_line(x);
    }
    return false;
}

static bool read_all(struct xml *x, struct reader *r)
{
    struct slice chunk;
    uint64_t given = 0;
    do {
        if (!reader_next(r, &chunk, x->err))
            return false;
        for (struct slice rest = chunk; rest.n != 0; rest = slice_from(rest, PIECE)) {
            size_t n = rest.n < PIECE ? rest.n : PIECE;
            if (!give(x, slice_of(rest.p, n), false))
                return false;
            given += n;
            // What expat keeps is a tag, a comment or the like whose end it has not seen.
            XML_Index at = XML_GetCurrentByteIndex(x->parser);
            if (at >= 0 && given > (uint64_t)at && given - (uint64_t)at > x->limits->xml_text_bytes + PIECE) {
                error_set(x->err, ERR_LIMIT, "a tag or a comment is too long (limit xml_text_bytes, %llu)",
                          (unsigned long long)x->limits->xml_text_bytes);
                return at_line(x);
            }
        }
    } while (chunk.n != 0);
    return give(x, (struct slice){"", 0}, true);
}

bool xml_read(struct reader *r, const struct limits *limits, const struct xml_handler *handler, void *context,
              struct error *err)
{
    struct xml x = {
        .parser = XML_ParserCreate(NULL), .limits = limits, .handler = handler, .context = context, .err = err};
    if (x.parser == NULL)
        return error_set(err, ERR_IO, "no memory for reading XML");
    XML_SetUserData(x.parser, &x);
    XML_SetElementHandler(x.parser, on_start, on_end);
    XML_SetCharacterDataHandler(x.parser, on_text);
    XML_SetStartDoctypeDeclHandler(x.parser, on_doctype);
    bool ok = read_all(&x, r);
    XML_ParserFree(x.parser);
    buf_free(&x.text);
    arena_free(&x.arena);
    return ok;
}
