// clarion explain TARGET ID [PACKAGE]: why a finding is there, or is not.
#include "base/log.h"
#include "base/utf8.h"
#include "cli/explain_words.h"
#include "cli/watch.h"

static const struct option_spec options[] = {
    {"as-of", 0, "REF|DATE", "judge by the feeds as they were then", NULL},
    SESSION_TRIAGE_OPTIONS,
    SESSION_REGISTRY_OPTIONS,
    {0},
};

static int find_image(struct session *s, struct arena *a, struct index_result *indexed, struct stored_image *image)
{
    struct cli *cli = s->cli;
    const char *target = cli->arguments[0];
    if (strncmp(target, "sha256:", 7) == 0)
        return session_stored_image(s, target, a, image) ? EXIT_FINE : EXIT_FAILED;
    struct session_registry registry SESSION_REGISTRY_AUTO = {0};
    if (!session_registry_open(&registry, cli))
        return EXIT_BAD_USAGE;
    struct index_options how = {
        .platform = cli_value(cli, "platform"), .limits = &cli->limits, .registry = &registry.settings};
    struct error err;
    struct progress *progress PROGRESS_AUTO = progress_new(cli);
    watch_layers(&how, progress);
    bool ok = index_target(&s->store, target, &how, a, indexed, &err);
    progress_free(&progress);
    if (!ok)
        return session_refuse(&err);
    *image = indexed->image;
    return EXIT_FINE;
}

// What there is to say when no record was found.
static void write_nothing(struct arena *a, const struct report *report, struct slice id, struct slice package,
                          struct buf *out)
{
    id = utf8_plain(a, id);
    package = utf8_plain(a, package);
    if (package.n != 0)
        buf_addf(out, "The image has no package %.*s.\n", SLICE_ARG(package));
    else if (report->judged == 0)
        buf_addf(out,
                 "Nothing in this image can be judged, so nothing is known of %.*s in it; `clarion scan` says why.\n",
                 SLICE_ARG(id));
    else
        buf_addf(
            out,
            "No record of %.*s concerns a package of this image; name a PACKAGE to see why it is not found there.\n",
            SLICE_ARG(id));
}

static int run(struct cli *cli)
{
    struct session s SESSION_AUTO;
    if (!session_open_with_data(&s, cli))
        return EXIT_FAILED;
    struct arena a ARENA_AUTO = {0};
    struct index_result indexed INDEX_RESULT_AUTO = {0};
    struct stored_image image;
    int code = find_image(&s, &a, &indexed, &image);
    if (code != EXIT_FINE)
        return code;
    struct report report;
    explanation_vec found = {0};
    struct error err;
    struct slice id = slice_str(cli->arguments[1]),
                 package = slice_str(cli->arguments_n > 2 ? cli->arguments[2] : NULL);
    if (!session_report(&s, &image, &indexed, &a, &report))
        return EXIT_FAILED;
    if (!report_explain(&report, s.segments, id, package, &a, &found, &err)) {
        log_error("%s", err.text);
        return EXIT_FAILED;
    }
    struct buf out BUF_AUTO = {0};
    for (size_t i = 0; i < found.n; i++)
        explain_write(&s, &report, id, &found.v[i], &out);
    if (found.n == 0)
        write_nothing(&a, &report, id, package, &out);
    code = cli_emit(buf_slice(&out), NULL);
    for (size_t i = 0; i < report.errors_n; i++)
        log_error("%s: incomplete: %s", cli->arguments[0], report.errors[i].p);
    return report.errors_n != 0 ? EXIT_FAILED : code;
}

const struct command command_explain = {
    .name = "explain",
    .summary = "say why a vulnerability is found in an image, or is not",
    .arguments = "TARGET ID [PACKAGE]",
    .details = SESSION_TARGETS "The digest of an indexed image, sha256:…, or the start of it, will do as well.\n",
    .options = options,
    .least = 2,
    .most = 3,
    .indexes = true,
    .run = run,
};
