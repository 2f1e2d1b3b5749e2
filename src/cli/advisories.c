// clarion advisories: what the feeds say and have said. `show ID` is here, the other parts have files of their own.
#include "cli/advisories.h"

#include "base/log.h"
#include "base/utf8.h"
#include "cli/session.h"
#include "store/segments.h"

static const struct option_spec options[] = {
    {"as-of", 0, "REF|DATE", "show, export: the feeds as they were then", NULL},
    {"format", 'f', "FORMAT", "list, diff: text (default) or json", "text json"},
    {"feed", 0, "FEED,…", "export: these feeds only", NULL},
    {"force", 0, NULL, "import: also what is older than what is here", NULL},
    {0},
};

static const struct part_option part_options[] = {
    {"as-of", "show export"}, {"format", "list diff"}, {"feed", "export"}, {"force", "import"}, {0}};

static void write_record(struct arena *a, const struct advisory *r, struct buf *out)
{
    struct slice scope = utf8_plain(a, r->scope), package = utf8_plain(a, r->package),
                 severity = utf8_plain(a, r->severity);
    buf_addf(out, "  %-28.*s %-24.*s ", SLICE_ARG(scope), SLICE_ARG(package));
    session_add_statement(a, r, out);
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
    struct segment *segment = store_segment_open(&s->store, &feed->segment, err);
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

static int show(struct cli *cli, char **arguments, size_t n)
{
    (void)n;
    struct session s SESSION_AUTO;
    if (!session_open_with_data(&s, cli))
        return EXIT_FAILED;
    struct buf out BUF_AUTO = {0};
    size_t total = 0;
    for (size_t i = 0; i < s.generation.feeds_n; i++) {
        struct error err;
        if (!show_feed(&s, &s.generation.feeds[i], slice_str(arguments[0]), &total, &out, &err)) {
            log_error("%.*s: %s", SLICE_ARG(s.generation.feeds[i].feed), err.text);
            return EXIT_FAILED;
        }
    }
    if (total == 0) {
        log_error("no loaded feed has a record of \"%s\" (`clarion feeds` lists what is loaded)", arguments[0]);
        return EXIT_FAILED;
    }
    return cli_emit(buf_slice(&out), NULL);
}

bool advisories_json(struct cli *cli, bool *json, int *code)
{
    size_t format;
    *code = EXIT_BAD_USAGE;
    if (!cli_choice(cli, "format", &format))
        return false;
    *json = format == FORMAT_JSON;
    return true;
}

static const struct advisories_part parts[] = {
    {"show", "ID", 1, 1, show},
    {"list", "", 0, 0, advisories_list},
    {"diff", "FEED | diff REF REF", 1, 2, advisories_diff},
    {"rollback", "FEED [REF]", 1, 2, advisories_rollback},
    {"export", "FILE", 1, 1, advisories_export},
    {"import", "FILE", 1, 1, advisories_import},
};

static int run(struct cli *cli)
{
    const size_t given = cli->arguments_n - 1;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const struct advisories_part *part = &parts[i];
        if (strcmp(cli->arguments[0], part->name) != 0)
            continue;
        if (given < part->least || given > part->most)
            return cli_usage(cli, "%s is given: clarion advisories %s %s",
                             given < part->least ? "too little" : "too much", part->name, part->arguments);
        return part->run(cli, cli->arguments + 1, given);
    }
    return cli_no_such_part(cli);
}

const struct command command_advisories = {
    .name = "advisories",
    .summary = "show, compare, put back and carry what the feeds say",
    .arguments = "PART [ARGUMENT...]",
    .parts = "show list diff rollback export import",
    .details =
        "PART is one of\n"
        "  show ID              what each feed says about a vulnerability\n"
        "  list                 the generations and updates that are kept\n"
        "  diff FEED            what the feed's last update changed\n"
        "  diff REF REF         what changed between two updates of a feed, or two generations or dates\n"
        "  rollback FEED [REF]  puts the feed's former segment in force again, or that of an update\n"
        "  export FILE          writes what is in force into a bundle, for a site without a network\n"
        "  import FILE          puts a bundle in force, all of it or nothing\n"
        "REF is an update's or a generation's, as `list` tells it. FILE may be - for standard output or input.\n",
    .options = options,
    .part_options = part_options,
    .least = 1,
    .most = 3,
    .run = run,
};
