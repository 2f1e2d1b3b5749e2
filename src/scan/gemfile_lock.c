// Gemfile.lock: the gems that Bundler installs.
//
// Format: what Bundler's LockfileParser reads: sections, whose names stand at the margin. GEM, GIT and PATH have specs,
// set in by four blanks ("    rack (2.2.8)"); what these depend on is set in by six. Which group a gem is in stands in
// the Gemfile only.
#include "scan/lock_file.h"

extern const struct scanner scanner_gemfile_lock;

// "name (version)" or "name (version-platform)": a version has no dash of its own.
static void take_spec(struct lock_file *lock, struct slice text, size_t line)
{
    struct slice name, version, platform, rest;
    slice_cut(text, '(', &name, &rest);
    slice_cut(rest, ')', &version, &rest);
    slice_cut(version, '-', &version, &platform);
    lock_file_add(lock, slice_trim(name), slice_trim(version), line);
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    struct lock_file lock = lock_file_begin(out, &scanner_gemfile_lock, file);
    struct slice line, rest = file->content;
    bool taken = false, own = false;
    for (size_t number = 1; slice_next_line(&rest, &line); number++) {
        if (slice_trim(line).n == 0)
            continue;
        if (line.p[0] != ' ') {
            own = slice_eq(slice_trim(line), SLICE("PATH"));
            taken = own || slice_eq(slice_trim(line), SLICE("GEM")) || slice_eq(slice_trim(line), SLICE("GIT"));
            continue;
        }
        if (!taken || !slice_starts(line, SLICE("    ")) || line.p[4] == ' ')
            continue;
        if (own)
            lock.own++;
        else
            take_spec(&lock, slice_trim(line), number);
    }
    lock_file_end(&lock);
    return true;
}

static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode, (void)size;
    return lock_file_named(path, SLICE("Gemfile.lock")) || lock_file_named(path, SLICE("gems.locked"));
}

const struct scanner scanner_gemfile_lock = {
    .name = "gemfile-lock",
    .version = 1,
    .kind = "gem",
    LOCK_FILE_SCANNER,
    .wants = wants,
    .scan = scan,
};
