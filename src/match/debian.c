// Debian packages, judged by the security tracker: per source package and release.
//
// The tracker's words are explained in https://security-team.debian.org/security_tracker.html; its fixed versions are
// the source package's, so the version of the source is what is compared: a binary that was rebuilt (+b1), or one whose
// version is its own, would mislead.
#include "match/matcher.h"

// Releases and the last day of their long term support: https://wiki.debian.org/LTS, https://www.debian.org/releases/.
// Extended support by others brings packages that the tracker does not speak of.
static const struct release {
    const char *version, *codename, *support_end;
} releases[] = {
    {"6", "squeeze", "2016-02-29"},   {"7", "wheezy", "2018-05-31"},  {"8", "jessie", "2020-06-30"},
    {"9", "stretch", "2022-06-30"},   {"10", "buster", "2024-06-30"}, {"11", "bullseye", "2026-08-31"},
    {"12", "bookworm", "2028-06-30"}, {"13", "trixie", "2030-06-30"}, {"14", "forky", NULL},
};
#define RELEASES (sizeof releases / sizeof releases[0])

static bool debian_applies(const struct distribution *d)
{
    return slice_eq(d->id, SLICE("debian"));
}

// The first word of "forky/sid", as testing and unstable call themselves; empty when `text` does not end so.
static struct slice before_sid(struct slice text)
{
    if (!slice_ends(text, SLICE("/sid")))
        return (struct slice){0};
    text.n -= sizeof "/sid" - 1;
    ptrdiff_t blank = slice_rfind(text, ' ');
    return slice_from(text, (size_t)(blank + 1));
}

static struct slice codename_of(const struct distribution *d)
{
    if (d->codename.n != 0)
        return d->codename;
    struct slice major, minor;
    slice_cut(d->version_id, '.', &major, &minor);
    for (size_t i = 0; i < RELEASES; i++)
        if (slice_eq(major, slice_str(releases[i].version)))
            return slice_str(releases[i].codename);
    struct slice testing = before_sid(d->pretty_name);
    return testing.n != 0 ? testing : before_sid(d->version);
}

static struct slice debian_end_of_life(const struct distribution *d)
{
    struct slice codename = codename_of(d);
    for (size_t i = 0; i < RELEASES; i++)
        if (slice_eq(codename, slice_str(releases[i].codename)))
            return slice_str(releases[i].support_end);
    return (struct slice){0};
}

static size_t debian_scopes(struct arena *a, const struct distribution *d, struct slice out[MATCH_SCOPES])
{
    struct slice codename = codename_of(d);
    if (codename.n == 0)
        return 0;
    out[0] = arena_printf(a, "debian:%.*s", SLICE_ARG(codename));
    return 1;
}

static enum verdict_kind judge_one(const struct match_key *key, const struct advisory *r)
{
    switch (r->status) {
    case ADVISORY_AFFECTED:
        return VERDICT_AFFECTED;
    case ADVISORY_FIXED:
        return version_dpkg.compare(key->version, r->fixed_in) < 0 ? VERDICT_AFFECTED : VERDICT_NOT_AFFECTED;
    case ADVISORY_UNDETERMINED:
        return VERDICT_UNDETERMINED;
    case ADVISORY_NOT_AFFECTED:
        break;
    }
    return VERDICT_NOT_AFFECTED;
}

// Of several records the one that asks for most decides: affected before undetermined before not affected, no fix
// before a fix, and a later fix before an earlier one.
static int weight(enum verdict_kind kind, const struct advisory *r)
{
    if (kind == VERDICT_AFFECTED)
        return r->status == ADVISORY_AFFECTED ? 3 : 2;
    return kind == VERDICT_UNDETERMINED ? 1 : 0;
}

static bool later_fix(const struct advisory *r, const struct advisory *than)
{
    return r->status == ADVISORY_FIXED && than->status == ADVISORY_FIXED &&
           version_dpkg.compare(r->fixed_in, than->fixed_in) > 0;
}

static struct slice explain(struct arena *a, const struct match_key *key, const struct advisory *r)
{
    struct slice release = match_scope_release(r->scope);
    struct slice says =
        arena_printf(a, "the Debian tracker says of %.*s in %.*s:", SLICE_ARG(r->package), SLICE_ARG(release));
    switch (r->status) {
    case ADVISORY_AFFECTED:
        return arena_printf(a, "%.*s open, there is no fix yet; every version is affected", SLICE_ARG(says));
    case ADVISORY_NOT_AFFECTED:
        return arena_printf(a, "%.*s resolved, no version there was ever affected", SLICE_ARG(says));
    case ADVISORY_UNDETERMINED:
        return arena_printf(a, "%.*s undetermined, nobody has found out yet whether it is affected", SLICE_ARG(says));
    case ADVISORY_FIXED:
        break;
    }
    int order = version_dpkg.compare(key->version, r->fixed_in);
    return arena_printf(a, "%.*s resolved in %.*s; the installed source %.*s %.*s is %s (dpkg order): %s",
                        SLICE_ARG(says), SLICE_ARG(r->fixed_in), SLICE_ARG(key->package), SLICE_ARG(key->version),
                        order < 0    ? "older"
                        : order == 0 ? "that version"
                                     : "newer",
                        order < 0 ? "affected" : "not affected");
}

static void debian_judge(struct arena *a, const struct match_key *key, const struct advisory *records, size_t n,
                         bool explain_it, struct verdict *out)
{
    *out = (struct verdict){.kind = VERDICT_NOT_AFFECTED};
    for (size_t i = 0; i < n; i++) {
        const struct advisory *r = &records[i], *best = out->decided_by;
        enum verdict_kind kind = judge_one(key, r);
        int more = best != NULL ? weight(kind, r) - weight(out->kind, best) : 1;
        if (more < 0 || (more == 0 && !later_fix(r, best)))
            continue;
        *out = (struct verdict){.kind = kind, .decided_by = r};
        if (kind == VERDICT_AFFECTED && r->status == ADVISORY_FIXED)
            out->fixed_in = r->fixed_in;
    }
    if (explain_it && out->decided_by != NULL)
        out->why = explain(a, key, out->decided_by);
}

// Urgencies, and what Clarion and Clair v4 (claircore's debian updater) make of them. A star says that the tracker's
// people, not the package's, chose the word; Clair does not know the starred ones.
static const struct urgency {
    const char *word;
    enum severity clarion, clair;
} urgencies[] = {
    {"unimportant", SEVERITY_NEGLIGIBLE, SEVERITY_LOW},
    {"low", SEVERITY_LOW, SEVERITY_MEDIUM},
    {"medium", SEVERITY_MEDIUM, SEVERITY_HIGH},
    {"high", SEVERITY_HIGH, SEVERITY_CRITICAL},
};

static const struct urgency *urgency_named(struct slice word)
{
    for (size_t i = 0; i < sizeof urgencies / sizeof urgencies[0]; i++)
        if (slice_eq(word, slice_str(urgencies[i].word)))
            return &urgencies[i];
    return NULL;
}

static enum severity debian_severity(struct slice published)
{
    while (slice_ends(published, SLICE("*")))
        published.n--;
    const struct urgency *u = urgency_named(published);
    return u != NULL ? u->clarion : SEVERITY_UNKNOWN;
}

static enum severity debian_severity_clair(struct slice published)
{
    const struct urgency *u = urgency_named(published);
    return u != NULL ? u->clair : SEVERITY_UNKNOWN;
}

static struct slice debian_links(struct arena *a, const struct advisory *record)
{
    return match_links(a, "https://security-tracker.debian.org/tracker/", record);
}

static struct slice debian_clair_updater(struct arena *a, struct slice scope)
{
    (void)a, (void)scope;
    return SLICE("debian/updater");
}

extern const struct matcher matcher_debian;
const struct matcher matcher_debian = {
    .name = "debian",
    .feed = "debian",
    .kind = "deb",
    .scheme = &version_dpkg,
    .applies = debian_applies,
    .end_of_life = debian_end_of_life,
    .scopes = debian_scopes,
    .judge = debian_judge,
    .severity = debian_severity,
    .severity_clair = debian_severity_clair,
    .links = debian_links,
    .clair_updater = debian_clair_updater,
};
