#include "match/verdicts.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/parts.h"

#include <stdlib.h>

#define CACHE_BYTES   (4 * MIB)
#define CACHE_ENTRIES 16384 // a power of two; three quarters of it are used

struct entry {
    uint64_t hash;
    struct slice key; // p == NULL: free
    struct judged judged;
};

struct verdict_cache {
    struct arena arena;    // of the entries' contents
    struct entry *entries; // open addressing
    size_t used;
    struct buf key; // of the last look-up
};

struct verdict_cache *verdict_cache_new(void)
{
    struct verdict_cache *c = must_alloc(sizeof *c);
    *c = (struct verdict_cache){0};
    return c;
}

void verdict_cache_free(struct verdict_cache **c)
{
    if (*c == NULL)
        return;
    arena_free(&(*c)->arena);
    buf_free(&(*c)->key);
    free((*c)->entries);
    free(*c);
    *c = NULL;
}

// Lengths keep the parts apart, whatever bytes they are made of.
static struct slice key_text(struct verdict_cache *c, const struct matcher *matcher, const struct match_key *key)
{
    c->key.n = 0;
    parts_add(&c->key, slice_str(matcher->name));
    parts_add(&c->key, key->arch);
    parts_add(&c->key, key->module);
    for (size_t i = 0; i < key->names_n; i++) {
        parts_add(&c->key, key->names[i].name);
        parts_add(&c->key, key->names[i].version);
        buf_addc(&c->key, key->names[i].of_source ? '1' : '0');
    }
    for (size_t i = 0; i < key->scopes_n; i++)
        parts_add(&c->key, key->scopes[i]);
    return buf_slice(&c->key);
}

// The key's entry, or the free one where it belongs.
static struct entry *find(struct verdict_cache *c, struct slice key, uint64_t hash)
{
    size_t i = hash & (CACHE_ENTRIES - 1);
    while (c->entries[i].key.p != NULL && (c->entries[i].hash != hash || !slice_eq(c->entries[i].key, key)))
        i = (i + 1) & (CACHE_ENTRIES - 1);
    return &c->entries[i];
}

const struct judged *verdict_cache_get(struct verdict_cache *c, const struct matcher *matcher,
                                       const struct match_key *key)
{
    if (c->entries == NULL)
        return NULL;
    struct slice text = key_text(c, matcher, key);
    struct entry *e = find(c, text, slice_hash(text));
    return e->key.p != NULL ? &e->judged : NULL;
}

static void empty(struct verdict_cache *c)
{
    size_t bytes = sizeof *c->entries * CACHE_ENTRIES;
    arena_free(&c->arena);
    if (c->entries == NULL)
        c->entries = must_alloc(bytes);
    memset(c->entries, 0, bytes);
    c->used = 0;
}

struct report_statement statement_dup(struct arena *a, const struct report_statement *statement)
{
    struct report_statement copy = *statement;
    struct advisory *r = &copy.record;
    struct slice *const texts[] = {&copy.fixed_in, &r->scope,      &r->package,     &r->vulnerability, &r->introduced,
                                   &r->bound,      &r->severity,   &r->state,       &r->arch,          &r->module,
                                   &r->aliases,    &r->advisories, &r->description, &r->cvss,          &r->links};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = arena_dup(a, *texts[i]);
    return copy;
}

void verdict_cache_put(struct verdict_cache *c, const struct matcher *matcher, const struct match_key *key,
                       const struct judged *judged)
{
    if (c->entries == NULL || c->arena.used > CACHE_BYTES || c->used > CACHE_ENTRIES / 4 * 3)
        empty(c);
    struct slice text = key_text(c, matcher, key);
    uint64_t hash = slice_hash(text);
    struct entry *e = find(c, text, hash);
    struct report_statement *statements = ARENA_NEW(&c->arena, struct report_statement, judged->n);
    for (size_t i = 0; i < judged->n; i++)
        statements[i] = statement_dup(&c->arena, &judged->statements[i]);
    *e = (struct entry){hash, arena_dup(&c->arena, text), {statements, judged->n}};
    c->used++;
}
