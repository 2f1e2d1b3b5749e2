// The tar reader: every header, and every byte of every member.
#include "fuzz.h"
#include "layer/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct limits limits = fuzz_limits();
    struct reader *r READER_AUTO = fuzz_reader(data, size);
    struct tar *tar TAR_AUTO = tar_open(r, &limits);
    struct tar_entry entry;
    struct error err;
    bool more;
    while (tar_next(tar, &entry, &more, &err) && more) {
        struct slice chunk;
        uint64_t total = 0;
        // Every other member is passed over, which is another way through the reader.
        while ((entry.mode & 1) == 0 && total < MIB && tar_read(tar, &chunk, &err) && chunk.n != 0)
            total += chunk.n;
        if (total > entry.size)
            abort();
    }
    return 0;
}
