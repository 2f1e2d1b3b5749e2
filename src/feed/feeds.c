// The table of feeds.
#include "feed/feed.h"

extern const struct feed feed_debian;
extern const struct feed feed_alpine;
extern const struct feed feed_ubuntu;
extern const struct feed feed_ubuntu_osv;
extern const struct feed feed_oracle;
extern const struct feed feed_suse;
extern const struct feed feed_photon;
extern const struct feed feed_azurelinux;
extern const struct feed feed_redhat_repositories;
extern const struct feed feed_redhat_containers;
extern const struct feed feed_osv_pypi;
extern const struct feed feed_osv_npm;
extern const struct feed feed_osv_go;
extern const struct feed feed_osv_maven;
extern const struct feed feed_osv_crates;
extern const struct feed feed_osv_rubygems;
extern const struct feed feed_osv_packagist;
extern const struct feed feed_osv_nuget;
extern const struct feed feed_almalinux;
extern const struct feed feed_rocky;
extern const struct feed feed_redhat_vex;
extern const struct feed feed_amazon;
extern const struct feed feed_wolfi;
extern const struct feed feed_chainguard;
extern const struct feed feed_nvd;
extern const struct feed feed_epss;
extern const struct feed feed_kev;

// clang-format off
const struct feed *const feeds[] = {
    &feed_debian,
    &feed_alpine,
    &feed_ubuntu,
    &feed_ubuntu_osv,
    &feed_oracle,
    &feed_suse,
    &feed_photon,
    &feed_azurelinux,
    &feed_redhat_repositories,
    &feed_redhat_containers,
    &feed_osv_pypi,
    &feed_osv_npm,
    &feed_osv_go,
    &feed_osv_maven,
    &feed_osv_crates,
    &feed_osv_rubygems,
    &feed_osv_packagist,
    &feed_osv_nuget,
    &feed_almalinux,
    &feed_rocky,
    &feed_redhat_vex,
    &feed_amazon,
    &feed_wolfi,
    &feed_chainguard,
    &feed_nvd,
    &feed_epss,
    &feed_kev,
    NULL,
};
// clang-format on

const struct feed *feed_named(struct slice name)
{
    for (size_t i = 0; feeds[i] != NULL; i++)
        if (slice_eq(name, slice_str(feeds[i]->name)))
            return feeds[i];
    return NULL;
}

// ---- other places for what they have --------------------------------------------------------------------------------

bool feed_place_check(struct slice to, struct error *err)
{
    struct slice rest = {0};
    for (size_t i = 0; i < 3 && rest.n == 0; i++) {
        const struct slice starts[] = {SLICE("http://"), SLICE("https://"), SLICE("file:///")};
        if (slice_starts(to, starts[i]))
            rest = slice_from(to, starts[i].n);
    }
    return rest.n != 0 || slice_starts(to, SLICE("/")) ||
           error_set(err, ERR_USAGE, "\"%.*s\" is neither a URL of http or https nor an absolute path", SLICE_ARG(to));
}

bool feed_place_parse(struct slice text, struct feed_place *place, struct error *err)
{
    struct slice from, to;
    if (!slice_cut(text, '=', &from, &to))
        return error_set(err, ERR_USAGE, "\"%.*s\" is not FEED=PLACE or URL=PLACE", SLICE_ARG(text));
    const struct feed *feed = feed_named(from);
    if (feed != NULL)
        from = slice_str(feed->url);
    if (slice_find_slice(from, SLICE("://")) < 0)
        return error_set(err, ERR_USAGE, "there is no feed \"%.*s\" (`clarion feeds` lists them), and it is no URL",
                         SLICE_ARG(from));
    *place = (struct feed_place){from, to};
    return feed_place_check(to, err);
}
