// os-release and lsb-release: lines of NAME=value, quoted as for a shell, that say which distribution this is.
//
// os-release(5); lsb-release is the same form with other names, as lsb_release(1) reads it.
#include "scan/scanner.h"

// The value of an assignment without its quoting, in the arena: POSIX shell's rules for one word. Between double
// quotes a backslash only quotes " $ ` and itself, between single quotes nothing; outside of quotes it quotes
// anything. What follows the closing quote does not count, since os-release(5) has no concatenation.
static struct slice unquote(struct arena *a, struct slice value)
{
    value = slice_trim(value);
    char quote = value.n != 0 && (value.p[0] == '"' || value.p[0] == '\'') ? value.p[0] : '\0';
    if (quote != '\0')
        value = slice_from(value, 1);
    char *out = arena_alloc(a, value.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < value.n; i++) {
        if (quote != '\0' && value.p[i] == quote)
            break;
        bool escape = value.p[i] == '\\' && quote != '\'' && i + 1 < value.n &&
                      (quote == '\0' || slice_find(SLICE("\"$`\\"), value.p[i + 1]) >= 0);
        if (escape)
            i++;
        out[n++] = value.p[i];
    }
    return slice_of(out, n);
}

struct assignment {
    struct slice name;
    struct slice *value;
};

// Gives known names their values; of several assignments the last counts, as in a shell.
static void read_assignments(struct slice text, struct arena *a, const struct assignment *known, size_t n)
{
    struct slice line, name, value;
    while (slice_next_line(&text, &line)) {
        line = slice_trim(line);
        if (line.n == 0 || line.p[0] == '#' || !slice_cut(line, '=', &name, &value))
            continue;
        for (size_t i = 0; i < n; i++)
            if (slice_eq(name, known[i].name))
                *known[i].value = unquote(a, value);
    }
}

// "12 (bookworm)" gives "bookworm", "18.04.6 LTS (Bionic Beaver)" its first word, "bionic".
static struct slice codename_in_version(struct arena *a, struct slice version)
{
    struct slice before, inside, rest;
    slice_cut(version, '(', &before, &inside);
    slice_cut(inside, ')', &inside, &rest);
    slice_cut(slice_trim(inside), ' ', &inside, &rest);
    return arena_dup_lower(a, inside);
}

// Debian's testing and unstable have no VERSION, and formerly no VERSION_CODENAME: "Debian GNU/Linux buster/sid".
static struct slice codename_in_pretty_name(struct slice pretty_name)
{
    if (!slice_ends(pretty_name, SLICE("/sid")))
        return (struct slice){0};
    pretty_name.n -= sizeof "/sid" - 1;
    return slice_from(pretty_name, (size_t)(slice_rfind(pretty_name, ' ') + 1));
}

static uint64_t limit(const struct limits *limits)
{
    return limits->release_file_bytes;
}

// ---- os-release -----------------------------------------------------------------------------------------------------

static bool scan_os_release(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    struct release_file *r = scan_add_release(out, RELEASE_OS, file->path);
    if (r == NULL)
        return true;
    const struct assignment known[] = {
        {SLICE("ID"), &r->id},
        {SLICE("ID_LIKE"), &r->id_like},
        {SLICE("NAME"), &r->name},
        {SLICE("VERSION"), &r->version},
        {SLICE("VERSION_ID"), &r->version_id},
        {SLICE("VERSION_CODENAME"), &r->codename},
        {SLICE("PRETTY_NAME"), &r->pretty_name},
        {SLICE("CPE_NAME"), &r->cpe},
        {SLICE("SUPPORT_END"), &r->support_end},
    };
    read_assignments(file->content, out->arena, known, sizeof known / sizeof known[0]);
    r->id = arena_dup_lower(out->arena, r->id);
    if (r->codename.n == 0)
        r->codename = codename_in_version(out->arena, r->version);
    if (r->codename.n == 0)
        r->codename = codename_in_pretty_name(r->pretty_name);
    return true;
}

static const char *const os_release_paths[] = {"etc/os-release", "usr/lib/os-release", NULL};

// Beside the two paths of the manual, the variants among which some distributions choose by a link (Fedora's
// usr/lib/os.release.d/os-release-server).
static bool wants_os_release(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode;
    (void)size;
    if (slice_eq(path, slice_str(os_release_paths[0])) || slice_eq(path, slice_str(os_release_paths[1])))
        return true;
    struct slice folder = slice_dirname(path);
    return (slice_eq(folder, SLICE("usr/lib/os.release.d")) || slice_eq(folder, SLICE("usr/lib/os-release.d")) ||
            slice_eq(folder, SLICE("etc/os.release.d")) || slice_eq(folder, SLICE("etc/os-release.d"))) &&
           slice_starts(slice_basename(path), SLICE("os-release"));
}

const struct scanner scanner_os_release = {
    .name = "os-release",
    .version = 1,
    .limit = limit,
    .limit_name = "release_file_bytes",
    .wants = wants_os_release,
    .fixed_paths = os_release_paths,
    .scan = scan_os_release,
};

// ---- lsb-release ----------------------------------------------------------------------------------------------------

static bool scan_lsb_release(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    struct release_file *r = scan_add_release(out, RELEASE_LSB, file->path);
    if (r == NULL)
        return true;
    const struct assignment known[] = {
        {SLICE("DISTRIB_ID"), &r->name},
        {SLICE("DISTRIB_RELEASE"), &r->version_id},
        {SLICE("DISTRIB_CODENAME"), &r->codename},
        {SLICE("DISTRIB_DESCRIPTION"), &r->pretty_name},
    };
    read_assignments(file->content, out->arena, known, sizeof known / sizeof known[0]);
    r->id = arena_dup_lower(out->arena, r->name);
    r->version = r->version_id;
    return true;
}

static const char *const lsb_release_paths[] = {"etc/lsb-release", NULL};

static bool wants_lsb_release(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode;
    (void)size;
    return slice_eq(path, slice_str(lsb_release_paths[0]));
}

const struct scanner scanner_lsb_release = {
    .name = "lsb-release",
    .version = 1,
    .limit = limit,
    .limit_name = "release_file_bytes",
    .wants = wants_lsb_release,
    .fixed_paths = lsb_release_paths,
    .scan = scan_lsb_release,
};
