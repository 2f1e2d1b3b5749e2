#include "service/matching.h"

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
