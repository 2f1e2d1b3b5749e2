// How severe a finding is, who says so, and the order of findings.
#include "match/report.h"

#include <stdlib.h>

// ---- enrichments of several CVEs ------------------------------------------------------------------------------------

const struct report_epss *finding_epss(const struct report_finding *f)
{
    const struct report_epss *likeliest = NULL;
    for (size_t i = 0; i < f->enrichments_n; i++) {
        const struct enrichment *e = &f->enrichments[i];
        if (e->has_epss && (likeliest == NULL || e->epss.probability > likeliest->probability))
            likeliest = &e->epss;
    }
    return likeliest;
}

const struct report_exploited *finding_exploited(const struct report_finding *f)
{
    for (size_t i = 0; i < f->enrichments_n; i++)
        if (f->enrichments[i].is_exploited)
            return &f->enrichments[i].exploited;
    return NULL;
}

// ---- severity -------------------------------------------------------------------------------------------------------

struct opinion {
    enum severity severity;
    struct slice source;
};

static void worsen(struct opinion *o, enum severity severity, struct slice source)
{
    if (severity > o->severity)
        *o = (struct opinion){severity, source};
}

// What the feeds' own words come to, of those named so; an empty `from`: of all.
static struct opinion by_words(const struct report_finding *f, struct slice from)
{
    struct opinion o = {0};
    for (size_t i = 0; i < f->statements_n; i++) {
        const struct report_statement *s = &f->statements[i];
        if (from.n == 0 || slice_eq(from, slice_str(s->feed)))
            worsen(&o, s->matcher->severity(&s->record), slice_str(s->feed));
    }
    return o;
}

static struct opinion by_rating(const struct report_rating *rating)
{
    return rating != NULL ? (struct opinion){rating->severity, rating->source} : (struct opinion){0};
}

static struct opinion worst(const struct report_finding *f)
{
    struct opinion o = by_words(f, SLICE(""));
    for (size_t i = 0; i < f->ratings_n; i++)
        worsen(&o, f->ratings[i].severity, f->ratings[i].source);
    return o;
}

// They are in the order in which they count.
static const struct report_rating *first_rating(const struct report_finding *f, struct slice from)
{
    for (size_t i = 0; i < f->ratings_n; i++)
        if (from.n == 0 || slice_eq(from, f->ratings[i].source))
            return &f->ratings[i];
    return NULL;
}

static const struct report_rating *highest_rating(const struct report_finding *f)
{
    const struct report_rating *highest = NULL;
    for (size_t i = 0; i < f->ratings_n; i++)
        if (highest == NULL || f->ratings[i].score > highest->score)
            highest = &f->ratings[i];
    return highest;
}

static void choose(struct report_finding *f, struct slice from)
{
    struct opinion o = {0};
    f->rating = NULL;
    if (slice_eq(from, SLICE(SEVERITY_FROM_HIGHEST))) {
        o = worst(f);
        f->rating = highest_rating(f);
    } else if (!slice_eq(from, SLICE(SEVERITY_FROM_FEED))) {
        o = by_words(f, from);
        f->rating = first_rating(f, from);
        if (o.severity == SEVERITY_UNKNOWN)
            o = by_rating(f->rating);
    }
    if (f->rating == NULL)
        f->rating = first_rating(f, SLICE(""));
    if (o.severity == SEVERITY_UNKNOWN)
        o = by_words(f, SLICE(""));
    if (o.severity == SEVERITY_UNKNOWN)
        o = by_rating(f->rating);
    f->severity = o.severity;
    f->severity_source = o.source;
}

// ---- order ----------------------------------------------------------------------------------------------------------

struct sorting {
    const struct report *report;
    enum report_order order;
};

static int score_of(const struct report_finding *f)
{
    return f->rating != NULL ? f->rating->score : -1;
}

static int64_t probability_of(const struct report_finding *f)
{
    const struct report_epss *epss = finding_epss(f);
    return epss != NULL ? (int64_t)epss->probability : -1;
}

static struct slice name_of(const struct report *report, const struct report_finding *f)
{
    return report->image->inventory.packages[f->package].package.name;
}

static int descending(int64_t a, int64_t b)
{
    return (a < b) - (a > b);
}

static int by_weight(const struct report_finding *a, const struct report_finding *b)
{
    int order = descending(a->severity, b->severity);
    if (order == 0)
        order = slice_cmp(a->vulnerability, b->vulnerability);
    return order != 0 ? order : (a->package > b->package) - (a->package < b->package);
}

static int in_order(const void *x, const void *y, void *context)
{
    const struct report_finding *a = x, *b = y;
    const struct sorting *s = context;
    int order = 0;
    switch (s->order) {
    case ORDER_SEVERITY:
        break;
    case ORDER_CVSS:
        order = descending(score_of(a), score_of(b));
        break;
    case ORDER_EPSS:
        order = descending(probability_of(a), probability_of(b));
        break;
    case ORDER_PACKAGE:
        order = slice_cmp(name_of(s->report, a), name_of(s->report, b));
        break;
    }
    return order != 0 ? order : by_weight(a, b);
}

void report_sort(struct report *report, enum report_order order)
{
    struct sorting s = {report, order};
    if (report->findings_n > 1)
        qsort_r(report->findings, report->findings_n, sizeof *report->findings, in_order, &s);
    if (report->undetermined_n > 1)
        qsort_r(report->undetermined, report->undetermined_n, sizeof *report->undetermined, in_order, &s);
}

void report_choose_severity(struct report *report, struct slice from)
{
    for (size_t i = 0; i < report->findings_n; i++)
        choose(&report->findings[i], from);
    for (size_t i = 0; i < report->undetermined_n; i++)
        choose(&report->undetermined[i], from);
    report_sort(report, ORDER_SEVERITY);
}
