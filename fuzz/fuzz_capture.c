// A whole layer: archive, whiteouts, links, all scanners, and the findings' way through JSON.
#include "fuzz.h"

#include "base/buf.h"
#include "inventory/inventory.h"
#include "layer/capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a ARENA_AUTO = {0};
    struct limits limits = fuzz_limits();
    struct reader *r READER_AUTO = fuzz_reader(data, size);
    struct findings findings, decoded;
    struct buf json BUF_AUTO = {0};
    struct error err;
    capture_layer(r, SUBJECT_LAYER, &limits, &a, &findings, &err);
    findings_encode(&findings, &json);
    // Whatever a layer holds, what the worker says of it must be believed.
    if (!findings_decode(buf_slice(&json), &a, &limits, &decoded, &err))
        abort();
    const struct findings *layers[] = {&decoded, &decoded};
    struct inventory inventory;
    coalesce(&a, layers, 2, &limits, &inventory);
    return 0;
}
