// clarion feeds: each feed's state, age, records and last error; with --verbose, its files and what became of their
// records.
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "feed/feed.h"
#include "match/report.h"
#include "store/store.h"

static const struct option_spec options[] = {
    {"format", 'f', "FORMAT", "table (default) or json", "table json"},
    {0},
};

static enum feed_condition condition(const struct feed_state *state, int64_t now)
{
    if (state == NULL || state->segment.text[0] == '\0')
        return state != NULL && state->error.n != 0 ? FEED_IN_ERROR : FEED_MISSING;
    return now - state->checked > FEED_STALE_SECONDS ? FEED_STALE : FEED_LOADED;
}

static const char *age(int64_t then, int64_t now, char text[static 32])
{
    int64_t s = now > then ? now - then : 0;
    if (then == 0)
        snprintf(text, 32, "never");
    else if (s < 120)
        snprintf(text, 32, "%lld s ago", (long long)s);
    else if (s < 7200)
        snprintf(text, 32, "%lld min ago", (long long)(s / 60));
    else if (s < 172800)
        snprintf(text, 32, "%lld h ago", (long long)(s / 3600));
    else
        snprintf(text, 32, "%lld days ago", (long long)(s / 86400));
    return text;
}

// A feed of the table: its state in the current generation, and the files of its segment.
struct row {
    const struct feed *feed;
    const struct feed_state *state; // NULL: it was never asked for
    struct feed_file *files;
    size_t files_n;
    struct feed_account account;
    struct file_left_out *left_out; // of all files, by reason
    size_t left_out_n, left_out_cap;
};

static void add_left_out(struct row *row, const struct file_left_out *some, struct arena *a)
{
    size_t at = 0;
    while (at < row->left_out_n && !slice_eq(row->left_out[at].reason, some->reason))
        at++;
    if (at == row->left_out_n) {
        if (row->left_out_n == row->left_out_cap)
            row->left_out = arena_grow(a, row->left_out, sizeof *row->left_out, row->left_out_n, &row->left_out_cap);
        row->left_out[row->left_out_n++] = (struct file_left_out){some->reason, 0};
    }
    row->left_out[at].records += some->records;
}

static bool read_row(struct store *store, const struct generation *g, const struct feed *feed, struct arena *a,
                     struct row *row, struct error *err)
{
    *row = (struct row){.feed = feed, .state = generation_feed(g, slice_str(feed->name))};
    if (!store_feed_files(store, slice_str(feed->name), a, &row->files, &row->files_n, err))
        return false;
    row->account = feed_account(row->files, row->files_n, row->state != NULL ? row->state->records : 0);
    for (size_t f = 0; f < row->files_n; f++)
        for (size_t i = 0; i < row->files[f].left_out_n; i++)
            add_left_out(row, &row->files[f].left_out[i], a);
    return true;
}

static uint64_t read_of(const struct feed_account *account)
{
    return account->kept + account->repeated + account->left_out;
}

static const char *file_state(const struct feed_file *file)
{
    return file->error.n == 0 ? "read" : file->checked == 0 ? "missing" : "failed";
}

// ---- for people -----------------------------------------------------------------------------------------------------

static void write_file(const struct feed_file *file, int64_t now, struct arena *a, struct buf *out)
{
    char checked[32];
    struct slice url = utf8_plain(a, file->url), error = utf8_plain(a, file->error);
    buf_addf(out, "  %-8s %10llu  %-12s %.*s\n", file_state(file), (unsigned long long)file->added,
             age(file->checked, now, checked), SLICE_ARG(url));
    if (error.n != 0)
        buf_addf(out, "    %.*s\n", SLICE_ARG(error));
    for (size_t i = 0; i < file->left_out_n; i++)
        buf_addf(out, "    %llu left out: %.*s\n", (unsigned long long)file->left_out[i].records,
                 SLICE_ARG(file->left_out[i].reason));
}

static void write_files(const struct row *row, int64_t now, struct buf *out)
{
    struct arena scratch ARENA_AUTO = {0};
    const struct feed_account *n = &row->account;
    if (row->files_n == 0)
        return;
    buf_addf(out, "  %llu records read: %llu kept, %llu repeated, %llu left out\n", (unsigned long long)read_of(n),
             (unsigned long long)n->kept, (unsigned long long)n->repeated, (unsigned long long)n->left_out);
    for (size_t i = 0; i < row->left_out_n; i++)
        buf_addf(out, "    %llu left out: %.*s\n", (unsigned long long)row->left_out[i].records,
                 SLICE_ARG(row->left_out[i].reason));
    for (size_t i = 0; i < row->files_n; i++)
        write_file(&row->files[i], now, &scratch, out);
}

static void write_row(const struct row *row, bool verbose, int64_t now, struct buf *out)
{
    const struct feed_state *s = row->state;
    char updated[32], checked[32];
    buf_addf(out, "%-20s %-8s %10llu  %-12s %-12s %s\n", row->feed->name, feed_condition_name(condition(s, now)),
             (unsigned long long)row->account.kept, age(s != NULL ? s->updated : 0, now, updated),
             age(s != NULL ? s->checked : 0, now, checked), row->feed->url);
    if (s != NULL && s->error.n != 0)
        buf_addf(out, "  last try, %s: %.*s\n", age(s->tried, now, updated), SLICE_ARG(s->error));
    if (verbose)
        write_files(row, now, out);
}

static void write_table(const struct row *rows, size_t n, const struct generation *g, bool verbose, struct buf *out)
{
    int64_t now = clock_now();
    buf_addf(out, "%-20s %-8s %10s  %-12s %-12s %s\n", "FEED", "STATE", "RECORDS", "UPDATED", "CONFIRMED", "FROM");
    for (size_t i = 0; i < n; i++)
        write_row(&rows[i], verbose, now, out);
    if (g->id.n == 0)
        buf_adds(out, "\nNo vulnerability data yet: run `clarion update`.\n");
    else {
        char made[CLOCK_TEXT];
        clock_format(g->created, made);
        buf_addf(out, "\nGeneration %.*s, made %s.\n", SLICE_ARG(g->id), made);
    }
}

// ---- for programs ---------------------------------------------------------------------------------------------------

static void add_time(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int64_t when)
{
    char text[CLOCK_TEXT] = "";
    if (when != 0)
        clock_format(when, text);
    json_add_str(doc, object, key, slice_str(text));
}

static void add_reasons(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct file_left_out *left_out, size_t n)
{
    yyjson_mut_val *list = json_add_arr(doc, object, "left_out");
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, item, "reason", left_out[i].reason);
        yyjson_mut_obj_add_uint(doc, item, "records", left_out[i].records);
    }
}

static void add_files(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct row *row)
{
    yyjson_mut_val *list = json_add_arr(doc, object, "files");
    for (size_t i = 0; i < row->files_n; i++) {
        const struct feed_file *file = &row->files[i];
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, item, "url", file->url);
        json_add_str(doc, item, "scope", file->scope);
        json_add_str(doc, item, "state", slice_str(file_state(file)));
        add_time(doc, item, "checked", file->checked);
        yyjson_mut_obj_add_uint(doc, item, "added", file->added);
        add_reasons(doc, item, file->left_out, file->left_out_n);
        json_add_str(doc, item, "error", file->error);
    }
}

static void add_row(yyjson_mut_doc *doc, yyjson_mut_val *item, const struct row *row, int64_t now)
{
    const struct feed_state *s = row->state;
    json_add_str(doc, item, "feed", slice_str(row->feed->name));
    json_add_str(doc, item, "title", slice_str(row->feed->title));
    json_add_str(doc, item, "url", slice_str(row->feed->url));
    json_add_str(doc, item, "state", slice_str(feed_condition_name(condition(s, now))));
    yyjson_mut_obj_add_uint(doc, item, "records", row->account.kept);
    yyjson_mut_obj_add_uint(doc, item, "read", read_of(&row->account));
    yyjson_mut_obj_add_uint(doc, item, "repeated", row->account.repeated);
    add_reasons(doc, item, row->left_out, row->left_out_n);
    add_time(doc, item, "updated", s != NULL ? s->updated : 0);
    add_time(doc, item, "checked", s != NULL ? s->checked : 0);
    json_add_str(doc, item, "ref", s != NULL ? s->ref : SLICE(""));
    json_add_str(doc, item, "segment", s != NULL ? digest_slice(&s->segment) : SLICE(""));
    json_add_str(doc, item, "error", s != NULL ? s->error : SLICE(""));
    add_files(doc, item, row);
}

static void write_json(const struct row *rows, size_t n, const struct generation *g, struct buf *out)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    int64_t now = clock_now();
    json_add_str(doc, root, "schema", SLICE("clarion/feeds/1"));
    json_add_str(doc, root, "generation", g->id);
    yyjson_mut_val *list = json_add_arr(doc, root, "feeds");
    for (size_t i = 0; i < n; i++)
        add_row(doc, yyjson_mut_arr_add_obj(doc, list), &rows[i], now);
    json_write(doc, true, out);
    buf_addc(out, '\n');
}

// ---- the command ----------------------------------------------------------------------------------------------------

static bool read_rows(struct store *store, const struct generation *g, struct arena *a, struct row **rows, size_t *n,
                      struct error *err)
{
    *n = 0;
    while (feeds[*n] != NULL)
        (*n)++;
    *rows = ARENA_NEW(a, struct row, *n);
    for (size_t i = 0; i < *n; i++)
        if (!read_row(store, g, feeds[i], a, &(*rows)[i], err))
            return false;
    return true;
}

static int run(struct cli *cli)
{
    size_t format;
    if (!cli_choice(cli, "format", &format))
        return EXIT_BAD_USAGE;
    struct store store STORE_AUTO = {0};
    struct arena a ARENA_AUTO = {0};
    struct generation g;
    struct row *rows;
    size_t n;
    struct error err;
    if (!store_open(&cli->home, &store, &err) || !store_generation(&store, &a, &g, &err) ||
        !read_rows(&store, &g, &a, &rows, &n, &err)) {
        log_error("%s", err.text);
        return EXIT_FAILED;
    }
    struct buf out BUF_AUTO = {0};
    if (format == FORMAT_JSON)
        write_json(rows, n, &g, &out);
    else
        write_table(rows, n, &g, cli->verbose, &out);
    return cli_emit(buf_slice(&out), NULL);
}

const struct command command_feeds = {
    .name = "feeds",
    .summary = "list the feeds: state, records, age, last error",
    .arguments = "",
    .details =
        "--verbose adds each feed's files, and what became of their records: every one is kept, word for word the\n"
        "same as another, or left out for a reason that is told.\n",
    .options = options,
    .run = run,
};
