#include "advisory/mapping.h"

struct advisory mapping_record(struct slice scope, struct slice key, struct slice value)
{
    // Says nothing of any version.
    return (struct advisory){.scope = scope, .package = key, .vulnerability = value, .status = ADVISORY_UNDETERMINED};
}

bool mapping_lookup(struct segment *s, struct slice scope, struct slice key, struct arena *a, mapping_values *out,
                    struct error *err)
{
    advisory_vec records = {0};
    if (!segment_lookup_brief(s, scope, key, a, &records, err))
        return false;
    for (size_t i = 0; i < records.n; i++)
        VEC_PUSH(a, out) = records.v[i].vulnerability;
    return true;
}
