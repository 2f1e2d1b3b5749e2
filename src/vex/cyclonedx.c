// CycloneDX 1.4 to 1.6 with vulnerabilities and an analysis of them: https://cyclonedx.org/docs/1.6/json/. What is
// affected is named by a reference to a component of the document, or by a BOM-Link with one behind its '#'; it is
// within the document's subject, where that is named in a way that can be compared.
#include "base/clock.h"
#include "vex/vex.h"

#include <stdlib.h>

struct component {
    struct slice ref;
    const struct vex_thing *thing;
};

struct cyclonedx {
    const struct limits *limits;
    struct arena *a;
    struct vex_document *out;
    VEC(struct component) components; // ordered by ref once all are there
    const struct vex_thing *subject;  // NULL: none, or none that can be compared
    uint64_t named;
};

// ---- components -----------------------------------------------------------------------------------------------------

static bool add_component(struct cyclonedx *c, yyjson_val *component, struct vex_thing **added, struct error *err)
{
    struct slice ref = json_str(component, "bom-ref");
    struct vex_thing *thing = ARENA_NEW(c->a, struct vex_thing, 1);
    if (++c->named > c->limits->vex_products)
        return error_set(err, ERR_LIMIT, "more than vex_products (%llu)", (unsigned long long)c->limits->vex_products);
    thing->title = vex_words(c->a, json_str(component, "name"));
    if (!vex_add_name(c->a, thing, json_str(component, "purl"), c->limits, err) ||
        !vex_add_name(c->a, thing, json_str(component, "cpe"), c->limits, err))
        return false;
    if (ref.n != 0)
        VEC_PUSH(c->a, &c->components) = (struct component){arena_dup(c->a, ref), thing};
    *added = thing;
    return true;
}

static bool add_components(struct cyclonedx *c, yyjson_val *list, uint64_t depth, struct error *err)
{
    yyjson_val *component;
    yyjson_arr_iter each;
    struct vex_thing *added;
    if (depth > c->limits->vex_depth)
        return error_set(err, ERR_LIMIT, "components inside one another deeper than vex_depth (%llu)",
                         (unsigned long long)c->limits->vex_depth);
    yyjson_arr_iter_init(list, &each);
    while ((component = yyjson_arr_iter_next(&each)) != NULL)
        if (!add_component(c, component, &added, err) ||
            !add_components(c, yyjson_obj_get(component, "components"), depth + 1, err))
            return false;
    return true;
}

// A container is often named by nothing but its reference, with its digest for a version.
static bool add_subject(struct cyclonedx *c, yyjson_val *component, struct error *err)
{
    struct vex_thing *subject;
    if (component == NULL)
        return true;
    if (!add_component(c, component, &subject, err))
        return false;
    struct slice version = json_str(component, "version");
    if (slice_eq(json_str(component, "type"), SLICE("container")) &&
        (!vex_add_name(c->a, subject, json_str(component, "name"), c->limits, err) ||
         (slice_starts(version, SLICE("sha256:")) && !vex_add_name(c->a, subject, version, c->limits, err))))
        return false;
    c->subject = subject->names_n != 0 ? subject : NULL;
    return true;
}

static int by_ref(const void *x, const void *y)
{
    const struct component *a = x, *b = y;
    return slice_cmp(a->ref, b->ref);
}

// A reference to a component of this document; else it may be a name itself, as many write package URLs there.
static bool find_thing(const struct cyclonedx *c, struct slice ref, const struct vex_thing **out, struct error *err)
{
    ptrdiff_t hash = slice_starts(ref, SLICE("urn:cdx:")) ? slice_find(ref, '#') : -1;
    struct component key = {.ref = hash >= 0 ? slice_from(ref, (size_t)hash + 1) : ref};
    const struct component *found =
        c->components.n != 0 ? bsearch(&key, c->components.v, c->components.n, sizeof key, by_ref) : NULL;
    if (found != NULL) {
        *out = found->thing;
        return true;
    }
    struct vex_thing *thing = ARENA_NEW(c->a, struct vex_thing, 1);
    thing->title = vex_words(c->a, ref);
    *out = thing;
    return vex_add_name(c->a, thing, key.ref, c->limits, err);
}

// ---- vulnerabilities ------------------------------------------------------------------------------------------------

static const struct {
    const char *state;
    enum vex_status status;
} states[] = {
    {"resolved", VEX_FIXED},
    {"resolved_with_pedigree", VEX_FIXED},
    {"exploitable", VEX_AFFECTED},
    {"in_triage", VEX_UNDER_INVESTIGATION},
    {"not_affected", VEX_NOT_AFFECTED},
    {"false_positive", VEX_NOT_AFFECTED},
};

static bool parse_state(struct slice word, enum vex_status *status)
{
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (slice_eq(word, slice_str(states[i].state))) {
            *status = states[i].status;
            return true;
        }
    return false;
}

static int64_t time_of(yyjson_val *vulnerability, const struct vex_document *d)
{
    int64_t when = 0;
    yyjson_val *analysis = yyjson_obj_get(vulnerability, "analysis");
    if (clock_parse(json_str(analysis, "lastUpdated"), &when) ||
        clock_parse(json_str(analysis, "firstIssued"), &when) || clock_parse(json_str(vulnerability, "updated"), &when))
        return when;
    return d->timestamp;
}

static bool read_vulnerability(struct cyclonedx *c, yyjson_val *vulnerability, struct error *err)
{
    yyjson_val *analysis = yyjson_obj_get(vulnerability, "analysis"), *item;
    struct slice state = json_str(analysis, "state"), id = slice_trim(json_str(vulnerability, "id"));
    enum vex_status status;
    if (state.n == 0)
        return true; // it is told of, and not judged
    if (!parse_state(state, &status))
        return error_set(err, ERR_FORMAT, "\"%.*s\" is no state of an analysis", SLICE_ARG(state));
    if (id.n > c->limits->field_bytes)
        return error_set(err, ERR_LIMIT, "its id has more than field_bytes (%llu)",
                         (unsigned long long)c->limits->field_bytes);
    struct vex_statement *s = vex_add_statement(c->a, c->out, c->limits, err);
    if (s == NULL)
        return false;
    struct buf aliases BUF_AUTO = {0};
    struct slice justification = json_str(analysis, "justification");
    s->vulnerability = arena_dup(c->a, id);
    s->status = status;
    s->justification = vex_words(c->a, justification.n != 0 || status != VEX_NOT_AFFECTED ? justification : state);
    s->impact = vex_words(c->a, json_str(analysis, "detail"));
    s->action = vex_words(c->a, json_str(vulnerability, "recommendation"));
    s->timestamp = time_of(vulnerability, c->out);
    yyjson_arr_iter each;
    yyjson_arr_iter_init(yyjson_obj_get(vulnerability, "references"), &each);
    while ((item = yyjson_arr_iter_next(&each)) != NULL)
        vex_add_alias(&aliases, json_str(item, "id"), c->limits);
    s->aliases = arena_dup(c->a, buf_slice(&aliases));
    yyjson_arr_iter_init(yyjson_obj_get(vulnerability, "affects"), &each);
    while ((item = yyjson_arr_iter_next(&each)) != NULL) {
        const struct vex_thing *thing;
        if (!find_thing(c, json_str(item, "ref"), &thing, err))
            return false;
        bool within = c->subject != NULL && thing != c->subject;
        if (!vex_add_product(c->a, s, within ? c->subject : thing, within ? thing : NULL, &c->named, c->limits, err))
            return false;
    }
    vex_check_statement(s);
    return true;
}

// ---- the document ---------------------------------------------------------------------------------------------------

static bool is_cyclonedx(yyjson_val *root)
{
    return slice_eq(json_str(root, "bomFormat"), SLICE("CycloneDX")) &&
           yyjson_is_arr(yyjson_obj_get(root, "vulnerabilities"));
}

static bool read_cyclonedx(yyjson_val *root, const struct limits *limits, struct arena *a, struct vex_document *out,
                           struct error *err)
{
    yyjson_val *metadata = yyjson_obj_get(root, "metadata"), *version = yyjson_obj_get(root, "version"), *item;
    struct cyclonedx c = {.limits = limits, .a = a, .out = out};
    out->id = vex_words(a, json_str(root, "serialNumber"));
    out->author = vex_words(a, json_str(yyjson_obj_get(metadata, "supplier"), "name"));
    if (yyjson_is_uint(version))
        out->version = arena_printf(a, "%llu", (unsigned long long)yyjson_get_uint(version));
    clock_parse(json_str(metadata, "timestamp"), &out->timestamp);
    if (!add_subject(&c, yyjson_obj_get(metadata, "component"), err) ||
        !add_components(&c, yyjson_obj_get(root, "components"), 1, err))
        return false;
    if (c.components.n > 1)
        qsort(c.components.v, c.components.n, sizeof *c.components.v, by_ref);
    size_t number = 0;
    yyjson_arr_iter each;
    yyjson_arr_iter_init(yyjson_obj_get(root, "vulnerabilities"), &each);
    while ((item = yyjson_arr_iter_next(&each)) != NULL) {
        number++;
        if (!read_vulnerability(&c, item, err))
            return error_wrap(err, "vulnerability %zu", number);
    }
    return true;
}

const struct vex_format vex_cyclonedx = {"CycloneDX", is_cyclonedx, read_cyclonedx};
