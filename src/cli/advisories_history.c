// clarion advisories list, and rollback FEED [REF]: what is kept of the feeds, and going back to it.
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/advisories.h"
#include "feed/feed.h"
#include "store/segments.h"

#include <sys/stat.h>

// ---- list -----------------------------------------------------------------------------------------------------------

struct history {
    struct arena arena;
    struct store store;
    struct kept_update *updates;
    struct kept_generation *generations;
    size_t updates_n, generations_n;
};

static bool read_history(struct history *h, struct store_home *home, struct error *err)
{
    return store_open(home, &h->store, err) &&
           store_generations(&h->store, &h->arena, &h->generations, &h->generations_n, err) &&
           store_updates(&h->store, &h->arena, &h->updates, &h->updates_n, err);
}

// Size of a segment on the disk; false when it is not there.
static bool bytes_of(struct history *h, const struct kept_update *u, uint64_t *bytes)
{
    struct stat st;
    bool found = stat(arena_printf(&h->arena, "%s/%s.segment", h->store.segments, digest_hex(&u->segment)).p, &st) == 0;
    *bytes = found ? (uint64_t)st.st_size : 0;
    return found;
}

static const char *time_text(int64_t when, char text[static CLOCK_TEXT])
{
    if (when == 0)
        return "never";
    clock_format(when, text);
    return text;
}

static void write_generations(const struct history *h, struct buf *out)
{
    buf_addf(out, "%-17s %-21s %s\n", "GENERATION", "MADE", "CHANGED");
    for (size_t i = 0; i < h->generations_n; i++) {
        const struct kept_generation *g = &h->generations[i];
        char made[CLOCK_TEXT];
        buf_addf(out, "%-17.*s %-21s %.*s%s\n", SLICE_ARG(g->id), time_text(g->made, made), SLICE_ARG(g->changed),
                 i == 0 ? " (in force)" : "");
    }
}

static void write_updates(struct history *h, struct buf *out)
{
    buf_addf(out, "%-37s %-20s %-21s %-21s %10s %11s  %-72s %s\n", "UPDATE", "FEED", "MADE", "CONFIRMED", "RECORDS",
             "BYTES", "SEGMENT", "USED BY");
    for (size_t i = 0; i < h->updates_n; i++) {
        const struct kept_update *u = &h->updates[i];
        char made[CLOCK_TEXT], checked[CLOCK_TEXT];
        uint64_t bytes;
        bool found = bytes_of(h, u, &bytes);
        buf_addf(out, "%-37.*s %-20.*s %-21s %-21s %10llu %11llu  %-72s %zu generation%s%s%s\n", SLICE_ARG(u->ref),
                 SLICE_ARG(u->feed), time_text(u->made, made), time_text(u->checked, checked),
                 (unsigned long long)u->records, (unsigned long long)bytes, u->segment.text, u->generations,
                 u->generations == 1 ? "" : "s", u->in_force ? ", in force" : "", found ? "" : ", but is missing");
    }
}

static void write_list(struct history *h, struct buf *out)
{
    if (h->generations_n == 0) {
        buf_adds(out, "No vulnerability data yet: run `clarion update`.\n");
        return;
    }
    write_generations(h, out);
    buf_addc(out, '\n');
    write_updates(h, out);
}

static void add_time(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int64_t when)
{
    char text[CLOCK_TEXT] = "";
    if (when != 0)
        clock_format(when, text);
    json_add_str(doc, object, key, slice_str(text));
}

static void add_words(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, struct slice words)
{
    yyjson_mut_val *list = json_add_arr(doc, object, key);
    struct slice word;
    while (words.n != 0) {
        slice_cut(words, ' ', &word, &words);
        json_arr_add_str(doc, list, word);
    }
}

static void write_list_json(struct history *h, struct buf *out)
{
    yyjson_mut_val *root, *list, *item;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    json_add_str(doc, root, "schema", SLICE("clarion/updates/1"));
    list = json_add_arr(doc, root, "generations");
    for (size_t i = 0; i < h->generations_n; i++) {
        item = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, item, "id", h->generations[i].id);
        add_time(doc, item, "made", h->generations[i].made);
        add_words(doc, item, "changed", h->generations[i].changed);
        yyjson_mut_obj_add_bool(doc, item, "in_force", i == 0);
    }
    list = json_add_arr(doc, root, "updates");
    for (size_t i = 0; i < h->updates_n; i++) {
        const struct kept_update *u = &h->updates[i];
        uint64_t bytes;
        bool found = bytes_of(h, u, &bytes);
        item = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, item, "ref", u->ref);
        json_add_str(doc, item, "feed", u->feed);
        json_add_str(doc, item, "segment", digest_slice(&u->segment));
        yyjson_mut_obj_add_bool(doc, item, "missing", !found);
        yyjson_mut_obj_add_uint(doc, item, "bytes", bytes);
        yyjson_mut_obj_add_uint(doc, item, "records", u->records);
        add_time(doc, item, "made", u->made);
        add_time(doc, item, "checked", u->checked);
        yyjson_mut_obj_add_uint(doc, item, "generations", u->generations);
        yyjson_mut_obj_add_bool(doc, item, "in_force", u->in_force);
    }
    json_write(doc, true, out);
    buf_addc(out, '\n');
}

int advisories_list(struct cli *cli, char **arguments, size_t n)
{
    (void)arguments, (void)n;
    struct history h = {0};
    struct buf out BUF_AUTO = {0};
    struct error err;
    bool json;
    int code;
    if (!advisories_json(cli, &json, &code))
        return code;
    bool ok = read_history(&h, &cli->home, &err);
    if (ok)
        (json ? write_list_json : write_list)(&h, &out);
    store_close(&h.store);
    arena_free(&h.arena);
    if (ok)
        return cli_emit(buf_slice(&out), NULL);
    log_error("%s", err.text);
    return EXIT_FAILED;
}

// ---- rollback -------------------------------------------------------------------------------------------------------

static void say_waiting(void *context)
{
    log_info("%s: waiting for an update", (const char *)context);
}

// The update to go back to: one that is kept, of this feed, with a sound segment.
static bool choose(struct store *s, const char *feed, const char *ref, struct arena *a, struct kept_update *to,
                   struct error *err)
{
    if (ref == NULL ? !store_update_before(s, slice_str(feed), a, to, err)
                    : !store_update_of(s, slice_str(ref), a, to, err))
        return false;
    if (!slice_eq(to->feed, slice_str(feed)))
        return error_set(err, ERR_USAGE, "update %s is one of %.*s, not of %s", ref, SLICE_ARG(to->feed), feed);
    if (to->in_force)
        return error_set(err, ERR_USAGE, "update %s of %s is in force already", ref, feed);
    struct segment *segment = NULL;
    bool sound = store_segment_fetch(s, &to->segment, err) && segment_verify(s->segments, &to->segment, err) &&
                 (segment = segment_open(s->segments, &to->segment, err)) != NULL;
    segment_close(&segment);
    return sound || error_wrap(err, "cannot go back");
}

static bool go_back(struct store *s, char *feed, const char *ref, struct arena *a, struct kept_update *to,
                    struct error *err)
{
    struct store_lock lock STORE_LOCK_AUTO = STORE_LOCK_NONE;
    int held FD_AUTO = -1;
    return store_lock_feed(s, slice_str(feed), say_waiting, feed, &lock, err) && store_hold_segments(s, &held, err) &&
           choose(s, feed, ref, a, to, err) && store_rollback(s, to, err);
}

static int tell(struct store *s, const struct kept_update *to, struct arena *a)
{
    struct generation g;
    struct error err;
    struct buf out BUF_AUTO = {0};
    char made[CLOCK_TEXT];
    if (!store_generation(s, a, &g, &err)) {
        log_error("%s", err.text);
        return EXIT_FAILED;
    }
    clock_format(to->made, made);
    buf_addf(&out,
             "%.*s: %llu records of %s are in force again, in generation %.*s; the next update asks the upstream for "
             "what has changed since\n",
             SLICE_ARG(to->feed), (unsigned long long)to->records, made, SLICE_ARG(g.id));
    return cli_emit(buf_slice(&out), NULL);
}

int advisories_rollback(struct cli *cli, char **arguments, size_t n)
{
    struct arena a ARENA_AUTO = {0};
    struct store store STORE_AUTO = {0};
    struct kept_update to;
    struct error err;
    if (feed_named(slice_str(arguments[0])) == NULL)
        return cli_no_such_feed(cli, arguments[0]);
    if (store_open(&cli->home, &store, &err) &&
        go_back(&store, arguments[0], n > 1 ? arguments[1] : NULL, &a, &to, &err))
        return tell(&store, &to, &a);
    log_error("%s: %s", arguments[0], err.text);
    return err.code == ERR_USAGE ? EXIT_BAD_USAGE : EXIT_FAILED;
}
