// A distribution in Clair v4's words: claircore's Distribution, which for many releases is one of a fixed list,
// whatever the image's os-release calls itself (packages rhel, oracle, aws, ubuntu, photon and alpine).
#include "base/buf.h"
#include "inventory/cpe.h"
#include "output/clair.h"

// '*' stands for the version: all of VERSION_ID, or what is before its first dot.
static const struct fixed {
    const char *id, *only; // of this VERSION_ID, unless it is NULL
    const char *name, *version, *codename, *pretty_name, *cpe;
    bool major;
} releases[] = {
    {"rhel", NULL, "Red Hat Enterprise Linux Server", "*", "", "Red Hat Enterprise Linux Server *",
     "cpe:/o:redhat:enterprise_linux:*", true},
    {"ol", NULL, "Oracle Linux Server", "*", "Oracle Linux *", "Oracle Linux Server *", "", true},
    {"amzn", "2018.03", "Amazon Linux AMI", "*", "", "Amazon Linux AMI *", "cpe:/o:amazon:linux:*:ga", false},
    {"amzn", NULL, "Amazon Linux", "*", "", "Amazon Linux *", "cpe:/o:amazon:amazon_linux:*", false},
    {"photon", NULL, "VMware Photon OS", "*", "", "VMware Photon OS/Linux", "", false},
};

static struct slice filled(struct arena *a, const char *pattern, struct slice version)
{
    struct slice start, end;
    if (!slice_cut(slice_str(pattern), '*', &start, &end))
        return slice_str(pattern);
    return arena_printf(a, "%.*s%.*s%.*s", SLICE_ARG(start), SLICE_ARG(version), SLICE_ARG(end));
}

static void take_fixed(struct arena *a, const struct fixed *f, struct distribution *d)
{
    struct slice version = d->version_id, rest;
    if (f->major)
        slice_cut(d->version_id, '.', &version, &rest);
    d->name = slice_str(f->name);
    d->version = filled(a, f->version, version);
    d->version_id = version;
    d->codename = filled(a, f->codename, version);
    d->pretty_name = filled(a, f->pretty_name, version);
    d->cpe = filled(a, f->cpe, version);
}

static const struct fixed *fixed_for(const struct distribution *d)
{
    for (size_t i = 0; i < sizeof releases / sizeof releases[0]; i++)
        if (slice_eq(d->id, slice_str(releases[i].id)) &&
            (releases[i].only == NULL || slice_eq(d->version_id, slice_str(releases[i].only))))
            return &releases[i];
    return NULL;
}

// "22.04 (Jammy)"
static void take_ubuntu(struct arena *a, struct distribution *d)
{
    struct slice code = arena_dup(a, d->codename);
    char *first = (char *)(uintptr_t)code.p;
    if (code.n != 0 && *first >= 'a' && *first <= 'z')
        *first = (char)(*first - 'a' + 'A');
    d->name = SLICE("Ubuntu");
    d->version = arena_printf(a, "%.*s (%.*s)", SLICE_ARG(d->version_id), SLICE_ARG(code));
    d->pretty_name = arena_printf(a, "Ubuntu %.*s", SLICE_ARG(d->version_id));
}

// os-release has no VERSION there; Clair gives the branch ("3.18") in its place, and no version_id.
static void take_branch(struct distribution *d)
{
    ptrdiff_t patch = slice_rfind(d->version_id, '.');
    bool has_patch = patch > 0 && slice_find(d->version_id, '.') < patch;
    d->version = has_patch ? slice_of(d->version_id.p, (size_t)patch) : d->version_id;
    d->version_id = (struct slice){0};
}

static struct distribution clair_words(struct arena *a, const struct distribution *of_image)
{
    struct distribution d = *of_image;
    if (slice_eq(d.id, SLICE("ubuntu")))
        take_ubuntu(a, &d);
    const struct fixed *f = fixed_for(of_image);
    if (f != NULL)
        take_fixed(a, f, &d);
    if (d.version.n == 0)
        take_branch(&d);
    return d;
}

void clair_add_distribution(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const char *id,
                            const struct distribution *of_image)
{
    struct arena scratch ARENA_AUTO = {0};
    struct distribution d = clair_words(&scratch, of_image);
    yyjson_mut_val *value = yyjson_mut_obj(doc);
    json_add_str(doc, value, "id", slice_str(id));
    json_add_str(doc, value, "did", d.id);
    json_add_str(doc, value, "name", d.name);
    json_add_str(doc, value, "version", d.version);
    json_add_str(doc, value, "version_code_name", d.codename);
    json_add_str(doc, value, "version_id", d.version_id);
    json_add_str(doc, value, "arch", SLICE(""));
    json_add_str(doc, value, "cpe", cpe_formatted(d.cpe, &scratch));
    json_add_str(doc, value, "pretty_name", d.pretty_name);
    clair_add_member(doc, object, slice_str(key), value);
}
