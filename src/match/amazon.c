// Amazon Linux packages, judged by its notices (ALAS): per installed package, release and architecture.
//
// A notice names the packages of its update, in all architectures that have it: an installed package of that name that
// is older is affected. Packages of Amazon Linux 2's "extras" are built apart from those of the core and have notices
// of their own, which only the repository that a package came from could tell apart: yum does not say, so they are not
// judged by them. A live patch of a kernel is a package like others, and has its own notices; the kernel that it mends
// is told of all the same, since what is installed is not what runs.
#include "match/matcher.h"

// The last day of support: https://aws.amazon.com/amazon-linux-2/faqs/ (of 2 and, as "Amazon Linux AMI", of the first),
// https://docs.aws.amazon.com/linux/al2023/ug/release-cadence.html.
static const struct match_release releases[] = {
    {"2018.03", "2023-12-31"},
    {"2", "2026-06-30"},
    {"2023", "2029-06-30"},
    {0},
};

static bool amazon_applies(const struct distribution *d)
{
    return slice_eq(d->id, SLICE("amzn"));
}

// "2", "2023" (of "2023.6.20250115", too), and "2018.03" for all of the first Amazon Linux, which was one stream:
// 2011.09 to 2018.03.
static struct slice release_of(const struct distribution *d)
{
    struct slice year, rest;
    uint64_t number;
    bool dotted = slice_cut(d->version_id, '.', &year, &rest);
    if (!slice_to_u64(year, &number))
        return (struct slice){0};
    return dotted && number >= 2011 && number <= 2018 ? SLICE("2018.03") : year;
}

static struct slice amazon_end_of_life(const struct distribution *d)
{
    return match_support_end(releases, release_of(d));
}

static void amazon_scopes(struct arena *a, const struct match_image *image, const struct slice *loaded, size_t loaded_n,
                          scope_vec *out)
{
    struct slice release = release_of(image->distribution);
    (void)loaded, (void)loaded_n;
    if (release.n == 0)
        return;
    VEC_PUSH(a, out) = arena_printf(a, "amazon:%.*s", SLICE_ARG(release));
    VEC_PUSH(a, out) = arena_printf(a, "amazon:%.*s-livepatch", SLICE_ARG(release));
}

static void amazon_names(struct arena *a, const struct match_package *package, name_vec *out)
{
    VEC_PUSH(a, out) = (struct match_name){package->package->name, package->package->version, false};
}

// Low, Medium, Important or Critical, of the notice, so of the worst that it mends.
static enum severity amazon_severity(const struct advisory *record)
{
    return match_severity_word(record->severity);
}

// claircore takes these words in lower case only, which the notices of 2023 do not have.
static enum severity amazon_severity_clair(const struct advisory *record)
{
    static const struct {
        struct slice word;
        enum severity severity;
    } words[] = {{SLICE("low"), SEVERITY_LOW},
                 {SLICE("medium"), SEVERITY_MEDIUM},
                 {SLICE("important"), SEVERITY_HIGH},
                 {SLICE("critical"), SEVERITY_CRITICAL}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (slice_eq(record->severity, words[i].word))
            return words[i].severity;
    return SEVERITY_UNKNOWN;
}

// Amazon's page of a CVE; a notice without one has no page that its id alone tells.
static struct slice amazon_links(struct arena *a, const struct advisory *record)
{
    struct buf out BUF_AUTO = {0};
    if (!slice_starts(record->vulnerability, SLICE("CVE-")))
        return record->links;
    buf_adds(&out, "https://explore.alas.aws.amazon.com/");
    match_add_encoded(&out, record->vulnerability);
    buf_adds(&out, ".html");
    if (record->links.n != 0)
        buf_addc(&out, ' ');
    buf_add(&out, record->links);
    return arena_dup(a, buf_slice(&out));
}

// "aws-AL2-updater"; the first Amazon Linux is "AL1" there.
static struct slice amazon_clair_updater(struct arena *a, struct slice scope)
{
    struct slice release = match_scope_release(scope);
    return slice_eq(release, SLICE("2018.03")) ? SLICE("aws-AL1-updater")
                                               : arena_printf(a, "aws-AL%.*s-updater", SLICE_ARG(release));
}

extern const struct matcher matcher_amazon;
const struct matcher matcher_amazon = {
    .name = "amazon",
    .feeds = {"amazon"},
    .kind = "rpm",
    .authority = "ALAS",
    .scheme = &version_rpm,
    .applies = amazon_applies,
    .end_of_life = amazon_end_of_life,
    .scopes = amazon_scopes,
    .names = amazon_names,
    .severity = amazon_severity,
    .severity_clair = amazon_severity_clair,
    .links = amazon_links,
    .clair_updater = amazon_clair_updater,
};
