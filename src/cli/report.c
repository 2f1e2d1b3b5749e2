// clarion report DIGEST|NAME: judge an indexed image again, without the image.
#include "cli/session.h"

static const struct option_spec options[] = {
    SESSION_REPORT_OPTIONS,
    {0},
};

static int run(struct cli *cli)
{
    const struct output *output = session_output(cli, "table", false);
    if (output == NULL || !session_check_options(cli))
        return EXIT_BAD_USAGE;
    struct session s SESSION_AUTO;
    if (!session_open(&s, cli, true))
        return EXIT_FAILED;
    struct arena a ARENA_AUTO = {0};
    struct stored_image image;
    struct report report;
    if (!session_stored_image(&s, cli->arguments[0], &a, &image) || !session_report(&s, &image, NULL, &a, &report))
        return EXIT_FAILED;
    return session_deliver(&s, &report, output, false, cli->arguments[0]);
}

const struct command command_report = {
    .name = "report",
    .summary = "judge an indexed image by today's feeds, without reading it again",
    .arguments = "DIGEST|NAME",
    .details = "DIGEST is the manifest's, or the start of it; NAME is one that the image has in a registry\n"
               "(REGISTRY/REPOSITORY:TAG), as it was indexed from there or as the registry told the service.\n",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
