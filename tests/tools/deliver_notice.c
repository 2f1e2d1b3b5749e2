// Delivers a made-up notification for test_targets.py: deliver_notice CONFIG ITEMS IMAGES LAYERS [plain|hostile]
// [BREAK-AFTER-MILLISECONDS]. For each configured target a line: its name, whether it takes the notification away from
// the store, and "delivered" or the error, its number first. The number of tries is one.
#include "base/clock.h"
#include "service/targets.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct made {
    size_t items, images, layers;
    bool hostile;
    struct notice_flaw *flaws;
    size_t flaws_n;
};

#define FLAWS 30

static void make_flaws(struct made *made, struct arena *a)
{
    made->flaws_n = FLAWS;
    made->flaws = ARENA_NEW(a, struct notice_flaw, FLAWS);
    for (size_t i = 0; i < FLAWS; i++) {
        struct slice name = arena_printf(a,
                                         made->hostile ? "pkg%zu\r\nBcc: victim@example.org\r\n.\r\n<!channel> `@here` "
                                                         "[x](javascript:y) &amp; \xff\xe2\x80\xae"
                                                       : "lib%zu",
                                         i);
        made->flaws[i] = (struct notice_flaw){
            .vulnerability = arena_printf(a, "CVE-2024-%04zu", i),
            .description = SLICE("A flaw: \"quoted\", with a line\nend."),
            .links =
                made->hostile ? SLICE("https://example.org/a|b>c)d e") : SLICE("https://example.org/advisory second"),
            .feed = SLICE("debian"),
            .severity = (enum severity)(i % (SEVERITY_CRITICAL + 1)),
            .severity_clair = (enum severity)(i % (SEVERITY_CRITICAL + 1)),
            .fixed_in = i % 3 != 0 ? SLICE("2.0-1") : SLICE(""),
            .fixed_in_clair = i % 3 != 0 ? SLICE("2.0-1") : SLICE(""),
            .exploited = i == 5,
            .package = {.kind = SLICE("deb"), .name = name, .version = SLICE("1.0-1"), .source_name = name},
            .of_source = true,
            .record_package = name,
            .distribution = {.known = true,
                             .id = SLICE("debian"),
                             .name = SLICE("Debian GNU/Linux"),
                             .version = SLICE("12 (bookworm)"),
                             .version_id = SLICE("12")},
        };
    }
}

// Items in the order of their ids, which are their numbers; `after` is one of them or empty.
static bool read_items(void *context, struct slice after, size_t most, struct arena *a, struct notice_item **items,
                       size_t *n, struct error *err)
{
    const struct made *made = context;
    uint64_t from = 0;
    if (after.n != 0 && !slice_to_u64(slice_from(after, 24), &from))
        return error_set(err, ERR_FORMAT, "no such item");
    *items = ARENA_NEW(a, struct notice_item, most);
    for (*n = 0; *n < most && from + *n < made->items; ++*n) {
        size_t i = (size_t)from + *n, image = i % made->images, layer = image % made->layers;
        struct notice_item *item = &(*items)[*n];
        *item = (struct notice_item){
            .id = arena_printf(a, "00000000-0000-4000-8000-%012zu", i + 1),
            .reference = arena_printf(a, "registry.example.org/app%zu:1", image),
            .reason = i % 17 == 16   ? NOTICE_REMOVED
                      : i % 13 == 12 ? NOTICE_CHANGED
                                     : NOTICE_ADDED,
            .flaw = &made->flaws[i % made->flaws_n],
        };
        snprintf(item->manifest.text, sizeof item->manifest.text, "sha256:%08zx%056d", image + 1, 0);
        snprintf(item->introduced_in.text, sizeof item->introduced_in.text, "sha256:%08zx%056d", layer + 0x1000, 0);
    }
    return true;
}

struct breaking {
    struct targets *targets;
    useconds_t after;
};

static void *break_off(void *context)
{
    const struct breaking *b = context;
    usleep(b->after);
    for (size_t i = 0; i < b->targets->n; i++)
        if (b->targets->v[i].kind->break_off != NULL)
            b->targets->v[i].kind->break_off(b->targets->v[i].state);
    return NULL;
}

static void deliver_all(struct targets *targets, const struct delivery *delivery)
{
    for (size_t i = 0; i < targets->n; i++) {
        const struct target *t = &targets->v[i];
        struct error err = {0};
        bool delivered = t->kind->deliver(t->state, delivery, &err);
        printf("%s %s ", t->name, t->consumes ? "consumes" : "keeps");
        if (delivered)
            printf("delivered\n");
        else
            printf("%d %s\n", (int)err.code, err.text);
    }
}

int main(int argc, char **argv)
{
    struct arena a ARENA_AUTO = {0};
    struct config_check check CONFIG_AUTO = {0};
    struct targets targets TARGETS_AUTO = {0};
    struct limits limits = limits_default();
    struct error err;
    if (argc < 5)
        return 2;
    signal(SIGPIPE, SIG_IGN); // as the service does
    if (!config_load(argv[1], &limits, &a, &check) || !targets_from_config(&check.config, &a, &targets, &err)) {
        for (size_t i = 0; i < check.problems.n; i++)
            printf("%.*s: %.*s\n", SLICE_ARG(check.problems.v[i].key), SLICE_ARG(check.problems.v[i].text));
        return 1;
    }
    struct made made = {
        .items = strtoul(argv[2], NULL, 10),
        .images = strtoul(argv[3], NULL, 10),
        .layers = strtoul(argv[4], NULL, 10),
        .hostile = argc > 5 && strcmp(argv[5], "hostile") == 0,
    };
    make_flaws(&made, &a);
    const struct notice notice = {
        .id = SLICE("f94debb3-a45b-4243-81f6-b1668cb3ea2c"),
        .feed = SLICE("debian"),
        .made = 1795490000,
        .items = made.items,
        .images = made.images,
    };
    const struct delivery delivery = {.notice = &notice, .items = {.read = read_items, .context = &made}};
    struct breaking breaking = {&targets, argc > 6 ? (useconds_t)strtoul(argv[6], NULL, 10) * 1000 : 0};
    pthread_t breaker;
    bool breaks = breaking.after != 0 && pthread_create(&breaker, NULL, break_off, &breaking) == 0;
    deliver_all(&targets, &delivery);
    if (breaks)
        pthread_join(breaker, NULL);
    return 0;
}
