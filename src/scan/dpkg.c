// dpkg's database of installed packages: var/lib/dpkg/status, and var/lib/dpkg/status.d/* (one file a package) in
// images that were put together without dpkg, such as Google's distroless ones.
//
// Format: deb822(5); fields: deb-control(5) and what dpkg adds in its lib/dpkg/parse.c and fields.c; states: dpkg(1).
#include "scan/scanner.h"

extern const struct scanner scanner_dpkg;

struct stanza {
    size_t line; // where it starts, from 1; 0 as long as it is empty
    bool cut;    // a field that matters is in a line over the limit
    struct slice package, version, arch, source, status;
};

// Where the value of a field belongs, or NULL when nothing is read from it. Case does not count in names.
static struct slice *field_of(struct stanza *s, struct slice name)
{
    const struct {
        struct slice name;
        struct slice *value;
    } fields[] = {{SLICE("Package"), &s->package},
                  {SLICE("Version"), &s->version},
                  {SLICE("Architecture"), &s->arch},
                  {SLICE("Source"), &s->source},
                  {SLICE("Status"), &s->status}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (slice_eq_nocase(name, fields[i].name))
            return fields[i].value;
    return NULL;
}

static void take_line(struct stanza *s, struct slice line, size_t number, struct slice path, struct scan_output *out)
{
    struct slice name, value;
    bool too_long = line.n > out->limits->line_bytes;
    if (too_long)
        scan_skip(out, path, true, "line %zu: longer than %llu bytes (limit line_bytes), not read", number,
                  (unsigned long long)out->limits->line_bytes);
    // A line that starts with a blank continues the field before it, and no field that matters has more than one line.
    if (line.p[0] == ' ' || line.p[0] == '\t' || !slice_cut(line, ':', &name, &value))
        return;
    struct slice *field = field_of(s, slice_trim(name));
    if (field == NULL)
        return;
    s->cut = s->cut || too_long;
    // dpkg refuses a field that stands there twice; here the first one counts.
    if (field->p == NULL)
        *field = slice_trim(value);
}

// Reads up to the next blank line. False at the end of the file.
static bool next_stanza(struct slice *rest, size_t *number, struct slice path, struct scan_output *out,
                        struct stanza *s)
{
    *s = (struct stanza){0};
    struct slice line;
    while (slice_next_line(rest, &line)) {
        ++*number;
        bool blank = line.n <= out->limits->line_bytes && slice_trim(line).n == 0;
        if (blank && s->line != 0)
            return true;
        if (blank)
            continue;
        if (s->line == 0)
            s->line = *number;
        take_line(s, line, *number, path, out);
    }
    return s->line != 0;
}

static struct slice next_word(struct slice *rest)
{
    *rest = slice_trim(*rest);
    size_t n = 0;
    while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t')
        n++;
    struct slice word = slice_of(rest->p, n);
    *rest = slice_from(*rest, n);
    return word;
}

// dpkg's lib/dpkg/parsehelp.c, pkg_name_is_illegal(): letters, digits and "-+._", a letter or digit first.
static bool is_package_name(struct slice name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alphanumeric && (i == 0 || (c != '-' && c != '+' && c != '.' && c != '_')))
            return false;
    }
    return name.n != 0;
}

// Status is "want flag state". Of the states of dpkg(1), triggers-awaited and triggers-pending belong to packages that
// are unpacked and configured, where only a trigger has yet to run: for what is in the image they are installed.
// The states between (half-installed, unpacked, half-configured) are no installed package for dpkg either, but they
// have left files: they are told as a remark. Nothing is there in the states not-installed and config-files.
static bool is_installed(const struct stanza *s, struct slice path, struct scan_output *out)
{
    struct slice rest = s->status;
    next_word(&rest);
    next_word(&rest);
    struct slice state = next_word(&rest);
    if (slice_eq_nocase(state, SLICE("installed")) || slice_eq_nocase(state, SLICE("triggers-awaited")) ||
        slice_eq_nocase(state, SLICE("triggers-pending")))
        return true;
    if (!slice_eq_nocase(state, SLICE("not-installed")) && !slice_eq_nocase(state, SLICE("config-files")))
        scan_skip(out, path, false, "line %zu: package %.*s is not installed but in state \"%.*s\", left out", s->line,
                  SLICE_ARG(s->package), SLICE_ARG(state));
    return false;
}

// "name" or "name (version)"; without the field, or without the version, those of the package itself.
static void take_source(struct package *p, struct slice source)
{
    struct slice version, rest;
    bool has_version = slice_cut(source, '(', &source, &rest);
    slice_cut(rest, ')', &version, &rest);
    source = slice_trim(source);
    version = slice_trim(version);
    p->source_name = source.n != 0 ? source : p->name;
    p->source_version = has_version && version.n != 0 ? version : p->version;
}

static void take_stanza(const struct stanza *s, struct package_db *db, struct scan_output *out)
{
    if (s->cut) // and told already
        return;
    if (s->status.p != NULL && !is_installed(s, db->path, out))
        return;
    if (s->package.n == 0 || s->version.n == 0) {
        scan_skip(out, db->path, false, "line %zu: no %s", s->line, s->package.n == 0 ? "Package" : "Version");
        return;
    }
    if (!is_package_name(s->package)) {
        scan_skip(out, db->path, false, "line %zu: \"%.*s\" is no name of a package", s->line, SLICE_ARG(s->package));
        return;
    }
    struct package p = {.kind = SLICE("deb"), .name = s->package, .version = s->version, .arch = s->arch};
    take_source(&p, s->source);
    scan_add_package(out, db, &p, s->line);
}

#define STATUS "var/lib/dpkg/status"
#define FOLDER "var/lib/dpkg/status.d"

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    struct package_db *db = scan_add_db(out, &scanner_dpkg, file->path);
    if (db == NULL)
        return true;
    // The files of a status.d folder are the control files of the packages, which know no Status.
    bool needs_status = !slice_ends(slice_dirname(file->path), SLICE("status.d"));
    struct slice rest = file->content;
    struct stanza s;
    size_t line = 0;
    while (next_stanza(&rest, &line, file->path, out, &s)) {
        if (needs_status && s.status.p == NULL && !s.cut)
            scan_skip(out, file->path, false, "line %zu: no Status", s.line);
        else
            take_stanza(&s, db, out);
    }
    return true;
}

static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode;
    (void)size;
    if (slice_eq(path, SLICE(STATUS)))
        return true;
    struct slice name = slice_basename(path);
    return slice_eq(slice_dirname(path), SLICE(FOLDER)) && name.n != 0 && name.p[0] != '.' &&
           !slice_ends(name, SLICE(".md5sums"));
}

static uint64_t limit(const struct limits *limits)
{
    return limits->dpkg_status_bytes;
}

static const char *const paths[] = {STATUS, FOLDER, NULL};

const struct scanner scanner_dpkg = {
    .name = "dpkg",
    .version = 2,
    .kind = "deb",
    .limit = limit,
    .limit_name = "dpkg_status_bytes",
    .wants = wants,
    .fixed_paths = paths,
    .scan = scan,
};
