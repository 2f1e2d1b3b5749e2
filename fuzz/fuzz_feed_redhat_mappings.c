// Red Hat's mappings, by turns.
#include "fuzz.h"

#include "feed/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"redhat-repositories", "redhat-containers"};
    for (size_t i = 0; i < 2; i++) {
        struct limits limits = fuzz_limits();
        struct segment_builder *builder = segment_builder_new(names[i]);
        struct reader *r READER_AUTO = fuzz_reader(data, size);
        struct feed_input input = {.body = r, .builder = builder, .limits = &limits};
        struct error err;
        feed_named(slice_str(names[i]))->parse(&input, &err);
        segment_builder_free(&builder);
    }
    return 0;
}
