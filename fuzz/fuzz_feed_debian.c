// The Debian tracker's file.
#include "fuzz.h"

#include "feed/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct limits limits = fuzz_limits();
    struct segment_builder *builder = segment_builder_new("debian");
    struct reader *r READER_AUTO = fuzz_reader(data, size);
    struct feed_input input = {.body = r, .builder = builder, .limits = &limits};
    struct error err;
    feed_named(SLICE("debian"))->parse(&input, &err);
    segment_builder_free(&builder);
    return 0;
}
