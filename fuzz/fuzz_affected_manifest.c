// The body of affected_manifest: what is taken has all that judging needs, and nothing is both refused and silent.
#include "fuzz.h"

#include "service/requests.h"
#include "service/vulnerabilities.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a ARENA_AUTO = {0};
    struct error err = {0};
    const struct limits limits = limits_default();
    struct posted_vulnerability *list;
    size_t n;
    yyjson_doc *doc JSON_AUTO = request_json(slice_of((const char *)data, size), &err);
    if (doc == NULL || !vulnerabilities_read(doc, &limits, &a, &list, &n, &err)) {
        if (err.code == ERR_NONE || err.text[0] == '\0')
            abort();
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        const struct advisory *r = &list[i].record;
        bool bounded = r->status == ADVISORY_FIXED || r->status == ADVISORY_LAST_AFFECTED;
        if (bounded != (r->bound.n != 0) || !yyjson_is_obj(list[i].document))
            abort();
    }
    return 0;
}
