#include "advisory/segment_block.h"

#define LEAST_RECORD    4 // bytes: two counts, the status and the note
#define WITH_INTRODUCED 8u
#define TRAIT_UNIT      16u

// ---- numbers --------------------------------------------------------------------------------------------------------

static void put_number(struct buf *out, uint64_t value)
{
    char bytes[10];
    size_t n = 0;
    for (; value > 0x7f; value >>= 7)
        bytes[n++] = (char)((value & 0x7f) | 0x80);
    bytes[n++] = (char)value;
    buf_add(out, slice_of(bytes, n));
}

static bool take_number(struct slice *in, uint64_t *value)
{
    uint64_t result = 0;
    for (size_t i = 0; i < in->n && i < 9; i++) {
        uint8_t byte = (uint8_t)in->p[i];
        result |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *in = slice_of(in->p + i + 1, in->n - i - 1);
            *value = result;
            return true;
        }
    }
    return false;
}

static bool take_id(struct slice *in, uint32_t *id)
{
    uint64_t value;
    if (!take_number(in, &value) || value > UINT32_MAX)
        return false;
    *id = (uint32_t)value;
    return true;
}

// ---- packing --------------------------------------------------------------------------------------------------------

static void put_text(struct buf *out, struct slice before, struct slice text)
{
    size_t shared = 0, most = before.n < text.n ? before.n : text.n;
    while (shared < most && before.p[shared] == text.p[shared])
        shared++;
    put_number(out, shared);
    put_number(out, text.n - shared);
    buf_add(out, slice_from(text, shared));
}

static uint64_t unpacked_bytes(const struct packed_record *r)
{
    return BLOCK_RECORD_BYTES + r->vulnerability.n + r->introduced.n + r->bound.n;
}

static bool has_bound(enum advisory_status status)
{
    return status == ADVISORY_FIXED || status == ADVISORY_LAST_AFFECTED;
}

bool block_add(struct block_writer *w, const struct packed_record *r)
{
    int64_t step = (int64_t)r->note - (int64_t)w->last.note;
    const struct packed_record before = w->last;
    if (unpacked_bytes(r) > BLOCK_MOST_BYTES - w->unpacked)
        return false;
    put_text(&w->body, before.vulnerability, r->vulnerability);
    put_number(&w->body, (uint64_t)r->trait * TRAIT_UNIT + (r->introduced.n != 0 ? WITH_INTRODUCED : 0) + r->status);
    if (r->introduced.n != 0)
        put_text(&w->body, before.introduced, r->introduced);
    if (has_bound(r->status))
        put_text(&w->body, before.bound, r->bound);
    put_number(&w->body, step < 0 ? (uint64_t)-step * 2 - 1 : (uint64_t)step * 2);
    w->last = *r;
    if (r->introduced.n == 0)
        w->last.introduced = before.introduced;
    if (!has_bound(r->status))
        w->last.bound = before.bound;
    w->unpacked += unpacked_bytes(r);
    w->n++;
    return true;
}

void block_end(struct block_writer *w, struct buf *out)
{
    put_number(out, w->n);
    buf_add(out, buf_slice(&w->body));
    w->body.n = 0;
    w->n = 0;
    w->unpacked = 0;
    w->last = (struct packed_record){0};
}

void block_writer_free(struct block_writer *w)
{
    buf_free(&w->body);
}

// ---- unpacking ------------------------------------------------------------------------------------------------------

bool block_start(struct block_reader *r, struct slice block)
{
    r->rest = block;
    r->note = 0;
    r->unpacked = 0;
    r->name.n = r->introduced.n = r->bound.n = 0;
    return take_number(&r->rest, &r->left) && r->left <= r->rest.n / LEAST_RECORD &&
           r->left <= BLOCK_MOST_BYTES / BLOCK_RECORD_BYTES;
}

static bool take_text(struct slice *in, struct block_text *text, struct slice *out)
{
    uint64_t shared, n;
    if (!take_number(in, &shared) || !take_number(in, &n) || shared > text->n || n > in->n ||
        shared + n > ADVISORY_FIELD_BYTES)
        return false;
    if (n != 0)
        memcpy(text->text + shared, in->p, n);
    *in = slice_from(*in, n);
    text->n = shared + n;
    *out = slice_of(text->text, text->n);
    return true;
}

bool block_next(struct block_reader *r, struct packed_record *record)
{
    uint64_t status, step;
    *record = (struct packed_record){0};
    if (!take_text(&r->rest, &r->name, &record->vulnerability) || !take_number(&r->rest, &status) ||
        status / TRAIT_UNIT > UINT32_MAX || status % WITH_INTRODUCED > ADVISORY_UNDETERMINED)
        return false;
    record->status = (enum advisory_status)(status % WITH_INTRODUCED);
    record->trait = (uint32_t)(status / TRAIT_UNIT);
    if ((status & WITH_INTRODUCED) != 0 && !take_text(&r->rest, &r->introduced, &record->introduced))
        return false;
    if (has_bound(record->status) && !take_text(&r->rest, &r->bound, &record->bound))
        return false;
    if (!take_number(&r->rest, &step))
        return false;
    r->note += step % 2 == 0 ? step / 2 : 0 - (step / 2 + 1);
    record->note = (uint32_t)r->note;
    r->left--;
    r->unpacked += unpacked_bytes(record);
    return r->note <= UINT32_MAX && r->unpacked <= BLOCK_MOST_BYTES;
}

// ---- lists of ids ---------------------------------------------------------------------------------------------------

void ids_write(struct buf *out, const uint32_t *ids, size_t n)
{
    put_number(out, n);
    for (size_t i = 0; i < n; i++)
        put_number(out, i == 0 ? ids[0] : ids[i] - ids[i - 1]);
}

bool ids_start(struct slice *list, uint64_t *n)
{
    return take_number(list, n) && *n <= list->n;
}

bool ids_next(struct slice *list, uint32_t *id)
{
    uint32_t step;
    return take_id(list, &step) && step != 0 && !__builtin_add_overflow(*id, step, id);
}
