// Ubuntu's OVAL: for each release one file of CVEs, made of the security team's tracker.
//
// Form, as security-metadata.canonical.com/oval publishes it (com.ubuntu.RELEASE.cve.oval.xml.bz2; "Canonical OVAL
// data", https://ubuntu.com/security/oval): a definition for each CVE, whose tests are one for each source package. A
// test names the binary packages of a source by a variable, thousands of them for a kernel, and its criterion's comment
// the source: "expat package in jammy was vulnerable but has been fixed (note: '2.1.1-1ubuntu1')." Where the version of
// the comment is that of the state, the statement is one of the source package, and is kept as one; binaries of another
// version than their source are kept by their names. For kernels the tests ask which one runs; the comment tells its
// source.
//
// What only Ubuntu Pro brings has "esm" in its version, or is listed in the description under "Available with Ubuntu
// Pro"; it is a scope of its own.
#include "base/buf.h"
#include "base/json.h"
#include "feed/oval.h"

// ---- comments -------------------------------------------------------------------------------------------------------

static bool cut_at(struct slice text, struct slice what, struct slice *before)
{
    ptrdiff_t at = slice_find_slice(text, what);
    if (at < 0)
        return false;
    *before = slice_of(text.p, (size_t)at);
    return true;
}

static struct slice behind(struct slice text, struct slice what)
{
    ptrdiff_t at = slice_find_slice(text, what);
    return at < 0 ? (struct slice){0} : slice_from(text, (size_t)at + what.n);
}

static struct slice unquoted(struct slice text)
{
    if (text.n >= 2 && text.p[0] == '\'' && text.p[text.n - 1] == '\'')
        return slice_of(text.p + 1, text.n - 2);
    return text;
}

// The source package that a comment speaks of: "'linux' kernel in noble was …", "Is kernel 'linux-aws' running?", "The
// 'tiff' package in xenial is …", "curl package in jammy is …", "gcc-snapshot: while related to the CVE in some way,
// …". Empty when there is none.
static struct slice source_of(struct slice comment)
{
    struct slice name, asked = behind(comment, SLICE("Is kernel "));
    if (slice_starts(comment, SLICE("The ")))
        comment = slice_from(comment, sizeof "The " - 1);
    bool found = asked.n != 0
                     ? cut_at(asked, SLICE(" running"), &name)
                     : cut_at(comment, SLICE(" package in "), &name) || cut_at(comment, SLICE(" kernel in "), &name) ||
                           cut_at(comment, SLICE(": while related to the CVE"), &name);
    if (!found)
        return (struct slice){0};
    if (slice_ends(name, SLICE(" source")))
        name.n -= sizeof " source" - 1;
    name = unquoted(name);
    return slice_find(name, ' ') < 0 ? name : (struct slice){0};
}

// The version that a comment names: "(note: '2.1.1-1ubuntu1')".
static struct slice note_of(struct slice comment)
{
    struct slice note;
    return cut_at(behind(comment, SLICE("(note: '")), SLICE("')"), &note) ? slice_trim(note) : (struct slice){0};
}

// What the tracker thinks of a package without a fix, in its own words.
static struct slice state_of(struct slice comment)
{
    static const struct {
        struct slice phrase, state;
    } states[] = {
        {{"may need fixing", 15}, {"needs-triage", 12}},
        {{"needs fixing", 12}, {"needed", 6}},
        {{"decision has been made to defer", 31}, {"deferred", 8}},
        {{"decision has been made to ignore", 32}, {"ignored", 7}},
        {{"pending", 7}, {"pending", 7}},
    };
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (slice_find_slice(comment, states[i].phrase) >= 0)
            return states[i].state;
    return (struct slice){0};
}

// ---- Ubuntu Pro -----------------------------------------------------------------------------------------------------

static bool ends_with_version(struct slice line, struct slice version)
{
    return slice_ends(line, version) && line.n >= version.n + 3 &&
           slice_eq(slice_of(line.p + line.n - version.n - 3, 3), SLICE(" - "));
}

// Is the version one of those that the description lists, "PACKAGE - VERSION" each, above "Available with Ubuntu Pro"?
static bool is_listed_for_pro(struct slice description, struct slice version)
{
    struct slice line;
    bool listed = false;
    while (slice_next_line(&description, &line)) {
        line = slice_trim(line);
        if (listed && slice_starts(line, SLICE("Available with Ubuntu Pro")))
            return true;
        if (line.n == 0 || slice_starts(line, SLICE("No subscription required")))
            listed = false;
        else if (ends_with_version(line, version))
            listed = true;
    }
    return false;
}

static bool is_of_pro(const struct oval_statement *s, struct slice version)
{
    return version.n != 0 &&
           (slice_find_slice(version, SLICE("esm")) >= 0 || is_listed_for_pro(s->definition->description, version));
}

// ---- a release's file -----------------------------------------------------------------------------------------------

static const char *complete(struct oval_statement *s)
{
    struct slice comment = s->rule->comment, source = source_of(comment), bound = s->record.bound;
    if (s->rule->kernel && source.n == 0)
        return "asks for a kernel that it does not name";
    struct slice note = note_of(comment);
    if (slice_starts(note, SLICE("0:")))
        note = slice_from(note, 2);
    if (source.n != 0 && (s->rule->kernel || bound.n == 0 || slice_eq(note, bound))) {
        s->record.package = source;
        s->record.of_source = true;
    }
    if (bound.n == 0)
        s->record.state = state_of(comment);
    if (is_of_pro(s, bound)) {
        s->record.scope = arena_printf(s->arena, "%.*s/pro", SLICE_ARG(s->input->scope));
        s->record.state = SLICE("Ubuntu Pro");
    }
    return NULL;
}

// Behind the text of the CVE stand the packages to update to, which the records tell.
static struct slice description(struct slice text)
{
    struct slice before;
    return slice_trim(cut_at(text, SLICE("Update Instructions:"), &before) ? before : text);
}

static bool parse(struct feed_input *input, struct error *err)
{
    static const struct oval_dialect dialect = {.complete = complete, .description = description};
    return oval_read(input, &dialect, err);
}

// ---- the releases ---------------------------------------------------------------------------------------------------

#define SERIES       "https://api.launchpad.net/1.0/ubuntu/series"
#define URL          "https://security-metadata.canonical.com/oval/"
#define SERIES_PAGES 16

static bool is_name(struct slice name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] < 'a' || name.p[i] > 'z')
            return false;
    return name.n != 0 && name.n < 64;
}

static void take_series(struct feed_run *run, yyjson_val *entries)
{
    struct arena *a = feed_arena(run);
    yyjson_val *entry;
    size_t i, n;
    yyjson_arr_foreach(entries, i, n, entry)
    {
        struct slice name = json_str(entry, "name");
        if (!is_name(name) || !yyjson_get_bool(yyjson_obj_get(entry, "active")))
            continue;
        struct slice url = arena_printf(a, URL "com.ubuntu.%.*s.cve.oval.xml.bz2", SLICE_ARG(name));
        feed_source(run, url.p, arena_printf(a, "ubuntu:%.*s", SLICE_ARG(name)));
    }
}

// Launchpad's list of the releases, page by page; those that are in development have no file yet.
static bool update(struct feed_run *run, struct error *err)
{
    const char *url = SERIES;
    for (size_t page = 0; page < SERIES_PAGES && url != NULL; page++) {
        struct slice text;
        switch (feed_text(run, url, &text, err)) {
        case FEED_READ:
            break;
        case FEED_ABSENT:
            return true; // as with any other upstream that has nothing
        default:
            return error_wrap(err, "the list of releases");
        }
        yyjson_doc *doc JSON_AUTO = json_parse(text, err);
        if (doc == NULL)
            return error_wrap(err, "%s", url);
        yyjson_val *root = yyjson_doc_get_root(doc), *entries = json_last(root, "entries");
        if (!yyjson_is_arr(entries))
            return error_set(err, ERR_FORMAT, "%s: it has no list of releases", url);
        take_series(run, entries);
        struct slice next = json_str(root, "next_collection_link");
        url = slice_starts(next, SLICE(SERIES "?")) ? arena_dup(feed_arena(run), next).p : NULL;
    }
    return true;
}

extern const struct feed feed_ubuntu;
const struct feed feed_ubuntu = {
    .name = "ubuntu",
    .title = "Ubuntu OVAL",
    .url = URL,
    .version = 1,
    .parse = parse,
    .update = update,
};
