// Oracle Linux packages, judged by Oracle's OVAL: per binary package and release.
//
// Some packages come in variants: for Ksplice ("…-15.ksplice1.el8_3") and validated for FIPS ("…-26.el9_6.5_fips"),
// built and mended apart from the ordinary one. A variant is compared with its like only, as Oracle's own tests for
// "ksplice" do: their versions are not in one order.
#include "match/matcher.h"

// The last day of premier support: "Oracle Lifetime Support Policy, Oracle Linux",
// https://www.oracle.com/a/ocom/docs/elsp-lifetime-069338.pdf.
static const struct match_release releases[] = {
    {"5", "2017-06-30"},
    {"6", "2021-03-31"},
    {"7", "2024-12-31"},
    {"8", "2029-07-31"},
    {"9", "2032-06-30"},
    {"10", "2035-06-30"},
    {0},
};

static bool oracle_applies(const struct distribution *d)
{
    return slice_eq(d->id, SLICE("ol"));
}

// "8" of "8.5"; empty when it is no number.
static struct slice release_of(const struct distribution *d)
{
    struct slice major, minor;
    uint64_t number;
    slice_cut(d->version_id, '.', &major, &minor);
    return slice_to_u64(major, &number) ? major : (struct slice){0};
}

static struct slice oracle_end_of_life(const struct distribution *d)
{
    return match_support_end(releases, release_of(d));
}

static void oracle_scopes(struct arena *a, const struct match_image *image, const struct slice *loaded, size_t loaded_n,
                          scope_vec *out)
{
    struct slice release = release_of(image->distribution);
    (void)loaded, (void)loaded_n;
    if (release.n != 0)
        VEC_PUSH(a, out) = arena_printf(a, "oracle:%.*s", SLICE_ARG(release));
}

enum variant { ORDINARY, KSPLICE, FIPS };

static enum variant variant_of(struct slice version)
{
    if (slice_find_slice(version, SLICE(".ksplice")) >= 0)
        return KSPLICE;
    return slice_find_slice(version, SLICE("_fips")) >= 0 ? FIPS : ORDINARY;
}

extern const struct matcher matcher_oracle;

static void oracle_judge(struct arena *a, const struct match_key *key, const struct advisory *records, size_t n,
                         bool explain, struct verdict *out)
{
    struct advisory *alike = ARENA_NEW(a, struct advisory, n);
    enum variant installed = variant_of(key->names[0].version); // its own, under which alone it is looked up
    size_t alike_n = 0;
    for (size_t i = 0; i < n; i++) {
        if (variant_of(records[i].bound) != installed)
            continue;
        struct advisory *r = &alike[alike_n++];
        *r = records[i];
        // Older notices of modules do not ask whether the module is enabled.
        if (r->module.n == 0 && slice_find_slice(r->bound, SLICE(".module+")) >= 0)
            r->module = key->module;
    }
    match_by_ranges(&matcher_oracle, a, key, alike, alike_n, explain, out);
    if (explain && alike_n == 0)
        out->why = SLICE("Oracle's OVAL speaks of another variant of the package: one for Ksplice, one validated for "
                         "FIPS, or the ordinary one");
}

static enum severity oracle_severity(const struct advisory *record)
{
    return match_severity_word(record->severity);
}

static struct slice oracle_clair_updater(struct arena *a, struct slice scope)
{
    (void)a, (void)scope;
    return SLICE("oracle-all-updater");
}

const struct matcher matcher_oracle = {
    .name = "oracle",
    .feeds = {"oracle"},
    .kind = "rpm",
    .authority = "Oracle's OVAL",
    .scheme = &version_rpm,
    .applies = oracle_applies,
    .end_of_life = oracle_end_of_life,
    .scopes = oracle_scopes,
    .names = match_own_name,
    .judge = oracle_judge,
    .severity = oracle_severity,
    .severity_clair = oracle_severity,
    .clair_updater = oracle_clair_updater,
};
