// Lock files in JSON that list their packages plainly: Pipfile.lock and composer.lock.
//
// Formats: pipenv's documentation of Pipfile.lock; Composer's documentation of composer.lock.
#include "base/json.h"
#include "scan/lock_file.h"

extern const struct scanner scanner_pipfile_lock, scanner_composer_lock;

// ---- Pipfile.lock: {"default": {"django": {"version": "==4.2"}}, "develop": {…}} ------------------------------------

static void take_pinned(struct lock_file *lock, struct slice name, yyjson_val *entry)
{
    struct slice version = json_str(entry, "version");
    if (yyjson_get_bool(yyjson_obj_get(entry, "editable")) || json_str(entry, "path").n != 0) {
        lock->own++;
        return;
    }
    while (slice_starts(version, SLICE("=")))
        version = slice_from(version, 1);
    lock_file_add(lock, name, slice_trim(version), 0);
}

static bool scan_pipfile(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    yyjson_doc *doc JSON_AUTO = json_parse(file->content, err);
    if (doc == NULL)
        return false;
    struct lock_file lock = lock_file_begin(out, &scanner_pipfile_lock, file);
    yyjson_val *root = yyjson_doc_get_root(doc);
    yyjson_obj_iter at = yyjson_obj_iter_with(yyjson_obj_get(root, "default"));
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&at)) != NULL;)
        take_pinned(&lock, json_val_str(key), yyjson_obj_iter_get_val(key));
    // "develop", and the categories that a Pipfile may have of its own.
    at = yyjson_obj_iter_with(root);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&at)) != NULL;)
        if (!yyjson_equals_str(key, "_meta") && !yyjson_equals_str(key, "default"))
            lock.development += yyjson_obj_size(yyjson_obj_iter_get_val(key));
    lock_file_end(&lock);
    return true;
}

static bool wants_pipfile(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode, (void)size;
    return lock_file_named(path, SLICE("Pipfile.lock"));
}

const struct scanner scanner_pipfile_lock = {
    .name = "pipfile-lock",
    .version = 1,
    .kind = "python",
    LOCK_FILE_SCANNER,
    .wants = wants_pipfile,
    .scan = scan_pipfile,
};

// ---- composer.lock: {"packages": [{"name": "vendor/name", "version": "v1.2.3"}], "packages-dev": […]} ---------------

static bool scan_composer(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    yyjson_doc *doc JSON_AUTO = json_parse(file->content, err);
    if (doc == NULL)
        return false;
    struct lock_file lock = lock_file_begin(out, &scanner_composer_lock, file);
    yyjson_val *root = yyjson_doc_get_root(doc), *entry;
    size_t i, n;
    yyjson_arr_foreach(yyjson_obj_get(root, "packages"), i, n, entry)
    {
        if (slice_eq(json_str(yyjson_obj_get(entry, "dist"), "type"), SLICE("path")))
            lock.own++;
        else
            lock_file_add(&lock, json_str(entry, "name"), json_str(entry, "version"), 0);
    }
    lock.development = yyjson_arr_size(yyjson_obj_get(root, "packages-dev"));
    lock_file_end(&lock);
    return true;
}

static bool wants_composer(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode, (void)size;
    return lock_file_named(path, SLICE("composer.lock"));
}

const struct scanner scanner_composer_lock = {
    .name = "composer-lock",
    .version = 1,
    .kind = "composer",
    LOCK_FILE_SCANNER,
    .wants = wants_composer,
    .scan = scan_composer,
};
