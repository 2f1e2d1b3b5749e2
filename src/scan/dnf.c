// dnf's history of transactions: which repository each package that was ever installed came from.
//
// Format: libdnf/transaction/sql/create_tables.sql of libdnf for dnf 4, libdnf5/transaction/db/sql/create_tables.sql of
// dnf5. Both have a table of rpm packages, of repositories, and of what each transaction did with which package of
// which repository; dnf 5 keeps the names of packages and architectures in tables of their own. Columns are found by
// their names, since their order has changed between versions.
//
// dnf's own names begin with '@', which no repository's may: "@System" is what was installed already and says nothing
// of where it came from, "@commandline" says that the package was given as a file.
#include "scan/sqlite_file.h"

extern const struct scanner scanner_dnf;

#define SYSTEM "@System"

#define UNKNOWN "which repositories packages came from is not known"

enum table { REPO, PKG_NAME, ARCH, RPM, TRANS_ITEM, TABLES };

// A row that others refer to by its number.
struct row {
    uint64_t id;
    struct slice name; // of a repository, a package, an architecture
    // Of a package only.
    struct slice version, arch;
    struct slice repository;
    int64_t newest; // number of the row of trans_item that tells the repository
};

struct rows {
    VEC(struct row) list;
    size_t *slots; // by hash: 1 + the place of a row, 0 for none; at most half of them are taken
    size_t slots_n;
};

// Places of columns.
struct columns {
    unsigned repo_repoid, pkg_name_name, arch_name;
    unsigned rpm_item, rpm_name, rpm_epoch, rpm_version, rpm_release, rpm_arch;
    unsigned trans_item_item, trans_item_repo;
};

struct history {
    struct scan_output *out;
    struct slice path;
    struct arena scratch;
    struct sqlite_table tables[TABLES];
    struct columns columns;
    bool has_names; // dnf 5: an rpm's name and architecture are numbers of rows
    struct rows repositories, names, architectures, items;
    uint64_t rows; // in all of these
};

// ---- Rows by their number -------------------------------------------------------------------------------------------

// Where the row is, or would have to be.
static size_t *slot_of(const struct rows *r, uint64_t id)
{
    size_t i = (size_t)slice_hash(slice_of((const char *)&id, sizeof id)) & (r->slots_n - 1);
    while (r->slots[i] != 0 && r->list.v[r->slots[i] - 1].id != id)
        i = (i + 1) & (r->slots_n - 1);
    return &r->slots[i];
}

static struct row *find_row(const struct rows *r, int64_t id)
{
    size_t slot = r->list.n != 0 ? *slot_of(r, (uint64_t)id) : 0;
    return slot != 0 ? &r->list.v[slot - 1] : NULL;
}

static void make_slots(struct rows *r, struct arena *a)
{
    r->slots_n = r->slots_n != 0 ? 2 * r->slots_n : 64;
    r->slots = ARENA_NEW(a, size_t, r->slots_n);
    for (size_t i = 0; i < r->list.n; i++)
        *slot_of(r, r->list.v[i].id) = i + 1;
}

// NULL, with a note, when there is one of that number already, or there are too many.
static struct row *add_row(struct history *h, struct rows *r, const char *table, uint64_t id)
{
    uint64_t most = h->out->limits->packages;
    if (2 * (r->list.n + 1) > r->slots_n)
        make_slots(r, &h->scratch);
    size_t *slot = slot_of(r, id);
    if (*slot != 0) {
        scan_skip(h->out, h->path, false, "number %llu stands twice in table %s", (unsigned long long)id, table);
        return NULL;
    }
    if (h->rows >= most) {
        if (h->rows++ == most)
            scan_skip(h->out, h->path, false,
                      "more packages and names than the %llu that limit packages allows; where the others came from is "
                      "not known",
                      (unsigned long long)most);
        return NULL;
    }
    h->rows++;
    struct row *row = &VEC_PUSH(&h->scratch, &r->list);
    *row = (struct row){.id = id};
    *slot = r->list.n;
    return row;
}

// ---- Tables ---------------------------------------------------------------------------------------------------------

static void tell_bad_row(struct history *h, enum table table, uint64_t id)
{
    scan_skip(h->out, h->path, false, "row %llu of table %s does not have what dnf puts there", (unsigned long long)id,
              h->tables[table].name);
}

// A table of names: of repositories, packages or architectures.
struct names_walk {
    struct history *history;
    struct rows *rows;
    enum table table;
    unsigned place;
};

static void take_name(void *context, uint64_t id, struct slice record)
{
    struct names_walk *w = context;
    struct history *h = w->history;
    struct slice name;
    if (!sqlite_text(record, w->place, &name)) {
        tell_bad_row(h, w->table, id);
        return;
    }
    struct row *row = add_row(h, w->rows, h->tables[w->table].name, id);
    if (row != NULL)
        row->name = arena_dup(&h->scratch, name);
}

// An rpm's name or architecture, wherever it stands.
static bool name_of(const struct history *h, struct slice record, unsigned place, const struct rows *names,
                    struct slice *name)
{
    int64_t id;
    if (!h->has_names)
        return sqlite_text(record, place, name);
    const struct row *row = sqlite_integer(record, place, &id) ? find_row(names, id) : NULL;
    if (row != NULL)
        *name = row->name;
    return row != NULL;
}

// As rpm prints it: "[epoch:]version-release". An epoch of 0 is the same as none.
static bool version_of(struct history *h, struct slice record, struct slice *text)
{
    int64_t epoch;
    struct slice version, release;
    if (!sqlite_integer(record, h->columns.rpm_epoch, &epoch) || epoch < 0 || epoch > UINT32_MAX ||
        !sqlite_text(record, h->columns.rpm_version, &version) || version.n == 0 ||
        !sqlite_text(record, h->columns.rpm_release, &release) || release.n == 0)
        return false;
    struct buf whole BUF_AUTO = {0};
    if (epoch != 0)
        buf_addf(&whole, "%lld:", (long long)epoch);
    buf_add(&whole, version);
    buf_addc(&whole, '-');
    buf_add(&whole, release);
    *text = arena_dup(&h->scratch, buf_slice(&whole));
    return true;
}

static void take_rpm(void *context, uint64_t id, struct slice record)
{
    struct history *h = context;
    const struct columns *c = &h->columns;
    int64_t item;
    struct slice name, version, arch;
    if (!sqlite_integer(record, c->rpm_item, &item) || !name_of(h, record, c->rpm_name, &h->names, &name) ||
        name.n == 0 || !name_of(h, record, c->rpm_arch, &h->architectures, &arch) || !version_of(h, record, &version)) {
        tell_bad_row(h, RPM, id);
        return;
    }
    struct row *row = add_row(h, &h->items, h->tables[RPM].name, (uint64_t)item);
    if (row == NULL)
        return;
    row->name = arena_dup(&h->scratch, name);
    row->version = version;
    row->arch = arena_dup(&h->scratch, arch);
}

// What a transaction did with a package. The newest that names a repository counts; groups of packages have rows too.
static void take_trans_item(void *context, uint64_t id, struct slice record)
{
    struct history *h = context;
    int64_t item, repo;
    const struct row *repository = NULL;
    if (sqlite_integer(record, h->columns.trans_item_item, &item) &&
        sqlite_integer(record, h->columns.trans_item_repo, &repo))
        repository = find_row(&h->repositories, repo);
    if (repository == NULL) {
        tell_bad_row(h, TRANS_ITEM, id);
        return;
    }
    struct row *package = find_row(&h->items, item);
    if (package == NULL || repository->name.n == 0 || slice_eq(repository->name, SLICE(SYSTEM)))
        return;
    if (package->repository.n != 0 && package->newest > (int64_t)id)
        return;
    package->repository = repository->name;
    package->newest = (int64_t)id;
}

// ---- The database ---------------------------------------------------------------------------------------------------

static bool find_columns(struct history *h)
{
    struct columns *c = &h->columns;
    h->has_names = sqlite_find_column(&h->tables[RPM], "name_id", &c->rpm_name);
    const struct {
        enum table table;
        const char *name;
        unsigned *place;
    } wanted[] = {
        {REPO, "repoid", &c->repo_repoid},
        {RPM, "item_id", &c->rpm_item},
        {RPM, h->has_names ? "name_id" : "name", &c->rpm_name},
        {RPM, "epoch", &c->rpm_epoch},
        {RPM, "version", &c->rpm_version},
        {RPM, "release", &c->rpm_release},
        {RPM, h->has_names ? "arch_id" : "arch", &c->rpm_arch},
        {TRANS_ITEM, "item_id", &c->trans_item_item},
        {TRANS_ITEM, "repo_id", &c->trans_item_repo},
        {PKG_NAME, "name", &c->pkg_name_name},
        {ARCH, "name", &c->arch_name},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        bool is_needed = h->has_names || (wanted[i].table != PKG_NAME && wanted[i].table != ARCH);
        const struct sqlite_table *table = &h->tables[wanted[i].table];
        if (!is_needed || sqlite_find_column(table, wanted[i].name, wanted[i].place))
            continue;
        scan_skip(h->out, h->path, false, "has no table %s with a column %s; " UNKNOWN, table->name, wanted[i].name);
        return false;
    }
    return true;
}

// Tables that are referred to come before those that refer to them.
static void read_tables(struct history *h, struct sqlite_file *file)
{
    struct names_walk names[] = {
        {h, &h->repositories, REPO, h->columns.repo_repoid},
        {h, &h->names, PKG_NAME, h->columns.pkg_name_name},
        {h, &h->architectures, ARCH, h->columns.arch_name},
    };
    for (size_t i = 0; i < (h->has_names ? sizeof names / sizeof names[0] : 1); i++)
        sqlite_walk(file, h->tables[names[i].table].root, take_name, &names[i]);
    sqlite_walk(file, h->tables[RPM].root, take_rpm, h);
    sqlite_walk(file, h->tables[TRANS_ITEM].root, take_trans_item, h);
}

static void add_origins(const struct history *h, struct package_db *db)
{
    for (size_t i = 0; i < h->items.list.n; i++) {
        const struct row *row = &h->items.list.v[i];
        if (row->repository.n == 0 || row->repository.p[0] == '@')
            continue;
        struct package package = {.kind = SLICE("rpm"),
                                  .name = row->name,
                                  .version = row->version,
                                  .arch = row->arch,
                                  .repository = row->repository,
                                  .source_name = row->name,
                                  .source_version = row->version};
        scan_add_package(h->out, db, &package, 0);
    }
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    struct package_db *db = scan_add_db(out, &scanner_dnf, file->path);
    if (db == NULL || file->content.n == 0)
        return true;
    if (!sqlite_file_opens(file->content, err)) {
        scan_skip(out, file->path, false, "%s; " UNKNOWN, err->text);
        return true;
    }
    struct history h = {.out = out,
                        .path = file->path,
                        .tables = {[REPO] = {.name = "repo"},
                                   [PKG_NAME] = {.name = "pkg_name"},
                                   [ARCH] = {.name = "arch"},
                                   [RPM] = {.name = "rpm"},
                                   [TRANS_ITEM] = {.name = "trans_item"}}};
    struct sqlite_file database SQLITE_FILE_AUTO;
    sqlite_file_open(&database, file, out, false, &h.scratch);
    sqlite_find_tables(&database, &h.scratch, h.tables, TABLES);
    if (find_columns(&h)) {
        read_tables(&h, &database);
        add_origins(&h, db);
    }
    arena_free(&h.scratch);
    return true;
}

// In the order in which they count: where both are, dnf 5 came after dnf 4.
static const char *const paths[] = {
    "usr/lib/sysimage/libdnf5/transaction_history.sqlite",
    "var/lib/dnf/history.sqlite",
    NULL,
};

static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode;
    (void)size;
    return slice_eq(path, slice_str(paths[0])) || slice_eq(path, slice_str(paths[1]));
}

static uint64_t limit(const struct limits *limits)
{
    return limits->dnf_history_bytes;
}

const struct scanner scanner_dnf = {
    .name = "dnf",
    .version = 1,
    .kind = "rpm",
    .limit = limit,
    .limit_name = "dnf_history_bytes",
    .wants = wants,
    .finds = FINDS_ORIGINS,
    .fixed_paths = paths,
    .scan = scan,
};
