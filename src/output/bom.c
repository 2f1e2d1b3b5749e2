#include "output/bom.h"

#include "base/clock.h"
#include "base/digest.h"

#include <stdio.h>

static void add(struct arena *a, bom_facts *out, const char *key, struct slice value)
{
    if (value.n != 0)
        VEC_PUSH(a, out) = (struct bom_fact){key, value};
}

static struct slice layer_digest(const struct stored_image *image, size_t layer)
{
    return layer < image->layers_n ? digest_slice(&image->layers[layer].digest) : (struct slice){0};
}

// ---- packages and the distribution ----------------------------------------------------------------------------------

void bom_package_facts(struct arena *a, const struct stored_image *image, size_t package, bom_facts *out)
{
    const struct inventory_package *ip = &image->inventory.packages[package];
    const struct package *p = &ip->package;
    add(a, out, "kind", p->kind);
    add(a, out, "arch", p->arch);
    add(a, out, "module", p->module);
    if (!slice_eq(p->source_name, p->name))
        add(a, out, "source", p->source_name);
    if (!slice_eq(p->source_version, p->version))
        add(a, out, "source_version", p->source_version);
    add(a, out, "owned_by", ip->owner);
    add(a, out, "vendor", p->vendor);
    add(a, out, "repository", p->repository);
    add(a, out, "path", ip->db);
    add(a, out, "layer", layer_digest(image, ip->layer));
}

void bom_distribution_facts(struct arena *a, const struct distribution *d, bom_facts *out)
{
#define ADD(field) add(a, out, "distribution:" #field, d->field);
    RELEASE_FIELDS(ADD)
#undef ADD
}

// ---- the image ------------------------------------------------------------------------------------------------------

static void add_skips(struct arena *a, const struct stored_image *image, bom_facts *out)
{
    const struct inventory *inventory = &image->inventory;
    for (size_t i = 0; i < image->remarks_n; i++)
        add(a, out, "image:skipped", image->remarks[i]);
    for (size_t i = 0; i < image->layers_n; i++)
        if (image->layers[i].skip_reason.n != 0)
            add(a, out, "image:skipped",
                arena_printf(a, "layer %s: %.*s", image->layers[i].digest.text,
                             SLICE_ARG(image->layers[i].skip_reason)));
    // What was lost is among the report's errors.
    for (size_t i = 0; i < inventory->skips_n; i++) {
        const struct skip *s = &inventory->skips[i].skip;
        if (!s->lost)
            add(a, out, "image:skipped",
                arena_printf(a, "%.*s%s%.*s", SLICE_ARG(s->path), s->path.n != 0 ? ": " : "", SLICE_ARG(s->reason)));
    }
    if (inventory->skips_total > inventory->skips_n)
        add(a, out, "image:skipped",
            arena_printf(a, "%llu more, not named one by one",
                         (unsigned long long)(inventory->skips_total - inventory->skips_n)));
}

void bom_image_facts(struct arena *a, const struct report *report, bom_facts *out)
{
    const struct stored_image *image = report->image;
    add(a, out, "image:manifest", digest_slice(&image->manifest));
    add(a, out, "image:os", image->os);
    add(a, out, "image:arch", image->arch);
    for (size_t i = 0; i < image->layers_n; i++)
        add(a, out, "image:layer", layer_digest(image, i));
    for (size_t i = 0; i < report->repositories_n; i++) {
        const struct report_repository *r = &report->repositories[i];
        add(a, out, "image:repository", r->repository->id);
        for (size_t c = 0; c < r->cpes_n; c++)
            add(a, out, "image:repository_cpe",
                arena_printf(a, "%.*s %.*s", SLICE_ARG(r->repository->id), SLICE_ARG(r->cpes[c])));
    }
    for (size_t i = 0; i < report->errors_n; i++)
        add(a, out, "image:lost", report->errors[i]);
    add_skips(a, image, out);
}

bool bom_is_incomplete(const struct report *report)
{
    const struct stored_image *image = report->image;
    for (size_t i = 0; i < image->layers_n; i++)
        if (image->layers[i].skip_reason.n != 0)
            return true;
    return report->errors_n != 0;
}

struct slice bom_name(const struct stored_image *image)
{
    return image->reference.n != 0 ? image->reference : digest_slice(&image->manifest);
}

// Packages are ordered by kind and name.
size_t bom_owner(const struct inventory *inventory, const struct inventory_package *package)
{
    struct slice wanted[2];
    size_t low = 0, high = inventory->packages_n;
    if (!slice_cut(package->owner, ':', &wanted[0], &wanted[1]))
        return SIZE_MAX;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct package *p = &inventory->packages[middle].package;
        if (slices_cmp((struct slice[]){p->kind, p->name}, wanted, 2) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    const struct package *p = low < inventory->packages_n ? &inventory->packages[low].package : NULL;
    return p != NULL && slice_eq(p->kind, wanted[0]) && slice_eq(p->name, wanted[1]) ? low : SIZE_MAX;
}

// ---- coverage -------------------------------------------------------------------------------------------------------

static void add_feed(struct arena *a, bom_facts *out, const char *key, const struct report_feed *feed)
{
    char updated[CLOCK_TEXT] = "never";
    if (feed->updated != 0)
        clock_format(feed->updated, updated);
    add(a, out, key,
        arena_printf(a, "%.*s: %s, updated %s, %llu records%s%.*s", SLICE_ARG(feed->feed),
                     feed_condition_name(feed->state), updated, (unsigned long long)feed->records,
                     feed->error.n != 0 ? ": " : "", SLICE_ARG(feed->error)));
}

static void add_unapplied(struct arena *a, bom_facts *out, const struct report_unapplied *u)
{
    const struct vex_statement *s = u->statement;
    add(a, out, "coverage:vex_unapplied",
        arena_printf(a, "statement %zu of %.*s on %.*s: %.*s", s->number, SLICE_ARG(s->document->file),
                     SLICE_ARG(s->vulnerability), SLICE_ARG(u->why)));
}

void bom_coverage_facts(struct arena *a, const struct report *report, const struct output_options *options,
                        bom_facts *out)
{
    const size_t left_out = output_left_out(options, report);
    static const char *const distributions[] = {
        [COVERAGE_RECOGNISED] = "recognised", [COVERAGE_UNKNOWN] = "unknown", [COVERAGE_END_OF_LIFE] = "end-of-life"};
    add(a, out, "generation", report->generation.n != 0 ? report->generation : SLICE("none"));
    add(a, out, "coverage:distribution", slice_str(distributions[report->coverage]));
    add(a, out, "coverage:end_of_life", report->end_of_life);
    add(a, out, "coverage:judged", arena_printf(a, "%zu", report->judged));
    add(a, out, "coverage:unjudged", arena_printf(a, "%zu", report->unjudged));
    for (size_t i = 0; i < report->unmatched_n; i++)
        add(a, out, "coverage:unmatched",
            arena_printf(a, "%zu packages of kind %.*s: %.*s", report->unmatched[i].packages,
                         SLICE_ARG(report->unmatched[i].kind), SLICE_ARG(report->unmatched[i].reason)));
    for (size_t i = 0; i < report->feeds_n; i++)
        add_feed(a, out, "coverage:feed", &report->feeds[i]);
    for (size_t i = 0; i < ENRICHING_FEEDS; i++)
        add_feed(a, out, "coverage:enriching", &report->enriching[i]);
    for (size_t i = 0; i < report->unapplied_n; i++)
        add_unapplied(a, out, &report->unapplied[i]);
    add(a, out, "coverage:decided_by_distribution", arena_printf(a, "%zu", report->decided_by_distribution));
    if (left_out != 0)
        add(a, out, "coverage:left_out", arena_printf(a, "%zu", left_out));
}

bool bom_is_judged_in_part(const struct report *report)
{
    bool partly = report->unjudged != 0 || report->coverage != COVERAGE_RECOGNISED || bom_is_incomplete(report);
    for (size_t i = 0; i < report->feeds_n; i++)
        partly = partly || report->feeds[i].state != FEED_LOADED;
    return partly;
}

// ---- findings -------------------------------------------------------------------------------------------------------

static void take(struct arena *a, const struct report_finding *findings, size_t n, bool suppressed,
                 const struct output_options *options, bom_findings *out)
{
    for (size_t i = 0; i < n; i++)
        if (options == NULL || !output_leaves_out(options, &findings[i]))
            VEC_PUSH(a, out) = (struct bom_finding){&findings[i], suppressed};
}

void bom_take_findings(struct arena *a, const struct report *report, const struct output_options *options,
                       bom_findings *out)
{
    take(a, report->findings, report->findings_n, false, options, out);
    take(a, report->suppressed, report->suppressed_n, true, options, out);
    take(a, report->undetermined, report->undetermined_n, false, NULL, out);
}

static void add_words(struct buf *out, const char *before, struct slice words, const char *behind)
{
    if (words.n == 0)
        return;
    buf_adds(out, before);
    buf_add(out, words);
    buf_adds(out, behind);
}

struct slice bom_decision(struct arena *a, const struct report_finding *f)
{
    struct buf text BUF_AUTO = {0};
    const struct vex_statement *s = f->decision.statement;
    const struct ignore_rule *rule = f->decision.rule;
    if (rule != NULL) {
        buf_adds(&text, "ignored");
        add_words(&text, ": ", rule->reason, "");
        add_words(&text, " (", rule->who, ")");
        add_words(&text, " until ", rule->until, "");
    }
    if (s != NULL) {
        buf_addf(&text, "%sVEX: %s", text.n != 0 ? "; " : "", vex_status_name(s->status));
        add_words(&text, " (", s->justification, ")");
        add_words(&text, ": ", s->impact, "");
        add_words(&text, "; ", s->action, "");
        buf_addf(&text, "; statement %zu", s->number);
        add_words(&text, " of ", s->document->id.n != 0 ? s->document->id : s->document->file, "");
        add_words(&text, " by ", s->document->author, "");
    }
    return arena_dup(a, buf_slice(&text));
}

// ---- the document's name and time -----------------------------------------------------------------------------------

void bom_time(const struct report *report, bool judged, char text[static 32])
{
    bool by_feeds = judged && report->generation.n != 0;
    clock_format(by_feeds ? report->generation_created : report->image->indexed, text);
}

void bom_put_name(struct buf *out, size_t from)
{
    struct slice text = slice_from(buf_slice(out), from);
    ptrdiff_t at = slice_find_slice(text, SLICE(BOM_UNNAMED));
    if (at < 0)
        return;
    struct digest digest = digest_of(text);
    const char *hex = digest_hex(&digest);
    // Of the first 128 bits: version 8, and the variant of RFC 9562.
    char *uuid = out->p + from + (size_t)at + sizeof "urn:uuid:" - 1;
    for (size_t i = 0; i < 36; i++)
        if (uuid[i] != '-')
            uuid[i] = *hex++;
    uuid[14] = '8';
    uuid[19] = "89ab"[(uuid[19] >= 'a' ? uuid[19] - 'a' + 10 : uuid[19] - '0') & 3];
}
