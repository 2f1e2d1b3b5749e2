// package-lock.json and npm-shrinkwrap.json: the packages that npm installs.
//
// Format: npm's documentation of package-lock.json. Versions 2 and 3 list every package by its place in node_modules;
// version 1 has them inside one another, as they are installed.
#include "base/json.h"
#include "scan/lock_file.h"

extern const struct scanner scanner_npm_lock;

#define FOLDER SLICE("node_modules/")

// The name of what is installed at a place: what follows the last node_modules of its path.
static struct slice name_of_place(struct slice place)
{
    struct slice name = {0};
    for (ptrdiff_t at; (at = slice_find_slice(place, FOLDER)) >= 0;)
        name = place = slice_from(place, (size_t)at + FOLDER.n);
    return name;
}

static void take_place(struct lock_file *lock, struct slice place, yyjson_val *entry)
{
    struct slice name = json_str(entry, "name"); // of an alias, whose place has another one
    struct slice installed = name_of_place(place);
    if (yyjson_get_bool(yyjson_obj_get(entry, "link")))
        return; // leads to a part of the project, which is listed by its own path
    if (installed.n == 0)
        lock->own++;
    else if (yyjson_get_bool(yyjson_obj_get(entry, "dev")))
        lock->development++;
    else
        lock_file_add(lock, name.n != 0 ? name : installed, json_str(entry, "version"), 0);
}

static void take_dependency(struct lock_file *lock, struct slice name, yyjson_val *entry)
{
    struct slice version = json_str(entry, "version");
    if (yyjson_get_bool(yyjson_obj_get(entry, "dev"))) {
        lock->development++;
        return;
    }
    if (slice_starts(version, SLICE("npm:")))
        lock_file_cut_at(slice_from(version, 4), &name, &version);
    if (slice_find(version, ':') < 0)
        lock_file_add(lock, name, version, 0);
    else
        scan_skip(lock->out, lock->db->path, false, "\"%.*s\" comes from %.*s, which tells no version; left out",
                  SLICE_ARG(name), SLICE_ARG(version));
}

static void take_dependencies(struct lock_file *lock, yyjson_val *list, uint64_t depth)
{
    yyjson_obj_iter at = yyjson_obj_iter_with(list);
    if (yyjson_obj_size(list) != 0 && depth > lock->out->limits->lock_file_depth) {
        scan_skip(lock->out, lock->db->path, true,
                  "dependencies stand more than %llu deep inside one another (limit lock_file_depth); those are not "
                  "read",
                  (unsigned long long)lock->out->limits->lock_file_depth);
        return;
    }
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&at)) != NULL;) {
        yyjson_val *entry = yyjson_obj_iter_get_val(key);
        take_dependency(lock, json_val_str(key), entry);
        take_dependencies(lock, yyjson_obj_get(entry, "dependencies"), depth + 1);
    }
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    yyjson_doc *doc JSON_AUTO = json_parse(file->content, err);
    if (doc == NULL)
        return false;
    struct lock_file lock = lock_file_begin(out, &scanner_npm_lock, file);
    if (lock.db == NULL)
        return true;
    yyjson_val *root = yyjson_doc_get_root(doc), *packages = yyjson_obj_get(root, "packages");
    yyjson_obj_iter at = yyjson_obj_iter_with(packages);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&at)) != NULL;)
        take_place(&lock, json_val_str(key), yyjson_obj_iter_get_val(key));
    if (packages == NULL)
        take_dependencies(&lock, yyjson_obj_get(root, "dependencies"), 1);
    lock_file_end(&lock);
    return true;
}

static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode, (void)size;
    return lock_file_named(path, SLICE("package-lock.json")) || lock_file_named(path, SLICE("npm-shrinkwrap.json"));
}

const struct scanner scanner_npm_lock = {
    .name = "npm-lock",
    .version = 1,
    .kind = "npm",
    LOCK_FILE_SCANNER,
    .wants = wants,
    .scan = scan,
};
