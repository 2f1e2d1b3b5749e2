// clarion where: which of the indexed images have a vulnerability, or hold a package.
#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "cli/session.h"
#include "notify/where_list.h"

#define PAGE 1000 // images that are asked for at a time

static const struct option_spec options[] = {
    {"format", 'f', "FORMAT", "table (default) or json", "table json"},
    {"first", 0, "N", "only the first N images: those whose packages were indexed last", NULL},
    {"show-suppressed", 0, NULL, "list also what VEX documents suppress; json always does", NULL},
    {0},
};

// "    not_affected (vulnerable_code_not_present): The parser is not built in; statement 2 of urn:x"
static void write_statement(const struct where_row *r, struct arena *a, struct buf *out)
{
    struct slice justification = utf8_plain(a, r->justification), impact = utf8_plain(a, r->impact);
    struct slice document = utf8_plain(a, r->document);
    buf_addf(out, "    %s", r->status);
    if (justification.n != 0)
        buf_addf(out, " (%.*s)", SLICE_ARG(justification));
    if (impact.n != 0)
        buf_addf(out, ": %.*s", SLICE_ARG(impact));
    buf_addf(out, "; statement %zu of %.*s\n", r->statement, SLICE_ARG(document));
}

static void write_rows(const where_rows *rows, struct buf *out)
{
    struct arena scratch ARENA_AUTO = {0};
    for (size_t i = 0; i < rows->n; i++) {
        const struct where_row *r = &rows->v[i];
        struct slice name = utf8_plain(&scratch, r->name), version = utf8_plain(&scratch, r->version);
        if (where_list_begins_image(rows, i)) {
            struct slice reference = utf8_plain(&scratch, r->reference);
            buf_addf(out, "%.*s %.*s\n", SLICE_ARG(r->manifest), SLICE_ARG(reference));
        }
        buf_addf(out, "  %-9.*s %-32.*s %-24.*s", SLICE_ARG(r->kind), SLICE_ARG(name), SLICE_ARG(version));
        if (r->severity != NULL) {
            struct slice fixed = utf8_plain(&scratch, r->fixed_in);
            buf_addf(out, " %-11s %s%.*s", r->severity, fixed.n != 0 ? "fixed in " : "no fix", SLICE_ARG(fixed));
        }
        buf_addf(out, "  layer %.19s\n", r->layer.n >= 19 ? r->layer.p : "not known");
        if (r->status != NULL)
            write_statement(r, &scratch, out);
    }
}

static void write_table(const struct where_list *list, bool show_suppressed, struct buf *out)
{
    unsigned long long images = list->images, more = list->suppressed_only;
    write_rows(&list->rows, out);
    buf_addf(out, "%llu image%s%s\n", images, images == 1 ? "" : "s",
             list->more ? ", and there may be more: without --first all are told" : "");
    if (list->suppressed.n == 0)
        return;
    buf_addf(out, "%zu suppressed by VEX: %llu more image%s%s\n", list->suppressed.n, more, more == 1 ? "" : "s",
             show_suppressed ? ":" : "; --show-suppressed lists them.");
    if (show_suppressed)
        write_rows(&list->suppressed, out);
}

// Why the answer is empty, when that is not what it seems to say.
static bool explain_none(struct session *s, bool known, struct slice asked, struct error *err)
{
    uint64_t images;
    if (!store_image_count(&s->store, &images, err))
        return false;
    if (images == 0)
        log_warn(SESSION_NO_IMAGES);
    else if (s->generation.id.n == 0)
        log_warn("no indexed image has a package of that name; of vulnerabilities nothing is known: " SESSION_NO_DATA);
    else if (!known)
        log_warn("no loaded feed has a record of \"%s\", and no indexed image a package of that name", asked.p);
    return true;
}

// All of them, or the first. A page may have fewer than it was asked for.
static bool fill(struct where_list *list, struct where_answer *answer, uint64_t most, struct error *err)
{
    do {
        uint64_t left = most != 0 ? most - list->images - list->suppressed_only : PAGE;
        if (!where_list_add(list, answer, left < PAGE ? left : PAGE, err))
            return false;
    } while (list->more && (most == 0 || list->images + list->suppressed_only < most));
    return true;
}

static int run(struct cli *cli)
{
    struct where_list list WHERE_LIST_AUTO = {0};
    struct arena a ARENA_AUTO = {0};
    struct buf out BUF_AUTO = {0};
    struct error err;
    struct where_answer *answer;
    uint64_t most = 0;
    const char *first = cli_value(cli, "first");
    struct slice asked = slice_str(cli->arguments[0]);
    size_t format;
    if (!cli_choice(cli, "format", &format))
        return EXIT_BAD_USAGE;
    if (first != NULL && (!slice_to_u64(slice_str(first), &most) || most == 0))
        return cli_usage(cli, "--first takes a number of images from 1 on, not \"%s\"", first);
    struct session s SESSION_AUTO;
    if (!session_open(&s, cli, true))
        return EXIT_FAILED;
    const struct where_question question = {.asked = asked,
                                            .store = &s.store,
                                            .generation = &s.generation,
                                            .segments = s.segments,
                                            .now = clock_now(),
                                            .triage = &s.triage};
    if ((answer = where_ask(&question, &a, &err)) == NULL || !fill(&list, answer, most, &err)) {
        log_error("%s", err.text);
        return EXIT_FAILED;
    }
    if (format == FORMAT_JSON) {
        where_list_write(&list, asked, true, &out);
        buf_addc(&out, '\n');
    } else {
        write_table(&list, cli_value(cli, "show-suppressed") != NULL, &out);
    }
    if (list.rows.n == 0 && !explain_none(&s, where_is_known(answer), asked, &err)) {
        log_error("%s", err.text);
        return EXIT_FAILED;
    }
    return cli_emit(buf_slice(&out), NULL);
}

const struct command command_where = {
    .name = "where",
    .summary = "tell which indexed images have a vulnerability, or hold a package",
    .arguments = "VULNERABILITY|PACKAGE",
    .details =
        "VULNERABILITY is a CVE, or another id that a feed has, in letters of either case: told are the images in\n"
        "whose reports it stands now. What stored VEX documents (`clarion vex add`) suppress there is counted.\n"
        "PACKAGE is the name of a package or of the source that it was built from.\n",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
