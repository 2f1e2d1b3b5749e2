#include "feed/repomd.h"

#include "base/reader.h"
#include "feed/xml.h"

struct search {
    const char *type;
    struct arena *arena;
    struct repomd_file *out;
    bool in_wanted, has_digest;
    struct slice algorithm;
};

static bool begin(void *context, const struct xml_element *element, struct error *err)
{
    struct search *s = context;
    (void)err;
    if (element->depth == 2)
        s->in_wanted =
            slice_eq(element->name, SLICE("data")) && slice_eq(xml_attribute(element, "type"), slice_str(s->type));
    if (!s->in_wanted || element->depth != 3)
        return true;
    if (slice_eq(element->name, SLICE("location")))
        s->out->location = arena_dup(s->arena, xml_attribute(element, "href"));
    if (slice_eq(element->name, SLICE("checksum")))
        s->algorithm = arena_dup(s->arena, xml_attribute(element, "type"));
    return true;
}

static bool end(void *context, const struct xml_element *element, struct slice text, struct error *err)
{
    struct search *s = context;
    if (!s->in_wanted || element->depth != 3 || !slice_eq(element->name, SLICE("checksum")))
        return true;
    struct slice digest = arena_printf(s->arena, "%.*s:%.*s", SLICE_ARG(s->algorithm), SLICE_ARG(text));
    s->has_digest = digest_parse(digest, &s->out->digest, err);
    return s->has_digest;
}

// A path that stays below the repository, whoever made it.
static bool is_below(struct slice location)
{
    if (location.n == 0 || location.p[0] == '/' || slice_find(location, ':') >= 0 || slice_find(location, '?') >= 0)
        return false;
    while (location.n != 0) {
        struct slice step;
        slice_cut(location, '/', &step, &location);
        if (step.n == 0 || slice_eq(step, SLICE(".")) || slice_eq(step, SLICE("..")))
            return false;
    }
    return true;
}

bool repomd_find(struct slice text, const char *type, const struct limits *limits, struct arena *a,
                 struct repomd_file *out, struct error *err)
{
    static const struct xml_handler handler = {begin, end};
    struct search s = {.type = type, .arena = a, .out = out};
    struct reader *r READER_AUTO = reader_of_slice(text);
    *out = (struct repomd_file){0};
    if (!xml_read(r, limits, &handler, &s, err))
        return false;
    if (out->location.n == 0 && !s.has_digest)
        return error_set(err, ERR_NOT_FOUND, "it names no file of type %s", type);
    if (!s.has_digest)
        return error_set(err, ERR_FORMAT, "it gives no digest of the file of type %s", type);
    return is_below(out->location) ||
           error_set(err, ERR_FORMAT, "its file of type %s stands at \"%.*s\"", type, SLICE_ARG(out->location));
}
