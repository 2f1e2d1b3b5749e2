#include "match/matcher.h"

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
