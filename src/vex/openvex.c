// OpenVEX: https://github.com/openvex/spec, OPENVEX-SPEC.md and openvex_json_schema.json of version 0.2.0. What its
// first version wrote, a vulnerability and products as plain strings, is read too.
#include "base/clock.h"
#include "vex/vex.h"

static bool is_openvex(yyjson_val *root)
{
    return slice_starts(json_str(root, "@context"), SLICE("https://openvex.dev/ns"));
}

static bool parse_status(struct slice word, enum vex_status *status)
{
    for (int i = VEX_NOT_AFFECTED; i <= VEX_UNDER_INVESTIGATION; i++)
        if (slice_eq(word, slice_str(vex_status_name((enum vex_status)i)))) {
            *status = (enum vex_status)i;
            return true;
        }
    return false;
}

// The last change of a statement or a document.
static int64_t time_of(yyjson_val *object)
{
    int64_t made = 0, changed = 0;
    clock_parse(json_str(object, "timestamp"), &made);
    clock_parse(json_str(object, "last_updated"), &changed);
    return changed > made ? changed : made;
}

// The algorithms that digests of images are of, as IANA's registry of named information calls them.
static bool add_digests(yyjson_val *hashes, const struct limits *limits, struct arena *a, struct vex_thing *thing,
                        struct error *err)
{
    struct slice sha256 = json_str(hashes, "sha-256"), sha512 = json_str(hashes, "sha-512");
    return (sha256.n == 0 || vex_add_name(a, thing, arena_printf(a, "sha256:%.*s", SLICE_ARG(sha256)), limits, err)) &&
           (sha512.n == 0 || vex_add_name(a, thing, arena_printf(a, "sha512:%.*s", SLICE_ARG(sha512)), limits, err));
}

// A product or a subcomponent.
static bool read_thing(yyjson_val *value, const struct limits *limits, struct arena *a, struct vex_thing *thing,
                       struct error *err)
{
    // The schema writes the keys of CPEs with an '@', the specification's text without.
    static const char *const identifiers[] = {"purl", "cpe23", "@cpe23", "cpe22", "@cpe22"};
    struct slice id = yyjson_is_str(value) ? json_val_str(value) : json_str(value, "@id");
    yyjson_val *list = yyjson_obj_get(value, "identifiers");
    if (!vex_add_name(a, thing, id, limits, err))
        return false;
    for (size_t i = 0; i < sizeof identifiers / sizeof identifiers[0]; i++)
        if (!vex_add_name(a, thing, json_str(list, identifiers[i]), limits, err))
            return false;
    if (!add_digests(yyjson_obj_get(value, "hashes"), limits, a, thing, err))
        return false;
    thing->title = thing->names_n != 0 ? thing->names[0].text : SLICE("(a product without a name)");
    return true;
}

static bool read_product(yyjson_val *value, const struct limits *limits, struct arena *a, struct vex_statement *s,
                         uint64_t *products, struct error *err)
{
    struct vex_thing *whole = ARENA_NEW(a, struct vex_thing, 1);
    yyjson_val *parts = yyjson_obj_get(value, "subcomponents"), *part;
    if (!read_thing(value, limits, a, whole, err))
        return false;
    if (yyjson_arr_size(parts) == 0)
        return vex_add_product(a, s, whole, NULL, products, limits, err);
    yyjson_arr_iter each;
    yyjson_arr_iter_init(parts, &each);
    while ((part = yyjson_arr_iter_next(&each)) != NULL) {
        struct vex_thing *thing = ARENA_NEW(a, struct vex_thing, 1);
        if (!read_thing(part, limits, a, thing, err) || !vex_add_product(a, s, whole, thing, products, limits, err))
            return false;
    }
    return true;
}

static bool read_vulnerability(yyjson_val *value, const struct limits *limits, struct arena *a, struct vex_statement *s,
                               struct error *err)
{
    struct slice name = slice_trim(yyjson_is_str(value) ? json_val_str(value) : json_str(value, "name"));
    if (name.n > limits->field_bytes)
        return error_set(err, ERR_LIMIT, "the name of its vulnerability has more than field_bytes (%llu)",
                         (unsigned long long)limits->field_bytes);
    s->vulnerability = arena_dup(a, name);
    yyjson_val *alias, *aliases = yyjson_obj_get(value, "aliases");
    yyjson_arr_iter each;
    struct buf list BUF_AUTO = {0};
    yyjson_arr_iter_init(aliases, &each);
    while ((alias = yyjson_arr_iter_next(&each)) != NULL)
        vex_add_alias(&list, json_val_str(alias), limits);
    s->aliases = arena_dup(a, buf_slice(&list));
    return true;
}

static bool read_statement(yyjson_val *value, const struct limits *limits, struct arena *a, struct vex_document *d,
                           uint64_t *products, struct error *err)
{
    struct vex_statement *s = vex_add_statement(a, d, limits, err);
    struct slice word = json_str(value, "status");
    if (s == NULL || !read_vulnerability(yyjson_obj_get(value, "vulnerability"), limits, a, s, err))
        return false;
    if (!parse_status(word, &s->status))
        return error_set(err, ERR_FORMAT, "\"%.*s\" is no status", SLICE_ARG(word));
    struct slice impact = json_str(value, "impact_statement"), notes = json_str(value, "status_notes");
    s->justification = vex_words(a, json_str(value, "justification"));
    s->impact = vex_words(a, impact.n != 0 || s->status == VEX_NOT_AFFECTED ? impact : notes);
    s->action = vex_words(a, json_str(value, "action_statement"));
    s->timestamp = time_of(value);
    if (s->timestamp == 0)
        s->timestamp = d->timestamp;
    yyjson_val *product;
    yyjson_arr_iter each;
    yyjson_arr_iter_init(yyjson_obj_get(value, "products"), &each);
    while ((product = yyjson_arr_iter_next(&each)) != NULL)
        if (!read_product(product, limits, a, s, products, err))
            return false;
    vex_check_statement(s);
    return true;
}

static bool read_openvex(yyjson_val *root, const struct limits *limits, struct arena *a, struct vex_document *out,
                         struct error *err)
{
    yyjson_val *version = yyjson_obj_get(root, "version"), *statement;
    out->id = vex_words(a, json_str(root, "@id"));
    out->author = vex_words(a, json_str(root, "author"));
    out->version = yyjson_is_uint(version) ? arena_printf(a, "%llu", (unsigned long long)yyjson_get_uint(version))
                                           : vex_words(a, json_val_str(version));
    out->timestamp = time_of(root);
    if (!yyjson_is_arr(yyjson_obj_get(root, "statements")))
        return error_set(err, ERR_FORMAT, "it has no \"statements\"");
    uint64_t products = 0;
    yyjson_arr_iter each;
    yyjson_arr_iter_init(yyjson_obj_get(root, "statements"), &each);
    while ((statement = yyjson_arr_iter_next(&each)) != NULL)
        if (!read_statement(statement, limits, a, out, &products, err))
            return error_wrap(err, "statement %zu", out->statements_n);
    return true;
}

const struct vex_format vex_openvex = {"OpenVEX", is_openvex, read_openvex};
