// Python's installed packages, one folder or file each, wherever Python's search path may lead:
//
//   NAME-VERSION.dist-info/METADATA        as pip and every other installer of wheels writes it
//   NAME-VERSION-pyX.Y.egg-info/PKG-INFO   setuptools; without a version in the folder's name for a source folder that
//                                          is installed in place
//   NAME-VERSION-pyX.Y.egg-info            distutils, a file
//   NAME-VERSION-pyX.Y.egg/EGG-INFO/PKG-INFO   an unpacked egg
//
// Format: the core metadata specifications and "Recording installed projects" on packaging.python.org: header fields in
// the form of RFC 822 that end at the first blank line. Where importlib.metadata and pip look: lib/importlib/metadata
// of Python, pip's internal/metadata/importlib.
#include "scan/scanner.h"

extern const struct scanner scanner_python;

#define DIST_INFO ".dist-info"
#define EGG_INFO  ".egg-info"
#define EGG       ".egg"

struct metadata {
    struct slice name, version; // p == NULL as long as the field was not met
    bool broken_off;            // the file is larger than what of it is here, and these are fields to its end
};

// A field's name is of printable characters without blanks (RFC 822, 3.1.2).
static bool is_field_name(struct slice name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] <= ' ' || name.p[i] > '~')
            return false;
    return name.n != 0;
}

// The first of several counts, as for Python's email package.
static void take_field(struct metadata *m, struct slice name, struct slice value)
{
    if (m->name.p == NULL && slice_eq_nocase(name, SLICE("Name")))
        m->name = slice_trim(value);
    if (m->version.p == NULL && slice_eq_nocase(name, SLICE("Version")))
        m->version = slice_trim(value);
}

// A line that is neither a field nor the continuation of one ends the fields, as the blank line does.
static struct metadata read_fields(const struct scan_file *file)
{
    struct metadata m = {0};
    struct slice rest = file->content, line, name, value;
    if (slice_starts(rest, SLICE("\xef\xbb\xbf")))
        rest = slice_from(rest, 3);
    while (slice_next_line(&rest, &line)) {
        bool unfinished = file->cut && rest.n == 0;
        if (line.n != 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
            m.broken_off = unfinished;
        else if (unfinished)
            m.broken_off = true;
        else if (slice_cut(line, ':', &name, &value) && is_field_name(name))
            take_field(&m, name, value);
        else
            break;
        if (m.name.p != NULL && m.version.p != NULL)
            break;
    }
    return m;
}

// NAME-VERSION, or NAME-VERSION-pyX.Y and more, from the name of the folder or file: what pip goes by as well when the
// fields are missing. Both parts of the name have their own hyphens written as underscores.
static struct metadata from_path(struct slice path)
{
    struct slice stem = slice_basename(path), rest;
    if (!slice_ends(stem, SLICE(EGG_INFO)))
        stem = slice_basename(slice_dirname(path));
    if (slice_eq(stem, SLICE("EGG-INFO")))
        stem = slice_basename(slice_dirname(slice_dirname(path)));
    stem.n = (size_t)slice_rfind(stem, '.');
    struct metadata m = {0};
    slice_cut(stem, '-', &m.name, &rest);
    slice_cut(rest, '-', &m.version, &rest);
    return m;
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    struct metadata m = read_fields(file), path = from_path(file->path);
    // pip moves what it uninstalls aside under a name that begins with this, and lists no such folder.
    if (slice_starts(path.name, SLICE("~"))) {
        scan_skip(out, file->path, false, "left behind by a pip that was interrupted; it is not installed");
        return true;
    }
    if (m.broken_off) {
        scan_skip(out, file->path, true, "its first %llu bytes (limit package_head_bytes) have no %s",
                  (unsigned long long)out->limits->package_head_bytes, m.name.p == NULL ? "Name" : "Version");
        return true;
    }
    struct package p = {.kind = SLICE("python")};
    p.name = p.source_name = m.name.n != 0 ? m.name : path.name;
    p.version = p.source_version = m.version.n != 0 ? m.version : path.version;
    if (p.name.n == 0) {
        scan_skip(out, file->path, false, "no Name");
        return true;
    }
    scan_add_only_package(out, &scanner_python, file->path, &p);
    return true;
}

static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode;
    (void)size;
    if (slice_ends(path, SLICE("/METADATA")))
        return slice_ends(slice_dirname(path), SLICE(DIST_INFO));
    if (slice_ends(path, SLICE("/PKG-INFO"))) {
        struct slice folder = slice_dirname(path);
        return slice_ends(folder, SLICE(EGG_INFO)) || slice_ends(folder, SLICE(EGG "/EGG-INFO"));
    }
    return slice_ends(path, SLICE(EGG_INFO));
}

static uint64_t limit(const struct limits *limits)
{
    return limits->package_head_bytes;
}

const struct scanner scanner_python = {
    .name = "python",
    .version = 2,
    .kind = "python",
    .limit = limit,
    .limit_name = "package_head_bytes",
    .takes_prefix = true,
    .wants = wants,
    .scan = scan,
};
