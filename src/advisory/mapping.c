#include "advisory/mapping.h"

#include "base/buf.h"

static struct slice put_together(struct arena *a, struct slice begin, struct slice end)
{
    struct buf text BUF_AUTO = {0};
    buf_add(&text, begin);
    buf_add(&text, end);
    return arena_dup(a, buf_slice(&text));
}

// Where a key stands: its row, and its place there. An empty key has neither. No character is cut in two.
static void divide(struct arena *a, struct slice key, struct slice *row, struct slice *place)
{
    size_t last = key.n;
    *row = *place = (struct slice){0};
    if (key.n == 0)
        return;
    do
        last--;
    while (last > 0 && ((unsigned char)key.p[last] & 0xc0) == 0x80);
    *row = put_together(a, slice_of(key.p, last), SLICE("*"));
    *place = put_together(a, SLICE("*"), slice_from(key, last));
}

struct advisory mapping_record(struct arena *a, struct slice scope, struct slice key, struct mapping_value value)
{
    struct advisory record = {.scope = scope, .status = ADVISORY_FIXED, .bound = value.text, .state = value.label};
    divide(a, key, &record.package, &record.vulnerability);
    return record;
}

struct slice mapping_key(struct arena *a, const struct advisory *record)
{
    struct slice row = record->package, place = record->vulnerability;
    return put_together(a, slice_of(row.p, row.n - (row.n != 0)), slice_from(place, place.n != 0));
}

bool mapping_lookup(struct segment *s, struct slice scope, struct slice key, struct arena *a, mapping_values *out,
                    struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    struct slice row, place;
    advisory_vec records = {0};
    divide(&scratch, key, &row, &place);
    if (!segment_lookup_brief(s, scope, row, &scratch, &records, err))
        return false;
    for (size_t i = 0; i < records.n; i++)
        if (slice_eq(records.v[i].vulnerability, place))
            VEC_PUSH(a, out) =
                (struct mapping_value){arena_dup(a, records.v[i].bound), arena_dup(a, records.v[i].state)};
    return true;
}
