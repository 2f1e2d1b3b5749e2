#include "service/follow.h"

#include "base/log.h"
#include "service/rounds.h"

#include <stdio.h>
#include <stdlib.h>

#define LOOK_SECONDS 0.2 // a look costs nothing as long as nobody has told of a change

struct follow {
    struct rounds rounds;
    struct store_home *home;
    struct views *views;
    // Of the thread.
    struct store store;
    int64_t seen;        // version
    char generation[32]; // that was last seen
};

// Taking a view brings it up to date, and its segments here. Those of former generations, which were taken likewise,
// are let go: who makes an update removes them from his own folder only.
static bool catch_up(struct follow *f)
{
    struct error err;
    struct view *view = views_take(f->views, &err);
    if (view == NULL) {
        log_warn("what other nodes have updated cannot be looked at: %s", err.text);
        return false;
    }
    struct slice id = view->generation.id;
    bool news = !slice_eq(id, slice_str(f->generation));
    if (news)
        snprintf(f->generation, sizeof f->generation, "%.*s", SLICE_ARG(id));
    views_give(f->views, view);
    if (news)
        store_collect(&f->store);
    return true;
}

static double look(void *context)
{
    struct follow *f = context;
    struct error err;
    int64_t version;
    if (f->store.db == NULL && !store_open(f->home, &f->store, &err)) {
        log_error("other nodes cannot be followed: %s", err.text);
        return ROUNDS_END;
    }
    if (store_version(&f->store, &version, &err) && version != f->seen && catch_up(f))
        f->seen = version;
    return LOOK_SECONDS;
}

bool follow_start(struct store_home *home, struct views *views, struct follow **out, struct error *err)
{
    *out = NULL;
    if (!db_source_shared(home->database))
        return true;
    struct follow *f = must_alloc(sizeof *f);
    *f = (struct follow){.rounds = {.round = look, .context = f}, .home = home, .views = views};
    if (rounds_start(&f->rounds, LOOK_SECONDS, "follows other nodes", err)) {
        *out = f;
        return true;
    }
    free(f);
    return false;
}

void follow_stop(struct follow **follow)
{
    struct follow *f = *follow;
    if (f == NULL)
        return;
    rounds_stop(&f->rounds);
    store_close(&f->store);
    free(f);
    *follow = NULL;
}
