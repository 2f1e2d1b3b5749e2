// The feeds of the OSV bucket: one for each ecosystem.
//
// https://google.github.io/osv.dev/data/: ecosystems.txt names the ecosystems, one in a line, and each has a folder.
#include "feed/osv.h"

#define BUCKET "https://osv-vulnerabilities.storage.googleapis.com"

// ---- languages: an ecosystem is one file ----------------------------------------------------------------------------

#define LANGUAGE(id, ecosystem, scope_name, package_kind, version_order)                                               \
    static const struct osv_ecosystem id = {                                                                           \
        .name = ecosystem, .scope = scope_name, .kind = package_kind, .scheme = &version_order};                       \
    static bool parse_##id(struct feed_input *input, struct error *err)                                                \
    {                                                                                                                  \
        return osv_parse(input, &id, err);                                                                             \
    }                                                                                                                  \
    extern const struct feed feed_osv_##id;                                                                            \
    const struct feed feed_osv_##id = {                                                                                \
        .name = "osv-" #id,                                                                                            \
        .title = "OSV: " ecosystem,                                                                                    \
        .url = BUCKET "/" ecosystem "/all.zip",                                                                        \
        .version = 1,                                                                                                  \
        .whole_files = true,                                                                                           \
        .parse = parse_##id,                                                                                           \
        .update = feed_update_one_file,                                                                                \
    };

LANGUAGE(pypi, "PyPI", "pypi", "python", version_pep440)
LANGUAGE(npm, "npm", "npm", "npm", version_semver)
LANGUAGE(go, "Go", "go", "go", version_semver)
LANGUAGE(maven, "Maven", "maven", "maven", version_maven)
LANGUAGE(crates, "crates.io", "crates.io", "cargo", version_semver)
LANGUAGE(rubygems, "RubyGems", "rubygems", "gem", version_gem)
LANGUAGE(packagist, "Packagist", "packagist", "composer", version_composer)
LANGUAGE(nuget, "NuGet", "nuget", "nuget", version_nuget)

// ---- distributions: a release is an ecosystem of its own, "AlmaLinux:9" ---------------------------------------------

#define ECOSYSTEMS BUCKET "/ecosystems.txt"

// "8", "10", "8.10": what becomes part of a URL and of a scope.
static bool is_release(struct slice text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((text.p[i] < '0' || text.p[i] > '9') && text.p[i] != '.')
            return false;
    return text.n != 0 && text.p[0] != '.';
}

// Reads each release that the bucket has of a distribution: `folder` is how its name stands in a URL.
static bool update_releases(struct feed_run *run, const struct osv_ecosystem *e, const char *folder, const char *scope,
                            struct error *err)
{
    struct slice list, line, name, release;
    enum feed_answer answer = feed_text(run, ECOSYSTEMS, &list, err);
    if (answer != FEED_READ)
        return answer == FEED_ABSENT;
    while (slice_next_line(&list, &line)) {
        slice_cut(slice_trim(line), ':', &name, &release);
        if (!slice_eq(name, slice_str(e->name)) || !is_release(release))
            continue;
        struct slice url = arena_printf(feed_arena(run), BUCKET "/%s:%.*s/all.zip", folder, SLICE_ARG(release));
        feed_source(run, url.p, arena_printf(feed_arena(run), "%s:%.*s", scope, SLICE_ARG(release)));
    }
    return true;
}

// AlmaLinux names the packages that are installed.
static const struct osv_ecosystem almalinux = {
    .name = "AlmaLinux", .kind = "rpm", .scheme = &version_rpm, .notices = true};

static bool parse_almalinux(struct feed_input *input, struct error *err)
{
    return osv_parse(input, &almalinux, err);
}

static bool update_almalinux(struct feed_run *run, struct error *err)
{
    return update_releases(run, &almalinux, "AlmaLinux", "almalinux", err);
}

extern const struct feed feed_almalinux;
const struct feed feed_almalinux = {
    .name = "almalinux",
    .title = "AlmaLinux errata, by OSV",
    .url = ECOSYSTEMS,
    .version = 1,
    .whole_files = true,
    .parse = parse_almalinux,
    .update = update_almalinux,
};

// Rocky Linux names source packages (the schema's table of ecosystems).
static const struct osv_ecosystem rocky = {
    .name = "Rocky Linux", .kind = "rpm", .scheme = &version_rpm, .notices = true, .of_source = true};

static bool parse_rocky(struct feed_input *input, struct error *err)
{
    return osv_parse(input, &rocky, err);
}

static bool update_rocky(struct feed_run *run, struct error *err)
{
    return update_releases(run, &rocky, "Rocky%20Linux", "rocky", err);
}

extern const struct feed feed_rocky;
const struct feed feed_rocky = {
    .name = "rocky",
    .title = "Rocky Linux errata, by OSV",
    .url = ECOSYSTEMS,
    .version = 1,
    .whole_files = true,
    .parse = parse_rocky,
    .update = update_rocky,
};
