#include "match/matcher.h"

#include "enrich/cvss.h"

static const char *const names[] = {
    [SEVERITY_UNKNOWN] = "Unknown", [SEVERITY_NEGLIGIBLE] = "Negligible",
    [SEVERITY_LOW] = "Low",         [SEVERITY_MEDIUM] = "Medium",
    [SEVERITY_HIGH] = "High",       [SEVERITY_CRITICAL] = "Critical",
};

const char *severity_name(enum severity s)
{
    return names[s];
}

bool severity_parse(struct slice name, enum severity *severity)
{
    for (int i = SEVERITY_UNKNOWN; i <= SEVERITY_CRITICAL; i++)
        if (slice_eq_nocase(name, slice_str(names[i]))) {
            *severity = (enum severity)i;
            return true;
        }
    return false;
}

enum severity match_severity_word(struct slice word)
{
    enum severity severity = SEVERITY_UNKNOWN;
    if (slice_eq_nocase(word, SLICE("moderate")))
        return SEVERITY_MEDIUM;
    if (slice_eq_nocase(word, SLICE("important")))
        return SEVERITY_HIGH;
    severity_parse(word, &severity);
    return severity;
}

enum severity match_severity_cvss(struct slice vector)
{
    static const enum severity severities[] = {[CVSS_NONE] = SEVERITY_NEGLIGIBLE,
                                               [CVSS_LOW] = SEVERITY_LOW,
                                               [CVSS_MEDIUM] = SEVERITY_MEDIUM,
                                               [CVSS_HIGH] = SEVERITY_HIGH,
                                               [CVSS_CRITICAL] = SEVERITY_CRITICAL};
    struct cvss cvss;
    struct error err;
    if (!cvss_parse(vector, &cvss, &err))
        return SEVERITY_UNKNOWN;
    return severities[cvss_severity(cvss.version, cvss_score(&cvss))];
}
