// What a worker that was taken over may say of layers, one a line, and coalescing them. What the decoder takes is
// written and read again without a change.
#include "fuzz.h"

#define MOST_LAYERS 4

static void write_again(const struct findings *findings, const struct limits *limits)
{
    struct arena a ARENA_AUTO = {0};
    struct buf once BUF_AUTO = {0}, twice BUF_AUTO = {0};
    struct findings again;
    struct error err;
    findings_encode(findings, &once);
    if (!findings_decode(buf_slice(&once), &a, limits, &again, &err))
        abort();
    findings_encode(&again, &twice);
    if (!slice_eq(buf_slice(&once), buf_slice(&twice)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a ARENA_AUTO = {0};
    struct limits limits = fuzz_limits();
    struct findings findings[MOST_LAYERS];
    const struct findings *layers[MOST_LAYERS + 1];
    struct slice rest = slice_of((const char *)data, size), line;
    struct error err;
    size_t n = 0;
    while (n < MOST_LAYERS && slice_next_line(&rest, &line)) {
        if (!findings_decode(line, &a, &limits, &findings[n], &err))
            continue;
        write_again(&findings[n], &limits);
        layers[n] = &findings[n];
        n++;
    }
    if (n == 0)
        return 0;
    layers[n++] = &findings[0]; // a layer may stand there twice
    struct inventory inventory;
    coalesce(&a, layers, n, &limits, &inventory);
    for (size_t i = 0; i < inventory.packages_n; i++)
        if (inventory.packages[i].layer >= n)
            abort();
    return 0;
}
