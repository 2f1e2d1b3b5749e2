#include "service/summarising.h"

#include "base/clock.h"
#include "base/log.h"
#include "service/changes.h"
#include "service/figures.h"
#include "service/rounds.h"

#include <stdatomic.h>
#include <stdlib.h>

#define LOOK_SECONDS  1.0
#define RETRY_SECONDS 30.0
#define REST_LOOKS    10 // without anything to do: then the segments are closed
#define BATCH         64 // groups that are written at once: the turn to write is had for as long

struct summarising {
    struct rounds rounds;
    const struct config *config;
    struct store_home *home;
    atomic_ullong groups, errors;
    // Of the thread.
    struct views *views; // its own: what it asks is no request
    struct store store;
    bool opened;
    struct store_lock lock;
    int64_t version; // of the database at the last look that went well
    bool looked;
    unsigned idle; // looks without anything to do
};

// ---- judging --------------------------------------------------------------------------------------------------------

static bool judge_batch(struct summarising *s, struct view *view, const struct digest *made_by,
                        const summary_groups *due, struct arena *a, struct error *err)
{
    struct summary_result results[BATCH];
    size_t n = 0;
    for (; n < due->n && !rounds_stopping(&s->rounds); n++)
        if (!figures_of_group(s->config, view, &due->v[n], a, &results[n], err))
            return false;
    if (!store_summary_put(&view->store, made_by, results, n, err))
        return false;
    atomic_fetch_add(&s->groups, n);
    return true;
}

// Of one batch, in the state of the feeds that is in force now. *more: there may be others.
static bool judge_some(struct summarising *s, struct view *view, bool *more, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    summary_groups due = {0};
    struct digest made_by;
    bool changed = false;
    *more = false;
    if (view->generation.id.n == 0) // nothing can be said of any image: they stay as not judged
        return true;
    if (!changes_ask(s->config, view, &made_by, &changed, err) ||
        !store_summary_due(&view->store, BATCH, &a, &due, err) || !judge_batch(s, view, &made_by, &due, &a, err))
        return false;
    *more = due.n == BATCH && !rounds_stopping(&s->rounds);
    s->idle = due.n != 0 || changed ? 0 : s->idle;
    return true;
}

static bool work(struct summarising *s, struct error *err)
{
    for (bool more = true; more;) {
        struct view *view = views_take(s->views, err);
        if (view == NULL)
            return false;
        bool ok = judge_some(s, view, &more, err);
        views_give(s->views, view);
        if (!ok)
            return false;
    }
    return true;
}

// ---- when -----------------------------------------------------------------------------------------------------------

// What is due is asked each time: a server does not tell of new images.
static bool has_work(struct summarising *s, int64_t *version, bool *has, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    summary_groups due = {0};
    if (!store_version(&s->store, version, err) || !store_summary_due(&s->store, 1, &a, &due, err))
        return false;
    *has = !s->looked || *version != s->version || due.n != 0;
    return true;
}

static bool is_owner(struct summarising *s, struct error *err)
{
    bool got = store_lock_holds(&s->lock);
    if (got)
        return true;
    store_unlock(&s->lock);
    s->looked = false;
    return store_lock_duty(s->home, "summaries", &s->lock, &got, err) && got;
}

static bool look_once(struct summarising *s, struct error *err)
{
    int64_t version;
    bool has;
    if (!is_owner(s, err))
        return err->code == ERR_NONE;
    if (!has_work(s, &version, &has, err) || (has && !work(s, err)))
        return false;
    s->version = version;
    s->looked = true;
    return true;
}

// A store that cannot be opened may be on a server that comes later.
static bool open_store(struct summarising *s, struct error *err)
{
    s->opened = s->opened || store_open(s->home, &s->store, err);
    return s->opened;
}

static double look(void *context)
{
    struct summarising *s = context;
    struct error err = {0};
    if (!open_store(s, &err) || !look_once(s, &err)) {
        s->looked = false;
        atomic_fetch_add(&s->errors, 1);
        log_error("summaries of images cannot be made: %s", err.text);
        return RETRY_SECONDS;
    }
    if (++s->idle == REST_LOOKS)
        views_rest(s->views);
    return LOOK_SECONDS;
}

static void summarising_free(struct summarising *s)
{
    store_unlock(&s->lock);
    if (s->opened)
        store_close(&s->store);
    views_free(&s->views);
    free(s);
}

struct summarising *summarising_start(const struct config *config, struct store_home *home, struct error *err)
{
    struct summarising *s = must_alloc(sizeof *s);
    *s = (struct summarising){.rounds = {.round = look, .context = s},
                              .config = config,
                              .home = home,
                              .views = views_new(home, &config->limits, NULL),
                              .lock = STORE_LOCK_NONE};
    if (rounds_start(&s->rounds, 0, "makes summaries of images", err))
        return s;
    summarising_free(s);
    return NULL;
}

void summarising_stop(struct summarising **summarising)
{
    if (*summarising == NULL)
        return;
    rounds_stop(&(*summarising)->rounds);
    summarising_free(*summarising);
    *summarising = NULL;
}

struct summarising_load summarising_load(const struct summarising *s)
{
    return (struct summarising_load){.groups = atomic_load(&s->groups), .errors = atomic_load(&s->errors)};
}
