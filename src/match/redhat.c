// rpm packages of Red Hat Enterprise Linux, judged by Red Hat's VEX documents: per product, which its CPE names.
//
// An image's products are those of the repositories that it names (content manifests, labels); an image that names none
// that RHEL itself comes from has what its os-release says. A record's CPE is a pattern (NIST IR 7696), with two
// liberties that Red Hat takes: a version includes those that begin with it and a dot ("openshift:4" is for 4.13), and
// the part, "/a" or "/o", is not written alike in all documents.
#include "match/redhat.h"
#include "inventory/cpe.h"

// The last day of maintenance support: https://access.redhat.com/support/policy/updates/errata. Extended support is an
// add-on, whose products have CPEs of their own.
static const struct match_release releases[] = {
    {"6", "2020-11-30"}, {"7", "2024-06-30"}, {"8", "2029-05-31"}, {"9", "2032-05-31"}, {"10", "2035-05-31"}, {0},
};

// Rebuilds (CentOS, AlmaLinux, Rocky, …) have builds and dates of their own, of which Red Hat says nothing.
static bool redhat_applies(const struct distribution *d)
{
    return slice_eq(d->id, SLICE("rhel"));
}

static struct slice major_of(const struct distribution *d)
{
    struct slice major, minor;
    uint64_t number;
    slice_cut(d->version_id, '.', &major, &minor);
    return slice_to_u64(major, &number) ? major : (struct slice){0};
}

static struct slice redhat_end_of_life(const struct distribution *d)
{
    return match_support_end(releases, major_of(d));
}

// ---- products -------------------------------------------------------------------------------------------------------

// The streams of RHEL, from one of which the base of each image comes.
static bool is_rhel(const struct cpe *product)
{
    static const char *const products[] = {
        "enterprise_linux", "enterprise_linux_eus", "rhel_eus", "rhel_e4s", "rhel_aus", "rhel_tus",
        "rhel_els",         "rhel_eus_long_life"};
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++)
        if (slice_eq(product->attribute[CPE_PRODUCT], slice_str(products[i])))
            return true;
    return false;
}

// "4" includes "4.13".
static bool includes_version(struct slice pattern, struct slice version)
{
    return cpe_includes(pattern, version) ||
           (pattern.n != 0 && version.n > pattern.n && slice_starts(version, pattern) && version.p[pattern.n] == '.');
}

// Is all of `product` part of `pattern`?
static bool includes_product(const struct cpe *pattern, const struct cpe *product)
{
    for (int i = CPE_VENDOR; i < CPE_ATTRIBUTES; i++) {
        struct slice p = pattern->attribute[i], v = product->attribute[i];
        if (!(i == CPE_VERSION ? includes_version(p, v) : cpe_includes(p, v)))
            return false;
    }
    return true;
}

// Is it RHEL of this major release, whichever repository?
static bool is_release(const struct cpe *product, struct slice major)
{
    return slice_eq(product->attribute[CPE_VENDOR], SLICE("redhat")) &&
           slice_eq(product->attribute[CPE_PRODUCT], SLICE("enterprise_linux")) &&
           slice_eq(product->attribute[CPE_VERSION], major);
}

typedef VEC(struct cpe) cpe_vec;

static bool is_of_image(const struct cpe *pattern, const cpe_vec *products, struct slice major)
{
    for (size_t i = 0; i < products->n; i++)
        if (includes_product(pattern, &products->v[i]))
            return true;
    return major.n != 0 && is_release(pattern, major);
}

static void redhat_scopes(struct arena *a, const struct match_image *image, const struct slice *loaded, size_t loaded_n,
                          scope_vec *out)
{
    struct arena scratch ARENA_AUTO = {0};
    struct slice major = major_of(image->distribution);
    cpe_vec products = {0};
    struct cpe cpe;
    if (major.n == 0)
        return;
    VEC_PUSH(a, out) = arena_printf(a, "redhat:cpe:/o:redhat:enterprise_linux:%.*s", SLICE_ARG(major));
    for (size_t i = 0; i < image->cpes_n; i++) {
        if (!cpe_parse(image->cpes[i], &scratch, &cpe))
            continue;
        VEC_PUSH(&scratch, &products) = cpe;
        if (is_rhel(&cpe))
            major = SLICE("");
    }
    for (size_t i = 0; i < loaded_n; i++)
        if (!slice_eq(loaded[i], out->v[0]) && cpe_parse(match_scope_release(loaded[i]), &scratch, &cpe) &&
            is_of_image(&cpe, &products, major))
            VEC_PUSH(a, out) = loaded[i];
}

// ---- names ----------------------------------------------------------------------------------------------------------

static void redhat_names(struct arena *a, const struct match_package *package, name_vec *out)
{
    const struct package *p = package->package;
    match_own_and_source_name(a, package, out);
    struct match_name *source = &out->v[out->n - 1];
    if (source->of_source)
        match_rpm_source_epoch(a, p, source);
}

// ---- judging --------------------------------------------------------------------------------------------------------

// A record that applies, made ready to be compared with the others of its vulnerability.
struct candidate {
    const struct advisory *record;
    const struct match_name *name;
    struct slice bound; // to compare the name's version with
    struct cpe product;
};

// ".el9_3" of "3.7.6-23.el9_3.4": the minor release that a package was built for; empty when it does not say.
static struct slice minor_release(struct slice version)
{
    ptrdiff_t at = slice_find_slice(version, SLICE(".el"));
    if (at < 0)
        return (struct slice){0};
    size_t n = (size_t)at + 3, underscore = 0;
    while (n < version.n &&
           ((version.p[n] >= '0' && version.p[n] <= '9') || (version.p[n] == '_' && underscore == 0))) {
        underscore = version.p[n] == '_' ? n : underscore;
        n++;
    }
    return underscore != 0 ? slice_of(version.p + at, n - (size_t)at) : (struct slice){0};
}

static bool is_reached(const struct candidate *c)
{
    return version_rpm.compare(c->name->version, c->bound) >= 0;
}

// A fix of the very minor release that the package was built for, which the package has.
static bool has_own_fix(const struct candidate *c)
{
    struct slice own = minor_release(c->name->version);
    return own.n != 0 && slice_eq(own, minor_release(c->bound)) && is_reached(c);
}

// Does what `by` says leave nothing of what `c` says? Only of two that speak of one product, or a part of it.
static bool is_overruled(const struct candidate *c, const struct candidate *by)
{
    bool narrower = includes_product(&c->product, &by->product), wider = includes_product(&by->product, &c->product);
    bool more_exact = !by->name->of_source && c->name->of_source;
    if (!narrower && !wider)
        return false;
    switch (by->record->status) {
    case ADVISORY_FIXED:
        return more_exact || c->record->status == ADVISORY_AFFECTED ||
               (c->record->status == ADVISORY_FIXED && by->name == c->name && has_own_fix(by));
    case ADVISORY_NOT_AFFECTED:
        return more_exact || (c->record->status == ADVISORY_AFFECTED && by->name == c->name && narrower && !wider);
    default:
        return false;
    }
}

static bool is_overruled_by_any(const struct candidate *all, size_t n, size_t i)
{
    for (size_t k = 0; k < n; k++)
        if (k != i && is_overruled(&all[i], &all[k]))
            return true;
    return false;
}

static size_t gather(struct arena *a, const struct match_key *key, const struct advisory *records, size_t n,
                     struct candidate *out)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        struct candidate c = {.record = &records[i], .name = match_applies(key, &records[i])};
        if (c.name == NULL || !cpe_parse(match_scope_release(records[i].scope), a, &c.product))
            continue;
        c.bound = match_rpm_source_bound(c.name, records[i].bound);
        out[found++] = c;
    }
    return found;
}

static void redhat_judge(struct arena *a, const struct match_key *key, const struct advisory *records, size_t n,
                         bool explain, struct verdict *out)
{
    struct candidate *all = ARENA_NEW(a, struct candidate, n);
    struct advisory *counting = ARENA_NEW(a, struct advisory, n);
    const struct advisory **originals = ARENA_NEW(a, const struct advisory *, n);
    size_t counting_n = 0, all_n = gather(a, key, records, n, all);
    for (size_t i = 0; i < all_n; i++) {
        if (is_overruled_by_any(all, all_n, i))
            continue;
        originals[counting_n] = all[i].record;
        counting[counting_n] = *all[i].record;
        counting[counting_n++].bound = all[i].bound;
    }
    match_by_ranges(&matcher_redhat, a, key, counting, counting_n, explain, out);
    if (out->decided_by == NULL)
        return;
    out->decided_by = originals[out->decided_by - counting];
    if (out->kind == VERDICT_AFFECTED)
        out->fixed_in = advisory_fix(out->decided_by);
}

// ---- what both matchers share ---------------------------------------------------------------------------------------

// https://access.redhat.com/security/updates/classification.
enum severity redhat_severity(const struct advisory *record)
{
    static const struct {
        const char *word;
        enum severity severity;
    } impacts[] = {{"low", SEVERITY_LOW},
                   {"moderate", SEVERITY_MEDIUM},
                   {"important", SEVERITY_HIGH},
                   {"critical", SEVERITY_CRITICAL}};
    for (size_t i = 0; i < sizeof impacts / sizeof impacts[0]; i++)
        if (slice_eq_nocase(record->severity, slice_str(impacts[i].word)))
            return impacts[i].severity;
    return SEVERITY_UNKNOWN;
}

struct slice redhat_links(struct arena *a, const struct advisory *record)
{
    struct advisory with_notices = *record;
    struct buf links BUF_AUTO = {0};
    struct slice notice, rest = record->advisories;
    while (rest.n != 0) {
        slice_cut(rest, ' ', &notice, &rest);
        buf_adds(&links, "https://access.redhat.com/errata/");
        buf_add(&links, notice);
        buf_addc(&links, ' ');
    }
    buf_add(&links, record->links);
    with_notices.links = buf_slice(&links);
    return match_links(a, "https://access.redhat.com/security/cve/", &with_notices);
}

struct slice redhat_clair_updater(struct arena *a, struct slice scope)
{
    (void)a, (void)scope;
    return SLICE("rhel-vex");
}

// The score that Red Hat gives, in the newest version that it gives; the word for the impact counts all the same.
void redhat_clair(struct arena *a, const struct advisory *record, struct match_clair *value)
{
    struct slice others;
    slice_cut(record->cvss, ' ', &value->severity, &others);
    value->self_space = SLICE("https://access.redhat.com/security/cve/");
    value->self_name = record->vulnerability;
    value->repository = value->cpe = cpe_formatted(match_scope_release(record->scope), a);
    value->key = SLICE("rhel-cpe-repository");
}

const struct matcher matcher_redhat = {
    .name = "redhat",
    .feeds = {"redhat-vex"},
    .kind = "rpm",
    .authority = "Red Hat",
    .scheme = &version_rpm,
    .applies = redhat_applies,
    .end_of_life = redhat_end_of_life,
    .scopes = redhat_scopes,
    .names = redhat_names,
    .judge = redhat_judge,
    .severity = redhat_severity,
    .severity_clair = redhat_severity,
    .links = redhat_links,
    .clair = redhat_clair,
    .clair_updater = redhat_clair_updater,
};
