// apk's database of installed packages: records of "X:value" lines, separated by blank lines.
//
// Format: apk-tools, apk_db_fdb_read() in its src/database.c and apk-v2(5): P name, V version, A architecture, o origin
// (the name of the source package, which has the same version); F, M, R, a and Z lines list folders and files.
// Releases with a merged /usr keep it under usr/lib.
#include "base/buf.h"
#include "scan/scanner.h"

extern const struct scanner scanner_apk;

struct record {
    size_t line; // where it starts, from 1; 0 as long as it is empty
    size_t odd;  // a line that is no field, likewise
    bool cut;    // a field that matters is in a line over the limit
    struct slice name, version, arch, origin;
    struct slice text; // all of its lines
};

static struct slice *field_of(struct record *r, char name)
{
    switch (name) {
    case 'P':
        return &r->name;
    case 'V':
        return &r->version;
    case 'A':
        return &r->arch;
    case 'o':
        return &r->origin;
    default:
        return NULL;
    }
}

static void take_line(struct record *r, struct slice line, size_t number, struct slice path, struct scan_output *out)
{
    bool too_long = line.n > out->limits->line_bytes;
    if (too_long)
        scan_skip(out, path, true, "line %zu: longer than %llu bytes (limit line_bytes), not read", number,
                  (unsigned long long)out->limits->line_bytes);
    if (line.p[1] != ':') {
        r->odd = number;
        return;
    }
    struct slice *field = field_of(r, line.p[0]);
    if (field == NULL)
        return;
    r->cut = r->cut || too_long;
    *field = slice_from(line, 2); // of several the last counts, as for apk
}

// Reads up to the next blank line. False at the end of the file.
static bool next_record(struct slice *rest, size_t *number, struct slice path, struct scan_output *out,
                        struct record *r)
{
    *r = (struct record){0};
    struct slice line;
    r->text = *rest;
    while (slice_next_line(rest, &line)) {
        ++*number;
        r->text.n = (size_t)(line.p + line.n - r->text.p);
        if (line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        bool blank = line.n < 2; // apk's own test
        if (blank && r->line != 0)
            return true;
        if (blank)
            continue;
        if (r->line == 0)
            r->line = *number;
        take_line(r, line, *number, path, out);
    }
    return r->line != 0;
}

// F lines name folders, and the R lines behind one its files.
static void take_files(struct slice text, struct package_db *db, struct scan_output *out)
{
    struct slice line, folder = SLICE("");
    struct buf path BUF_AUTO = {0};
    while (slice_next_line(&text, &line)) {
        if (slice_starts(line, SLICE("F:")))
            folder = slice_from(line, 2);
        if (!slice_starts(line, SLICE("R:")) || folder.n + line.n > out->limits->path_bytes)
            continue;
        path.n = 0;
        buf_add(&path, folder);
        buf_addc(&path, '/');
        buf_add(&path, slice_from(line, 2));
        scan_add_owned(out, db, buf_slice(&path));
    }
}

static void take_record(const struct record *r, struct package_db *db, struct scan_output *out)
{
    if (r->odd != 0)
        scan_skip(out, db->path, false, "line %zu: no field", r->odd);
    if (r->cut) // and told already
        return;
    if (r->name.n == 0 || r->version.n == 0) {
        scan_skip(out, db->path, false, "line %zu: no %s", r->line, r->name.n == 0 ? "name (P:)" : "version (V:)");
        return;
    }
    struct package p = {
        .kind = SLICE("apk"),
        .name = r->name,
        .version = r->version,
        .arch = r->arch,
        .source_name = r->origin.n != 0 ? r->origin : r->name,
        .source_version = r->version,
    };
    if (scan_add_package(out, db, &p, r->line))
        take_files(r->text, db, out);
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    struct package_db *db = scan_add_db(out, &scanner_apk, file->path);
    if (db == NULL)
        return true;
    struct slice rest = file->content;
    struct record r;
    size_t line = 0;
    while (next_record(&rest, &line, file->path, out, &r))
        take_record(&r, db, out);
    return true;
}

static const char *const paths[] = {"lib/apk/db/installed", "usr/lib/apk/db/installed", NULL};

static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode;
    (void)size;
    return slice_eq(path, slice_str(paths[0])) || slice_eq(path, slice_str(paths[1]));
}

static uint64_t limit(const struct limits *limits)
{
    return limits->apk_installed_bytes;
}

const struct scanner scanner_apk = {
    .name = "apk",
    .version = 2,
    .kind = "apk",
    .limit = limit,
    .limit_name = "apk_installed_bytes",
    .wants = wants,
    .fixed_paths = paths,
    .scan = scan,
};
