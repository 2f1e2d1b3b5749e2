// The OVAL of Azure Linux and of CBL-Mariner, as it was called before: for each release one file of CVEs.
//
// Form, as github.com/microsoft/AzureLinuxVulnerabilityData publishes it: a definition for each CVE and package, with
// one test, "Package tensorflow is earlier than 2.16.1-10". The package is the one that is built, the spec's name, and
// its evr goes for all that is built from it; so the records are of source packages.
#include "feed/oval.h"

#define URL "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/"

static const struct {
    const char *url, *scope;
} releases[] = {
    {URL "cbl-mariner-1.0-oval.xml", "mariner:1.0"},
    {URL "cbl-mariner-2.0-oval.xml", "mariner:2.0"},
    {URL "azurelinux-3.0-oval.xml", "azurelinux:3.0"},
};

static const char *complete(struct oval_statement *s)
{
    return s->rule->release.n == 0 ? NULL : "is for another release than that of the file";
}

// Nothing but the CVE: the references are to the NVD.
static bool parse(struct feed_input *input, struct error *err)
{
    static const struct oval_dialect dialect = {.complete = complete, .of_source = true};
    return oval_read(input, &dialect, err);
}

static bool update(struct feed_run *run, struct error *err)
{
    (void)err; // what a file met is the run's to tell
    for (size_t i = 0; i < sizeof releases / sizeof releases[0]; i++)
        feed_source(run, releases[i].url, slice_str(releases[i].scope));
    return true;
}

extern const struct feed feed_azurelinux;
const struct feed feed_azurelinux = {
    .name = "azurelinux",
    .title = "Azure Linux and CBL-Mariner OVAL",
    .url = URL,
    .version = 1,
    .parse = parse,
    .update = update,
};
