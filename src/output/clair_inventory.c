// The inventory in Clair v4's words: claircore's Package, Distribution and Environment.
//
// Clients look at these closely: Quay checks each answer against a schema in which an environment has package_db,
// introduced_in and distribution_id as strings, and a distribution all of its nine keys.
#include "inventory/cpe.h"
#include "output/clair.h"
#include "output/output.h"
#include "scan/scanner.h"

#include <stdio.h>
#include <stdlib.h>

#define DISTRIBUTION_ID "1" // an image has one at most

struct slice clair_id(char text[static CLAIR_ID], size_t number)
{
    return slice_of(text, (size_t)snprintf(text, CLAIR_ID, "%zu", number));
}

void clair_add_member(yyjson_mut_doc *doc, yyjson_mut_val *object, struct slice key, yyjson_mut_val *value)
{
    yyjson_mut_obj_add(object, yyjson_mut_strncpy(doc, key.p, key.n), value);
}

void clair_add_source(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const struct clair_package *package)
{
    yyjson_mut_val *source = json_add_obj(doc, object, key);
    json_add_str(doc, source, "id", package->id);
    json_add_str(doc, source, "name", package->name);
    json_add_str(doc, source, "version", package->version);
    json_add_str_if(doc, source, "kind", slice_str(package->kind));
    json_add_str(doc, source, "normalized_version", SLICE(""));
    json_add_str_if(doc, source, "module", package->module);
    json_add_str_if(doc, source, "arch", package->arch);
    json_add_str(doc, source, "cpe", SLICE(""));
    yyjson_mut_obj_add_null(doc, source, "detector");
}

void clair_add_repository(yyjson_mut_doc *doc, yyjson_mut_val *object, struct slice name, struct slice key,
                          struct slice uri, struct slice cpe)
{
    json_add_str_if(doc, object, "name", name);
    json_add_str_if(doc, object, "key", key);
    json_add_str_if(doc, object, "uri", uri);
    json_add_str(doc, object, "cpe", cpe);
}

// ---- repositories ---------------------------------------------------------------------------------------------------

// Where packages of languages come from unless they say otherwise, as Clair's scanners have it (claircore, packages
// python, java, gobin, ruby and nodejs), for the others as its feed of OSV has it.
static const struct language {
    const char *kind, *repository, *uri;
} languages[] = {
    {"python", "pypi", "https://pypi.org/simple"},
    {"maven", "maven", "https://repo1.maven.apache.org/maven2"},
    {"go", "go", "https://pkg.go.dev/"},
    {"gem", "rubygems", "https://rubygems.org/gems/"},
    {"npm", "npm", "https://www.npmjs.com/"},
    {"cargo", "crates.io", "https://crates.io/"},
    {"composer", "packagist", "https://packagist.org/"},
    {"nuget", "nuget", "https://www.nuget.org/packages/"},
};
#define LANGUAGES (sizeof languages / sizeof languages[0])

static size_t language_of(struct slice kind)
{
    size_t i = 0;
    while (i < LANGUAGES && !slice_eq(kind, slice_str(languages[i].kind)))
        i++;
    return i;
}

// Packages of which the distribution answers for.
static bool is_of_distribution(const struct package *p)
{
    return slice_eq(p->kind, SLICE("deb")) || slice_eq(p->kind, SLICE("apk")) || slice_eq(p->kind, SLICE("rpm"));
}

// A repository of the document: one for each language that the image has packages of, and one for each CPE of a
// repository that the image names, or one for that repository where its CPEs are not known.
struct clair_repository {
    struct slice name, key, uri, cpe;
    size_t language;       // index into languages; LANGUAGES: of the image,
    struct slice of_image; // by this id
};

struct clair_repositories {
    struct clair_repository *v;
    size_t n, cap;
};

static void add_language(struct clair_repositories *r, size_t language, struct arena *a)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->v[i].language == language)
            return;
    VEC_PUSH(a, r) = (struct clair_repository){.name = slice_str(languages[language].repository),
                                               .uri = slice_str(languages[language].uri),
                                               .language = language};
}

static void add_of_image(struct clair_repositories *r, struct slice id, struct slice cpe, struct arena *a)
{
    bool is_cpe = slice_starts(id, SLICE("cpe:"));
    struct slice name = cpe_formatted(is_cpe ? id : cpe, a);
    struct slice uri = is_cpe ? SLICE("") : arena_printf(a, "repoid=%.*s", SLICE_ARG(id));
    VEC_PUSH(a, r) = (struct clair_repository){.name = name.n != 0 ? name : id,
                                               .key = SLICE("rhel-cpe-repository"),
                                               .uri = uri,
                                               .cpe = name,
                                               .language = LANGUAGES,
                                               .of_image = id};
}

static struct clair_repositories find_repositories(const struct report *report, struct arena *a)
{
    struct clair_repositories r = {0};
    const struct inventory *inventory = &report->image->inventory;
    for (size_t i = 0; i < inventory->packages_n; i++) {
        size_t language = language_of(inventory->packages[i].package.kind);
        if (language < LANGUAGES)
            add_language(&r, language, a);
    }
    // A report knows the CPEs; an inventory alone has only the repositories' own names.
    for (size_t i = 0; i < report->repositories_n; i++) {
        const struct report_repository *of_report = &report->repositories[i];
        for (size_t c = 0; c < of_report->cpes_n; c++)
            add_of_image(&r, of_report->repository->id, of_report->cpes[c], a);
        if (of_report->cpes_n == 0)
            add_of_image(&r, of_report->repository->id, SLICE(""), a);
    }
    for (size_t i = 0; report->repositories == NULL && i < inventory->repositories_n; i++)
        add_of_image(&r, inventory->repositories[i].id, SLICE(""), a);
    return r;
}

static void add_repositories(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct clair_repositories *r)
{
    yyjson_mut_val *map = json_add_obj(doc, root, "repository");
    for (size_t i = 0; i < r->n; i++) {
        char text[CLAIR_ID];
        struct slice id = clair_id(text, i + 1);
        yyjson_mut_val *value = yyjson_mut_obj(doc);
        json_add_str(doc, value, "id", id);
        clair_add_repository(doc, value, r->v[i].name, r->v[i].key, r->v[i].uri, r->v[i].cpe);
        clair_add_member(doc, map, id, value);
    }
}

// A package of dnf is of the repository that it was installed from, where that is one of the image's; else of any.
static bool is_from(const struct clair_repository *r, const struct package *p, bool known)
{
    if (r->language < LANGUAGES)
        return slice_eq(p->kind, slice_str(languages[r->language].kind));
    return slice_eq(p->kind, SLICE("rpm")) && (!known || slice_eq(r->of_image, p->repository));
}

// null where there is none.
static void add_repository_ids(yyjson_mut_doc *doc, yyjson_mut_val *environment, const struct package *p,
                               const struct clair_repositories *r)
{
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    bool known = false;
    for (size_t i = 0; i < r->n; i++)
        known = known || (p->repository.n != 0 && slice_eq(r->v[i].of_image, p->repository));
    for (size_t i = 0; i < r->n; i++) {
        char id[CLAIR_ID];
        if (is_from(&r->v[i], p, known))
            json_arr_add_str(doc, list, clair_id(id, i + 1));
    }
    yyjson_mut_obj_add_val(doc, environment, "repository_ids",
                           yyjson_mut_arr_size(list) != 0 ? list : yyjson_mut_null(doc));
}

// ---- sources --------------------------------------------------------------------------------------------------------

static int by_source(const void *x, const void *y, void *context)
{
    const struct inventory_package *packages = context;
    const struct package *a = &packages[*(const size_t *)x].package, *b = &packages[*(const size_t *)y].package;
    bool nameless = language_of(a->kind) < LANGUAGES, other_nameless = language_of(b->kind) < LANGUAGES;
    if (nameless || other_nameless)
        return other_nameless - nameless;
    int order = slice_cmp(a->source_name, b->source_name);
    return order != 0 ? order : slice_cmp(a->source_version, b->source_version);
}

// Numbers for the sources of the packages, one for each name and version, from `first` on.
static size_t *number_sources(const struct inventory *inventory, size_t first, struct arena *a)
{
    size_t n = inventory->packages_n, *order = ARENA_NEW(a, size_t, n), *numbers = ARENA_NEW(a, size_t, n);
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    if (n > 1)
        qsort_r(order, n, sizeof *order, by_source, inventory->packages);
    for (size_t i = 0; i < n; i++) {
        bool same = i != 0 && by_source(&order[i - 1], &order[i], inventory->packages) == 0;
        numbers[order[i]] = same ? numbers[order[i - 1]] : first + i;
    }
    return numbers;
}

// ---- packages -------------------------------------------------------------------------------------------------------

// "urn:claircore:detector:dpkg:1:package": Clair's programs, clairctl among them, take no other prefix and throw away
// the whole document. p == NULL when no such scanner is known any more.
static struct slice detector(struct arena *a, const char *scanner)
{
    for (size_t i = 0; scanners[i] != NULL; i++)
        if (strcmp(scanners[i]->name, scanner) == 0)
            return arena_printf(a, "urn:claircore:detector:%s:%u:package", scanner, scanners[i]->version);
    return (struct slice){0};
}

static yyjson_mut_val *package_of(yyjson_mut_doc *doc, const struct inventory_package *p, size_t number, size_t source,
                                  struct arena *a)
{
    char id[CLAIR_ID];
    yyjson_mut_val *value = yyjson_mut_obj(doc);
    json_add_str(doc, value, "id", clair_id(id, number));
    json_add_str(doc, value, "name", p->package.name);
    json_add_str(doc, value, "version", p->package.version);
    json_add_str(doc, value, "kind", SLICE("binary"));
    // Of packages of languages Clair knows no source, and says so by an empty one.
    struct clair_package of = {.kind = "", .id = clair_id(id, source)};
    if (language_of(p->package.kind) == LANGUAGES) {
        of.kind = "source";
        of.name = p->package.source_name;
        of.version = p->package.source_version;
    }
    clair_add_source(doc, value, "source", &of);
    json_add_str(doc, value, "normalized_version", clair_normalized_version(a, &p->package));
    json_add_str_if(doc, value, "module", p->package.module);
    json_add_str_if(doc, value, "arch", p->package.arch);
    json_add_str(doc, value, "cpe", SLICE(""));
    struct slice urn = detector(a, p->scanner);
    if (urn.p != NULL)
        json_add_str(doc, value, "detector", urn);
    else
        yyjson_mut_obj_add_null(doc, value, "detector");
    return value;
}

static yyjson_mut_val *environments_of(yyjson_mut_doc *doc, const struct stored_image *image,
                                       const struct inventory_package *p, const struct clair_repositories *repositories,
                                       struct arena *a)
{
    yyjson_mut_val *list = yyjson_mut_arr(doc), *value = yyjson_mut_arr_add_obj(doc, list);
    bool has_layer = p->layer < image->layers_n;
    json_add_str(doc, value, "package_db", clair_package_db(a, p));
    json_add_str(doc, value, "introduced_in", has_layer ? digest_slice(&image->layers[p->layer].digest) : SLICE(""));
    json_add_str(doc, value, "distribution_id",
                 image->inventory.distribution.known && is_of_distribution(&p->package) ? SLICE(DISTRIBUTION_ID)
                                                                                        : SLICE(""));
    add_repository_ids(doc, value, &p->package, repositories);
    return list;
}

void clair_add_inventory(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct report *report)
{
    struct arena scratch ARENA_AUTO = {0};
    const struct stored_image *image = report->image;
    const struct inventory *inventory = &image->inventory;
    json_add_str(doc, root, "manifest_hash", digest_slice(&image->manifest));
    yyjson_mut_val *packages = json_add_obj(doc, root, "packages");
    yyjson_mut_val *distributions = json_add_obj(doc, root, "distributions");
    const struct clair_repositories repositories = find_repositories(report, &scratch);
    add_repositories(doc, root, &repositories);
    yyjson_mut_val *environments = json_add_obj(doc, root, "environments");
    size_t *sources = number_sources(inventory, inventory->packages_n + 1, &scratch);
    for (size_t i = 0; i < inventory->packages_n; i++) {
        const struct inventory_package *p = &inventory->packages[i];
        char id[CLAIR_ID];
        if (package_is_key(&p->package)) // as Clair
            continue;
        struct slice key = clair_id(id, i + 1);
        clair_add_member(doc, packages, key, package_of(doc, p, i + 1, sources[i], &scratch));
        clair_add_member(doc, environments, key, environments_of(doc, image, p, &repositories, &scratch));
    }
    if (inventory->distribution.known)
        clair_add_distribution(doc, distributions, DISTRIBUTION_ID, DISTRIBUTION_ID, &inventory->distribution);
}
