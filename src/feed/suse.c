// The OVAL of SUSE and openSUSE: for each product one file of CVEs.
//
// Form, as ftp.suse.com/pub/projects/security/oval publishes it (its README): a definition for each CVE; criteria for
// each product, told by the package that every installation of it has ("sles-release is ==15.4", "openSUSE-release is
// >=20210101" for Tumbleweed), and its packages. A file comes in up to three forms: "NAME.xml.gz" has what is fixed,
// "NAME-affected.xml.gz" also what is not fixed and what is not affected ("kernel-default is ==0"), "NAME-patch.xml.gz"
// orders the same by notice. The most complete one is read, and those of notices never.
//
// A file speaks of many products, and several files of one; so a scope is "suse:FILE/PRODUCT:VERSION".
#include "base/buf.h"
#include "feed/oval.h"

#define URL       "https://ftp.suse.com/pub/projects/security/oval/"
#define FILES     500
#define NAME_SIZE 200

static const char *complete(struct oval_statement *s)
{
    const struct oval_rule *rule = s->rule;
    struct slice version = rule->release_is.text, product = arena_dup_lower(s->arena, rule->release);
    if (product.n == 0)
        return "is for no product";
    product.n -= sizeof "-release" - 1;
    if (rule->release_is.operation == OVAL_GREATER_OR_EQUAL && slice_eq(product, SLICE("opensuse")))
        version = SLICE("tumbleweed");
    else if (rule->release_is.operation != OVAL_EQUALS || version.n == 0)
        return "is for a release that it does not name";
    s->record.scope =
        arena_printf(s->arena, "%.*s/%.*s:%.*s", SLICE_ARG(s->input->scope), SLICE_ARG(product), SLICE_ARG(version));
    // What only a subscription to long term service brings.
    if (s->record.status == ADVISORY_FIXED && slice_ends(product, SLICE("-ltss")))
        s->record.state = SLICE("LTSS");
    return NULL;
}

static bool parse(struct feed_input *input, struct error *err)
{
    static const struct oval_dialect dialect = {.complete = complete};
    return oval_read(input, &dialect, err);
}

// ---- the files ------------------------------------------------------------------------------------------------------

// "suse.linux.enterprise.15" of "suse.linux.enterprise.15-affected.xml.gz".
struct oval_link {
    struct slice file, name;
    bool affected;
};
typedef VEC(struct oval_link) link_vec;

static bool read_link(struct slice file, struct oval_link *link)
{
    struct slice suffix = SLICE(".xml.gz"), affected = SLICE("-affected");
    if (!slice_ends(file, suffix) || file.n > NAME_SIZE ||
        !(slice_starts(file, SLICE("opensuse.")) || slice_starts(file, SLICE("suse.linux.enterprise."))))
        return false;
    for (size_t i = 0; i < file.n; i++) {
        char c = file.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_'))
            return false;
    }
    *link = (struct oval_link){.file = file, .name = slice_of(file.p, file.n - suffix.n)};
    link->affected = slice_ends(link->name, affected);
    if (link->affected)
        link->name.n -= affected.n;
    return !slice_ends(link->name, SLICE("-patch"));
}

static void add_link(struct arena *a, link_vec *links, const struct oval_link *link)
{
    for (size_t i = 0; i < links->n; i++)
        if (slice_eq(links->v[i].name, link->name)) {
            if (link->affected)
                links->v[i] = *link;
            return;
        }
    if (links->n < FILES)
        VEC_PUSH(a, links) = *link;
}

// The files that the folder's page links to, in its order.
static void read_page(struct arena *a, struct slice page, link_vec *links)
{
    for (;;) {
        struct slice file, rest;
        struct oval_link link;
        ptrdiff_t at = slice_find_slice(page, SLICE("href=\""));
        if (at < 0 || !slice_cut(slice_from(page, (size_t)at + sizeof "href=\"" - 1), '"', &file, &rest))
            return;
        page = rest;
        if (slice_starts(file, SLICE("./")))
            file = slice_from(file, 2);
        if (read_link(file, &link))
            add_link(a, links, &link);
    }
}

static bool update(struct feed_run *run, struct error *err)
{
    struct arena *a = feed_arena(run);
    struct slice page;
    link_vec links = {0};
    switch (feed_text(run, URL, &page, err)) {
    case FEED_READ:
        break;
    case FEED_ABSENT:
        return true; // as with any other upstream that has nothing
    default:
        return error_wrap(err, "the list of files");
    }
    read_page(a, page, &links);
    for (size_t i = 0; i < links.n; i++)
        feed_source(run, arena_printf(a, URL "%.*s", SLICE_ARG(links.v[i].file)).p,
                    arena_printf(a, "suse:%.*s", SLICE_ARG(links.v[i].name)));
    return true;
}

extern const struct feed feed_suse;
const struct feed feed_suse = {
    .name = "suse",
    .title = "SUSE and openSUSE OVAL",
    .url = URL,
    .version = 1,
    .parse = parse,
    .update = update,
};
