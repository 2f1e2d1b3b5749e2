#include "layer/tar_pax.h"

const struct buf *pax_text_of(const struct pax_text *own, const struct pax_text *global)
{
    const struct pax_text *said = own->state != PAX_ABSENT ? own : global;
    return said->state == PAX_VALUE ? &said->text : NULL;
}

const uint64_t *pax_number_of(const struct pax_number *own, const struct pax_number *global)
{
    const struct pax_number *said = own->state != PAX_ABSENT ? own : global;
    return said->state == PAX_VALUE ? &said->value : NULL;
}

#define TEXTS 4
#define TEXTS_OF(pax)                                                                                                  \
    {                                                                                                                  \
        &(pax)->path, &(pax)->linkpath, &(pax)->sparse_name, &(pax)->sparse_map                                        \
    }

void tar_pax_clear(struct tar_pax *pax)
{
    struct tar_pax empty = {0};
    struct pax_text *const from[TEXTS] = TEXTS_OF(pax), *const to[TEXTS] = TEXTS_OF(&empty);
    for (size_t i = 0; i < TEXTS; i++) {
        to[i]->text = from[i]->text;
        to[i]->text.n = 0;
    }
    *pax = empty;
}

void tar_pax_free(struct tar_pax *pax)
{
    struct pax_text *const texts[TEXTS] = TEXTS_OF(pax);
    for (size_t i = 0; i < TEXTS; i++)
        buf_free(&texts[i]->text);
    *pax = (struct tar_pax){0};
}

static bool take_text(struct pax_text *text, struct slice value, struct error *err)
{
    // Go's reader, which the container runtimes use, refuses such a name too; others cut it off.
    if (slice_find(value, '\0') >= 0)
        return error_set(err, ERR_FORMAT, "a pax record whose name has a NUL in it");
    text->state = value.n != 0 ? PAX_VALUE : PAX_REMOVED;
    text->text.n = 0;
    buf_add(&text->text, value);
    return true;
}

static bool take_number(struct pax_number *number, struct slice value, struct error *err)
{
    number->state = value.n != 0 ? PAX_VALUE : PAX_REMOVED;
    number->value = 0;
    if (value.n == 0 || (slice_to_u64(value, &number->value) && number->value <= INT64_MAX))
        return true;
    return error_set(err, ERR_FORMAT, "a pax record whose number is none, or out of range: \"%.*s\"", SLICE_ARG(value));
}

// Sparse format 0.0 has a record for each number of the map; put together they read like 0.1's.
static bool take_map_part(struct pax_text *map, struct slice value, struct error *err)
{
    uint64_t number;
    if (!slice_to_u64(value, &number))
        return error_set(err, ERR_FORMAT, "a pax record of a sparse map that is no number");
    if (map->state == PAX_VALUE)
        buf_addc(&map->text, ',');
    map->state = PAX_VALUE;
    buf_add(&map->text, value);
    return true;
}

static bool take_record(struct tar_pax *pax, struct slice key, struct slice value, struct error *err)
{
    const struct {
        struct slice key;
        struct pax_text *text;
        struct pax_number *number;
    } known[] = {
        {SLICE("path"), &pax->path, NULL},
        {SLICE("linkpath"), &pax->linkpath, NULL},
        {SLICE("size"), NULL, &pax->size},
        {SLICE("GNU.sparse.name"), &pax->sparse_name, NULL},
        {SLICE("GNU.sparse.size"), NULL, &pax->sparse_size},
        {SLICE("GNU.sparse.realsize"), NULL, &pax->sparse_realsize},
        {SLICE("GNU.sparse.major"), NULL, &pax->sparse_major},
        {SLICE("GNU.sparse.minor"), NULL, &pax->sparse_minor},
        {SLICE("GNU.sparse.map"), &pax->sparse_map, NULL},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (slice_eq(key, known[i].key))
            return known[i].text != NULL ? take_text(known[i].text, value, err)
                                         : take_number(known[i].number, value, err);
    if (slice_eq(key, SLICE("GNU.sparse.offset")) || slice_eq(key, SLICE("GNU.sparse.numbytes")))
        return take_map_part(&pax->sparse_map, value, err);
    return true;
}

// Takes the next "LENGTH KEY=VALUE\n" off `records`; the length counts all of it.
static bool next_record(struct slice *records, struct slice *key, struct slice *value, struct error *err)
{
    struct slice digits, rest;
    uint64_t length;
    bool has_length = slice_cut(slice_of(records->p, records->n < 21 ? records->n : 21), ' ', &digits, &rest);
    if (!has_length || !slice_to_u64(digits, &length))
        return error_set(err, ERR_FORMAT, "a pax record without a length");
    if (length > records->n || length < digits.n + 2 || records->p[length - 1] != '\n')
        return error_set(err, ERR_FORMAT, "a pax record with the false length %llu", (unsigned long long)length);
    rest = slice_of(records->p + digits.n + 1, (size_t)length - digits.n - 2);
    *records = slice_from(*records, (size_t)length);
    if (!slice_cut(rest, '=', key, value) || key->n == 0)
        return error_set(err, ERR_FORMAT, "a pax record that is no KEY=VALUE");
    return true;
}

bool tar_pax_take(struct tar_pax *pax, struct slice records, struct error *err)
{
    struct slice key, value;
    while (records.n != 0)
        if (!next_record(&records, &key, &value, err) || !take_record(pax, key, value, err))
            return false;
    return true;
}
