// Is a statement's product the image, or the package, that is looked at?
//
// What identifies a product is compared by what it means. A package URL agrees with a package when all that it says
// does: type, namespace, name, version, qualifiers; what it does not say, or the inventory cannot know, does not
// hinder.
#include "inventory/cpe.h"
#include "inventory/purl.h"
#include "vex/image_name.h"
#include "vex/range.h"
#include "vex/vex.h"

#include <stdio.h>

// Says what differs, when somebody wants to know, and answers how far it agrees.
__attribute__((format(printf, 4, 5))) static enum vex_agreement
differs(struct arena *a, struct slice *why_not, enum vex_agreement agreement, const char *format, ...)
{
    char text[ERROR_TEXT];
    va_list args;
    if (why_not == NULL)
        return agreement;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    *why_not = arena_dup(a, slice_str(text));
    return agreement;
}

// ---- packages by their purls ----------------------------------------------------------------------------------------

// The same machine by two names, as Debian's and Go's tools and as rpm's and the kernel's call it.
static bool same_arch(struct slice a, struct slice b)
{
    static const char *const pairs[][2] = {{"amd64", "x86_64"},    {"arm64", "aarch64"}, {"386", "i386"},
                                           {"ppc64el", "ppc64le"}, {"all", "noarch"},    {"i386", "x86"}};
    if (slice_eq(a, b))
        return true;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct slice x = slice_str(pairs[i][0]), y = slice_str(pairs[i][1]);
        if ((slice_eq(a, x) && slice_eq(b, y)) || (slice_eq(a, y) && slice_eq(b, x)))
            return true;
    }
    return false;
}

// One is the other, or the beginning of it up to a dot: "12" and "12.5".
static bool same_release(struct slice a, struct slice b)
{
    struct slice shorter = a.n < b.n ? a : b, longer = a.n < b.n ? b : a;
    return slice_starts(longer, shorter) && (longer.n == shorter.n || longer.p[shorter.n] == '.');
}

static enum vex_agreement compare_distro(const struct purl *purl, const struct distribution *d, struct arena *a,
                                         struct slice *why_not)
{
    struct slice distro = purl_qualifier(purl, "distro");
    struct release_file r;
    if (distro.n == 0)
        return VEX_AGREES;
    purl_distribution(a, purl, &r);
    bool other_id = r.id.n != 0 && d->id.n != 0 && !slice_eq(r.id, d->id);
    bool other_version = r.version_id.n != 0 && d->version_id.n != 0 && !same_release(r.version_id, d->version_id);
    bool other_codename = r.codename.n != 0 && d->codename.n != 0 && !slice_eq(r.codename, d->codename);
    if (!other_id && !other_version && !other_codename)
        return VEX_AGREES;
    return differs(a, why_not, VEX_OTHER_QUALIFIER, "the distribution differs: distro=%.*s, the image is %.*s %.*s",
                   SLICE_ARG(distro), SLICE_ARG(d->id), SLICE_ARG(d->version_id.n != 0 ? d->version_id : d->codename));
}

static enum vex_agreement compare_qualifiers(const struct purl *purl, bool of_source, const struct distribution *d,
                                             const struct package *p, struct arena *a, struct slice *why_not)
{
    struct slice arch = purl_qualifier(purl, "arch"), module = purl_qualifier(purl, "rpmmod"), name, version;
    slice_cut(purl_qualifier(purl, "upstream"), '@', &name, &version);
    if (!of_source && arch.n != 0 && p->arch.n != 0 && !same_arch(arch, p->arch))
        return differs(a, why_not, VEX_OTHER_QUALIFIER, "the architecture differs: arch=%.*s, the package is for %.*s",
                       SLICE_ARG(arch), SLICE_ARG(p->arch));
    // A module may be named with its version and context behind.
    bool same_module = slice_starts(module, p->module) && (module.n == p->module.n || module.p[p->module.n] == ':');
    if (module.n != 0 && (p->module.n == 0 || !same_module))
        return differs(a, why_not, VEX_OTHER_QUALIFIER, "the module differs: rpmmod=%.*s, the package is of \"%.*s\"",
                       SLICE_ARG(module), SLICE_ARG(p->module));
    bool file = slice_ends(name, SLICE(".src.rpm")); // NAME-VERSION-RELEASE.src.rpm begins with the name
    if (name.n != 0 && p->source_name.n != 0 && !slice_eq(name, p->source_name) &&
        !(file && slice_starts(name, p->source_name)))
        return differs(a, why_not, VEX_OTHER_QUALIFIER, "the source package differs: upstream=%.*s, it is %.*s",
                       SLICE_ARG(name), SLICE_ARG(p->source_name));
    return compare_distro(purl, d, a, why_not);
}

static struct slice without_epoch(struct slice version)
{
    struct slice epoch, rest;
    return slice_cut(version, ':', &epoch, &rest) ? rest : version;
}

// That of the source where a statement is about it. Of a source rpm the inventory knows no epoch; it is that of a
// package with the same version and release, and cannot be compared for others.
static struct slice version_to_compare(const struct package *p, bool of_source, bool *unknown_epoch)
{
    bool rpm = slice_eq(p->kind, SLICE("rpm"));
    *unknown_epoch = false;
    if (!of_source || p->source_version.n == 0 || (rpm && slice_eq(without_epoch(p->version), p->source_version)))
        return p->version;
    *unknown_epoch = rpm && slice_find(p->source_version, ':') < 0;
    return p->source_version;
}

static enum vex_agreement compare_versions(const struct purl *purl, struct slice named, struct slice range,
                                           struct slice kind, struct slice installed, struct arena *a,
                                           struct slice *why_not)
{
    const struct version_scheme *scheme = version_scheme_of_kind(kind);
    bool readable;
    if (named.n != 0) {
        // rpm's epoch is a qualifier, so it may be left out.
        if (slice_eq(kind, SLICE("rpm")) && slice_find(named, ':') < 0 && purl_qualifier(purl, "epoch").n == 0)
            installed = without_epoch(installed);
        if (slice_eq(named, installed) || (scheme != NULL && scheme->valid(named) && scheme->valid(installed) &&
                                           scheme->compare(named, installed) == 0))
            return VEX_AGREES;
        return differs(a, why_not, VEX_OTHER_VERSION, "the version differs: %.*s, installed is %.*s", SLICE_ARG(named),
                       SLICE_ARG(installed));
    }
    if (purl_qualifier(purl, "vers").n != 0)
        range = purl_qualifier(purl, "vers");
    if (range.n == 0 || vers_holds(range, scheme, installed, &readable))
        return VEX_AGREES;
    if (!readable)
        return differs(a, why_not, VEX_OTHER_VERSION, "the range of versions \"%.*s\" cannot be read",
                       SLICE_ARG(range));
    return differs(a, why_not, VEX_OTHER_VERSION, "the version differs: %.*s, installed is %.*s", SLICE_ARG(range),
                   SLICE_ARG(installed));
}

// Java's group is often not known to whoever lists a jar: then the artifact alone must do.
static bool same_package_name(const struct package *named, struct slice name)
{
    if (purl_same_name(named->kind, named->name, name))
        return true;
    ptrdiff_t colon = slice_rfind(named->name, ':');
    return slice_eq(named->kind, SLICE("maven")) && colon >= 0 && slice_find(name, ':') < 0 &&
           slice_eq(slice_from(named->name, (size_t)colon + 1), name);
}

static bool is_of_distribution(struct slice kind)
{
    return slice_eq(kind, SLICE("deb")) || slice_eq(kind, SLICE("rpm")) || slice_eq(kind, SLICE("apk"));
}

static enum vex_agreement compare_spaces(const struct purl *purl, const struct package *p, const struct distribution *d,
                                         struct arena *a, struct slice *why_not)
{
    struct purl own;
    struct error err;
    if (purl->space.n == 0 || !is_of_distribution(p->kind) || slice_eq(purl_distribution_id(a, purl->space), d->id) ||
        (purl_parse(package_purl(a, p, d), a, &own, &err) && slice_eq(purl->space, own.space)))
        return VEX_AGREES;
    return differs(a, why_not, VEX_OTHER_SPACE, "the namespace differs: %.*s, the image is %.*s",
                   SLICE_ARG(purl->space), SLICE_ARG(d->id.n != 0 ? d->id : SLICE("of no known distribution")));
}

enum vex_agreement vex_purl_names(struct slice text, struct slice range, const struct vex_image *image,
                                  const struct package *p, struct arena *a, struct slice *why_not)
{
    const struct distribution *d = &image->inventory->distribution;
    struct purl purl;
    struct package named;
    struct error err;
    if (!purl_parse(text, a, &purl, &err))
        return differs(a, why_not, VEX_UNKNOWN, "\"%.*s\" is no package URL: %s", SLICE_ARG(text), err.text);
    if (!purl_package(a, &purl, &named))
        return differs(a, why_not, VEX_OTHER_KIND, "Clarion lists no packages of the type %.*s", SLICE_ARG(purl.type));
    if (!slice_eq(named.kind, p->kind))
        return differs(a, why_not, VEX_OTHER_KIND, "the type differs: %.*s, the package is of the kind %.*s",
                       SLICE_ARG(purl.type), SLICE_ARG(p->kind));
    // A source package stands for all that was built from it.
    struct slice arch = purl_qualifier(&purl, "arch");
    bool of_source = slice_eq(arch, SLICE("source")) || slice_eq(arch, SLICE("src"));
    struct slice name = of_source && p->source_name.n != 0 ? p->source_name : p->name;
    bool unknown_epoch;
    struct slice version = version_to_compare(p, of_source, &unknown_epoch);
    if (!same_package_name(&named, name))
        return differs(a, why_not, VEX_OTHER_NAME, "the name differs: %s%.*s, the package is %.*s",
                       of_source ? "source " : "", SLICE_ARG(named.name), SLICE_ARG(name));
    enum vex_agreement agreement = compare_spaces(&purl, p, d, a, why_not);
    if (agreement == VEX_AGREES)
        agreement = compare_versions(&purl, unknown_epoch ? without_epoch(named.version) : named.version, range,
                                     p->kind, version, a, why_not);
    return agreement == VEX_AGREES ? compare_qualifiers(&purl, of_source, d, p, a, why_not) : agreement;
}

// ---- packages by their CPEs -----------------------------------------------------------------------------------------

// What a CPE's vendor calls a product and a distribution its package differs in dashes only, if at all.
static bool same_product(struct slice product, struct slice name)
{
    if (product.n != name.n)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] | 0x20) : name.p[i];
        bool dashes = (c == '-' || c == '_') && (product.p[i] == '-' || product.p[i] == '_');
        if (c != product.p[i] && !dashes)
            return false;
    }
    return true;
}

// A version as its authors count: without a distribution's epoch and revision.
static struct slice upstream_version(const struct package *p)
{
    struct slice version = p->version;
    if (!is_of_distribution(p->kind))
        return version;
    version = without_epoch(version);
    ptrdiff_t revision = slice_rfind(version, '-');
    return revision > 0 ? slice_of(version.p, (size_t)revision) : version;
}

static enum vex_agreement cpe_names(struct slice text, const struct package *p, struct arena *a, struct slice *why_not)
{
    struct cpe cpe;
    if (!cpe_parse(text, a, &cpe) || cpe.attribute[CPE_PRODUCT].n == 0)
        return differs(a, why_not, VEX_UNKNOWN, "\"%.*s\" is no CPE that names a product", SLICE_ARG(text));
    struct slice product = cpe.attribute[CPE_PRODUCT], version = cpe.attribute[CPE_VERSION];
    if (!same_product(product, p->name) && !same_product(product, p->source_name))
        return differs(a, why_not, VEX_OTHER_NAME, "the name differs: %.*s, the package is %.*s", SLICE_ARG(product),
                       SLICE_ARG(p->name));
    if (!cpe_includes(version, arena_dup_lower(a, p->version)) &&
        !cpe_includes(version, arena_dup_lower(a, upstream_version(p))))
        return differs(a, why_not, VEX_OTHER_VERSION, "the version differs: %.*s, installed is %.*s",
                       SLICE_ARG(version), SLICE_ARG(p->version));
    return VEX_AGREES;
}

// ---- images ---------------------------------------------------------------------------------------------------------

static bool is_digest_of(const struct vex_image *image, struct slice digest)
{
    return digest.n != 0 && (slice_eq_nocase(digest, image->manifest) || slice_eq_nocase(digest, image->config));
}

// A digest that agrees settles it: names and tags may be given to it anew.
static enum vex_agreement compare_image_names(const struct image_name *named, const struct vex_image *image,
                                              struct arena *a, struct slice *why_not)
{
    struct image_name own = image_name_parse(a, image->reference);
    if (is_digest_of(image, named->digest))
        return VEX_AGREES;
    if (named->digest.n != 0)
        return differs(a, why_not, VEX_OTHER_IMAGE, "the image differs: %.*s, it is %.*s", SLICE_ARG(named->digest),
                       SLICE_ARG(image->manifest));
    if (own.repository.n == 0)
        return differs(a, why_not, VEX_OTHER_IMAGE, "the image has no name that %.*s could be",
                       SLICE_ARG(named->repository));
    if (!slice_eq(named->registry, own.registry) || !slice_eq(named->repository, own.repository))
        return differs(a, why_not, VEX_OTHER_IMAGE, "the image differs: %.*s/%.*s, it is %.*s/%.*s",
                       SLICE_ARG(named->registry), SLICE_ARG(named->repository), SLICE_ARG(own.registry),
                       SLICE_ARG(own.repository));
    if (named->tag.n != 0 && !slice_eq(named->tag, own.tag))
        return differs(a, why_not, VEX_OTHER_IMAGE, "the image's tag differs: %.*s, it is \"%.*s\"",
                       SLICE_ARG(named->tag), SLICE_ARG(own.tag));
    return VEX_AGREES;
}

// pkg:oci/NAME@DIGEST?repository_url=HOST/REPOSITORY&tag=TAG and pkg:docker/REPOSITORY@TAG-or-DIGEST, by the package
// URL project's definitions of these types.
static enum vex_agreement image_purl_names(const struct purl *purl, const struct vex_image *image, struct arena *a,
                                           struct slice *why_not)
{
    struct slice url = purl_qualifier(purl, "repository_url"), arch = purl_qualifier(purl, "arch");
    bool is_digest = slice_find(purl->version, ':') >= 0, docker = slice_eq(purl->type, SLICE("docker"));
    struct image_name named, own = image_name_parse(a, image->reference);
    if (arch.n != 0 && image->arch.n != 0 && !same_arch(arch, image->arch))
        return differs(a, why_not, VEX_OTHER_IMAGE, "the image's architecture differs: %.*s, it is %.*s",
                       SLICE_ARG(arch), SLICE_ARG(image->arch));
    if (docker) {
        struct slice repository = purl->space.n != 0
                                      ? arena_printf(a, "%.*s/%.*s", SLICE_ARG(purl->space), SLICE_ARG(purl->name))
                                      : purl->name;
        named = image_name_parse_url(a, url.n != 0 ? arena_printf(a, "%.*s/%.*s", SLICE_ARG(url), SLICE_ARG(repository))
                                                   : repository);
    } else if (url.n != 0) {
        // The name at the end of the address is often left out.
        named = image_name_parse_url(a, url);
        if (!slice_eq(slice_basename(named.repository), purl->name)) {
            struct slice whole = arena_printf(a, "%.*s/%.*s", SLICE_ARG(url), SLICE_ARG(purl->name));
            named = image_name_parse_url(a, whole);
        }
    } else {
        // The last part of its name is all that the purl has.
        named = own;
        named.digest = named.tag = (struct slice){0};
        if (!is_digest && !slice_eq(slice_basename(own.repository), purl->name))
            return differs(a, why_not, VEX_OTHER_IMAGE, "the image differs: %.*s, it is %.*s", SLICE_ARG(purl->name),
                           SLICE_ARG(image->reference));
    }
    struct slice tag = purl_qualifier(purl, "tag");
    if (is_digest)
        named.digest = purl->version;
    named.tag = tag.n != 0 ? tag : docker && !is_digest ? purl->version : named.tag;
    return compare_image_names(&named, image, a, why_not);
}

static bool cpe_holds(const struct cpe *pattern, struct slice text, struct arena *a)
{
    struct cpe own;
    bool holds = cpe_parse(text, a, &own);
    for (int i = CPE_PART; holds && i < CPE_ATTRIBUTES; i++)
        holds = cpe_includes(pattern->attribute[i], own.attribute[i]);
    return holds;
}

static enum vex_agreement cpe_names_image(struct slice text, const struct vex_image *image, struct arena *a,
                                          struct slice *why_not)
{
    struct cpe pattern;
    if (!cpe_parse(text, a, &pattern) || pattern.attribute[CPE_PRODUCT].n == 0)
        return differs(a, why_not, VEX_UNKNOWN, "\"%.*s\" is no CPE that names a product", SLICE_ARG(text));
    if (cpe_holds(&pattern, image->inventory->distribution.cpe, a))
        return VEX_AGREES;
    for (size_t i = 0; i < image->cpes_n; i++)
        if (cpe_holds(&pattern, image->cpes[i], a))
            return VEX_AGREES;
    return differs(a, why_not, VEX_OTHER_IMAGE, "%.*s is neither the image's distribution nor a repository of it",
                   SLICE_ARG(text));
}

// By its type alone: products are many, and reading them whole takes time.
static bool is_image_purl(struct slice text)
{
    struct slice type, path = slice_from(text, sizeof "pkg:" - 1);
    while (path.n != 0 && path.p[0] == '/')
        path = slice_from(path, 1);
    slice_cut(path, '/', &type, &path);
    return slice_eq_nocase(type, SLICE("oci")) || slice_eq_nocase(type, SLICE("docker"));
}

static enum vex_agreement name_is_image(const struct vex_name *name, const struct vex_image *image, struct arena *a,
                                        struct slice *why_not)
{
    struct purl purl;
    struct error err;
    struct image_name reference;
    switch (name->naming) {
    case VEX_PURL:
        if (!is_image_purl(name->text))
            return VEX_UNKNOWN;
        if (!purl_parse(name->text, a, &purl, &err))
            return differs(a, why_not, VEX_UNKNOWN, "\"%.*s\" is no package URL: %s", SLICE_ARG(name->text), err.text);
        return image_purl_names(&purl, image, a, why_not);
    case VEX_CPE:
        return cpe_names_image(name->text, image, a, why_not);
    case VEX_DIGEST:
        if (is_digest_of(image, name->text))
            return VEX_AGREES;
        return differs(a, why_not, VEX_OTHER_IMAGE, "the image differs: %.*s, it is %.*s", SLICE_ARG(name->text),
                       SLICE_ARG(image->manifest));
    case VEX_REFERENCE:
        break;
    }
    reference = image_name_parse(a, name->text);
    if (slice_eq(name->text, image->reference))
        return VEX_AGREES;
    if (reference.repository.n == 0)
        return differs(a, why_not, VEX_UNKNOWN, "\"%.*s\" is no package URL, CPE, digest or reference of an image",
                       SLICE_ARG(name->text));
    return compare_image_names(&reference, image, a, why_not);
}

// ---- things and products --------------------------------------------------------------------------------------------

// Keeps what was nearest.
static void keep(enum vex_agreement found, struct slice why, enum vex_agreement *best, struct slice *why_not)
{
    if (found < *best || (found == *best && why_not != NULL && why_not->n != 0))
        return;
    *best = found;
    if (why_not != NULL && why.n != 0)
        *why_not = why;
}

static enum vex_agreement thing_is_image(const struct vex_thing *thing, const struct vex_image *image, struct arena *a,
                                         struct slice *why_not)
{
    enum vex_agreement best = VEX_UNKNOWN;
    for (size_t i = 0; i < thing->names_n && best != VEX_AGREES; i++) {
        struct slice why = {0};
        keep(name_is_image(&thing->names[i], image, a, why_not != NULL ? &why : NULL), why, &best, why_not);
    }
    return best;
}

static enum vex_agreement thing_is_package(const struct vex_thing *thing, const struct vex_image *image,
                                           const struct package *p, struct arena *a, struct slice *why_not)
{
    enum vex_agreement best = VEX_UNKNOWN;
    for (size_t i = 0; i < thing->names_n && best != VEX_AGREES; i++) {
        const struct vex_name *name = &thing->names[i];
        struct slice why = {0}, *asked = why_not != NULL ? &why : NULL;
        if (name->naming == VEX_PURL && !is_image_purl(name->text))
            keep(vex_purl_names(name->text, thing->range, image, p, a, asked), why, &best, why_not);
        else if (name->naming == VEX_CPE)
            keep(cpe_names(name->text, p, a, asked), why, &best, why_not);
    }
    return best;
}

static struct slice nameless(struct arena *a, const struct vex_thing *thing)
{
    return arena_printf(a, "the document gives no package URL, CPE or digest for \"%.*s\"", SLICE_ARG(thing->title));
}

static bool image_holds(const struct vex_thing *thing, const struct vex_image *image, struct arena *a)
{
    for (size_t i = 0; i < image->inventory->packages_n; i++)
        if (thing_is_package(thing, image, &image->inventory->packages[i].package, a, NULL) == VEX_AGREES)
            return true;
    return false;
}

// Of a product with a part: the part must be the package, and the whole the image or a package in it.
static enum vex_agreement covers_part(const struct vex_product *product, const struct vex_image *image,
                                      const struct package *p, struct arena *a, struct slice *why_not)
{
    enum vex_agreement part = thing_is_package(product->part, image, p, a, why_not);
    if (part != VEX_AGREES) {
        if (why_not != NULL && why_not->n == 0)
            *why_not = nameless(a, product->part);
        return part;
    }
    if (why_not != NULL)
        *why_not = (struct slice){0};
    enum vex_agreement whole = thing_is_image(product->whole, image, a, why_not);
    if (whole == VEX_AGREES || image_holds(product->whole, image, a))
        return VEX_AGREES;
    if (why_not != NULL && product->whole->names_n == 0)
        *why_not = nameless(a, product->whole);
    else if (why_not != NULL && why_not->n == 0)
        *why_not = arena_printf(a, "it is about a part of %.*s, which the image does not have",
                                SLICE_ARG(product->whole->title));
    return VEX_OTHER_IMAGE;
}

enum vex_agreement vex_covers(const struct vex_product *product, const struct vex_image *image, const struct package *p,
                              struct arena *a, struct slice *why_not)
{
    if (why_not != NULL)
        *why_not = (struct slice){0};
    if (product->part != NULL)
        return covers_part(product, image, p, a, why_not);
    struct slice why = {0};
    enum vex_agreement best = thing_is_image(product->whole, image, a, why_not);
    keep(thing_is_package(product->whole, image, p, a, why_not != NULL ? &why : NULL), why, &best, why_not);
    if (why_not != NULL && why_not->n == 0)
        *why_not = nameless(a, product->whole);
    return best;
}

struct slice vex_product_title(struct arena *a, const struct vex_product *product)
{
    const struct vex_thing *whole = product->whole, *part = product->part;
    struct slice of_whole = whole->names_n != 0 ? whole->names[0].text : whole->title;
    if (part == NULL)
        return of_whole;
    struct slice of_part = part->names_n != 0 ? part->names[0].text : part->title;
    return arena_printf(a, "%.*s in %.*s", SLICE_ARG(of_part), SLICE_ARG(of_whole));
}
