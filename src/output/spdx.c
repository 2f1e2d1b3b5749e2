// SPDX 2.3 in JSON: the inventory, and in reports what is known of its packages' security, as far as SPDX 2.3 has room
// for it: a reference of category SECURITY to what was published, with the rest in its comment. docs/sbom.md has what
// stands where.
//
// Source: the SPDX specification 2.3, chapters 6 (document), 7 (package), 11 (relationship), 12 (annotation) and annex
// F (external references).
#include "base/json.h"
#include "output/bom.h"
#include "output/links.h"
#include "output/words.h"

#include <stdio.h>

#define DOCUMENT     "SPDXRef-DOCUMENT"
#define IMAGE        "SPDXRef-Image"
#define DISTRIBUTION "SPDXRef-Distribution"
#define TOOL         "Tool: clarion-" CLARION_VERSION

struct writing {
    yyjson_mut_doc *doc;
    const struct report *report;
    char time[32];
    // The findings of each package, in their order: first[package], then next[finding], SIZE_MAX at the end.
    bom_findings findings;
    size_t *first, *next;
};

static struct slice package_id(char text[static 40], size_t index)
{
    return slice_of(text, (size_t)snprintf(text, 40, "SPDXRef-Package-%zu", index + 1));
}

// ---- annotations ----------------------------------------------------------------------------------------------------

static void add_annotation(const struct writing *w, yyjson_mut_val *list, struct slice comment)
{
    yyjson_mut_val *annotation = yyjson_mut_arr_add_obj(w->doc, list);
    json_add_str(w->doc, annotation, "annotationDate", slice_str(w->time));
    json_add_str(w->doc, annotation, "annotationType", SLICE("OTHER"));
    json_add_str(w->doc, annotation, "annotator", SLICE(TOOL));
    json_add_str(w->doc, annotation, "comment", comment);
}

// Facts as one object; what there is several times is a list.
static void add_facts(const struct writing *w, yyjson_mut_val *list, const bom_facts *facts)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    struct buf comment BUF_AUTO = {0};
    for (size_t i = 0, end; i < facts->n; i = end) {
        const struct bom_fact *f = &facts->v[i];
        for (end = i + 1; end < facts->n && strcmp(facts->v[end].key, f->key) == 0; end++)
            ;
        if (end == i + 1) {
            json_add_str(doc, root, f->key, f->value);
            continue;
        }
        yyjson_mut_val *values = json_add_arr(doc, root, f->key);
        for (size_t j = i; j < end; j++)
            json_arr_add_str(doc, values, facts->v[j].value);
    }
    buf_adds(&comment, "clarion:");
    json_write(doc, false, &comment);
    add_annotation(w, list, buf_slice(&comment));
}

// ---- what is known of a package's security --------------------------------------------------------------------------

static void index_findings(struct writing *w, const struct output_options *options, struct arena *a)
{
    bom_take_findings(a, w->report, options, &w->findings);
    w->next = ARENA_NEW(a, size_t, w->findings.n);
    for (size_t i = w->findings.n; i-- > 0;) {
        size_t *first = &w->first[w->findings.v[i].finding->package];
        w->next[i] = *first;
        *first = i;
    }
}

// "CVE-2014-0160: High (debian), fixed in 1.0.1g-1". What is suppressed, or not known yet, says so first.
static struct slice finding_text(struct arena *a, const struct bom_finding *b)
{
    const struct report_finding *f = b->finding;
    const struct report_statement *s = &f->statements[0];
    struct slice decision = bom_decision(a, f);
    struct buf text BUF_AUTO = {0};
    buf_add(&text, f->vulnerability);
    buf_addf(&text, ": %s%s (%s)", b->suppressed ? "suppressed; " : "", severity_name(f->severity), s->feed);
    if (s->undetermined)
        buf_adds(&text, ", not determined yet whether it is affected");
    buf_adds(&text, f->fixed_in.n != 0 ? ", fixed in " : ", no fix known");
    buf_add(&text, f->fixed_in);
    if (f->aliases.n != 0) {
        buf_adds(&text, "; also ");
        buf_add(&text, f->aliases);
    }
    if (decision.n != 0) {
        buf_adds(&text, "; ");
        buf_add(&text, decision);
    }
    return arena_dup(a, buf_slice(&text));
}

static struct slice first_link(struct slice links)
{
    struct slice link;
    while (words_next(&links, &link))
        if (is_plain_link(link))
            return link;
    return (struct slice){0};
}

// One reference for each finding; those that nothing can be pointed to for become annotations.
static void add_findings(const struct writing *w, yyjson_mut_val *references, yyjson_mut_val *annotations,
                         size_t package, struct arena *a)
{
    for (size_t i = w->first[package]; i != SIZE_MAX; i = w->next[i]) {
        const struct bom_finding *b = &w->findings.v[i];
        struct slice link = first_link(b->finding->links), text = finding_text(a, b);
        if (link.n == 0) {
            add_annotation(w, annotations, text);
            continue;
        }
        yyjson_mut_val *reference = yyjson_mut_arr_add_obj(w->doc, references);
        json_add_str(w->doc, reference, "comment", text);
        json_add_str(w->doc, reference, "referenceCategory", SLICE("SECURITY"));
        json_add_str(w->doc, reference, "referenceLocator", link);
        json_add_str(w->doc, reference, "referenceType", SLICE("advisory"));
    }
}

// ---- packages -------------------------------------------------------------------------------------------------------

// What SPDX wants to be told of each, and Clarion does not look for.
static yyjson_mut_val *add_element(const struct writing *w, yyjson_mut_val *list, struct slice id, struct slice name,
                                   struct slice version)
{
    yyjson_mut_val *element = yyjson_mut_arr_add_obj(w->doc, list);
    json_add_str(w->doc, element, "SPDXID", id);
    json_add_str(w->doc, element, "name", name);
    json_add_str_if(w->doc, element, "versionInfo", version);
    json_add_str(w->doc, element, "downloadLocation", SLICE("NOASSERTION"));
    yyjson_mut_obj_add_bool(w->doc, element, "filesAnalyzed", false);
    json_add_str(w->doc, element, "licenseConcluded", SLICE("NOASSERTION"));
    json_add_str(w->doc, element, "licenseDeclared", SLICE("NOASSERTION"));
    json_add_str(w->doc, element, "copyrightText", SLICE("NOASSERTION"));
    return element;
}

static void add_image(const struct writing *w, yyjson_mut_val *list, struct arena *a)
{
    const struct stored_image *image = w->report->image;
    bool sha512 = slice_starts(digest_slice(&image->manifest), SLICE("sha512:"));
    bom_facts facts = {0};
    yyjson_mut_val *element = add_element(w, list, SLICE(IMAGE), bom_name(image), digest_slice(&image->manifest));
    json_add_str(w->doc, element, "primaryPackagePurpose", SLICE("CONTAINER"));
    yyjson_mut_val *sum = yyjson_mut_arr_add_obj(w->doc, json_add_arr(w->doc, element, "checksums"));
    json_add_str(w->doc, sum, "algorithm", sha512 ? SLICE("SHA512") : SLICE("SHA256"));
    json_add_str(w->doc, sum, "checksumValue", slice_str(digest_hex(&image->manifest)));
    bom_image_facts(a, w->report, &facts);
    add_facts(w, json_add_arr(w->doc, element, "annotations"), &facts);
}

static void add_distribution(const struct writing *w, yyjson_mut_val *list, struct arena *a)
{
    const struct distribution *d = &w->report->image->inventory.distribution;
    bom_facts facts = {0};
    yyjson_mut_val *element =
        add_element(w, list, SLICE(DISTRIBUTION), d->id, d->version_id.n != 0 ? d->version_id : d->codename);
    json_add_str(w->doc, element, "primaryPackagePurpose", SLICE("OPERATING_SYSTEM"));
    json_add_str_if(w->doc, element, "summary", d->pretty_name);
    bom_distribution_facts(a, d, &facts);
    add_facts(w, json_add_arr(w->doc, element, "annotations"), &facts);
}

static void add_package(const struct writing *w, yyjson_mut_val *list, size_t i)
{
    struct arena scratch ARENA_AUTO = {0};
    char id[40];
    const struct stored_image *image = w->report->image;
    const struct package *p = &image->inventory.packages[i].package;
    bom_facts facts = {0};
    yyjson_mut_val *element = add_element(w, list, package_id(id, i), p->name, p->version);
    yyjson_mut_val *references = json_add_arr(w->doc, element, "externalRefs");
    yyjson_mut_val *purl = yyjson_mut_arr_add_obj(w->doc, references);
    json_add_str(w->doc, purl, "referenceCategory", SLICE("PACKAGE-MANAGER"));
    json_add_str(w->doc, purl, "referenceLocator", package_purl(&scratch, p, &image->inventory.distribution));
    json_add_str(w->doc, purl, "referenceType", SLICE("purl"));
    yyjson_mut_val *annotations = json_add_arr(w->doc, element, "annotations");
    bom_package_facts(&scratch, image, i, &facts);
    add_facts(w, annotations, &facts);
    add_findings(w, references, annotations, i, &scratch);
}

static void add_packages(const struct writing *w, yyjson_mut_val *root, struct arena *a)
{
    const struct inventory *inventory = &w->report->image->inventory;
    yyjson_mut_val *list = json_add_arr(w->doc, root, "packages");
    add_image(w, list, a);
    if (inventory->distribution.known)
        add_distribution(w, list, a);
    for (size_t i = 0; i < inventory->packages_n; i++)
        add_package(w, list, i);
}

// ---- relationships --------------------------------------------------------------------------------------------------

static void relate(const struct writing *w, yyjson_mut_val *list, struct slice from, const char *how, struct slice to)
{
    yyjson_mut_val *relationship = yyjson_mut_arr_add_obj(w->doc, list);
    json_add_str(w->doc, relationship, "spdxElementId", from);
    json_add_str(w->doc, relationship, "relationshipType", slice_str(how));
    json_add_str(w->doc, relationship, "relatedSpdxElement", to);
}

// The image holds all; a package of a language is held by the distribution's that brought it.
static void add_relationships(const struct writing *w, yyjson_mut_val *root)
{
    char id[40], owner_id[40];
    const struct inventory *inventory = &w->report->image->inventory;
    yyjson_mut_val *list = json_add_arr(w->doc, root, "relationships");
    relate(w, list, SLICE(DOCUMENT), "DESCRIBES", SLICE(IMAGE));
    if (inventory->distribution.known)
        relate(w, list, SLICE(IMAGE), "CONTAINS", SLICE(DISTRIBUTION));
    for (size_t i = 0; i < inventory->packages_n; i++) {
        size_t owner = bom_owner(inventory, &inventory->packages[i]);
        relate(w, list, SLICE(IMAGE), "CONTAINS", package_id(id, i));
        if (owner != SIZE_MAX && owner != i)
            relate(w, list, package_id(id, i), "CONTAINED_BY", package_id(owner_id, owner));
    }
}

// ---- the document ---------------------------------------------------------------------------------------------------

static void add_creation(const struct writing *w, yyjson_mut_val *root)
{
    yyjson_mut_val *creation = json_add_obj(w->doc, root, "creationInfo");
    json_add_str(w->doc, creation, "created", slice_str(w->time));
    json_arr_add_str(w->doc, json_add_arr(w->doc, creation, "creators"), SLICE(TOOL));
}

// For people: whether what is listed is all.
static struct slice comment_of(const struct report *report, bool judged)
{
    if (bom_is_incomplete(report))
        return SLICE(
            "Parts of the image could not be read, so packages may be missing: image:lost and image:skipped in "
            "the annotation of the image name them.");
    if (judged && bom_is_judged_in_part(report))
        return SLICE("Not all packages could be judged by all that is to be had of them: coverage in the annotation of "
                     "the document says why.");
    return SLICE("What no package manager and no program tells of is not listed.");
}

static void write_document(const struct report *report, const struct output_options *options, bool judged,
                           struct buf *out)
{
    struct arena scratch ARENA_AUTO = {0};
    size_t from = out->n;
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    struct writing w = {.doc = doc, .report = report};
    w.first = ARENA_NEW(&scratch, size_t, report->image->inventory.packages_n);
    bom_time(report, judged, w.time);
    for (size_t i = 0; i < report->image->inventory.packages_n; i++)
        w.first[i] = SIZE_MAX;
    if (judged)
        index_findings(&w, options, &scratch);
    json_add_str(doc, root, "spdxVersion", SLICE("SPDX-2.3"));
    json_add_str(doc, root, "dataLicense", SLICE("CC0-1.0"));
    json_add_str(doc, root, "SPDXID", SLICE(DOCUMENT));
    json_add_str(doc, root, "documentNamespace", SLICE(BOM_UNNAMED));
    json_add_str(doc, root, "name", bom_name(report->image));
    add_creation(&w, root);
    json_add_str(doc, root, "comment", comment_of(report, judged));
    if (judged) {
        bom_facts facts = {0};
        bom_coverage_facts(&scratch, report, options, &facts);
        add_facts(&w, json_add_arr(doc, root, "annotations"), &facts);
    }
    add_packages(&w, root, &scratch);
    add_relationships(&w, root);
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

extern const struct output output_spdx;
const struct output output_spdx = {
    .name = "spdx",
    .title = "SPDX 2.3: a bill of materials, in reports with references to advisories",
    .report = write_report,
    .inventory = write_inventory,
};
