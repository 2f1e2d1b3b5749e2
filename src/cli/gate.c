#include "cli/gate.h"

#include "base/nearest.h"

static bool misread(struct slice condition, struct error *err)
{
    struct nearest nearest = nearest_to(condition);
    nearest_offer_list(&nearest, "critical high medium low negligible unknown kev");
    return error_set(
        err, ERR_USAGE,
        "--fail-on takes critical, high, medium, low, negligible or unknown, kev, epss>SHARE, epss>=SHARE, "
        "cvss>SCORE or cvss>=SCORE (a SHARE from 0 to 1, a SCORE from 0 to 10 with one decimal at most), or "
        "several with commas between them, not \"%.*s\"%s",
        SLICE_ARG(condition), nearest_hint(&nearest).text);
}

// A decimal number with at most `decimals` of them as a whole number of the last one's unit: "9.8" with one is 98.
static bool read_decimal(struct slice text, int decimals, int64_t *value)
{
    struct slice whole, fraction;
    uint64_t number;
    bool point = slice_cut(text, '.', &whole, &fraction);
    if (!slice_to_u64(whole, &number) || number > 10 || (point && fraction.n == 0) || fraction.n > (size_t)decimals)
        return false;
    *value = (int64_t)number;
    for (int i = 0; i < decimals; i++) {
        char digit = (size_t)i < fraction.n ? fraction.p[i] : '0';
        if (digit < '0' || digit > '9')
            return false;
        *value = *value * 10 + (digit - '0');
    }
    return true;
}

// What follows "epss" or "cvss": ">0.5", ">=9".
static bool read_bound(struct slice text, int decimals, int64_t most, struct gate_score *scores, size_t *n)
{
    struct gate_score score = {0};
    if (*n == GATE_SCORES || text.n == 0 || text.p[0] != '>')
        return false;
    text = slice_from(text, 1);
    score.at_bound = slice_starts(text, SLICE("="));
    if (!read_decimal(slice_trim(slice_from(text, score.at_bound ? 1 : 0)), decimals, &score.bound) ||
        score.bound > most)
        return false;
    scores[(*n)++] = score;
    return true;
}

static bool read_condition(struct slice text, struct gate *out)
{
    struct slice name = slice_of(text.p, text.n < 4 ? text.n : 4), rest = slice_trim(slice_from(text, 4));
    enum severity severity;
    if (severity_parse(text, &severity)) {
        // The lowest of several counts.
        out->least = out->by_severity && out->least < severity ? out->least : severity;
        out->by_severity = true;
        return true;
    }
    if (slice_eq_nocase(text, SLICE("kev")))
        return out->by_kev = true;
    if (slice_eq_nocase(name, SLICE("cvss")))
        return read_bound(rest, 1, 100, out->cvss, &out->cvss_n);
    return slice_eq_nocase(name, SLICE("epss")) && read_bound(rest, 6, 1000000, out->epss, &out->epss_n);
}

bool gate_parse(struct slice text, struct gate *out, struct error *err)
{
    *out = (struct gate){0};
    bool more = true;
    while (more) {
        struct slice condition;
        more = slice_cut(text, ',', &condition, &text);
        if (!read_condition(slice_trim(condition), out))
            return misread(condition, err);
    }
    return true;
}

static bool is_over(const struct gate_score *scores, size_t n, int64_t score)
{
    for (size_t i = 0; i < n; i++)
        if (score > scores[i].bound || (scores[i].at_bound && score == scores[i].bound))
            return true;
    return false;
}

bool gate_is_met(const struct gate *g, const struct report_finding *f)
{
    const struct report_epss *epss = finding_epss(f);
    return (g->by_severity && f->severity >= g->least) || (g->by_kev && finding_exploited(f) != NULL) ||
           (f->rating != NULL && is_over(g->cvss, g->cvss_n, f->rating->score)) ||
           (epss != NULL && is_over(g->epss, g->epss_n, epss->probability));
}

const struct report_feed *gate_lacks(const struct gate *g, const struct report *report)
{
    const bool needed[ENRICHING_FEEDS] = {
        [ENRICHING_NVD] = g->cvss_n != 0, [ENRICHING_EPSS] = g->epss_n != 0, [ENRICHING_KEV] = g->by_kev};
    for (size_t i = 0; i < ENRICHING_FEEDS; i++) {
        enum feed_condition state = report->enriching[i].state;
        if (needed[i] && (state == FEED_MISSING || state == FEED_IN_ERROR))
            return &report->enriching[i];
    }
    return NULL;
}
