// SPDX 2 in JSON: packages, and relationships between them.
//
// Source: the SPDX specification 2.3, chapters 7 (package information) and 11 (relationships), and its JSON schema.
#include "base/sort.h"
#include "scan/sbom.h"

#include <stdlib.h>

// Which package of the database a name inside the document stands for.
struct element {
    struct slice id;
    size_t package;
};

struct elements {
    struct element *v;
    size_t n, cap;
};

static int by_id(const void *a, const void *b)
{
    return slice_cmp(((const struct element *)a)->id, ((const struct element *)b)->id);
}

static struct package *package_of(const struct sbom *s, const struct elements *elements, struct slice id)
{
    struct element key = {.id = id};
    const struct element *found = elements->n != 0 ? bsearch(&key, elements->v, elements->n, sizeof key, by_id) : NULL;
    return found != NULL ? &s->db->packages[found->package] : NULL;
}

// The first package URL among the external references.
static struct slice purl_of(yyjson_val *package)
{
    yyjson_val *list = yyjson_obj_get(package, "externalRefs"), *reference;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, reference)
    {
        if (slice_eq(json_str(reference, "referenceType"), SLICE("purl")))
            return json_str(reference, "referenceLocator");
    }
    return (struct slice){0};
}

// "NOASSERTION" and "NONE" stand for nothing.
static struct slice told(struct slice value)
{
    bool nothing = slice_eq(value, SLICE("NOASSERTION")) || slice_eq(value, SLICE("NONE"));
    return nothing ? (struct slice){0} : value;
}

// A comment of Clarion's own: an object of facts, each a text or a list of them. Others may write what they like behind
// the same word, so what is no such object is nothing.
static void take_comment(struct sbom *s, struct slice comment, struct sbom_own *own)
{
    struct error ignored;
    yyjson_doc *doc JSON_AUTO = json_parse(slice_from(comment, sizeof SBOM_OWN - 1), &ignored);
    yyjson_val *key, *value, *item;
    size_t i, n, j, most;
    yyjson_obj_foreach(yyjson_doc_get_root(doc), i, n, key, value)
    {
        if (yyjson_is_str(value))
            sbom_own_take(s, own, json_val_str(key), arena_dup(s->scratch, json_val_str(value)));
        yyjson_arr_foreach(value, j, most, item)
        {
            sbom_own_take(s, own, json_val_str(key), arena_dup(s->scratch, json_val_str(item)));
        }
    }
}

static void read_annotations(struct sbom *s, yyjson_val *package, struct sbom_own *own)
{
    yyjson_val *list = yyjson_obj_get(package, "annotations"), *annotation;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, annotation)
    {
        struct slice comment = json_str(annotation, "comment");
        if (slice_starts(comment, SLICE(SBOM_OWN)))
            take_comment(s, comment, own);
    }
}

static void take_package(struct sbom *s, yyjson_val *package, struct elements *elements)
{
    struct slice purpose = json_str(package, "primaryPackagePurpose");
    struct sbom_own own = {0};
    struct sbom_component c = {
        .name = json_str(package, "name"), .version = told(json_str(package, "versionInfo")), .purl = purl_of(package)};
    read_annotations(s, package, &own);
    sbom_own_refine(&own, &c);
    if (c.own) // whose version may be any word
        c.version = json_str(package, "versionInfo");
    if (own.of_release) {
        sbom_take_release(s, &own.release, RELEASE_OF_CLARION);
        return;
    }
    if (own.of_image && !c.own && c.purl.n == 0)
        return;
    if (slice_eq(purpose, SLICE("OPERATING-SYSTEM")) || slice_eq(purpose, SLICE("OPERATING_SYSTEM"))) {
        struct release_file release = {.id = c.name, .version_id = c.version};
        sbom_take_release(s, &release, RELEASE_OF_COMPONENT);
        return;
    }
    bool thing = slice_eq(purpose, SLICE("CONTAINER")) || slice_eq(purpose, SLICE("FILE")) ||
                 slice_eq(purpose, SLICE("ARCHIVE")) || slice_eq(purpose, SLICE("SOURCE")) ||
                 slice_eq(purpose, SLICE("DEVICE")) || slice_eq(purpose, SLICE("APPLICATION"));
    if (thing && c.purl.n == 0) {
        sbom_count(s, "of purpose %.*s without a package URL", SLICE_ARG(purpose));
        return;
    }
    if (!sbom_take(s, &c))
        return;
    struct slice id = json_str(package, "SPDXID");
    if (elements->n == elements->cap)
        elements->v = arena_grow(s->scratch, elements->v, sizeof *elements->v, elements->n, &elements->cap);
    elements->v[elements->n++] = (struct element){id, s->db->n - 1};
}

static bool is_of_distribution(const struct package *p)
{
    return slice_eq(p->kind, SLICE("deb")) || slice_eq(p->kind, SLICE("rpm")) || slice_eq(p->kind, SLICE("apk"));
}

// Syft notes so that a package of the distribution brought the file that tells of a language's package.
static void take_owners(struct sbom *s, yyjson_val *root, const struct elements *elements)
{
    yyjson_val *list = yyjson_obj_get(root, "relationships"), *relationship;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, relationship)
    {
        if (!slice_starts(json_str(relationship, "comment"), SLICE("ownership-by-file-overlap")))
            continue;
        const struct package *owner = package_of(s, elements, json_str(relationship, "spdxElementId"));
        struct package *owned = package_of(s, elements, json_str(relationship, "relatedSpdxElement"));
        if (owner == NULL || owned == NULL || !is_of_distribution(owner) || is_of_distribution(owned))
            continue;
        struct buf text BUF_AUTO = {0};
        buf_add(&text, owner->kind);
        buf_addc(&text, ':');
        buf_add(&text, owner->name);
        owned->owner = arena_dup(s->out->arena, buf_slice(&text));
    }
}

bool sbom_read_spdx(struct sbom *s, yyjson_val *root, struct error *err)
{
    struct slice version = json_str(root, "spdxVersion");
    if (!slice_starts(version, SLICE("SPDX-2.")))
        return error_set(err, ERR_UNSUPPORTED, "%.*s cannot be read by this version: SPDX 2.3 can", SLICE_ARG(version));
    if (!slice_eq(version, SLICE("SPDX-2.3")))
        scan_skip(s->out, SLICE(""), false, "%.*s, read as if it were SPDX 2.3", SLICE_ARG(version));
    struct elements elements = {0};
    yyjson_val *list = yyjson_obj_get(root, "packages"), *package;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, package)
    {
        if (yyjson_is_obj(package))
            take_package(s, package, &elements);
        else
            sbom_count(s, "without the form of an object");
    }
    if (elements.n > 1)
        sort_items(elements.v, elements.n, sizeof *elements.v, by_id);
    take_owners(s, root, &elements);
    n = yyjson_arr_size(yyjson_obj_get(root, "files"));
    if (n != 0)
        scan_skip(s->out, SLICE(""), false, "%zu files, which are no packages; left out", n);
    return true;
}
