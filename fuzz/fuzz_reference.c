// References to images in registries: what was read, written in full, must be read as the same.
#include "fuzz.h"

#include "image/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a ARENA_AUTO = {0};
    struct reference reference, again;
    struct error err;
    if (!reference_parse(slice_of((const char *)data, size), &a, &reference, &err))
        return 0;
    struct slice text = reference_text(&a, &reference);
    if (!reference_parse(text, &a, &again, &err) || !slice_eq(reference_text(&a, &again), text) ||
        !slice_eq(again.domain, reference.domain) || !slice_eq(again.path, reference.path) ||
        !slice_eq(again.tag, reference.tag) || !digest_eq(&again.digest, &reference.digest))
        abort();
    // It goes into a URL as it is.
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] <= ' ' || text.p[i] > '~' || strchr("?#%\\", text.p[i]) != NULL)
            abort();
    return 0;
}
