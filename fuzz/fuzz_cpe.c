// CPE names: a pattern and a name, a line each. A name that is read includes itself, wildcards apart,
// and its formatted string is a name with the same one.
#include "fuzz.h"

#include "inventory/cpe.h"

#include <stdlib.h>

static void format(struct slice text, struct arena *a)
{
    struct cpe read;
    struct slice formatted = cpe_formatted(text, a);
    if (cpe_parse(text, a, &read) != (formatted.n != 0) || !slice_eq(cpe_formatted(formatted, a), formatted))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a ARENA_AUTO = {0};
    struct slice pattern, name;
    struct cpe p, n;
    slice_cut(slice_of((const char *)data, size), '\n', &pattern, &name);
    format(name, &a);
    bool both = cpe_parse(pattern, &a, &p) && cpe_parse(name, &a, &n);
    for (int i = 0; both && i < CPE_ATTRIBUTES; i++) {
        struct slice value = n.attribute[i];
        bool wild = slice_find(value, '\x01') >= 0 || slice_find(value, '\x02') >= 0;
        cpe_includes(p.attribute[i], value);
        if (!wild && !cpe_includes(value, value))
            abort();
    }
    return 0;
}
