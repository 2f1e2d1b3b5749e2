// Rocky Linux: packages judged by its errata, per source package and major release.
//
// A notice names the source package of its update: what was built from an older one is affected, where it is of the
// notice's module or, like the notice, of none.
#include "match/matcher.h"

// The last day of security support: https://wiki.rockylinux.org/rocky/version/.
static const struct match_release releases[] = {
    {"8", "2029-05-31"},
    {"9", "2032-05-31"},
    {"10", "2035-05-31"},
    {0},
};

static bool rocky_applies(const struct distribution *d)
{
    return slice_eq(d->id, SLICE("rocky"));
}

static struct slice major_of(const struct distribution *d)
{
    struct slice major, minor;
    slice_cut(d->version_id, '.', &major, &minor);
    return major;
}

static struct slice rocky_end_of_life(const struct distribution *d)
{
    return match_support_end(releases, major_of(d));
}

static void rocky_scopes(struct arena *a, const struct match_image *image, const struct slice *loaded, size_t loaded_n,
                         scope_vec *out)
{
    struct slice major = major_of(image->distribution);
    (void)loaded, (void)loaded_n;
    if (major.n != 0)
        VEC_PUSH(a, out) = arena_printf(a, "rocky:%.*s", SLICE_ARG(major));
}

// The word of the notice, else the rating of the worst flaw that it mends, whose vector it has.
static enum severity rocky_severity(const struct advisory *record)
{
    enum severity word = match_severity_word(record->severity);
    return word != SEVERITY_UNKNOWN ? word : match_severity_cvss(record->cvss);
}

// Clair v4 leaves Rocky's records out; its updaters of OSV are called so.
static struct slice rocky_clair_updater(struct arena *a, struct slice scope)
{
    return arena_printf(a, "osv/%.*s", SLICE_ARG(scope));
}

extern const struct matcher matcher_rocky;

static void rocky_judge(struct arena *a, const struct match_key *key, const struct advisory *records, size_t n,
                        bool explain, struct verdict *out)
{
    match_by_rpm_source(&matcher_rocky, a, key, records, n, explain, out);
}

const struct matcher matcher_rocky = {
    .name = "rocky",
    .feeds = {"rocky"},
    .kind = "rpm",
    .authority = "Rocky Linux",
    .scheme = &version_rpm,
    .applies = rocky_applies,
    .end_of_life = rocky_end_of_life,
    .scopes = rocky_scopes,
    .names = match_rpm_source_name,
    .judge = rocky_judge,
    .severity = rocky_severity,
    .severity_clair = rocky_severity,
    .clair_updater = rocky_clair_updater,
};
