// Packages of Azure Linux, and of CBL-Mariner as it was called before, judged by its OVAL: per source package and
// release.
#include "match/matcher.h"

// The last day of a release's support: https://learn.microsoft.com/azure/azure-linux/support-cycle. 3.0 has no day yet.
static const struct release {
    const char *id, *version, *support_end;
} releases[] = {
    {"mariner", "1.0", "2023-07-31"},
    {"mariner", "2.0", "2025-07-31"},
    {"azurelinux", "3.0", NULL},
};

static bool azurelinux_applies(const struct distribution *d)
{
    return slice_eq(d->id, SLICE("azurelinux")) || slice_eq(d->id, SLICE("mariner"));
}

// "3.0" of "3.0.20240727", as VERSION_ID was for a while.
static struct slice release_of(const struct distribution *d)
{
    struct slice major, rest, minor, date;
    slice_cut(d->version_id, '.', &major, &rest);
    slice_cut(rest, '.', &minor, &date);
    return minor.n != 0 ? slice_of(major.p, major.n + 1 + minor.n) : (struct slice){0};
}

static struct slice azurelinux_end_of_life(const struct distribution *d)
{
    struct slice release = release_of(d);
    for (size_t i = 0; i < sizeof releases / sizeof releases[0]; i++)
        if (slice_eq(d->id, slice_str(releases[i].id)) && slice_eq(release, slice_str(releases[i].version)))
            return slice_str(releases[i].support_end);
    return (struct slice){0};
}

static void azurelinux_scopes(struct arena *a, const struct match_image *image, const struct slice *loaded,
                              size_t loaded_n, scope_vec *out)
{
    const struct distribution *d = image->distribution;
    struct slice release = release_of(d);
    (void)loaded, (void)loaded_n;
    if (release.n != 0)
        VEC_PUSH(a, out) = arena_printf(a, "%.*s:%.*s", SLICE_ARG(d->id), SLICE_ARG(release));
}

static enum severity azurelinux_severity(const struct advisory *record)
{
    return match_severity_word(record->severity);
}

// Clair v4 has none; named as its others are.
static struct slice azurelinux_clair_updater(struct arena *a, struct slice scope)
{
    struct slice id, release;
    slice_cut(scope, ':', &id, &release);
    return arena_printf(a, "%.*s-updater-%.*s", SLICE_ARG(id), SLICE_ARG(release));
}

extern const struct matcher matcher_azurelinux;

static void azurelinux_judge(struct arena *a, const struct match_key *key, const struct advisory *records, size_t n,
                             bool explain, struct verdict *out)
{
    match_by_rpm_source(&matcher_azurelinux, a, key, records, n, explain, out);
}

const struct matcher matcher_azurelinux = {
    .name = "azurelinux",
    .feeds = {"azurelinux"},
    .kind = "rpm",
    .authority = "Azure Linux's OVAL",
    .scheme = &version_rpm,
    .applies = azurelinux_applies,
    .end_of_life = azurelinux_end_of_life,
    .scopes = azurelinux_scopes,
    .names = match_rpm_source_name,
    .judge = azurelinux_judge,
    .severity = azurelinux_severity,
    .severity_clair = azurelinux_severity,
    .clair_updater = azurelinux_clair_updater,
};
