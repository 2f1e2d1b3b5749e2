// Package URLs: what was read, written again, must be read as the same.
#include "fuzz.h"

#include "inventory/purl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a ARENA_AUTO = {0};
    struct purl purl, again;
    struct package package;
    struct release_file release;
    struct error err;
    if (!purl_parse(slice_of((const char *)data, size), &a, &purl, &err))
        return 0;
    struct slice text = purl_write(&a, &purl);
    if (!purl_parse(text, &a, &again, &err) || !slice_eq(purl_write(&a, &again), text) ||
        !slice_eq(again.name, purl.name) || !slice_eq(again.version, purl.version))
        abort();
    purl_package(&a, &purl, &package);
    purl_distribution(&a, &purl, &release);
    return 0;
}
