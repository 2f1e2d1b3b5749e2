// The table of scanners, and what all of them use.
#include "scan/scanner.h"

#include <assert.h>
#include <stdio.h>

extern const struct scanner scanner_dpkg;
extern const struct scanner scanner_apk;
extern const struct scanner scanner_rpm;
extern const struct scanner scanner_dpkg_files;
extern const struct scanner scanner_dnf;
extern const struct scanner scanner_redhat_content;
extern const struct scanner scanner_redhat_container;
extern const struct scanner scanner_python;
extern const struct scanner scanner_nodejs;
extern const struct scanner scanner_ruby;
extern const struct scanner scanner_php;
extern const struct scanner scanner_dotnet;
extern const struct scanner scanner_java;
extern const struct scanner scanner_go;
extern const struct scanner scanner_rust;
extern const struct scanner scanner_binaries;
extern const struct scanner scanner_requirements;
extern const struct scanner scanner_poetry_lock;
extern const struct scanner scanner_uv_lock;
extern const struct scanner scanner_pipfile_lock;
extern const struct scanner scanner_npm_lock;
extern const struct scanner scanner_yarn_lock;
extern const struct scanner scanner_pnpm_lock;
extern const struct scanner scanner_gemfile_lock;
extern const struct scanner scanner_composer_lock;
extern const struct scanner scanner_pom;
extern const struct scanner scanner_go_mod;
extern const struct scanner scanner_cargo_lock;
extern const struct scanner scanner_sbom;
extern const struct scanner scanner_os_release;
extern const struct scanner scanner_lsb_release;
extern const struct scanner scanner_debian_version;
extern const struct scanner scanner_alpine_release;

// Packages of distributions and who owns their files, Red Hat's own data, languages, programs, lock files, bills of
// materials, release files.
// clang-format off
const struct scanner *const scanners[] = {
    &scanner_dpkg,
    &scanner_apk,
    &scanner_rpm,
    &scanner_dpkg_files,
    &scanner_dnf,
    &scanner_redhat_content,
    &scanner_redhat_container,
    &scanner_python,
    &scanner_nodejs,
    &scanner_ruby,
    &scanner_php,
    &scanner_dotnet,
    &scanner_java,
    &scanner_go,
    &scanner_rust,
    &scanner_binaries,
    &scanner_requirements,
    &scanner_poetry_lock,
    &scanner_uv_lock,
    &scanner_pipfile_lock,
    &scanner_npm_lock,
    &scanner_yarn_lock,
    &scanner_pnpm_lock,
    &scanner_gemfile_lock,
    &scanner_composer_lock,
    &scanner_pom,
    &scanner_go_mod,
    &scanner_cargo_lock,
    &scanner_sbom,
    &scanner_os_release,
    &scanner_lsb_release,
    &scanner_debian_version,
    &scanner_alpine_release,
    NULL,
};
// clang-format on

static_assert(sizeof scanners / sizeof scanners[0] <= SCANNERS_MOST, "scanners_for has room for all");

static bool reads(const struct scanner *scanner, enum scan_subject subject)
{
    return !scanner->sources_only || subject == SUBJECT_SOURCES;
}

size_t scanners_for(enum scan_subject subject, struct slice path, uint32_t mode, uint64_t size,
                    const struct scanner *out[SCANNERS_MOST])
{
    size_t n = 0;
    for (size_t i = 0; scanners[i] != NULL; i++)
        if (reads(scanners[i], subject) && scanners[i]->wants(path, mode, size))
            out[n++] = scanners[i];
    return n;
}

const struct scanner *scanner_named(struct slice name)
{
    for (size_t i = 0; scanners[i] != NULL; i++)
        if (slice_eq(name, slice_str(scanners[i]->name)))
            return scanners[i];
    return NULL;
}

// Raised when the layer pass or the form of the findings changes, so that stored findings are made anew.
#define PASS_VERSION 5

static void hash_line(struct hasher *h, const char *name, uint64_t number)
{
    char line[128];
    int n = snprintf(line, sizeof line, "%s %llu\n", name, (unsigned long long)number);
    hasher_add(h, slice_of(line, (size_t)n));
}

struct digest scanner_state(enum scan_subject subject, const struct limits *limits)
{
    struct hasher *h = hasher_new(NULL);
    hash_line(h, "pass", PASS_VERSION);
    for (size_t i = 0; scanners[i] != NULL; i++)
        if (reads(scanners[i], subject))
            hash_line(h, scanners[i]->name, scanners[i]->version);
    for (size_t i = 0; limits_entry(i) != NULL; i++)
        if (limits_entry(i)->reading && limits_value(limits, i) != limits_entry(i)->value)
            hash_line(h, limits_entry(i)->name, limits_value(limits, i));
    return hasher_end(h);
}

static bool has_room(struct scan_output *out, size_t n, struct slice path, const char *what)
{
    if (n < out->limits->packages)
        return true;
    scan_skip(out, path, true, "more than %llu %s in one layer (limit packages)",
              (unsigned long long)out->limits->packages, what);
    return false;
}

struct package_db *scan_add_db(struct scan_output *out, const struct scanner *scanner, struct slice path)
{
    struct findings *f = out->findings;
    if (!has_room(out, f->dbs_n, path, "package databases"))
        return NULL;
    if (f->dbs_n == f->dbs_cap)
        f->dbs = arena_grow(out->arena, f->dbs, sizeof *f->dbs, f->dbs_n, &f->dbs_cap);
    f->dbs[f->dbs_n] = (struct package_db){.scanner = slice_str(scanner->name), .path = arena_dup(out->arena, path)};
    return &f->dbs[f->dbs_n++];
}

struct release_file *scan_add_release(struct scan_output *out, enum release_file_kind kind, struct slice path)
{
    struct findings *f = out->findings;
    if (!has_room(out, f->releases_n, path, "release files"))
        return NULL;
    if (f->releases_n == f->releases_cap)
        f->releases = arena_grow(out->arena, f->releases, sizeof *f->releases, f->releases_n, &f->releases_cap);
    f->releases[f->releases_n] = (struct release_file){.kind = kind, .path = arena_dup(out->arena, path)};
    return &f->releases[f->releases_n++];
}

// The first field that is longer than the limit allows, or NULL.
static const char *too_long(const struct package *p, uint64_t most)
{
    const struct {
        const char *name;
        struct slice value;
    } fields[] = {{"name", p->name},
                  {"version", p->version},
                  {"architecture", p->arch},
                  {"module", p->module},
                  {"vendor", p->vendor},
                  {"repository", p->repository},
                  {"source name", p->source_name},
                  {"source version", p->source_version},
                  {"place in an archive", p->inside},
                  {"owner", p->owner}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].value.n > most)
            return fields[i].name;
    return NULL;
}

bool scan_add_package(struct scan_output *out, struct package_db *db, const struct package *package, size_t line)
{
    char where[32] = "";
    if (line != 0)
        snprintf(where, sizeof where, "line %zu: ", line);
    const char *field = too_long(package, out->limits->field_bytes);
    if (field != NULL) {
        scan_skip(out, db->path, true, "%sthe package's %s is longer than %llu bytes (limit field_bytes)", where, field,
                  (unsigned long long)out->limits->field_bytes);
        return false;
    }
    if (out->packages >= out->limits->packages) {
        scan_skip(out, db->path, true, "%smore than %llu packages in one layer (limit packages)", where,
                  (unsigned long long)out->limits->packages);
        return false;
    }
    out->packages++;
    if (db->n == db->cap)
        db->packages = arena_grow(out->arena, db->packages, sizeof *db->packages, db->n, &db->cap);
    struct arena *a = out->arena;
    db->packages[db->n++] = (struct package){
        .kind = package->kind, // a literal
        .name = arena_dup(a, package->name),
        .version = arena_dup(a, package->version),
        .arch = arena_dup(a, package->arch),
        .module = arena_dup(a, package->module),
        .vendor = arena_dup(a, package->vendor),
        .repository = arena_dup(a, package->repository),
        .source_name = arena_dup(a, package->source_name),
        .source_version = arena_dup(a, package->source_version),
        .inside = arena_dup(a, package->inside),
        .owner = arena_dup(a, package->owner),
    };
    return true;
}

void scan_add_only_package(struct scan_output *out, const struct scanner *scanner, struct slice path,
                           const struct package *package)
{
    struct package_db *db = scan_add_db(out, scanner, path);
    if (db != NULL)
        scan_add_package(out, db, package, 0);
}

bool may_hold_packages(enum scan_subject subject, struct slice path)
{
    for (size_t i = 0; scanners[i] != NULL; i++)
        if (reads(scanners[i], subject) && scanners[i]->kind != NULL && scanners[i]->fixed_paths == NULL &&
            scanners[i]->wants(path, 0755, MIB))
            return true;
    return false;
}

void scan_add_owned(struct scan_output *out, struct package_db *db, struct slice path)
{
    while (path.n != 0 && path.p[0] == '/')
        path = slice_from(path, 1);
    if (db->n == 0 || path.n > out->limits->path_bytes || !may_hold_packages(out->subject, path) ||
        !is_layer_path(path))
        return;
    if (out->owned++ >= out->limits->owned_files) {
        if (out->owned == out->limits->owned_files + 1)
            scan_skip(out, db->path, false,
                      "packages own more files than the %llu that limit owned_files allows; the owner of the others is "
                      "not known",
                      (unsigned long long)out->limits->owned_files);
        return;
    }
    struct package *p = &db->packages[db->n - 1];
    if (p->files_n == p->files_cap)
        p->files = arena_grow(out->arena, p->files, sizeof *p->files, p->files_n, &p->files_cap);
    p->files[p->files_n++] = arena_dup(out->arena, path);
}

void scan_skip(struct scan_output *out, struct slice path, bool lost, const char *format, ...)
{
    struct findings *f = out->findings;
    f->skips_total++;
    // A flood of remarks must not crowd out what was lost: that has as many places again.
    if (f->skips_n >= (lost ? 2 * out->limits->skips : out->limits->skips))
        return;
    char reason[512];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    if (path.n > out->limits->path_bytes)
        path.n = out->limits->path_bytes;
    if (f->skips_n == f->skips_cap)
        f->skips = arena_grow(out->arena, f->skips, sizeof *f->skips, f->skips_n, &f->skips_cap);
    f->skips[f->skips_n++] = (struct skip){
        .path = arena_dup(out->arena, path),
        .reason = arena_dup(out->arena, slice_str(reason)),
        .lost = lost,
    };
}
