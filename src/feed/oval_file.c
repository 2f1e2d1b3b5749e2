#include "feed/oval_file.h"

#include "base/sort.h"
#include "feed/xml.h"

#include <stdlib.h>
#include <zstd.h>

#define BLOCK   (256 * 1024) // of definitions, packed together
#define PACKING 3            // zstd's level

// ---- texts, each once -----------------------------------------------------------------------------------------------

static const struct slice *texts_of(const struct oval_file *f)
{
    return (const void *)f->texts.p;
}

static void grow_table(struct oval_file *f)
{
    size_t n = f->text_table_n != 0 ? f->text_table_n * 2 : 4096;
    free(f->text_table);
    f->text_table = must_alloc(n * sizeof *f->text_table);
    memset(f->text_table, 0, n * sizeof *f->text_table);
    f->text_table_n = n;
    for (uint32_t t = 1; t < f->texts.n / sizeof(struct slice); t++) {
        size_t i = slice_hash(texts_of(f)[t]) & (n - 1);
        while (f->text_table[i] != 0)
            i = (i + 1) & (n - 1);
        f->text_table[i] = t;
    }
}

static uint32_t add_text(struct oval_file *f, struct slice text)
{
    uint32_t number = (uint32_t)(f->texts.n / sizeof text);
    struct slice kept = arena_dup(&f->text_arena, text);
    buf_add(&f->texts, slice_of((const char *)&kept, sizeof kept));
    return number;
}

static uint32_t number_of(struct oval_file *f, struct slice text)
{
    if (text.n == 0)
        return 0;
    if (f->texts.n == 0)
        add_text(f, SLICE("")); // which 0 stands for
    if (f->texts.n / sizeof text * 2 >= f->text_table_n)
        grow_table(f);
    size_t i = slice_hash(text) & (f->text_table_n - 1);
    while (f->text_table[i] != 0) {
        if (slice_eq(texts_of(f)[f->text_table[i]], text))
            return f->text_table[i];
        i = (i + 1) & (f->text_table_n - 1);
    }
    return f->text_table[i] = add_text(f, text);
}

struct slice oval_text(const struct oval_file *file, uint32_t number)
{
    return number != 0 ? texts_of(file)[number] : (struct slice){0};
}

struct slice oval_value_of(const struct oval_file *file, const struct oval_variable *variable, size_t i)
{
    const uint32_t *values = (const void *)file->values.p;
    return oval_text(file, values[variable->first + i]);
}

// ---- definitions, packed --------------------------------------------------------------------------------------------

static void put_number(struct buf *b, uint64_t n)
{
    buf_add(b, slice_of((const char *)&n, sizeof n));
}

static void put_text(struct buf *b, struct slice s)
{
    put_number(b, s.n);
    buf_add(b, s);
}

static uint64_t take_number(struct slice *from)
{
    uint64_t n;
    memcpy(&n, from->p, sizeof n);
    *from = slice_from(*from, sizeof n);
    return n;
}

static struct slice take_text(struct slice *from)
{
    size_t n = (size_t)take_number(from);
    struct slice s = slice_of(from->p, n);
    *from = slice_from(*from, n);
    return s;
}

static void put_definition(struct buf *b, const struct oval_definition *d)
{
    put_number(b, d->class);
    put_text(b, d->title);
    put_text(b, d->description);
    put_text(b, d->severity);
    put_number(b, d->references_n);
    for (size_t i = 0; i < d->references_n; i++) {
        put_text(b, d->references[i].source);
        put_text(b, d->references[i].id);
        put_text(b, d->references[i].url);
    }
    put_number(b, d->cves_n);
    for (size_t i = 0; i < d->cves_n; i++) {
        put_text(b, d->cves[i].id);
        put_text(b, d->cves[i].url);
        put_text(b, d->cves[i].cvss);
        put_text(b, d->cves[i].usns);
    }
    put_number(b, d->nodes_n);
    for (size_t i = 0; i < d->nodes_n; i++) {
        put_number(b, d->nodes[i].kind);
        put_number(b, d->nodes[i].negate);
        put_number(b, d->nodes[i].end);
        put_number(b, d->nodes[i].id);
        put_text(b, d->nodes[i].comment);
    }
}

static void take_definition(struct slice *from, struct arena *a, struct oval_definition *d)
{
    d->class = (enum oval_class)take_number(from);
    d->title = take_text(from);
    d->description = take_text(from);
    d->severity = take_text(from);
    d->references_n = (size_t)take_number(from);
    d->references = ARENA_NEW(a, struct oval_reference, d->references_n);
    for (size_t i = 0; i < d->references_n; i++) {
        d->references[i].source = take_text(from);
        d->references[i].id = take_text(from);
        d->references[i].url = take_text(from);
    }
    d->cves_n = (size_t)take_number(from);
    d->cves = ARENA_NEW(a, struct oval_cve, d->cves_n);
    for (size_t i = 0; i < d->cves_n; i++) {
        d->cves[i].id = take_text(from);
        d->cves[i].url = take_text(from);
        d->cves[i].cvss = take_text(from);
        d->cves[i].usns = take_text(from);
    }
    d->nodes_n = (size_t)take_number(from);
    d->nodes = ARENA_NEW(a, struct oval_node, d->nodes_n);
    for (size_t i = 0; i < d->nodes_n; i++) {
        d->nodes[i].kind = (enum oval_node_kind)take_number(from);
        d->nodes[i].negate = take_number(from) != 0;
        d->nodes[i].end = (uint32_t)take_number(from);
        d->nodes[i].id = take_number(from);
        d->nodes[i].comment = take_text(from);
    }
}

static bool pack(struct oval_file *f, const struct limits *limits, struct error *err)
{
    if (f->plain.n == 0)
        return true;
    size_t most = ZSTD_compressBound(f->plain.n);
    char *room = must_alloc(most);
    struct oval_block block = {.unpacked_n = f->plain.n};
    block.n = ZSTD_compress(room, most, f->plain.p, f->plain.n, PACKING);
    if (ZSTD_isError(block.n)) {
        free(room);
        return error_set(err, ERR_IO, "cannot pack definitions: %s", ZSTD_getErrorName(block.n));
    }
    block.bytes = must_realloc(room, block.n);
    buf_add(&f->blocks, slice_of((const char *)&block, sizeof block));
    f->plain.n = 0;
    f->packed_n += block.n;
    return f->packed_n <= limits->feed_text_bytes ||
           error_set(err, ERR_LIMIT, "the definitions take more than %llu bytes, packed (limit feed_text_bytes)",
                     (unsigned long long)limits->feed_text_bytes);
}

static struct oval_block *blocks_of(struct oval_file *f, size_t *n)
{
    *n = f->blocks.n / sizeof(struct oval_block);
    return (void *)f->blocks.p;
}

static bool unpack_next(struct oval_file *f)
{
    size_t n;
    struct oval_block *blocks = blocks_of(f, &n);
    if (f->next_block == n)
        return false;
    struct oval_block *block = &blocks[f->next_block++];
    f->plain.n = f->plain_at = 0;
    buf_reserve(&f->plain, block->unpacked_n);
    f->plain.n = ZSTD_decompress(f->plain.p, block->unpacked_n, block->bytes, block->n);
    free(block->bytes);
    block->bytes = NULL;
    return true;
}

bool oval_file_next(struct oval_file *f, struct arena *a, struct oval_definition *definition)
{
    if (f->plain_at == f->plain.n && !unpack_next(f))
        return false;
    struct slice rest = slice_from(buf_slice(&f->plain), f->plain_at);
    *definition = (struct oval_definition){0};
    take_definition(&rest, a, definition);
    f->plain_at = f->plain.n - rest.n;
    return true;
}

// ---- reading --------------------------------------------------------------------------------------------------------

enum place { OUTSIDE, IN_DEFINITION, IN_TEST, IN_OBJECT, IN_STATE, IN_VARIABLE };

struct oval_reading {
    struct oval_file *file;
    const struct limits *limits;
    struct buf namespace; // of the file's ids: "com.ubuntu.jammy"
    enum place place;
    size_t depth; // of the element that `place` is
    uint64_t parts;
    uint64_t definition_id;
    struct arena scratch; // of the definition
    struct oval_definition definition;
    VEC(struct oval_reference) references;
    VEC(struct oval_cve) cves;
    VEC(struct oval_node) nodes;
    VEC(uint32_t) open; // criteria that have not ended
    bool has_criteria;
    struct oval_test test;
    struct oval_object object;
    struct oval_state state;
    struct oval_field field; // of the state, until its text is there
    struct oval_variable variable;
};

static void add_row(struct buf *rows, const void *row, size_t size)
{
    buf_add(rows, slice_of(row, size));
}

// "oval:com.ubuntu.jammy:tst:2023285310000000" is its number.
static uint64_t id_of(struct oval_reading *r, struct slice text)
{
    struct slice scheme, namespace, type, number;
    uint64_t value;
    if (!slice_cut(text, ':', &scheme, &text) || !slice_cut(text, ':', &namespace, &text) ||
        !slice_cut(text, ':', &type, &number) || !slice_eq(scheme, SLICE("oval")) || !slice_to_u64(number, &value))
        return 0;
    if (r->namespace.n == 0)
        buf_add(&r->namespace, namespace);
    return slice_eq(namespace, buf_slice(&r->namespace)) ? value : 0;
}

static uint64_t id_in(struct oval_reading *r, const struct xml_element *e, const char *attribute)
{
    return id_of(r, xml_attribute(e, attribute));
}

static bool count_part(struct oval_reading *r, struct error *err)
{
    if (++r->parts > r->limits->oval_parts)
        return error_set(err, ERR_LIMIT, "more than %llu tests, objects, states and values (limit oval_parts)",
                         (unsigned long long)r->limits->oval_parts);
    if (r->file->text_arena.used > r->limits->feed_text_bytes)
        return error_set(err, ERR_LIMIT,
                         "the texts of tests and their like take more than %llu bytes (limit "
                         "feed_text_bytes)",
                         (unsigned long long)r->limits->feed_text_bytes);
    return true;
}

static bool is_true(struct slice text)
{
    return slice_eq(text, SLICE("true")) || slice_eq(text, SLICE("1"));
}

// Is the attribute missing, or what it is anyway?
static bool is_usual(const struct xml_element *e, const char *attribute, const char *a, const char *b)
{
    struct slice value = xml_attribute(e, attribute);
    return value.n == 0 || slice_eq(value, slice_str(a)) || slice_eq(value, slice_str(b));
}

static enum oval_operation operation_of(const struct xml_element *e)
{
    static const struct {
        const char *name;
        enum oval_operation operation;
    } operations[] = {
        {"equals", OVAL_EQUALS},
        {"less than", OVAL_LESS},
        {"less than or equal", OVAL_LESS_OR_EQUAL},
        {"greater than", OVAL_GREATER},
        {"greater than or equal", OVAL_GREATER_OR_EQUAL},
        {"pattern match", OVAL_PATTERN},
    };
    struct slice name = xml_attribute(e, "operation");
    if (xml_attribute(e, "var_ref").n != 0)
        return OVAL_OTHER;
    if (name.n == 0)
        return OVAL_EQUALS;
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
        if (slice_eq(name, slice_str(operations[i].name)))
            return operations[i].operation;
    return OVAL_OTHER;
}

// ---- definitions

static enum oval_class class_of(struct slice name)
{
    if (slice_eq(name, SLICE("patch")))
        return OVAL_PATCH;
    if (slice_eq(name, SLICE("vulnerability")))
        return OVAL_VULNERABILITY;
    return slice_eq(name, SLICE("inventory")) ? OVAL_INVENTORY : OVAL_OTHER_CLASS;
}

static void begin_definition(struct oval_reading *r, const struct xml_element *e)
{
    r->definition = (struct oval_definition){.class = class_of(xml_attribute(e, "class"))};
    r->definition_id = id_in(r, e, "id");
    r->references.v = NULL, r->references.n = r->references.cap = 0;
    r->cves.v = NULL, r->cves.n = r->cves.cap = 0;
    r->nodes.v = NULL, r->nodes.n = r->nodes.cap = 0;
    r->open.v = NULL, r->open.n = r->open.cap = 0;
    r->has_criteria = false;
}

static struct slice keep(struct oval_reading *r, struct slice text)
{
    return arena_dup(&r->scratch, text);
}

// "7/CVSS:3.1/AV:L/…", as some publish it with the score in front, is the vector alone.
static struct slice vector_of(struct slice text)
{
    struct slice score, vector;
    if (!slice_cut(text, '/', &score, &vector))
        return text;
    for (size_t i = 0; i < score.n; i++)
        if ((score.p[i] < '0' || score.p[i] > '9') && score.p[i] != '.')
            return text;
    return vector;
}

static void begin_cve(struct oval_reading *r, const struct xml_element *e)
{
    static const char *const scores[] = {"cvss4", "cvss3", "cvss_vector", "cvss2"};
    struct buf cvss BUF_AUTO = {0};
    for (size_t i = 0; i < sizeof scores / sizeof scores[0]; i++) {
        struct slice vector = vector_of(xml_attribute(e, scores[i]));
        if (vector.n == 0 || slice_find(vector, ' ') >= 0)
            continue;
        if (cvss.n != 0)
            buf_addc(&cvss, ' ');
        buf_add(&cvss, vector);
    }
    VEC_PUSH(&r->scratch, &r->cves) = (struct oval_cve){.url = keep(r, xml_attribute(e, "href")),
                                                        .cvss = keep(r, buf_slice(&cvss)),
                                                        .usns = keep(r, xml_attribute(e, "usns"))};
}

static void begin_node(struct oval_reading *r, const struct xml_element *e)
{
    struct slice word = xml_attribute(e, "operator");
    struct oval_node node = {.kind = OVAL_CRITERION,
                             .negate = is_true(xml_attribute(e, "negate")),
                             .comment = keep(r, xml_attribute(e, "comment"))};
    if (slice_eq(e->name, SLICE("criterion"))) {
        node.id = id_in(r, e, "test_ref");
    } else if (slice_eq(e->name, SLICE("extend_definition"))) {
        node.kind = OVAL_EXTEND;
        node.id = id_in(r, e, "definition_ref");
    } else {
        node.kind = word.n == 0 || slice_eq(word, SLICE("AND")) ? OVAL_AND
                    : slice_eq(word, SLICE("OR"))               ? OVAL_OR
                                                                : OVAL_OTHER_OPERATOR;
        VEC_PUSH(&r->scratch, &r->open) = (uint32_t)r->nodes.n;
    }
    node.end = (uint32_t)r->nodes.n + 1;
    VEC_PUSH(&r->scratch, &r->nodes) = node;
}

static bool begin_in_definition(struct oval_reading *r, const struct xml_element *e, struct error *err)
{
    if (slice_eq(e->name, SLICE("reference"))) {
        VEC_PUSH(&r->scratch, &r->references) = (struct oval_reference){.source = keep(r, xml_attribute(e, "source")),
                                                                        .id = keep(r, xml_attribute(e, "ref_id")),
                                                                        .url = keep(r, xml_attribute(e, "ref_url"))};
    } else if (slice_eq(e->name, SLICE("cve"))) {
        begin_cve(r, e);
    } else if (slice_eq(e->name, SLICE("criteria"))) {
        if (r->open.n == 0 && r->has_criteria)
            return error_set(err, ERR_FORMAT, "a definition has criteria twice");
        r->has_criteria = true;
        begin_node(r, e);
    } else if (slice_eq(e->name, SLICE("criterion")) || slice_eq(e->name, SLICE("extend_definition"))) {
        if (r->open.n == 0)
            return error_set(err, ERR_FORMAT, "a %.*s stands outside of criteria", SLICE_ARG(e->name));
        begin_node(r, e);
    }
    if (r->references.n + r->cves.n > r->limits->oval_references)
        return error_set(err, ERR_LIMIT, "a definition has more than %llu references and CVEs (limit oval_references)",
                         (unsigned long long)r->limits->oval_references);
    return r->scratch.used <= r->limits->feed_member_bytes ||
           error_set(err, ERR_LIMIT, "a definition is too long (limit feed_member_bytes, %llu)",
                     (unsigned long long)r->limits->feed_member_bytes);
}

static void end_in_definition(struct oval_reading *r, const struct xml_element *e, struct slice text)
{
    struct oval_definition *d = &r->definition;
    if (slice_eq(e->name, SLICE("criteria")))
        r->nodes.v[r->open.v[--r->open.n]].end = (uint32_t)r->nodes.n;
    else if (slice_eq(e->name, SLICE("cve")))
        r->cves.v[r->cves.n - 1].id = keep(r, text);
    else if (slice_eq(e->name, SLICE("title")) && d->title.n == 0)
        d->title = keep(r, text);
    else if (slice_eq(e->name, SLICE("description")) && d->description.n == 0)
        d->description = keep(r, text);
    else if (slice_eq(e->name, SLICE("severity")) && d->severity.n == 0)
        d->severity = keep(r, text);
}

static bool end_definition(struct oval_reading *r, struct error *err)
{
    struct oval_definition *d = &r->definition;
    d->references = r->references.v;
    d->references_n = r->references.n;
    d->cves = r->cves.v;
    d->cves_n = r->cves.n;
    d->nodes = r->nodes.v;
    d->nodes_n = r->nodes.n;
    if (d->class == OVAL_INVENTORY)
        add_row(&r->file->inventories, &r->definition_id, sizeof r->definition_id);
    else
        put_definition(&r->file->plain, d);
    arena_free(&r->scratch);
    return r->file->plain.n < BLOCK || pack(r->file, r->limits, err);
}

// ---- tests, objects, states and variables

static enum oval_kind kind_of(struct slice name)
{
    static const struct {
        const char *prefix;
        enum oval_kind kind;
    } kinds[] = {
        {"rpminfo_", OVAL_RPM},
        {"dpkginfo_", OVAL_DPKG},
        {"uname_", OVAL_UNAME},
        {"variable_", OVAL_VARIABLE},
        {"textfilecontent54_", OVAL_TEXT_FILE},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (slice_starts(name, slice_str(kinds[i].prefix)))
            return kinds[i].kind;
    return OVAL_OTHER_KIND;
}

static void begin_test(struct oval_reading *r, const struct xml_element *e)
{
    r->test = (struct oval_test){
        .id = id_in(r, e, "id"),
        .kind = (uint8_t)kind_of(e->name),
        // Of one package it makes no difference whether one or all of those of its name are in the state.
        .odd = !is_usual(e, "check", "at least one", "all") ||
               !is_usual(e, "check_existence", "at_least_one_exists", "all_exist") ||
               !is_usual(e, "state_operator", "AND", "AND"),
    };
}

// What stands in a test is a reference to its object, or to a state.
static void begin_in_test(struct oval_reading *r, const struct xml_element *e)
{
    struct oval_test *t = &r->test;
    if (slice_eq(e->name, SLICE("object"))) {
        t->odd = t->odd || t->object != 0;
        t->object = id_in(r, e, "object_ref");
    } else if (slice_eq(e->name, SLICE("state"))) {
        t->odd = t->odd || t->state != 0 || xml_attribute(e, "state_ref").n == 0;
        t->state = id_in(r, e, "state_ref");
    }
}

static void begin_in_object(struct oval_reading *r, const struct xml_element *e)
{
    struct oval_object *o = &r->object;
    if (slice_eq(e->name, SLICE("name"))) {
        struct slice variable = xml_attribute(e, "var_ref"), operation = xml_attribute(e, "operation");
        o->odd =
            o->odd || o->variable != 0 || o->name != 0 || !is_usual(e, "var_check", "at least one", "at least one");
        o->odd = o->odd || (operation.n != 0 && !slice_eq(operation, SLICE("equals")));
        o->variable = id_of(r, variable);
        o->odd = o->odd || (variable.n != 0 && o->variable == 0);
    } else if (slice_eq(e->name, SLICE("filter")) || slice_eq(e->name, SLICE("set"))) {
        o->odd = true;
    }
}

static void end_in_object(struct oval_reading *r, const struct xml_element *e, struct slice text)
{
    if (slice_eq(e->name, SLICE("name")))
        r->object.name = number_of(r->file, text);
}

static struct oval_field *field_named(struct oval_state *s, struct slice name)
{
    const struct {
        struct slice name;
        struct oval_field *field;
    } fields[] = {
        {SLICE("evr"), &s->evr},   {SLICE("version"), &s->version}, {SLICE("release"), &s->release},
        {SLICE("arch"), &s->arch}, {SLICE("value"), &s->value},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (slice_eq(name, fields[i].name))
            return fields[i].field;
    return NULL;
}

static void begin_in_state(struct oval_reading *r, const struct xml_element *e)
{
    struct oval_state *s = &r->state;
    r->field = (struct oval_field){.operation = (uint8_t)operation_of(e)};
    if (slice_eq(e->name, SLICE("signature_keyid")))
        s->is_signed = true;
    else
        s->odd = s->odd || field_named(s, e->name) == NULL ||
                 !is_usual(e, "entity_check", "all", "at least one"); // a package has one value of each
}

static void end_in_state(struct oval_reading *r, const struct xml_element *e, struct slice text)
{
    struct oval_field *field = field_named(&r->state, e->name);
    if (field == NULL)
        return;
    r->state.odd = r->state.odd || field->operation != OVAL_NOT_SAID;
    *field = r->field;
    field->text = number_of(r->file, text);
}

static void end_in_variable(struct oval_reading *r, const struct xml_element *e, struct slice text)
{
    if (!slice_eq(e->name, SLICE("value")))
        return;
    uint32_t value = number_of(r->file, text);
    add_row(&r->file->values, &value, sizeof value);
    r->variable.n++;
}

// ---- all of it

static bool begin_outside(struct oval_reading *r, const struct xml_element *e, struct error *err)
{
    if (e->depth == 1)
        return slice_eq(e->name, SLICE("oval_definitions")) ||
               error_set(err, ERR_FORMAT, "it is no OVAL: its root is <%.*s>", SLICE_ARG(e->name));
    r->depth = e->depth;
    if (slice_eq(e->name, SLICE("definition"))) {
        r->place = IN_DEFINITION;
        begin_definition(r, e);
    } else if (slice_ends(e->name, SLICE("_test"))) {
        r->place = IN_TEST;
        begin_test(r, e);
    } else if (slice_ends(e->name, SLICE("_object"))) {
        r->place = IN_OBJECT;
        r->object = (struct oval_object){.id = id_in(r, e, "id")};
    } else if (slice_ends(e->name, SLICE("_state"))) {
        r->place = IN_STATE;
        r->state = (struct oval_state){.id = id_in(r, e, "id"), .odd = !is_usual(e, "operator", "AND", "AND")};
    } else if (slice_ends(e->name, SLICE("_variable"))) {
        r->place = IN_VARIABLE;
        r->variable = (struct oval_variable){.id = id_in(r, e, "id"),
                                             .first = r->file->values.n / sizeof(uint32_t),
                                             .odd = !slice_eq(e->name, SLICE("constant_variable"))};
    }
    return true;
}

static bool begin(void *context, const struct xml_element *e, struct error *err)
{
    struct oval_reading *r = context;
    switch (r->place) {
    case OUTSIDE:
        return begin_outside(r, e, err);
    case IN_DEFINITION:
        return begin_in_definition(r, e, err);
    case IN_TEST:
        begin_in_test(r, e);
        break;
    case IN_OBJECT:
        begin_in_object(r, e);
        break;
    case IN_STATE:
        begin_in_state(r, e);
        break;
    case IN_VARIABLE:
        break;
    }
    return true;
}

static bool end_place(struct oval_reading *r, struct error *err)
{
    struct oval_file *f = r->file;
    switch (r->place) {
    case OUTSIDE:
        break;
    case IN_DEFINITION:
        r->place = OUTSIDE;
        return end_definition(r, err);
    case IN_TEST:
        add_row(&f->tests, &r->test, sizeof r->test);
        break;
    case IN_OBJECT:
        add_row(&f->objects, &r->object, sizeof r->object);
        break;
    case IN_STATE:
        add_row(&f->states, &r->state, sizeof r->state);
        break;
    case IN_VARIABLE:
        add_row(&f->variables, &r->variable, sizeof r->variable);
        break;
    }
    r->place = OUTSIDE;
    return count_part(r, err);
}

static bool end(void *context, const struct xml_element *e, struct slice text, struct error *err)
{
    struct oval_reading *r = context;
    if (r->place != OUTSIDE && e->depth == r->depth)
        return end_place(r, err);
    switch (r->place) {
    case IN_DEFINITION:
        end_in_definition(r, e, text);
        break;
    case IN_OBJECT:
        end_in_object(r, e, text);
        break;
    case IN_STATE:
        end_in_state(r, e, text);
        break;
    case IN_VARIABLE:
        end_in_variable(r, e, text);
        return count_part(r, err);
    case IN_TEST:
    case OUTSIDE:
        break;
    }
    return true;
}

// ---- by id ----------------------------------------------------------------------------------------------------------

// All rows begin with their id.
static int by_id(const void *x, const void *y)
{
    const uint64_t *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}

static const void *row(const struct buf *rows, size_t size, uint64_t id)
{
    return id != 0 && rows->n != 0 ? bsearch(&id, rows->p, rows->n / size, size, by_id) : NULL;
}

const struct oval_test *oval_test(const struct oval_file *f, uint64_t id)
{
    return row(&f->tests, sizeof(struct oval_test), id);
}

const struct oval_object *oval_object(const struct oval_file *f, uint64_t id)
{
    return row(&f->objects, sizeof(struct oval_object), id);
}

const struct oval_state *oval_state(const struct oval_file *f, uint64_t id)
{
    return row(&f->states, sizeof(struct oval_state), id);
}

const struct oval_variable *oval_variable(const struct oval_file *f, uint64_t id)
{
    return row(&f->variables, sizeof(struct oval_variable), id);
}

bool oval_is_inventory(const struct oval_file *f, uint64_t id)
{
    return row(&f->inventories, sizeof id, id) != NULL;
}

static void sort_rows(struct buf *rows, size_t size)
{
    sort_items(rows->p, rows->n / size, size, by_id);
}

static void sort_all(struct oval_file *f)
{
    sort_rows(&f->tests, sizeof(struct oval_test));
    sort_rows(&f->objects, sizeof(struct oval_object));
    sort_rows(&f->states, sizeof(struct oval_state));
    sort_rows(&f->variables, sizeof(struct oval_variable));
    sort_rows(&f->inventories, sizeof(uint64_t));
}

bool oval_file_read(struct oval_file *file, struct reader *r, const struct limits *limits, struct error *err)
{
    static const struct xml_handler handler = {begin, end};
    struct oval_reading reading = {.file = file, .limits = limits};
    bool ok = xml_read(r, limits, &handler, &reading, err) && pack(file, limits, err);
    buf_free(&reading.namespace);
    arena_free(&reading.scratch);
    if (ok)
        sort_all(file);
    return ok;
}

void oval_file_free(struct oval_file *file)
{
    size_t n;
    struct oval_block *blocks = blocks_of(file, &n);
    struct buf *const bufs[] = {&file->tests,  &file->objects, &file->states, &file->variables, &file->inventories,
                                &file->values, &file->texts,   &file->plain,  &file->blocks};
    for (size_t i = file->next_block; i < n; i++)
        free(blocks[i].bytes);
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
        buf_free(bufs[i]);
    arena_free(&file->text_arena);
    free(file->text_table);
    *file = (struct oval_file){0};
}
