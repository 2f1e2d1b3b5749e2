// Photon OS's OVAL: for each release one file of notices (PHSA).
//
// Form, as packages.vmware.com/photon/photon_oval_definitions publishes it: a definition for each notice and package
// that it updates, titled "PHSA-2024:00001 ansible Security Update. (Important)", with the CVEs that it mends.
#include "feed/oval.h"

#define URL         "https://packages.vmware.com/photon/photon_oval_definitions/"
#define LAST        5 // release, when this was written
#define LAST_PROBED 50

// "^3[^\d]", the version of photon-release, must be that of the file.
static const char *complete(struct oval_statement *s)
{
    const struct oval_rule *rule = s->rule;
    struct slice number, rest;
    if (!slice_eq(rule->release, SLICE("photon-release")))
        return "is for another product than Photon OS";
    if (rule->release_is.operation != OVAL_PATTERN || !slice_starts(rule->release_is.text, SLICE("^")) ||
        !slice_cut(slice_from(rule->release_is.text, 1), '[', &number, &rest))
        return "is for a release that it does not name";
    if (!slice_eq(arena_printf(s->arena, "photon:%.*s.0", SLICE_ARG(number)), s->input->scope))
        return "is for another release than that of the file";
    return NULL;
}

static struct slice notice(struct arena *a, const struct oval_definition *definition)
{
    struct slice first, rest;
    (void)a;
    slice_cut(definition->title, ' ', &first, &rest);
    return slice_starts(first, SLICE("PHSA-")) ? first : (struct slice){0};
}

static bool parse(struct feed_input *input, struct error *err)
{
    static const struct oval_dialect dialect = {.complete = complete, .notice = notice};
    return oval_read(input, &dialect, err);
}

// The releases that there were, and those behind them until one is missing.
static bool update(struct feed_run *run, struct error *err)
{
    struct arena *a = feed_arena(run);
    (void)err; // what a file met is the run's to tell
    for (int release = 1; release <= LAST_PROBED; release++) {
        const char *url = arena_printf(a, URL "com.vmware.phsa-photon%d.xml", release).p;
        if (feed_source(run, url, arena_printf(a, "photon:%d.0", release)) == FEED_ABSENT && release > LAST)
            break;
    }
    return true;
}

extern const struct feed feed_photon;
const struct feed feed_photon = {
    .name = "photon",
    .title = "Photon OS OVAL",
    .url = URL,
    .version = 1,
    .parse = parse,
    .update = update,
};
