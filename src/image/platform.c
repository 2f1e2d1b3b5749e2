#include "image/platform.h"

#include <sys/utsname.h>

// Other words for an architecture. The kernel's (uname -m) are among them.
static const struct {
    const char *word, *arch, *variant;
} synonyms[] = {
    {"x86_64", "amd64", ""},  {"x86-64", "amd64", ""},
    {"aarch64", "arm64", ""}, {"i386", "386", ""},
    {"i486", "386", ""},      {"i586", "386", ""},
    {"i686", "386", ""},      {"armhf", "arm", "v7"},
    {"armel", "arm", "v6"},   {"armv5tel", "arm", "v5"},
    {"armv6l", "arm", "v6"},  {"armv7l", "arm", "v7"},
    {"armv8l", "arm", "v7"},  {"loongarch64", "loong64", ""},
};

// The variant that an architecture has when none is named.
static const struct {
    const char *arch;
    unsigned variant;
} usual_variants[] = {{"amd64", 1}, {"arm", 7}, {"arm64", 8}};

struct platform platform_of(struct arena *a, struct slice os, struct slice arch, struct slice variant)
{
    struct platform p = {arena_dup_lower(a, os), arena_dup_lower(a, arch), arena_dup_lower(a, variant)};
    if (slice_eq(p.os, SLICE("macos")))
        p.os = SLICE("darwin");
    for (size_t i = 0; i < sizeof synonyms / sizeof synonyms[0]; i++) {
        if (!slice_eq(p.arch, slice_str(synonyms[i].word)))
            continue;
        p.arch = slice_str(synonyms[i].arch);
        if (p.variant.n == 0)
            p.variant = slice_str(synonyms[i].variant);
        break;
    }
    return p;
}

bool platform_parse(const char *text, struct arena *a, struct platform *platform, struct error *err)
{
    if (text == NULL) {
        struct utsname machine;
        if (uname(&machine) != 0)
            return error_errno(err, "cannot tell this machine's architecture");
        *platform = platform_of(a, SLICE("linux"), slice_str(machine.machine), SLICE(""));
        return true;
    }
    struct slice os, rest, arch, variant;
    bool cut = slice_cut(slice_str(text), '/', &os, &rest);
    bool has_variant = slice_cut(rest, '/', &arch, &variant);
    if (!cut || os.n == 0 || arch.n == 0 || (has_variant && variant.n == 0) || slice_find(variant, '/') >= 0)
        return error_set(err, ERR_USAGE, "\"%s\" is no platform (os/arch or os/arch/variant, as in linux/arm64)", text);
    *platform = platform_of(a, os, arch, variant);
    return true;
}

// The number of "v7" or "7", the usual one of the architecture for "", and 0 for a variant that is no such number.
static unsigned variant_number(struct slice arch, struct slice variant)
{
    if (variant.n == 0) {
        for (size_t i = 0; i < sizeof usual_variants / sizeof usual_variants[0]; i++)
            if (slice_eq(arch, slice_str(usual_variants[i].arch)))
                return usual_variants[i].variant;
        return 0;
    }
    uint64_t number;
    if (variant.p[0] == 'v')
        variant = slice_from(variant, 1);
    return slice_to_u64(variant, &number) && number < 100 ? (unsigned)number : 0;
}

unsigned platform_rank(const struct platform *wanted, const struct platform *have)
{
    if (!slice_eq(wanted->os, have->os) || !slice_eq(wanted->arch, have->arch))
        return 0;
    unsigned want = variant_number(wanted->arch, wanted->variant), got = variant_number(have->arch, have->variant);
    if (slice_eq(wanted->variant, have->variant) || (want != 0 && want == got))
        return 200;
    if (want != 0 && got != 0 && got < want)
        return 200 - (want - got); // an older variant runs on a newer processor
    if (wanted->variant.n == 0)
        return got > want ? 100 - got : 1; // none was asked for: any will do, the oldest of the newer ones first
    return 0;
}

struct slice platform_text(struct arena *a, const struct platform *platform)
{
    if (platform->variant.n == 0)
        return arena_printf(a, "%.*s/%.*s", SLICE_ARG(platform->os), SLICE_ARG(platform->arch));
    return arena_printf(a, "%.*s/%.*s/%.*s", SLICE_ARG(platform->os), SLICE_ARG(platform->arch),
                        SLICE_ARG(platform->variant));
}
