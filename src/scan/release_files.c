// The one-line files that tell the release of Debian and Alpine where there is no os-release: etc/debian_version (of
// Debian's base-files) and etc/alpine-release (of Alpine's alpine-base).
#include "scan/scanner.h"

static struct slice first_line(struct arena *a, struct slice text)
{
    struct slice line = {0};
    slice_next_line(&text, &line);
    return arena_dup(a, slice_trim(line));
}

static bool starts_with_digit(struct slice s)
{
    return s.n != 0 && s.p[0] >= '0' && s.p[0] <= '9';
}

static uint64_t limit(const struct limits *limits)
{
    return limits->release_file_bytes;
}

// ---- debian_version -------------------------------------------------------------------------------------------------

// Debian's releases: from 4 on every one counts one more.
static struct slice debian_codename(struct slice version_id)
{
    static const char *const codenames[] = {"etch",   "lenny",    "squeeze",  "wheezy", "jessie", "stretch",
                                            "buster", "bullseye", "bookworm", "trixie", "forky",  "duke"};
    uint64_t number;
    if (!slice_to_u64(version_id, &number) || number < 4 || number - 4 >= sizeof codenames / sizeof codenames[0])
        return (struct slice){0};
    return slice_str(codenames[number - 4]);
}

// "12.5", or "trixie/sid" in testing and unstable. Derivatives have words of their own there, which say nothing about
// Debian: the file then names no distribution.
static bool scan_debian_version(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    struct release_file *r = scan_add_release(out, RELEASE_DEBIAN, file->path);
    if (r == NULL)
        return true;
    struct slice rest;
    r->version = first_line(out->arena, file->content);
    if (starts_with_digit(r->version)) {
        slice_cut(r->version, '.', &r->version_id, &rest);
        r->codename = debian_codename(r->version_id);
    } else if (slice_ends(r->version, SLICE("/sid"))) {
        slice_cut(r->version, '/', &r->codename, &rest);
    } else {
        return true;
    }
    r->id = SLICE("debian");
    r->name = SLICE("Debian GNU/Linux");
    return true;
}

static const char *const debian_version_paths[] = {"etc/debian_version", NULL};

static bool wants_debian_version(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode;
    (void)size;
    return slice_eq(path, slice_str(debian_version_paths[0]));
}

const struct scanner scanner_debian_version = {
    .name = "debian_version",
    .version = 1,
    .limit = limit,
    .limit_name = "release_file_bytes",
    .wants = wants_debian_version,
    .fixed_paths = debian_version_paths,
    .scan = scan_debian_version,
};

// ---- alpine-release -------------------------------------------------------------------------------------------------

// "3.18.4", or "3.21.0_alpha20240807" in edge.
static bool scan_alpine_release(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    struct release_file *r = scan_add_release(out, RELEASE_ALPINE, file->path);
    if (r == NULL)
        return true;
    r->version = r->version_id = first_line(out->arena, file->content);
    if (!starts_with_digit(r->version))
        return true;
    r->id = SLICE("alpine");
    r->name = SLICE("Alpine Linux");
    return true;
}

static const char *const alpine_release_paths[] = {"etc/alpine-release", NULL};

static bool wants_alpine_release(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode;
    (void)size;
    return slice_eq(path, slice_str(alpine_release_paths[0]));
}

const struct scanner scanner_alpine_release = {
    .name = "alpine-release",
    .version = 1,
    .limit = limit,
    .limit_name = "release_file_bytes",
    .wants = wants_alpine_release,
    .fixed_paths = alpine_release_paths,
    .scan = scan_alpine_release,
};
