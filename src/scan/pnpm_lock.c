// pnpm-lock.yaml: the packages that pnpm installs.
//
// Format: pnpm's specification of its lock file (pnpm/spec, lockfile). pnpm writes YAML of one fixed form, which is all
// that is read here: the section "packages", whose keys are set in by two blanks and their fields by four. A key is
// /name/version (version 5 of the format), /name@version (6) or name@version (9), peers behind it.
#include "scan/lock_file.h"

extern const struct scanner scanner_pnpm_lock;

struct entry {
    size_t line; // 0: none
    struct slice key, name, version;
    bool development;
};

// Takes name and version out of a key, unless fields told them.
static void read_key(struct entry *e, bool slashes)
{
    struct slice key = e->key, name, version, rest;
    ptrdiff_t peers = slice_find(key, '(');
    if (peers >= 0)
        key.n = (size_t)peers;
    if (slice_starts(key, SLICE("/")))
        key = slice_from(key, 1);
    if (slashes) {
        version = slice_basename(key);
        name = slice_dirname(key);
        slice_cut(version, '_', &version, &rest);
    } else {
        lock_file_cut_at(key, &name, &version);
    }
    // What comes from elsewhere than the registry has a place for its version, and tells the version in a field.
    bool is_version = version.n != 0 && version.p[0] >= '0' && version.p[0] <= '9';
    if (e->name.n == 0)
        e->name = name;
    if (e->version.n == 0 && is_version)
        e->version = version;
}

static void take_entry(struct lock_file *lock, struct entry *e, bool slashes)
{
    if (e->line == 0)
        return;
    read_key(e, slashes);
    if (e->development)
        lock->development++;
    else
        lock_file_add(lock, e->name, e->version, e->line);
}

static void take_field(struct entry *e, struct slice line)
{
    struct slice key, value;
    slice_cut(slice_trim(line), ':', &key, &value);
    value = lock_file_unquote(slice_trim(value));
    if (slice_eq(key, SLICE("dev")))
        e->development = slice_eq(value, SLICE("true"));
    else if (slice_eq(key, SLICE("name")))
        e->name = value;
    else if (slice_eq(key, SLICE("version")))
        e->version = value;
}

static size_t indent_of(struct slice line)
{
    size_t n = 0;
    while (n < line.n && line.p[n] == ' ')
        n++;
    return n;
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    struct lock_file lock = lock_file_begin(out, &scanner_pnpm_lock, file);
    struct entry e = {0};
    struct slice line, rest = file->content;
    bool packages = false, slashes = false;
    for (size_t number = 1; slice_next_line(&rest, &line); number++) {
        size_t indent = indent_of(line);
        struct slice text = slice_trim(line);
        if (text.n == 0 || text.p[0] == '#')
            continue;
        if (indent == 0) {
            packages = slice_eq(text, SLICE("packages:"));
            if (slice_starts(text, SLICE("lockfileVersion:")))
                slashes = slice_starts(lock_file_unquote(slice_trim(slice_from(text, 16))), SLICE("5"));
        }
        if (packages && indent == 2 && slice_ends(text, SLICE(":"))) {
            take_entry(&lock, &e, slashes);
            text.n--;
            e = (struct entry){.line = number, .key = lock_file_unquote(text)};
        } else if (packages && indent == 4) {
            take_field(&e, line);
        }
    }
    take_entry(&lock, &e, slashes);
    lock_file_end(&lock);
    return true;
}

static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode, (void)size;
    return lock_file_named(path, SLICE("pnpm-lock.yaml"));
}

const struct scanner scanner_pnpm_lock = {
    .name = "pnpm-lock",
    .version = 1,
    .kind = "npm",
    LOCK_FILE_SCANNER,
    .wants = wants,
    .scan = scan,
};
