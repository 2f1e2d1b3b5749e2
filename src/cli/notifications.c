// clarion notifications: what was told of updates of the feeds, and to whom. Works beside a service that runs.
#include "cli/notifications.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "cli/session.h"
#include "notify/items.h"

#define ITEMS_AT_A_TIME 500

static const struct option_spec options[] = {
    {"format", 'f', "FORMAT", "list, show: table (default) or json", "table json"},
    {"config", 'c', "FILE", "test: the configuration (default: $CLAIR_CONF)", NULL},
    {0},
};

static const struct part_option part_options[] = {{"format", "list show"}, {"config", "test"}, {0}};

// A part of the command, with what it is given behind its name.
struct part {
    const char *name, *arguments;
    size_t arguments_n;
    int (*run)(struct session *s, bool json, struct slice argument);
};

static int failed(const struct error *err)
{
    log_error("%s", err->text);
    return EXIT_FAILED;
}

static void add_delivery(const struct stored_delivery *d, yyjson_mut_doc *doc, yyjson_mut_val *list)
{
    yyjson_mut_val *value = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, value, "target", d->target);
    json_add_str(doc, value, "state", slice_str(delivery_state_name(d->state)));
    yyjson_mut_obj_add_uint(doc, value, "attempts", d->attempts);
    json_add_str(doc, value, "error", d->error);
}

static void add_notification(const struct stored_notification *n, const struct stored_delivery *deliveries,
                             size_t deliveries_n, yyjson_mut_doc *doc, yyjson_mut_val *value)
{
    char made[CLOCK_TEXT];
    clock_format(n->made, made);
    json_add_str(doc, value, "id", n->uuid);
    json_add_str(doc, value, "feed", n->feed);
    json_add_str(doc, value, "update", n->ref);
    json_add_str(doc, value, "made", slice_str(made));
    yyjson_mut_obj_add_uint(doc, value, "items", n->items);
    yyjson_mut_obj_add_uint(doc, value, "images", n->images);
    yyjson_mut_obj_add_uint(doc, value, "held_back", n->held_back);
    yyjson_mut_obj_add_bool(doc, value, "deleted", n->deleted != 0);
    yyjson_mut_val *list = json_add_arr(doc, value, "deliveries");
    for (size_t i = 0; i < deliveries_n; i++)
        if (deliveries[i].row == n->row)
            add_delivery(&deliveries[i], doc, list);
}

static void write_line(const struct stored_notification *n, const struct stored_delivery *deliveries,
                       size_t deliveries_n, struct buf *out)
{
    struct arena scratch ARENA_AUTO = {0};
    char made[CLOCK_TEXT];
    clock_format(n->made, made);
    buf_addf(out, "%.*s  %s  %-16.*s %llu item%s about %llu image%s%s\n", SLICE_ARG(n->uuid), made, SLICE_ARG(n->feed),
             (unsigned long long)n->items, n->items == 1 ? "" : "s", (unsigned long long)n->images,
             n->images == 1 ? "" : "s", n->deleted != 0 ? ", deleted" : "");
    if (n->held_back != 0)
        buf_addf(out, "  %llu items were held back\n", (unsigned long long)n->held_back);
    for (size_t i = 0; i < deliveries_n; i++) {
        const struct stored_delivery *d = &deliveries[i];
        if (d->row != n->row)
            continue;
        struct slice error = utf8_plain(&scratch, d->error);
        buf_addf(out, "  %-16.*s %-9s %llu attempts%s%.*s\n", SLICE_ARG(d->target), delivery_state_name(d->state),
                 (unsigned long long)d->attempts, error.n != 0 ? ": " : "", SLICE_ARG(error));
    }
}

static int list(struct session *s, bool json, struct slice argument)
{
    struct stored_notification *all;
    struct stored_delivery *deliveries;
    size_t n, deliveries_n;
    struct error err;
    struct buf out BUF_AUTO = {0};
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    (void)argument;
    if (!store_notifications(&s->store, &s->arena, &all, &n, &err) ||
        !store_deliveries(&s->store, 0, &s->arena, &deliveries, &deliveries_n, &err))
        return failed(&err);
    yyjson_mut_val *array = json_add_arr(doc, root, "notifications");
    for (size_t i = 0; i < n; i++) {
        if (json)
            add_notification(&all[i], deliveries, deliveries_n, doc, yyjson_mut_arr_add_obj(doc, array));
        else
            write_line(&all[i], deliveries, deliveries_n, &out);
    }
    if (n == 0)
        log_warn(
            "no notification is kept: one is made when an update of a feed concerns an indexed image (`clarion serve`)");
    if (json) {
        json_write(doc, true, &out);
        buf_addc(&out, '\n');
    }
    return cli_emit(buf_slice(&out), NULL);
}

// False: the message has been written.
static bool find(struct session *s, struct slice id, struct stored_notification *out)
{
    struct error err;
    bool found;
    struct slice uuid = arena_dup_lower(&s->arena, id);
    if (!store_notification_get(&s->store, uuid, &s->arena, out, &found, &err)) {
        log_error("%s", err.text);
        return false;
    }
    if (!found)
        log_error("there is no notification %.*s (any more): `clarion notifications list` tells which there are",
                  SLICE_ARG(id));
    return found;
}

static void add_item(const struct notice_item *item, yyjson_mut_doc *doc, yyjson_mut_val *list)
{
    const struct notice_flaw *f = item->flaw;
    yyjson_mut_val *value = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, value, "id", item->id);
    json_add_str(doc, value, "manifest", digest_slice(&item->manifest));
    json_add_str(doc, value, "reference", item->reference);
    json_add_str(doc, value, "layer", digest_slice(&item->introduced_in));
    json_add_str(doc, value, "reason", slice_str(notice_reason_name(item->reason)));
    json_add_str(doc, value, "vulnerability", f->vulnerability);
    json_add_str(doc, value, "aliases", f->aliases);
    json_add_str(doc, value, "severity", slice_str(severity_name(f->severity)));
    json_add_str(doc, value, "fixed_in", f->fixed_in);
    yyjson_mut_obj_add_bool(doc, value, "kev", f->exploited);
    json_add_str(doc, value, "feed", f->feed);
    json_add_str(doc, value, "links", f->links);
    yyjson_mut_val *package = json_add_obj(doc, value, "package");
    json_add_str(doc, package, "kind", f->package.kind);
    json_add_str(doc, package, "name", f->package.name);
    json_add_str(doc, package, "version", f->package.version);
    json_add_str(doc, package, "arch", f->package.arch);
}

static void write_item(const struct notice_item *item, struct buf *out)
{
    struct arena scratch ARENA_AUTO = {0};
    const struct notice_flaw *f = item->flaw;
    struct slice id = utf8_plain(&scratch, f->vulnerability), name = utf8_plain(&scratch, f->package.name);
    struct slice version = utf8_plain(&scratch, f->package.version), fixed = utf8_plain(&scratch, f->fixed_in);
    struct slice reference = utf8_plain(&scratch, item->reference);
    buf_addf(out, "%-8s %-11s %-20.*s %.*s %.*s%s%.*s\n  %s %.*s\n", notice_reason_name(item->reason),
             severity_name(f->severity), SLICE_ARG(id), SLICE_ARG(name), SLICE_ARG(version),
             fixed.n != 0 ? ", fixed in " : ", no fix", SLICE_ARG(fixed), item->manifest.text, SLICE_ARG(reference));
}

// Into `list`, or, where that is NULL, as lines.
static bool write_items(struct session *s, const struct stored_notification *n, yyjson_mut_doc *doc,
                        yyjson_mut_val *list, struct buf *out, struct error *err)
{
    struct stored_items source = {&s->store, n};
    struct notice_items reader = notice_items_of(&source);
    char after[UUID_TEXT] = "";
    for (size_t got = 1; got != 0;) {
        struct arena a ARENA_AUTO = {0};
        struct notice_item *items;
        if (!reader.read(reader.context, slice_str(after), ITEMS_AT_A_TIME, &a, &items, &got, err))
            return false;
        for (size_t i = 0; i < got; i++) {
            if (list != NULL)
                add_item(&items[i], doc, list);
            else
                write_item(&items[i], out);
        }
        if (got != 0)
            snprintf(after, sizeof after, "%.*s", SLICE_ARG(items[got - 1].id));
    }
    return true;
}

static int show(struct session *s, bool json, struct slice argument)
{
    struct stored_notification n;
    struct stored_delivery *deliveries;
    size_t deliveries_n;
    struct error err;
    struct buf out BUF_AUTO = {0};
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    if (!find(s, argument, &n))
        return EXIT_FAILED;
    if (!store_deliveries(&s->store, n.row, &s->arena, &deliveries, &deliveries_n, &err))
        return failed(&err);
    add_notification(&n, deliveries, deliveries_n, doc, root);
    if (!json)
        write_line(&n, deliveries, deliveries_n, &out);
    if (!write_items(s, &n, doc, json ? json_add_arr(doc, root, "contents") : NULL, &out, &err))
        return failed(&err);
    if (json) {
        json_write(doc, true, &out);
        buf_addc(&out, '\n');
    }
    return cli_emit(buf_slice(&out), NULL);
}

static int retry(struct session *s, bool json, struct slice argument)
{
    struct stored_notification n;
    struct error err;
    uint64_t put_back;
    (void)json;
    if (!find(s, argument, &n))
        return EXIT_FAILED;
    if (!store_delivery_retry(&s->store, n.row, clock_now(), &put_back, &err))
        return failed(&err);
    if (put_back == 0) {
        log_error("no delivery of the notification %.*s was given up", SLICE_ARG(n.uuid));
        return EXIT_FAILED;
    }
    log_info("%llu deliveries will be tried again by the service", (unsigned long long)put_back);
    return EXIT_FINE;
}

static const struct part parts[] = {{"list", "", 0, list}, {"show", "ID", 1, show}, {"retry", "ID", 1, retry}};

static int run(struct cli *cli)
{
    size_t format;
    if (!cli_choice(cli, "format", &format))
        return EXIT_BAD_USAGE;
    if (strcmp(cli->arguments[0], "test") == 0) // needs no store
        return cli->arguments_n == 2 ? notifications_test(cli, cli->arguments[1])
                                     : cli_usage(cli, "it is used so: clarion notifications test TARGET -c FILE");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(cli->arguments[0], parts[i].name) != 0)
            continue;
        if (cli->arguments_n - 1 != parts[i].arguments_n)
            return cli_usage(cli, "it is used so: clarion notifications %s %s", parts[i].name, parts[i].arguments);
        struct session s SESSION_AUTO;
        if (!session_open(&s, cli, false))
            return EXIT_FAILED;
        return parts[i].run(&s, format == FORMAT_JSON, slice_str(cli->arguments_n > 1 ? cli->arguments[1] : ""));
    }
    return cli_no_such_part(cli);
}

const struct command command_notifications = {
    .name = "notifications",
    .summary = "list, show and deliver again what was told of updates of the feeds, and test where it goes",
    .arguments = "PART [ID|TARGET]",
    .parts = "list show retry test",
    .details =
        "PART is one of\n"
        "  list      the notifications that are kept, the newest first, and how far they are delivered\n"
        "  show ID   the same of one, with its items\n"
        "  retry ID  has the service try again to deliver what it had given up\n"
        "  test TARGET\n"
        "            delivers a made-up one to a target of the configuration: webhook, amqp, stomp, mail or chat\n"
        "See docs/notifications.md and docs/targets.md.\n",
    .options = options,
    .part_options = part_options,
    .least = 1,
    .most = 2,
    .run = run,
};
