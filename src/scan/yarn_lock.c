// yarn.lock: the packages that yarn installs, of version 1 and of those since (2 and later, "berry").
//
// Format: entries, whose line names what was asked for ("lodash@^4.17.0", lodash@~4.17.1:), and below it, set in, what
// was chosen. Version 1 writes `version "4.17.21"`, the later ones YAML and the name chosen in `resolution`. Neither
// tells which packages are for development only.
#include "scan/lock_file.h"

extern const struct scanner scanner_yarn_lock;

struct entry {
    size_t line; // 0: none
    struct slice asked, version, resolution;
};

// "name@range", or, for an alias, "other@npm:name@range"; of several the first, of a quoted one without its quote.
static struct slice name_asked_for(struct slice asked)
{
    struct slice first, rest, name, range, real, real_range;
    slice_cut(asked, ',', &first, &rest);
    lock_file_cut_at(slice_from(first, slice_starts(first, SLICE("\""))), &name, &range);
    if (slice_starts(range, SLICE("npm:")) && lock_file_cut_at(slice_from(range, 4), &real, &real_range))
        return real;
    return name;
}

static void take_entry(struct lock_file *lock, const struct entry *e)
{
    struct slice name, how;
    if (e->line == 0 || slice_eq(e->asked, SLICE("__metadata")))
        return;
    if (e->resolution.n == 0) {
        lock_file_add(lock, name_asked_for(e->asked), e->version, e->line);
        return;
    }
    lock_file_cut_at(e->resolution, &name, &how);
    if (slice_starts(how, SLICE("workspace:")) || slice_starts(how, SLICE("link:")) ||
        slice_starts(how, SLICE("portal:")))
        lock->own++;
    else
        lock_file_add(lock, name, e->version, e->line);
}

// "key value" or "key: value", the value perhaps quoted.
static void take_field(struct entry *e, struct slice line)
{
    struct slice key, value;
    slice_cut(slice_trim(line), ' ', &key, &value);
    if (slice_ends(key, SLICE(":")))
        key.n--;
    value = lock_file_unquote(slice_trim(value));
    if (slice_eq(key, SLICE("version")))
        e->version = value;
    else if (slice_eq(key, SLICE("resolution")))
        e->resolution = value;
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    struct lock_file lock = lock_file_begin(out, &scanner_yarn_lock, file);
    struct entry e = {0};
    struct slice line, rest = file->content;
    for (size_t number = 1; slice_next_line(&rest, &line); number++) {
        if (slice_ends(line, SLICE("\r")))
            line.n--;
        if (line.n == 0 || line.p[0] == '#')
            continue;
        if (line.p[0] != ' ') {
            take_entry(&lock, &e);
            line.n -= slice_ends(line, SLICE(":"));
            e = (struct entry){.line = number, .asked = line};
        } else if (line.n > 2 && line.p[1] == ' ' && line.p[2] != ' ') {
            take_field(&e, line);
        }
    }
    take_entry(&lock, &e);
    lock_file_end(&lock);
    return true;
}

static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode, (void)size;
    return lock_file_named(path, SLICE("yarn.lock"));
}

const struct scanner scanner_yarn_lock = {
    .name = "yarn-lock",
    .version = 1,
    .kind = "npm",
    LOCK_FILE_SCANNER,
    .wants = wants,
    .scan = scan,
};
