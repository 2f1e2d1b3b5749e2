#include "scan/lock_file.h"

struct lock_file lock_file_begin(struct scan_output *out, const struct scanner *scanner, const struct scan_file *file)
{
    return (struct lock_file){
        .out = out, .db = scan_add_db(out, scanner, file->path), .kind = slice_str(scanner->kind)};
}

void lock_file_add(struct lock_file *lock, struct slice name, struct slice version, size_t line)
{
    if (lock->db == NULL)
        return;
    if (name.n != 0 && version.n != 0) {
        struct package p = {
            .kind = lock->kind, .name = name, .version = version, .source_name = name, .source_version = version};
        scan_add_package(lock->out, lock->db, &p, line);
    } else if (line != 0) {
        scan_skip(lock->out, lock->db->path, false, "line %zu: \"%.*s\" has no %s; left out", line, SLICE_ARG(name),
                  name.n == 0 ? "name" : "version");
    } else {
        scan_skip(lock->out, lock->db->path, false, "\"%.*s\" has no %s; left out", SLICE_ARG(name),
                  name.n == 0 ? "name" : "version");
    }
}

void lock_file_end(struct lock_file *lock)
{
    if (lock->db == NULL)
        return;
    if (lock->development != 0)
        scan_skip(lock->out, lock->db->path, false, "%zu package%s for development only; left out", lock->development,
                  lock->development == 1 ? "" : "s");
    if (lock->own != 0)
        scan_skip(lock->out, lock->db->path, false, "%zu package%s of the tree itself; left out", lock->own,
                  lock->own == 1 ? "" : "s");
}

bool lock_file_is_own(struct slice path)
{
    static const struct slice others[] = {SLICE("node_modules"), SLICE("vendor"), SLICE("site-packages"),
                                          SLICE("dist-packages"), SLICE("testdata")};
    struct slice folder, rest = slice_dirname(path);
    while (rest.n != 0) {
        slice_cut(rest, '/', &folder, &rest);
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
            if (slice_eq(folder, others[i]))
                return false;
    }
    return true;
}

bool lock_file_named(struct slice path, struct slice name)
{
    return slice_ends(path, name) && slice_eq(slice_basename(path), name) && lock_file_is_own(path);
}

uint64_t lock_file_limit(const struct limits *limits)
{
    return limits->lock_file_bytes;
}

struct slice lock_file_unquote(struct slice text)
{
    bool quoted = text.n >= 2 && (text.p[0] == '"' || text.p[0] == '\'') && text.p[text.n - 1] == text.p[0];
    return quoted ? slice_of(text.p + 1, text.n - 2) : text;
}

bool lock_file_cut_at(struct slice text, struct slice *name, struct slice *version)
{
    ptrdiff_t at = slice_find(slice_from(text, 1), '@');
    *name = at < 0 ? text : slice_of(text.p, (size_t)at + 1);
    *version = at < 0 ? (struct slice){0} : slice_from(text, (size_t)at + 2);
    return at >= 0;
}
