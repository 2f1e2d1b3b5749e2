// One merge pass over two segments.
#include "advisory/segment_labels.h"

#include <stdlib.h>

// One of the two: where reading it stands.
struct side {
    struct segment *segment;    // NULL: it has no records
    struct arena arena, labels; // of the block; of what follows
    segment_labels by_note;
    advisory_vec block; // that is compared next; empty at the end
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
    if (side->segment == NULL)
        return true;
    segment_walk(side->segment);
    return segment_labels_read(side->segment, &side->labels, &side->by_note, err);
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

// Compares blocks of one package in one scope; one of them may be empty.
static bool compare(advisory_vec *before, advisory_vec *after, segment_change_fn *tell, void *context,
                    struct error *err)
{
    size_t i = 0, j = 0;
    while (i < before->n || j < after->n) {
        int order = i == before->n ? 1 : j == after->n ? -1 : 0;
        if (order == 0)
            order = slice_cmp(before->v[i].vulnerability, after->v[j].vulnerability);
        size_t before_all = order <= 0 ? group(before, i) : 0, after_all = order >= 0 ? group(after, j) : 0;
        struct segment_change change = {
            .kind = order < 0   ? SEGMENT_REMOVED
                    : order > 0 ? SEGMENT_ADDED
                                : SEGMENT_CHANGED,
            .before = before->v + i,
            .after = after->v + j,
            .before_n = before_all,
            .after_n = after_all,
        };
        keep_differing(before->v + i, &change.before_n, after->v + j, &change.after_n);
        if (change.before_n + change.after_n != 0 && !tell(context, &change, err))
            return false;
        i += before_all;
        j += after_all;
    }
    return true;
}

static bool merge(struct side *before, struct side *after, segment_change_fn *tell, void *context, struct error *err)
{
    if (!next_block(before, err) || !next_block(after, err))
        return false;
    while (before->block.n + after->block.n != 0) {
        advisory_vec none = {0};
        int order = by_block(before, after);
        if (!compare(order <= 0 ? &before->block : &none, order >= 0 ? &after->block : &none, tell, context, err) ||
            (order <= 0 && !next_block(before, err)) || (order >= 0 && !next_block(after, err)))
            return false;
    }
    return true;
}

bool segment_diff(struct segment *before, struct segment *after, segment_change_fn *tell, void *context,
                  struct error *err)
{
    struct side from = {.segment = before}, to = {.segment = after};
    bool ok = begin(&from, err) && begin(&to, err) && merge(&from, &to, tell, context, err);
    end(&from);
    end(&to);
    return ok;
}
