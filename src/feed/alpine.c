// Alpine's security database: for each branch and repository one JSON file of fixes (secdb.c has its form).
#include "feed/secdb.h"

#include <stdio.h>

#define URL           "https://secdb.alpinelinux.org"
#define OLDEST_BRANCH 2
#define NEWEST_BRANCH 23  // known when this was written: later ones are found by trying
#define MOST_BRANCHES 200 // to try, of an upstream that has them all
#define MOST_MISSING  2   // branches in a row behind the newest known one
#define MOST_FAILED   4   // files in a row: then the upstream is not there

struct probe {
    struct feed_run *run;
    int failed; // files in a row
};

// Asks for both files of a branch. *missing tells that the upstream has neither.
static bool take_branch(struct probe *p, const char *branch, bool *missing, struct error *err)
{
    static const char *const repositories[] = {"main", "community"};
    *missing = true;
    for (size_t i = 0; i < sizeof repositories / sizeof repositories[0]; i++) {
        char url[128], scope[64];
        snprintf(url, sizeof url, URL "/%s/%s.json", branch, repositories[i]);
        snprintf(scope, sizeof scope, "alpine:%s/%s", branch, repositories[i]);
        enum feed_answer answer = feed_source(p->run, url, slice_str(scope));
        *missing = *missing && answer == FEED_ABSENT;
        p->failed = answer == FEED_FAILED ? p->failed + 1 : 0;
        if (p->failed == MOST_FAILED)
            return error_set(err, ERR_NETWORK, "%d files in a row failed, so the others were not asked for", p->failed);
    }
    return true;
}

static bool update(struct feed_run *run, struct error *err)
{
    struct probe probe = {.run = run};
    bool missing;
    if (!take_branch(&probe, "edge", &missing, err))
        return false;
    int missing_n = 0;
    for (int minor = OLDEST_BRANCH; minor < MOST_BRANCHES && (minor <= NEWEST_BRANCH || missing_n < MOST_MISSING);
         minor++) {
        char branch[16];
        snprintf(branch, sizeof branch, "v3.%d", minor);
        if (!take_branch(&probe, branch, &missing, err))
            return false;
        missing_n = missing ? missing_n + 1 : 0;
    }
    return true;
}

const struct feed feed_alpine = {
    .name = "alpine",
    .title = "Alpine Linux security database",
    .url = URL "/",
    .version = 1,
    .parse = secdb_parse,
    .update = update,
};
