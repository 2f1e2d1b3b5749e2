#include "advisory/segment_texts.h"

#include <stdlib.h>

#define FIRST_SLOTS 1024

static size_t slot_of(const struct segment_texts *t, struct slice text)
{
    size_t at = (size_t)slice_hash(text) & (t->slots_n - 1);
    while (t->slots[at] != 0 && !slice_eq(t->v[t->slots[at] - 1], text))
        at = (at + 1) & (t->slots_n - 1);
    return at;
}

static void make_slots(struct segment_texts *t, size_t n)
{
    free(t->slots);
    t->slots_n = n;
    t->slots = must_alloc(n * sizeof *t->slots);
    memset(t->slots, 0, n * sizeof *t->slots);
    for (size_t i = 0; i < t->n; i++)
        t->slots[slot_of(t, t->v[i])] = (uint32_t)i + 1;
}

void segment_texts_init(struct segment_texts *t)
{
    *t = (struct segment_texts){0};
    make_slots(t, FIRST_SLOTS);
    segment_text_number(t, SLICE(""));
}

void segment_texts_free(struct segment_texts *t)
{
    arena_free(&t->arena);
    free(t->v);
    free(t->slots);
}

uint32_t segment_text_number(struct segment_texts *t, struct slice text)
{
    size_t at = slot_of(t, text);
    if (t->slots[at] != 0)
        return t->slots[at] - 1;
    if (t->n == t->cap) {
        t->cap = t->cap != 0 ? t->cap + t->cap / 2 : FIRST_SLOTS;
        t->v = must_realloc(t->v, t->cap * sizeof *t->v);
    }
    uint32_t number = (uint32_t)t->n++;
    t->v[number] = arena_dup(&t->arena, text);
    t->slots[at] = number + 1;
    if (t->n * 2 > t->slots_n)
        make_slots(t, t->slots_n * 2);
    return number;
}

static int by_text(const void *a, const void *b, void *texts)
{
    const struct segment_texts *t = texts;
    return slice_cmp(t->v[*(const uint32_t *)a], t->v[*(const uint32_t *)b]);
}

uint32_t *segment_texts_sort(struct segment_texts *t)
{
    uint32_t *order = must_alloc(t->n * sizeof *order), *rank = must_alloc(t->n * sizeof *rank);
    free(t->slots);
    t->slots = NULL;
    for (size_t i = 0; i < t->n; i++)
        order[i] = (uint32_t)i;
    qsort_r(order, t->n, sizeof *order, by_text, t);
    struct slice *sorted = must_alloc(t->n * sizeof *sorted);
    for (size_t i = 0; i < t->n; i++) {
        rank[order[i]] = (uint32_t)i;
        sorted[i] = t->v[order[i]];
    }
    free(order);
    free(t->v);
    t->v = sorted;
    return rank;
}
