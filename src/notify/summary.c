#include "notify/summary.h"

#include "base/buf.h"
#include "base/sort.h"
#include "base/utf8.h"
#include "notify/documents.h"

#include <stdlib.h>

// ---- what was seen --------------------------------------------------------------------------------------------------

// A set of hashes. They are seeded, so that two things are taken for one by bad luck only, one time in 2^64 / n.
struct seen {
    uint64_t *v; // 0: free
    size_t n, cap;
};

static void seen_free(struct seen *seen)
{
    free(seen->v);
}

static size_t place_of(const uint64_t *v, size_t cap, uint64_t hash)
{
    size_t at = (size_t)hash & (cap - 1);
    while (v[at] != 0 && v[at] != hash)
        at = (at + 1) & (cap - 1);
    return at;
}

static void seen_grow(struct seen *seen)
{
    size_t cap = seen->cap != 0 ? seen->cap * 2 : 1024;
    uint64_t *v = must_alloc(cap * sizeof *v);
    memset(v, 0, cap * sizeof *v);
    for (size_t i = 0; i < seen->cap; i++)
        if (seen->v[i] != 0)
            v[place_of(v, cap, seen->v[i])] = seen->v[i];
    free(seen->v);
    seen->v = v;
    seen->cap = cap;
}

// True the first time.
static bool seen_add(struct seen *seen, uint64_t hash)
{
    if (seen->n * 2 >= seen->cap)
        seen_grow(seen);
    size_t at = place_of(seen->v, seen->cap, hash | 1);
    if (seen->v[at] != 0)
        return false;
    seen->v[at] = hash | 1;
    seen->n++;
    return true;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t x = (a ^ b >> 32 ^ b << 32) * 0x9e3779b97f4a7c15U + b;
    return x ^ x >> 29;
}

enum seen_kind { SEEN_VULNERABILITY = 1, SEEN_IMAGE, SEEN_LAYER_IMAGE, SEEN_LAYER_FLAW };

static uint64_t layer_hash(const struct notice_item *item)
{
    return slice_hash(digest_slice(&item->introduced_in));
}

static uint64_t flaw_hash(const struct notice_flaw *flaw)
{
    uint64_t hash = slice_hash(flaw->vulnerability);
    hash = mix(hash, slice_hash(flaw->package.kind));
    hash = mix(hash, slice_hash(flaw->package.name));
    hash = mix(hash, slice_hash(flaw->package.version));
    return mix(hash, slice_hash(flaw->fixed_in));
}

// ---- first reading: counting ----------------------------------------------------------------------------------------

struct layer_count {
    uint64_t hash, images, flaws;
    uint64_t order; // of its digest: hashes are others in each run
    enum severity worst;
};

struct counting {
    const struct limits *limits;
    struct summary *summary;
    struct seen seen;
    size_t *table; // of places in `layers`, from 1; by the layer's hash; 0: free
    size_t table_cap;
    struct layer_count *layers;
    size_t layers_n, layers_cap;
};

static size_t layer_slot(const struct counting *c, uint64_t hash)
{
    size_t at = (size_t)hash & (c->table_cap - 1);
    while (c->table[at] != 0 && c->layers[c->table[at] - 1].hash != hash)
        at = (at + 1) & (c->table_cap - 1);
    return at;
}

static void grow_table(struct counting *c)
{
    free(c->table);
    c->table_cap = c->table_cap != 0 ? c->table_cap * 2 : 256;
    c->table = must_alloc(c->table_cap * sizeof *c->table);
    memset(c->table, 0, c->table_cap * sizeof *c->table);
    for (size_t i = 0; i < c->layers_n; i++)
        c->table[layer_slot(c, c->layers[i].hash)] = i + 1;
}

// The first digits of a digest as a number.
static uint64_t digest_order(const struct digest *digest)
{
    ptrdiff_t colon = slice_find(digest_slice(digest), ':');
    char digits[17] = {0};
    memcpy(digits, digest->text + colon + 1, sizeof digits - 1);
    return strtoull(digits, NULL, 16);
}

static struct layer_count *layer_of(struct counting *c, const struct digest *digest, uint64_t hash)
{
    if (c->layers_n * 2 >= c->table_cap)
        grow_table(c);
    size_t at = layer_slot(c, hash);
    if (c->table[at] == 0) {
        if (c->layers_n == c->layers_cap) {
            c->layers_cap = c->layers_cap != 0 ? c->layers_cap * 2 : 64;
            c->layers = must_realloc(c->layers, c->layers_cap * sizeof *c->layers);
        }
        c->layers[c->layers_n++] = (struct layer_count){.hash = hash, .order = digest_order(digest)};
        c->table[at] = c->layers_n;
    }
    return &c->layers[c->table[at] - 1];
}

static bool count_item(void *context, const struct notice_item *item, struct error *err)
{
    struct counting *c = context;
    (void)err;
    if (c->summary->items >= c->limits->summary_items) {
        c->summary->complete = false;
        return true;
    }
    c->summary->items++;
    uint64_t vulnerability = mix(slice_hash(item->flaw->vulnerability), SEEN_VULNERABILITY);
    if (seen_add(&c->seen, mix(vulnerability, item->reason)))
        c->summary->counts[item->reason][item->flaw->severity]++;
    if (item->reason == NOTICE_REMOVED)
        return true;
    uint64_t image = slice_hash(digest_slice(&item->manifest)), layer = layer_hash(item);
    struct layer_count *count = layer_of(c, &item->introduced_in, layer);
    c->summary->images += seen_add(&c->seen, mix(image, SEEN_IMAGE));
    count->images += seen_add(&c->seen, mix(mix(image, layer), SEEN_LAYER_IMAGE));
    count->flaws += seen_add(&c->seen, mix(mix(flaw_hash(item->flaw), layer), SEEN_LAYER_FLAW));
    if (item->flaw->severity > count->worst)
        count->worst = item->flaw->severity;
    return true;
}

// The layer whose mending cleans most images first.
static int by_weight(const void *x, const void *y)
{
    const struct layer_count *a = x, *b = y;
    if (a->images != b->images)
        return a->images < b->images ? 1 : -1;
    if (a->worst != b->worst)
        return a->worst < b->worst ? 1 : -1;
    if (a->flaws != b->flaws)
        return a->flaws < b->flaws ? 1 : -1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static void counting_free(struct counting *c)
{
    seen_free(&c->seen);
    free(c->table);
    free(c->layers);
}

// ---- second reading: naming -----------------------------------------------------------------------------------------

struct naming {
    const struct limits *limits;
    const struct notice_items *items_of;
    struct summary *summary;
    struct arena *arena;
    const struct layer_count *layers; // those that are named
    struct seen seen;
    uint64_t items;
};

static size_t at_most(uint64_t n, uint64_t most)
{
    return (size_t)(n < most ? n : most);
}

static struct summary_layer *named_layer(const struct naming *n, uint64_t hash)
{
    for (size_t i = 0; i < n->summary->layers_n; i++)
        if (n->layers[i].hash == hash)
            return &n->summary->layers[i];
    return NULL;
}

static int by_urgency(const struct summary_flaw *a, const struct summary_flaw *b)
{
    if (a->severity != b->severity)
        return a->severity < b->severity ? 1 : -1;
    if (a->exploited != b->exploited)
        return a->exploited ? -1 : 1;
    int order = strcmp(a->vulnerability, b->vulnerability);
    return order != 0 ? order : strcmp(a->package, b->package);
}

// The first of the links, if it is one of http that fits.
static void take_link(struct slice links, char *out, size_t size)
{
    struct slice first, rest;
    slice_cut(links, ' ', &first, &rest);
    out[0] = '\0';
    if (first.n < size && (slice_starts(first, SLICE("https://")) || slice_starts(first, SLICE("http://"))))
        utf8_printable(out, size, first);
}

static void name_flaw(const struct naming *n, struct summary_layer *layer, const struct notice_item *item)
{
    const struct notice_flaw *flaw = item->flaw;
    size_t most = at_most(layer->flaws_n, n->limits->summary_flaws), at;
    struct summary_flaw new = {
        .reason = item->reason,
        .severity = flaw->severity,
        .exploited = flaw->exploited,
        .kind = package_kind(flaw->package.kind),
    };
    utf8_printable(new.vulnerability, sizeof new.vulnerability, flaw->vulnerability);
    utf8_printable(new.package, sizeof new.package, flaw->package.name);
    utf8_printable(new.version, sizeof new.version, flaw->package.version);
    utf8_printable(new.fixed_in, sizeof new.fixed_in, flaw->fixed_in);
    take_link(flaw->links, new.link, sizeof new.link);
    for (at = 0; at < layer->flaws_shown && by_urgency(&layer->flaws[at], &new) <= 0; at++)
        continue;
    if (at >= most)
        return;
    if (layer->flaws_shown < most)
        layer->flaws_shown++;
    memmove(&layer->flaws[at + 1], &layer->flaws[at], (layer->flaws_shown - at - 1) * sizeof new);
    layer->flaws[at] = new;
}

static bool name_image(const struct naming *n, struct summary_image *image, const struct notice_item *item,
                       struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    struct notice_names names = {0};
    struct slice indexed = item->reference;
    size_t most = (size_t)n->limits->summary_names;
    image->manifest = item->manifest;
    if (n->items_of->names != NULL &&
        !n->items_of->names(n->items_of->context, &item->manifest, most, &scratch, &names, err))
        return false;
    if (names.n == 0 && names.more == 0 && indexed.n != 0)
        names = (struct notice_names){.v = &indexed, .n = most != 0, .more = most == 0};
    image->names = ARENA_NEW(n->arena, struct summary_name, names.n);
    image->names_n = names.n;
    image->names_more = names.more;
    for (size_t i = 0; i < names.n; i++)
        utf8_printable(image->names[i].text, sizeof image->names[i].text, names.v[i]);
    return true;
}

static bool name_item(void *context, const struct notice_item *item, struct error *err)
{
    struct naming *n = context;
    if (n->items >= n->summary->items)
        return true;
    n->items++;
    uint64_t hash = layer_hash(item);
    struct summary_layer *layer = item->reason != NOTICE_REMOVED ? named_layer(n, hash) : NULL;
    if (layer == NULL)
        return true;
    layer->digest = item->introduced_in;
    // There is room for as many as were counted, also where the items have changed since.
    if (layer->images_shown < at_most(layer->images_n, n->limits->summary_images) &&
        seen_add(&n->seen, mix(mix(slice_hash(digest_slice(&item->manifest)), hash), SEEN_LAYER_IMAGE)) &&
        !name_image(n, &layer->images[layer->images_shown++], item, err))
        return false;
    if (seen_add(&n->seen, mix(mix(flaw_hash(item->flaw), hash), SEEN_LAYER_FLAW)))
        name_flaw(n, layer, item);
    return true;
}

static void make_room(const struct counting *c, struct arena *a)
{
    struct summary *s = c->summary;
    s->layers_n = at_most(c->layers_n, c->limits->summary_layers);
    s->layers_more = c->layers_n - s->layers_n;
    s->layers = ARENA_NEW(a, struct summary_layer, s->layers_n);
    for (size_t i = 0; i < s->layers_n; i++) {
        struct summary_layer *layer = &s->layers[i];
        layer->images_n = c->layers[i].images;
        layer->flaws_n = c->layers[i].flaws;
        layer->images = ARENA_NEW(a, struct summary_image, at_most(layer->images_n, c->limits->summary_images));
        layer->flaws = ARENA_NEW(a, struct summary_flaw, at_most(layer->flaws_n, c->limits->summary_flaws));
    }
}

bool summary_make(const struct delivery *delivery, const struct limits *limits, struct arena *a,
                  struct summary *summary, struct error *err)
{
    *summary = (struct summary){.complete = true};
    struct counting counting __attribute__((cleanup(counting_free))) = {.limits = limits, .summary = summary};
    if (!notice_each_item(&delivery->items, count_item, &counting, err))
        return false;
    if (counting.layers_n > 1)
        sort_items(counting.layers, counting.layers_n, sizeof *counting.layers, by_weight);
    make_room(&counting, a);
    struct naming naming = {
        .limits = limits, .items_of = &delivery->items, .summary = summary, .arena = a, .layers = counting.layers};
    bool named = notice_each_item(&delivery->items, name_item, &naming, err);
    seen_free(&naming.seen);
    return named;
}

// ---- words ----------------------------------------------------------------------------------------------------------

uint64_t summary_count(const struct summary *summary, enum notice_reason reason)
{
    uint64_t n = 0;
    for (int s = 0; s < SUMMARY_SEVERITIES; s++)
        n += summary->counts[reason][s];
    return n;
}

struct slice summary_counts_text(struct arena *a, const struct summary *summary, enum notice_reason reason)
{
    struct buf text BUF_AUTO = {0};
    for (int s = SEVERITY_CRITICAL; s >= SEVERITY_UNKNOWN; s--)
        if (summary->counts[reason][s] != 0)
            buf_addf(&text, "%s%llu %s", text.n != 0 ? ", " : "", (unsigned long long)summary->counts[reason][s],
                     severity_name((enum severity)s));
    return arena_dup(a, buf_slice(&text));
}
