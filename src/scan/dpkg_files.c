// dpkg's lists of the files of each package: var/lib/dpkg/info/PACKAGE.list or PACKAGE:ARCH.list, one absolute path a
// line; in images that were put together without dpkg, var/lib/dpkg/status.d/PACKAGE.md5sums, as dpkg-deb has it in the
// control archive: a check sum, two blanks, a path without its leading slash.
//
// Format: dpkg's lib/dpkg/db-fsys-files.c; deb-md5sums(5). Whether the package is installed is status's to tell.
#include "scan/scanner.h"

extern const struct scanner scanner_dpkg_files;

#define INFO   "var/lib/dpkg/info"
#define FOLDER "var/lib/dpkg/status.d"
#define LIST   ".list"
#define SUMS   ".md5sums"

// "PACKAGE" or "PACKAGE:ARCH" from the file's name.
static struct package package_of(struct slice name)
{
    struct package p = {.kind = SLICE("deb")};
    slice_cut(name, ':', &p.name, &p.arch);
    p.source_name = p.name;
    return p;
}

// The path in a line of an .md5sums file; empty when the line is none.
static struct slice path_of_sum(struct slice line)
{
    ptrdiff_t blank = slice_find(line, ' ');
    struct slice path = blank > 0 ? slice_from(line, (size_t)blank) : SLICE("");
    while (path.n != 0 && (path.p[0] == ' ' || path.p[0] == '*'))
        path = slice_from(path, 1);
    return path;
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    struct slice name = slice_basename(file->path), rest = file->content, line;
    bool sums = slice_ends(name, SLICE(SUMS));
    name.n -= sums ? sizeof SUMS - 1 : sizeof LIST - 1;
    struct package_db *db = scan_add_db(out, &scanner_dpkg_files, file->path);
    struct package p = package_of(name);
    if (db == NULL || !scan_add_package(out, db, &p, 0))
        return true;
    while (slice_next_line(&rest, &line))
        scan_add_owned(out, db, sums ? path_of_sum(line) : line);
    return true;
}

static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode;
    (void)size;
    struct slice folder = slice_dirname(path), name = slice_basename(path);
    if (name.n == 0 || name.p[0] == '.')
        return false;
    return (slice_eq(folder, SLICE(INFO)) && slice_ends(name, SLICE(LIST)) && name.n > sizeof LIST - 1) ||
           (slice_eq(folder, SLICE(FOLDER)) && slice_ends(name, SLICE(SUMS)) && name.n > sizeof SUMS - 1);
}

static uint64_t limit(const struct limits *limits)
{
    return limits->file_list_bytes;
}

static const char *const paths[] = {INFO, FOLDER, NULL};

const struct scanner scanner_dpkg_files = {
    .name = "dpkg-files",
    .version = 1,
    .kind = "deb",
    .limit = limit,
    .limit_name = "file_list_bytes",
    .wants = wants,
    .finds = FINDS_OWNERS,
    .fixed_paths = paths,
    .scan = scan,
};
