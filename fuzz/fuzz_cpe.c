// CPE names: a pattern and a name, a line each. A name that is read includes itself, wildcards apart.
#include "fuzz.h"

#include "match/cpe.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a ARENA_AUTO = {0};
    struct slice pattern, name;
    struct cpe p, n;
    slice_cut(slice_of((const char *)data, size), '\n', &pattern, &name);
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
