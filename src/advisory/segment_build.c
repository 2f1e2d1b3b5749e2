// Collecting records, and putting them in order. What does not fit into little memory is in temporary files meanwhile.
#include "advisory/segment_builder.h"
#include "base/parts.h"

#include <stdlib.h>

#define RECORDS_MEMORY ((size_t)12 << 20) // of records as they come, and again while they are sorted
#define RECENT_SCOPES  16                 // looked through before a scope is noted again
#define CHUNK_RECORDS  ((size_t)1024)     // read back at a time

struct segment_builder *segment_builder_new(const char *feed, const char *folder)
{
    struct segment_builder *b = must_alloc(sizeof *b);
    *b = (struct segment_builder){.feed = feed};
    if (folder != NULL)
        b->folder = arena_dup(&b->arena, slice_str(folder)).p;
    b->records = spool_new(b->folder, RECORDS_MEMORY);
    segment_texts_init(&b->texts);
    segment_notes_init(&b->notes, b->folder);
    return b;
}

void segment_builder_free(struct segment_builder **b)
{
    if (*b == NULL)
        return;
    segment_texts_free(&(*b)->texts);
    segment_notes_free(&(*b)->notes);
    spool_free(&(*b)->records);
    buf_free(&(*b)->scratch);
    arena_free(&(*b)->arena);
    free((*b)->scopes);
    free(*b);
    *b = NULL;
}

// ---- collecting -----------------------------------------------------------------------------------------------------

static struct slice trait_text(struct segment_builder *b, const struct advisory *r)
{
    b->scratch.n = 0;
    parts_add(&b->scratch, r->severity);
    parts_add(&b->scratch, r->state);
    parts_add(&b->scratch, r->arch);
    parts_add(&b->scratch, r->module);
    buf_addc(&b->scratch, r->of_source ? '1' : '0');
    return buf_slice(&b->scratch);
}

struct trait trait_of(struct slice text)
{
    struct trait trait;
    trait.severity = parts_take(&text);
    trait.state = parts_take(&text);
    trait.arch = parts_take(&text);
    trait.module = parts_take(&text);
    trait.of_source = slice_eq(text, SLICE("1"));
    return trait;
}

static bool check_limits(const struct segment_builder *b, const struct advisory *r, const struct limits *limits,
                         struct error *err)
{
    if (!advisory_fits(r, limits))
        return error_set(err, ERR_LIMIT, "a record of %.*s lacks a field, or has one that is too long",
                         SLICE_ARG(r->package));
    if (segment_builder_count(b) >= limits->feed_records)
        return error_set(err, ERR_LIMIT, "more than %llu records (limit feed_records)",
                         (unsigned long long)limits->feed_records);
    if (b->texts.arena.used + spool_size(&b->notes.spool) >= limits->feed_text_bytes ||
        b->texts.n >= SEGMENT_MOST_TEXTS || b->notes.n >= SEGMENT_MOST_TEXTS)
        return error_set(err, ERR_LIMIT, "texts of more than %llu bytes (limit feed_text_bytes)",
                         (unsigned long long)limits->feed_text_bytes);
    return true;
}

bool segment_add(struct segment_builder *b, const struct advisory *r, const struct limits *limits, struct error *err)
{
    struct record record;
    uint32_t *field = record.field;
    if (!check_limits(b, r, limits, err) || !segment_note_number(&b->notes, r, &field[RECORD_NOTE], err))
        return false;
    field[RECORD_PACKAGE] = segment_text_number(&b->texts, r->package);
    field[RECORD_SCOPE] = segment_text_number(&b->texts, r->scope);
    field[RECORD_VULNERABILITY] = segment_text_number(&b->texts, r->vulnerability);
    field[RECORD_INTRODUCED] = segment_text_number(&b->texts, r->introduced);
    field[RECORD_BOUND] = segment_text_number(&b->texts, r->bound);
    field[RECORD_STATUS] = (uint32_t)r->status;
    field[RECORD_TRAIT] = segment_text_number(&b->texts, trait_text(b, r));
    return spool_add(&b->records, slice_of((const char *)&record, sizeof record), err);
}

void segment_add_scope(struct segment_builder *b, struct slice scope)
{
    uint32_t number = segment_text_number(&b->texts, scope);
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
    return (struct segment_mark){segment_builder_count(b), b->scopes_n};
}

void segment_rewind(struct segment_builder *b, struct segment_mark mark)
{
    spool_cut(&b->records, mark.records * sizeof(struct record));
    b->scopes_n = mark.scopes;
}

uint64_t segment_builder_count(const struct segment_builder *b)
{
    return spool_size(&b->records) / sizeof(struct record);
}

// ---- ordering -------------------------------------------------------------------------------------------------------

static int by_fields(const void *a, const void *b, void *notes)
{
    const uint32_t *x = ((const struct record *)a)->field, *y = ((const struct record *)b)->field;
    for (int f = 0; f < RECORD_NOTE; f++)
        if (x[f] != y[f])
            return x[f] < y[f] ? -1 : 1;
    return segment_notes_compare(notes, x[RECORD_NOTE], y[RECORD_NOTE]);
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void sort_scopes(struct segment_builder *b, const uint32_t *rank)
{
    size_t kept = 0;
    for (size_t i = 0; i < b->scopes_n; i++)
        b->scopes[i] = rank[b->scopes[i]];
    if (b->scopes_n > 1)
        qsort(b->scopes, b->scopes_n, sizeof *b->scopes, by_number);
    for (size_t i = 0; i < b->scopes_n; i++)
        if (kept == 0 || b->scopes[kept - 1] != b->scopes[i])
            b->scopes[kept++] = b->scopes[i];
    b->scopes_n = kept;
}

// Renumbers a chunk of records into the sorter.
static bool sort_chunk(struct sorter *sorter, struct slice chunk, const uint32_t *rank, struct error *err)
{
    for (; chunk.n != 0; chunk = slice_from(chunk, sizeof(struct record))) {
        struct record record;
        memcpy(&record, chunk.p, sizeof record);
        for (int f = 0; f < RECORD_NOTE; f++)
            if (f != RECORD_STATUS)
                record.field[f] = rank[record.field[f]];
        if (!sorter_add(sorter, &record, err))
            return false;
    }
    return true;
}

static bool sort_records(struct segment_builder *b, struct sorter *sorter, const uint32_t *rank, struct error *err)
{
    struct buf room BUF_AUTO = {0};
    uint64_t end = spool_size(&b->records);
    for (uint64_t at = 0, n; at < end; at += n) {
        struct slice chunk;
        n = CHUNK_RECORDS * sizeof(struct record);
        n = n < end - at ? n : end - at;
        if (!spool_read(&b->records, at, (size_t)n, &room, &chunk, err) || !sort_chunk(sorter, chunk, rank, err))
            return false;
    }
    spool_free(&b->records);
    return sorter_start(sorter, err);
}

struct sorter *segment_builder_sort(struct segment_builder *b, struct error *err)
{
    uint32_t *rank = segment_texts_sort(&b->texts);
    struct sorter *sorter = sorter_new(sizeof(struct record), RECORDS_MEMORY, b->folder, by_fields, &b->notes);
    sort_scopes(b, rank);
    if (!sort_records(b, sorter, rank, err))
        sorter_free(&sorter);
    free(rank);
    return sorter;
}
