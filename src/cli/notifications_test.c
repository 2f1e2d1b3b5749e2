// clarion notifications test TARGET: does a notification arrive there?
#include "base/clock.h"
#include "base/log.h"
#include "cli/configuration.h"
#include "cli/notifications.h"
#include "service/targets.h"
#include "store/notification_store.h"

// Whoever gets it shall not take it for one that is meant.
static const struct notice_flaw flaw = {
    .vulnerability = SLICE("CLARION-TEST"),
    .aliases = SLICE(""),
    .description = SLICE("This is a test of Clarion's notifications. No image is affected."),
    .links = SLICE(""),
    .feed = SLICE("test"),
    .severity = SEVERITY_UNKNOWN,
    .severity_clair = SEVERITY_UNKNOWN,
    .fixed_in = SLICE("2.0"),
    .fixed_in_clair = SLICE("2.0"),
    .package = {.kind = SLICE("deb"), .name = SLICE("clarion-test"), .version = SLICE("1.0")},
    .record_package = SLICE("clarion-test"),
};

#define NOBODY "sha256:0000000000000000000000000000000000000000000000000000000000000000"

static bool read_item(void *context, struct slice after, size_t most, struct arena *a, struct notice_item **items,
                      size_t *n, struct error *err)
{
    const struct notice *notice = context;
    (void)err;
    *n = after.n == 0 && most != 0;
    *items = ARENA_NEW(a, struct notice_item, 1);
    **items = (struct notice_item){.id = notice->id,
                                   .manifest = {.text = NOBODY},
                                   .reference = SLICE("example.test/clarion-test:1.0"),
                                   .introduced_in = {.text = NOBODY},
                                   .reason = NOTICE_ADDED,
                                   .flaw = &flaw};
    return true;
}

static const struct target *find(const struct targets *targets, const char *name)
{
    for (size_t i = 0; i < targets->n; i++)
        if (strcmp(targets->v[i].name, name) == 0)
            return &targets->v[i];
    if (targets->n == 0)
        log_error("the configuration has no target of notifications: see docs/targets.md");
    for (size_t i = 0; i < targets->n; i++)
        log_error("\"%s\" is no target of the configuration; \"%s\" is", name, targets->v[i].name);
    return NULL;
}

int notifications_test(const struct cli *cli, const char *name)
{
    struct arena a ARENA_AUTO = {0};
    struct config_check check CONFIG_AUTO = {0};
    struct targets targets TARGETS_AUTO = {0};
    struct error err;
    struct notice notice = {.feed = SLICE("test"), .made = clock_now(), .items = 1, .images = 1};
    const struct delivery delivery = {.notice = &notice, .items = {.read = read_item, .context = &notice}};
    char id[UUID_TEXT];
    if (!cli_load_config(cli, &a, &check))
        return EXIT_FAILED;
    if (!store_make_uuid(id, &err) || !targets_from_config(&check.config, &a, &targets, &err)) {
        log_error("%s", err.text);
        return EXIT_FAILED;
    }
    notice.id = slice_str(id);
    const struct target *target = find(&targets, name);
    if (target == NULL)
        return EXIT_FAILED;
    if (!target->kind->deliver(target->state, &delivery, &err)) {
        log_error("%s: %s", target->name, err.text);
        return EXIT_FAILED;
    }
    struct buf out BUF_AUTO = {0};
    buf_addf(&out, "%s: delivered. What arrives speaks of CLARION-TEST; the notification %s has no pages.\n",
             target->name, id);
    return cli_emit(buf_slice(&out), NULL);
}
