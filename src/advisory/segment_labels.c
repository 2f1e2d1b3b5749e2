#include "advisory/segment_labels.h"

static bool call_block(struct segment *s, const segment_labels *labels, advisory_vec *block, segment_labelled_fn *each,
                       void *context, struct error *err)
{
    bool more = true;
    for (size_t i = 0; more && i < block->n; i++) {
        if (!segment_label(s, labels, &block->v[i], err))
            return false;
        more = each(context, &block->v[i]);
    }
    return true;
}

bool segment_walk_labelled(struct segment *s, const segment_labels *labels, segment_labelled_fn *each, void *context,
                           struct error *err)
{
    size_t n = 1;
    segment_walk(s);
    while (n != 0) {
        struct arena scratch ARENA_AUTO = {0};
        advisory_vec block = {0};
        if (!segment_walk_next(s, &scratch, &block, err) || !call_block(s, labels, &block, each, context, err))
            return false;
        n = block.n;
    }
    return true;
}
