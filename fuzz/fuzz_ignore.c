// Files of ignore rules: errors have a text and name a place, and what was read can be held against a package.
#include "fuzz.h"

#include "match/ignore.h"

// libfyaml 0.7.12 does not free what it has read of some documents that it refuses.
const char *__lsan_default_suppressions(void); // NOLINT(bugprone-reserved-identifier): the sanitizer's name
const char *__lsan_default_suppressions(void)  // NOLINT(bugprone-reserved-identifier)
{
    return "leak:libfyaml";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a ARENA_AUTO = {0};
    struct limits limits = limits_default();
    struct ignore_rules rules = {0};
    struct error err = {0};
    struct inventory inventory = {0};
    struct vex_image image = {.arch = SLICE("amd64"), .inventory = &inventory};
    struct inventory_package package = {
        .package = {.kind = SLICE("deb"), .name = SLICE("openssl"), .version = SLICE("3.0.8-1")},
        .db = SLICE("var/lib/dpkg/status")};
    limits.yaml_nodes = 10000;
    if (!ignore_read(slice_of((const char *)data, size), SLICE("f"), 0, &limits, &a, &rules, &err)) {
        if (err.code == ERR_NONE || !slice_starts(slice_str(err.text), SLICE("f:")))
            abort();
        return 0;
    }
    for (size_t i = 0; i < rules.n; i++) {
        if (rules.v[i].id.n == 0 || rules.v[i].reason.n == 0 || rules.v[i].line == 0)
            abort();
        ignore_fits(&rules.v[i], &image, &package, &a);
    }
    return 0;
}
