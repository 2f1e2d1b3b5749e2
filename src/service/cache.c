#include "service/cache.h"

#include "base/arena.h"

#include <pthread.h>
#include <stdlib.h>

#define BUCKETS 256

struct cached {
    struct cached *next;          // of the same bucket
    struct cached *newer, *older; // by when they were asked for
    unsigned users;               // the cache itself, and threads that copy from it
    struct slice tag, answer;     // in `bytes`
    char bytes[];
};

struct cache {
    uint64_t room, taken;
    pthread_mutex_t lock;
    struct cached *buckets[BUCKETS];
    struct cached *newest, *oldest;
};

struct cache *cache_new(uint64_t bytes)
{
    struct cache *cache = must_alloc(sizeof *cache);
    memset(cache, 0, sizeof *cache);
    cache->room = bytes;
    pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

static struct cached **find(struct cache *cache, struct slice tag)
{
    struct cached **at = &cache->buckets[slice_hash(tag) % BUCKETS];
    while (*at != NULL && !slice_eq((*at)->tag, tag))
        at = &(*at)->next;
    return at;
}

static void unlink_age(struct cache *cache, struct cached *c)
{
    *(c->newer != NULL ? &c->newer->older : &cache->newest) = c->older;
    *(c->older != NULL ? &c->older->newer : &cache->oldest) = c->newer;
}

static void make_newest(struct cache *cache, struct cached *c)
{
    c->newer = NULL;
    c->older = cache->newest;
    *(c->older != NULL ? &c->older->newer : &cache->oldest) = c;
    cache->newest = c;
}

static void let_go(struct cached *c)
{
    if (--c->users == 0)
        free(c);
}

static void drop_oldest(struct cache *cache)
{
    struct cached *c = cache->oldest;
    *find(cache, c->tag) = c->next;
    cache->oldest = c->newer;
    *(c->newer != NULL ? &c->newer->older : &cache->newest) = NULL;
    cache->taken -= c->tag.n + c->answer.n;
    let_go(c);
}

bool cache_get(struct cache *cache, struct slice tag, struct buf *out)
{
    pthread_mutex_lock(&cache->lock);
    struct cached *c = *find(cache, tag);
    if (c != NULL) {
        unlink_age(cache, c);
        make_newest(cache, c);
        c->users++;
    }
    pthread_mutex_unlock(&cache->lock);
    if (c == NULL)
        return false;
    buf_add(out, c->answer); // while others go on
    pthread_mutex_lock(&cache->lock);
    let_go(c);
    pthread_mutex_unlock(&cache->lock);
    return true;
}

void cache_put(struct cache *cache, struct slice tag, struct slice answer)
{
    size_t n = tag.n + answer.n;
    if (n > cache->room)
        return;
    struct cached *c = must_alloc(sizeof *c + n);
    *c = (struct cached){.users = 1, .tag = {c->bytes, tag.n}, .answer = {c->bytes + tag.n, answer.n}};
    memcpy(c->bytes, tag.p, tag.n);
    memcpy(c->bytes + tag.n, answer.p, answer.n);
    pthread_mutex_lock(&cache->lock);
    while (cache->oldest != NULL && cache->taken > cache->room - n)
        drop_oldest(cache);
    struct cached **at = find(cache, tag);
    if (*at == NULL) { // else another thread was first
        *at = c;
        make_newest(cache, c);
        cache->taken += n;
        c = NULL;
    }
    pthread_mutex_unlock(&cache->lock);
    free(c);
}

void cache_free(struct cache **cache)
{
    if (*cache == NULL)
        return;
    while ((*cache)->oldest != NULL)
        drop_oldest(*cache);
    pthread_mutex_destroy(&(*cache)->lock);
    free(*cache);
    *cache = NULL;
}
