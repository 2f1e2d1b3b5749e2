// Packages of SUSE Linux Enterprise and openSUSE, judged by SUSE's OVAL: per binary package and product.
//
// The feed's scopes are "suse:FILE/PRODUCT:VERSION". A container of SUSE Linux Enterprise Server has packages of its
// modules, though not the packages by which those are told, so the modules of its version are asked, too. So is its
// long term service: when that alone brings updates, the package is no less vulnerable, and the record's state says it.
#include "match/matcher.h"

// The last day of general support: https://www.suse.com/lifecycle, https://en.opensuse.org/Lifetime.
static const struct release {
    const char *product, *version, *support_end;
} releases[] = {
    {"sles", "12", "2016-06-30"},       {"sles", "12.1", "2017-05-31"},     {"sles", "12.2", "2018-03-31"},
    {"sles", "12.3", "2019-06-30"},     {"sles", "12.4", "2020-06-30"},     {"sles", "12.5", "2024-10-31"},
    {"sles", "15", "2019-12-31"},       {"sles", "15.1", "2021-01-31"},     {"sles", "15.2", "2021-12-31"},
    {"sles", "15.3", "2022-12-31"},     {"sles", "15.4", "2023-12-31"},     {"sles", "15.5", "2024-12-31"},
    {"sles", "15.6", "2025-12-31"},     {"sles", "15.7", "2031-07-31"},     {"opensuse", "42.1", "2017-05-17"},
    {"opensuse", "42.2", "2018-01-26"}, {"opensuse", "42.3", "2019-06-30"}, {"opensuse", "15.0", "2019-12-03"},
    {"opensuse", "15.1", "2021-02-02"}, {"opensuse", "15.2", "2022-01-04"}, {"opensuse", "15.3", "2022-12-31"},
    {"opensuse", "15.4", "2023-12-07"}, {"opensuse", "15.5", "2024-12-31"}, {"opensuse", "15.6", "2026-04-30"},
};

#define PRODUCTS 2

// What a distribution's ID in os-release stands for: the release packages, without "-release", in lower case.
static const struct edition {
    const char *id;
    const char *products[PRODUCTS + 1]; // the first one is told people
    bool has_modules;
} editions[] = {
    {"sles", {"sles", "sles-ltss"}, true},
    {"sled", {"sled"}, true},
    {"sles_sap", {"sles_sap"}, true},
    {"sle_hpc", {"sle_hpc", "sle_hpc-ltss"}, true},
    {"suse-microos", {"suse-microos", "sle-micro"}, false},
    {"sle-micro", {"sle-micro", "suse-microos"}, false},
    {"sl-micro", {"sl-micro"}, false},
    {"opensuse", {"opensuse"}, false},
    {"opensuse-leap", {"opensuse", "leap"}, false},
    {"opensuse-leap-micro", {"opensuse-leap-micro"}, false},
    {"opensuse-tumbleweed", {"opensuse"}, false},
};

static const struct edition *edition_of(const struct distribution *d)
{
    for (size_t i = 0; i < sizeof editions / sizeof editions[0]; i++)
        if (slice_eq(d->id, slice_str(editions[i].id)))
            return &editions[i];
    return NULL;
}

static bool suse_applies(const struct distribution *d)
{
    return edition_of(d) != NULL;
}

static struct slice version_of(const struct distribution *d)
{
    return slice_eq(d->id, SLICE("opensuse-tumbleweed")) ? SLICE("tumbleweed") : d->version_id;
}

static struct slice suse_end_of_life(const struct distribution *d)
{
    const struct edition *edition = edition_of(d);
    struct slice version = version_of(d);
    const char *product = edition->has_modules ? "sles" : edition->products[0]; // the editions of SLE end with Server
    for (size_t i = 0; i < sizeof releases / sizeof releases[0]; i++)
        if (slice_eq(slice_str(product), slice_str(releases[i].product)) &&
            slice_eq(version, slice_str(releases[i].version)))
            return slice_str(releases[i].support_end);
    return (struct slice){0};
}

static bool is_of(const struct edition *edition, struct slice product)
{
    if (edition->has_modules && slice_starts(product, SLICE("sle-module-")))
        return true;
    for (size_t i = 0; edition->products[i] != NULL; i++)
        if (slice_eq(product, slice_str(edition->products[i])))
            return true;
    return false;
}

static void suse_scopes(struct arena *a, const struct match_image *image, const struct slice *loaded, size_t loaded_n,
                        scope_vec *out)
{
    const struct edition *edition = edition_of(image->distribution);
    struct slice version = version_of(image->distribution);
    if (version.n == 0)
        return;
    // No file has this one: it is what messages name where no file speaks of the release.
    VEC_PUSH(a, out) = arena_printf(a, "suse:%s:%.*s", edition->products[0], SLICE_ARG(version));
    for (size_t i = 0; i < loaded_n; i++) {
        struct slice file, rest, product, of;
        if (slice_cut(loaded[i], '/', &file, &rest) && slice_cut(rest, ':', &product, &of) && slice_eq(of, version) &&
            is_of(edition, product))
            VEC_PUSH(a, out) = arena_dup(a, loaded[i]);
    }
}

static enum severity suse_severity(const struct advisory *record)
{
    return match_severity_word(record->severity);
}

// "suse-updater-opensuse.leap.15.6", "suse-updater-suse.linux.enterprise.server.15": by the file.
static struct slice suse_clair_updater(struct arena *a, struct slice scope)
{
    struct slice file, product;
    slice_cut(match_scope_release(scope), '/', &file, &product);
    return arena_printf(a, "suse-updater-%.*s", SLICE_ARG(file));
}

extern const struct matcher matcher_suse;
const struct matcher matcher_suse = {
    .name = "suse",
    .feeds = {"suse"},
    .kind = "rpm",
    .authority = "SUSE's OVAL",
    .scheme = &version_rpm,
    .applies = suse_applies,
    .end_of_life = suse_end_of_life,
    .scopes = suse_scopes,
    .names = match_own_name,
    .severity = suse_severity,
    .severity_clair = suse_severity,
    .clair_updater = suse_clair_updater,
};
