// Node.js's installed packages: the package.json of each folder that stands directly in a node_modules folder, or in a
// scope (@NAME) there. What lies deeper in a package (its tests, what it was bundled from) is part of that package.
// Debian keeps its packages for Node.js in folders called nodejs, which its node searches too; and the archive of Yarn
// that the official images of Node.js unpack is a package in /opt.
//
// pnpm and Bun put packages into place by hard links to files of a store. Where that is in the same layer and comes
// first in the archive, it has the contents.
//
// Format: package.json(5) of npm; folders(5) for where they lie, and Debian's nodejs for its own module path; pnpm's
// store/cafs for the names of the files in its store.
#include "base/json.h"
#include "scan/scanner.h"

extern const struct scanner scanner_nodejs;

#define PACKAGE_JSON "/package.json"

// The name that the package goes by where it lies: of its folder, with the scope.
static struct slice folder_name(struct slice path)
{
    struct slice folder = slice_dirname(path), parent = slice_dirname(folder);
    struct slice scope = slice_basename(parent);
    if (!slice_starts(scope, SLICE("@")))
        return slice_basename(folder);
    return slice_from(folder, parent.n - scope.n);
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    struct error why = {0};
    yyjson_doc *doc JSON_AUTO = json_parse(file->content, &why);
    if (doc == NULL) {
        scan_skip(out, file->path, false, "%s", why.text);
        return true;
    }
    yyjson_val *root = yyjson_doc_get_root(doc);
    struct package p = {.kind = SLICE("npm")};
    p.name = slice_trim(json_val_str(json_last(root, "name")));
    p.version = slice_trim(json_val_str(json_last(root, "version")));
    if (p.name.n == 0 && p.version.n == 0) {
        scan_skip(out, file->path, false, "neither a name nor a version");
        return true;
    }
    if (p.name.n == 0)
        p.name = folder_name(file->path);
    p.source_name = p.name;
    p.source_version = p.version;
    scan_add_only_package(out, &scanner_nodejs, file->path, &p);
    return true;
}

// usr/lib/nodejs, usr/lib/TRIPLET/nodejs and usr/share/nodejs.
static bool is_debians(struct slice folder)
{
    struct slice parent = slice_dirname(folder);
    return slice_eq(slice_basename(folder), SLICE("nodejs")) &&
           (slice_eq(parent, SLICE("usr/share")) || slice_eq(parent, SLICE("usr/lib")) ||
            slice_eq(slice_dirname(parent), SLICE("usr/lib")));
}

static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode;
    (void)size;
    if (!slice_ends(path, SLICE(PACKAGE_JSON)))
        return false;
    struct slice folder = slice_dirname(path), name = slice_basename(folder), parent = slice_dirname(folder);
    // npm and others keep their own books in folders with such names, and put packages there that they are moving.
    if (slice_starts(name, SLICE(".")) || slice_starts(name, SLICE("@")))
        return false;
    if (slice_starts(slice_basename(parent), SLICE("@")))
        parent = slice_dirname(parent);
    return slice_eq(slice_basename(parent), SLICE("node_modules")) || is_debians(parent) ||
           (slice_eq(parent, SLICE("opt")) && slice_starts(name, SLICE("yarn-v")));
}

static bool is_hex(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] < '0' || s.p[i] > '9') && (s.p[i] < 'a' || s.p[i] > 'f'))
            return false;
    return true;
}

// A file of pnpm's store is called by the SHA-512 of its contents: files/XX/..., of which XX are the first two digits.
#define SHA512_DIGITS ((size_t)128)

static bool is_in_pnpm_store(struct slice path)
{
    struct slice name = slice_basename(path), folder = slice_dirname(path), first = slice_basename(folder);
    return first.n == 2 && name.n == SHA512_DIGITS - 2 && is_hex(first) && is_hex(name) &&
           slice_eq(slice_basename(slice_dirname(folder)), SLICE("files"));
}

// Bun's store has packages as they are.
static bool may_be_linked(struct slice path)
{
    return slice_ends(path, SLICE(PACKAGE_JSON)) || is_in_pnpm_store(path);
}

static uint64_t limit(const struct limits *limits)
{
    return limits->package_json_bytes;
}

const struct scanner scanner_nodejs = {
    .name = "nodejs",
    .version = 2,
    .kind = "npm",
    .limit = limit,
    .limit_name = "package_json_bytes",
    .wants = wants,
    .may_be_linked = may_be_linked,
    .scan = scan,
};
