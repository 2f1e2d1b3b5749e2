// Alpine packages, judged by secdb: per origin package and branch.
//
// secdb (https://secdb.alpinelinux.org/, made from the "secfixes" comments of the branch's APKBUILDs) lists, under a
// version, the vulnerabilities that this version of the branch fixed; under "0" those that never touched it. An id may
// stand under several versions, when a fix was lost and came again or took two attempts.
#include "match/matcher.h"

// The last day of a branch's support: https://alpinelinux.org/releases/. edge has none.
static const struct branch {
    const char *name, *support_end;
} branches[] = {
    {"v3.0", "2016-05-01"},  {"v3.1", "2016-11-01"},  {"v3.2", "2017-05-01"},  {"v3.3", "2017-11-01"},
    {"v3.4", "2018-05-01"},  {"v3.5", "2018-11-01"},  {"v3.6", "2019-05-01"},  {"v3.7", "2019-11-01"},
    {"v3.8", "2020-05-01"},  {"v3.9", "2020-11-01"},  {"v3.10", "2021-05-01"}, {"v3.11", "2021-11-01"},
    {"v3.12", "2022-05-01"}, {"v3.13", "2022-11-01"}, {"v3.14", "2023-05-01"}, {"v3.15", "2023-11-01"},
    {"v3.16", "2024-05-23"}, {"v3.17", "2024-11-22"}, {"v3.18", "2025-05-09"}, {"v3.19", "2025-11-01"},
    {"v3.20", "2026-04-01"}, {"v3.21", "2026-11-01"}, {"v3.22", "2027-05-01"}, {"v3.23", "2027-11-01"},
};

static bool alpine_applies(const struct distribution *d)
{
    return slice_eq(d->id, SLICE("alpine"));
}

// The branch of a distribution: "edge", or "v" and the first two numbers of VERSION_ID ("3.18.4"). edge calls itself
// "3.19_alpha20230901" there, and "Alpine Linux edge". Empty when it cannot be told.
static struct slice branch_of(struct arena *a, const struct distribution *d)
{
    if (slice_find_slice(d->version_id, SLICE("_alpha")) >= 0 || slice_find_slice(d->pretty_name, SLICE("edge")) >= 0)
        return SLICE("edge");
    struct slice major, rest, minor, patch;
    uint64_t number;
    slice_cut(d->version_id, '.', &major, &rest);
    slice_cut(rest, '.', &minor, &patch);
    slice_cut(minor, '_', &minor, &patch); // 3.18_rc1
    if (!slice_to_u64(major, &number) || !slice_to_u64(minor, &number))
        return (struct slice){0};
    return arena_printf(a, "v%.*s.%.*s", SLICE_ARG(major), SLICE_ARG(minor));
}

static struct slice alpine_end_of_life(const struct distribution *d)
{
    struct arena a ARENA_AUTO = {0};
    struct slice branch = branch_of(&a, d);
    for (size_t i = 0; i < sizeof branches / sizeof branches[0]; i++)
        if (slice_eq(branch, slice_str(branches[i].name)))
            return slice_str(branches[i].support_end);
    return (struct slice){0};
}

static void alpine_scopes(struct arena *a, const struct match_image *image, const struct slice *loaded, size_t loaded_n,
                          scope_vec *out)
{
    struct slice branch = branch_of(a, image->distribution);
    (void)loaded, (void)loaded_n;
    if (branch.n == 0)
        return;
    VEC_PUSH(a, out) = arena_printf(a, "alpine:%.*s/main", SLICE_ARG(branch));
    VEC_PUSH(a, out) = arena_printf(a, "alpine:%.*s/community", SLICE_ARG(branch));
}

// The records of an id, sorted out.
struct sorted_records {
    const struct advisory *never;   // says that no version is affected
    const struct advisory *reached; // the highest fix at or below what is installed
    const struct advisory *ahead;   // the lowest fix above it
    const struct advisory *open;    // affected, without a version
    const struct advisory *unclear;
};

static void sort_out(struct slice version, const struct advisory *r, struct sorted_records *s)
{
    if (r->status == ADVISORY_NOT_AFFECTED)
        s->never = r;
    else if (r->status == ADVISORY_AFFECTED)
        s->open = r;
    else if (r->status == ADVISORY_UNDETERMINED)
        s->unclear = r;
    else if (version_apk.compare(r->bound, version) > 0) {
        if (s->ahead == NULL || version_apk.compare(r->bound, s->ahead->bound) < 0)
            s->ahead = r;
    } else if (s->reached == NULL || version_apk.compare(r->bound, s->reached->bound) > 0) {
        s->reached = r;
    }
}

static struct slice explain(struct arena *a, struct slice version, const struct verdict *v)
{
    const struct advisory *r = v->decided_by;
    struct slice says = arena_printf(a, "Alpine's secdb says of %.*s in %.*s:", SLICE_ARG(r->package),
                                     SLICE_ARG(match_scope_release(r->scope)));
    switch (r->status) {
    case ADVISORY_NOT_AFFECTED:
        return arena_printf(a, "%.*s never affected (version 0)", SLICE_ARG(says));
    case ADVISORY_AFFECTED:
        return arena_printf(a, "%.*s affected, there is no fix yet", SLICE_ARG(says));
    case ADVISORY_UNDETERMINED:
        return arena_printf(a, "%.*s undetermined", SLICE_ARG(says));
    case ADVISORY_FIXED:
    case ADVISORY_LAST_AFFECTED: // secdb has none
        break;
    }
    bool older = v->kind == VERDICT_AFFECTED;
    return arena_printf(a, "%.*s fixed in %.*s; the installed %.*s %.*s is %s (apk order): %s", SLICE_ARG(says),
                        SLICE_ARG(r->bound), SLICE_ARG(r->package), SLICE_ARG(version),
                        older                                         ? "older"
                        : version_apk.compare(r->bound, version) == 0 ? "that version"
                                                                      : "newer",
                        older ? "affected" : "not affected");
}

static void alpine_judge(struct arena *a, const struct match_key *key, const struct advisory *records, size_t n,
                         bool explain_it, struct verdict *out)
{
    struct sorted_records s = {0};
    struct slice version = key->names[0].version; // of its origin, under which alone it is looked up
    for (size_t i = 0; i < n; i++)
        sort_out(version, &records[i], &s);
    *out = (struct verdict){.kind = VERDICT_NOT_AFFECTED, .decided_by = s.never != NULL ? s.never : s.reached};
    if (out->decided_by == NULL && s.ahead != NULL)
        *out = (struct verdict){.kind = VERDICT_AFFECTED, .fixed_in = s.ahead->bound, .decided_by = s.ahead};
    else if (out->decided_by == NULL && s.open != NULL)
        *out = (struct verdict){.kind = VERDICT_AFFECTED, .decided_by = s.open};
    else if (out->decided_by == NULL && s.unclear != NULL)
        *out = (struct verdict){.kind = VERDICT_UNDETERMINED, .decided_by = s.unclear};
    if (explain_it && out->decided_by != NULL)
        out->why = explain(a, version, out);
}

// secdb publishes no severities.
static enum severity alpine_severity(const struct advisory *record)
{
    (void)record;
    return SEVERITY_UNKNOWN;
}

static struct slice alpine_links(struct arena *a, const struct advisory *record)
{
    return match_links(a, "https://security.alpinelinux.org/vuln/", record);
}

// "alpine-main-v3.18-updater"
static struct slice alpine_clair_updater(struct arena *a, struct slice scope)
{
    struct slice branch, repository;
    slice_cut(match_scope_release(scope), '/', &branch, &repository);
    return arena_printf(a, "alpine-%.*s-%.*s-updater", SLICE_ARG(repository), SLICE_ARG(branch));
}

extern const struct matcher matcher_alpine;
const struct matcher matcher_alpine = {
    .name = "alpine",
    .feeds = {"alpine"},
    .kind = "apk",
    .authority = "Alpine's secdb",
    .scheme = &version_apk,
    .applies = alpine_applies,
    .end_of_life = alpine_end_of_life,
    .scopes = alpine_scopes,
    .judge = alpine_judge,
    .severity = alpine_severity,
    .severity_clair = alpine_severity,
    .links = alpine_links,
    .clair_updater = alpine_clair_updater,
};
