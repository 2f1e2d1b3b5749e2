#include "service/matching.h"

#include "base/clock.h"
#include "service/service.h"

// Clair's names, those of its code and those of its documentation, and ours where they are other ones.
static const struct {
    const char *clair, *matcher;
} names[] = {
    {"alpine-matcher", "alpine"},
    {"aws-matcher", "amazon"},
    {"aws", "amazon"},
    {"debian-matcher", "debian"},
    {"gobin", "go"},
    {"java-maven", "maven"},
    {"python", "pypi"},
    {"rhel", "redhat"},
    {"rhel-container-matcher", "redhat-container"},
    {"ruby-gem", "rubygems"},
    {"ubuntu-matcher", "ubuntu"},
};

static bool names_matcher(struct slice name, const struct matcher *matcher)
{
    if (slice_eq(name, slice_str(matcher->name)))
        return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (slice_eq(name, slice_str(names[i].clair)) && strcmp(names[i].matcher, matcher->name) == 0)
            return true;
    return false;
}

bool matching_knows(struct slice name)
{
    for (size_t i = 0; matchers[i] != NULL; i++)
        if (names_matcher(name, matchers[i]))
            return true;
    return false;
}

// ---- what is left out -----------------------------------------------------------------------------------------------

static bool is_wanted(const struct config *config, const struct matcher *matcher)
{
    if (!config->matcher_names_given)
        return true;
    for (size_t i = 0; i < config->matcher_names.n; i++)
        if (names_matcher(config->matcher_names.v[i], matcher))
            return true;
    return false;
}

// Clair has the key for its matcher "rhel" alone.
static bool is_unpatched(const struct report_statement *s)
{
    return strcmp(s->matcher->name, "redhat") == 0 && s->fixed_in.n == 0;
}

static size_t restrict_findings(const struct config *config, struct report_finding *findings, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        struct report_finding f = findings[i];
        size_t statements = 0;
        for (size_t s = 0; s < f.statements_n; s++)
            if (is_wanted(config, f.statements[s].matcher) &&
                !(config->unpatched_ignored && is_unpatched(&f.statements[s])))
                f.statements[statements++] = f.statements[s];
        f.statements_n = statements;
        if (config->enrichment_disabled)
            f.enrichments_n = 0;
        if (statements != 0)
            findings[kept++] = f;
    }
    return kept;
}

void matching_restrict(const struct config *config, struct report *report)
{
    report->findings_n = restrict_findings(config, report->findings, report->findings_n);
    report->undetermined_n = restrict_findings(config, report->undetermined, report->undetermined_n);
}

void matching_write(const struct config *config, struct buf *out)
{
    buf_addf(out, "%d%d%d", config->enrichment_disabled, config->unpatched_ignored, config->matcher_names_given);
    for (size_t i = 0; i < config->matcher_names.n; i++)
        buf_addf(out, " %.*s", SLICE_ARG(config->matcher_names.v[i]));
}

// ---- reports --------------------------------------------------------------------------------------------------------

struct stored_image *matching_image(struct view *view, const struct digest *manifest, const struct web_request *request,
                                    struct error *err)
{
    struct span *span SPAN_AUTO = span_child(request->span, SPAN_INTERNAL, "read image");
    struct stored_image *image = arena_alloc(request->arena, sizeof *image);
    bool found;
    span_text(span, "clarion.manifest.digest", digest_slice(manifest));
    if (!store_image_get(&view->store, manifest, NULL, request->arena, image, &found, err)) {
        span_fail(span, slice_str(err->text));
        return NULL;
    }
    if (found)
        return image;
    error_set(err, ERR_NOT_FOUND, "index report for manifest \"%s\" not found", manifest->text); // as Clair
    return NULL;
}

static bool make(struct service *service, struct view *view, struct stored_image *image, struct arena *a,
                 struct report *report, struct error *err)
{
    if (view->generation.id.n == 0)
        return error_set(err, ERR_STORE,
                         "no feed of vulnerabilities was ever loaded, so nothing can be said about the image: "
                         "`clarion feeds` tells why");
    if (!report_make(image, &view->generation, view->segments, clock_now(), a, report, err))
        return false;
    matching_restrict(service->config, report);
    report_triage(report, &view->triage, a);
    return true;
}

bool matching_inventory(struct view *view, struct stored_image *image, const struct web_request *request,
                        struct report *report, struct error *err)
{
    return report_make(image, &view->generation, view->segments, clock_now(), request->arena, report, err);
}

bool matching_report(struct service *service, struct view *view, struct stored_image *image,
                     const struct web_request *request, struct report *report, struct error *err)
{
    struct span *span SPAN_AUTO = span_child(request->span, SPAN_INTERNAL, "make report");
    double start = clock_monotonic();
    span_text(span, "clarion.manifest.digest", digest_slice(&image->manifest));
    if (!make(service, view, image, request->arena, report, err)) {
        span_fail(span, slice_str(err->text));
        return false;
    }
    metrics_report(service->metrics, clock_monotonic() - start);
    span_number(span, "clarion.packages", (int64_t)report->image->inventory.packages_n);
    span_number(span, "clarion.findings", (int64_t)report->findings_n);
    return true;
}

bool matching_what_is_known(struct service *service, struct view *view, struct stored_image *image,
                            const struct web_request *request, struct report *report, struct error *err)
{
    return view->generation.id.n != 0 ? matching_report(service, view, image, request, report, err)
                                      : matching_inventory(view, image, request, report, err);
}
