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

static void debian_scopes(struct arena *a, const struct match_image *image, const struct slice *loaded, size_t loaded_n,
                          scope_vec *out)
{
    struct slice codename = codename_of(image->distribution);
    (void)loaded, (void)loaded_n;
    if (codename.n != 0)
        VEC_PUSH(a, out) = arena_printf(a, "debian:%.*s", SLICE_ARG(codename));
}

// A kernel signed for Secure Boot is built from a source of its own, of which the tracker does not speak: what
// linux-signed-amd64, or linux-signed-6.1-amd64, puts its signatures to is the kernel of linux, or linux-6.1. The
// binary has that source's version, while the signed source's is written otherwise: 6.1.76+1 for 6.1.76-1.
static void debian_names(struct arena *a, const struct match_package *package, name_vec *out)
{
    struct slice signed_kernel = SLICE("linux-signed-");
    match_source_name(a, package, out);
    struct match_name *source = &out->v[out->n - 1];
    if (!slice_starts(source->name, signed_kernel))
        return;
    struct slice kernel = slice_from(source->name, signed_kernel.n - 1); // "-amd64", "-6.1-amd64"
    source->name = arena_printf(a, "linux%.*s", (int)slice_rfind(kernel, '-'), kernel.p);
    source->version = package->package->version;
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

static enum severity debian_severity(const struct advisory *record)
{
    struct slice published = record->severity;
    while (slice_ends(published, SLICE("*")))
        published.n--;
    const struct urgency *u = urgency_named(published);
    return u != NULL ? u->clarion : SEVERITY_UNKNOWN;
}

static enum severity debian_severity_clair(const struct advisory *record)
{
    const struct urgency *u = urgency_named(record->severity);
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
    .feeds = {"debian"},
    .kind = "deb",
    .authority = "the Debian tracker",
    .scheme = &version_dpkg,
    .applies = debian_applies,
    .end_of_life = debian_end_of_life,
    .scopes = debian_scopes,
    .names = debian_names,
    .severity = debian_severity,
    .severity_clair = debian_severity_clair,
    .links = debian_links,
    .clair_updater = debian_clair_updater,
};
