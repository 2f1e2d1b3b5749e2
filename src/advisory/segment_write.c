// Writing collected records as a segment.
#include "advisory/segment_block.h"
#include "advisory/segment_builder.h"
#include "advisory/segment_format.h"
#include "base/file.h"
#include "base/reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define STALE_SECONDS 3600 // a temporary file that nobody has written to for so long was left by a crash

struct writer {
    sqlite3 *db;
    struct segment_builder *b;
    uint32_t *ids; // of the texts, in the tables where they have one: text × RECORD_FIELDS + field; 0 none
};

static uint32_t *id_of(const struct writer *w, uint32_t text, enum record_field field)
{
    return &w->ids[(size_t)text * RECORD_FIELDS + field];
}

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

// ---- tables ---------------------------------------------------------------------------------------------------------

// The texts that records have in one field, numbered in their order.
static bool write_names(struct writer *w, enum record_field field, const char *sql, struct error *err)
{
    sqlite3_stmt *s STATEMENT_AUTO = prepare(w, sql, err);
    const struct segment_builder *b = w->b;
    uint32_t id = 0;
    bool ok = s != NULL;
    for (size_t i = 0; i < b->records_n; i++)
        *id_of(w, b->records[i].field[field], field) = 1;
    for (size_t i = 0; field == RECORD_SCOPE && i < b->scopes_n; i++)
        *id_of(w, b->scopes[i], field) = 1;
    for (size_t i = 0; ok && i < b->texts.n; i++) {
        if (*id_of(w, (uint32_t)i, field) == 0)
            continue;
        *id_of(w, (uint32_t)i, field) = ++id;
        sqlite3_bind_int64(s, 1, id);
        bind_text(s, 2, b->texts.v[i]);
        ok = step(w, s, err);
    }
    return ok;
}

static bool write_traits(struct writer *w, struct error *err)
{
    sqlite3_stmt *s STATEMENT_AUTO = prepare(w, "INSERT INTO trait VALUES (?1, ?2, ?3, ?4, ?5, ?6)", err);
    uint32_t id = 0;
    bool ok = s != NULL;
    for (size_t i = 0; ok && i < w->b->records_n; i++) {
        uint32_t text = w->b->records[i].field[RECORD_TRAIT], *known = id_of(w, text, RECORD_TRAIT);
        if (*known != 0)
            continue;
        *known = ++id;
        struct trait trait = trait_of(w->b->texts.v[text]);
        sqlite3_bind_int64(s, 1, id);
        bind_text(s, 2, trait.severity);
        bind_text(s, 3, trait.state);
        bind_text(s, 4, trait.arch);
        bind_text(s, 5, trait.module);
        sqlite3_bind_int64(s, 6, trait.of_source);
        ok = step(w, s, err);
    }
    return ok;
}

// Numbered in the order of their first use, so that those of one package are neighbours.
static bool write_notes(struct writer *w, struct error *err)
{
    sqlite3_stmt *s STATEMENT_AUTO = prepare(w, "INSERT INTO note VALUES (?1, ?2, ?3, ?4, ?5, ?6)", err);
    uint32_t id = 0;
    bool ok = s != NULL;
    for (size_t i = 0; ok && i < w->b->records_n; i++) {
        uint32_t text = w->b->records[i].field[RECORD_NOTE], *known = id_of(w, text, RECORD_NOTE);
        if (text == 0 || *known != 0)
            continue;
        *known = ++id;
        struct note note = note_of(w->b->texts.v[text]);
        sqlite3_bind_int64(s, 1, id);
        bind_text(s, 2, note.description);
        bind_text(s, 3, note.links);
        bind_text(s, 4, note.aliases);
        bind_text(s, 5, note.advisories);
        bind_text(s, 6, note.cvss);
        ok = step(w, s, err);
    }
    return ok;
}

static struct packed_record packed(const struct writer *w, const struct record *r)
{
    const uint32_t *f = r->field;
    return (struct packed_record){
        .vulnerability = w->b->texts.v[f[RECORD_VULNERABILITY]],
        .introduced = w->b->texts.v[f[RECORD_INTRODUCED]],
        .bound = w->b->texts.v[f[RECORD_BOUND]],
        .status = (enum advisory_status)f[RECORD_STATUS],
        .trait = *id_of(w, f[RECORD_TRAIT], RECORD_TRAIT),
        .note = *id_of(w, f[RECORD_NOTE], RECORD_NOTE),
    };
}

static int64_t block_id(const struct writer *w, const struct record *r)
{
    return SEGMENT_BLOCK_ID(*id_of(w, r->field[RECORD_PACKAGE], RECORD_PACKAGE),
                            *id_of(w, r->field[RECORD_SCOPE], RECORD_SCOPE));
}

static bool too_many(const struct writer *w, const struct record *r, struct error *err)
{
    return error_set(err, ERR_LIMIT,
                     "the records of %.*s in %.*s take more than %llu bytes, the most that a segment holds",
                     SLICE_ARG(w->b->texts.v[r->field[RECORD_PACKAGE]]),
                     SLICE_ARG(w->b->texts.v[r->field[RECORD_SCOPE]]), (unsigned long long)BLOCK_MOST_BYTES);
}

static bool write_blocks(struct writer *w, struct error *err)
{
    sqlite3_stmt *s STATEMENT_AUTO = prepare(w, "INSERT INTO block VALUES (?1, ?2)", err);
    const struct segment_builder *b = w->b;
    struct block_writer block = {0};
    struct buf bytes BUF_AUTO = {0};
    bool ok = s != NULL;
    for (size_t i = 0; ok && i < b->records_n; i++) {
        struct packed_record record = packed(w, &b->records[i]);
        int64_t id = block_id(w, &b->records[i]);
        ok = block_add(&block, &record) || too_many(w, &b->records[i], err);
        if (!ok || (i + 1 < b->records_n && block_id(w, &b->records[i + 1]) == id))
            continue;
        bytes.n = 0;
        block_end(&block, &bytes);
        sqlite3_bind_int64(s, 1, id);
        bind_blob(s, 2, &bytes);
        ok = step(w, s, err);
    }
    block_writer_free(&block);
    return ok;
}

static int by_pair(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

// Pairs of a vulnerability and a package are made up of both numbers.
static bool write_pairs(struct writer *w, const uint64_t *pairs, size_t n, struct error *err)
{
    sqlite3_stmt *s STATEMENT_AUTO = prepare(w, "INSERT INTO vulnerability VALUES (?1, ?2)", err);
    struct buf bytes BUF_AUTO = {0};
    VEC(uint32_t) packages = {0};
    struct arena arena ARENA_AUTO = {0};
    bool ok = s != NULL;
    for (size_t i = 0; ok && i < n; i++) {
        uint32_t vulnerability = (uint32_t)(pairs[i] >> 32), package = *id_of(w, (uint32_t)pairs[i], RECORD_PACKAGE);
        if (packages.n == 0 || packages.v[packages.n - 1] != package)
            VEC_PUSH(&arena, &packages) = package;
        if (i + 1 < n && pairs[i + 1] >> 32 == vulnerability)
            continue;
        bytes.n = 0;
        ids_write(&bytes, packages.v, packages.n);
        packages.n = 0;
        bind_text(s, 1, w->b->texts.v[vulnerability]);
        bind_blob(s, 2, &bytes);
        ok = step(w, s, err);
    }
    return ok;
}

static bool write_vulnerabilities(struct writer *w, struct error *err)
{
    const struct segment_builder *b = w->b;
    uint64_t *pairs = must_alloc(b->records_n * sizeof *pairs);
    for (size_t i = 0; i < b->records_n; i++)
        pairs[i] = (uint64_t)b->records[i].field[RECORD_VULNERABILITY] << 32 | b->records[i].field[RECORD_PACKAGE];
    qsort(pairs, b->records_n, sizeof *pairs, by_pair);
    bool ok = write_pairs(w, pairs, b->records_n, err);
    free(pairs);
    return ok;
}

static bool write_meta(struct writer *w, struct error *err)
{
    sqlite3_stmt *s STATEMENT_AUTO = prepare(w, "INSERT INTO meta VALUES (?1, ?2)", err);
    char count[24];
    snprintf(count, sizeof count, "%zu", w->b->records_n);
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
    return execute(w, pragmas, err) && execute(w, "BEGIN; " SEGMENT_SCHEMA, err) &&
           write_names(w, RECORD_SCOPE, "INSERT INTO scope VALUES (?1, ?2)", err) &&
           write_names(w, RECORD_PACKAGE, "INSERT INTO package VALUES (?1, ?2)", err) && write_traits(w, err) &&
           write_notes(w, err) && write_blocks(w, err) && write_vulnerabilities(w, err) && write_meta(w, err) &&
           execute(w, "COMMIT", err);
}

// ---- the file -------------------------------------------------------------------------------------------------------

static bool write_file(struct segment_builder *b, const char *path, struct error *err)
{
    struct writer w = {.b = b};
    if (sqlite3_open_v2(path, &w.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK) {
        error_set(err, ERR_STORE, "cannot create %s: %s", path, w.db != NULL ? sqlite3_errmsg(w.db) : "out of memory");
        sqlite3_close(w.db);
        return false;
    }
    w.ids = must_alloc(b->texts.n * RECORD_FIELDS * sizeof *w.ids);
    memset(w.ids, 0, b->texts.n * RECORD_FIELDS * sizeof *w.ids);
    bool ok = write_tables(&w, err);
    free(w.ids);
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

static void remove_stale(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        struct stat st;
        if (strncmp(entry->d_name, SEGMENT_BUILDING, sizeof SEGMENT_BUILDING - 1) == 0 &&
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            time(NULL) - st.st_mtime > STALE_SECONDS)
            unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir != NULL)
        closedir(dir);
}

bool segment_write(struct segment_builder *b, const char *folder, struct digest *digest, uint64_t *records,
                   struct error *err)
{
    remove_stale(folder);
    const char *building = arena_printf(&b->arena, "%s/" SEGMENT_BUILDING "%ld-%s", folder, (long)getpid(), b->feed).p;
    unlink(building); // of an earlier process that had our number
    segment_builder_sort(b);
    *records = b->records_n;
    if (!write_file(b, building, err) || !seal(building, digest, err)) {
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
