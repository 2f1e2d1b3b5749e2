// clarion version [-v]: what this program is made of.
#include "version/version.h"
#include "base/buf.h"
#include "cli/command.h"
#include "feed/feed.h"
#include "layer/worker.h"
#include "match/matcher.h"
#include "output/output.h"
#include "scan/scanner.h"

#include <curl/curl.h>
#include <isa-l.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <yyjson.h>
#include <zstd.h>

static void write_sandbox(struct buf *out)
{
    struct sandbox_support sandbox = worker_sandbox_support();
    buf_addf(out, "sandbox of layer workers: seccomp %s, ", sandbox.seccomp ? "yes" : "NOT SUPPORTED by this kernel");
    if (sandbox.landlock_abi > 0)
        buf_addf(out, "Landlock yes (ABI %d), resource limits yes\n", sandbox.landlock_abi);
    else
        buf_adds(out, "Landlock NOT SUPPORTED by this kernel (the rest stands), resource limits yes\n");
}

static void write_scanners(struct buf *out, bool of_sources)
{
    for (size_t i = 0; scanners[i] != NULL; i++)
        if (scanners[i]->sources_only == of_sources)
            buf_addf(out, " %s/%u%s%s", scanners[i]->name, scanners[i]->version, scanners[i]->kind != NULL ? "=" : "",
                     scanners[i]->kind != NULL ? scanners[i]->kind : "");
}

static void write_tables(const struct limits *limits, struct buf *out)
{
    struct digest state = scanner_state(SUBJECT_LAYER, limits);
    buf_adds(out, "scanners:");
    write_scanners(out, false);
    buf_adds(out, "\nscanners of source trees:");
    write_scanners(out, true);
    buf_addf(out, "\nindexer state: %s\nfeeds:", state.text);
    for (size_t i = 0; feeds[i] != NULL; i++)
        buf_addf(out, " %s/%u", feeds[i]->name, feeds[i]->version);
    buf_adds(out, "\nmatchers:");
    for (size_t i = 0; matchers[i] != NULL; i++)
        buf_addf(out, " %s=%s", matchers[i]->name, matchers[i]->kind);
    buf_adds(out, "\nversion schemes:");
    for (size_t i = 0; version_schemes[i] != NULL; i++)
        buf_addf(out, " %s", version_schemes[i]->name);
    buf_adds(out, "\noutputs:");
    for (size_t i = 0; outputs[i] != NULL; i++)
        buf_addf(out, " %s", outputs[i]->name);
    buf_adds(out, "\nlimits (change one with --limit NAME=N):\n");
    for (size_t i = 0; limits_entry(i) != NULL; i++)
        buf_addf(out, "  %-20s %12llu  %s\n", limits_entry(i)->name, (unsigned long long)limits_entry(i)->value,
                 limits_entry(i)->text);
}

static int run(struct cli *cli)
{
    struct buf out BUF_AUTO = {0};
    buf_adds(&out, "clarion " CLARION_VERSION "\n");
    if (cli->verbose) {
        buf_addf(&out, "libraries: %s, %s, SQLite %s, yyjson %s, zstd %s, ISA-L %d.%d.%d\n", curl_version(),
                 OpenSSL_version(OPENSSL_VERSION), sqlite3_libversion(), YYJSON_VERSION_STRING, ZSTD_versionString(),
                 ISAL_MAJOR_VERSION, ISAL_MINOR_VERSION, ISAL_PATCH_VERSION);
        write_sandbox(&out);
        write_tables(&cli->limits, &out);
    }
    return cli_emit(buf_slice(&out), NULL);
}

const struct command command_version = {
    .name = "version",
    .summary = "say which Clarion this is; with -v, what it is made of",
    .arguments = "",
    .indexes = true, // to say what the sandbox can do here
    .run = run,
};
