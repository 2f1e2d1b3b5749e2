#include "base/sorter.h"

#include "base/arena.h"
#include "base/spool.h"

#include <stdlib.h>

#define RUN_ROOM ((size_t)64 << 10) // bytes of each run that are held while runs are merged

// A run in the file, or the last one in memory.
struct run {
    uint64_t next, end; // what of it is still to be read, as offsets in the spool
    struct buf room;
    struct slice ready; // read, not yet given
};

struct sorter {
    size_t size, memory;
    sorter_compare *compare;
    void *context;
    const char *folder;
    struct buf items; // of the run that is being filled
    struct spool runs;
    uint64_t *ends; // of the runs in the spool
    size_t ends_n, ends_cap;

    struct run *merging; // those that have items left, as a heap: the least is first
    size_t merging_n;
    char *last, *item;
    bool any;
};

struct sorter *sorter_new(size_t item_size, size_t memory, const char *folder, sorter_compare *compare, void *context)
{
    struct sorter *s = must_alloc(sizeof *s);
    *s = (struct sorter){.size = item_size, .memory = memory, .compare = compare, .context = context, .folder = folder};
    s->runs = spool_new(folder, RUN_ROOM);
    s->last = must_alloc(item_size);
    s->item = must_alloc(item_size);
    return s;
}

static void end_merging(struct sorter *s)
{
    for (size_t i = 0; s->merging != NULL && i < s->ends_n; i++)
        buf_free(&s->merging[i].room);
    free(s->merging);
    s->merging = NULL;
}

void sorter_free(struct sorter **sorter)
{
    struct sorter *s = *sorter;
    if (s == NULL)
        return;
    end_merging(s);
    buf_free(&s->items);
    spool_free(&s->runs);
    free(s->ends);
    free(s->last);
    free(s->item);
    free(s);
    *sorter = NULL;
}

// ---- runs -----------------------------------------------------------------------------------------------------------

// Sorts what was collected, and files it as a run.
static bool end_run(struct sorter *s, struct error *err)
{
    size_t n = s->items.n / s->size;
    if (n > 1)
        qsort_r(s->items.p, n, s->size, s->compare, s->context);
    if (s->ends_n == s->ends_cap) {
        s->ends_cap = s->ends_cap != 0 ? s->ends_cap * 2 : 16;
        s->ends = must_realloc(s->ends, s->ends_cap * sizeof *s->ends);
    }
    if (!spool_add(&s->runs, buf_slice(&s->items), err))
        return false;
    s->ends[s->ends_n++] = spool_size(&s->runs);
    s->items.n = 0;
    return true;
}

bool sorter_add(struct sorter *s, const void *item, struct error *err)
{
    if (s->folder != NULL && s->items.n + s->size > s->memory && !end_run(s, err))
        return false;
    buf_reserve_upto(&s->items, s->size, s->memory);
    buf_add(&s->items, slice_of(item, s->size));
    return true;
}

// ---- merging --------------------------------------------------------------------------------------------------------

static bool fill(struct sorter *s, struct run *run, struct error *err)
{
    size_t most = RUN_ROOM / s->size * s->size, n = run->end - run->next < most ? (size_t)(run->end - run->next) : most;
    if (!spool_read(&s->runs, run->next, n, &run->room, &run->ready, err))
        return false;
    run->next += n;
    return true;
}

static bool less(const struct sorter *s, size_t a, size_t b)
{
    return s->compare(s->merging[a].ready.p, s->merging[b].ready.p, s->context) < 0;
}

static void swap(struct sorter *s, size_t a, size_t b)
{
    struct run run = s->merging[a];
    s->merging[a] = s->merging[b];
    s->merging[b] = run;
}

static void sink(struct sorter *s, size_t i)
{
    for (;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < s->merging_n; child++)
            if (less(s, child, least))
                least = child;
        if (least == i)
            return;
        swap(s, i, least);
        i = least;
    }
}

bool sorter_start(struct sorter *s, struct error *err)
{
    if (s->items.n != 0 && !end_run(s, err))
        return false;
    buf_free(&s->items);
    end_merging(s);
    s->merging = must_alloc((s->ends_n + 1) * sizeof *s->merging);
    s->merging_n = s->ends_n;
    s->any = false;
    for (size_t i = 0; i < s->ends_n; i++)
        s->merging[i] = (struct run){.next = i != 0 ? s->ends[i - 1] : 0, .end = s->ends[i]};
    for (size_t i = 0; i < s->ends_n; i++)
        if (!fill(s, &s->merging[i], err))
            return false;
    for (size_t i = s->merging_n / 2; i-- > 0;)
        sink(s, i);
    return true;
}

// Takes the least item off the runs.
static bool take(struct sorter *s, struct error *err)
{
    struct run *run = &s->merging[0];
    memcpy(s->item, run->ready.p, s->size);
    run->ready = slice_from(run->ready, s->size);
    if (run->ready.n == 0 && run->next != run->end && !fill(s, run, err))
        return false;
    if (run->ready.n == 0)
        swap(s, 0, --s->merging_n);
    sink(s, 0);
    return true;
}

bool sorter_next(struct sorter *s, const void **item, struct error *err)
{
    *item = NULL;
    while (s->merging_n != 0) {
        if (!take(s, err))
            return false;
        if (s->any && s->compare(s->item, s->last, s->context) == 0)
            continue;
        s->any = true;
        memcpy(s->last, s->item, s->size);
        *item = s->last;
        return true;
    }
    return true;
}
