// Sections of the format's document stand in parentheses below.
#include "scan/sqlite_file.h"

#include "base/bytes.h"

#define HEAD_SIZE ((size_t)100) // of the file, in front of what page 1 holds (1.3)

// SQLite's own trees are not deeper (BTCURSOR_MAX_DEPTH).
#define DEPTH_MOST 20U

// Pages of a table's b-tree (1.6).
#define INTERIOR 5
#define LEAF     13

#define LEAF_HEAD     ((size_t)8)
#define INTERIOR_HEAD ((size_t)12)

// Columns of the schema's table (2.6), whose root is page 1.
enum { SCHEMA_TYPE, SCHEMA_NAME, SCHEMA_TABLE, SCHEMA_ROOT, SCHEMA_SQL };

bool sqlite_file_opens(struct slice file, struct error *err)
{
    const struct slice magic = slice_of("SQLite format 3", 16);
    if (file.n < HEAD_SIZE || !slice_starts(file, magic))
        return error_set(err, ERR_FORMAT, "is no SQLite database");
    size_t page_size = get_be16(file.p + 16);
    size_t reserved = (unsigned char)file.p[20];
    bool power_of_2 = page_size == 1 || (page_size >= 512 && (page_size & (page_size - 1)) == 0);
    if (!power_of_2 || (page_size != 1 && page_size - reserved < 480))
        return error_set(err, ERR_FORMAT, "has pages of %zu bytes, which SQLite does not know", page_size);
    return true;
}

void sqlite_file_open(struct sqlite_file *f, const struct scan_file *file, struct scan_output *out, bool lost,
                      struct arena *a)
{
    const char *head = file->content.p;
    size_t page_size = get_be16(head + 16);
    page_size = page_size == 1 ? 65536 : page_size;
    *f = (struct sqlite_file){
        .pages = {.out = out, .path = file->path, .file = file->content, .lost = lost},
        .usable = page_size - (unsigned char)head[20],
    };
    pages_set(&f->pages, a, page_size, 1);
    if (get_be32(head + 28) > f->pages.n)
        scan_skip(out, file->path, lost, "has %llu pages of the %u that it was written with",
                  (unsigned long long)f->pages.n, get_be32(head + 28));
}

void sqlite_file_free(struct sqlite_file *f)
{
    buf_free(&f->record);
}

// A number of one to nine bytes, seven bits each but for the ninth (1.6, "varint").
static bool take_varint(struct slice *rest, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < 9 && i < rest->n; i++) {
        unsigned char byte = (unsigned char)rest->p[i];
        *value = i == 8 ? *value << 8 | byte : *value << 7 | (byte & 0x7fU);
        if (i == 8 || byte < 0x80) {
            *rest = slice_from(*rest, i + 1);
            return true;
        }
    }
    return false;
}

// ---- Records (2.1) --------------------------------------------------------------------------------------------------

// Bytes of a value of a serial type.
static uint64_t size_of(uint64_t type)
{
    static const unsigned char fixed[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
    return type < sizeof fixed ? fixed[type] : (type - 12) / 2;
}

// The value of a column: its serial type and its bytes. False when the record does not have it.
static bool column(struct slice record, unsigned place, uint64_t *type, struct slice *value)
{
    struct slice types = record;
    uint64_t head;
    if (!take_varint(&types, &head) || head > record.n || head < record.n - types.n)
        return false;
    struct slice body = slice_from(record, head);
    types.n -= body.n;
    for (unsigned i = 0;; i++) {
        if (!take_varint(&types, type) || size_of(*type) > body.n)
            return false;
        *value = slice_of(body.p, size_of(*type));
        if (i == place)
            return true;
        body = slice_from(body, value->n);
    }
}

bool sqlite_text(struct slice record, unsigned place, struct slice *value)
{
    uint64_t type;
    return column(record, place, &type, value) && type >= 13 && type % 2 == 1;
}

bool sqlite_blob(struct slice record, unsigned place, struct slice *value)
{
    uint64_t type;
    return column(record, place, &type, value) && type >= 12 && type % 2 == 0;
}

bool sqlite_integer(struct slice record, unsigned place, int64_t *value)
{
    uint64_t type;
    struct slice bytes;
    if (!column(record, place, &type, &bytes))
        return false;
    if (type == 8 || type == 9) { // the constants 0 and 1
        *value = type == 9;
        return true;
    }
    if (type < 1 || type > 6)
        return false;
    uint64_t bits = ((unsigned char)bytes.p[0] & 0x80U) != 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < bytes.n; i++)
        bits = bits << 8 | (unsigned char)bytes.p[i];
    *value = (int64_t)bits;
    return true;
}

// ---- B-trees (1.6) --------------------------------------------------------------------------------------------------

// One walk over a table.
struct walk {
    struct sqlite_file *file;
    void (*row)(void *context, uint64_t id, struct slice record);
    void *context;
};

static void damaged(struct walk *w, uint64_t page, const char *what)
{
    struct pages *p = &w->file->pages;
    scan_skip(p->out, p->path, p->lost, "page %llu %s", (unsigned long long)page, what);
}

// Bytes of a record that stand in its cell; the rest is on overflow pages.
static size_t local_size(size_t usable, uint64_t size)
{
    size_t most = usable - 35, least = (usable - 12) * 32 / 255 - 23;
    if (size <= most)
        return (size_t)size;
    size_t local = least + (size_t)((size - least) % (usable - 4));
    return local <= most ? local : least;
}

// Puts a record together from its cell and its overflow pages. Each of these is taken once.
static bool collect(struct sqlite_file *f, struct slice local, uint64_t size, uint32_t next, struct slice *record)
{
    struct buf *whole = &f->record;
    whole->n = 0;
    buf_add(whole, local);
    while (whole->n < size) {
        struct slice page;
        if (!pages_take(&f->pages, next, &page))
            return false;
        uint64_t left = size - whole->n;
        next = get_be32(page.p);
        buf_add(whole, slice_of(page.p + 4, left < f->usable - 4 ? (size_t)left : f->usable - 4));
    }
    *record = buf_slice(whole);
    return true;
}

static void read_cell(struct walk *w, uint64_t number, struct slice cell)
{
    struct sqlite_file *f = w->file;
    uint64_t size, id;
    struct slice record;
    if (!take_varint(&cell, &size) || !take_varint(&cell, &id)) {
        damaged(w, number, "has a row that breaks off");
        return;
    }
    if (f->admits != NULL && !f->admits(f->context, id, size))
        return;
    size_t local = local_size(f->usable, size);
    if (cell.n < local || (local < size && cell.n < local + 4)) {
        damaged(w, number, "has a row that breaks off");
        return;
    }
    record = slice_of(cell.p, local);
    if (local < size && !collect(f, record, size, get_be32(cell.p + local), &record)) {
        scan_skip(f->pages.out, f->pages.path, f->pages.lost, "row %llu breaks off", (unsigned long long)id);
        return;
    }
    w->row(w->context, id, record);
}

// The walk takes every page once, and goes no deeper than SQLite.
static void walk_page(struct walk *w, uint64_t number, unsigned depth)
{
    struct slice page;
    if (depth > DEPTH_MOST) {
        damaged(w, number, "is deeper in a tree than SQLite goes");
        return;
    }
    if (!pages_take(&w->file->pages, number, &page))
        return;
    page.n = w->file->usable;
    struct slice head = slice_from(page, number == 1 ? HEAD_SIZE : 0);
    unsigned type = (unsigned char)head.p[0];
    size_t head_size = type == INTERIOR ? INTERIOR_HEAD : LEAF_HEAD;
    size_t cells = get_be16(head.p + 3);
    if ((type != INTERIOR && type != LEAF) || cells > (head.n - head_size) / 2) {
        damaged(w, number, "is no page of a table");
        return;
    }
    for (size_t i = 0; i < cells; i++) {
        struct slice cell = slice_from(page, get_be16(head.p + head_size + 2 * i));
        if (type == LEAF)
            read_cell(w, number, cell);
        else if (cell.n >= 4)
            walk_page(w, get_be32(cell.p), depth + 1);
        else
            damaged(w, number, "leads out of itself");
    }
    if (type == INTERIOR)
        walk_page(w, get_be32(head.p + 8), depth + 1);
}

void sqlite_walk(struct sqlite_file *f, uint64_t root, void (*row)(void *context, uint64_t id, struct slice record),
                 void *context)
{
    struct walk w = {f, row, context};
    walk_page(&w, root, 1);
}

// ---- The schema (2.6) -----------------------------------------------------------------------------------------------

struct search {
    struct arena *arena;
    struct sqlite_table *tables;
    size_t n;
};

static void take_schema_row(void *context, uint64_t id, struct slice record)
{
    (void)id;
    struct search *s = context;
    struct slice type, name, sql;
    int64_t root;
    if (!sqlite_text(record, SCHEMA_TYPE, &type) || !slice_eq(type, SLICE("table")) ||
        !sqlite_text(record, SCHEMA_NAME, &name) || !sqlite_integer(record, SCHEMA_ROOT, &root))
        return;
    for (size_t i = 0; i < s->n; i++) {
        if (!slice_eq(name, slice_str(s->tables[i].name)))
            continue;
        s->tables[i].root = root > 0 ? (uint64_t)root : 0;
        if (sqlite_text(record, SCHEMA_SQL, &sql))
            s->tables[i].sql = arena_dup(s->arena, sql);
    }
}

void sqlite_find_tables(struct sqlite_file *f, struct arena *a, struct sqlite_table *tables, size_t n)
{
    struct search s = {a, tables, n};
    sqlite_walk(f, 1, take_schema_row, &s);
}

// The schema keeps the text of CREATE TABLE as it was written, with its comments.
struct token {
    struct slice text; // of a name in quotes without these
    bool quoted;
};

// Passes over blanks and comments.
static void pass_over_blanks(struct slice *sql)
{
    static const struct {
        const char *begin, *end;
    } comments[] = {{"/*", "*/"}, {"--", "\n"}};
    for (bool more = true; more;) {
        *sql = slice_trim(*sql);
        more = false;
        for (size_t i = 0; i < sizeof comments / sizeof comments[0]; i++) {
            if (!slice_starts(*sql, slice_str(comments[i].begin)))
                continue;
            struct slice end = slice_str(comments[i].end), inside = slice_from(*sql, 2);
            ptrdiff_t at = slice_find_slice(inside, end);
            *sql = at >= 0 ? slice_from(inside, (size_t)at + end.n) : slice_from(inside, inside.n);
            more = true;
        }
    }
}

static bool is_in_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80) != 0;
}

static bool take_token(struct slice *sql, struct token *token)
{
    static const char quotes[][2] = {{'"', '"'}, {'\'', '\''}, {'`', '`'}, {'[', ']'}};
    pass_over_blanks(sql);
    if (sql->n == 0)
        return false;
    for (size_t i = 0; i < sizeof quotes / sizeof quotes[0]; i++) {
        if (sql->p[0] != quotes[i][0])
            continue;
        *token = (struct token){.quoted = true};
        slice_cut(slice_from(*sql, 1), quotes[i][1], &token->text, sql);
        return true;
    }
    size_t n = 0;
    while (n < sql->n && is_in_word(sql->p[n]))
        n++;
    n = n != 0 ? n : 1;
    *token = (struct token){.text = slice_of(sql->p, n)};
    *sql = slice_from(*sql, n);
    return true;
}

static bool is_mark(const struct token *token, char mark)
{
    return !token->quoted && token->text.n == 1 && token->text.p[0] == mark;
}

bool sqlite_find_column(const struct sqlite_table *table, const char *name, unsigned *place)
{
    struct slice rest = table->sql;
    struct token token;
    bool begins = false; // the next token is the name of a column, or begins a constraint behind the last one
    unsigned depth = 0;
    *place = 0;
    while (take_token(&rest, &token)) {
        if (begins && slice_eq_nocase(token.text, slice_str(name)))
            return true;
        begins = false;
        if (is_mark(&token, '(')) {
            depth++;
            begins = depth == 1;
        } else if (is_mark(&token, ')')) {
            if (depth <= 1)
                return false;
            depth--;
        } else if (is_mark(&token, ',') && depth == 1) {
            *place += 1;
            begins = true;
        }
    }
    return false;
}
