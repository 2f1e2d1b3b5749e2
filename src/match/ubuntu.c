// Ubuntu packages, judged by the security team's OVAL, or where that is not loaded by its OSV records: per source
// package and release, and by binary package where a source's binaries have versions of their own.
//
// Kernels: a flaw of the source linux is none of linux-aws, which is a record of its own. The signed image is built
// from a source of its own, linux-signed-aws, which carries the code of linux-aws under its version.
//
// What only Ubuntu Pro mends is looked up as well: the package is vulnerable, whoever may have the update. The record's
// state says so.
#include "match/matcher.h"

// Releases and the last day of their standard support: https://ubuntu.com/about/release-cycle, and distro-info-data's
// ubuntu.csv for those that ended.
static const struct release {
    const char *version, *codename, *support_end;
} releases[] = {
    {"12.04", "precise", "2017-04-28"},  {"12.10", "quantal", "2014-05-16"},  {"13.04", "raring", "2014-01-27"},
    {"13.10", "saucy", "2014-07-17"},    {"14.04", "trusty", "2019-04-25"},   {"14.10", "utopic", "2015-07-23"},
    {"15.04", "vivid", "2016-02-04"},    {"15.10", "wily", "2016-07-28"},     {"16.04", "xenial", "2021-04-30"},
    {"16.10", "yakkety", "2017-07-20"},  {"17.04", "zesty", "2018-01-13"},    {"17.10", "artful", "2018-07-19"},
    {"18.04", "bionic", "2023-05-31"},   {"18.10", "cosmic", "2019-07-18"},   {"19.04", "disco", "2020-01-23"},
    {"19.10", "eoan", "2020-07-17"},     {"20.04", "focal", "2025-05-29"},    {"20.10", "groovy", "2021-07-22"},
    {"21.04", "hirsute", "2022-01-20"},  {"21.10", "impish", "2022-07-14"},   {"22.04", "jammy", "2027-06-01"},
    {"22.10", "kinetic", "2023-07-20"},  {"23.04", "lunar", "2024-01-25"},    {"23.10", "mantic", "2024-07-11"},
    {"24.04", "noble", "2029-05-31"},    {"24.10", "oracular", "2025-07-10"}, {"25.04", "plucky", "2026-01-15"},
    {"25.10", "questing", "2026-07-09"}, {"26.04", "resolute", "2031-05-29"},
};
#define RELEASES (sizeof releases / sizeof releases[0])

static bool ubuntu_applies(const struct distribution *d)
{
    return slice_eq(d->id, SLICE("ubuntu"));
}

// By the number first: 14.04 calls itself "Trusty Tahr", and "trusty" nowhere.
static struct slice codename_of(const struct distribution *d)
{
    for (size_t i = 0; i < RELEASES; i++)
        if (slice_eq(d->version_id, slice_str(releases[i].version)))
            return slice_str(releases[i].codename);
    return d->codename;
}

static struct slice ubuntu_end_of_life(const struct distribution *d)
{
    struct slice codename = codename_of(d);
    for (size_t i = 0; i < RELEASES; i++)
        if (slice_eq(codename, slice_str(releases[i].codename)))
            return slice_str(releases[i].support_end);
    return (struct slice){0};
}

static void ubuntu_scopes(struct arena *a, const struct match_image *image, const struct slice *loaded, size_t loaded_n,
                          scope_vec *out)
{
    struct slice codename = codename_of(image->distribution);
    (void)loaded, (void)loaded_n;
    if (codename.n == 0)
        return;
    VEC_PUSH(a, out) = arena_printf(a, "ubuntu:%.*s", SLICE_ARG(codename));
    VEC_PUSH(a, out) = arena_printf(a, "ubuntu:%.*s/pro", SLICE_ARG(codename));
}

static void ubuntu_names(struct arena *a, const struct match_package *package, name_vec *out)
{
    struct slice signed_kernel = SLICE("linux-signed");
    match_own_and_source_name(a, package, out);
    struct match_name *source = &out->v[out->n - 1];
    if (source->of_source && slice_starts(source->name, signed_kernel))
        source->name = arena_printf(a, "linux%.*s", SLICE_ARG(slice_from(source->name, signed_kernel.n)));
}

// The team's priorities: https://ubuntu.com/security/cves/about#priority. Clair v4 reads them alike.
static enum severity ubuntu_severity(const struct advisory *record)
{
    return match_severity_word(record->severity);
}

static struct slice ubuntu_clair_updater(struct arena *a, struct slice scope)
{
    struct slice codename, pro;
    slice_cut(match_scope_release(scope), '/', &codename, &pro);
    return arena_printf(a, "ubuntu/updater/%.*s", SLICE_ARG(codename));
}

extern const struct matcher matcher_ubuntu;
const struct matcher matcher_ubuntu = {
    .name = "ubuntu",
    .feeds = {"ubuntu", "ubuntu-osv"},
    .kind = "deb",
    .authority = "Ubuntu's security team",
    .scheme = &version_dpkg,
    .applies = ubuntu_applies,
    .end_of_life = ubuntu_end_of_life,
    .scopes = ubuntu_scopes,
    .names = ubuntu_names,
    .severity = ubuntu_severity,
    .severity_clair = ubuntu_severity,
    .clair_updater = ubuntu_clair_updater,
};
