#include "advisory/advisory.h"

const char *advisory_status_name(enum advisory_status status)
{
    static const char *const names[] = {"affected", "fixed", "not_affected", "undetermined"};
    return names[status];
}

bool advisory_fits(const struct advisory *r, const struct limits *limits)
{
    size_t most = limits->field_bytes < ADVISORY_FIELD_BYTES ? (size_t)limits->field_bytes : ADVISORY_FIELD_BYTES;
    return r->scope.n != 0 && r->package.n != 0 && r->vulnerability.n != 0 && r->scope.n <= most &&
           r->package.n <= most && r->vulnerability.n <= most && r->fixed_in.n <= most && r->severity.n <= most;
}
