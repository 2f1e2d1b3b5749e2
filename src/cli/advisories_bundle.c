// clarion advisories export FILE, and import FILE: feeds in a bundle, for a site without a network.
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/advisories.h"
#include "cli/session.h"
#include "feed/feed.h"
#include "store/bundle.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int fail(const char *file, const struct error *err)
{
    log_error("%s: %s", file, err->text);
    return err->code == ERR_USAGE ? EXIT_BAD_USAGE : EXIT_FAILED;
}

static uint64_t bytes_of(const struct bundle *bundle)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < bundle->feeds_n; i++)
        bytes += bundle->feeds[i].bytes;
    return bytes;
}

// ---- export ---------------------------------------------------------------------------------------------------------

struct exporting {
    struct store *store;
    const struct bundle *bundle;
};

static bool write_bundle(void *context, int fd, struct error *err)
{
    const struct exporting *e = context;
    return bundle_write(e->store, e->bundle, fd, err);
}

// Commas become the blanks that a list has here.
static struct slice feed_words(struct cli *cli, struct arena *a)
{
    struct slice list = slice_str(cli_value(cli, "feed")), word;
    struct buf words BUF_AUTO = {0};
    while (list.n != 0) {
        slice_cut(list, ',', &word, &list);
        buf_add(&words, word);
        buf_addc(&words, ' ');
    }
    return arena_dup(a, slice_trim(buf_slice(&words)));
}

int advisories_export(struct cli *cli, char **arguments, size_t n)
{
    (void)n;
    struct session s SESSION_AUTO;
    struct bundle bundle;
    struct error err;
    const char *file = arguments[0];
    if (!session_open(&s, cli, true))
        return EXIT_FAILED;
    if (!bundle_of(&s.store, &s.generation, feed_words(cli, &s.arena), &s.arena, &bundle, &err))
        return fail(file, &err);
    if (strcmp(file, "-") == 0)
        return bundle_write(&s.store, &bundle, STDOUT_FILENO, &err) ? EXIT_FINE : fail("standard output", &err);
    struct exporting exporting = {&s.store, &bundle};
    if (!file_replace(file, write_bundle, &exporting, &err))
        return fail(file, &err);
    printf("%s: %zu feed%s of generation %.*s, segments of %llu bytes\n", file, bundle.feeds_n,
           bundle.feeds_n == 1 ? "" : "s", SLICE_ARG(bundle.generation), (unsigned long long)bytes_of(&bundle));
    return EXIT_FINE;
}

// ---- import ---------------------------------------------------------------------------------------------------------

static bool known_feeds(const struct bundle *bundle, struct error *err)
{
    for (size_t i = 0; i < bundle->feeds_n; i++)
        if (feed_named(bundle->feeds[i].feed) == NULL)
            return error_set(err, ERR_UNSUPPORTED,
                             "has a feed that this program does not know, %.*s: use a newer program, or a bundle "
                             "without it (`export --feed`)",
                             SLICE_ARG(bundle->feeds[i].feed));
    return true;
}

static struct reader *open_bundle(const char *file, struct error *err)
{
    if (strcmp(file, "-") == 0)
        return reader_of_fd(STDIN_FILENO, false);
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        error_errno(err, "cannot open it");
    return fd >= 0 ? reader_of_fd(fd, true) : NULL;
}

static void tell(const struct bundle *bundle)
{
    for (size_t i = 0; i < bundle->feeds_n; i++) {
        const struct feed_import *feed = &bundle->feeds[i];
        char checked[CLOCK_TEXT] = "never";
        if (feed->checked != 0)
            clock_format(feed->checked, checked);
        printf("%-20.*s %10llu records, last confirmed %s\n", SLICE_ARG(feed->feed), (unsigned long long)feed->records,
               checked);
    }
}

static bool import(struct cli *cli, struct reader *source, struct store *store, struct arena *a, struct bundle *bundle,
                   struct error *err)
{
    struct bundle_reader *r = bundle_open(source, &cli->limits, a, bundle, err);
    bool ok = r != NULL && known_feeds(bundle, err) && bundle_import(r, store, cli_value(cli, "force") != NULL, err);
    bundle_close(&r);
    return ok;
}

int advisories_import(struct cli *cli, char **arguments, size_t n)
{
    (void)n;
    struct arena a ARENA_AUTO = {0};
    struct store store STORE_AUTO = {0};
    struct bundle bundle;
    struct error err;
    const char *file = strcmp(arguments[0], "-") == 0 ? "standard input" : arguments[0];
    if (!store_open(&cli->home, &store, &err))
        return fail(file, &err);
    struct reader *source = open_bundle(arguments[0], &err);
    if (source == NULL || !import(cli, source, &store, &a, &bundle, &err))
        return fail(file, &err);
    tell(&bundle);
    return EXIT_FINE;
}
