// Packages of Wolfi and of Chainguard's own distribution, judged by their security databases: per origin package.
//
// Neither has releases: all is one stream, which is supported as it goes. An image of Chainguard's is judged by
// Chainguard's database alone, which has Wolfi's packages, too.
#include "match/secdb.h"

static struct slice never(const struct distribution *d)
{
    (void)d;
    return (struct slice){0};
}

// An id of GitHub's has its page there.
static struct slice links(struct arena *a, const struct advisory *record)
{
    return match_links(a,
                       slice_starts(record->vulnerability, SLICE("GHSA-")) ? "https://github.com/advisories/"
                                                                           : "https://images.chainguard.dev/security/",
                       record);
}

// Clair v4 has no updater of either.
static struct slice clair_updater(struct arena *a, struct slice scope)
{
    return arena_printf(a, "%.*s-updater", SLICE_ARG(scope));
}

// A distribution, its feed and the feed's scope have one name.
#define MATCHER(which, title)                                                                                          \
    static bool which##_applies(const struct distribution *d)                                                          \
    {                                                                                                                  \
        return slice_eq(d->id, SLICE(#which));                                                                         \
    }                                                                                                                  \
                                                                                                                       \
    static void which##_scopes(struct arena *a, const struct match_image *image, const struct slice *loaded,           \
                               size_t loaded_n, scope_vec *out)                                                        \
    {                                                                                                                  \
        (void)image, (void)loaded, (void)loaded_n;                                                                     \
        VEC_PUSH(a, out) = SLICE(#which);                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    extern const struct matcher matcher_##which;                                                                       \
                                                                                                                       \
    static void which##_judge(struct arena *a, const struct match_key *key, const struct advisory *records, size_t n,  \
                              bool explain, struct verdict *out)                                                       \
    {                                                                                                                  \
        secdb_judge(&matcher_##which, a, key, records, n, explain, out);                                               \
    }                                                                                                                  \
                                                                                                                       \
    const struct matcher matcher_##which = {                                                                           \
        .name = #which,                                                                                                \
        .feeds = {#which},                                                                                             \
        .kind = "apk",                                                                                                 \
        .authority = title "'s secdb",                                                                                 \
        .scheme = &version_apk,                                                                                        \
        .applies = which##_applies,                                                                                    \
        .end_of_life = never,                                                                                          \
        .scopes = which##_scopes,                                                                                      \
        .judge = which##_judge,                                                                                        \
        .severity = secdb_severity,                                                                                    \
        .severity_clair = secdb_severity,                                                                              \
        .links = links,                                                                                                \
        .clair_updater = clair_updater,                                                                                \
    }

MATCHER(wolfi, "Wolfi");
MATCHER(chainguard, "Chainguard");
