// Writing collected records as a segment.
#include "advisory/segment_block.h"
#include "advisory/segment_builder.h"
#include "advisory/segment_format.h"
#include "base/file.h"
#include "base/reader.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PAIRS_MEMORY ((size_t)4 << 20)

// The ids that a text has, 0 where it is in no table.
struct text_ids {
    uint32_t scope, package, trait;
};

struct writer {
    sqlite3 *db;
    struct segment_builder *b;
    struct sorter *records;
    uint64_t records_n;
    struct text_ids *ids; // by the number of the text
    uint32_t *note_ids;   // by the number of the note
    uint32_t notes_n;     // written
    struct sorter *pairs; // struct pair, of all records
};

// What row of `vulnerability` a package belongs to.
struct pair {
    uint32_t vulnerability; // number of the text
    uint32_t package;       // id
};

// ---- statements -----------------------------------------------------------------------------------------------------

static bool failed(struct writer *w, struct error *err)
{
    int code = sqlite3_errcode(w->db) & 0xff;
    return error_set(err, ERR_STORE, "cannot write a segment: %s%s", sqlite3_errmsg(w->db),
                     code == SQLITE_FULL || code == SQLITE_IOERR ? " (is the disk full?)" : "");
}

static bool execute(struct writer *w, const char *sql, struct error *err)
{
    return sqlite3_exec(w->db, sql, NULL, NULL, NULL) == SQLITE_OK || failed(w, err);
}

static void finalize(sqlite3_stmt **s)
{
    sqlite3_finalize(*s);
}
#define STATEMENT_AUTO __attribute__((cleanup(finalize)))

static sqlite3_stmt *prepare(struct writer *w, const char *sql, struct error *err)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(w->db, sql, -1, &s, NULL) != SQLITE_OK)
        failed(w, err);
    return s;
}

static void bind_text(sqlite3_stmt *s, int i, struct slice text)
{
    sqlite3_bind_text64(s, i, text.n != 0 ? text.p : "", text.n, SQLITE_STATIC, SQLITE_UTF8);
}

static void bind_blob(sqlite3_stmt *s, int i, const struct buf *bytes)
{
    sqlite3_bind_blob64(s, i, bytes->p, bytes->n, SQLITE_STATIC);
}

static bool step(struct writer *w, sqlite3_stmt *s, struct error *err)
{
    bool ok = sqlite3_step(s) == SQLITE_DONE || failed(w, err);
    sqlite3_reset(s);
    return ok;
}

// ---- names and traits -----------------------------------------------------------------------------------------------

// Goes through the records, and marks the texts that a table will have.
static bool mark_texts(struct writer *w, struct error *err)
{
    const void *item;
    for (size_t i = 0; i < w->b->scopes_n; i++)
        w->ids[w->b->scopes[i]].scope = 1;
    for (;;) {
        if (!sorter_next(w->records, &item, err))
            return false;
        if (item == NULL)
            return sorter_start(w->records, err);
        const uint32_t *field = ((const struct record *)item)->field;
        w->ids[field[RECORD_SCOPE]].scope = 1;
        w->ids[field[RECORD_PACKAGE]].package = 1;
        w->ids[field[RECORD_TRAIT]].trait = 1;
        w->records_n++;
    }
}

static bool write_name(struct writer *w, sqlite3_stmt *s, uint32_t *id, uint32_t *last, struct slice name,
                       struct error *err)
{
    if (*id == 0)
        return true;
    *id = ++*last;
    sqlite3_bind_int64(s, 1, *id);
    bind_text(s, 2, name);
    return step(w, s, err);
}

static bool write_trait(struct writer *w, sqlite3_stmt *s, uint32_t *id, uint32_t *last, struct slice text,
                        struct error *err)
{
    if (*id == 0)
        return true;
    *id = ++*last;
    struct trait trait = trait_of(text);
    sqlite3_bind_int64(s, 1, *id);
    bind_text(s, 2, trait.severity);
    bind_text(s, 3, trait.state);
    bind_text(s, 4, trait.arch);
    bind_text(s, 5, trait.module);
    sqlite3_bind_int64(s, 6, trait.of_source);
    return step(w, s, err);
}

static bool write_texts(struct writer *w, struct error *err)
{
    sqlite3_stmt *scope STATEMENT_AUTO = prepare(w, "INSERT INTO scope VALUES (?1, ?2)", err);
    sqlite3_stmt *package STATEMENT_AUTO = prepare(w, "INSERT INTO package VALUES (?1, ?2)", err);
    sqlite3_stmt *trait STATEMENT_AUTO = prepare(w, "INSERT INTO trait VALUES (?1, ?2, ?3, ?4, ?5, ?6)", err);
    uint32_t scopes = 0, packages = 0, traits = 0;
    bool ok = scope != NULL && package != NULL && trait != NULL;
    for (size_t i = 0; ok && i < w->b->texts.n; i++) {
        struct slice text = w->b->texts.v[i];
        ok = write_name(w, scope, &w->ids[i].scope, &scopes, text, err) &&
             write_name(w, package, &w->ids[i].package, &packages, text, err) &&
             write_trait(w, trait, &w->ids[i].trait, &traits, text, err);
    }
    return ok;
}

// ---- records --------------------------------------------------------------------------------------------------------

// The id of a note, which is written when it is met first: so those of one package are neighbours.
static bool write_note(struct writer *w, sqlite3_stmt *s, uint32_t number, struct error *err)
{
    struct note note;
    if (number == 0 || w->note_ids[number] != 0)
        return true;
    if (!segment_note_read(&w->b->notes, number, &note, err))
        return false;
    w->note_ids[number] = ++w->notes_n;
    sqlite3_bind_int64(s, 1, w->note_ids[number]);
    bind_text(s, 2, note.description);
    bind_text(s, 3, note.links);
    bind_text(s, 4, note.aliases);
    bind_text(s, 5, note.advisories);
    bind_text(s, 6, note.cvss);
    return step(w, s, err);
}

static struct packed_record packed(const struct writer *w, const struct record *r)
{
    const uint32_t *f = r->field;
    return (struct packed_record){
        .vulnerability = w->b->texts.v[f[RECORD_VULNERABILITY]],
        .introduced = w->b->texts.v[f[RECORD_INTRODUCED]],
        .bound = w->b->texts.v[f[RECORD_BOUND]],
        .status = (enum advisory_status)f[RECORD_STATUS],
        .trait = w->ids[f[RECORD_TRAIT]].trait,
        .note = w->note_ids[f[RECORD_NOTE]],
    };
}

static int64_t block_id(const struct writer *w, const struct record *r)
{
    return SEGMENT_BLOCK_ID(w->ids[r->field[RECORD_PACKAGE]].package, w->ids[r->field[RECORD_SCOPE]].scope);
}

static bool too_many(const struct writer *w, const struct record *r, struct error *err)
{
    return error_set(err, ERR_LIMIT,
                     "the records of %.*s in %.*s take more than %llu bytes, the most that a segment holds",
                     SLICE_ARG(w->b->texts.v[r->field[RECORD_PACKAGE]]),
                     SLICE_ARG(w->b->texts.v[r->field[RECORD_SCOPE]]), (unsigned long long)BLOCK_MOST_BYTES);
}

// The block that is being filled.
struct filling {
    struct block_writer block;
    struct buf bytes;
    int64_t id; // 0 before the first
    sqlite3_stmt *insert;
};

static bool write_block(struct writer *w, struct filling *f, struct error *err)
{
    if (f->id == 0)
        return true;
    f->bytes.n = 0;
    block_end(&f->block, &f->bytes);
    sqlite3_bind_int64(f->insert, 1, f->id);
    bind_blob(f->insert, 2, &f->bytes);
    return step(w, f->insert, err);
}

static bool write_record(struct writer *w, struct filling *f, sqlite3_stmt *note, const struct record *r,
                         struct error *err)
{
    struct pair pair = {r->field[RECORD_VULNERABILITY], w->ids[r->field[RECORD_PACKAGE]].package};
    int64_t id = block_id(w, r);
    if (!write_note(w, note, r->field[RECORD_NOTE], err) || !sorter_add(w->pairs, &pair, err) ||
        (id != f->id && !write_block(w, f, err)))
        return false;
    f->id = id;
    struct packed_record record = packed(w, r);
    return block_add(&f->block, &record) || too_many(w, r, err);
}

static bool write_records(struct writer *w, struct error *err)
{
    sqlite3_stmt *block STATEMENT_AUTO = prepare(w, "INSERT INTO block VALUES (?1, ?2)", err);
    sqlite3_stmt *note STATEMENT_AUTO = prepare(w, "INSERT INTO note VALUES (?1, ?2, ?3, ?4, ?5, ?6)", err);
    struct filling filling = {.insert = block};
    const void *item = NULL;
    bool ok = block != NULL && note != NULL;
    do {
        ok = ok && sorter_next(w->records, &item, err);
        if (ok && item != NULL)
            ok = write_record(w, &filling, note, item, err);
    } while (ok && item != NULL);
    ok = ok && write_block(w, &filling, err);
    block_writer_free(&filling.block);
    buf_free(&filling.bytes);
    return ok;
}

// ---- vulnerabilities ------------------------------------------------------------------------------------------------

static int by_pair(const void *a, const void *b, void *context)
{
    const struct pair *x = a, *y = b;
    (void)context;
    if (x->vulnerability != y->vulnerability)
        return x->vulnerability < y->vulnerability ? -1 : 1;
    return (x->package > y->package) - (x->package < y->package);
}

static bool write_vulnerability(struct writer *w, sqlite3_stmt *s, uint32_t vulnerability, const struct buf *packages,
                                struct error *err)
{
    struct buf bytes BUF_AUTO = {0};
    ids_write(&bytes, (const uint32_t *)(const void *)packages->p, packages->n / sizeof(uint32_t));
    bind_text(s, 1, w->b->texts.v[vulnerability]);
    bind_blob(s, 2, &bytes);
    return step(w, s, err);
}

static bool write_vulnerabilities(struct writer *w, struct error *err)
{
    sqlite3_stmt *s STATEMENT_AUTO = prepare(w, "INSERT INTO vulnerability VALUES (?1, ?2)", err);
    struct buf packages BUF_AUTO = {0}; // ids
    uint32_t vulnerability = 0;
    const void *item = NULL;
    bool ok = s != NULL && sorter_start(w->pairs, err);
    do {
        ok = ok && sorter_next(w->pairs, &item, err);
        const struct pair *pair = item;
        if (ok && packages.n != 0 && (pair == NULL || pair->vulnerability != vulnerability)) {
            ok = write_vulnerability(w, s, vulnerability, &packages, err);
            packages.n = 0;
        }
        if (ok && pair != NULL) {
            vulnerability = pair->vulnerability;
            buf_add(&packages, slice_of((const char *)&pair->package, sizeof pair->package));
        }
    } while (ok && item != NULL);
    return ok;
}

// ---- the whole ------------------------------------------------------------------------------------------------------

static bool write_meta(struct writer *w, struct error *err)
{
    sqlite3_stmt *s STATEMENT_AUTO = prepare(w, "INSERT INTO meta VALUES (?1, ?2)", err);
    char count[24];
    snprintf(count, sizeof count, "%llu", (unsigned long long)w->records_n);
    const struct slice values[][2] = {{SLICE("feed"), slice_str(w->b->feed)}, {SLICE("records"), slice_str(count)}};
    bool ok = s != NULL;
    for (size_t i = 0; ok && i < sizeof values / sizeof values[0]; i++) {
        bind_text(s, 1, values[i][0]);
        bind_text(s, 2, values[i][1]);
        ok = step(w, s, err);
    }
    return ok;
}

static bool write_tables(struct writer *w, struct error *err)
{
    char pragmas[256];
    // No journal: until it has its name, a segment that is written in part is nothing.
    snprintf(pragmas, sizeof pragmas,
             "PRAGMA page_size=4096; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE; "
             "PRAGMA application_id=%d; PRAGMA user_version=%d;",
             SEGMENT_APPLICATION, SEGMENT_VERSION);
    return execute(w, pragmas, err) && execute(w, "BEGIN; " SEGMENT_SCHEMA, err) && mark_texts(w, err) &&
           write_texts(w, err) && write_records(w, err) && write_vulnerabilities(w, err) && write_meta(w, err) &&
           execute(w, "COMMIT", err);
}

// ---- the file -------------------------------------------------------------------------------------------------------

static bool open_file(struct writer *w, const char *path, struct error *err)
{
    if (sqlite3_open_v2(path, &w->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) ==
        SQLITE_OK)
        return true;
    return error_set(err, ERR_STORE, "cannot create %s: %s", path,
                     w->db != NULL ? sqlite3_errmsg(w->db) : "out of memory");
}

static uint32_t *zeros(size_t n)
{
    return memset(must_alloc(n * sizeof(uint32_t)), 0, n * sizeof(uint32_t));
}

static bool write_file(struct segment_builder *b, const char *path, uint64_t *records, struct error *err)
{
    struct writer w = {.b = b, .records = segment_builder_sort(b, err)};
    w.ids = (struct text_ids *)(void *)zeros(b->texts.n * (sizeof *w.ids / sizeof(uint32_t)));
    w.note_ids = zeros(b->notes.n + 1);
    w.pairs = sorter_new(sizeof(struct pair), PAIRS_MEMORY, b->folder, by_pair, NULL);
    bool ok = w.records != NULL && open_file(&w, path, err) && write_tables(&w, err);
    *records = w.records_n;
    sorter_free(&w.records);
    sorter_free(&w.pairs);
    free(w.ids);
    free(w.note_ids);
    if (sqlite3_close(w.db) != SQLITE_OK && ok)
        ok = error_set(err, ERR_STORE, "cannot finish %s", path);
    return ok;
}

// Syncs the file and gives the digest of its bytes.
static bool seal(const char *path, struct digest *digest, struct error *err)
{
    int fd FD_AUTO = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return error_errno(err, "cannot sync %s", path);
    struct reader *r READER_AUTO = reader_of_fd(fd, false);
    return digest_reader(r, NULL, digest, NULL, err);
}

bool segment_write(struct segment_builder *b, const char *folder, struct digest *digest, uint64_t *records,
                   struct error *err)
{
    const char *building = arena_printf(&b->arena, "%s/" SEGMENT_BUILDING "%ld-%s", folder, (long)getpid(), b->feed).p;
    unlink(building); // of an earlier process that had our number
    if (!write_file(b, building, records, err) || !seal(building, digest, err)) {
        unlink(building);
        return false;
    }
    const char *path = arena_printf(&b->arena, "%s/%s" SEGMENT_SUFFIX, folder, digest_hex(digest)).p;
    if (rename(building, path) != 0) {
        error_errno(err, "cannot rename %s", building);
        unlink(building);
        return false;
    }
    return dir_sync(folder, err);
}
