// clarion advisories diff: what the feeds say otherwise at one time than at another.
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "cli/advisories.h"
#include "cli/session.h"
#include "feed/feed.h"
#include "store/segments.h"

#include <unistd.h>

#define WRITE_AT ((size_t)64 * 1024)

// Two states of some feeds. A slice of `segments` is empty where a side has nothing of the feed.
struct pair {
    struct slice feed;
    struct digest before, after; // empty text: none
};

struct diff {
    struct cli *cli;
    struct store store;
    struct arena arena;
    struct slice from, to; // as they are called
    VEC(struct pair) pairs;
    bool json, any; // any: a change was written before
    struct slice feed;
    uint64_t counts[SEGMENT_REMOVED + 1];
    struct buf out;
};

static const char *const kinds[] = {
    [SEGMENT_ADDED] = "added", [SEGMENT_CHANGED] = "changed", [SEGMENT_REMOVED] = "removed"};

// ---- what is compared -----------------------------------------------------------------------------------------------

static void add_pair(struct diff *d, struct slice feed, const struct digest *before, const struct digest *after)
{
    if (!digest_eq(before, after))
        VEC_PUSH(&d->arena, &d->pairs) = (struct pair){feed, *before, *after};
}

// Feeds of both generations, which are ordered by name.
static void pair_generations(struct diff *d, const struct generation *x, const struct generation *y)
{
    static const struct digest none;
    size_t i = 0, j = 0;
    while (i < x->feeds_n || j < y->feeds_n) {
        int order = i == x->feeds_n ? 1 : j == y->feeds_n ? -1 : slice_cmp(x->feeds[i].feed, y->feeds[j].feed);
        add_pair(d, order <= 0 ? x->feeds[i].feed : y->feeds[j].feed, order <= 0 ? &x->feeds[i].segment : &none,
                 order >= 0 ? &y->feeds[j].segment : &none);
        i += order <= 0;
        j += order >= 0;
    }
}

// A feed alone: what is in force of it, against what was before.
static bool pair_feed(struct diff *d, struct slice feed, struct error *err)
{
    struct kept_update before;
    struct generation g;
    if (!store_update_before(&d->store, feed, &d->arena, &before, err) ||
        !store_generation(&d->store, &d->arena, &g, err))
        return false;
    d->from = before.ref;
    for (size_t i = 0; i < g.feeds_n; i++) {
        if (!slice_eq(g.feeds[i].feed, feed))
            continue;
        d->to = g.feeds[i].ref;
        add_pair(d, feed, &before.segment, &g.feeds[i].segment);
    }
    return true;
}

static bool pair_updates(struct diff *d, const struct kept_update *x, const struct kept_update *y, struct error *err)
{
    if (!slice_eq(x->feed, y->feed))
        return error_set(err, ERR_USAGE, "update %.*s is one of %.*s, and %.*s one of %.*s: they cannot be compared",
                         SLICE_ARG(x->ref), SLICE_ARG(x->feed), SLICE_ARG(y->ref), SLICE_ARG(y->feed));
    add_pair(d, x->feed, &x->segment, &y->segment);
    return true;
}

// Two refs of updates; else two generations, or dates.
static bool pair_refs(struct diff *d, struct slice from, struct slice to, struct error *err)
{
    struct kept_update x, y;
    struct generation g, h;
    d->from = from;
    d->to = to;
    if (store_update_of(&d->store, from, &d->arena, &x, err) && store_update_of(&d->store, to, &d->arena, &y, err))
        return pair_updates(d, &x, &y, err);
    if (err->code != ERR_NOT_FOUND || !store_generation_at(&d->store, from, &d->arena, &g, err) ||
        !store_generation_at(&d->store, to, &d->arena, &h, err))
        return false;
    pair_generations(d, &g, &h);
    return true;
}

// ---- for people -----------------------------------------------------------------------------------------------------

static void write_records(struct arena *a, const struct advisory *records, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        const struct advisory *r = &records[i];
        const struct slice traits[] = {r->severity, r->state, r->arch, r->module, r->aliases, r->cvss};
        buf_adds(out, i != 0 ? ";" : "");
        buf_addc(out, ' ');
        session_add_statement(a, r, out);
        for (size_t t = 0; t < sizeof traits / sizeof traits[0]; t++)
            if (traits[t].n != 0)
                buf_addf(out, " (%.*s)", SLICE_ARG(utf8_plain(a, traits[t])));
    }
    if (n == 0)
        buf_adds(out, " nothing");
}

static void write_change(const struct segment_change *c, struct buf *out)
{
    struct arena scratch ARENA_AUTO = {0};
    const struct advisory *any = c->after_n != 0 ? c->after : c->before;
    struct slice scope = utf8_plain(&scratch, any->scope), package = utf8_plain(&scratch, any->package),
                 id = utf8_plain(&scratch, any->vulnerability);
    buf_addf(out, "%-8s %-28.*s %-24.*s %-18.*s", kinds[c->kind], SLICE_ARG(scope), SLICE_ARG(package), SLICE_ARG(id));
    if (c->kind != SEGMENT_ADDED)
        write_records(&scratch, c->before, c->before_n, out);
    if (c->kind == SEGMENT_CHANGED)
        buf_adds(out, " ->");
    if (c->kind != SEGMENT_REMOVED)
        write_records(&scratch, c->after, c->after_n, out);
    buf_addc(out, '\n');
}

// ---- for programs: as a stream, a change on each line ---------------------------------------------------------------

static void add_records(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const struct advisory *records,
                        size_t n)
{
    yyjson_mut_val *list = json_add_arr(doc, object, key);
    for (size_t i = 0; i < n; i++) {
        const struct advisory *r = &records[i];
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, item, "status", slice_str(advisory_status_name(r->status)));
        json_add_str(doc, item, "introduced", r->introduced);
        json_add_str(doc, item, "bound", r->bound);
        json_add_str(doc, item, "severity", r->severity);
        json_add_str(doc, item, "state", r->state);
        json_add_str(doc, item, "arch", r->arch);
        json_add_str(doc, item, "module", r->module);
        json_add_str(doc, item, "aliases", r->aliases);
        json_add_str(doc, item, "cvss", r->cvss);
    }
}

static void write_change_json(struct diff *d, const struct segment_change *c)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    const struct advisory *any = c->after_n != 0 ? c->after : c->before;
    json_add_str(doc, root, "change", slice_str(kinds[c->kind]));
    json_add_str(doc, root, "feed", d->feed);
    json_add_str(doc, root, "scope", any->scope);
    json_add_str(doc, root, "package", any->package);
    json_add_str(doc, root, "vulnerability", any->vulnerability);
    add_records(doc, root, "before", c->before, c->before_n);
    add_records(doc, root, "after", c->after, c->after_n);
    buf_adds(&d->out, d->any ? ",\n" : "\n");
    json_write(doc, false, &d->out);
    d->any = true;
}

// A member of an object, in its text.
static void write_member(struct diff *d, const char *key, struct slice value)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    struct buf text BUF_AUTO = {0};
    json_add_str(doc, root, key, value);
    json_write(doc, false, &text);
    buf_add(&d->out, slice_of(text.p + 1, text.n - 2));
}

// ---- writing as it comes --------------------------------------------------------------------------------------------

static bool flush(struct diff *d, struct error *err)
{
    bool ok = fd_write_all(STDOUT_FILENO, buf_slice(&d->out), err) || error_wrap(err, "standard output");
    d->out.n = 0;
    return ok;
}

static bool take_change(void *context, const struct segment_change *c, struct error *err)
{
    struct diff *d = context;
    d->counts[c->kind]++;
    if (d->json)
        write_change_json(d, c);
    else
        write_change(c, &d->out);
    return d->out.n < WRITE_AT || flush(d, err);
}

static void write_counts(struct diff *d)
{
    buf_addf(&d->out, "%.*s: %llu added, %llu changed, %llu removed\n", SLICE_ARG(d->feed),
             (unsigned long long)d->counts[SEGMENT_ADDED], (unsigned long long)d->counts[SEGMENT_CHANGED],
             (unsigned long long)d->counts[SEGMENT_REMOVED]);
}

static bool open_side(struct diff *d, const struct digest *digest, struct segment **out, struct error *err)
{
    *out = NULL;
    if (digest->text[0] == '\0')
        return true;
    *out = store_segment_open(&d->store, digest, err);
    return *out != NULL;
}

static bool compare(struct diff *d, const struct pair *pair, struct error *err)
{
    struct segment *before = NULL, *after = NULL;
    d->feed = pair->feed;
    memset(d->counts, 0, sizeof d->counts);
    bool ok = open_side(d, &pair->before, &before, err) && open_side(d, &pair->after, &after, err) &&
              segment_diff(before, after, take_change, d, err);
    segment_close(&before);
    segment_close(&after);
    if (ok && !d->json)
        write_counts(d);
    return ok || error_wrap(err, "%.*s", SLICE_ARG(pair->feed));
}

static bool compare_all(struct diff *d, struct error *err)
{
    if (d->json) {
        buf_adds(&d->out, "{\"schema\":\"clarion/advisories-diff/1\",");
        write_member(d, "from", d->from);
        buf_addc(&d->out, ',');
        write_member(d, "to", d->to);
        buf_adds(&d->out, ",\"changes\":[");
    }
    for (size_t i = 0; i < d->pairs.n; i++)
        if (!compare(d, &d->pairs.v[i], err))
            return false;
    if (d->json)
        buf_adds(&d->out, d->any ? "\n]}\n" : "]}\n");
    else if (d->pairs.n == 0)
        buf_adds(&d->out, "nothing differs\n");
    return flush(d, err);
}

static bool diff(struct diff *d, char **arguments, size_t n, struct error *err)
{
    int held FD_AUTO = -1;
    if (!store_open(&d->cli->home, &d->store, err) || !store_hold_segments(&d->store, &held, err))
        return false;
    bool paired = n == 1 ? pair_feed(d, slice_str(arguments[0]), err)
                         : pair_refs(d, slice_str(arguments[0]), slice_str(arguments[1]), err);
    return paired && compare_all(d, err);
}

int advisories_diff(struct cli *cli, char **arguments, size_t n)
{
    struct diff d = {.cli = cli};
    struct error err = {0};
    int code;
    if (!advisories_json(cli, &d.json, &code))
        return code;
    if (n == 1 && feed_named(slice_str(arguments[0])) == NULL)
        return cli_no_such_feed(cli, arguments[0]);
    bool ok = diff(&d, arguments, n, &err);
    buf_free(&d.out);
    store_close(&d.store);
    arena_free(&d.arena);
    if (ok)
        return EXIT_FINE;
    log_error("%s", err.text);
    return err.code == ERR_USAGE ? EXIT_BAD_USAGE : EXIT_FAILED;
}
