// CycloneDX 1.6 in JSON (ECMA-424): the inventory, and in reports its vulnerabilities. docs/sbom.md has what stands
// where.
#include "output/cyclonedx.h"

#include <stdio.h>

// ---- parts ----------------------------------------------------------------------------------------------------------

struct slice cyclonedx_ref(char text[static CYCLONEDX_REF], const char *what, size_t index)
{
    return slice_of(text, (size_t)snprintf(text, CYCLONEDX_REF, "%.16s:%zu", what, index + 1));
}

void cyclonedx_add_properties(yyjson_mut_doc *doc, yyjson_mut_val *object, const bom_facts *facts)
{
    if (facts->n == 0)
        return;
    yyjson_mut_val *list = json_add_arr(doc, object, "properties");
    for (size_t i = 0; i < facts->n; i++) {
        char name[64];
        int n = snprintf(name, sizeof name, "clarion:%s", facts->v[i].key);
        yyjson_mut_val *property = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, property, "name", slice_of(name, (size_t)n));
        json_add_str(doc, property, "value", facts->v[i].value);
    }
}

static void add_hash(yyjson_mut_doc *doc, yyjson_mut_val *component, const struct digest *digest)
{
    bool sha512 = slice_starts(digest_slice(digest), SLICE("sha512:"));
    yyjson_mut_val *hash = yyjson_mut_arr_add_obj(doc, json_add_arr(doc, component, "hashes"));
    json_add_str(doc, hash, "alg", sha512 ? SLICE("SHA-512") : SLICE("SHA-256"));
    json_add_str(doc, hash, "content", slice_str(digest_hex(digest)));
}

// ---- metadata -------------------------------------------------------------------------------------------------------

static void add_image(yyjson_mut_doc *doc, yyjson_mut_val *metadata, const struct report *report, struct arena *a)
{
    const struct stored_image *image = report->image;
    bom_facts facts = {0};
    yyjson_mut_val *component = json_add_obj(doc, metadata, "component");
    json_add_str(doc, component, "type", SLICE("container"));
    json_add_str(doc, component, "bom-ref", SLICE(CYCLONEDX_IMAGE));
    json_add_str(doc, component, "name", bom_name(image));
    json_add_str(doc, component, "version", digest_slice(&image->manifest));
    add_hash(doc, component, &image->manifest);
    bom_image_facts(a, report, &facts);
    cyclonedx_add_properties(doc, component, &facts);
}

static void add_metadata(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct report *report,
                         const struct output_options *options, bool judged, struct arena *a)
{
    char time[32];
    bom_facts facts = {0};
    bom_time(report, judged, time);
    yyjson_mut_val *metadata = json_add_obj(doc, root, "metadata");
    json_add_str(doc, metadata, "timestamp", slice_str(time));
    yyjson_mut_val *tools = json_add_arr(doc, json_add_obj(doc, metadata, "tools"), "components");
    yyjson_mut_val *tool = yyjson_mut_arr_add_obj(doc, tools);
    json_add_str(doc, tool, "type", SLICE("application"));
    json_add_str(doc, tool, "name", SLICE("clarion"));
    json_add_str(doc, tool, "version", SLICE(CLARION_VERSION));
    add_image(doc, metadata, report, a);
    if (judged)
        bom_coverage_facts(a, report, options, &facts);
    cyclonedx_add_properties(doc, metadata, &facts);
}

// ---- components -----------------------------------------------------------------------------------------------------

// "group:artifact" of Maven is two names, and has two places. Other names stand whole, as their own tools print them.
static void add_name(yyjson_mut_doc *doc, yyjson_mut_val *component, const struct package *p)
{
    ptrdiff_t colon = slice_eq(p->kind, SLICE("maven")) ? slice_rfind(p->name, ':') : -1;
    bool two = colon > 0 && (size_t)colon + 1 < p->name.n;
    if (two)
        json_add_str(doc, component, "group", slice_of(p->name.p, (size_t)colon));
    json_add_str(doc, component, "name", two ? slice_from(p->name, (size_t)colon + 1) : p->name);
}

static struct slice type_of(struct slice kind)
{
    return slice_eq(kind, SLICE("binary"))      ? SLICE("application")
           : slice_eq(kind, SLICE("container")) ? SLICE("container")
                                                : SLICE("library");
}

static void add_package(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct stored_image *image, size_t i)
{
    struct arena scratch ARENA_AUTO = {0};
    char ref[CYCLONEDX_REF];
    const struct package *p = &image->inventory.packages[i].package;
    bom_facts facts = {0};
    bool fits = p->version.n <= CYCLONEDX_VERSION_MAX;
    yyjson_mut_val *component = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, component, "type", type_of(p->kind));
    json_add_str(doc, component, "bom-ref", cyclonedx_ref(ref, "package", i));
    if (p->vendor.n != 0)
        json_add_str(doc, json_add_obj(doc, component, "supplier"), "name", p->vendor);
    add_name(doc, component, p);
    if (fits)
        json_add_str_if(doc, component, "version", p->version);
    json_add_str(doc, component, "purl", package_purl(&scratch, p, &image->inventory.distribution));
    bom_package_facts(&scratch, image, i, &facts);
    if (!fits)
        VEC_PUSH(&scratch, &facts) = (struct bom_fact){"version", p->version};
    cyclonedx_add_properties(doc, component, &facts);
}

static void add_distribution(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct distribution *d, struct arena *a)
{
    struct slice version = d->version_id.n != 0 ? d->version_id : d->codename;
    bom_facts facts = {0};
    yyjson_mut_val *component = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, component, "type", SLICE("operating-system"));
    json_add_str(doc, component, "bom-ref", SLICE("distribution"));
    json_add_str(doc, component, "name", d->id);
    if (version.n <= CYCLONEDX_VERSION_MAX)
        json_add_str_if(doc, component, "version", version);
    json_add_str_if(doc, component, "description", d->pretty_name);
    bom_distribution_facts(a, d, &facts);
    cyclonedx_add_properties(doc, component, &facts);
}

static void add_components(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct stored_image *image, struct arena *a)
{
    const struct inventory *inventory = &image->inventory;
    yyjson_mut_val *list = json_add_arr(doc, root, "components");
    if (inventory->distribution.known)
        add_distribution(doc, list, &inventory->distribution, a);
    for (size_t i = 0; i < inventory->packages_n; i++)
        add_package(doc, list, image, i);
}

// ---- what belongs to what -------------------------------------------------------------------------------------------

// The image needs all that is in it; a package of a language, the distribution's that brought it. What else needs what
// is not known, so nothing is said of the others.
static void add_dependencies(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct inventory *inventory)
{
    char ref[CYCLONEDX_REF];
    yyjson_mut_val *list = json_add_arr(doc, root, "dependencies"), *item = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, item, "ref", SLICE(CYCLONEDX_IMAGE));
    yyjson_mut_val *needs = json_add_arr(doc, item, "dependsOn");
    if (inventory->distribution.known)
        json_arr_add_str(doc, needs, SLICE("distribution"));
    for (size_t i = 0; i < inventory->packages_n; i++)
        json_arr_add_str(doc, needs, cyclonedx_ref(ref, "package", i));
    for (size_t i = 0; i < inventory->packages_n; i++) {
        size_t owner = bom_owner(inventory, &inventory->packages[i]);
        if (owner == SIZE_MAX || owner == i)
            continue;
        item = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, item, "ref", cyclonedx_ref(ref, "package", i));
        json_arr_add_str(doc, json_add_arr(doc, item, "dependsOn"), cyclonedx_ref(ref, "package", owner));
    }
}

// Never "complete": what no package manager and no program tells of is in no inventory.
static void add_compositions(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct report *report, bool judged,
                             size_t vulnerabilities)
{
    char ref[CYCLONEDX_REF];
    yyjson_mut_val *list = json_add_arr(doc, root, "compositions"), *item = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, item, "aggregate", bom_is_incomplete(report) ? SLICE("incomplete") : SLICE("unknown"));
    json_arr_add_str(doc, json_add_arr(doc, item, "assemblies"), SLICE(CYCLONEDX_IMAGE));
    if (!judged)
        return;
    item = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, item, "aggregate", bom_is_judged_in_part(report) ? SLICE("incomplete") : SLICE("unknown"));
    yyjson_mut_val *refs = json_add_arr(doc, item, "vulnerabilities");
    for (size_t i = 0; i < vulnerabilities; i++)
        json_arr_add_str(doc, refs, cyclonedx_ref(ref, "vulnerability", i));
}

// ---- the document ---------------------------------------------------------------------------------------------------

static void write_document(const struct report *report, const struct output_options *options, bool judged,
                           struct buf *out)
{
    struct arena scratch ARENA_AUTO = {0};
    size_t from = out->n, vulnerabilities = 0;
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    json_add_str(doc, root, "bomFormat", SLICE("CycloneDX"));
    json_add_str(doc, root, "specVersion", SLICE("1.6"));
    json_add_str(doc, root, "serialNumber", SLICE(BOM_UNNAMED));
    yyjson_mut_obj_add_uint(doc, root, "version", 1);
    add_metadata(doc, root, report, options, judged, &scratch);
    add_components(doc, root, report->image, &scratch);
    add_dependencies(doc, root, &report->image->inventory);
    if (judged)
        vulnerabilities = cyclonedx_add_vulnerabilities(doc, root, report, options);
    add_compositions(doc, root, report, judged, vulnerabilities);
    json_write(doc, true, out);
    buf_addc(out, '\n');
    bom_put_name(out, from);
}

static void write_report(const struct report *report, const struct output_options *options, struct buf *out)
{
    write_document(report, options, true, out);
}

static void write_inventory(const struct report *report, const struct output_options *options, struct buf *out)
{
    write_document(report, options, false, out);
}

extern const struct output output_cyclonedx;
const struct output output_cyclonedx = {
    .name = "cyclonedx",
    .title = "CycloneDX 1.6: a bill of materials, in reports with vulnerabilities",
    .report = write_report,
    .inventory = write_inventory,
};
