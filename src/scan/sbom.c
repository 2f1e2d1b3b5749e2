// Bills of materials in JSON, made by any tool: packages by their package URLs, and by the tools' own words where there
// is none.
//
// A document may be the predicate of an in-toto statement, as cosign and BuildKit attach it to images.
#include "scan/sbom.h"

#include <stdio.h>

// ---- words of other tools -------------------------------------------------------------------------------------------

// Syft's package types (property syft:package:type) and Trivy's (aquasecurity:trivy:PkgType), where they differ from
// Clarion's own.
static const struct word {
    struct slice word, kind;
} words[] = {
    {SLICE("debian"), SLICE("deb")},         {SLICE("ubuntu"), SLICE("deb")},
    {SLICE("alpine"), SLICE("apk")},         {SLICE("wolfi"), SLICE("apk")},
    {SLICE("chainguard"), SLICE("apk")},     {SLICE("redhat"), SLICE("rpm")},
    {SLICE("centos"), SLICE("rpm")},         {SLICE("fedora"), SLICE("rpm")},
    {SLICE("alma"), SLICE("rpm")},           {SLICE("rocky"), SLICE("rpm")},
    {SLICE("oracle"), SLICE("rpm")},         {SLICE("amazon"), SLICE("rpm")},
    {SLICE("photon"), SLICE("rpm")},         {SLICE("python-pkg"), SLICE("python")},
    {SLICE("pypi"), SLICE("python")},        {SLICE("node-pkg"), SLICE("npm")},
    {SLICE("java-archive"), SLICE("maven")}, {SLICE("jar"), SLICE("maven")},
    {SLICE("go-module"), SLICE("go")},       {SLICE("gobinary"), SLICE("go")},
    {SLICE("gomod"), SLICE("go")},           {SLICE("golang"), SLICE("go")},
    {SLICE("rust-crate"), SLICE("cargo")},   {SLICE("rustbinary"), SLICE("cargo")},
    {SLICE("gemspec"), SLICE("gem")},        {SLICE("php-composer"), SLICE("composer")},
    {SLICE("pip"), SLICE("python")},         {SLICE("pipenv"), SLICE("python")},
    {SLICE("poetry"), SLICE("python")},      {SLICE("uv"), SLICE("python")},
    {SLICE("yarn"), SLICE("npm")},           {SLICE("pnpm"), SLICE("npm")},
    {SLICE("bundler"), SLICE("gem")},        {SLICE("pom"), SLICE("maven")},
    {SLICE("dotnet"), SLICE("nuget")},       {SLICE("dotnet-core"), SLICE("nuget")},
};

struct slice sbom_kind(struct slice word)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (slice_eq(word, words[i].word))
            return words[i].kind;
    return package_kind(word);
}

// ---- what is passed over --------------------------------------------------------------------------------------------

void sbom_count(struct sbom *s, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t i = 0;
    while (i < s->counts_n && !slice_eq(s->counts[i].what, slice_str(text)))
        i++;
    // Of a flood of kinds, the last place counts all that have none of their own.
    if (i == SBOM_COUNTS)
        s->counts[--i].what = SLICE("of further kinds");
    else if (i == s->counts_n)
        s->counts[s->counts_n++] = (struct sbom_count){arena_dup(s->scratch, slice_str(text)), 0};
    s->counts[i].n++;
}

static void tell_counts(struct sbom *s)
{
    for (size_t i = 0; i < s->counts_n; i++)
        scan_skip(s->out, SLICE(""), false, "%zu component%s %.*s; left out", s->counts[i].n,
                  s->counts[i].n == 1 ? "" : "s", SLICE_ARG(s->counts[i].what));
}

// ---- the distribution -----------------------------------------------------------------------------------------------

// Where a release has no number, tools write its code name in place of one: "bookworm", "forky/sid".
static struct release_file told_apart(const struct release_file *release)
{
    struct release_file r = *release;
    struct slice word = r.version_id, rest;
    if (word.n == 0 || r.codename.n != 0 || (word.p[0] >= '0' && word.p[0] <= '9'))
        return r;
    slice_cut(word, '/', &r.codename, &rest);
    r.version_id = (struct slice){0};
    return r;
}

static struct slice version_or_codename(const struct release_file *r)
{
    return r->version_id.n != 0 ? r->version_id : r->codename;
}

void sbom_take_release(struct sbom *s, const struct release_file *release, enum sbom_release certainty)
{
    bool own = certainty == RELEASE_OF_CLARION;
    struct release_file r = own ? *release : told_apart(release);
    struct slice id = own ? release->id : purl_distribution_id(s->scratch, release->id);
    if (id.n == 0 || certainty < s->certainty)
        return;
    if (certainty > s->certainty) {
        s->release = r;
        s->release.id = id;
        s->certainty = certainty;
        return;
    }
    bool same = slice_eq(id, s->release.id) && slice_eq(version_or_codename(&r), version_or_codename(&s->release));
    if (same || s->disagreed)
        return;
    s->disagreed = true;
    scan_skip(s->out, SLICE(""), false,
              "names another distribution (%.*s %.*s) beside %.*s %.*s; all packages are judged by the latter",
              SLICE_ARG(id), SLICE_ARG(version_or_codename(&r)), SLICE_ARG(s->release.id),
              SLICE_ARG(version_or_codename(&s->release)));
}

static void add_release(struct sbom *s)
{
    if (s->certainty == RELEASE_UNTOLD)
        return;
    // It takes the place of the file that an image has.
    struct release_file *r = scan_add_release(s->out, RELEASE_OS, SLICE("etc/os-release"));
    if (r == NULL)
        return;
#define FROM(field) &s->release.field,
#define TO(field)   &r->field,
    const struct slice *const from[] = {RELEASE_FIELDS(FROM)};
    struct slice *const to[] = {RELEASE_FIELDS(TO)};
#undef FROM
#undef TO
    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++)
        if (from[i]->n <= s->out->limits->field_bytes)
            *to[i] = arena_dup(s->out->arena, *from[i]);
        else
            scan_skip(s->out, SLICE(""), true,
                      "a word about the distribution is longer than %llu bytes (limit field_bytes)",
                      (unsigned long long)s->out->limits->field_bytes);
}

// ---- components -----------------------------------------------------------------------------------------------------

// What the document says itself counts before what the package URL implies.
static void refine(struct package *p, const struct sbom_component *c)
{
    // A name that only a package URL's form made another one is written as its own tool writes it.
    if (c->name.n != 0 && c->group.n == 0 && purl_same_name(p->kind, p->name, c->name)) {
        bool same_source = slice_eq(p->source_name, p->name);
        p->name = c->name;
        p->source_name = same_source ? c->name : p->source_name;
    }
    struct slice *const fields[] = {&p->arch, &p->module, &p->source_name, &p->source_version, &p->owner};
    const struct slice values[] = {c->arch, c->module, c->source_name, c->source_version, c->owner};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (values[i].n != 0)
            *fields[i] = values[i];
    p->module = module_stream(p->module); // others write the whole label
}

static bool add_package(struct sbom *s, struct package *p, const struct sbom_component *c)
{
    refine(p, c);
    if (p->version.n == 0 && c->version.n != 0) {
        p->version = c->version;
        p->source_version = p->source_version.n != 0 ? p->source_version : c->version;
    }
    if (p->version.n == 0)
        scan_skip(s->out, SLICE(""), false, "component \"%.*s\" has no version", SLICE_ARG(p->name));
    return scan_add_package(s->out, s->db, p, 0);
}

// "group:artifact", "@scope/name", "vendor/name", as the kind's own tool puts them together.
static struct slice own_name(struct sbom *s, const struct sbom_component *c)
{
    if (c->group.n == 0)
        return c->name;
    struct buf text BUF_AUTO = {0};
    buf_add(&text, c->group);
    buf_addc(&text, slice_eq(c->kind, SLICE("maven")) ? ':' : '/');
    buf_add(&text, c->name);
    return arena_dup(s->scratch, buf_slice(&text));
}

static bool take_by_fields(struct sbom *s, const struct sbom_component *c)
{
    if (c->kind.n == 0 || c->name.n == 0) {
        scan_skip(
            s->out, SLICE(""), false,
            "component \"%.*s\" %.*s: no package URL, and nothing else tells what kind of package it is; left out",
            SLICE_ARG(c->name), SLICE_ARG(c->version));
        return false;
    }
    scan_skip(s->out, SLICE(""), false, "component \"%.*s\" %.*s: no package URL; taken as a package of kind %.*s",
              SLICE_ARG(c->name), SLICE_ARG(c->version), SLICE_ARG(c->kind));
    struct package p = {.kind = c->kind, .name = own_name(s, c), .version = c->version};
    p.source_name = p.name;
    p.source_version = p.version;
    return add_package(s, &p, c);
}

// The fields of a document of Clarion's own, as its scanners read them once.
static bool take_own(struct sbom *s, const struct sbom_component *c)
{
    struct package p = {
        .kind = c->kind,
        .name = own_name(s, c),
        .version = c->version,
        .arch = c->arch,
        .module = c->module,
        .vendor = c->vendor,
        .source_name = c->source_name,
        .source_version = c->source_version.n != 0 ? c->source_version : c->version,
        .inside = c->path,
        .owner = c->owner,
    };
    p.source_name = p.source_name.n != 0 ? p.source_name : p.name;
    if (p.inside.n > s->out->limits->field_bytes) {
        scan_skip(
            s->out, SLICE(""), false,
            "component \"%.*s\": its path is longer than %llu bytes (limit field_bytes); left out, the package is not",
            SLICE_ARG(c->name), (unsigned long long)s->out->limits->field_bytes);
        p.inside = (struct slice){0};
    }
    if (!scan_add_package(s->out, s->db, &p, 0))
        return false;
    if (c->repository.n != 0)
        VEC_PUSH(s->scratch, &s->origins) = (struct sbom_origin){s->db->n - 1, arena_dup(s->scratch, c->repository)};
    return true;
}

bool sbom_take(struct sbom *s, const struct sbom_component *c)
{
    struct purl purl;
    struct package p;
    struct release_file release;
    struct error why;
    if (c->own && c->name.n != 0)
        return take_own(s, c);
    if (c->purl.n == 0)
        return take_by_fields(s, c);
    if (c->purl.n > s->out->limits->field_bytes || !purl_parse(c->purl, s->scratch, &purl, &why)) {
        scan_skip(s->out, SLICE(""), false, "component \"%.*s\": its package URL cannot be read: %s",
                  SLICE_ARG(c->name),
                  c->purl.n > s->out->limits->field_bytes ? "it is longer than limit field_bytes allows" : why.text);
        return take_by_fields(s, c);
    }
    if (!purl_package(s->scratch, &purl, &p)) {
        sbom_count(s, "with a package URL of type %.*s, of which no kind of package is known", SLICE_ARG(purl.type));
        return false;
    }
    purl_distribution(s->scratch, &purl, &release);
    bool told = release.version_id.n != 0 || release.codename.n != 0;
    sbom_take_release(s, &release, told ? RELEASE_OF_QUALIFIER : RELEASE_OF_NAMESPACE);
    return add_package(s, &p, c);
}

// ---- the document ---------------------------------------------------------------------------------------------------

static bool read_root(struct sbom *s, yyjson_val *root, struct error *err)
{
    yyjson_val *predicate = yyjson_obj_get(root, "predicate");
    if (yyjson_is_obj(predicate))
        root = predicate;
    if (json_str(root, "bomFormat").p != NULL || json_str(root, "specVersion").p != NULL)
        return sbom_read_cyclonedx(s, root, err);
    if (json_str(root, "spdxVersion").p != NULL)
        return sbom_read_spdx(s, root, err);
    if (yyjson_obj_get(root, "@context") != NULL)
        return error_set(err, ERR_UNSUPPORTED, "SPDX 3 cannot be read by this version: have the tool write SPDX 2.3");
    return error_set(err, ERR_FORMAT,
                     "no bill of materials that can be read: it has neither CycloneDX's bomFormat nor SPDX's "
                     "spdxVersion");
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    yyjson_doc *doc JSON_AUTO = json_parse(file->content, err);
    if (doc == NULL)
        return error_wrap(err, "no bill of materials in JSON");
    struct sbom s = {.out = out, .scratch = &scratch, .db = scan_add_db(out, &scanner_sbom, SLICE(""))};
    if (s.db == NULL)
        return true;
    if (!read_root(&s, yyjson_doc_get_root(doc), err))
        return false;
    add_release(&s);
    sbom_own_finish(&s);
    tell_counts(&s);
    return true;
}

// It reads no file of a tree.
static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)path, (void)mode, (void)size;
    return false;
}

static uint64_t limit(const struct limits *limits)
{
    return limits->sbom_bytes;
}

const struct scanner scanner_sbom = {
    .name = "sbom",
    .version = 3,
    .any_kind = true,
    .limit = limit,
    .limit_name = "sbom_bytes",
    .wants = wants,
    .scan = scan,
};
