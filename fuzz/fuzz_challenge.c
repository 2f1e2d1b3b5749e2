// WWW-Authenticate and Link headers: reading them comes to an end, with no more in the arena than a few times the
// header.
#include "fuzz.h"

#include "http/headers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a ARENA_AUTO = {0};
    struct slice rest = slice_of((const char *)data, size);
    struct challenge challenge;
    size_t n = 0;
    while (challenge_next(&rest, &a, &challenge)) {
        if (challenge.scheme.n == 0 || ++n > size || challenge.realm.n > size)
            abort();
    }
    if (rest.n != 0)
        abort();
    struct slice next;
    if (link_next(slice_of((const char *)data, size), &a, &next) && (next.n == 0 || next.n >= size))
        abort();
    struct content_range range;
    if (content_range_parse(slice_of((const char *)data, size), &range) && range.first > range.last)
        abort();
    return 0;
}
