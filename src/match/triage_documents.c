// Reading what a triage holds: VEX documents, from wherever they come.
#include "match/report.h"

#include "base/log.h"

void triage_free(struct triage *triage)
{
    arena_free(&triage->arena);
    *triage = (struct triage){0};
}

bool triage_add(struct triage *triage, struct slice file, struct slice text, const struct limits *limits,
                struct error *err)
{
    struct vex_document *d = ARENA_NEW(&triage->arena, struct vex_document, 1);
    if (!vex_read(text, file, limits, &triage->arena, d, err))
        return false;
    vex_set_add(&triage->arena, &triage->vex, d);
    return true;
}

struct stored {
    struct triage *triage;
    const struct limits *limits;
    bool (*unreadable)(void *context, struct error *err);
    void *context;
};

// What the store holds was read when it came in, by this program or one before it.
static bool add_stored(void *context, const struct stored_vex *vex, struct slice text, struct error *err)
{
    const struct stored *s = context;
    if (triage_add(s->triage, SLICE("stored"), text, s->limits, err))
        return true;
    error_wrap(err, "the stored VEX document %.*s (`clarion vex remove` takes it away)", SLICE_ARG(vex->id));
    return s->unreadable != NULL && s->unreadable(s->context, err);
}

bool triage_add_stored(struct triage *triage, struct store *store, const struct limits *limits,
                       bool (*unreadable)(void *context, struct error *err), void *context, struct error *err)
{
    struct stored s = {triage, limits, unreadable, context};
    return store_vex_each(store, add_stored, &s, err);
}

void triage_ready(struct triage *triage)
{
    vex_set_index(&triage->arena, &triage->vex);
}

static bool pass_over(void *context, struct error *err)
{
    (void)context;
    log_error("%s", err->text);
    return true;
}

bool triage_obey_stored(struct triage *triage, struct store *store, const struct limits *limits, struct error *err)
{
    if (!triage_add_stored(triage, store, limits, pass_over, NULL, err))
        return false;
    triage_ready(triage);
    return true;
}
