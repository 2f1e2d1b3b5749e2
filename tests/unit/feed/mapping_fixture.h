// What the tests of mappings share.
#pragma once

#include "fixture.h"

#include "advisory/mapping.h"

// The values of a key, each behind a blank, a label in parentheses behind its value.
static inline void assert_values(struct fixture *f, const char *scope, const char *key, const char *expected)
{
    struct buf text BUF_AUTO = {0};
    mapping_values values = {0};
    assert_true(mapping_lookup(f->segment, slice_str(scope), slice_str(key), &f->arena, &values, &f->err));
    for (size_t i = 0; i < values.n; i++) {
        buf_addf(&text, " %.*s", SLICE_ARG(values.v[i].text));
        if (values.v[i].label.n != 0)
            buf_addf(&text, " (%.*s)", SLICE_ARG(values.v[i].label));
    }
    if (!slice_eq(buf_slice(&text), slice_str(expected)))
        fail_msg("%s:%.*s instead of%s", key, SLICE_ARG(buf_slice(&text)), expected);
}
