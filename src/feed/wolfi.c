// The security databases of Wolfi and of Chainguard's packages: one file each, in the form of Alpine's.
#include "feed/secdb.h"

#define WOLFI      "https://packages.wolfi.dev/os/security.json"
#define CHAINGUARD "https://packages.cgr.dev/chainguard/security.json"

static bool update_wolfi(struct feed_run *run, struct error *err)
{
    (void)err; // what the one file met is the run's to tell
    feed_source(run, WOLFI, SLICE("wolfi"));
    return true;
}

const struct feed feed_wolfi = {
    .name = "wolfi",
    .title = "Wolfi security database",
    .url = WOLFI,
    .version = 1,
    .parse = secdb_parse,
    .update = update_wolfi,
};

static bool update_chainguard(struct feed_run *run, struct error *err)
{
    (void)err; // likewise
    feed_source(run, CHAINGUARD, SLICE("chainguard"));
    return true;
}

const struct feed feed_chainguard = {
    .name = "chainguard",
    .title = "Chainguard security database",
    .url = CHAINGUARD,
    .version = 1,
    .parse = secdb_parse,
    .update = update_chainguard,
};
