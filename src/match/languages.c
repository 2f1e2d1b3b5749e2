// Packages of programming languages, judged by OSV: per name in their ecosystem, on every distribution and on none.
//
// A record counts whoever wrote it: GHSA-, PYSEC-, GO- and RUSTSEC- records of one flaw are one finding by their
// aliases. Whose version cannot be compared, because there is none or it is no version ("(devel)" of a Go program that
// was built from a working copy), cannot be judged, and is not taken for clean.
#include "inventory/purl.h"
#include "match/matcher.h"

#define UNNAMED "their versions are none that can be compared"

// ---- names and versions ---------------------------------------------------------------------------------------------

static void add_name(struct arena *a, const struct package *p, struct slice version,
                     const struct version_scheme *scheme, name_vec *out)
{
    if (version.n != 0 && scheme->valid(version))
        VEC_PUSH(a, out) = (struct match_name){purl_lookup_name(a, p->kind, p->name), version, false};
}

// What comes with Go has the toolchain's version, go1.21.3, which may end in what a distributor added ("go1.21.3 (Red
// Hat 1.21.3-1.el9)") and in experiments ("go1.21.3 X:boringcrypto"); pre-releases are written go1.22rc1, where Go's
// database has 1.22.0-rc.1 (golang.org/x/vuln, internal/semver).
static struct slice toolchain_version(struct arena *a, struct slice version)
{
    static const char *const stages[] = {"rc", "beta"};
    struct slice rest, release;
    if (!slice_starts(version, SLICE("go")))
        return version;
    version = slice_from(version, 2);
    slice_cut(version, ' ', &version, &rest);
    slice_cut(version, '-', &version, &rest);
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        struct slice stage = slice_str(stages[i]);
        ptrdiff_t at = slice_find_slice(version, stage);
        if (at <= 0)
            continue;
        release = slice_of(version.p, (size_t)at);
        const char *patch = slice_find(release, '.') == slice_rfind(release, '.') ? ".0" : "";
        return arena_printf(a, "%.*s%s-%s.%.*s", SLICE_ARG(release), patch, stages[i],
                            SLICE_ARG(slice_from(version, (size_t)at + stage.n)));
    }
    return version;
}

// Go's own library and tools are modules of its database by these names.
static struct slice go_version(struct arena *a, const struct package *p)
{
    bool toolchain = slice_eq(p->name, SLICE("stdlib")) || slice_eq(p->name, SLICE("toolchain"));
    return toolchain ? toolchain_version(a, p->version) : p->version;
}

static void go_names(struct arena *a, const struct match_package *package, name_vec *out)
{
    const struct package *p = package->package;
    add_name(a, p, go_version(a, p), &version_semver, out);
}

// A Java archive whose group is not known may be any project's of that name.
static void maven_names(struct arena *a, const struct match_package *package, name_vec *out)
{
    if (slice_find(package->package->name, ':') > 0)
        add_name(a, package->package, package->package->version, &version_maven, out);
}

// ---- severity -------------------------------------------------------------------------------------------------------

// The rating of one of the vectors that a record has: the last that can be read.
static enum severity rating(struct slice vectors)
{
    enum severity severity = SEVERITY_UNKNOWN;
    while (vectors.n != 0) {
        struct slice vector;
        slice_cut(vectors, ' ', &vector, &vectors);
        enum severity one = match_severity_cvss(vector);
        severity = one != SEVERITY_UNKNOWN ? one : severity;
    }
    return severity;
}

// The word of whoever wrote the record, else what its vector stands for. RustSec's notes that nobody maintains a crate
// any more, and other notices, are no vulnerabilities.
static enum severity osv_severity(const struct advisory *record)
{
    enum severity word = match_severity_word(record->severity);
    if (word != SEVERITY_UNKNOWN)
        return word;
    if (slice_eq(record->state, SLICE("unmaintained")) || slice_eq(record->state, SLICE("notice")))
        return SEVERITY_NEGLIGIBLE;
    return rating(record->cvss);
}

// claircore's osv updater takes the vectors where there are any, then the word, and knows no "important".
static enum severity osv_severity_clair(const struct advisory *record)
{
    if (record->cvss.n != 0)
        return rating(record->cvss);
    return slice_eq_nocase(record->severity, SLICE("important")) ? SEVERITY_UNKNOWN
                                                                 : match_severity_word(record->severity);
}

// ---- what Clair v4 has of a record ----------------------------------------------------------------------------------

static void add_parameter(struct buf *out, const char *name, struct slice value)
{
    if (value.n == 0)
        return;
    buf_addf(out, "%s%s=", out->n != 0 ? "&" : "", name);
    match_add_encoded(out, value);
}

// The range as a query, its keys in alphabetical order: "fixed=2.0.0&introduced=1.6".
static struct slice range_query(struct arena *a, const struct advisory *record)
{
    struct buf out BUF_AUTO = {0};
    add_parameter(&out, "fixed", advisory_fix(record));
    add_parameter(&out, "introduced", record->introduced);
    add_parameter(&out, "lastAffected", record->status == ADVISORY_LAST_AFFECTED ? record->bound : SLICE(""));
    return arena_dup(a, buf_slice(&out));
}

static struct slice fix_alone(struct arena *a, const struct advisory *record)
{
    (void)a;
    return advisory_fix(record);
}

static void clair_severity(const struct advisory *record, struct match_clair *value)
{
    struct slice cvss = record->cvss;
    ptrdiff_t blank = slice_rfind(cvss, ' ');
    if (cvss.n != 0)
        value->severity = slice_from(cvss, (size_t)(blank + 1));
}

static struct slice osv_links(struct arena *a, const struct advisory *record)
{
    return match_links(a, "https://osv.dev/vulnerability/", record);
}

// "osv/pypi"
static struct slice osv_clair_updater(struct arena *a, struct slice scope)
{
    return arena_printf(a, "osv/%.*s", SLICE_ARG(scope));
}

// ---- the table ------------------------------------------------------------------------------------------------------

#define SCOPE(id, scope_name)                                                                                          \
    static void id##_scopes(struct arena *a, const struct match_image *image, const struct slice *loaded,              \
                            size_t loaded_n, scope_vec *out)                                                           \
    {                                                                                                                  \
        (void)image, (void)loaded, (void)loaded_n;                                                                     \
        VEC_PUSH(a, out) = SLICE(scope_name);                                                                          \
    }

#define NAMES(id, order)                                                                                               \
    static void id##_names(struct arena *a, const struct match_package *package, name_vec *out)                        \
    {                                                                                                                  \
        add_name(a, package->package, package->package->version, &order, out);                                         \
    }

// Clair has the ranges of some ecosystems as queries, of the others only the version with the fix.
#define CLAIR(id, repository_name, repository_uri, fix)                                                                \
    static void id##_clair(struct arena *a, const struct advisory *record, struct match_clair *value)                  \
    {                                                                                                                  \
        clair_severity(record, value);                                                                                 \
        value->fixed_in = fix(a, record);                                                                              \
        value->repository = SLICE(repository_name);                                                                    \
        value->uri = SLICE(repository_uri);                                                                            \
        slice_cut(record->vulnerability, '-', &value->self_space, &value->self_name);                                  \
    }

#define MATCHER(id, feed_name, package_kind, order)                                                                    \
    extern const struct matcher matcher_##id;                                                                          \
    const struct matcher matcher_##id = {                                                                              \
        .name = #id,                                                                                                   \
        .feeds = {feed_name},                                                                                          \
        .kind = package_kind,                                                                                          \
        .authority = "OSV",                                                                                            \
        .scheme = &order,                                                                                              \
        .scopes = id##_scopes,                                                                                         \
        .names = id##_names,                                                                                           \
        .unnamed = UNNAMED,                                                                                            \
        .severity = osv_severity,                                                                                      \
        .severity_clair = osv_severity_clair,                                                                          \
        .links = osv_links,                                                                                            \
        .clair = id##_clair,                                                                                           \
        .clair_updater = osv_clair_updater,                                                                            \
    };

SCOPE(pypi, "pypi")
NAMES(pypi, version_pep440)
CLAIR(pypi, "pypi", "https://pypi.org/", range_query)
MATCHER(pypi, "osv-pypi", "python", version_pep440)

SCOPE(npm, "npm")
NAMES(npm, version_semver)
CLAIR(npm, "npm", "https://www.npmjs.com/", fix_alone)
MATCHER(npm, "osv-npm", "npm", version_semver)

SCOPE(go, "go")
CLAIR(go, "go", "https://pkg.go.dev/", fix_alone)
MATCHER(go, "osv-go", "go", version_semver)

SCOPE(maven, "maven")
CLAIR(maven, "maven", "https://repo1.maven.apache.org/maven2", range_query)
MATCHER(maven, "osv-maven", "maven", version_maven)

SCOPE(crates, "crates.io")
NAMES(crates, version_semver)
CLAIR(crates, "crates.io", "https://crates.io/", fix_alone)
MATCHER(crates, "osv-crates", "cargo", version_semver)

SCOPE(rubygems, "rubygems")
NAMES(rubygems, version_gem)
CLAIR(rubygems, "rubygems", "https://rubygems.org/gems/", range_query)
MATCHER(rubygems, "osv-rubygems", "gem", version_gem)

SCOPE(packagist, "packagist")
NAMES(packagist, version_composer)
CLAIR(packagist, "packagist", "https://packagist.org/", fix_alone)
MATCHER(packagist, "osv-packagist", "composer", version_composer)

SCOPE(nuget, "nuget")
NAMES(nuget, version_nuget)
CLAIR(nuget, "nuget", "https://www.nuget.org/packages/", fix_alone)
MATCHER(nuget, "osv-nuget", "nuget", version_nuget)
