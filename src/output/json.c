// Clarion's own documents, "clarion/report/1" and "clarion/index/1" (docs/matching.md describes them).
//
// Every key is always there, so that a reader needs no case for a missing one; a new key may come, none goes within a
// schema's number. The same report always gives the same bytes.
#include "base/json.h"
#include "base/clock.h"
#include "output/output.h"

#include <stdio.h>

// A package's id within its document: its place in the list, from 1.
static struct slice package_id(char text[static 24], size_t index)
{
    return slice_of(text, (size_t)snprintf(text, 24, "%zu", index + 1));
}

static struct slice time_text(char text[static CLOCK_TEXT], int64_t when)
{
    if (when == 0)
        return (struct slice){0};
    clock_format(when, text);
    return slice_str(text);
}

static struct slice layer_digest(const struct stored_image *image, size_t layer)
{
    return layer < image->layers_n ? digest_slice(&image->layers[layer].digest) : (struct slice){0};
}

static void add_image(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct stored_image *image)
{
    const struct distribution *d = &image->inventory.distribution;
    yyjson_mut_val *object = json_add_obj(doc, root, "image");
    json_add_str(doc, object, "reference", image->reference);
    json_add_str(doc, object, "manifest", digest_slice(&image->manifest));
    object = json_add_obj(doc, object, "distribution");
    json_add_str(doc, object, "id", d->id);
    json_add_str(doc, object, "version", d->version_id.n != 0 ? d->version_id : d->codename);
}

static void add_layers(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct report *report)
{
    yyjson_mut_val *list = json_add_arr(doc, root, "layers");
    for (size_t i = 0; i < report->layers_n; i++) {
        const struct stored_layer *layer = &report->layers[i].layer;
        yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, object, "digest", digest_slice(&layer->digest));
        json_add_str(doc, object, "media_type", layer->media_type);
        yyjson_mut_obj_add_uint(doc, object, "size", layer->size);
        json_add_str(doc, object, "created_by", layer->created_by);
        json_add_str(doc, object, "indexed", report->layers[i].now ? SLICE("now") : SLICE("before"));
    }
}

static void add_packages(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct report *report)
{
    struct arena scratch ARENA_AUTO = {0};
    const struct stored_image *image = report->image;
    size_t published = 0;
    const struct inventory *inventory = &image->inventory;
    yyjson_mut_val *list = json_add_arr(doc, root, "packages");
    for (size_t i = 0; i < inventory->packages_n; i++) {
        const struct inventory_package *p = &inventory->packages[i];
        yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list);
        char id[24];
        json_add_str(doc, object, "id", package_id(id, i));
        json_add_str(doc, object, "name", p->package.name);
        json_add_str(doc, object, "version", p->package.version);
        json_add_str(doc, object, "kind", p->package.kind);
        yyjson_mut_val *source = json_add_obj(doc, object, "source");
        json_add_str(doc, source, "name", p->package.source_name);
        json_add_str(doc, source, "version", p->package.source_version);
        json_add_str(doc, object, "arch", p->package.arch);
        json_add_str(doc, object, "module", p->package.module);
        json_add_str(doc, object, "vendor", p->package.vendor);
        json_add_str(doc, object, "repository", p->package.repository);
        json_add_str(doc, object, "path", p->db);
        json_add_str(doc, object, "owned_by", p->owner);
        json_add_str(doc, object, "layer", layer_digest(image, p->layer));
        json_add_str(doc, object, "purl", package_purl(&scratch, &p->package, &inventory->distribution));
        if (published == report->published_n || report->published[published].package != i)
            continue;
        yyjson_mut_val *names = json_add_arr(doc, object, "published_as"); // of containers only
        for (; published < report->published_n && report->published[published].package == i; published++)
            json_arr_add_str(doc, names, report->published[published].name);
    }
}

static void add_repositories(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct report *report)
{
    yyjson_mut_val *list = json_add_arr(doc, root, "repositories");
    for (size_t i = 0; i < report->repositories_n; i++) {
        const struct report_repository *r = &report->repositories[i];
        yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, object, "id", r->repository->id);
        json_add_str(doc, object, "path", r->repository->path);
        json_add_str(doc, object, "layer", layer_digest(report->image, r->repository->layer));
        yyjson_mut_val *cpes = json_add_arr(doc, object, "cpes");
        for (size_t c = 0; c < r->cpes_n; c++)
            json_arr_add_str(doc, cpes, r->cpes[c]);
    }
}

// Words with blanks between them.
static void add_words_to(yyjson_mut_doc *doc, yyjson_mut_val *list, struct slice words)
{
    while (words.n != 0) {
        struct slice word;
        slice_cut(words, ' ', &word, &words);
        if (word.n != 0)
            json_arr_add_str(doc, list, word);
    }
}

// A list from such words.
static void add_words(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, struct slice words)
{
    add_words_to(doc, json_add_arr(doc, object, key), words);
}

static void add_ratings(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct report_finding *f)
{
    yyjson_mut_val *list = json_add_arr(doc, object, "cvss");
    for (size_t i = 0; i < f->ratings_n; i++) {
        const struct report_rating *r = &f->ratings[i];
        yyjson_mut_val *rating = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, rating, "source", r->source);
        json_add_str(doc, rating, "by", r->by);
        json_add_str(doc, rating, "version", slice_str(cvss_version_name(r->version)));
        json_add_str(doc, rating, "vector", r->vector);
        yyjson_mut_obj_add_real(doc, rating, "score", r->score / 10.0);
        json_add_str(doc, rating, "severity", slice_str(severity_name(r->severity)));
    }
}

static void add_epss(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct report_epss *epss)
{
    yyjson_mut_val *value = json_add_obj(doc, object, "epss");
    if (epss == NULL)
        return;
    yyjson_mut_obj_add_real(doc, value, "probability", epss->probability / 1e6);
    yyjson_mut_obj_add_real(doc, value, "percentile", epss->percentile / 1e6);
    json_add_str(doc, value, "date", epss->date);
    json_add_str(doc, value, "model", epss->model);
}

static void add_exploited(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct report_exploited *x)
{
    yyjson_mut_obj_add_bool(doc, object, "kev", x != NULL);
    yyjson_mut_val *value = json_add_obj(doc, object, "known_exploited");
    if (x == NULL)
        return;
    json_add_str(doc, value, "added", x->added);
    json_add_str(doc, value, "due", x->due);
    json_add_str(doc, value, "ransomware", x->ransomware);
    json_add_str(doc, value, "name", x->name);
    json_add_str(doc, value, "description", x->description);
    json_add_str(doc, value, "action", x->action);
}

static void add_weaknesses(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct report_finding *f)
{
    yyjson_mut_val *list = json_add_arr(doc, object, "weaknesses");
    for (size_t i = 0; i < f->enrichments_n; i++)
        add_words_to(doc, list, f->enrichments[i].weaknesses);
}

static void add_statement(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct report_decision *d)
{
    yyjson_mut_val *vex = json_add_obj(doc, object, "vex");
    const struct vex_statement *s = d->statement;
    struct arena scratch ARENA_AUTO = {0};
    char timestamp[CLOCK_TEXT];
    if (s == NULL)
        return;
    json_add_str(doc, vex, "status", slice_str(vex_status_name(s->status)));
    json_add_str(doc, vex, "justification", s->justification);
    json_add_str(doc, vex, "impact_statement", s->impact);
    json_add_str(doc, vex, "action_statement", s->action);
    json_add_str(doc, vex, "author", s->document->author);
    json_add_str(doc, vex, "timestamp", time_text(timestamp, s->timestamp));
    json_add_str(doc, vex, "document", s->document->id);
    json_add_str(doc, vex, "file", s->document->file);
    yyjson_mut_obj_add_uint(doc, vex, "statement", s->number);
    json_add_str(doc, vex, "product", vex_product_title(&scratch, d->product));
}

static void add_rule(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct ignore_rule *rule)
{
    yyjson_mut_val *ignore = json_add_obj(doc, object, "ignore");
    if (rule == NULL)
        return;
    json_add_str(doc, ignore, "reason", rule->reason);
    json_add_str(doc, ignore, "who", rule->who);
    json_add_str(doc, ignore, "until", rule->until);
    json_add_str(doc, ignore, "file", rule->file);
    yyjson_mut_obj_add_uint(doc, ignore, "line", rule->line);
}

// What is known beside the feeds: whether the package carries the code, and what others say of the finding.
static void add_triage(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct report_finding *f)
{
    const char *by = report_suppressed_by(f);
    yyjson_mut_obj_add_bool(doc, object, "carries_code", !f->code.missing);
    json_add_str(doc, object, "why", slice_str(f->code.what));
    add_statement(doc, object, &f->decision);
    if (by == NULL)
        return;
    json_add_str(doc, object, "by", slice_str(by));
    add_rule(doc, object, f->decision.rule);
}

static void add_findings(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *key,
                         const struct report_finding *findings, size_t n, const struct output_options *options)
{
    yyjson_mut_val *list = json_add_arr(doc, root, key);
    for (size_t i = 0; i < n; i++) {
        const struct report_finding *f = &findings[i];
        if (output_leaves_out(options, f))
            continue;
        yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list);
        char id[24];
        json_add_str(doc, object, "package", package_id(id, f->package));
        json_add_str(doc, object, "vulnerability", f->vulnerability);
        add_words(doc, object, "aliases", f->aliases);
        json_add_str(doc, object, "severity", slice_str(severity_name(f->severity)));
        json_add_str(doc, object, "severity_source", f->severity_source);
        json_add_str(doc, object, "published_severity", f->statements[0].record.severity);
        json_add_str(doc, object, "fixed_in", f->fixed_in);
        json_add_str(doc, object, "feed", slice_str(f->statements[0].feed));
        add_words(doc, object, "links", f->links);
        json_add_str(doc, object, "description", f->statements[0].record.description);
        add_ratings(doc, object, f);
        add_epss(doc, object, finding_epss(f));
        add_exploited(doc, object, finding_exploited(f));
        add_weaknesses(doc, object, f);
        json_add_str(doc, object, "status", f->statements[0].undetermined ? SLICE("undetermined") : SLICE("affected"));
        json_add_str(doc, object, "state", f->statements[0].record.state);
        add_words(doc, object, "advisories", f->statements[0].record.advisories);
        add_triage(doc, object, f);
    }
}

static void add_skip(yyjson_mut_doc *doc, yyjson_mut_val *list, struct slice layer, struct slice path,
                     struct slice reason)
{
    yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, object, "layer", layer);
    json_add_str(doc, object, "path", path);
    json_add_str(doc, object, "reason", reason);
}

// Whatever was passed over: parts of the image, whole layers, files and records.
static void add_skipped(yyjson_mut_doc *doc, yyjson_mut_val *coverage, const struct stored_image *image)
{
    const struct inventory *inventory = &image->inventory;
    static const struct slice nothing;
    yyjson_mut_val *list = json_add_arr(doc, coverage, "skipped");
    for (size_t i = 0; i < image->remarks_n; i++)
        add_skip(doc, list, nothing, nothing, image->remarks[i]);
    for (size_t i = 0; i < image->layers_n; i++)
        if (image->layers[i].skip_reason.n != 0)
            add_skip(doc, list, layer_digest(image, i), nothing, image->layers[i].skip_reason);
    for (size_t i = 0; i < inventory->skips_n; i++) {
        const struct inventory_skip *s = &inventory->skips[i];
        add_skip(doc, list, layer_digest(image, s->layer), s->skip.path, s->skip.reason);
    }
    if (inventory->skips_total > inventory->skips_n) {
        char more[64];
        int n = snprintf(more, sizeof more, "%llu more, not named one by one",
                         (unsigned long long)(inventory->skips_total - inventory->skips_n));
        add_skip(doc, list, nothing, nothing, slice_of(more, (size_t)n));
    }
}

static void add_undetermined(yyjson_mut_doc *doc, yyjson_mut_val *coverage, const struct report *report)
{
    yyjson_mut_val *list = json_add_arr(doc, coverage, "undetermined");
    for (size_t i = 0; i < report->undetermined_n; i++) {
        yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list);
        char id[24];
        json_add_str(doc, object, "package", package_id(id, report->undetermined[i].package));
        json_add_str(doc, object, "vulnerability", report->undetermined[i].vulnerability);
    }
}

// Statements of VEX about vulnerabilities of the image that cover none of its findings.
static void add_unapplied(yyjson_mut_doc *doc, yyjson_mut_val *coverage, const struct report *report)
{
    yyjson_mut_val *list = json_add_arr(doc, coverage, "vex_unapplied");
    for (size_t i = 0; i < report->unapplied_n; i++) {
        const struct vex_statement *s = report->unapplied[i].statement;
        yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, object, "document", s->document->id);
        json_add_str(doc, object, "file", s->document->file);
        yyjson_mut_obj_add_uint(doc, object, "statement", s->number);
        json_add_str(doc, object, "vulnerability", s->vulnerability);
        json_add_str(doc, object, "status", slice_str(vex_status_name(s->status)));
        json_add_str(doc, object, "reason", report->unapplied[i].why);
    }
}

static void add_feeds(yyjson_mut_doc *doc, yyjson_mut_val *coverage, const char *key, const struct report_feed *feeds,
                      size_t n)
{
    yyjson_mut_val *list = json_add_arr(doc, coverage, key);
    for (size_t i = 0; i < n; i++) {
        const struct report_feed *feed = &feeds[i];
        yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list);
        char updated[CLOCK_TEXT];
        json_add_str(doc, object, "feed", feed->feed);
        json_add_str(doc, object, "state", slice_str(feed_condition_name(feed->state)));
        json_add_str(doc, object, "updated", time_text(updated, feed->updated));
        yyjson_mut_obj_add_uint(doc, object, "records", feed->records);
        json_add_str(doc, object, "error", feed->error);
    }
}

static void add_coverage(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct report *report,
                         const struct output_options *options)
{
    static const char *const distributions[] = {
        [COVERAGE_RECOGNISED] = "recognised", [COVERAGE_UNKNOWN] = "unknown", [COVERAGE_END_OF_LIFE] = "end-of-life"};
    yyjson_mut_val *coverage = json_add_obj(doc, root, "coverage");
    json_add_str(doc, coverage, "distribution", slice_str(distributions[report->coverage]));
    json_add_str(doc, coverage, "end_of_life", report->end_of_life);
    add_feeds(doc, coverage, "feeds", report->feeds, report->feeds_n);
    add_feeds(doc, coverage, "enriching", report->enriching, ENRICHING_FEEDS);
    yyjson_mut_obj_add_uint(doc, coverage, "judged", report->judged);
    yyjson_mut_obj_add_uint(doc, coverage, "unjudged", report->unjudged);
    yyjson_mut_val *list = json_add_arr(doc, coverage, "unmatched_kinds");
    for (size_t i = 0; i < report->unmatched_n; i++)
        json_arr_add_str(doc, list, report->unmatched[i].kind);
    add_skipped(doc, coverage, report->image);
    add_undetermined(doc, coverage, report);
    add_unapplied(doc, coverage, report);
    yyjson_mut_obj_add_uint(doc, coverage, "decided_by_distribution", report->decided_by_distribution);
    yyjson_mut_obj_add_uint(doc, coverage, "left_out", output_left_out(options, report));
}

static void add_generation(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct report *report)
{
    const struct generation *g = report->feeds_of_generation;
    yyjson_mut_val *object = json_add_obj(doc, root, "generation");
    json_add_str(doc, object, "id", report->generation);
    yyjson_mut_val *feeds = json_add_obj(doc, object, "feeds");
    for (size_t i = 0; i < g->feeds_n; i++) {
        const struct feed_state *state = &g->feeds[i];
        char updated[CLOCK_TEXT];
        yyjson_mut_val *feed = yyjson_mut_obj(doc);
        json_add_str(doc, feed, "segment", digest_slice(&state->segment));
        json_add_str(doc, feed, "updated", time_text(updated, state->updated));
        yyjson_mut_obj_add(feeds, yyjson_mut_strncpy(doc, state->feed.p, state->feed.n), feed);
    }
}

static void add_errors(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct report *report)
{
    yyjson_mut_val *list = json_add_arr(doc, root, "errors");
    for (size_t i = 0; i < report->errors_n; i++)
        json_arr_add_str(doc, list, report->errors[i]);
}

static void write_report(const struct report *report, const struct output_options *options, struct buf *out)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    json_add_str(doc, root, "schema", SLICE("clarion/report/1"));
    json_add_str(doc, root, "program", SLICE("clarion " CLARION_VERSION));
    add_image(doc, root, report->image);
    add_layers(doc, root, report);
    add_packages(doc, root, report);
    add_repositories(doc, root, report);
    add_findings(doc, root, "findings", report->findings, report->findings_n, options);
    add_findings(doc, root, "suppressed", report->suppressed, report->suppressed_n, options);
    add_coverage(doc, root, report, options);
    add_generation(doc, root, report);
    add_errors(doc, root, report);
    json_write(doc, true, out);
    buf_addc(out, '\n');
}

static void write_inventory(const struct report *report, const struct output_options *options, struct buf *out)
{
    (void)options;
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    json_add_str(doc, root, "schema", SLICE("clarion/index/1"));
    add_image(doc, root, report->image);
    add_layers(doc, root, report);
    add_packages(doc, root, report);
    add_repositories(doc, root, report);
    add_skipped(doc, json_add_obj(doc, root, "coverage"), report->image);
    add_errors(doc, root, report);
    json_write(doc, true, out);
    buf_addc(out, '\n');
}

extern const struct output output_json;
const struct output output_json = {
    .name = "json",
    .title = "Clarion's own stable document",
    .in_a_row = true,
    .report = write_report,
    .inventory = write_inventory,
};
