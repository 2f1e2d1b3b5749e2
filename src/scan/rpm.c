// rpm's database of installed packages, in the containers that its versions have used: SQLite (from 4.16 on), NDB
// (SUSE), Berkeley DB (up to 4.15).
//
// Format: rpm, lib/backend/sqlite.cc, ndb/rpmpkg.c and bdb_ro.cc; rpmdb(8). Of several containers in one folder rpm
// reads the first in the order of the table in lib/backend/dbi.cc (unless it is configured otherwise, which an image's
// files of a removed rpm no longer tell): the others were left there when the database moved from one to the other.
#include "scan/rpm_header.h"
#include "scan/rpmdb.h"

extern const struct scanner scanner_rpm;

// ---- From headers to packages ---------------------------------------------------------------------------------------

// "name-version-release.src.rpm" (or .nosrc.rpm) gives the name and "version-release".
static bool split_source(struct slice file, struct slice *name, struct slice *version)
{
    static const char *const suffixes[] = {".src.rpm", ".nosrc.rpm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        if (!slice_ends(file, slice_str(suffixes[i])))
            continue;
        struct slice whole = slice_of(file.p, file.n - strlen(suffixes[i]));
        ptrdiff_t dash = slice_rfind(whole, '-');
        dash = dash > 0 ? slice_rfind(slice_of(whole.p, (size_t)dash), '-') : -1;
        if (dash <= 0)
            return false;
        *name = slice_of(whole.p, (size_t)dash);
        *version = slice_from(whole, (size_t)dash + 1);
        return true;
    }
    return false;
}

struct identity {
    struct slice name, version, release;
    uint32_t epoch;
};

// What a package cannot be without.
static bool read_identity(const struct rpm_header *h, struct identity *id, struct error *err)
{
    if (!rpm_header_string(h, RPM_NAME, &id->name, err) || !rpm_header_string(h, RPM_VERSION, &id->version, err) ||
        !rpm_header_string(h, RPM_RELEASE, &id->release, err) || !rpm_header_number(h, RPM_EPOCH, &id->epoch, err))
        return false;
    const char *missing = id->name.n == 0      ? "NAME"
                          : id->version.n == 0 ? "VERSION"
                          : id->release.n == 0 ? "RELEASE"
                                               : NULL;
    return missing == NULL || error_set(err, ERR_FORMAT, "no %s", missing);
}

// As rpm prints it: "[epoch:]version-release". An epoch of 0 is the same as none.
static void write_version(const struct identity *id, struct buf *version)
{
    if (id->epoch != 0)
        buf_addf(version, "%u:", id->epoch);
    buf_add(version, id->version);
    buf_addc(version, '-');
    buf_add(version, id->release);
}

// The rest, which a package is reported without when it cannot be read.
static bool read_details(const struct rpm_header *h, struct package *p, struct error *err)
{
    struct slice source, label;
    if (!rpm_header_string(h, RPM_ARCH, &p->arch, err) || !rpm_header_string(h, RPM_VENDOR, &p->vendor, err) ||
        !rpm_header_string(h, RPM_MODULARITYLABEL, &label, err) || !rpm_header_string(h, RPM_SOURCERPM, &source, err))
        return false;
    p->module = module_stream(label);
    return source.n == 0 || split_source(source, &p->source_name, &p->source_version) ||
           error_set(err, ERR_FORMAT, "SOURCERPM \"%.*s\" is no name of a source package", SLICE_ARG(source));
}

static bool take_files(struct rpmdb *db, const struct rpm_header *h, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    struct buf path BUF_AUTO = {0};
    struct rpm_files files;
    if (!rpm_files_open(h, db->out->limits, &scratch, &files, err))
        return false;
    while (rpm_files_next(&files, &path))
        scan_add_owned(db->out, db->packages, buf_slice(&path));
    return true;
}

static void tell(struct rpmdb *db, uint64_t number, struct slice name, bool lost, const struct error *why)
{
    scan_skip(db->out, db->path, lost, "header %llu%s%.*s: %s", (unsigned long long)number, name.n != 0 ? ", " : "",
              SLICE_ARG(name), why->text);
}

void rpmdb_take(struct rpmdb *db, uint64_t number, struct slice header)
{
    struct rpm_header h;
    struct identity id = {0};
    struct error why;
    if (!rpmdb_may_hold(db, number, header.n))
        return;
    db->left -= header.n;
    if (!rpm_header_open(header, &h, &why) || !read_identity(&h, &id, &why)) {
        tell(db, number, id.name, true, &why);
        return;
    }
    struct buf version BUF_AUTO = {0};
    write_version(&id, &version);
    struct package p = {.kind = SLICE("rpm"),
                        .name = id.name,
                        .version = buf_slice(&version),
                        .source_name = id.name,
                        .source_version = buf_slice(&version)};
    if (!read_details(&h, &p, &why))
        tell(db, number, id.name, false, &why);
    if (scan_add_package(db->out, db->packages, &p, 0) && !take_files(db, &h, &why))
        tell(db, number, id.name, false, &why);
}

// ---- What the containers share --------------------------------------------------------------------------------------

bool rpmdb_may_hold(struct rpmdb *db, uint64_t number, uint64_t size)
{
    uint64_t most = db->out->limits->rpm_header_bytes;
    if (size > most)
        scan_skip(db->out, db->path, true,
                  "header %llu has %llu bytes, more than the %llu that limit rpm_header_bytes allows",
                  (unsigned long long)number, (unsigned long long)size, (unsigned long long)most);
    else if (size > db->left)
        scan_skip(db->out, db->path, true,
                  "header %llu has %llu bytes, more than the file has beside the other headers",
                  (unsigned long long)number, (unsigned long long)size);
    return size <= most && size <= db->left;
}

// ---- The scanner ----------------------------------------------------------------------------------------------------

#define SQLITE     "rpmdb.sqlite"
#define SQLITE_LOG SQLITE "-wal"

// Where rpm keeps the database, first the usual places: SUSE's and Fedora's since 36, rpm-ostree's.
#define IN_FOLDER(folder) folder "/" SQLITE, folder "/Packages.db", folder "/Packages"
static const char *const paths[] = {
    IN_FOLDER("var/lib/rpm"),
    IN_FOLDER("usr/lib/sysimage/rpm"),
    IN_FOLDER("usr/share/rpm"),
    NULL,
};

// rpm-ostree's copy of the database, which comes first in a layer's archive: the one that counts is a hard link to it.
#define OSTREE_COPY "usr/lib/sysimage/rpm-ostree-base-db"

static const struct container {
    const char *name;
    bool (*opens)(struct slice file, struct error *err);
    void (*read)(struct rpmdb *db);
} containers[] = {
    {SQLITE, rpmdb_sqlite_opens, rpmdb_sqlite_read},
    {"Packages.db", rpmdb_ndb_opens, rpmdb_ndb_read},
    {"Packages", rpmdb_bdb_opens, rpmdb_bdb_read},
};

static const struct container *container_of(struct slice name)
{
    for (size_t i = 0; i < sizeof containers / sizeof containers[0]; i++)
        if (slice_eq(name, slice_str(containers[i].name)))
            return &containers[i];
    return NULL;
}

// A scanner gets one file at a time, so what stands in the log is told and not merged. rpm empties the log whenever it
// closes the database; only one that was interrupted leaves something there.
static void tell_of_log(const struct scan_file *file, struct scan_output *out)
{
    uint64_t pages = rpmdb_sqlite_log_pages(file->content);
    if (pages != 0)
        scan_skip(
            out, file->path, true,
            "holds %llu pages that an interrupted rpm has not written into the database beside it: packages may be "
            "missing, or reported though they are gone; `rpm --rebuilddb`, when the image is built, settles it",
            (unsigned long long)pages);
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    const struct container *container = container_of(slice_basename(file->path));
    if (container == NULL) {
        tell_of_log(file, out);
        return true;
    }
    if (file->content.n != 0 && !container->opens(file->content, err))
        return false;
    struct rpmdb db = {.out = out, .path = file->path, .file = file->content, .left = file->content.n};
    db.packages = scan_add_db(out, &scanner_rpm, file->path);
    // One of no bytes is one that nothing was ever installed in.
    if (db.packages != NULL && file->content.n != 0)
        container->read(&db);
    return true;
}

static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode;
    (void)size;
    struct slice name = slice_basename(path), folder = slice_dirname(path);
    if (container_of(name) == NULL && !slice_eq(name, SLICE(SQLITE_LOG)))
        return false;
    return slice_eq(folder, SLICE("var/lib/rpm")) || slice_eq(folder, SLICE("usr/lib/sysimage/rpm")) ||
           slice_eq(folder, SLICE("usr/share/rpm")) || slice_eq(folder, SLICE(OSTREE_COPY));
}

static uint64_t limit(const struct limits *limits)
{
    return limits->rpmdb_bytes;
}

const struct scanner scanner_rpm = {
    .name = "rpm",
    .version = 2,
    .kind = "rpm",
    .limit = limit,
    .limit_name = "rpmdb_bytes",
    .wants = wants,
    .fixed_paths = paths,
    .one_a_folder = true,
    .scan = scan,
};
