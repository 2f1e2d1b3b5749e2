// One merge pass over two segments.
#include "advisory/segment_labels.h"

#include <stdlib.h>

// One of the two: where reading it stands.
struct side {
    struct segment *segment;    // NULL: it has no records
    struct arena arena, labels; // of the block; of what follows
    segment_labels by_note;
    advisory_vec block; // that was read last; empty at the end
    size_t at, n;       // of its records: the next, and how many are compared now
    bool used;          // all of the block has been compared
};

struct segment_diff {
    struct side before, after;
};

static int by_text(const struct advisory *x, const struct advisory *y)
{
    const struct slice a[] = {x->vulnerability, x->introduced, x->bound,   x->severity, x->state,
                              x->arch,          x->module,     x->aliases, x->cvss};
    const struct slice b[] = {y->vulnerability, y->introduced, y->bound,   y->severity, y->state,
                              y->arch,          y->module,     y->aliases, y->cvss};
    return slices_cmp(a, b, sizeof a / sizeof a[0]);
}

// All that a judgement rests on. Vulnerabilities come first.
static int by_content(const void *a, const void *b)
{
    const struct advisory *x = a, *y = b;
    int order = by_text(x, y);
    if (order == 0)
        order = (int)x->status - (int)y->status;
    return order != 0 ? order : (int)x->of_source - (int)y->of_source;
}

static bool begin(struct side *side, struct error *err)
{
    return side->segment == NULL || segment_labels_read(side->segment, &side->labels, &side->by_note, err);
}

static void end(struct side *side)
{
    arena_free(&side->arena);
    arena_free(&side->labels);
}

static bool next_block(struct side *side, struct error *err)
{
    arena_free(&side->arena);
    side->block = (advisory_vec){0};
    if (side->segment != NULL && !segment_walk_next(side->segment, &side->arena, &side->block, err))
        return false;
    for (size_t i = 0; i < side->block.n; i++)
        if (!segment_label(side->segment, &side->by_note, &side->block.v[i], err))
            return false;
    if (side->block.n != 0)
        qsort(side->block.v, side->block.n, sizeof *side->block.v, by_content);
    return true;
}

// Which side's block comes first, as slice_cmp; one that is at its end comes last.
static int by_block(const struct side *before, const struct side *after)
{
    if (before->block.n == 0 || after->block.n == 0)
        return before->block.n != 0 ? -1 : 1;
    const struct advisory *x = before->block.v, *y = after->block.v;
    int order = slice_cmp(x->package, y->package);
    return order != 0 ? order : slice_cmp(x->scope, y->scope);
}

// How many records from `at` on are of the same vulnerability.
static size_t group(const advisory_vec *block, size_t at)
{
    size_t n = 0;
    while (at + n < block->n && slice_eq(block->v[at + n].vulnerability, block->v[at].vulnerability))
        n++;
    return n;
}

// How many records at the front of `list` say the same.
static size_t equal(const struct advisory *list, size_t n)
{
    size_t same = n != 0;
    while (same != 0 && same < n && by_content(&list[0], &list[same]) == 0)
        same++;
    return same;
}

// Moves the records that only one list has to its front, each once.
static void keep_differing(struct advisory *x, size_t *x_n, struct advisory *y, size_t *y_n)
{
    size_t i = 0, j = 0, x_kept = 0, y_kept = 0;
    while (i < *x_n || j < *y_n) {
        int order = i == *x_n ? 1 : j == *y_n ? -1 : by_content(&x[i], &y[j]);
        if (order < 0)
            x[x_kept++] = x[i];
        else if (order > 0)
            y[y_kept++] = y[j];
        if (order <= 0)
            i += equal(&x[i], *x_n - i);
        if (order >= 0)
            j += equal(&y[j], *y_n - j);
    }
    *x_n = x_kept;
    *y_n = y_kept;
}

// Reads on, and lines up what is of the same package in the same scope. False with `*more`: nothing is left.
static bool pair(struct segment_diff *d, bool *more, struct error *err)
{
    struct side *x = &d->before, *y = &d->after;
    if ((x->used && !next_block(x, err)) || (y->used && !next_block(y, err)))
        return false;
    int order = by_block(x, y);
    *more = x->block.n + y->block.n != 0;
    x->used = order <= 0;
    y->used = order >= 0;
    x->at = y->at = 0;
    x->n = x->used ? x->block.n : 0;
    y->n = y->used ? y->block.n : 0;
    return true;
}

// Compares the records of the next vulnerability. False: they say the same.
static bool compare(struct segment_diff *d, struct segment_change *change)
{
    struct side *x = &d->before, *y = &d->after;
    int order = x->at == x->n ? 1 : y->at == y->n ? -1 : 0;
    if (order == 0)
        order = slice_cmp(x->block.v[x->at].vulnerability, y->block.v[y->at].vulnerability);
    size_t before_n = order <= 0 ? group(&x->block, x->at) : 0, after_n = order >= 0 ? group(&y->block, y->at) : 0;
    struct advisory *before = x->block.v + x->at, *after = y->block.v + y->at;
    x->at += before_n;
    y->at += after_n;
    keep_differing(before, &before_n, after, &after_n);
    *change = (struct segment_change){
        .kind = order < 0   ? SEGMENT_REMOVED
                : order > 0 ? SEGMENT_ADDED
                            : SEGMENT_CHANGED,
        .before = before,
        .after = after,
        .before_n = before_n,
        .after_n = after_n,
    };
    return before_n + after_n != 0;
}

enum segment_step segment_diff_next(struct segment_diff *d, struct segment_change *change, struct error *err)
{
    bool more = true;
    if (d->before.at == d->before.n && d->after.at == d->after.n && !pair(d, &more, err))
        return SEGMENT_STEP_FAILED;
    while (d->before.at < d->before.n || d->after.at < d->after.n)
        if (compare(d, change))
            return SEGMENT_STEP_CHANGE;
    return more ? SEGMENT_STEP_SAME : SEGMENT_STEP_END;
}

static void rewind_side(struct side *side)
{
    if (side->segment != NULL)
        segment_walk(side->segment);
    side->at = side->n = 0;
    side->used = true;
}

void segment_diff_rewind(struct segment_diff *d)
{
    rewind_side(&d->before);
    rewind_side(&d->after);
}

struct segment_diff *segment_diff_new(struct segment *before, struct segment *after, struct error *err)
{
    struct segment_diff *d = must_alloc(sizeof *d);
    *d = (struct segment_diff){.before.segment = before, .after.segment = after};
    if (!begin(&d->before, err) || !begin(&d->after, err))
        segment_diff_free(&d);
    else
        segment_diff_rewind(d);
    return d;
}

void segment_diff_free(struct segment_diff **d)
{
    if (*d == NULL)
        return;
    end(&(*d)->before);
    end(&(*d)->after);
    free(*d);
    *d = NULL;
}

bool segment_diff(struct segment *before, struct segment *after, segment_change_fn *tell, void *context,
                  struct error *err)
{
    struct segment_diff *d __attribute__((cleanup(segment_diff_free))) = segment_diff_new(before, after, err);
    struct segment_change change;
    enum segment_step step = d != NULL ? SEGMENT_STEP_SAME : SEGMENT_STEP_FAILED;
    while (step == SEGMENT_STEP_SAME || step == SEGMENT_STEP_CHANGE) {
        step = segment_diff_next(d, &change, err);
        if (step == SEGMENT_STEP_CHANGE && !tell(context, &change, err))
            return false;
    }
    return step == SEGMENT_STEP_END;
}
