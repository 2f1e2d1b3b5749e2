// clarion backfill REGISTRY: indexes what a registry has already.
#include "service/backfill.h"
#include "base/log.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "image/platform.h"

#include <stdio.h>

#define JOBS     4
#define TOLD_WHY 100 // failures that the summary repeats

static const struct option_spec options[] = {
    {"platform", 0, "OS/ARCH", "of an index only these images (default: all); may be repeated", NULL},
    {"jobs", 'j', "N", "images worked on at the same time (default: 4)", NULL},
    {"only", 0, "PATTERN", "only repositories that fit, such as 'team/*'; may be repeated", NULL},
    {"dry-run", 'n', NULL, "tell what would be indexed, and change nothing", NULL},
    SESSION_REACH_OPTIONS,
    {0},
};

struct failure {
    struct slice name, why;
};

struct filling {
    struct arena arena;
    struct progress *progress;
    bool dry_run;
    VEC(struct failure) failures; // the first of them
};

static void fill_free(struct filling *f)
{
    progress_free(&f->progress);
    arena_free(&f->arena);
}
#define FILLING_AUTO __attribute__((cleanup(fill_free)))

static void tell(void *context, const struct backfill_news *news)
{
    struct filling *f = context;
    bool failed = news->outcome == BACKFILL_FAILED;
    if (failed && f->failures.n < TOLD_WHY)
        VEC_PUSH(&f->arena, &f->failures) =
            (struct failure){arena_dup(&f->arena, news->name), arena_dup(&f->arena, slice_str(news->why))};
    if (f->dry_run && news->outcome == BACKFILL_INDEXED) {
        progress_pause(f->progress);
        printf("%.*s\n", SLICE_ARG(news->name));
    } else if (failed || news->outcome == BACKFILL_NOTED)
        log_info("%.*s: %s", SLICE_ARG(news->name), news->why);
    else
        log_info("%.*s: %s", SLICE_ARG(news->name), news->outcome == BACKFILL_INDEXED ? "indexed" : "indexed before");
    progress_say(f->progress, "%llu of %llu%s names: %.*s", (unsigned long long)news->done,
                 (unsigned long long)news->found, news->listing ? " or more" : "", SLICE_ARG(news->name));
}

static int sum_up(struct filling *f, const struct backfill_totals *t)
{
    uint64_t failed = t->names[BACKFILL_FAILED], names = t->names[BACKFILL_INDEXED] + t->names[BACKFILL_KNOWN];
    printf("%llu repositories, %llu names of images: %llu images %s, %llu were before",
           (unsigned long long)t->repositories, (unsigned long long)names, (unsigned long long)t->images_indexed,
           f->dry_run ? "to be indexed" : "indexed", (unsigned long long)t->images_known);
    if (t->names[BACKFILL_NOTED] != 0)
        printf("; %llu names of what is no image", (unsigned long long)t->names[BACKFILL_NOTED]);
    printf("; %llu failed\n", (unsigned long long)failed);
    fflush(stdout);
    for (size_t i = 0; i < f->failures.n; i++)
        log_error("%.*s: %s", SLICE_ARG(f->failures.v[i].name), f->failures.v[i].why.p);
    if (failed > f->failures.n)
        log_error("and %llu more (-v tells of each)", (unsigned long long)(failed - f->failures.n));
    return failed != 0 ? EXIT_FAILED : EXIT_FINE;
}

static struct slices values_of(const struct cli *cli, const char *option, struct arena *a)
{
    VEC(struct slice) list = {0};
    const char *text;
    for (size_t at = 0; (text = cli_next_value(cli, option, &at)) != NULL;)
        VEC_PUSH(a, &list) = slice_str(text);
    return (struct slices){list.v, list.n};
}

static struct slices arguments_of(const struct cli *cli, struct arena *a)
{
    struct slices out = {ARENA_NEW(a, struct slice, cli->arguments_n), cli->arguments_n};
    for (size_t i = 0; i < out.n; i++) {
        struct slice text = slice_str(cli->arguments[i]);
        out.v[i] = slice_starts(text, SLICE("registry:")) ? slice_from(text, sizeof "registry:" - 1) : text;
    }
    return out;
}

static bool check_platforms(const struct slices *platforms, struct arena *a, struct error *err)
{
    struct platform platform;
    for (size_t i = 0; i < platforms->n; i++)
        if (!platform_parse(platforms->v[i].p, a, &platform, err))
            return false;
    return true;
}

static int fill(struct cli *cli, struct filling *f, uint64_t jobs, const struct registry_settings *registry)
{
    const struct backfill how = {
        .home = &cli->home,
        .limits = &cli->limits,
        .registry = registry,
        .registries = arguments_of(cli, &f->arena),
        .only = values_of(cli, "only", &f->arena),
        .platforms = values_of(cli, "platform", &f->arena),
        .jobs = (unsigned)jobs,
        .dry_run = f->dry_run,
        .news = tell,
        .context = f,
    };
    struct backfill_totals totals;
    struct error err;
    if (!check_platforms(&how.platforms, &f->arena, &err))
        return cli_usage(cli, "--platform: %s", err.text);
    bool ok = backfill_run(&how, &totals, &err);
    progress_free(&f->progress);
    if (ok)
        return sum_up(f, &totals);
    return err.code == ERR_USAGE ? cli_usage(cli, "%s", err.text) : session_refuse(&err);
}

static int run(struct cli *cli)
{
    const char *jobs = cli_value(cli, "jobs");
    uint64_t threads = JOBS;
    if (jobs != NULL && (!slice_to_u64(slice_str(jobs), &threads) || threads == 0 || threads > 64))
        return cli_usage(cli, "--jobs takes a number from 1 to 64, not \"%s\"", jobs);
    struct session_registry registry SESSION_REGISTRY_AUTO = {0};
    if (!session_registry_open(&registry, cli))
        return EXIT_BAD_USAGE;
    struct filling f FILLING_AUTO = {.progress = progress_new(cli), .dry_run = cli_value(cli, "dry-run") != NULL};
    return fill(cli, &f, threads, &registry.settings);
}

const struct command command_backfill = {
    .name = "backfill",
    .summary = "index all images that a registry has already",
    .arguments = "REGISTRY...",
    .details =
        "REGISTRY is a host, such as registry.example:5000, whose catalog is gone through, or HOST/REPOSITORY where\n"
        "a registry has no catalog. Each tag is looked up, its images are indexed as after a push, and names are kept.\n"
        "What is indexed is passed over: the same command goes on where it was broken off.\n"
        "Credentials are those of Docker's config.json. Exit status 3: something failed; the summary says what.\n",
    .options = options,
    .least = 1,
    .most = 1000,
    .indexes = true,
    .run = run,
};
