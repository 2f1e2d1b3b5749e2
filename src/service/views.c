#include "service/views.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "match/judging.h"

#include <pthread.h>
#include <stdlib.h>

#define RETRY_SECONDS 1.0
#define USES          1000 // then the verdicts that are kept for the next report are forgotten: they would grow for ever

struct views {
    struct store_home *home;
    const struct limits *limits;
    struct db_timings *timings;
    pthread_mutex_t lock;
    struct view *spare;
};

struct views *views_new(struct store_home *home, const struct limits *limits, struct db_timings *timings)
{
    struct views *views = must_alloc(sizeof *views);
    *views = (struct views){.home = home, .limits = limits, .timings = timings};
    pthread_mutex_init(&views->lock, NULL);
    return views;
}

static void forget_generation(struct view *j)
{
    report_segments_close(&j->segments);
    arena_free(&j->arena);
    j->generation = (struct generation){0};
    j->used = 0;
    j->again = 0;
    j->missing = (struct slice){0};
}

static void view_free(struct view *j)
{
    forget_generation(j);
    triage_free(&j->triage);
    store_close(&j->store);
    free(j);
}

void views_rest(struct views *views)
{
    pthread_mutex_lock(&views->lock);
    struct view *spare = views->spare;
    views->spare = NULL;
    pthread_mutex_unlock(&views->lock);
    for (struct view *next; spare != NULL; spare = next) {
        next = spare->next;
        view_free(spare);
    }
}

void views_free(struct views **views)
{
    if (*views == NULL)
        return;
    views_rest(*views);
    pthread_mutex_destroy(&(*views)->lock);
    free(*views);
    *views = NULL;
}

// Segments are opened when they are first asked for. Here that must be now, while they are held: a service that holds
// them for its whole life would keep old ones from being removed. One that cannot be opened is told of by each report,
// and, where another node may give it yet, tried again after a second.
static void open_all(struct view *j)
{
    struct buf missing BUF_AUTO = {0};
    for (size_t i = 0; i < j->generation.feeds_n; i++) {
        struct slice error = {0}, feed = j->generation.feeds[i].feed;
        report_segment(j->segments, arena_dup(&j->arena, feed).p, &error);
        if (error.n != 0)
            buf_addf(&missing, "%.*s ", SLICE_ARG(feed));
    }
    j->missing = arena_dup(&j->arena, buf_slice(&missing));
    if (missing.n != 0 && db_source_shared(j->store.home->database))
        j->again = clock_monotonic() + RETRY_SECONDS;
}

static bool add_text(void *context, const struct stored_vex *vex, struct slice text, struct error *err)
{
    (void)vex, (void)err;
    hasher_add(context, text);
    return true;
}

// Reads the VEX documents again when others are stored than when that was done last.
static bool refresh_vex(struct view *j, const struct limits *limits, struct error *err)
{
    struct digest mark;
    int64_t newest, now = clock_now();
    if (!store_vex_mark(&j->store, &mark, &newest, err))
        return false;
    if (j->vex_read && j->vex_settled && digest_eq(&mark, &j->vex_mark))
        return true;
    struct hasher *h HASHER_AUTO = hasher_new(NULL);
    triage_free(&j->triage);
    j->vex_read = false;
    if (!triage_obey_stored(&j->triage, &j->store, limits, err) || !store_vex_each(&j->store, add_text, h, err))
        return false;
    j->vex = hasher_end(h);
    h = NULL;
    j->vex_mark = mark;
    j->vex_settled = newest < now - 1;
    j->vex_read = true;
    return true;
}

static bool is_due(const struct view *j)
{
    return j->again != 0 && clock_monotonic() >= j->again;
}

// The generation is looked at again only when the database has changed, and the segments are opened again only when it
// is another one.
static bool refresh(struct view *j, const struct limits *limits, struct error *err)
{
    int64_t version;
    int held FD_AUTO = -1;
    if (!store_version(&j->store, &version, err))
        return false;
    if (j->segments != NULL && version == j->version && j->used++ < USES && j->vex_settled && !is_due(j))
        return true;
    if (!refresh_vex(j, limits, err))
        return false;
    struct arena a = {0};
    struct generation now;
    if (!store_hold_segments(&j->store, &held, err))
        return false;
    if (!store_generation(&j->store, &a, &now, err)) {
        arena_free(&a);
        return false;
    }
    j->version = version;
    if (j->segments != NULL && j->used < USES && !is_due(j) && slice_eq(now.id, j->generation.id)) {
        arena_free(&a);
        return true;
    }
    forget_generation(j);
    j->arena = a;
    j->generation = now;
    j->segments = report_segments_open(&j->store, &j->generation);
    open_all(j);
    return true;
}

struct view *views_take(struct views *views, struct error *err)
{
    pthread_mutex_lock(&views->lock);
    struct view *j = views->spare;
    if (j != NULL)
        views->spare = j->next;
    pthread_mutex_unlock(&views->lock);
    if (j == NULL) {
        j = must_alloc(sizeof *j);
        *j = (struct view){0};
        if (!store_open(views->home, &j->store, err)) {
            free(j);
            return NULL;
        }
        store_observe(&j->store, views->timings);
    }
    if (refresh(j, views->limits, err))
        return j;
    view_free(j);
    return NULL;
}

void views_give(struct views *views, struct view *j)
{
    if (j == NULL)
        return;
    pthread_mutex_lock(&views->lock);
    j->next = views->spare;
    views->spare = j;
    pthread_mutex_unlock(&views->lock);
}
