// Amazon Linux's security notices (ALAS): for each repository the file "updateinfo" of its index.
//
// A list of mirrors names addresses of the repository; the index below one of these (repomd.h) names the file. Form of
// that, as createrepo's modifyrepo has it: <updates><update type="security"><id>ALAS2-2018-939</id><severity/>
// <description/><references><reference type="cve" id="CVE-…" href="…"/></references><pkglist><collection><package name
// epoch version release arch/></collection></pkglist></update></updates>. A notice gives one record for each of its
// CVEs and each version of a package, with all architectures that have it; without a CVE, one under its own id.
#include "base/buf.h"
#include "feed/feed.h"
#include "feed/repomd.h"
#include "feed/xml.h"

#include <stdlib.h>

// ---- a notice -------------------------------------------------------------------------------------------------------

struct fixed_package {
    struct slice name, version, arch;
};

struct reference {
    struct slice cve, link;
};

struct notices {
    struct feed_input *input;
    struct arena arena; // of the notice that is being read
    struct slice id, type, severity, description;
    VEC(struct fixed_package) packages;
    VEC(struct reference) cves;
};

static void start_notice(struct notices *n, const struct xml_element *element)
{
    struct feed_input *input = n->input;
    arena_free(&n->arena);
    *n = (struct notices){.input = input};
    n->type = arena_dup(&n->arena, xml_attribute(element, "type"));
}

// "1:2.2.21-1.18.amzn1", as rpm writes it: without an epoch of 0.
static struct slice version_of(struct arena *a, const struct xml_element *package)
{
    struct slice epoch = xml_attribute(package, "epoch"), version = xml_attribute(package, "version"),
                 release = xml_attribute(package, "release");
    struct buf text BUF_AUTO = {0};
    if (version.n == 0 || release.n == 0)
        return (struct slice){0};
    if (epoch.n != 0 && !slice_eq(epoch, SLICE("0"))) {
        buf_add(&text, epoch);
        buf_addc(&text, ':');
    }
    buf_add(&text, version);
    buf_addc(&text, '-');
    buf_add(&text, release);
    return arena_dup(a, buf_slice(&text));
}

static void take_package(struct notices *n, const struct xml_element *element)
{
    struct arena *a = &n->arena;
    VEC_PUSH(a, &n->packages) =
        (struct fixed_package){arena_dup(a, xml_attribute(element, "name")), version_of(a, element),
                               arena_dup(a, xml_attribute(element, "arch"))};
}

static void take_reference(struct notices *n, const struct xml_element *element)
{
    if (slice_eq_nocase(xml_attribute(element, "type"), SLICE("cve")))
        VEC_PUSH(&n->arena, &n->cves) = (struct reference){arena_dup(&n->arena, xml_attribute(element, "id")),
                                                           arena_dup(&n->arena, xml_attribute(element, "href"))};
}

// ---- its records ----------------------------------------------------------------------------------------------------

static int by_name_and_version(const struct fixed_package *a, const struct fixed_package *b)
{
    int order = slice_cmp(a->name, b->name);
    return order != 0 ? order : slice_cmp(a->version, b->version);
}

static int by_all(const void *x, const void *y)
{
    const struct fixed_package *a = x, *b = y;
    int order = by_name_and_version(a, b);
    return order != 0 ? order : slice_cmp(a->arch, b->arch);
}

// Makes one of those that differ in their architecture only: "aarch64 x86_64".
static void join_architectures(struct notices *n)
{
    struct fixed_package *packages = n->packages.v;
    size_t joined = 0;
    if (n->packages.n > 1)
        qsort(packages, n->packages.n, sizeof *packages, by_all);
    for (size_t first = 0, end; first < n->packages.n; first = end) {
        struct buf arches BUF_AUTO = {0};
        buf_add(&arches, packages[first].arch);
        for (end = first + 1; end < n->packages.n && by_name_and_version(&packages[end], &packages[first]) == 0; end++)
            if (!slice_eq(packages[end].arch, packages[end - 1].arch)) {
                buf_addc(&arches, ' ');
                buf_add(&arches, packages[end].arch);
            }
        packages[joined] = packages[first];
        packages[joined++].arch = arena_dup(&n->arena, buf_slice(&arches));
    }
    n->packages.n = joined;
}

static bool add_records(struct notices *n, const struct reference *reference, struct error *err)
{
    struct advisory record = {.scope = n->input->scope,
                              .vulnerability = reference->cve,
                              .status = ADVISORY_FIXED,
                              .severity = n->severity,
                              .description = n->description,
                              .advisories = n->id,
                              .links = reference->link};
    for (size_t i = 0; i < n->packages.n; i++) {
        record.package = n->packages.v[i].name;
        record.bound = n->packages.v[i].version;
        record.arch = n->packages.v[i].arch;
        if (!feed_add(n->input, &record, err))
            return false;
    }
    if (n->packages.n == 0)
        feed_leave_out(n->input, "names no package", &record);
    return true;
}

static bool end_notice(struct notices *n, struct error *err)
{
    const struct reference none = {.cve = n->id};
    if (n->id.n == 0 || !slice_eq(n->type, SLICE("security"))) {
        struct advisory record = {.scope = n->input->scope, .vulnerability = n->id};
        feed_leave_out(n->input, "is no notice of a security update with an id", &record);
        return true;
    }
    join_architectures(n);
    for (size_t i = 0; i < n->cves.n; i++)
        if (!add_records(n, &n->cves.v[i], err))
            return false;
    return n->cves.n != 0 || add_records(n, &none, err);
}

static bool begin(void *context, const struct xml_element *element, struct error *err)
{
    struct notices *n = context;
    if (element->depth == 1 && !slice_eq(element->name, SLICE("updates")))
        return error_set(err, ERR_FORMAT, "its root is no \"updates\"");
    if (element->depth == 2)
        start_notice(n, element);
    if (slice_eq(element->name, SLICE("package")))
        take_package(n, element);
    else if (slice_eq(element->name, SLICE("reference")))
        take_reference(n, element);
    return n->arena.used <= n->input->limits->feed_member_bytes ||
           error_set(err, ERR_LIMIT, "a notice of more than %llu bytes (limit feed_member_bytes)",
                     (unsigned long long)n->input->limits->feed_member_bytes);
}

static bool end(void *context, const struct xml_element *element, struct slice text, struct error *err)
{
    struct notices *n = context;
    if (element->depth == 2)
        return end_notice(n, err);
    if (element->depth != 3)
        return true;
    const struct {
        struct slice name;
        struct slice *text;
    } texts[] = {{SLICE("id"), &n->id}, {SLICE("severity"), &n->severity}, {SLICE("description"), &n->description}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (slice_eq(element->name, texts[i].name))
            *texts[i].text = arena_dup(&n->arena, text);
    return true;
}

static bool parse(struct feed_input *input, struct error *err)
{
    static const struct xml_handler handler = {begin, end};
    struct notices notices = {.input = input};
    segment_add_scope(input->builder, input->scope);
    bool ok = xml_read(input->body, input->limits, &handler, &notices, err);
    arena_free(&notices.arena);
    return ok;
}

// ---- the feed -------------------------------------------------------------------------------------------------------

#define CDN          "https://cdn.amazonlinux.com/"
#define MOST_MIRRORS 10 // of one list

static const struct repository {
    const char *scope, *list;
} repositories[] = {
    {"amazon:2018.03", "http://repo.us-west-2.amazonaws.com/2018.03/updates/x86_64/mirror.list"},
    {"amazon:2", CDN "2/core/latest/x86_64/mirror.list"},
    {"amazon:2023", CDN "al2023/core/mirrors/latest/x86_64/mirror.list"},
    {"amazon:2023-livepatch", CDN "al2023/kernel-livepatch/mirrors/latest/x86_64/mirror.list"},
};

// Reads one mirror's index, and the file that it names.
static enum feed_answer try_mirror(struct feed_run *run, const struct repository *repository, struct slice mirror,
                                   struct error *err)
{
    struct arena *a = feed_arena(run);
    struct repomd_file file;
    struct slice text;
    while (slice_ends(mirror, SLICE("/")))
        mirror.n--;
    const char *index = arena_printf(a, "%.*s/repodata/repomd.xml", SLICE_ARG(mirror)).p;
    enum feed_answer answer = feed_text(run, index, &text, err);
    if (answer != FEED_READ)
        return FEED_FAILED;
    if (!repomd_find(text, "updateinfo", feed_limits(run), a, &file, err)) {
        error_wrap(err, "%s", index);
        return FEED_FAILED;
    }
    const char *url = arena_printf(a, "%.*s/%.*s", SLICE_ARG(mirror), SLICE_ARG(file.location)).p;
    const struct feed_named_file named = {repository->list, slice_str(repository->scope), file.digest};
    answer = feed_try(run, &named, url, err);
    return answer == FEED_ABSENT ? FEED_FAILED : answer;
}

// The first mirror that has it all; when none has, the first one's error is told.
static void take_repository(struct feed_run *run, const struct repository *repository)
{
    struct error first = {0}, err;
    struct slice list, line;
    enum feed_answer answer = feed_text(run, repository->list, &list, &first);
    if (answer == FEED_ABSENT) {
        feed_absent(run, repository->list, &first);
        return;
    }
    bool done = false;
    for (int n = 0; answer == FEED_READ && !done && n < MOST_MIRRORS && slice_next_line(&list, &line);) {
        line = slice_trim(line);
        if (!slice_starts(line, SLICE("https://")) && !slice_starts(line, SLICE("http://")))
            continue;
        n++;
        done = try_mirror(run, repository, line, &err) != FEED_FAILED;
        if (!done && first.code == ERR_NONE)
            first = err;
    }
    if (!done && first.code == ERR_NONE)
        error_set(&first, ERR_FORMAT, "%s names no mirror", repository->list);
    if (!done)
        feed_give_up(run, repository->list, slice_str(repository->scope), &first);
}

static bool update(struct feed_run *run, struct error *err)
{
    (void)err; // what the repositories met is the run's to tell
    for (size_t i = 0; i < sizeof repositories / sizeof repositories[0]; i++)
        take_repository(run, &repositories[i]);
    return true;
}

const struct feed feed_amazon = {
    .name = "amazon",
    .title = "Amazon Linux security notices",
    .url = CDN,
    .version = 1,
    .parse = parse,
    .update = update,
};
