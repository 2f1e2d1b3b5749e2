// AlmaLinux: packages judged by its errata, per installed package and major release.
//
// A notice names the packages of its update, not who is affected by it: an installed package of that name that is older
// is, where it is of the notice's module or, like the notice, of none.
#include "match/matcher.h"

// The last day of security support: https://wiki.almalinux.org/release-notes/.
static const struct match_release releases[] = {
    {"8", "2029-03-01"},
    {"9", "2032-05-31"},
    {"10", "2035-05-31"},
    {0},
};

static bool almalinux_applies(const struct distribution *d)
{
    return slice_eq(d->id, SLICE("almalinux"));
}

static struct slice major_of(const struct distribution *d)
{
    struct slice major, minor;
    slice_cut(d->version_id, '.', &major, &minor);
    return major;
}

static struct slice almalinux_end_of_life(const struct distribution *d)
{
    return match_support_end(releases, major_of(d));
}

static void almalinux_scopes(struct arena *a, const struct match_image *image, const struct slice *loaded,
                             size_t loaded_n, scope_vec *out)
{
    struct slice major = major_of(image->distribution);
    (void)loaded, (void)loaded_n;
    if (major.n != 0)
        VEC_PUSH(a, out) = arena_printf(a, "almalinux:%.*s", SLICE_ARG(major));
}

static void almalinux_names(struct arena *a, const struct match_package *package, name_vec *out)
{
    VEC_PUSH(a, out) = (struct match_name){package->package->name, package->package->version, false};
}

// Low, Moderate, Important or Critical: of the notice, so of the worst that it mends.
static enum severity almalinux_severity(const struct advisory *record)
{
    return match_severity_word(record->severity);
}

// Clair v4 leaves AlmaLinux's records out; its updaters of OSV are called so.
static struct slice almalinux_clair_updater(struct arena *a, struct slice scope)
{
    return arena_printf(a, "osv/%.*s", SLICE_ARG(scope));
}

extern const struct matcher matcher_almalinux;
const struct matcher matcher_almalinux = {
    .name = "almalinux",
    .feeds = {"almalinux"},
    .kind = "rpm",
    .authority = "AlmaLinux",
    .scheme = &version_rpm,
    .applies = almalinux_applies,
    .end_of_life = almalinux_end_of_life,
    .scopes = almalinux_scopes,
    .names = almalinux_names,
    .severity = almalinux_severity,
    .severity_clair = almalinux_severity,
    .clair_updater = almalinux_clair_updater,
};
