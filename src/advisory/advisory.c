#include "advisory/advisory.h"

const char *advisory_status_name(enum advisory_status status)
{
    static const char *const names[] = {"affected", "fixed", "last_affected", "not_affected", "undetermined"};
    return names[status];
}

bool advisory_fits(const struct advisory *r, const struct limits *limits)
{
    size_t most = limits->field_bytes < ADVISORY_FIELD_BYTES ? (size_t)limits->field_bytes : ADVISORY_FIELD_BYTES;
    const struct slice fields[] = {r->scope,    r->package, r->vulnerability, r->introduced, r->bound,
                                   r->severity, r->state,   r->arch,          r->module};
    bool bounded = r->status == ADVISORY_FIXED || r->status == ADVISORY_LAST_AFFECTED;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].n > most)
            return false;
    return r->scope.n != 0 && r->package.n != 0 && r->vulnerability.n != 0 && (r->bound.n != 0) == bounded;
}
