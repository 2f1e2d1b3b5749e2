// Bills of materials: what their two formats share.
#pragma once

#include "base/json.h"
#include "inventory/purl.h"
#include "scan/scanner.h"

extern const struct scanner scanner_sbom;

// How certain a word about the distribution is.
enum sbom_release {
    RELEASE_UNTOLD,
    RELEASE_OF_NAMESPACE,
    RELEASE_OF_QUALIFIER,
    RELEASE_OF_COMPONENT,
    RELEASE_OF_CLARION // its words are those of the release file itself
};

// What was passed over, counted by its kind.
struct sbom_count {
    struct slice what;
    size_t n;
};

#define SBOM_COUNTS ((size_t)64)

// The repository that a package of the database was installed from.
struct sbom_origin {
    size_t package;
    struct slice repository;
};

// A document while it is read. Its strings live as long as the JSON document; `scratch` as long as the reading.
struct sbom {
    struct scan_output *out;
    struct package_db *db;
    struct arena *scratch;
    struct release_file release;
    enum sbom_release certainty;
    bool disagreed; // two distributions were named, which is told once
    struct sbom_count counts[SBOM_COUNTS];
    size_t counts_n;
    VEC(struct sbom_origin) origins;
    VEC(struct slice) repositories; // of the image
};

// What a document says of one component, beside its package URL. Empty: it says nothing.
struct sbom_component {
    struct slice name, group, version, purl;
    struct slice kind; // a literal of package_kind, by the word of another tool
    struct slice arch, module, source_name, source_version, owner;
    struct slice vendor, repository, path; // Clarion's documents alone have them,
    bool own;                              // whose fields count as they are, whatever the package URL says
};

// What Clarion's own documents carry beyond what the format has room for (sbom_own.c): facts of a package, of the
// distribution, of the image. Their keys are those of output/bom.h.
struct sbom_own {
    struct slice kind, version, arch, module, source, source_version, owned_by, vendor, repository, path;
    struct release_file release;
    bool of_release, of_image;
};

// The prefix of the facts' names in CycloneDX ("clarion:arch"), and of the comment that has them in SPDX.
#define SBOM_OWN "clarion:"

// Takes one fact; of several by one name the first, but that an image may have several. Unknown keys are for people.
void sbom_own_take(struct sbom *s, struct sbom_own *own, struct slice key, struct slice value);

// Puts what is known of a package into a component, before what other words say of it.
void sbom_own_refine(const struct sbom_own *own, struct sbom_component *component);

// Adds what belongs beside the packages: repositories of the image, and of packages. No package may come behind it.
void sbom_own_finish(struct sbom *s);

// Each reads one format; ERR_UNSUPPORTED for versions of it that Clarion does not know.
bool sbom_read_cyclonedx(struct sbom *s, yyjson_val *root, struct error *err);
bool sbom_read_spdx(struct sbom *s, yyjson_val *root, struct error *err);

// Takes a component as a package. False: it is none, which has been counted or noted.
bool sbom_take(struct sbom *s, const struct sbom_component *component);

// Takes a distribution's name, in whatever case, and what else is known of it.
void sbom_take_release(struct sbom *s, const struct release_file *release, enum sbom_release certainty);

// Counts something that is no package; the end of the reading tells of all.
void sbom_count(struct sbom *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The kind that other tools call by this name ("java-archive", "debian"); empty when it is none.
struct slice sbom_kind(struct slice word);
