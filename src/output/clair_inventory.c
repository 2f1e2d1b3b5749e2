// The inventory in Clair v4's words: claircore's Package, Distribution and Environment.
//
// Clients look at these closely: Quay checks each answer against a schema in which an environment has package_db,
// introduced_in and distribution_id as strings, and a distribution all of its nine keys.
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

void clair_add_source(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const char *kind, struct slice id,
                      struct slice name, struct slice version)
{
    yyjson_mut_val *source = json_add_obj(doc, object, key);
    json_add_str(doc, source, "id", id);
    json_add_str(doc, source, "name", name);
    json_add_str(doc, source, "version", version);
    json_add_str(doc, source, "kind", slice_str(kind));
    json_add_str(doc, source, "normalized_version", SLICE(""));
    json_add_str(doc, source, "cpe", SLICE(""));
    yyjson_mut_obj_add_null(doc, source, "detector");
}

void clair_add_distribution(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const char *id,
                            const struct distribution *d)
{
    // Alpine's os-release has no VERSION; Clair gives the branch there ("3.18") and no version_id.
    struct slice version = d->version, version_id = d->version_id;
    if (version.n == 0) {
        ptrdiff_t patch = slice_rfind(version_id, '.');
        bool has_patch = patch > 0 && slice_find(version_id, '.') < patch;
        version = has_patch ? slice_of(version_id.p, (size_t)patch) : version_id;
        version_id = (struct slice){0};
    }
    yyjson_mut_val *value = yyjson_mut_obj(doc);
    json_add_str(doc, value, "id", slice_str(id));
    json_add_str(doc, value, "did", d->id);
    json_add_str(doc, value, "name", d->name);
    json_add_str(doc, value, "version", version);
    json_add_str(doc, value, "version_code_name", d->codename);
    json_add_str(doc, value, "version_id", version_id);
    json_add_str(doc, value, "arch", SLICE(""));
    json_add_str(doc, value, "cpe", d->cpe);
    json_add_str(doc, value, "pretty_name", d->pretty_name);
    clair_add_member(doc, object, slice_str(key), value);
}

// ---- sources --------------------------------------------------------------------------------------------------------

static int by_source(const void *x, const void *y, void *context)
{
    const struct inventory_package *packages = context;
    const struct package *a = &packages[*(const size_t *)x].package, *b = &packages[*(const size_t *)y].package;
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

// "urn:clarion:detector:dpkg:1:package"
static struct slice detector(struct arena *a, const char *scanner)
{
    for (size_t i = 0; scanners[i] != NULL; i++)
        if (strcmp(scanners[i]->name, scanner) == 0)
            return arena_printf(a, "urn:clarion:detector:%s:%u:package", scanner, scanners[i]->version);
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
    clair_add_source(doc, value, "source", "source", clair_id(id, source), p->package.source_name,
                     p->package.source_version);
    json_add_str(doc, value, "normalized_version", SLICE(""));
    json_add_str_if(doc, value, "module", p->package.module);
    json_add_str_if(doc, value, "arch", p->package.arch);
    json_add_str(doc, value, "cpe", SLICE(""));
    json_add_str(doc, value, "detector", detector(a, p->scanner));
    return value;
}

static yyjson_mut_val *environments_of(yyjson_mut_doc *doc, const struct stored_image *image,
                                       const struct inventory_package *p)
{
    yyjson_mut_val *list = yyjson_mut_arr(doc), *value = yyjson_mut_arr_add_obj(doc, list);
    bool has_layer = p->layer < image->layers_n;
    json_add_str(doc, value, "package_db", p->db);
    json_add_str(doc, value, "introduced_in", has_layer ? digest_slice(&image->layers[p->layer].digest) : SLICE(""));
    json_add_str(doc, value, "distribution_id",
                 image->inventory.distribution.known ? SLICE(DISTRIBUTION_ID) : SLICE(""));
    yyjson_mut_obj_add_null(doc, value, "repository_ids");
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
    json_add_obj(doc, root, "repository");
    yyjson_mut_val *environments = json_add_obj(doc, root, "environments");
    size_t *sources = number_sources(inventory, inventory->packages_n + 1, &scratch);
    for (size_t i = 0; i < inventory->packages_n; i++) {
        const struct inventory_package *p = &inventory->packages[i];
        char id[CLAIR_ID];
        if (package_is_key(&p->package)) // as Clair
            continue;
        struct slice key = clair_id(id, i + 1);
        clair_add_member(doc, packages, key, package_of(doc, p, i + 1, sources[i], &scratch));
        clair_add_member(doc, environments, key, environments_of(doc, image, p));
    }
    if (inventory->distribution.known)
        clair_add_distribution(doc, distributions, DISTRIBUTION_ID, DISTRIBUTION_ID, &inventory->distribution);
}
