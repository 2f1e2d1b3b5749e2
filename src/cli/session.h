// What the commands that judge images share: the store, the generation asked for, and how a report leaves the program.
#pragma once

#include "cli/command.h"
#include "image/registry.h"
#include "match/report.h"
#include "output/output.h"
#include "service/indexer.h"
#include "store/store.h"

struct session {
    struct cli *cli;
    struct arena arena;
    struct store store;
    int held; // the lock of store_hold_segments; -1 none
    struct generation generation;
    struct report_segments *segments;
    struct triage triage; // of the store's VEX documents, and of --vex and --ignore
};

// How the registries that a command's TARGETs are in are spoken to.
struct session_registry {
    struct arena arena;
    struct address_rules allow;
    struct registry_settings settings;
};

// Takes them from the options of SESSION_REACH_OPTIONS. False: the message about wrong usage has been written.
bool session_registry_open(struct session_registry *r, struct cli *cli);
void session_registry_close(struct session_registry *r);
#define SESSION_REGISTRY_AUTO __attribute__((cleanup(session_registry_close)))

// Opens the store and, when `judging`, the generation: the one of --as-of, else the current one (which may be empty),
// and what is to be obeyed on findings.
// False: the message has been written.
bool session_open(struct session *s, struct cli *cli, bool judging);

// The same, for commands that cannot do anything without vulnerability data: false without any, too.
bool session_open_with_data(struct session *s, struct cli *cli);

void session_close(struct session *s);
#define SESSION_AUTO __attribute__((cleanup(session_close)))

// An indexed image by its digest, or the start of it, or by its name in a registry; of several platforms' the one that
// `scan` would take. False: the message has been written.
bool session_stored_image(struct session *s, const char *text, struct arena *a, struct stored_image *image);

// Says why a TARGET could not be indexed, and gives the exit code: a platform that is none, or a layout of several
// images without one named, is wrong usage.
int session_refuse(const struct error *err);

// A report of an image that was indexed (`indexed` not NULL: in this run, with layers and problems). False: the message
// has been written.
bool session_report(struct session *s, struct stored_image *image, const struct index_result *indexed, struct arena *a,
                    struct report *report);

// The output of --format, which must be able to write reports (or inventories). NULL: the message has been written.
const struct output *session_output(struct cli *cli, const char *fallback, bool inventory);

// Writes a report (or, with `inventory`, the inventory alone) to --output or standard output, repeats on standard error
// why it is incomplete, and gives the exit code: EXIT_FAILED when anything is missing, else what --fail-on says.
int session_deliver(struct session *s, const struct report *report, const struct output *output, bool inventory,
                    const char *target);

// False when --fail-on, --severity-from or --sort has a value that is none: the message has been written.
bool session_check_options(struct cli *cli);

// Adds what a record says, for people: "affected from 1.0 on, fixed in 1.4".
void session_add_statement(struct arena *a, const struct advisory *record, struct buf *out);

#define SESSION_NO_DATA "there is no vulnerability data yet: run `clarion update`"
#define SESSION_NO_IMAGES                                                                                              \
    "no image is indexed yet: `clarion scan TARGET` and `clarion index TARGET` keep what they read"

// For the --help of all commands that take a TARGET.
#define SESSION_TARGETS                                                                                                \
    "TARGET is one of\n"                                                                                               \
    "  docker-archive:FILE[:NAME:TAG]  what `docker save` writes, plain or compressed\n"                               \
    "  oci:DIR[:TAG]                   an OCI image layout\n"                                                          \
    "  oci-archive:FILE[:TAG]          the same as a tar archive\n"                                                    \
    "  dir:ROOT                        an unpacked root file system, or a tree of sources with lock files\n"           \
    "  sbom:FILE                       a bill of materials in JSON: CycloneDX 1.4 to 1.6, SPDX 2.3\n"                  \
    "  registry:REFERENCE              an image in a registry, such as registry:nginx:1.25\n"                          \
    "  PATH                            any of these, or a REFERENCE, when its kind can be recognised\n"                \
    "In place of the name or tag, @N means the N-th image, counted from 0.\n"

// Those that say which findings are not to be shown; each may be given several times.
#define SESSION_TRIAGE_OPTIONS                                                                                         \
    {"vex", 0, "FILE", "obey an OpenVEX, CSAF or CycloneDX document; may be repeated", NULL},                          \
    {                                                                                                                  \
        "ignore", 0, "FILE", "obey a file of ignore rules (YAML); may be repeated", NULL                               \
    }

// The options of all commands that write reports; they come first in the commands' tables.
#define SESSION_REPORT_OPTIONS                                                                                         \
    {"format", 'f', "FORMAT", OUTPUT_NAMES "(default: table)", OUTPUT_NAMES},                                          \
        {"output", 'o', "FILE", "write the report there instead of to standard output", NULL},                         \
        {"fail-on", 0, "CONDITION",                                                                                    \
         "exit with 1 for a severity (or over it), kev, epss>0.5, cvss>=9, or any of a,b,c",                           \
         "critical high medium low negligible unknown kev"},                                                           \
        {"only-fixed", 0, NULL, "leave out findings that no update fixes", NULL},                                      \
        {"only-code", 0, NULL, "leave out findings in packages that do not carry the code", NULL},                     \
        {"show-suppressed", 0, NULL, "list also what VEX and ignore rules suppress", NULL}, SESSION_TRIAGE_OPTIONS,    \
        {"severity-from", 0, "SOURCE", "feed (default), nvd, highest, or the name of a feed", "feed nvd highest"},     \
        {"sort", 0, "ORDER", "severity (default), cvss, epss or package", "severity cvss epss package"},               \
    {                                                                                                                  \
        "as-of", 0, "REF|DATE", "judge by the feeds as they were then", NULL                                           \
    }

// The options of all commands that ask registries.
#define SESSION_REACH_OPTIONS                                                                                          \
    {"ca-file", 0, "FILE", "certificates to trust for registries instead of the system's", NULL},                      \
        {"insecure", 0, NULL, "the registry may speak plain http, or prove nothing under TLS", NULL},                  \
        {"registry-mirror", 0, "HOST=MIRROR,...", "ask these hosts first for images of those registries", NULL},       \
        {"token-host", 0, "HOST", "a token service elsewhere that may see the registry's credentials", NULL},          \
    {                                                                                                                  \
        "allow", 0, "HOST|NETWORK,...", "fetch from these although they are at no public address", NULL                \
    }

// The options of all commands that read an image in a registry; they come last in the commands' tables.
#define SESSION_REGISTRY_OPTIONS                                                                                       \
    {"platform", 0, "OS/ARCH", "which image of several (default: linux and this machine's architecture)", NULL},       \
        SESSION_REACH_OPTIONS
