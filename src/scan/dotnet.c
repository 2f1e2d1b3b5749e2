// The NuGet packages of a .NET program: PROGRAM.deps.json, which the runtime reads to find a program's libraries; the
// shared frameworks and the SDK have one too.
//
// Format: documentation/specs/runtime-configuration-file.md of dotnet/sdk: "libraries" has a member "NAME/VERSION" for
// each library, with its type. A package came from NuGet; a runtimepack is the part of the runtime that a
// self-contained program brings along, a package of that name without "runtimepack." in front. The others (project,
// reference and the like) are the program's own.
#include "base/json.h"
#include "scan/scanner.h"

extern const struct scanner scanner_dotnet;

#define RUNTIMEPACK "runtimepack."

static void take_library(struct slice key, yyjson_val *library, struct package_db *db, struct scan_output *out)
{
    struct slice type = json_val_str(json_last(library, "type"));
    bool pack = slice_eq_nocase(type, SLICE("runtimepack"));
    if (!pack && !slice_eq_nocase(type, SLICE("package")))
        return;
    struct package p = {.kind = SLICE("nuget")};
    slice_cut(key, '/', &p.name, &p.version);
    if (pack && slice_starts(p.name, SLICE(RUNTIMEPACK)))
        p.name = slice_from(p.name, sizeof RUNTIMEPACK - 1);
    p.source_name = p.name;
    p.source_version = p.version;
    if (p.name.n == 0 || p.version.n == 0)
        scan_skip(out, db->path, false, "library \"%.*s\" has no %s", SLICE_ARG(key),
                  p.name.n == 0 ? "name" : "version");
    else
        scan_add_package(out, db, &p, 0);
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    yyjson_doc *doc JSON_AUTO = json_parse(file->content, err);
    if (doc == NULL)
        return false;
    yyjson_val *libraries = json_last(yyjson_doc_get_root(doc), "libraries"), *key;
    if (!yyjson_is_obj(libraries)) {
        scan_skip(out, file->path, false, "has no libraries");
        return true;
    }
    struct package_db *db = scan_add_db(out, &scanner_dotnet, file->path);
    yyjson_obj_iter members;
    yyjson_obj_iter_init(libraries, &members);
    while (db != NULL && (key = yyjson_obj_iter_next(&members)) != NULL)
        take_library(json_val_str(key), yyjson_obj_iter_get_val(key), db, out);
    return true;
}

static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode;
    (void)size;
    return slice_ends(path, SLICE(".deps.json"));
}

static uint64_t limit(const struct limits *limits)
{
    return limits->package_json_bytes;
}

const struct scanner scanner_dotnet = {
    .name = "dotnet",
    .version = 1,
    .kind = "nuget",
    .limit = limit,
    .limit_name = "package_json_bytes",
    .wants = wants,
    .scan = scan,
};
