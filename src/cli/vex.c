// clarion vex add FILE | list | remove ID: the VEX documents that every report obeys.
#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "cli/triage.h"

static int say(const struct error *err)
{
    log_error("%s", err->text);
    return EXIT_FAILED;
}

// ---- add ------------------------------------------------------------------------------------------------------------

static bool refuse_newer(void *context, const struct stored_vex *stored, struct slice text, struct error *err)
{
    const struct vex_document *added = context;
    const struct vex_document there = {.id = stored->id, .version = stored->version, .timestamp = stored->issued};
    (void)text;
    return !vex_older_version(added, &there) ||
           error_set(err, ERR_USAGE, "a later version of it, %.*s, is stored already", SLICE_ARG(stored->version));
}

static void tell_defects(const char *path, const struct vex_document *d)
{
    for (size_t i = 0; i < d->statements_n; i++)
        if (d->statements[i].defect.n != 0)
            log_warn("%s: statement %zu on %.*s is not obeyed: %.*s", path, d->statements[i].number,
                     SLICE_ARG(d->statements[i].vulnerability), SLICE_ARG(d->statements[i].defect));
}

static int add(struct cli *cli, struct store *store)
{
    const char *path = cli->arguments[1];
    struct arena a ARENA_AUTO = {0};
    struct buf text BUF_AUTO = {0};
    struct vex_document d;
    struct error err;
    if (!session_read_file(path, "vex_bytes", cli->limits.vex_bytes, &text, &err))
        return say(&err);
    bool ok = vex_read(buf_slice(&text), slice_str(path), &cli->limits, &a, &d, &err) &&
              (d.id.n != 0 || error_set(&err, ERR_FORMAT, "it has no id, by which it could be kept")) &&
              store_vex_each(store, refuse_newer, &d, &err) &&
              store_vex_put(store,
                            &(struct stored_vex){.id = d.id,
                                                 .format = slice_str(d.format),
                                                 .author = d.author,
                                                 .version = d.version,
                                                 .issued = d.timestamp,
                                                 .statements = d.statements_n},
                            buf_slice(&text), &err);
    if (!ok) {
        error_wrap(&err, "%s", path);
        return say(&err);
    }
    tell_defects(path, &d);
    return EXIT_FINE;
}

// ---- list -----------------------------------------------------------------------------------------------------------

static bool list_one(void *context, const struct stored_vex *vex, struct slice text, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct buf *out = context;
    char issued[CLOCK_TEXT];
    (void)text, (void)err;
    clock_format(vex->issued, issued);
    buf_add(out, utf8_plain(&a, vex->id));
    buf_addf(out, "\n  %.*s", SLICE_ARG(vex->format));
    if (vex->version.n != 0)
        buf_addf(out, ", version %.*s", SLICE_ARG(utf8_plain(&a, vex->version)));
    if (vex->issued != 0)
        buf_addf(out, " of %.10s", issued);
    if (vex->author.n != 0)
        buf_addf(out, ", by %.*s", SLICE_ARG(utf8_plain(&a, vex->author)));
    buf_addf(out, ": %llu statement%s\n", (unsigned long long)vex->statements, vex->statements == 1 ? "" : "s");
    return true;
}

static int list(struct store *store)
{
    struct buf out BUF_AUTO = {0};
    struct error err;
    if (!store_vex_each(store, list_one, &out, &err))
        return say(&err);
    if (out.n == 0)
        log_warn("no VEX document is kept (`clarion vex add FILE` keeps one)");
    return cli_emit(buf_slice(&out), NULL);
}

// ---- the command ----------------------------------------------------------------------------------------------------

static int run(struct cli *cli)
{
    const char *what = cli->arguments[0];
    bool adds = strcmp(what, "add") == 0, removes = strcmp(what, "remove") == 0;
    if (!adds && !removes && strcmp(what, "list") != 0)
        return cli_no_such_part(cli);
    if (cli->arguments_n != (adds || removes ? 2 : 1))
        return cli_usage(cli, "it is used so: clarion vex %s%s", what, adds ? " FILE" : removes ? " ID" : "");
    struct session s SESSION_AUTO;
    struct error err;
    if (!session_open(&s, cli, false))
        return EXIT_FAILED;
    if (adds)
        return add(cli, &s.store);
    if (!removes)
        return list(&s.store);
    return store_vex_remove(&s.store, slice_str(cli->arguments[1]), &err) ? EXIT_FINE : say(&err);
}

const struct command command_vex = {
    .name = "vex",
    .summary = "keep VEX documents that every report obeys",
    .arguments = "add FILE | list | remove ID",
    .parts = "add list remove",
    .details = "FILE is OpenVEX 0.2, CSAF 2.0 or 2.1 (VEX or security advisory) or CycloneDX with vulnerabilities, in "
               "JSON.\nA document with the id of one that is kept takes its place.\n",
    .least = 1,
    .most = 2,
    .run = run,
};
