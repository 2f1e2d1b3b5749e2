#include "advisory/mapping.h"

bool mapping_add(struct segment_builder *b, struct slice scope, struct slice key, struct slice value,
                 const struct limits *limits, uint64_t *left_out, struct error *err)
{
    // Says nothing of any version.
    struct advisory record = {.scope = scope, .package = key, .vulnerability = value, .status = ADVISORY_UNDETERMINED};
    if (advisory_fits(&record, limits))
        return segment_add(b, &record, limits, err);
    ++*left_out;
    return true;
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
