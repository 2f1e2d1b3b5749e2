// Alpine packages, judged by secdb: per origin package and branch.
#include "match/secdb.h"

// The last day of a branch's support: https://alpinelinux.org/releases/. edge has none.
static const struct match_release branches[] = {
    {"v3.0", "2016-05-01"},
    {"v3.1", "2016-11-01"},
    {"v3.2", "2017-05-01"},
    {"v3.3", "2017-11-01"},
    {"v3.4", "2018-05-01"},
    {"v3.5", "2018-11-01"},
    {"v3.6", "2019-05-01"},
    {"v3.7", "2019-11-01"},
    {"v3.8", "2020-05-01"},
    {"v3.9", "2020-11-01"},
    {"v3.10", "2021-05-01"},
    {"v3.11", "2021-11-01"},
    {"v3.12", "2022-05-01"},
    {"v3.13", "2022-11-01"},
    {"v3.14", "2023-05-01"},
    {"v3.15", "2023-11-01"},
    {"v3.16", "2024-05-23"},
    {"v3.17", "2024-11-22"},
    {"v3.18", "2025-05-09"},
    {"v3.19", "2025-11-01"},
    {"v3.20", "2026-04-01"},
    {"v3.21", "2026-11-01"},
    {"v3.22", "2027-05-01"},
    {"v3.23", "2027-11-01"},
    {0},
};

static bool alpine_applies(const struct distribution *d)
{
    return slice_eq(d->id, SLICE("alpine"));
}

// The branch of a distribution: "edge", or "v" and the first two numbers of VERSION_ID ("3.18.4"). edge calls itself
// "3.19_alpha20230901" there, and "Alpine Linux edge". Empty when it cannot be told.
static struct slice branch_of(struct arena *a, const struct distribution *d)
{
    if (slice_find_slice(d->version_id, SLICE("_alpha")) >= 0 || slice_find_slice(d->pretty_name, SLICE("edge")) >= 0)
        return SLICE("edge");
    struct slice major, rest, minor, patch;
    uint64_t number;
    slice_cut(d->version_id, '.', &major, &rest);
    slice_cut(rest, '.', &minor, &patch);
    slice_cut(minor, '_', &minor, &patch); // 3.18_rc1
    if (!slice_to_u64(major, &number) || !slice_to_u64(minor, &number))
        return (struct slice){0};
    return arena_printf(a, "v%.*s.%.*s", SLICE_ARG(major), SLICE_ARG(minor));
}

static struct slice alpine_end_of_life(const struct distribution *d)
{
    struct arena a ARENA_AUTO = {0};
    struct slice branch = branch_of(&a, d);
    return match_support_end(branches, branch);
}

static void alpine_scopes(struct arena *a, const struct match_image *image, const struct slice *loaded, size_t loaded_n,
                          scope_vec *out)
{
    struct slice branch = branch_of(a, image->distribution);
    (void)loaded, (void)loaded_n;
    if (branch.n == 0)
        return;
    VEC_PUSH(a, out) = arena_printf(a, "alpine:%.*s/main", SLICE_ARG(branch));
    VEC_PUSH(a, out) = arena_printf(a, "alpine:%.*s/community", SLICE_ARG(branch));
}

extern const struct matcher matcher_alpine;

static void alpine_judge(struct arena *a, const struct match_key *key, const struct advisory *records, size_t n,
                         bool explain, struct verdict *out)
{
    secdb_judge(&matcher_alpine, a, key, records, n, explain, out);
}

static struct slice alpine_links(struct arena *a, const struct advisory *record)
{
    return match_links(a, "https://security.alpinelinux.org/vuln/", record);
}

// "alpine-main-v3.18-updater"
static struct slice alpine_clair_updater(struct arena *a, struct slice scope)
{
    struct slice branch, repository;
    slice_cut(match_scope_release(scope), '/', &branch, &repository);
    return arena_printf(a, "alpine-%.*s-%.*s-updater", SLICE_ARG(repository), SLICE_ARG(branch));
}

const struct matcher matcher_alpine = {
    .name = "alpine",
    .feeds = {"alpine"},
    .kind = "apk",
    .authority = "Alpine's secdb",
    .scheme = &version_apk,
    .applies = alpine_applies,
    .end_of_life = alpine_end_of_life,
    .scopes = alpine_scopes,
    .judge = alpine_judge,
    .severity = secdb_severity,
    .severity_clair = secdb_severity,
    .links = alpine_links,
    .clair_updater = alpine_clair_updater,
};
