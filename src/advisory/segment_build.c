// Collecting records, and putting them in order.
#include "advisory/segment_builder.h"

#include <stdlib.h>

#define FIRST_SLOTS   1024
#define RECENT_SCOPES 16 // looked through before a scope is noted again

// ---- texts ----------------------------------------------------------------------------------------------------------

static size_t slot_of(const struct segment_builder *b, struct slice text)
{
    size_t at = (size_t)slice_hash(text) & (b->slots_n - 1);
    while (b->slots[at] != 0 && !slice_eq(b->texts.v[b->slots[at] - 1], text))
        at = (at + 1) & (b->slots_n - 1);
    return at;
}

static void make_slots(struct segment_builder *b, size_t n)
{
    free(b->slots);
    b->slots_n = n;
    b->slots = must_alloc(n * sizeof *b->slots);
    memset(b->slots, 0, n * sizeof *b->slots);
    for (size_t i = 0; i < b->texts.n; i++)
        b->slots[slot_of(b, b->texts.v[i])] = (uint32_t)i + 1;
}

// The number of a text, which is copied when it is new.
static uint32_t number_of(struct segment_builder *b, struct slice text)
{
    size_t at = slot_of(b, text);
    if (b->slots[at] != 0)
        return b->slots[at] - 1;
    VEC_PUSH(&b->arena, &b->texts) = arena_dup(&b->arena, text);
    uint32_t number = (uint32_t)b->texts.n - 1;
    b->slots[at] = number + 1;
    if (b->texts.n * 2 > b->slots_n)
        make_slots(b, b->slots_n * 2);
    return number;
}

// At most ADVISORY_TEXT_BYTES of a blank-separated list, in whole members.
static struct slice cut_list(struct slice list)
{
    if (list.n <= ADVISORY_TEXT_BYTES)
        return list;
    ptrdiff_t blank = slice_rfind(slice_of(list.p, ADVISORY_TEXT_BYTES + 1), ' ');
    return slice_of(list.p, blank > 0 ? (size_t)blank : 0);
}

static void add_description(struct buf *out, struct slice text)
{
    static const char ellipsis[] = "\xe2\x80\xa6";
    size_t n = ADVISORY_TEXT_BYTES - (sizeof ellipsis - 1);
    if (text.n <= ADVISORY_TEXT_BYTES) {
        buf_add(out, text);
        return;
    }
    while (n > 0 && ((unsigned char)text.p[n] & 0xc0) == 0x80) // within a character of UTF-8
        n--;
    buf_add(out, slice_of(text.p, n));
    buf_adds(out, ellipsis);
}

// Several texts as one: each but the last with its length in front.
static void add_part(struct buf *out, struct slice part)
{
    const uint32_t n = (uint32_t)part.n;
    buf_add(out, slice_of((const char *)&n, sizeof n));
    buf_add(out, part);
}

static struct slice take_part(struct slice *text)
{
    uint32_t n = 0;
    if (text->n >= sizeof n)
        memcpy(&n, text->p, sizeof n);
    *text = slice_from(*text, sizeof n);
    struct slice part = slice_of(text->p, n);
    *text = slice_from(*text, n);
    return part;
}

static struct slice note_text(struct segment_builder *b, const struct advisory *r)
{
    if (r->description.n + r->links.n + r->aliases.n + r->advisories.n + r->cvss.n == 0)
        return SLICE("");
    b->scratch.n = 0;
    add_part(&b->scratch, cut_list(r->links));
    add_part(&b->scratch, cut_list(r->aliases));
    add_part(&b->scratch, cut_list(r->advisories));
    add_part(&b->scratch, cut_list(r->cvss));
    add_description(&b->scratch, r->description);
    return buf_slice(&b->scratch);
}

struct note note_of(struct slice text)
{
    struct note note;
    note.links = take_part(&text);
    note.aliases = take_part(&text);
    note.advisories = take_part(&text);
    note.cvss = take_part(&text);
    note.description = text;
    return note;
}

static struct slice trait_text(struct segment_builder *b, const struct advisory *r)
{
    b->scratch.n = 0;
    add_part(&b->scratch, r->severity);
    add_part(&b->scratch, r->state);
    add_part(&b->scratch, r->arch);
    add_part(&b->scratch, r->module);
    buf_addc(&b->scratch, r->of_source ? '1' : '0');
    return buf_slice(&b->scratch);
}

struct trait trait_of(struct slice text)
{
    struct trait trait;
    trait.severity = take_part(&text);
    trait.state = take_part(&text);
    trait.arch = take_part(&text);
    trait.module = take_part(&text);
    trait.of_source = slice_eq(text, SLICE("1"));
    return trait;
}

// ---- collecting -----------------------------------------------------------------------------------------------------

struct segment_builder *segment_builder_new(const char *feed)
{
    struct segment_builder *b = must_alloc(sizeof *b);
    *b = (struct segment_builder){.feed = feed};
    make_slots(b, FIRST_SLOTS);
    number_of(b, SLICE(""));
    return b;
}

void segment_builder_free(struct segment_builder **b)
{
    if (*b == NULL)
        return;
    arena_free(&(*b)->arena);
    buf_free(&(*b)->scratch);
    free((*b)->slots);
    free((*b)->records);
    free((*b)->scopes);
    free(*b);
    *b = NULL;
}

static bool check_limits(const struct segment_builder *b, const struct advisory *r, const struct limits *limits,
                         struct error *err)
{
    if (!advisory_fits(r, limits))
        return error_set(err, ERR_LIMIT, "a record of %.*s lacks a field, or has one that is too long",
                         SLICE_ARG(r->package));
    if (b->records_n >= limits->feed_records)
        return error_set(err, ERR_LIMIT, "more than %llu records (limit feed_records)",
                         (unsigned long long)limits->feed_records);
    if (b->arena.used >= limits->feed_text_bytes || b->texts.n >= SEGMENT_MOST_TEXTS)
        return error_set(err, ERR_LIMIT, "texts of more than %llu bytes (limit feed_text_bytes)",
                         (unsigned long long)limits->feed_text_bytes);
    return true;
}

bool segment_add(struct segment_builder *b, const struct advisory *r, const struct limits *limits, struct error *err)
{
    if (!check_limits(b, r, limits, err))
        return false;
    if (b->records_n == b->records_cap) {
        b->records_cap = b->records_cap != 0 ? b->records_cap + b->records_cap / 2 : 1024;
        b->records = must_realloc(b->records, b->records_cap * sizeof *b->records);
    }
    uint32_t *field = b->records[b->records_n++].field;
    field[RECORD_PACKAGE] = number_of(b, r->package);
    field[RECORD_SCOPE] = number_of(b, r->scope);
    field[RECORD_VULNERABILITY] = number_of(b, r->vulnerability);
    field[RECORD_INTRODUCED] = number_of(b, r->introduced);
    field[RECORD_BOUND] = number_of(b, r->bound);
    field[RECORD_STATUS] = (uint32_t)r->status;
    field[RECORD_TRAIT] = number_of(b, trait_text(b, r));
    field[RECORD_NOTE] = number_of(b, note_text(b, r));
    return true;
}

void segment_add_scope(struct segment_builder *b, struct slice scope)
{
    uint32_t number = number_of(b, scope);
    size_t from = b->scopes_n > RECENT_SCOPES ? b->scopes_n - RECENT_SCOPES : 0;
    for (size_t i = from; i < b->scopes_n; i++)
        if (b->scopes[i] == number)
            return;
    if (b->scopes_n == b->scopes_cap) {
        b->scopes_cap = b->scopes_cap != 0 ? b->scopes_cap * 2 : 64;
        b->scopes = must_realloc(b->scopes, b->scopes_cap * sizeof *b->scopes);
    }
    b->scopes[b->scopes_n++] = number;
}

struct segment_mark segment_mark(const struct segment_builder *b)
{
    return (struct segment_mark){b->records_n, b->scopes_n};
}

void segment_rewind(struct segment_builder *b, struct segment_mark mark)
{
    b->records_n = mark.records;
    b->scopes_n = mark.scopes;
}

uint64_t segment_builder_count(const struct segment_builder *b)
{
    return b->records_n;
}

// ---- ordering -------------------------------------------------------------------------------------------------------

static int by_text(const void *a, const void *b, void *builder)
{
    const struct segment_builder *s = builder;
    return slice_cmp(s->texts.v[*(const uint32_t *)a], s->texts.v[*(const uint32_t *)b]);
}

// Then numbers compare as their texts do.
static void sort_texts(struct segment_builder *b)
{
    size_t n = b->texts.n;
    uint32_t *order = must_alloc(n * sizeof *order), *rank = must_alloc(n * sizeof *rank);
    struct slice *sorted = ARENA_NEW(&b->arena, struct slice, n);
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    qsort_r(order, n, sizeof *order, by_text, b);
    for (size_t i = 0; i < n; i++) {
        rank[order[i]] = (uint32_t)i;
        sorted[i] = b->texts.v[order[i]];
    }
    for (size_t i = 0; i < b->records_n; i++)
        for (int f = 0; f < RECORD_FIELDS; f++)
            if (f != RECORD_STATUS)
                b->records[i].field[f] = rank[b->records[i].field[f]];
    for (size_t i = 0; i < b->scopes_n; i++)
        b->scopes[i] = rank[b->scopes[i]];
    b->texts.v = sorted;
    b->texts.cap = n;
    free(order);
    free(rank);
}

static int by_fields(const void *a, const void *b)
{
    const uint32_t *x = ((const struct record *)a)->field, *y = ((const struct record *)b)->field;
    for (int f = 0; f < RECORD_FIELDS; f++)
        if (x[f] != y[f])
            return x[f] < y[f] ? -1 : 1;
    return 0;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

// Sorts, and keeps each element once. Answers how many are left.
static size_t sort_once(void *list, size_t n, size_t size, int (*compare)(const void *, const void *))
{
    if (n == 0)
        return 0;
    char *element = list;
    size_t kept = 1;
    qsort(list, n, size, compare);
    for (size_t i = 1; i < n; i++)
        if (compare(element + (kept - 1) * size, element + i * size) != 0)
            memmove(element + kept++ * size, element + i * size, size);
    return kept;
}

void segment_builder_sort(struct segment_builder *b)
{
    sort_texts(b);
    b->records_n = sort_once(b->records, b->records_n, sizeof *b->records, by_fields);
    b->scopes_n = sort_once(b->scopes, b->scopes_n, sizeof *b->scopes, by_number);
}
