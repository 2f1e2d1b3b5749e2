// clarion advisories show ID: what each feed says about one vulnerability.
#include "base/log.h"
#include "base/utf8.h"
#include "cli/session.h"

static const struct option_spec options[] = {
    {"as-of", 0, "REF|DATE", "in the feeds as they were then", NULL},
    {0},
};

static void write_record(struct arena *a, const struct advisory *r, struct buf *out)
{
    struct slice scope = utf8_plain(a, r->scope), package = utf8_plain(a, r->package),
                 severity = utf8_plain(a, r->severity);
    buf_addf(out, "  %-28.*s %-24.*s %-13s", SLICE_ARG(scope), SLICE_ARG(package), advisory_status_name(r->status));
    session_add_range(a, r, out);
    if (severity.n != 0)
        buf_addf(out, " (%.*s)", SLICE_ARG(severity));
    buf_addc(out, '\n');
}

static void write_feed(struct arena *a, const struct feed_state *feed, const advisory_vec *records, struct buf *out)
{
    struct slice description = {0}, links = {0};
    buf_addf(out, "%.*s: %zu record%s\n", SLICE_ARG(feed->feed), records->n, records->n == 1 ? "" : "s");
    for (size_t i = 0; i < records->n; i++) {
        const struct advisory *r = &records->v[i];
        if (r->description.n != 0 && !slice_eq(r->description, description)) {
            description = r->description;
            struct slice text = utf8_plain(a, description);
            buf_addf(out, "  %.*s\n", (int)text.n, text.p);
        }
        if (r->links.n != 0 && !slice_eq(r->links, links)) {
            links = r->links;
            struct slice text = utf8_plain(a, links);
            buf_addf(out, "  %.*s\n", (int)text.n, text.p);
        }
        write_record(a, r, out);
    }
}

static bool show_feed(struct session *s, const struct feed_state *feed, struct slice id, size_t *total, struct buf *out,
                      struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    if (feed->segment.text[0] == '\0')
        return true;
    struct segment *segment = segment_open(s->store.segments, &feed->segment, err);
    if (segment == NULL)
        return false;
    advisory_vec records = {0};
    bool ok = segment_vulnerability(segment, id, &a, &records, err);
    segment_close(&segment);
    if (ok && records.n != 0)
        write_feed(&a, feed, &records, out);
    *total += records.n;
    return ok;
}

static int run(struct cli *cli)
{
    if (strcmp(cli->arguments[0], "show") != 0)
        return cli_usage(cli, "there is no \"advisories %s\"; there is: show ID", cli->arguments[0]);
    struct session s SESSION_AUTO;
    if (!session_open(&s, cli, true))
        return EXIT_FAILED;
    if (s.generation.id.n == 0) {
        log_error("there is no vulnerability data yet: run `clarion update`");
        return EXIT_FAILED;
    }
    struct buf out BUF_AUTO = {0};
    size_t total = 0;
    for (size_t i = 0; i < s.generation.feeds_n; i++) {
        struct error err;
        if (!show_feed(&s, &s.generation.feeds[i], slice_str(cli->arguments[1]), &total, &out, &err)) {
            log_error("%.*s: %s", SLICE_ARG(s.generation.feeds[i].feed), err.text);
            return EXIT_FAILED;
        }
    }
    if (total == 0) {
        log_error("no loaded feed has a record of \"%s\" (`clarion feeds` lists what is loaded)", cli->arguments[1]);
        return EXIT_FAILED;
    }
    return cli_emit(buf_slice(&out), NULL);
}

const struct command command_advisories = {
    .name = "advisories",
    .summary = "show what the feeds say about a vulnerability",
    .arguments = "show ID",
    .options = options,
    .least = 2,
    .most = 2,
    .run = run,
};
