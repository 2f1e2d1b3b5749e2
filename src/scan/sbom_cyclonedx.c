// CycloneDX in JSON: components, which may hold further ones.
//
// Source: the CycloneDX specification, 1.4 to 1.6 (ECMA-424); the properties that Syft and Trivy write, by their
// documentation of CycloneDX output.
#include "scan/sbom.h"

// What of a component's properties is read. Trivy gives a source version in its parts.
struct properties {
    struct slice kind, arch, module, source_name, source_version, source_release, source_epoch;
    struct slice id, version_id, codename, pretty_name; // of a distribution
    struct sbom_own own;
};

static void read_properties(struct sbom *s, yyjson_val *component, struct properties *p)
{
    const struct {
        struct slice name;
        struct slice *value;
    } known[] = {
        {SLICE("syft:package:type"), &p->kind},
        {SLICE("syft:metadata:architecture"), &p->arch},
        {SLICE("syft:metadata:source"), &p->source_name},
        {SLICE("syft:metadata:sourceVersion"), &p->source_version},
        {SLICE("syft:metadata:originPackage"), &p->source_name},
        {SLICE("syft:metadata:modularityLabel"), &p->module},
        {SLICE("syft:distro:id"), &p->id},
        {SLICE("syft:distro:versionID"), &p->version_id},
        {SLICE("syft:distro:versionCodename"), &p->codename},
        {SLICE("syft:distro:prettyName"), &p->pretty_name},
        {SLICE("aquasecurity:trivy:PkgType"), &p->kind},
        {SLICE("aquasecurity:trivy:SrcName"), &p->source_name},
        {SLICE("aquasecurity:trivy:SrcVersion"), &p->source_version},
        {SLICE("aquasecurity:trivy:SrcRelease"), &p->source_release},
        {SLICE("aquasecurity:trivy:SrcEpoch"), &p->source_epoch},
        {SLICE("aquasecurity:trivy:Modularitylabel"), &p->module},
    };
    yyjson_val *list = yyjson_obj_get(component, "properties"), *property;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, property)
    {
        struct slice name = json_str(property, "name");
        if (slice_starts(name, SLICE(SBOM_OWN)))
            sbom_own_take(s, &p->own, slice_from(name, sizeof SBOM_OWN - 1), json_str(property, "value"));
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
            if (slice_eq(name, known[k].name) && known[k].value->n == 0)
                *known[k].value = json_str(property, "value");
    }
}

static struct slice source_version(struct sbom *s, const struct properties *p)
{
    struct buf text BUF_AUTO = {0};
    if (p->source_version.n == 0)
        return (struct slice){0};
    if (p->source_epoch.n != 0 && !slice_eq(p->source_epoch, SLICE("0"))) {
        buf_add(&text, p->source_epoch);
        buf_addc(&text, ':');
    }
    buf_add(&text, p->source_version);
    if (p->source_release.n != 0) {
        buf_addc(&text, '-');
        buf_add(&text, p->source_release);
    }
    return arena_dup(s->scratch, buf_slice(&text));
}

static void take_operating_system(struct sbom *s, yyjson_val *component)
{
    struct properties p = {0};
    read_properties(s, component, &p);
    if (p.own.of_release) {
        sbom_take_release(s, &p.own.release, RELEASE_OF_CLARION);
        return;
    }
    struct release_file release = {.id = p.id.n != 0 ? p.id : json_str(component, "name"),
                                   .version_id = p.version_id.n != 0 ? p.version_id : json_str(component, "version"),
                                   .codename = p.codename,
                                   .pretty_name = p.pretty_name};
    sbom_take_release(s, &release, RELEASE_OF_COMPONENT);
}

static bool is_library_or_the_like(struct slice type)
{
    static const struct slice types[] = {SLICE("library"), SLICE("framework"), SLICE("platform"), SLICE("firmware")};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (slice_eq(type, types[i]))
            return true;
    return false;
}

static void take_package(struct sbom *s, yyjson_val *component)
{
    struct properties p = {0};
    struct slice type = json_str(component, "type");
    read_properties(s, component, &p);
    struct sbom_component c = {
        .name = json_str(component, "name"),
        .group = json_str(component, "group"),
        .version = json_str(component, "version"),
        .purl = json_str(component, "purl"),
        .kind = sbom_kind(p.kind),
        .arch = p.arch,
        .module = p.module,
        .source_name = p.source_name,
        .source_version = source_version(s, &p),
    };
    sbom_own_refine(&p.own, &c);
    // Trivy makes an application of every lock file, whose packages are components of their own.
    if (c.purl.n != 0 || c.kind.n != 0 || is_library_or_the_like(type))
        sbom_take(s, &c);
    else
        sbom_count(s, "of type %.*s, without a package URL", SLICE_ARG(type.n != 0 ? type : SLICE("unknown")));
}

static void take_component(struct sbom *s, yyjson_val *component)
{
    struct slice type = json_str(component, "type");
    if (slice_eq(json_str(component, "scope"), SLICE("excluded")))
        sbom_count(s, "that the document excludes (scope)");
    else if (slice_eq(type, SLICE("operating-system")))
        take_operating_system(s, component);
    else
        take_package(s, component);
}

static void take_components(struct sbom *s, yyjson_val *list, uint64_t depth)
{
    yyjson_val *component;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, component)
    {
        if (!yyjson_is_obj(component)) {
            sbom_count(s, "without the form of an object");
            continue;
        }
        take_component(s, component);
        yyjson_val *inner = yyjson_obj_get(component, "components");
        if (yyjson_arr_size(inner) == 0)
            continue;
        if (depth < s->out->limits->sbom_depth)
            take_components(s, inner, depth + 1);
        else
            scan_skip(s->out, SLICE(""), true,
                      "components stand more than %llu deep inside one another (limit sbom_depth); those are not read",
                      (unsigned long long)s->out->limits->sbom_depth);
    }
}

bool sbom_read_cyclonedx(struct sbom *s, yyjson_val *root, struct error *err)
{
    static const struct slice versions[] = {SLICE("1.4"), SLICE("1.5"), SLICE("1.6")};
    struct slice version = json_str(root, "specVersion");
    bool known = false;
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
        known = known || slice_eq(version, versions[i]);
    if (!slice_starts(version, SLICE("1.")))
        return error_set(err, ERR_UNSUPPORTED, "CycloneDX %.*s cannot be read by this version: 1.4 to 1.6 can",
                         SLICE_ARG(version));
    if (!known)
        scan_skip(s->out, SLICE(""), false, "CycloneDX %.*s, read as if it were 1.6", SLICE_ARG(version));
    // The component that the document is about is no package of it, but may have some inside.
    yyjson_val *subject = yyjson_obj_get(yyjson_obj_get(root, "metadata"), "component");
    struct properties p = {0};
    if (slice_eq(json_str(subject, "type"), SLICE("operating-system"))) {
        take_operating_system(s, subject);
    } else if (yyjson_is_obj(subject)) {
        read_properties(s, subject, &p);
        if (!p.own.of_image)
            sbom_count(s, "that the document is about");
    }
    take_components(s, yyjson_obj_get(subject, "components"), 1);
    take_components(s, yyjson_obj_get(root, "components"), 1);
    return true;
}
