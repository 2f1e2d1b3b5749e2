#include "vex/vex.h"

#include <stdlib.h>

#define WORDS_BYTES ((size_t)4096) // of a text for people

const char *vex_status_name(enum vex_status status)
{
    static const char *const names[] = {[VEX_NOT_AFFECTED] = "not_affected",
                                        [VEX_FIXED] = "fixed",
                                        [VEX_AFFECTED] = "affected",
                                        [VEX_UNDER_INVESTIGATION] = "under_investigation"};
    return names[status];
}

// ---- reading --------------------------------------------------------------------------------------------------------

static const struct vex_format *const formats[] = {&vex_openvex, &vex_csaf, &vex_cyclonedx, NULL};

bool vex_read(struct slice text, struct slice file, const struct limits *limits, struct arena *a,
              struct vex_document *out, struct error *err)
{
    *out = (struct vex_document){.file = arena_dup(a, file)};
    if (text.n > limits->vex_bytes)
        return error_set(err, ERR_LIMIT, "larger than vex_bytes (%llu)", (unsigned long long)limits->vex_bytes);
    yyjson_doc *doc JSON_AUTO = json_parse(text, err);
    if (doc == NULL)
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    for (size_t i = 0; formats[i] != NULL; i++) {
        if (!formats[i]->is(root))
            continue;
        out->format = formats[i]->name;
        if (!formats[i]->read(root, limits, a, out, err))
            return error_wrap(err, "%s", out->format);
        for (size_t s = 0; s < out->statements_n; s++)
            out->statements[s].document = out;
        return true;
    }
    return error_set(err, ERR_UNSUPPORTED,
                     "no VEX document: neither OpenVEX (an \"@context\" of openvex.dev), CSAF "
                     "(\"document\" with \"csaf_version\") nor CycloneDX with \"vulnerabilities\"");
}

struct slice vex_words(struct arena *a, struct slice text)
{
    if (text.n <= WORDS_BYTES)
        return arena_dup(a, text);
    size_t end = WORDS_BYTES;
    while (end > 0 && ((unsigned char)text.p[end] & 0xc0) == 0x80)
        end--;
    struct buf cut BUF_AUTO = {0};
    buf_add(&cut, slice_of(text.p, end));
    buf_adds(&cut, "…");
    return arena_dup(a, buf_slice(&cut));
}

static enum vex_naming naming_of(struct slice text)
{
    struct slice scheme = slice_of(text.p, text.n < 4 ? text.n : 4);
    if (slice_eq_nocase(scheme, SLICE("pkg:")))
        return VEX_PURL;
    if (slice_eq_nocase(scheme, SLICE("cpe:")))
        return VEX_CPE;
    return slice_starts(text, SLICE("sha256:")) || slice_starts(text, SLICE("sha512:")) ? VEX_DIGEST : VEX_REFERENCE;
}

bool vex_add_name(struct arena *a, struct vex_thing *thing, struct slice text, const struct limits *limits,
                  struct error *err)
{
    text = slice_trim(text);
    if (text.n == 0)
        return true;
    if (text.n > limits->field_bytes)
        return error_set(err, ERR_LIMIT, "the name of a product has %zu bytes, more than field_bytes (%llu)", text.n,
                         (unsigned long long)limits->field_bytes);
    if (thing->names_n == thing->names_cap)
        thing->names = arena_grow(a, thing->names, sizeof *thing->names, thing->names_n, &thing->names_cap);
    thing->names[thing->names_n++] = (struct vex_name){naming_of(text), arena_dup(a, text)};
    return true;
}

struct vex_statement *vex_add_statement(struct arena *a, struct vex_document *d, const struct limits *limits,
                                        struct error *err)
{
    if (d->statements_n >= limits->vex_statements) {
        error_set(err, ERR_LIMIT, "more than vex_statements (%llu)", (unsigned long long)limits->vex_statements);
        return NULL;
    }
    if (d->statements_n == d->statements_cap)
        d->statements = arena_grow(a, d->statements, sizeof *d->statements, d->statements_n, &d->statements_cap);
    struct vex_statement *s = &d->statements[d->statements_n++];
    *s = (struct vex_statement){.number = d->statements_n};
    return s;
}

bool vex_add_product(struct arena *a, struct vex_statement *s, const struct vex_thing *whole,
                     const struct vex_thing *part, uint64_t *products, const struct limits *limits, struct error *err)
{
    if (++*products > limits->vex_products)
        return error_set(err, ERR_LIMIT, "more than vex_products (%llu)", (unsigned long long)limits->vex_products);
    if (s->products_n == s->products_cap)
        s->products = arena_grow(a, s->products, sizeof *s->products, s->products_n, &s->products_cap);
    s->products[s->products_n++] = (struct vex_product){whole, part};
    return true;
}

void vex_add_alias(struct buf *aliases, struct slice id, const struct limits *limits)
{
    id = slice_trim(id);
    if (id.n == 0 || id.n > limits->field_bytes || slice_find(id, ' ') >= 0)
        return;
    buf_adds(aliases, aliases->n != 0 ? " " : "");
    buf_add(aliases, id);
}

// Both formats ask for a reason why something is not affected: without one nobody can check it.
void vex_check_statement(struct vex_statement *s)
{
    if (s->vulnerability.n == 0)
        s->defect = SLICE("it names no vulnerability");
    else if (s->products_n == 0)
        s->defect = SLICE("it names no product");
    else if (s->status == VEX_NOT_AFFECTED && s->justification.n == 0 && s->impact.n == 0)
        s->defect = SLICE("it says \"not affected\" without a justification or an impact statement");
}

// ---- sets -----------------------------------------------------------------------------------------------------------

void vex_set_add(struct arena *a, struct vex_set *set, struct vex_document *document)
{
    if (set->documents_n == set->documents_cap)
        set->documents =
            arena_grow(a, set->documents, sizeof(struct vex_document *), set->documents_n, &set->documents_cap);
    document->place = set->documents_n;
    set->documents[set->documents_n++] = document;
}

// "1.10.2" and "3": numbers between dots.
static bool compare_numbers(struct slice a, struct slice b, int *order)
{
    *order = 0;
    if (a.n == 0 || b.n == 0)
        return false;
    while (a.n != 0 || b.n != 0) {
        struct slice x, y;
        uint64_t left = 0, right = 0;
        slice_cut(a, '.', &x, &a);
        slice_cut(b, '.', &y, &b);
        if ((x.n != 0 && !slice_to_u64(x, &left)) || (y.n != 0 && !slice_to_u64(y, &right)))
            return false;
        if (*order == 0)
            *order = (left > right) - (left < right);
    }
    return true;
}

bool vex_older_version(const struct vex_document *a, const struct vex_document *b)
{
    int order;
    if (a->id.n == 0 || !slice_eq(a->id, b->id))
        return false;
    if (compare_numbers(a->version, b->version, &order) && order != 0)
        return order < 0;
    return a->timestamp < b->timestamp;
}

static int by_document_id(const void *x, const void *y)
{
    const struct vex_document *const *a = x, *const *b = y;
    return slice_cmp((*a)->id, (*b)->id);
}

static void find_superseded(struct arena *a, struct vex_set *set)
{
    struct vex_document **sorted = ARENA_NEW(a, struct vex_document *, set->documents_n);
    memcpy(sorted, set->documents, set->documents_n * sizeof(struct vex_document *));
    qsort(sorted, set->documents_n, sizeof(struct vex_document *), by_document_id);
    for (size_t first = 0, end; first < set->documents_n; first = end) {
        size_t newest = first;
        for (end = first + 1; end < set->documents_n && slice_eq(sorted[end]->id, sorted[first]->id); end++)
            if (vex_older_version(sorted[newest], sorted[end]))
                newest = end;
        for (size_t i = first; i < end; i++)
            sorted[i]->superseded = vex_older_version(sorted[i], sorted[newest]);
    }
}

static void add_entry(struct arena *a, struct vex_set *set, struct slice id, const struct vex_statement *s)
{
    if (set->entries_n == set->entries_cap)
        set->entries = arena_grow(a, set->entries, sizeof *set->entries, set->entries_n, &set->entries_cap);
    set->entries[set->entries_n++] = (struct vex_entry){arena_dup_lower(a, id), s, set->statements_n};
}

static int by_id(const void *x, const void *y)
{
    const struct vex_entry *a = x, *b = y;
    int order = slice_cmp(a->id, b->id);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

void vex_set_index(struct arena *a, struct vex_set *set)
{
    if (set->documents_n != 0)
        find_superseded(a, set);
    for (size_t d = 0; d < set->documents_n; d++)
        for (size_t i = 0; i < set->documents[d]->statements_n; i++) {
            const struct vex_statement *s = &set->documents[d]->statements[i];
            struct slice alias, rest = s->aliases;
            add_entry(a, set, s->vulnerability, s);
            while (rest.n != 0) {
                slice_cut(rest, ' ', &alias, &rest);
                if (!slice_eq(alias, s->vulnerability))
                    add_entry(a, set, alias, s);
            }
            set->statements_n++;
        }
    if (set->entries_n > 1)
        qsort(set->entries, set->entries_n, sizeof *set->entries, by_id);
}

const struct vex_entry *vex_set_find(const struct vex_set *set, struct slice id, size_t *n)
{
    struct arena scratch ARENA_AUTO = {0};
    id = arena_dup_lower(&scratch, id);
    size_t low = 0, high = set->entries_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (slice_cmp(set->entries[middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (*n = 0; low + *n < set->entries_n && slice_eq(set->entries[low + *n].id, id); ++*n)
        ;
    return set->entries + low;
}

bool vex_later(const struct vex_statement *s, const struct vex_statement *other)
{
    int order;
    if (other == NULL)
        return true;
    if (s->timestamp != other->timestamp)
        return s->timestamp > other->timestamp;
    if (compare_numbers(s->document->version, other->document->version, &order) && order != 0)
        return order > 0;
    return s->document == other->document ? s->number > other->number : s->document->place > other->document->place;
}
