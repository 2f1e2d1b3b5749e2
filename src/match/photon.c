// Photon OS packages, judged by its OVAL: per binary package and release.
#include "match/matcher.h"

// The last day of a release's support: https://endoflife.date/photon, made of the announcements in VMware's blog
// (https://blogs.vmware.com/vsphere/2022/01/photon-1-x-end-of-support-announcement.html and later ones).
static const struct match_release releases[] = {
    {"1.0", "2022-02-28"}, {"2.0", "2022-12-01"}, {"3.0", "2025-10-02"}, {"4.0", "2027-10-11"}, {"5.0", NULL}, {0},
};

static bool photon_applies(const struct distribution *d)
{
    return slice_eq(d->id, SLICE("photon"));
}

static struct slice photon_end_of_life(const struct distribution *d)
{
    return match_support_end(releases, d->version_id);
}

static void photon_scopes(struct arena *a, const struct match_image *image, const struct slice *loaded, size_t loaded_n,
                          scope_vec *out)
{
    (void)loaded, (void)loaded_n;
    if (image->distribution->version_id.n != 0)
        VEC_PUSH(a, out) = arena_printf(a, "photon:%.*s", SLICE_ARG(image->distribution->version_id));
}

static enum severity photon_severity(const struct advisory *record)
{
    return match_severity_word(record->severity);
}

static struct slice photon_clair_updater(struct arena *a, struct slice scope)
{
    return arena_printf(a, "photon-updater-%.*s", SLICE_ARG(match_scope_release(scope)));
}

extern const struct matcher matcher_photon;
const struct matcher matcher_photon = {
    .name = "photon",
    .feeds = {"photon"},
    .kind = "rpm",
    .authority = "Photon's OVAL",
    .scheme = &version_rpm,
    .applies = photon_applies,
    .end_of_life = photon_end_of_life,
    .scopes = photon_scopes,
    .names = match_own_name,
    .severity = photon_severity,
    .severity_clair = photon_severity,
    .clair_updater = photon_clair_updater,
};
