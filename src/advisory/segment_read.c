// Opening a segment and asking it. The file may have come from elsewhere, so nothing in it is trusted: its tables must
// be ours to the letter, SQLite is told to obey nothing else in it, and blocks are read as foreign bytes.
#include "advisory/advisory.h"

#include "advisory/segment_block.h"
#include "advisory/segment_builder.h"
#include "advisory/segment_format.h"
#include "advisory/segment_labels.h"
#include "base/file.h"
#include "base/reader.h"

#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

struct segment {
    sqlite3 *db;
    struct digest digest;
    sqlite3_stmt *block, *note, *packages, *spellings, *package_name, *blocks_of_package, *blocks_of_scope, *walk;
    int64_t walked; // id of the block that segment_walk_next gave last
    struct buf walked_package;
    struct arena arena;
    VEC(struct slice) scopes; // by id - 1
    VEC(struct trait) traits; // likewise
    uint64_t records;
    struct slice feed;
};

static bool damaged(const struct segment *s, const char *what, struct error *err)
{
    return error_set(err, ERR_FORMAT, "segment %s cannot be read: %s (run `clarion update` to make it anew)",
                     s->digest.text, what);
}

static bool sql_failed(struct segment *s, struct error *err)
{
    return damaged(s, sqlite3_errmsg(s->db), err);
}

static struct slice column(sqlite3_stmt *statement, int i)
{
    const char *p = (const char *)sqlite3_column_blob(statement, i);
    int n = sqlite3_column_bytes(statement, i);
    return slice_of(p, p != NULL && n > 0 ? (size_t)n : 0);
}

static void bind_text(sqlite3_stmt *statement, int i, struct slice text)
{
    sqlite3_bind_text64(statement, i, text.n != 0 ? text.p : "", text.n, SQLITE_STATIC, SQLITE_UTF8);
}

// ---- opening --------------------------------------------------------------------------------------------------------

static bool path_of(const char *folder, const struct digest *digest, char path[static PATH_MAX], struct error *err)
{
    return snprintf(path, PATH_MAX, "%s/%s" SEGMENT_SUFFIX, folder, digest_hex(digest)) < PATH_MAX ||
           error_set(err, ERR_IO, "path is too long: %s", folder);
}

static bool open_file(struct segment *s, const char *path, struct error *err)
{
    struct buf uri BUF_AUTO = {0};
    // A URI, for immutable=1: no locks, no look for a journal. What a URI takes for its own is escaped.
    buf_adds(&uri, "file:");
    for (const char *c = path; *c != '\0'; c++) {
        if (*c == '%' || *c == '?' || *c == '#')
            buf_addf(&uri, "%%%02x", (unsigned)*c);
        else
            buf_addc(&uri, *c);
    }
    buf_adds(&uri, "?immutable=1");
    buf_addc(&uri, '\0');
    if (sqlite3_open_v2(uri.p, &s->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return error_set(err, ERR_NOT_FOUND, "cannot open segment %s: %s (run `clarion update`)", path,
                         s->db != NULL ? sqlite3_errmsg(s->db) : "out of memory");
    sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, BLOCK_MOST_BYTES); // a block is never longer than what it unpacks to
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    return sqlite3_exec(s->db, "PRAGMA cell_size_check=ON", NULL, NULL, NULL) == SQLITE_OK || sql_failed(s, err);
}

static bool number(struct segment *s, const char *sql, int64_t *value, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    bool ok =
        sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW;
    *value = ok ? sqlite3_column_int64(statement, 0) : 0;
    if (!ok)
        sql_failed(s, err);
    sqlite3_finalize(statement);
    return ok;
}

static bool check_version(struct segment *s, struct error *err)
{
    int64_t application, version;
    if (!number(s, "PRAGMA application_id", &application, err) || !number(s, "PRAGMA user_version", &version, err))
        return false;
    if (application != SEGMENT_APPLICATION)
        return damaged(s, "it is no segment", err);
    if (version != SEGMENT_VERSION)
        return error_set(err, ERR_FORMAT, "segment %s has version %lld, this program reads %d: run `clarion update`",
                         s->digest.text, (long long)version, SEGMENT_VERSION);
    return true;
}

// Other tables than ours could lack an index, or hold expressions that are run when they are read.
static bool check_schema(struct segment *s, struct error *err)
{
#define SEGMENT_TEXT(sql) sql,
    static const char *const expected[] = {SEGMENT_TABLES(SEGMENT_TEXT)};
    const size_t n = sizeof expected / sizeof expected[0];
    sqlite3_stmt *statement = NULL;
    size_t i = 0;
    int code = sqlite3_prepare_v2(s->db, "SELECT sql FROM sqlite_schema", -1, &statement, NULL);
    if (code != SQLITE_OK)
        return sql_failed(s, err);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW && i < n &&
           slice_eq(column(statement, 0), slice_str(expected[i])))
        i++;
    sqlite3_finalize(statement);
    return (code == SQLITE_DONE && i == n) || damaged(s, "its tables are others", err);
}

// Scopes are sorted.
static bool take_scope(struct segment *s, sqlite3_stmt *row)
{
    struct slice name = column(row, 1);
    bool fine = sqlite3_column_int64(row, 0) == (int64_t)s->scopes.n + 1 && name.n <= ADVISORY_FIELD_BYTES &&
                (s->scopes.n == 0 || slice_cmp(s->scopes.v[s->scopes.n - 1], name) < 0);
    if (fine)
        VEC_PUSH(&s->arena, &s->scopes) = arena_dup(&s->arena, name);
    return fine;
}

static bool take_trait(struct segment *s, sqlite3_stmt *row)
{
    struct trait trait = {0};
    struct slice *const texts[] = {&trait.severity, &trait.state, &trait.arch, &trait.module};
    bool fine = sqlite3_column_int64(row, 0) == (int64_t)s->traits.n + 1;
    for (int i = 0; fine && i < 4; i++) {
        struct slice text = column(row, i + 1);
        fine = text.n <= ADVISORY_FIELD_BYTES;
        *texts[i] = arena_dup(&s->arena, text);
    }
    trait.of_source = sqlite3_column_int64(row, 5) != 0;
    VEC_PUSH(&s->arena, &s->traits) = trait;
    return fine;
}

static bool take_feed(struct segment *s, sqlite3_stmt *row)
{
    struct slice name = column(row, 0);
    s->feed = arena_dup(&s->arena, name);
    return name.n <= ADVISORY_FIELD_BYTES;
}

// One of the small tables, which must be numbered from 1.
static bool read_table(struct segment *s, const char *sql, bool (*take)(struct segment *, sqlite3_stmt *),
                       struct error *err)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return sql_failed(s, err);
    int code;
    bool ok = true;
    while (ok && (code = sqlite3_step(statement)) == SQLITE_ROW)
        ok = take(s, statement);
    if (!ok)
        damaged(s, "its scopes or traits are out of order", err);
    else if (code != SQLITE_DONE)
        ok = sql_failed(s, err);
    sqlite3_finalize(statement);
    return ok;
}

static bool read_small_tables(struct segment *s, struct error *err)
{
    int64_t records = 0;
    if (!read_table(s, "SELECT id, name FROM scope ORDER BY id", take_scope, err) ||
        !read_table(s, "SELECT id, severity, state, arch, module, of_source FROM trait ORDER BY id", take_trait, err) ||
        !number(s, "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'records'", &records, err))
        return false;
    s->records = records > 0 ? (uint64_t)records : 0;
    return read_table(s, "SELECT value FROM meta WHERE key = 'feed'", take_feed, err);
}

static bool prepare_all(struct segment *s, struct error *err)
{
    const struct {
        sqlite3_stmt **statement;
        const char *sql;
    } all[] = {
        {&s->block, "SELECT records FROM block WHERE id = (SELECT id FROM package WHERE name = ?1) << 32 | ?2"},
        {&s->note, "SELECT description, links, aliases, advisories, cvss FROM note WHERE id = ?1"},
        {&s->packages, "SELECT packages FROM vulnerability WHERE name = ?1"},
        {&s->spellings, "SELECT name FROM vulnerability WHERE name = ?1 COLLATE NOCASE"},
        {&s->package_name, "SELECT name FROM package WHERE id = ?1"},
        {&s->blocks_of_package,
         "SELECT id & 0xffffffff, records FROM block WHERE id BETWEEN ?1 << 32 AND ?1 << 32 | 0xffffffff ORDER BY id"},
        {&s->blocks_of_scope,
         "SELECT p.name, b.records FROM package p JOIN block b ON b.id = p.id << 32 | ?1 ORDER BY p.id"},
        {&s->walk, "SELECT b.id, p.name, b.records FROM block b JOIN package p ON p.id = b.id >> 32 ORDER BY b.id"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (sqlite3_prepare_v3(s->db, all[i].sql, -1, SQLITE_PREPARE_PERSISTENT, all[i].statement, NULL) != SQLITE_OK)
            return sql_failed(s, err);
    return true;
}

struct segment *segment_open(const char *folder, const struct digest *digest, struct error *err)
{
    struct segment *s = must_alloc(sizeof *s);
    char path[PATH_MAX];
    *s = (struct segment){.digest = *digest};
    if (path_of(folder, digest, path, err) && open_file(s, path, err) && check_version(s, err) &&
        check_schema(s, err) && read_small_tables(s, err) && prepare_all(s, err))
        return s;
    segment_close(&s);
    return NULL;
}

void segment_close(struct segment **segment)
{
    struct segment *s = *segment;
    if (s == NULL)
        return;
    sqlite3_stmt *const statements[] = {s->block,           s->note,         s->packages,
                                        s->spellings,       s->package_name, s->blocks_of_package,
                                        s->blocks_of_scope, s->walk};
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
        sqlite3_finalize(statements[i]);
    sqlite3_close(s->db);
    buf_free(&s->walked_package);
    arena_free(&s->arena);
    free(s);
    *segment = NULL;
}

bool segment_verify(const char *folder, const struct digest *digest, struct error *err)
{
    char path[PATH_MAX];
    if (!path_of(folder, digest, path, err))
        return false;
    int fd FD_AUTO = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, "cannot open %s", path);
    struct reader *r READER_AUTO = reader_of_fd(fd, false);
    struct digest found;
    if (!digest_reader(r, digest, &found, NULL, err))
        return false;
    return digest_eq(&found, digest) ||
           error_set(err, ERR_DIGEST, "segment %s has the digest %s", digest->text, found.text);
}

// ---- records --------------------------------------------------------------------------------------------------------

// The id of a scope; 0 when the segment does not have it.
static uint32_t scope_id(const struct segment *s, struct slice scope)
{
    size_t low = 0, high = s->scopes.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = slice_cmp(s->scopes.v[middle], scope);
        if (order == 0)
            return (uint32_t)middle + 1;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

// What the records of one block are unpacked with.
struct unpacking {
    struct segment *segment;
    struct arena *arena;
    struct slice scope, package; // in the arena
    struct trait trait;          // of the record before, in the arena
    uint32_t trait_id;
    struct advisory described; // the last record that was
    struct block_reader block;
};

static bool unpack_start(struct unpacking *u, struct slice block, struct error *err)
{
    u->trait_id = 0;
    return block_start(&u->block, block) || damaged(u->segment, "a block of records is damaged", err);
}

static bool unpack_record(struct unpacking *u, struct packed_record *packed, struct error *err)
{
    if (!block_next(&u->block, packed) || packed->trait == 0 || packed->trait > u->segment->traits.n)
        return damaged(u->segment, "a block of records is damaged", err);
    return true;
}

static struct trait trait_dup(struct arena *a, const struct trait *t)
{
    return (struct trait){.severity = arena_dup(a, t->severity),
                          .state = arena_dup(a, t->state),
                          .arch = arena_dup(a, t->arch),
                          .module = arena_dup(a, t->module),
                          .of_source = t->of_source};
}

static void fill_record(struct unpacking *u, const struct packed_record *packed, struct advisory *out)
{
    // Neighbours mostly share theirs.
    if (packed->trait != u->trait_id)
        u->trait = trait_dup(u->arena, &u->segment->traits.v[packed->trait - 1]);
    u->trait_id = packed->trait;
    *out = (struct advisory){
        .scope = u->scope,
        .package = u->package,
        .vulnerability = arena_dup(u->arena, packed->vulnerability),
        .introduced = arena_dup(u->arena, packed->introduced),
        .status = packed->status,
        .bound = arena_dup(u->arena, packed->bound),
        .of_source = u->trait.of_source,
        .severity = u->trait.severity,
        .state = u->trait.state,
        .arch = u->trait.arch,
        .module = u->trait.module,
        .note = packed->note,
    };
}

static void make_room(struct arena *a, advisory_vec *out, uint64_t more)
{
    size_t wanted = out->n + (size_t)more;
    if (wanted <= out->cap)
        return;
    size_t cap = wanted > out->cap * 2 ? wanted : out->cap * 2;
    struct advisory *grown = ARENA_NEW(a, struct advisory, cap);
    if (out->n != 0)
        memcpy(grown, out->v, out->n * sizeof *grown);
    out->v = grown;
    out->cap = cap;
}

bool segment_lookup_brief(struct segment *s, struct slice scope, struct slice package, struct arena *a,
                          advisory_vec *out, struct error *err)
{
    struct unpacking u = {.segment = s, .arena = a};
    uint32_t id = scope_id(s, scope);
    if (id == 0)
        return true;
    bind_text(s->block, 1, package);
    sqlite3_bind_int64(s->block, 2, id);
    int code = sqlite3_step(s->block);
    bool ok = code == SQLITE_ROW || code == SQLITE_DONE || sql_failed(s, err);
    if (code == SQLITE_ROW) {
        struct packed_record packed;
        u.scope = arena_dup(a, scope);
        u.package = arena_dup(a, package);
        ok = unpack_start(&u, column(s->block, 0), err);
        if (ok)
            make_room(a, out, u.block.left);
        while (ok && u.block.left != 0) {
            ok = unpack_record(&u, &packed, err);
            if (ok)
                fill_record(&u, &packed, &out->v[out->n++]);
        }
    }
    sqlite3_reset(s->block);
    return ok;
}

bool segment_describe(struct segment *s, struct advisory *record, struct arena *a, struct error *err)
{
    if (record->note == 0)
        return true;
    sqlite3_bind_int64(s->note, 1, record->note);
    bool ok = sqlite3_step(s->note) == SQLITE_ROW;
    struct slice *const texts[] = {&record->description, &record->links, &record->aliases, &record->advisories,
                                   &record->cvss};
    for (int i = 0; ok && i < 5; i++) {
        struct slice text = column(s->note, i);
        ok = text.n <= ADVISORY_TEXT_BYTES;
        if (ok)
            *texts[i] = arena_dup(a, text);
    }
    sqlite3_reset(s->note);
    return ok || damaged(s, "a note is missing, or too long", err);
}

// The same, with the texts of `before` where the note is the same one, as it is for most neighbours.
static bool describe_next(struct segment *s, const struct advisory *before, struct advisory *record, struct arena *a,
                          struct error *err)
{
    if (record->note == 0 || record->note != before->note)
        return segment_describe(s, record, a, err);
    record->description = before->description;
    record->links = before->links;
    record->aliases = before->aliases;
    record->advisories = before->advisories;
    record->cvss = before->cvss;
    return true;
}

bool segment_lookup(struct segment *s, struct slice scope, struct slice package, struct arena *a, advisory_vec *out,
                    struct error *err)
{
    size_t first = out->n;
    const struct advisory none = {0};
    if (!segment_lookup_brief(s, scope, package, a, out, err))
        return false;
    for (size_t i = first; i < out->n; i++)
        if (!describe_next(s, i > first ? &out->v[i - 1] : &none, &out->v[i], a, err))
            return false;
    return true;
}

static bool take_label(struct segment *s, sqlite3_stmt *row, struct arena *a, segment_labels *out, struct error *err)
{
    struct slice aliases = column(row, 1), cvss = column(row, 2);
    if (sqlite3_column_int64(row, 0) != (int64_t)out->n + 1 || aliases.n > ADVISORY_TEXT_BYTES ||
        cvss.n > ADVISORY_TEXT_BYTES)
        return damaged(s, "its notes are out of order, or too long", err);
    VEC_PUSH(a, out) = (struct segment_label){arena_dup(a, aliases), arena_dup(a, cvss)};
    return true;
}

bool segment_labels_read(struct segment *s, struct arena *a, segment_labels *out, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(s->db, "SELECT id, aliases, cvss FROM note ORDER BY id", -1, &statement, NULL) != SQLITE_OK)
        return sql_failed(s, err);
    int code = SQLITE_DONE;
    bool ok = true;
    while (ok && (code = sqlite3_step(statement)) == SQLITE_ROW)
        ok = take_label(s, statement, a, out, err);
    if (ok && code != SQLITE_DONE)
        ok = sql_failed(s, err);
    sqlite3_finalize(statement);
    return ok;
}

bool segment_label(const struct segment *s, const segment_labels *labels, struct advisory *record, struct error *err)
{
    if (record->note == 0)
        return true;
    if (record->note > labels->n)
        return damaged(s, "a note is missing", err);
    record->aliases = labels->v[record->note - 1].aliases;
    record->cvss = labels->v[record->note - 1].cvss;
    return true;
}

// ---- by vulnerability -----------------------------------------------------------------------------------------------

static bool package_name(struct segment *s, uint32_t id, struct arena *a, struct slice *name, struct error *err)
{
    sqlite3_bind_int64(s->package_name, 1, id);
    bool ok = sqlite3_step(s->package_name) == SQLITE_ROW;
    *name = ok ? arena_dup(a, column(s->package_name, 0)) : SLICE("");
    sqlite3_reset(s->package_name);
    return ok || damaged(s, "a package is missing", err);
}

// The records of one vulnerability in the block that `u` has been given.
static bool take_matching(struct unpacking *u, struct slice block, struct slice vulnerability, advisory_vec *out,
                          struct error *err)
{
    if (!unpack_start(u, block, err))
        return false;
    while (u->block.left != 0) {
        struct packed_record packed;
        if (!unpack_record(u, &packed, err))
            return false;
        if (!slice_eq(packed.vulnerability, vulnerability))
            continue;
        struct advisory record;
        fill_record(u, &packed, &record);
        if (!describe_next(u->segment, &u->described, &record, u->arena, err))
            return false;
        u->described = record;
        VEC_PUSH(u->arena, out) = record;
    }
    return true;
}

static bool take_package(struct segment *s, uint32_t package, struct slice vulnerability, struct arena *a,
                         advisory_vec *out, struct error *err)
{
    struct unpacking u = {.segment = s, .arena = a};
    if (!package_name(s, package, a, &u.package, err))
        return false;
    sqlite3_bind_int64(s->blocks_of_package, 1, package);
    int code;
    bool ok = true;
    while (ok && (code = sqlite3_step(s->blocks_of_package)) == SQLITE_ROW) {
        int64_t scope = sqlite3_column_int64(s->blocks_of_package, 0);
        ok = (scope > 0 && (uint64_t)scope <= s->scopes.n) || damaged(s, "a scope is missing", err);
        if (ok) {
            u.scope = arena_dup(a, s->scopes.v[scope - 1]);
            ok = take_matching(&u, column(s->blocks_of_package, 1), vulnerability, out, err);
        }
    }
    if (ok && code != SQLITE_DONE)
        ok = sql_failed(s, err);
    sqlite3_reset(s->blocks_of_package);
    return ok;
}

// All records of an id that is spelled like this.
static bool take_spelled(struct segment *s, struct slice vulnerability, struct arena *a, advisory_vec *out,
                         struct error *err)
{
    bind_text(s->packages, 1, vulnerability);
    int code = sqlite3_step(s->packages);
    bool ok = code == SQLITE_ROW || code == SQLITE_DONE || sql_failed(s, err);
    if (code == SQLITE_ROW) {
        struct slice list = column(s->packages, 0);
        uint64_t n;
        uint32_t package = 0;
        ok = ids_start(&list, &n) || damaged(s, "a list of packages is damaged", err);
        for (; ok && n > 0; n--)
            ok = (ids_next(&list, &package) || damaged(s, "a list of packages is damaged", err)) &&
                 take_package(s, package, vulnerability, a, out, err);
    }
    sqlite3_reset(s->packages);
    return ok;
}

static struct slice in_capitals(struct arena *a, struct slice text)
{
    char *out = arena_alloc(a, text.n);
    for (size_t i = 0; i < text.n; i++)
        out[i] = text.p[i] >= 'a' && text.p[i] <= 'z' ? (char)(text.p[i] - 'a' + 'A') : text.p[i];
    return slice_of(out, text.n);
}

// Other ids have letters of their own ("GHSA-jfh8-c2jp-5v3q"), so all of them are looked at.
static bool take_other_spellings(struct segment *s, struct slice vulnerability, struct arena *a, advisory_vec *out,
                                 struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    VEC(struct slice) names = {0};
    int code;
    bind_text(s->spellings, 1, vulnerability);
    while ((code = sqlite3_step(s->spellings)) == SQLITE_ROW)
        VEC_PUSH(&scratch, &names) = arena_dup(&scratch, column(s->spellings, 0));
    bool ok = code == SQLITE_DONE || sql_failed(s, err);
    sqlite3_reset(s->spellings);
    for (size_t i = 0; ok && i < names.n; i++)
        ok = take_spelled(s, names.v[i], a, out, err);
    return ok;
}

bool segment_vulnerability(struct segment *s, struct slice vulnerability, struct arena *a, advisory_vec *out,
                           struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    size_t before = out->n;
    bool cve = slice_starts_nocase(vulnerability, SLICE("CVE-"));
    if (!take_spelled(s, cve ? in_capitals(&scratch, vulnerability) : vulnerability, a, out, err))
        return false;
    return cve || out->n != before || take_other_spellings(s, vulnerability, a, out, err);
}

// ---- the whole ------------------------------------------------------------------------------------------------------

bool segment_has_scope(struct segment *s, struct slice scope)
{
    return scope_id(s, scope) != 0;
}

const struct slice *segment_scopes(const struct segment *s, size_t *n)
{
    *n = s->scopes.n;
    return s->scopes.v;
}

uint64_t segment_count(struct segment *s)
{
    return s->records;
}

struct slice segment_feed(const struct segment *s)
{
    return s->feed;
}

#define WALK_ENDED INT64_MAX

void segment_walk(struct segment *s)
{
    sqlite3_reset(s->walk);
    s->walked = 0;
    s->walked_package.n = 0;
}

// Names ascend as the ids do, so that two segments can be walked side by side.
static bool in_order(struct segment *s, int64_t id, struct slice package)
{
    bool same = id >> 32 == s->walked >> 32;
    int order = slice_cmp(buf_slice(&s->walked_package), package);
    if (id <= s->walked || (same ? order != 0 : order >= 0 && s->walked != 0))
        return false;
    s->walked = id;
    s->walked_package.n = 0;
    buf_add(&s->walked_package, package);
    return true;
}

static bool walk_block(struct segment *s, struct arena *a, advisory_vec *out, struct error *err)
{
    struct unpacking u = {.segment = s, .arena = a};
    int64_t id = sqlite3_column_int64(s->walk, 0), scope = id & 0xffffffff;
    if (scope == 0 || (uint64_t)scope > s->scopes.n || !in_order(s, id, column(s->walk, 1)))
        return damaged(s, "its records are out of order", err);
    u.scope = arena_dup(a, s->scopes.v[scope - 1]);
    u.package = arena_dup(a, column(s->walk, 1));
    if (!unpack_start(&u, column(s->walk, 2), err))
        return false;
    make_room(a, out, u.block.left);
    while (u.block.left != 0) {
        struct packed_record packed;
        if (!unpack_record(&u, &packed, err))
            return false;
        fill_record(&u, &packed, &out->v[out->n++]);
    }
    return true;
}

bool segment_walk_next(struct segment *s, struct arena *a, advisory_vec *out, struct error *err)
{
    size_t n = out->n;
    int code = SQLITE_ROW;
    // A block without records is none of ours, and says nothing.
    while (out->n == n && s->walked != WALK_ENDED && (code = sqlite3_step(s->walk)) == SQLITE_ROW)
        if (!walk_block(s, a, out, err))
            return false;
    if (code == SQLITE_DONE)
        s->walked = WALK_ENDED; // a further step would begin anew
    return code == SQLITE_ROW || code == SQLITE_DONE || sql_failed(s, err);
}

// What is carried where to, and what is left behind.
struct carrying {
    struct segment_builder *b;
    struct segment *from;
    segment_leave_fn *leave; // NULL: nothing
    void *context;
    const struct limits *limits;
};

static bool carry_block(const struct carrying *c, struct unpacking *u, struct slice block, struct error *err)
{
    if (!unpack_start(u, block, err))
        return false;
    while (u->block.left != 0) {
        struct packed_record packed;
        struct advisory record;
        if (!unpack_record(u, &packed, err))
            return false;
        if (c->leave != NULL && c->leave(c->context, packed.vulnerability))
            continue;
        fill_record(u, &packed, &record);
        if (!describe_next(u->segment, &u->described, &record, u->arena, err) ||
            !segment_add(c->b, &record, c->limits, err))
            return false;
        u->described = record;
    }
    return true;
}

static bool carry_scope(const struct carrying *c, uint32_t id, struct error *err)
{
    struct segment *from = c->from;
    struct slice scope = from->scopes.v[id - 1];
    int code;
    bool ok = true;
    segment_add_scope(c->b, scope);
    sqlite3_bind_int64(from->blocks_of_scope, 1, id);
    while (ok && (code = sqlite3_step(from->blocks_of_scope)) == SQLITE_ROW) {
        struct arena scratch ARENA_AUTO = {0};
        struct unpacking u = {.segment = from, .arena = &scratch, .scope = scope};
        u.package = column(from->blocks_of_scope, 0);
        ok = carry_block(c, &u, column(from->blocks_of_scope, 1), err);
    }
    if (ok && code != SQLITE_DONE)
        ok = sql_failed(from, err);
    sqlite3_reset(from->blocks_of_scope);
    return ok;
}

bool segment_carry(struct segment_builder *b, struct segment *from, struct slice scope, const struct limits *limits,
                   struct error *err)
{
    const struct carrying c = {.b = b, .from = from, .limits = limits};
    uint32_t id = scope_id(from, scope);
    if (id == 0)
        return error_set(err, ERR_NOT_FOUND, "the former segment has no scope %.*s", SLICE_ARG(scope));
    return carry_scope(&c, id, err);
}

bool segment_carry_all(struct segment_builder *b, struct segment *from, segment_leave_fn *leave, void *context,
                       const struct limits *limits, struct error *err)
{
    const struct carrying c = {b, from, leave, context, limits};
    bool ok = true;
    for (uint32_t id = 1; ok && id <= from->scopes.n; id++)
        ok = carry_scope(&c, id, err);
    return ok;
}
