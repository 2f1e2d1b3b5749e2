#include "match/matcher.h"

#include "base/buf.h"

extern const struct matcher matcher_alpine;
extern const struct matcher matcher_debian;
extern const struct matcher matcher_ubuntu;
extern const struct matcher matcher_oracle;
extern const struct matcher matcher_suse;
extern const struct matcher matcher_photon;
extern const struct matcher matcher_azurelinux;
extern const struct matcher matcher_almalinux;
extern const struct matcher matcher_rocky;
extern const struct matcher matcher_amazon;
extern const struct matcher matcher_wolfi;
extern const struct matcher matcher_chainguard;
extern const struct matcher matcher_pypi;
extern const struct matcher matcher_npm;
extern const struct matcher matcher_go;
extern const struct matcher matcher_maven;
extern const struct matcher matcher_crates;
extern const struct matcher matcher_rubygems;
extern const struct matcher matcher_packagist;
extern const struct matcher matcher_nuget;
extern const struct matcher matcher_redhat;
extern const struct matcher matcher_redhat_container;

// clang-format off
const struct matcher *const matchers[] = {
    &matcher_alpine,
    &matcher_debian,
    &matcher_ubuntu,
    &matcher_oracle,
    &matcher_suse,
    &matcher_photon,
    &matcher_azurelinux,
    &matcher_almalinux,
    &matcher_rocky,
    &matcher_amazon,
    &matcher_wolfi,
    &matcher_chainguard,
    &matcher_pypi,
    &matcher_npm,
    &matcher_go,
    &matcher_maven,
    &matcher_crates,
    &matcher_rubygems,
    &matcher_packagist,
    &matcher_nuget,
    &matcher_redhat,
    &matcher_redhat_container,
    NULL,
};
// clang-format on

const struct matcher *matcher_for(const struct distribution *distribution, struct slice kind)
{
    for (size_t i = 0; matchers[i] != NULL; i++) {
        const struct matcher *m = matchers[i];
        if (slice_eq(kind, slice_str(m->kind)) &&
            (m->applies == NULL || (distribution->known && m->applies(distribution))))
            return m;
    }
    return NULL;
}

bool matchers_read(struct slice feed)
{
    for (size_t m = 0; matchers[m] != NULL; m++)
        for (size_t f = 0; matchers[m]->feeds[f] != NULL; f++)
            if (slice_eq(feed, slice_str(matchers[m]->feeds[f])))
                return true;
    return false;
}

static void all_names(struct arena *a, const struct package *package, store_names *out)
{
    const struct match_package p = {.package = package};
    for (size_t m = 0; matchers[m] != NULL; m++) {
        name_vec names = {0};
        if (!slice_eq(package->kind, slice_str(matchers[m]->kind)))
            continue;
        if (matchers[m]->names != NULL)
            matchers[m]->names(a, &p, &names);
        else
            match_source_name(a, &p, &names);
        for (size_t i = 0; i < names.n; i++)
            VEC_PUSH(a, out) = names.v[i].name;
    }
}

// To be raised when a matcher comes to look packages up by other names: then the store's are made anew.
const struct store_naming match_naming = {.version = 1, .names = all_names};

struct slice match_support_end(const struct match_release *releases, struct slice name)
{
    for (size_t i = 0; releases[i].name != NULL; i++)
        if (slice_eq(name, slice_str(releases[i].name)))
            return slice_str(releases[i].support_end);
    return (struct slice){0};
}

struct slice match_scope_release(struct slice scope)
{
    ptrdiff_t colon = slice_find(scope, ':');
    return colon < 0 ? scope : slice_from(scope, (size_t)colon + 1);
}

void match_add_encoded(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '.' || c == '_' || c == '~';
        if (plain)
            buf_addc(out, c);
        else
            buf_addf(out, "%%%02X", (unsigned char)c);
    }
}

struct slice match_links(struct arena *a, const char *prefix, const struct advisory *record)
{
    struct buf out BUF_AUTO = {0};
    buf_adds(&out, prefix);
    match_add_encoded(&out, record->vulnerability);
    size_t page = out.n;
    struct slice link, rest = record->links;
    while (rest.n != 0) {
        slice_cut(rest, ' ', &link, &rest);
        if (link.n == 0 || slice_eq(link, slice_of(out.p, page)))
            continue;
        buf_addc(&out, ' ');
        buf_add(&out, link);
    }
    return arena_dup(a, buf_slice(&out));
}
