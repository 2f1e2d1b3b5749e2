// PHP's packages that Composer installed: installed.json in the folder composer of its vendor folder.
//
// Format: Composer's Composer\Repository\FilesystemRepository and its documentation of composer.json: Composer 1 writes
// an array of packages, Composer 2 an object with the array as "packages". The program that they were installed for is
// not among them.
#include "base/json.h"
#include "scan/scanner.h"

extern const struct scanner scanner_php;

static void take_package(yyjson_val *value, size_t number, struct package_db *db, struct scan_output *out)
{
    struct package p = {.kind = SLICE("composer")};
    p.name = p.source_name = json_val_str(json_last(value, "name"));
    p.version = p.source_version = json_val_str(json_last(value, "version"));
    if (p.name.n == 0 || p.version.n == 0)
        scan_skip(out, db->path, false, "package %zu has no %s", number, p.name.n == 0 ? "name" : "version");
    else
        scan_add_package(out, db, &p, 0);
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    yyjson_doc *doc JSON_AUTO = json_parse(file->content, err);
    if (doc == NULL)
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    yyjson_val *list = yyjson_is_arr(root) ? root : json_last(root, "packages"), *value;
    if (!yyjson_is_arr(list)) {
        scan_skip(out, file->path, false, "has no list of packages");
        return true;
    }
    struct package_db *db = scan_add_db(out, &scanner_php, file->path);
    yyjson_arr_iter packages;
    yyjson_arr_iter_init(list, &packages);
    for (size_t n = 1; db != NULL && (value = yyjson_arr_iter_next(&packages)) != NULL; n++)
        take_package(value, n, db, out);
    return true;
}

// The vendor folder may have another name (composer.json, config.vendor-dir).
static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode;
    (void)size;
    return slice_ends(path, SLICE("/composer/installed.json"));
}

static uint64_t limit(const struct limits *limits)
{
    return limits->package_json_bytes;
}

const struct scanner scanner_php = {
    .name = "php",
    .version = 1,
    .kind = "composer",
    .limit = limit,
    .limit_name = "package_json_bytes",
    .wants = wants,
    .scan = scan,
};
