#include "service/figures.h"

#include "base/clock.h"
#include "service/matching.h"
#include "store/notification_store.h"

_Static_assert(SEVERITY_CRITICAL + 1 == SUMMARY_SEVERITIES, "a summary counts by each severity");

static void count_finding(const struct report_finding *f, bool undetermined, struct image_summary *out)
{
    if (undetermined) {
        out->undetermined++;
        return;
    }
    out->severities[f->severity]++;
    out->fixable += f->fixed_in.n != 0;
    out->exploited += finding_exploited(f) != NULL;
}

// Of findings of which VEX documents speak, what they say of one image decides.
static void count_findings(struct triage *triage, const struct report *report, const struct report_finding *findings,
                           size_t n, const struct stored_image *image, struct image_summary *out)
{
    struct report_decision unasked;
    for (size_t i = 0; i < n; i++)
        if (triage_scope(triage, &findings[i]) == TRIAGE_SILENT ||
            !triage_suppresses(triage, report, &findings[i], image, &unasked))
            count_finding(&findings[i], findings == report->undetermined, out);
}

static struct image_summary figures_of(struct triage *triage, const struct report *report,
                                       const struct stored_image *image)
{
    struct image_summary out = {
        .judged = report->judged,
        .unjudged = report->unjudged,
        .recognised = report->coverage != COVERAGE_UNKNOWN,
        .end_of_life = report->support_end,
    };
    count_findings(triage, report, report->findings, report->findings_n, image, &out);
    count_findings(triage, report, report->undetermined, report->undetermined_n, image, &out);
    return out;
}

static bool is_spoken_of(const struct triage *triage, const struct report *report)
{
    for (size_t i = 0; i < report->findings_n; i++)
        if (triage_scope(triage, &report->findings[i]) != TRIAGE_SILENT)
            return true;
    for (size_t i = 0; i < report->undetermined_n; i++)
        if (triage_scope(triage, &report->undetermined[i]) != TRIAGE_SILENT)
            return true;
    return false;
}

// The image that stands for the others. *found is false when all are gone.
static bool read_one(struct view *view, const store_ids *images, struct arena *a, struct stored_image *image,
                     bool *found, struct error *err)
{
    *found = false;
    for (size_t i = 0; i < images->n && !*found; i++) {
        struct stored_image named;
        if (!store_image_identity(&view->store, images->v[i], a, &named, err) ||
            (named.manifest.text[0] != '\0' &&
             !store_image_get(&view->store, &named.manifest, NULL, a, image, found, err)))
            return false;
    }
    return true;
}

// What names an image is asked of the store, its packages are the report's.
static bool ask_each(struct view *view, const struct report *report, const store_ids *images, struct image_summary *out,
                     struct error *err)
{
    for (size_t i = 0; i < images->n; i++) {
        struct arena scratch ARENA_AUTO = {0};
        struct stored_image named;
        if (!store_image_identity(&view->store, images->v[i], &scratch, &named, err))
            return false;
        out[i] = figures_of(&view->triage, report, &named);
    }
    return true;
}

bool figures_of_group(const struct config *config, struct view *view, const struct summary_group *group,
                      struct arena *a, struct summary_result *out, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0}; // of the report, which is large
    struct stored_image image;
    struct report report;
    store_ids images = {0};
    bool found;
    *out = (struct summary_result){.group = *group};
    if (!store_group_images(&view->store, group, a, &images, err) ||
        !read_one(view, &images, &scratch, &image, &found, err))
        return false;
    if (!found)
        return true;
    if (!report_make(&image, &view->generation, view->segments, clock_now(), &scratch, &report, err))
        return false;
    matching_restrict(config, &report);
    report.support_end = arena_dup(a, report.support_end);
    bool each = is_spoken_of(&view->triage, &report);
    size_t n = each ? images.n : 1;
    struct image_summary *summaries = ARENA_NEW(a, struct image_summary, n);
    out->summaries = summaries;
    out->images = each ? images.v : NULL;
    out->images_n = each ? images.n : 0;
    if (each)
        return ask_each(view, &report, &images, summaries, err);
    summaries[0] = figures_of(&view->triage, &report, &image);
    return true;
}
