// What Clarion's own bills of materials carry beyond what their formats have room for: in CycloneDX as properties, in
// SPDX as an object in the comment of an annotation. docs/sbom.md has all of it.
//
// Anybody can write the same into a document: every fact is held to the limits that the layers of an image are.
#include "scan/sbom.h"

#define DISTRIBUTION "distribution:"
#define IMAGE        "image:"

static void keep(struct slice *field, struct slice value)
{
    if (field->n == 0)
        *field = value;
}

static void take_of_release(struct sbom_own *own, struct slice key, struct slice value)
{
    own->of_release = true;
#define TAKE(field)                                                                                                    \
    if (slice_eq(key, SLICE(#field)))                                                                                  \
        keep(&own->release.field, value);
    RELEASE_FIELDS(TAKE)
#undef TAKE
}

// What could not be read of the image itself cannot be made up for from here.
static void take_of_image(struct sbom *s, struct sbom_own *own, struct slice key, struct slice value)
{
    bool lost = slice_eq(key, SLICE("lost"));
    own->of_image = true;
    if (slice_eq(key, SLICE("repository")))
        VEC_PUSH(s->scratch, &s->repositories) = arena_dup(s->scratch, value);
    else if (lost || slice_eq(key, SLICE("skipped")))
        scan_skip(s->out, SLICE(""), lost, "of the image: %.*s", SLICE_ARG(value));
}

void sbom_own_take(struct sbom *s, struct sbom_own *own, struct slice key, struct slice value)
{
    const struct {
        struct slice key;
        struct slice *value;
    } known[] = {
        {SLICE("kind"), &own->kind},
        {SLICE("version"), &own->version},
        {SLICE("arch"), &own->arch},
        {SLICE("module"), &own->module},
        {SLICE("source"), &own->source},
        {SLICE("source_version"), &own->source_version},
        {SLICE("owned_by"), &own->owned_by},
        {SLICE("vendor"), &own->vendor},
        {SLICE("repository"), &own->repository},
        {SLICE("path"), &own->path},
    };
    if (value.n == 0)
        return;
    if (slice_starts(key, SLICE(DISTRIBUTION)))
        take_of_release(own, slice_from(key, sizeof DISTRIBUTION - 1), value);
    else if (slice_starts(key, SLICE(IMAGE)))
        take_of_image(s, own, slice_from(key, sizeof IMAGE - 1), value);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (slice_eq(key, known[i].key))
            keep(known[i].value, value);
}

void sbom_own_refine(const struct sbom_own *own, struct sbom_component *c)
{
    struct slice kind = package_kind(own->kind);
    struct slice *const to[] = {&c->arch,  &c->module, &c->source_name, &c->source_version,
                                &c->owner, &c->vendor, &c->repository,  &c->path};
    const struct slice from[] = {own->arch,     own->module, own->source,     own->source_version,
                                 own->owned_by, own->vendor, own->repository, own->path};
    for (size_t i = 0; i < sizeof to / sizeof to[0]; i++)
        if (from[i].n != 0)
            *to[i] = from[i];
    if (own->version.n != 0)
        c->version = own->version;
    if (kind.n != 0)
        c->kind = kind;
    c->own = kind.n != 0;
}

// ---- beside the packages --------------------------------------------------------------------------------------------

// They take the places of the files that an image has: of a content manifest, and of dnf's history.
#define MANIFEST "root/buildinfo/content_manifests/sbom.json"
#define HISTORY  "var/lib/dnf/history.sqlite"

static void add_repositories(struct sbom *s)
{
    struct package_db *db = scan_add_db(s->out, scanner_named(SLICE("redhat-content")), SLICE(MANIFEST));
    for (size_t i = 0; db != NULL && i < s->repositories.n; i++)
        if (s->repositories.v[i].n != 0)
            scan_add_package(s->out, db, &(struct package){.name = s->repositories.v[i]}, 0);
}

static void add_origins(struct sbom *s, const struct package *packages)
{
    const struct scanner *dnf = scanner_named(SLICE("dnf"));
    struct package_db *db = scan_add_db(s->out, dnf, SLICE(HISTORY));
    for (size_t i = 0; db != NULL && i < s->origins.n; i++) {
        const struct package *p = &packages[s->origins.v[i].package];
        const struct package origin = {.kind = p->kind,
                                       .name = p->name,
                                       .version = p->version,
                                       .arch = p->arch,
                                       .repository = s->origins.v[i].repository};
        if (slice_eq(p->kind, slice_str(dnf->kind)) && p->version.n != 0)
            scan_add_package(s->out, db, &origin, 0);
    }
}

void sbom_own_finish(struct sbom *s)
{
    const struct package *packages = s->db->packages; // the database itself moves when another one comes
    if (s->repositories.n != 0)
        add_repositories(s);
    if (s->origins.n != 0)
        add_origins(s, packages);
}
