#include "notify/items.h"

#include "notify/flaw.h"
#include "store/names.h"

#include <stdio.h>
#include <stdlib.h>

#define PREFIX 28 // characters of an id before the digits of the position

void notice_item_id(struct slice notification, uint64_t position, char text[static UUID_TEXT])
{
    snprintf(text, UUID_TEXT, "%.*s%08llx", PREFIX, notification.n >= PREFIX ? notification.p : "",
             (unsigned long long)(position & UINT32_MAX));
    text[14] = '8'; // the version
    text[19] = '8'; // the variant
}

uint64_t notice_item_behind(struct slice notification, struct slice id)
{
    char first[UUID_TEXT];
    if (id.n != UUID_TEXT - 1)
        return 0;
    notice_item_id(notification, 0, first);
    int order = slice_cmp(slice_of(id.p, PREFIX), slice_of(first, PREFIX));
    if (order != 0)
        return order < 0 ? 0 : UINT64_MAX;
    uint64_t position = 0;
    for (size_t i = PREFIX; i < id.n; i++) {
        char c = id.p[i];
        position = position * 16 + (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return position + 1;
}

struct reading {
    const struct stored_items *source;
    struct arena *arena;
    VEC(struct notice_item) items;
    // The flaw that was decoded last: items of the same one mostly stand together.
    uint64_t number;
    const struct notice_flaw *flaw;
};

static bool take_item(void *context, const struct stored_item *stored, struct error *err)
{
    struct reading *r = context;
    char id[UUID_TEXT];
    if (r->flaw == NULL || r->number != stored->flaw) {
        struct notice_flaw *flaw = ARENA_NEW(r->arena, struct notice_flaw, 1);
        if (!notice_flaw_decode(stored->content, r->arena, flaw, err))
            return false;
        r->flaw = flaw;
        r->number = stored->flaw;
    }
    notice_item_id(r->source->notification->uuid, stored->position, id);
    struct notice_item *item = &VEC_PUSH(r->arena, &r->items);
    *item = (struct notice_item){
        .id = arena_dup(r->arena, slice_str(id)),
        .reference = arena_dup(r->arena, stored->reference),
        .reason = stored->reason <= NOTICE_REMOVED ? (enum notice_reason)stored->reason : NOTICE_CHANGED,
        .flaw = r->flaw,
    };
    return digest_parse(stored->manifest, &item->manifest, err) &&
           (stored->layer.n == 0 || digest_parse(stored->layer, &item->introduced_in, err));
}

static bool read_items(void *context, struct slice after, size_t most, struct arena *a, struct notice_item **items,
                       size_t *n, struct error *err)
{
    const struct stored_items *source = context;
    struct reading r = {.source = source, .arena = a};
    uint64_t from = notice_item_behind(source->notification->uuid, after);
    bool ok = store_notification_items(source->store, source->notification->row, from, most, take_item, &r, err);
    *items = r.items.v;
    *n = r.items.n;
    return ok;
}

// Those in force: tags, or, where there are none, repositories.
static bool read_names(void *context, const struct digest *manifest, size_t most, struct arena *a,
                       struct notice_names *out, struct error *err)
{
    const struct stored_items *source = context;
    struct image_name *names;
    size_t n, present = 0, tagged = 0;
    *out = (struct notice_names){0};
    if (!store_image_names(source->store, manifest, a, &names, &n, err))
        return false;
    for (; present < n && names[present].until == 0; present++)
        tagged += names[present].tag.n != 0;
    size_t all = tagged != 0 ? tagged : present;
    out->v = ARENA_NEW(a, struct slice, all < most ? all : most);
    for (size_t i = 0; i < present && out->n < most; i++) {
        const struct image_name *name = &names[i];
        if (name->tag.n != 0)
            out->v[out->n++] = arena_printf(a, "%.*s:%.*s", SLICE_ARG(name->repository), SLICE_ARG(name->tag));
        else if (tagged == 0)
            out->v[out->n++] = arena_printf(a, "%.*s@%s", SLICE_ARG(name->repository), name->manifest.text);
    }
    out->more = all - out->n;
    return true;
}

struct notice_items notice_items_of(struct stored_items *source)
{
    return (struct notice_items){.read = read_items, .names = read_names, .context = source};
}

struct notice notice_of(const struct stored_notification *n)
{
    return (struct notice){.id = n->uuid, .feed = n->feed, .made = n->made, .items = n->items, .images = n->images};
}
