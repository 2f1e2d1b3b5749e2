// Red Hat's content manifests: which repositories (content sets) the packages of a layer came from. The build system
// puts one file for each layer into root/buildinfo/content_manifests or, in newer images, usr/share/buildinfo.
//
// Form: {"metadata": {…}, "content_sets": ["rhel-9-for-x86_64-baseos-rpms", …], "from_dnf_hint": true|false, …}; the
// schema is content_manifest.json of the atomic-reactor project. With the hint the sets are not meant to be used: dnf's
// own history says more. labels.json beside them has the image's own CPE, under "cpe".
#include "base/json.h"
#include "scan/scanner.h"

extern const struct scanner scanner_redhat_content;

static void add_repository(struct scan_output *out, struct package_db **db, struct slice path, struct slice id)
{
    struct package repository = {.name = id};
    if (*db == NULL)
        *db = scan_add_db(out, &scanner_redhat_content, path);
    if (*db != NULL)
        scan_add_package(out, *db, &repository, 0);
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    struct package_db *db = NULL;
    yyjson_doc *doc JSON_AUTO = json_parse(file->content, err);
    if (doc == NULL) {
        scan_skip(out, file->path, false, "%s; which repositories it names is not known", err->text);
        return true;
    }
    yyjson_val *root = yyjson_doc_get_root(doc), *set;
    struct slice cpe = json_str(root, "cpe");
    size_t i, n;
    if (cpe.n != 0)
        add_repository(out, &db, file->path, cpe);
    if (yyjson_is_true(yyjson_obj_get(root, "from_dnf_hint")))
        return true;
    yyjson_arr_foreach(yyjson_obj_get(root, "content_sets"), i, n, set)
    {
        if (json_val_str(set).n != 0)
            add_repository(out, &db, file->path, json_val_str(set));
        else
            scan_skip(out, file->path, false, "content set %zu has no name", i + 1);
    }
    return true;
}

#define FOLDER     "root/buildinfo"
#define FOLDER_USR "usr/share/buildinfo"
#define MANIFESTS  "/content_manifests"

static const char *const paths[] = {FOLDER MANIFESTS, FOLDER_USR MANIFESTS, FOLDER, FOLDER_USR, NULL};

static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode;
    (void)size;
    if (!slice_ends(path, SLICE(".json")))
        return false;
    struct slice folder = slice_dirname(path);
    for (size_t i = 0; paths[i] != NULL; i++)
        if (slice_eq(folder, slice_str(paths[i])))
            return true;
    return false;
}

static uint64_t limit(const struct limits *limits)
{
    return limits->build_info_bytes;
}

const struct scanner scanner_redhat_content = {
    .name = "redhat-content",
    .version = 1,
    .kind = "repository",
    .limit = limit,
    .limit_name = "build_info_bytes",
    .wants = wants,
    .finds = FINDS_REPOSITORIES,
    .fixed_paths = paths,
    .scan = scan,
};
