// gzip and zstd streams.
#include "fuzz.h"
#include "layer/inflate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct limits limits = fuzz_limits();
    struct inflate_stats stats;
    struct reader *r READER_AUTO = inflate_reader(fuzz_reader(data, size), inflate_bounds_of_layer(&limits), &stats);
    struct slice chunk;
    struct error err;
    while (reader_next(r, &chunk, &err) && chunk.n != 0)
        ;
    return 0;
}
