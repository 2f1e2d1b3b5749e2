// The manifest of a stranger's bundle: read, and, when it is one, written and read again.
#include "fuzz.h"

#include "store/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a ARENA_AUTO = {0};
    struct buf text BUF_AUTO = {0}, again BUF_AUTO = {0};
    struct bundle bundle;
    struct error err;
    if (!bundle_manifest_read(slice_of((const char *)data, size), &a, &bundle, &err))
        return 0;
    bundle_manifest_write(&bundle, &text);
    if (!bundle_manifest_read(buf_slice(&text), &a, &bundle, &err))
        abort();
    bundle_manifest_write(&bundle, &again);
    if (!slice_eq(buf_slice(&text), buf_slice(&again)))
        abort();
    return 0;
}
