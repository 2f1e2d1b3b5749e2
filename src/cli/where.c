// clarion where: which of the indexed images have a vulnerability, or hold a package.
#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "cli/session.h"
#include "notify/where_list.h"

static const struct option_spec options[] = {
    {"format", 'f', "FORMAT", "table (default) or json", "table json"},
    {0},
};

static void write_table(const struct where_list *list, struct buf *out)
{
    struct arena scratch ARENA_AUTO = {0};
    size_t images = 0;
    for (size_t i = 0; i < list->rows.n; i++) {
        const struct where_row *r = &list->rows.v[i];
        struct slice name = utf8_plain(&scratch, r->name), version = utf8_plain(&scratch, r->version);
        if (where_list_begins_image(list, i)) {
            images++;
            struct slice reference = utf8_plain(&scratch, r->reference);
            buf_addf(out, "%.*s %.*s\n", SLICE_ARG(r->manifest), SLICE_ARG(reference));
        }
        buf_addf(out, "  %-9.*s %-32.*s %-24.*s", SLICE_ARG(r->kind), SLICE_ARG(name), SLICE_ARG(version));
        if (r->severity != NULL) {
            struct slice fixed = utf8_plain(&scratch, r->fixed_in);
            buf_addf(out, " %-11s %s%.*s", r->severity, fixed.n != 0 ? "fixed in " : "no fix", SLICE_ARG(fixed));
        }
        buf_addf(out, "  layer %.19s\n", r->layer.n >= 19 ? r->layer.p : "not known");
    }
    buf_addf(out, "%zu image%s\n", images, images == 1 ? "" : "s");
}

static int run(struct cli *cli)
{
    struct where_list list WHERE_LIST_AUTO = {0};
    struct buf out BUF_AUTO = {0};
    struct error err;
    bool known;
    struct slice asked = slice_str(cli->arguments[0]);
    const char *format = cli_value(cli, "format");
    bool json = format != NULL && strcmp(format, "json") == 0;
    if (format != NULL && !json && strcmp(format, "table") != 0)
        return cli_usage(cli, "there is no format \"%s\" here; there are: table json", format);
    struct session s SESSION_AUTO;
    if (!session_open(&s, cli, true))
        return EXIT_FAILED;
    if (!where_list_fill(&list, &s.store, &s.generation, s.segments, asked, clock_now(), &known, &err)) {
        log_error("%s", err.text);
        return EXIT_FAILED;
    }
    if (json) {
        where_list_write(&list, asked, true, &out);
        buf_addc(&out, '\n');
    } else {
        write_table(&list, &out);
    }
    if (!known && list.rows.n == 0)
        log_warn("no loaded feed has a record of \"%s\", and no indexed image a package of that name", asked.p);
    return cli_emit(buf_slice(&out), NULL);
}

const struct command command_where = {
    .name = "where",
    .summary = "tell which indexed images have a vulnerability, or hold a package",
    .arguments = "VULNERABILITY|PACKAGE",
    .details =
        "VULNERABILITY is a CVE, or another id that a feed has: told are the images that are affected by what\n"
        "the feeds say now, whether or not VEX documents or ignore rules suppress it in reports. PACKAGE is the\n"
        "name of a package or of the source that it was built from.\n",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
