#include "advisory/segment_notes.h"

#include "base/arena.h"
#include "base/parts.h"

#include <stdlib.h>

#define SPOOL_MEMORY ((size_t)8 << 20)
#define FIRST_SLOTS  1024

void segment_notes_init(struct segment_notes *notes, const char *folder)
{
    *notes = (struct segment_notes){.spool = spool_new(folder, SPOOL_MEMORY), .slots_n = FIRST_SLOTS};
    notes->slots = must_alloc(FIRST_SLOTS * sizeof *notes->slots);
    memset(notes->slots, 0, FIRST_SLOTS * sizeof *notes->slots);
}

void segment_notes_free(struct segment_notes *notes)
{
    spool_free(&notes->spool);
    buf_free(&notes->last);
    buf_free(&notes->packed);
    buf_free(&notes->room);
    free(notes->v);
    free(notes->slots);
}

// ---- packing --------------------------------------------------------------------------------------------------------

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

static void pack(struct buf *out, const struct advisory *r)
{
    out->n = 0;
    if (r->description.n + r->links.n + r->aliases.n + r->advisories.n + r->cvss.n == 0)
        return;
    parts_add(out, cut_list(r->links));
    parts_add(out, cut_list(r->aliases));
    parts_add(out, cut_list(r->advisories));
    parts_add(out, cut_list(r->cvss));
    add_description(out, r->description);
}

static struct note unpack(struct slice packed)
{
    struct note note;
    note.links = parts_take(&packed);
    note.aliases = parts_take(&packed);
    note.advisories = parts_take(&packed);
    note.cvss = parts_take(&packed);
    note.description = packed;
    return note;
}

// ---- collecting -----------------------------------------------------------------------------------------------------

static bool same_note(struct segment_notes *notes, const struct kept_note *kept, uint64_t hash, struct slice packed,
                      bool *same, struct error *err)
{
    struct slice text;
    *same = false;
    if (kept->hash != hash || kept->n != packed.n)
        return true;
    if (!spool_read(&notes->spool, kept->offset, kept->n, &notes->room, &text, err))
        return false;
    *same = slice_eq(text, packed);
    return true;
}

// The slot of the note, or the free one where it belongs.
static bool slot_of(struct segment_notes *notes, uint64_t hash, struct slice packed, uint32_t **slot, struct error *err)
{
    bool same = false;
    for (size_t at = (size_t)hash & (notes->slots_n - 1);; at = (at + 1) & (notes->slots_n - 1)) {
        *slot = &notes->slots[at];
        if (**slot == 0)
            return true;
        if (!same_note(notes, &notes->v[**slot - 1], hash, packed, &same, err))
            return false;
        if (same)
            return true;
    }
}

static void grow_slots(struct segment_notes *notes)
{
    notes->slots_n *= 2;
    free(notes->slots);
    notes->slots = must_alloc(notes->slots_n * sizeof *notes->slots);
    memset(notes->slots, 0, notes->slots_n * sizeof *notes->slots);
    for (size_t i = 0; i < notes->n; i++) {
        size_t at = (size_t)notes->v[i].hash & (notes->slots_n - 1);
        while (notes->slots[at] != 0)
            at = (at + 1) & (notes->slots_n - 1);
        notes->slots[at] = (uint32_t)i + 1;
    }
}

static bool keep(struct segment_notes *notes, uint64_t hash, struct slice packed, uint32_t *slot, struct error *err)
{
    if (notes->n == notes->cap) {
        notes->cap = notes->cap != 0 ? notes->cap + notes->cap / 2 : FIRST_SLOTS;
        notes->v = must_realloc(notes->v, notes->cap * sizeof *notes->v);
    }
    notes->v[notes->n] = (struct kept_note){hash, spool_size(&notes->spool), (uint32_t)packed.n};
    if (!spool_add(&notes->spool, packed, err))
        return false;
    *slot = (uint32_t)++notes->n;
    if (notes->n * 2 > notes->slots_n)
        grow_slots(notes);
    return true;
}

bool segment_note_number(struct segment_notes *notes, const struct advisory *record, uint32_t *number,
                         struct error *err)
{
    pack(&notes->packed, record);
    struct slice packed = buf_slice(&notes->packed);
    *number = 0;
    if (packed.n == 0)
        return true;
    // Mostly a vulnerability has several records, one behind the other.
    if (!slice_eq(packed, buf_slice(&notes->last))) {
        uint64_t hash = slice_hash(packed);
        uint32_t *slot;
        if (!slot_of(notes, hash, packed, &slot, err))
            return false;
        notes->last_number = *slot;
        if (*slot == 0) {
            if (!keep(notes, hash, packed, slot, err))
                return false;
            notes->last_number = (uint32_t)notes->n;
        }
        notes->last.n = 0;
        buf_add(&notes->last, packed);
    }
    *number = notes->last_number;
    return true;
}

// ---- reading --------------------------------------------------------------------------------------------------------

bool segment_note_read(struct segment_notes *notes, uint32_t number, struct note *note, struct error *err)
{
    const struct kept_note *kept = &notes->v[number - 1];
    struct slice text;
    if (!spool_read(&notes->spool, kept->offset, kept->n, &notes->room, &text, err))
        return false;
    *note = unpack(text);
    return true;
}

int segment_notes_compare(struct segment_notes *notes, uint32_t a, uint32_t b)
{
    struct slice x = {0}, y = {0};
    struct error ignored; // a note that cannot be read now cannot be read when it is written either, which then fails
    if (a == b)
        return 0;
    if (a != 0)
        spool_read(&notes->spool, notes->v[a - 1].offset, notes->v[a - 1].n, &notes->room, &x, &ignored);
    if (b != 0)
        spool_read(&notes->spool, notes->v[b - 1].offset, notes->v[b - 1].n, &notes->packed, &y, &ignored);
    int order = slice_cmp(x, y);
    return order != 0 ? order : (a > b) - (a < b);
}
