#include "output/harbor.h"

#include "base/clock.h"
#include "output/output.h"
#include "output/words.h"

#include <stdlib.h>

void harbor_add_scanner(yyjson_mut_doc *doc, yyjson_mut_val *object)
{
    yyjson_mut_val *scanner = json_add_obj(doc, object, "scanner");
    json_add_str(doc, scanner, "name", SLICE("Clarion"));
    json_add_str(doc, scanner, "vendor", SLICE("Clarion"));
    json_add_str(doc, scanner, "version", SLICE(CLARION_VERSION));
}

static void add_artifact(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct harbor_artifact *artifact)
{
    yyjson_mut_val *object = json_add_obj(doc, root, "artifact");
    json_add_str(doc, object, "repository", artifact->repository);
    json_add_str_if(doc, object, "tag", artifact->tag);
    json_add_str(doc, object, "digest", digest_slice(&artifact->digest));
    json_add_str(doc, object, "mime_type", slice_str(artifact->mime_type));
}

// ---- what the items of a report are ---------------------------------------------------------------------------------

// Harbor knows a vulnerability by its id and the name and version of the package, and keeps one record of these for all
// images. So there is one item for all places where the same package is, and what is true of this image alone stands
// beside the members that Harbor keeps.
struct items {
    const struct report *report;
    size_t *order; // findings by that key, those of one key in their own order
    size_t *next;  // of a finding: the next one of the same key, or itself
    bool *leads;
};

static const struct package *package_of(const struct report *report, const struct report_finding *f)
{
    return &report->image->inventory.packages[f->package].package;
}

static int compare_keys(const struct report *report, size_t left, size_t right)
{
    const struct report_finding *a = &report->findings[left], *b = &report->findings[right];
    const struct package *p = package_of(report, a), *q = package_of(report, b);
    int c = slice_cmp(a->vulnerability, b->vulnerability);
    c = c != 0 ? c : slice_cmp(p->name, q->name);
    return c != 0 ? c : slice_cmp(p->version, q->version);
}

static int by_key(const void *a, const void *b, void *report)
{
    size_t left = *(const size_t *)a, right = *(const size_t *)b;
    int c = compare_keys(report, left, right);
    return c != 0 ? c : (left > right) - (left < right);
}

static struct items find_items(const struct report *report, struct arena *a)
{
    size_t n = report->findings_n;
    struct items items = {report, ARENA_NEW(a, size_t, n), ARENA_NEW(a, size_t, n), ARENA_NEW(a, bool, n)};
    for (size_t i = 0; i < n; i++)
        items.order[i] = items.next[i] = i;
    if (n != 0)
        qsort_r(items.order, n, sizeof *items.order, by_key, (void *)(uintptr_t)report);
    for (size_t i = 0; i < n; i++) {
        size_t here = items.order[i];
        bool goes_on = i + 1 < n && compare_keys(report, here, items.order[i + 1]) == 0;
        items.leads[here] |= i == 0 || compare_keys(report, items.order[i - 1], here) != 0;
        if (goes_on)
            items.next[here] = items.order[i + 1];
    }
    return items;
}

// ---- scores ---------------------------------------------------------------------------------------------------------

static bool is_version(const struct report_rating *r, int version)
{
    return version == 2   ? r->version == CVSS_2_0
           : version == 3 ? r->version == CVSS_3_0 || r->version == CVSS_3_1
                          : r->version == CVSS_4_0;
}

// The rating that counts where it is of that version, else the first.
static const struct report_rating *rating_of(const struct report_finding *f, int version)
{
    if (f->rating != NULL && is_version(f->rating, version))
        return f->rating;
    for (size_t i = 0; i < f->ratings_n; i++)
        if (is_version(&f->ratings[i], version))
            return &f->ratings[i];
    return NULL;
}

static void add_preferred(yyjson_mut_doc *doc, yyjson_mut_val *item, const struct report_finding *f)
{
    const struct report_rating *v3 = rating_of(f, 3), *v2 = rating_of(f, 2);
    if (v3 == NULL && v2 == NULL)
        return;
    yyjson_mut_val *object = json_add_obj(doc, item, "preferred_cvss");
    if (v3 != NULL) {
        yyjson_mut_obj_add_real(doc, object, "score_v3", v3->score / 10.0);
        json_add_str(doc, object, "vector_v3", v3->vector);
    }
    if (v2 != NULL) {
        yyjson_mut_obj_add_real(doc, object, "score_v2", v2->score / 10.0);
        json_add_str(doc, object, "vector_v2", v2->vector);
    }
}

// {"nvd": {"V3Score": 9.8, "V3Vector": "CVSS:3.1/…"}}: the words of Harbor's own adapter for Trivy, of which Harbor
// reads the NVD's V3Score where an item has no score of version 3. Of a source's several the first.
static void add_ratings(yyjson_mut_doc *doc, yyjson_mut_val *attributes, const struct report_finding *f)
{
    static const struct {
        int version;
        const char *score, *vector;
    } words[] = {{2, "V2Score", "V2Vector"}, {3, "V3Score", "V3Vector"}, {4, "V40Score", "V40Vector"}};
    yyjson_mut_val *sources = yyjson_mut_obj(doc);
    for (size_t i = 0; i < f->ratings_n; i++) {
        const struct report_rating *r = &f->ratings[i];
        yyjson_mut_val *source = yyjson_mut_obj_getn(sources, r->source.p, r->source.n);
        if (source == NULL) {
            source = yyjson_mut_obj(doc);
            yyjson_mut_obj_add(sources, yyjson_mut_strncpy(doc, r->source.p, r->source.n), source);
        }
        for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
            if (!is_version(r, words[w].version) || yyjson_mut_obj_get(source, words[w].score) != NULL)
                continue;
            yyjson_mut_obj_add_real(doc, source, words[w].score, r->score / 10.0);
            json_add_str(doc, source, words[w].vector, r->vector);
        }
    }
    if (yyjson_mut_obj_size(sources) != 0)
        yyjson_mut_obj_add_val(doc, attributes, "CVSS", sources);
}

// ---- one item -------------------------------------------------------------------------------------------------------

static void add_words(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, struct slice words)
{
    struct slice word;
    if (words.n == 0)
        return;
    yyjson_mut_val *list = json_add_arr(doc, object, key);
    while (words_next(&words, &word))
        json_arr_add_str(doc, list, word);
}

// Harbor keeps the links of an item as one text, with '|' between them.
static void add_links(yyjson_mut_doc *doc, yyjson_mut_val *item, struct slice links)
{
    yyjson_mut_val *list = json_add_arr(doc, item, "links");
    struct slice link;
    while (words_next(&links, &link)) {
        struct buf text BUF_AUTO = {0};
        for (size_t i = 0; i < link.n; i++)
            if (link.p[i] == '|')
                buf_adds(&text, "%7C");
            else
                buf_addc(&text, link.p[i]);
        json_arr_add_str(doc, list, buf_slice(&text));
    }
}

static bool has_text(yyjson_mut_val *list, struct slice text)
{
    size_t i, n;
    yyjson_mut_val *value;
    yyjson_mut_arr_foreach(list, i, n, value)
    {
        if (slice_eq(slice_of(yyjson_mut_get_str(value), yyjson_mut_get_len(value)), text))
            return true;
    }
    return false;
}

static void add_weaknesses(yyjson_mut_doc *doc, yyjson_mut_val *item, const struct report_finding *f)
{
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    for (size_t i = 0; i < f->enrichments_n; i++) {
        struct slice words = f->enrichments[i].weaknesses, word;
        while (words_next(&words, &word))
            if (!has_text(list, word))
                json_arr_add_str(doc, list, word);
    }
    if (yyjson_mut_arr_size(list) != 0)
        yyjson_mut_obj_add_val(doc, item, "cwe_ids", list);
}

static void add_exploitation(yyjson_mut_doc *doc, yyjson_mut_val *attributes, const struct report_finding *f)
{
    const struct report_epss *epss = finding_epss(f);
    const struct report_exploited *x = finding_exploited(f);
    if (epss != NULL) {
        yyjson_mut_val *object = json_add_obj(doc, attributes, "epss");
        yyjson_mut_obj_add_real(doc, object, "probability", epss->probability / 1e6);
        yyjson_mut_obj_add_real(doc, object, "percentile", epss->percentile / 1e6);
        json_add_str(doc, object, "date", epss->date);
    }
    yyjson_mut_obj_add_bool(doc, attributes, "kev", x != NULL);
    if (x == NULL)
        return;
    yyjson_mut_val *object = json_add_obj(doc, attributes, "known_exploited");
    json_add_str(doc, object, "added", x->added);
    json_add_str(doc, object, "due", x->due);
    json_add_str(doc, object, "ransomware", x->ransomware);
}

static const char *status_of(const struct report_finding *f)
{
    return f->statements[0].undetermined ? "undetermined" : "affected";
}

// True of the vulnerability and the package in all images.
static void add_attributes(yyjson_mut_doc *doc, yyjson_mut_val *item, const struct report *report,
                           const struct report_finding *f)
{
    const struct report_statement *statement = &f->statements[0];
    const struct package *p = package_of(report, f);
    yyjson_mut_val *attributes = json_add_obj(doc, item, "vendor_attributes");
    add_ratings(doc, attributes, f);
    json_add_str(doc, attributes, "feed", slice_str(statement->feed));
    json_add_str(doc, attributes, "status", slice_str(status_of(f)));
    json_add_str_if(doc, attributes, "state", statement->record.state);
    json_add_str_if(doc, attributes, "published_severity", statement->record.severity);
    json_add_str_if(doc, attributes, "severity_source", f->severity_source);
    json_add_str(doc, attributes, "kind", p->kind);
    json_add_str_if(doc, attributes, "source_package", p->source_name);
    add_words(doc, attributes, "aliases", f->aliases);
    add_words(doc, attributes, "advisories", statement->record.advisories);
    add_exploitation(doc, attributes, f);
}

// True of this image alone. "layer" is what Harbor's own adapter for Trivy has; Harbor looks at neither.
static void add_places(yyjson_mut_doc *doc, yyjson_mut_val *item, const struct items *items, size_t lead)
{
    const struct stored_image *image = items->report->image;
    yyjson_mut_val *list = json_add_arr(doc, item, "locations");
    for (size_t at = lead;; at = items->next[at]) {
        const struct report_finding *f = &items->report->findings[at];
        const struct inventory_package *p = &image->inventory.packages[f->package];
        yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list);
        struct slice layer = p->layer < image->layers_n ? digest_slice(&image->layers[p->layer].digest) : SLICE("");
        json_add_str(doc, object, "kind", p->package.kind);
        json_add_str(doc, object, "path", p->db);
        json_add_str(doc, object, "layer", layer);
        yyjson_mut_obj_add_bool(doc, object, "carries_code", !f->code.missing);
        if (at == lead && layer.n != 0)
            json_add_str(doc, json_add_obj(doc, item, "layer"), "digest", layer);
        if (items->next[at] == at)
            return;
    }
}

static void add_item(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct items *items, size_t lead)
{
    const struct report_finding *f = &items->report->findings[lead];
    const struct package *p = package_of(items->report, f);
    yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, item, "id", f->vulnerability);
    json_add_str(doc, item, "package", p->name);
    json_add_str(doc, item, "version", p->version);
    json_add_str_if(doc, item, "fix_version", f->fixed_in);
    json_add_str(doc, item, "severity", slice_str(severity_name(f->severity)));
    json_add_str(doc, item, "status", f->fixed_in.n != 0 ? SLICE("fixed") : slice_str(status_of(f)));
    json_add_str(doc, item, "description", f->statements[0].record.description);
    add_links(doc, item, f->links);
    add_preferred(doc, item, f);
    add_weaknesses(doc, item, f);
    add_attributes(doc, item, items->report, f);
    add_places(doc, item, items, lead);
}

// ---- what could not be judged ---------------------------------------------------------------------------------------

// As an item, without anything that another image of the same distribution would not say alike: Harbor keeps the first.
static void add_gap(yyjson_mut_doc *doc, yyjson_mut_val *list, const char *id, struct slice package,
                    struct slice version, struct slice description)
{
    yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, item, "id", slice_str(id));
    json_add_str(doc, item, "package", package);
    json_add_str(doc, item, "version", version);
    json_add_str(doc, item, "severity", slice_str(severity_name(SEVERITY_UNKNOWN)));
    json_add_str(doc, item, "description", description);
    json_add_arr(doc, item, "links");
    json_add_str(doc, json_add_obj(doc, item, "vendor_attributes"), "status", SLICE("not judged"));
}

static struct slice distribution_text(const struct report *report, struct arena *a)
{
    const struct distribution *d = &report->image->inventory.distribution;
    if (d->id.n == 0)
        return SLICE("of an unknown distribution");
    return arena_printf(a, "%.*s %.*s", SLICE_ARG(d->id),
                        SLICE_ARG(d->version_id.n != 0 ? d->version_id : d->codename));
}

static void add_gaps(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct report *report, struct arena *a)
{
    const struct stored_image *image = report->image;
    struct slice distribution = distribution_text(report, a);
    for (size_t i = 0; i < report->unmatched_n; i++) {
        const struct report_unmatched *u = &report->unmatched[i];
        add_gap(doc, list, "CLARION-NOT-JUDGED", arena_printf(a, "all of kind %.*s", SLICE_ARG(u->kind)), distribution,
                arena_printf(a,
                             "The image's packages of kind %.*s could not be judged: %.*s. Nothing is known of them.",
                             SLICE_ARG(u->kind), SLICE_ARG(u->reason)));
    }
    if (image->inventory.packages_n == 0)
        add_gap(doc, list, "CLARION-NO-PACKAGES", SLICE("image"), distribution,
                SLICE("No package was found in the image, so nothing is known of what is in it."));
    if (report->coverage == COVERAGE_END_OF_LIFE)
        add_gap(doc, list, "CLARION-END-OF-LIFE", SLICE("distribution"), distribution,
                arena_printf(a,
                             "The distribution's vendor has ceased to support this release (%.*s): flaws that were "
                             "found since then are not told of.",
                             SLICE_ARG(report->end_of_life)));
    for (size_t i = 0; i < image->layers_n; i++)
        if (image->layers[i].skip_reason.n != 0)
            add_gap(doc, list, "CLARION-LAYER-NOT-READ", SLICE("layer"), digest_slice(&image->layers[i].digest),
                    arena_printf(a, "A layer of the image was not read: %.*s. Nothing is known of what is in it.",
                                 SLICE_ARG(image->layers[i].skip_reason)));
    for (size_t i = 0; i < report->errors_n; i++)
        add_gap(doc, list, "CLARION-INCOMPLETE", SLICE("report"), arena_printf(a, "%zu", i + 1), report->errors[i]);
}

// ---- the report -----------------------------------------------------------------------------------------------------

// The same in numbers, and what of the image was passed over. Harbor drops it; other clients of the API have it.
static void add_coverage(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct report *report)
{
    static const char *const distributions[] = {
        [COVERAGE_RECOGNISED] = "recognised", [COVERAGE_UNKNOWN] = "unknown", [COVERAGE_END_OF_LIFE] = "end-of-life"};
    yyjson_mut_val *attributes = json_add_obj(doc, root, "vendor_attributes");
    json_add_str(doc, attributes, "generation", report->generation);
    yyjson_mut_val *coverage = json_add_obj(doc, attributes, "coverage");
    json_add_str(doc, coverage, "distribution", slice_str(distributions[report->coverage]));
    yyjson_mut_obj_add_uint(doc, coverage, "judged", report->judged);
    yyjson_mut_obj_add_uint(doc, coverage, "unjudged", report->unjudged);
    yyjson_mut_obj_add_uint(doc, coverage, "undetermined", report->undetermined_n);
    yyjson_mut_obj_add_uint(doc, coverage, "skipped", report->image->remarks_n + report->image->inventory.skips_total);
    yyjson_mut_val *feeds = json_add_obj(doc, coverage, "feeds");
    for (size_t i = 0; i < report->feeds_n; i++)
        yyjson_mut_obj_add(feeds, yyjson_mut_strncpy(doc, report->feeds[i].feed.p, report->feeds[i].feed.n),
                           yyjson_mut_str(doc, feed_condition_name(report->feeds[i].state)));
}

// The findings come worst first. Without any item there is no word for it: the specification has none.
static void add_severity(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct report *report, size_t items)
{
    if (items != 0)
        json_add_str(
            doc, root, "severity",
            slice_str(severity_name(report->findings_n != 0 ? report->findings[0].severity : SEVERITY_UNKNOWN)));
}

// The members that reports of both kinds begin with.
static yyjson_mut_doc *begin(const struct harbor_artifact *artifact, int64_t now, yyjson_mut_val **root)
{
    char time[CLOCK_TEXT];
    yyjson_mut_doc *doc = json_new(root);
    clock_format(now, time);
    json_add_str(doc, *root, "generated_at", slice_str(time));
    add_artifact(doc, *root, artifact);
    harbor_add_scanner(doc, *root);
    return doc;
}

void harbor_write(const struct report *report, const struct harbor_artifact *artifact, int64_t now, struct buf *out)
{
    struct arena scratch ARENA_AUTO = {0};
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = begin(artifact, now, &root);
    const struct items items = find_items(report, &scratch);
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    for (size_t i = 0; i < report->findings_n; i++)
        if (items.leads[i])
            add_item(doc, list, &items, i);
    add_gaps(doc, list, report, &scratch);
    add_severity(doc, root, report, yyjson_mut_arr_size(list));
    yyjson_mut_obj_add_val(doc, root, "vulnerabilities", list);
    add_coverage(doc, root, report);
    json_write(doc, false, out);
}

// ---- bills of materials ---------------------------------------------------------------------------------------------

const struct harbor_bom harbor_boms[] = {
    {"application/spdx+json", "spdx"},
    {"application/vnd.cyclonedx+json", "cyclonedx"},
    {0},
};

// The document is text already, of our own making: it stands there as it is.
void harbor_write_bom(const struct report *report, const struct harbor_artifact *artifact, const struct harbor_bom *bom,
                      int64_t now, struct buf *out)
{
    const struct output_options options = {0};
    struct buf text BUF_AUTO = {0};
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = begin(artifact, now, &root);
    output_named(slice_str(bom->output))->inventory(report, &options, &text);
    json_add_str(doc, root, "media_type", slice_str(bom->media_type));
    yyjson_mut_obj_add_val(doc, root, "sbom", yyjson_mut_rawn(doc, text.p, text.n));
    json_write(doc, false, out);
}
