// clarion diff REPORT REPORT: what changed between two reports, and whether the image, the feeds or the program did it.
#include "base/file.h"
#include "base/log.h"
#include "cli/command.h"
#include "output/report_diff.h"

static const struct option_spec options[] = {
    {"format", 'f', "FORMAT", "text (default) or json", "text json"},
    {"output", 'o', "FILE", "write it there instead of to standard output", NULL},
    {0},
};

static int fail(const struct error *err)
{
    log_error("%s", err->text);
    return EXIT_FAILED;
}

static int run(struct cli *cli)
{
    size_t format;
    struct buf texts[2] = {{0}, {0}}, out BUF_AUTO = {0};
    struct error err;
    if (!cli_choice(cli, "format", &format))
        return EXIT_BAD_USAGE;
    struct report_diff *diff = NULL;
    bool ok = true;
    for (size_t i = 0; ok && i < 2; i++)
        ok = file_read(cli->arguments[i], cli->limits.report_bytes, &texts[i], &err);
    if (ok)
        diff = report_diff_new(buf_slice(&texts[0]), buf_slice(&texts[1]), &err);
    if (diff != NULL)
        (format == FORMAT_JSON ? report_diff_json : report_diff_text)(diff, &out);
    int code = diff != NULL ? cli_emit(buf_slice(&out), cli_value(cli, "output")) : fail(&err);
    report_diff_free(&diff);
    buf_free(&texts[0]);
    buf_free(&texts[1]);
    return code;
}

const struct command command_diff = {
    .name = "diff",
    .summary = "compare two reports: what changed, and why",
    .arguments = "REPORT REPORT",
    .details =
        "Both are what `clarion scan --format json` wrote. Behind each finding stands what can have caused its change:\n"
        "image (its package, or the distribution), feeds (what they say), program (the version of clarion), or\n"
        "options (none of these differ: how the reports were made).\n",
    .options = options,
    .least = 2,
    .most = 2,
    .run = run,
};
