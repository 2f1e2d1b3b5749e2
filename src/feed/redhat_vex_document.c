// One of Red Hat's VEX documents: what one vulnerability means for each component of each of its products.
//
// Form: CSAF 2.0, profile 5 (VEX), as "CSAF/VEX documents" of Red Hat's security data guidelines describes its use
// (https://redhatproductsecurity.github.io/security-data-guidelines/csaf-vex/). Each list of "product_status" names
// components in products: the product has a CPE, the component a package URL. With a version ("fixed") the component is
// a build, one for each architecture; "arch=src" is the source package, and so is a build without an architecture, as
// the newer generator writes components of a repository that does not hold the source package. Without a version the
// component is all that the product ships under that name. Severity ("threats"), notices ("remediations"), scores and
// justifications ("flags") name the same ids again.
#include "feed/redhat_vex.h"

#include "base/json.h"
#include "base/utf8.h"
#include "feed/csaf.h"
#include "inventory/purl.h"

#include <stdlib.h>

#define MOST_NOTICE_BYTES 1024 // of one component, which rarely has more than one: the rest is not listed

// ---- what a document says -------------------------------------------------------------------------------------------

// Under which names its records stand.
enum names { OF_BINARY, OF_SOURCE, OF_EITHER };

struct statement {
    enum names names;
    struct advisory record; // arch: one
};

struct document {
    struct feed_input *input;
    struct arena arena;
    struct slice id;
    struct csaf_products products;
    struct csaf_ids ids; // of the statements of one vulnerability, with the same numbers
    VEC(struct statement) statements;
};

static void leave_out(struct document *d, const char *reason, const struct statement *s)
{
    feed_leave_out(d->input, reason, &s->record);
}

// Whole, however long.
static struct slice joined(struct document *d, struct slice left, char separator, struct slice right)
{
    struct buf text BUF_AUTO = {0};
    buf_add(&text, left);
    buf_addc(&text, separator);
    buf_add(&text, right);
    return arena_dup(&d->arena, buf_slice(&text));
}

// ---- components and products ----------------------------------------------------------------------------------------

// "name:stream" of "name:stream:version:context"; empty when there is no stream.
static struct slice module_of(struct slice rpmmod)
{
    struct slice name, rest, stream, more;
    slice_cut(rpmmod, ':', &name, &rest);
    slice_cut(rest, ':', &stream, &more);
    return name.n != 0 && stream.n != 0 ? slice_of(rpmmod.p, name.n + 1 + stream.n) : (struct slice){0};
}

// Builds of modules say so in their release: "1.4.6-3.module+el8.5.0+11354+78b3c9c5".
static bool is_module_build(struct slice version)
{
    return slice_find_slice(version, SLICE(".module+el")) >= 0;
}

// The reason why an rpm is left out, or NULL.
static const char *take_rpm(struct document *d, const struct purl *purl, struct statement *s)
{
    struct slice arch = purl_qualifier(purl, "arch"), rpmmod = purl_qualifier(purl, "rpmmod");
    struct slice epoch = purl_qualifier(purl, "epoch");
    bool source = slice_eq(arch, SLICE("src")) || slice_eq(arch, SLICE("nosrc"));
    s->record.package = purl->name;
    if (!slice_eq(purl->space, SLICE("redhat")))
        return "is an rpm of another vendor";
    if (rpmmod.n != 0 && (s->record.module = module_of(rpmmod)).n == 0)
        return "names a module without a stream";
    if (rpmmod.n == 0 && is_module_build(purl->version))
        return "is of a module that the document does not name";
    if (source || (arch.n == 0 && purl->version.n != 0))
        s->names = OF_SOURCE;
    else if (arch.n == 0 && s->record.status != ADVISORY_NOT_AFFECTED)
        s->names = OF_EITHER; // older documents name sources so, newer ones binaries
    else
        s->record.arch = arch;
    if (s->record.status == ADVISORY_FIXED && purl->version.n != 0)
        s->record.bound = joined(d, epoch.n != 0 ? epoch : SLICE("0"), ':', purl->version);
    return NULL;
}

// The repository of an image, without its registry. The qualifier may or may not end in the image's own name.
static struct slice image_name(struct document *d, const struct purl *purl)
{
    struct slice registry, path = {0};
    slice_cut(purl_qualifier(purl, "repository_url"), '/', &registry, &path);
    if (path.n == 0)
        path = purl->space;
    if (path.n == 0 || slice_eq(slice_basename(path), purl->name))
        return path.n != 0 ? path : purl->name;
    return joined(d, path, '/', purl->name);
}

// Of an image the architecture does not count: those of one tag were built together.
static const char *take_image(struct document *d, const struct purl *purl, struct statement *s)
{
    s->record.package = image_name(d, purl);
    s->record.scope = SLICE(RHCC_SCOPE);
    if (s->record.status == ADVISORY_FIXED)
        s->record.bound = purl_qualifier(purl, "tag");
    return NULL;
}

static const char *take_component(struct document *d, const struct csaf_product *component, struct statement *s)
{
    struct purl purl;
    struct error err;
    if (component == NULL || component->purl.n == 0)
        return "has no package URL, so what kind of component it is";
    if (!purl_parse(component->purl, &d->arena, &purl, &err))
        return "has a package URL that cannot be read";
    s->record.package = purl.name;
    if (slice_eq(purl.type, SLICE("rpm")))
        return take_rpm(d, &purl, s);
    if (slice_eq(purl.type, SLICE("oci")))
        return take_image(d, &purl, s);
    return "is neither an rpm nor a container image";
}

// What percent signs of a package URL hide may be anything.
static bool is_text(const struct statement *s)
{
    const struct advisory *r = &s->record;
    return utf8_valid(r->package) && utf8_valid(r->bound) && utf8_valid(r->arch) && utf8_valid(r->module);
}

static const char *take_product(struct document *d, struct slice id, struct statement *s)
{
    const struct csaf_product *component, *whole;
    if (!csaf_products_resolve(&d->products, id, &component, &whole))
        return "is a product as a whole";
    if (whole == NULL || !slice_starts(whole->cpe, SLICE("cpe:")))
        return "is of a product without a CPE";
    s->record.scope = joined(d, SLICE(REDHAT_NAME), ':', whole->cpe);
    const char *reason = take_component(d, component, s);
    if (reason == NULL && !is_text(s))
        return "has a package URL that cannot be read";
    return reason;
}

// ---- statuses -------------------------------------------------------------------------------------------------------

static const struct {
    const char *name;
    enum advisory_status status;
} statuses[] = {
    {"fixed", ADVISORY_FIXED},
    {"first_fixed", ADVISORY_FIXED},
    {"known_affected", ADVISORY_AFFECTED},
    {"first_affected", ADVISORY_AFFECTED},
    {"last_affected", ADVISORY_AFFECTED},
    {"known_not_affected", ADVISORY_NOT_AFFECTED},
    {"under_investigation", ADVISORY_UNDETERMINED},
};

static const char *read_status(struct slice name, enum advisory_status *status)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (slice_eq(name, slice_str(statuses[i].name))) {
            *status = statuses[i].status;
            return NULL;
        }
    return "has a status that says nothing of it";
}

static void take_statement(struct document *d, struct slice status, struct slice vulnerability, struct slice id)
{
    struct statement s = {.record = {.vulnerability = vulnerability}};
    const char *reason = read_status(status, &s.record.status);
    if (reason == NULL && !slice_eq(vulnerability, d->id))
        reason = "is of another vulnerability than the document";
    if (reason == NULL)
        reason = take_product(d, id, &s);
    if (reason == NULL && csaf_ids_find(&d->ids, id) != CSAF_NO_ID)
        reason = "has a status already";
    if (reason != NULL) {
        leave_out(d, reason, &s);
        return;
    }
    csaf_ids_add(&d->ids, &d->arena, id);
    VEC_PUSH(&d->arena, &d->statements) = s;
}

static void take_statuses(struct document *d, struct slice vulnerability, yyjson_val *lists)
{
    yyjson_val *key, *list, *id;
    size_t i, n, j, m;
    yyjson_obj_foreach(lists, i, n, key, list)
    {
        yyjson_arr_foreach(list, j, m, id)
        {
            take_statement(d, json_val_str(key), vulnerability, json_val_str(id));
        }
    }
}

// ---- what is said of statements -------------------------------------------------------------------------------------

// The statement of an id; NULL when there is none.
static struct advisory *record_of(struct document *d, yyjson_val *id)
{
    size_t number = csaf_ids_find(&d->ids, json_val_str(id));
    return number != CSAF_NO_ID ? &d->statements.v[number].record : NULL;
}

static void take_threat(struct document *d, yyjson_val *threat)
{
    yyjson_val *id;
    size_t i, n;
    if (!slice_eq(json_str(threat, "category"), SLICE("impact")))
        return;
    yyjson_arr_foreach(yyjson_obj_get(threat, "product_ids"), i, n, id)
    {
        struct advisory *r = record_of(d, id);
        if (r != NULL)
            r->severity = json_str(threat, "details");
    }
}

// The vectors of a score, the newest version of CVSS first.
static struct slice vectors_of(struct document *d, yyjson_val *score)
{
    static const char *const versions[] = {"cvss_v4", "cvss_v3", "cvss_v2"};
    struct buf vectors BUF_AUTO = {0};
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        struct slice vector = json_str(yyjson_obj_get(score, versions[i]), "vectorString");
        if (vector.n == 0)
            continue;
        if (vectors.n != 0)
            buf_addc(&vectors, ' ');
        buf_add(&vectors, vector);
    }
    return arena_dup(&d->arena, buf_slice(&vectors));
}

static void take_score(struct document *d, yyjson_val *score)
{
    struct slice vectors = vectors_of(d, score);
    yyjson_val *id;
    size_t i, n;
    yyjson_arr_foreach(yyjson_obj_get(score, "products"), i, n, id)
    {
        struct advisory *r = record_of(d, id);
        if (r != NULL)
            r->cvss = vectors;
    }
}

// "RHSA-2024:2722" of "https://access.redhat.com/errata/RHSA-2024:2722"; empty when it is no such address.
static struct slice notice_of(struct slice url)
{
    struct slice id = slice_basename(url);
    return slice_find_slice(url, SLICE("/errata/RH")) >= 0 && slice_find(id, ' ') < 0 ? id : (struct slice){0};
}

static void add_notice(struct document *d, struct advisory *r, struct slice notice)
{
    if (notice.n == 0 || r->advisories.n + notice.n > MOST_NOTICE_BYTES || slice_find_slice(r->advisories, notice) >= 0)
        return;
    r->advisories = r->advisories.n == 0 ? notice : joined(d, r->advisories, ' ', notice);
}

// A fix, or why there is none: "Will not fix", "Out of support scope", "Fix deferred", "Affected".
static void take_remediation(struct document *d, yyjson_val *remediation)
{
    struct slice category = json_str(remediation, "category");
    bool fix = slice_eq(category, SLICE("vendor_fix"));
    bool none = slice_eq(category, SLICE("no_fix_planned")) || slice_eq(category, SLICE("none_available"));
    struct slice notice = notice_of(json_str(remediation, "url"));
    yyjson_val *id;
    size_t i, n;
    yyjson_arr_foreach(yyjson_obj_get(remediation, "product_ids"), i, n, id)
    {
        struct advisory *r = record_of(d, id);
        if (r != NULL && fix)
            add_notice(d, r, notice);
        else if (r != NULL && none)
            r->state = json_str(remediation, "details");
    }
}

// Why a component is not affected: "vulnerable_code_not_present".
static void take_flag(struct document *d, yyjson_val *flag)
{
    yyjson_val *id;
    size_t i, n;
    yyjson_arr_foreach(yyjson_obj_get(flag, "product_ids"), i, n, id)
    {
        struct advisory *r = record_of(d, id);
        if (r != NULL)
            r->state = json_str(flag, "label");
    }
}

static void take_each(struct document *d, yyjson_val *list, void (*take)(struct document *d, yyjson_val *item))
{
    yyjson_val *item;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, item)
    {
        take(d, item);
    }
}

// ---- what is said of the vulnerability ------------------------------------------------------------------------------

static struct slice description_of(yyjson_val *vulnerability)
{
    struct slice text = {0};
    yyjson_val *note;
    size_t i, n;
    yyjson_arr_foreach(yyjson_obj_get(vulnerability, "notes"), i, n, note)
    {
        if (text.n == 0 && slice_eq(json_str(note, "category"), SLICE("description")))
            text = json_str(note, "text");
    }
    return text;
}

static void add_word(struct buf *list, struct slice word)
{
    if (list->n != 0)
        buf_addc(list, ' ');
    buf_add(list, word);
}

// References, and among them the number that the Go project gave the flaw.
static void read_references(struct document *d, yyjson_val *vulnerability, struct advisory *shared)
{
    struct buf links BUF_AUTO = {0}, aliases BUF_AUTO = {0};
    yyjson_val *reference;
    size_t i, n;
    yyjson_arr_foreach(yyjson_obj_get(vulnerability, "references"), i, n, reference)
    {
        struct slice url = json_str(reference, "url"), id = slice_basename(url);
        if (url.n == 0 || slice_find(url, ' ') >= 0)
            continue;
        add_word(&links, url);
        if (slice_starts(url, SLICE("https://pkg.go.dev/vuln/")) && slice_starts(id, SLICE("GO-")))
            add_word(&aliases, id);
    }
    shared->links = arena_dup(&d->arena, buf_slice(&links));
    shared->aliases = arena_dup(&d->arena, buf_slice(&aliases));
}

// ---- records --------------------------------------------------------------------------------------------------------

// All that tells two statements apart but the architecture, which comes last.
static int by_record(const void *x, const void *y)
{
    const struct statement *s = x, *t = y;
    const struct advisory *a = &s->record, *b = &t->record;
    int order = slice_cmp(a->scope, b->scope);
    if (order == 0)
        order = slice_cmp(a->package, b->package);
    if (order == 0)
        order = (int)a->status - (int)b->status;
    if (order == 0)
        order = (int)s->names - (int)t->names;
    const struct slice left[] = {a->bound, a->module, a->severity, a->state, a->advisories, a->cvss};
    const struct slice right[] = {b->bound, b->module, b->severity, b->state, b->advisories, b->cvss};
    return order != 0 ? order : slices_cmp(left, right, sizeof left / sizeof left[0]);
}

static int by_record_and_arch(const void *x, const void *y)
{
    const struct statement *s = x, *t = y;
    int order = by_record(x, y);
    return order != 0 ? order : slice_cmp(s->record.arch, t->record.arch);
}

// Adds a run of statements that differ in their architectures as one record.
static bool add_run(struct document *d, const struct statement *run, size_t n, const struct advisory *shared,
                    struct error *err)
{
    struct buf arches BUF_AUTO = {0};
    struct advisory r = run->record;
    for (size_t i = 0; i < n; i++)
        if (i == 0 || !slice_eq(run[i].record.arch, run[i - 1].record.arch))
            add_word(&arches, run[i].record.arch);
    r.arch = run->record.arch.n != 0 ? buf_slice(&arches) : SLICE(""); // an empty one is of all
    r.description = shared->description;
    r.links = shared->links;
    r.aliases = shared->aliases;
    r.of_source = run->names == OF_SOURCE;
    const uint64_t left_out = d->input->tally->left_out;
    if (!feed_add(d->input, &r, err))
        return false;
    if (d->input->tally->left_out != left_out) {
        for (size_t i = 1; i < n; i++)
            leave_out(d, "lacks a field, or has one that is too long", &run[i]);
        return true;
    }
    d->input->tally->added += n - 1; // each is a statement of the upstream
    segment_add_scope(d->input->builder, r.scope);
    if (run->names != OF_EITHER)
        return true;
    r.of_source = true;
    return segment_add(d->input->builder, &r, d->input->limits, err);
}

// The first two numbers of a tag, "v4.12.0-202301" or "4.7-140.49a6fcf". False for one that is not made so.
static bool minor_of(struct slice tag, struct slice *minor, uint64_t number[static 2])
{
    size_t at = tag.n != 0 && tag.p[0] == 'v' ? 1 : 0;
    for (int part = 0; part < 2; part++) {
        size_t from = at;
        while (at < tag.n && tag.p[at] >= '0' && tag.p[at] <= '9')
            at++;
        if (!slice_to_u64(slice_of(tag.p + from, at - from), &number[part]))
            return false;
        if (part == 0 && (at == tag.n || tag.p[at++] != '.'))
            return false;
    }
    *minor = slice_of(tag.p, at);
    return true;
}

// Images of several minor releases stand in one repository, each with fixes of its own: a fix is for the images of its
// minor release, and that of the lowest for all older ones too.
static void divide_minors(struct statement *fixes, size_t n)
{
    uint64_t lowest[2] = {UINT64_MAX, UINT64_MAX}, number[2];
    struct slice minor;
    for (size_t i = 0; i < n; i++)
        if (minor_of(fixes[i].record.bound, &minor, number) &&
            (number[0] < lowest[0] || (number[0] == lowest[0] && number[1] < lowest[1])))
            memcpy(lowest, number, sizeof lowest);
    for (size_t i = 0; i < n; i++)
        if (minor_of(fixes[i].record.bound, &minor, number) && memcmp(number, lowest, sizeof lowest) != 0)
            fixes[i].record.introduced = minor;
}

static bool is_same_image(const struct advisory *a, const struct advisory *b)
{
    return a->status == ADVISORY_FIXED && b->status == ADVISORY_FIXED && slice_eq(a->package, b->package) &&
           slice_eq(a->scope, SLICE(RHCC_SCOPE)) && slice_eq(b->scope, SLICE(RHCC_SCOPE));
}

static bool add_statements(struct document *d, const struct advisory *shared, struct error *err)
{
    struct statement *s = d->statements.v;
    size_t n = d->statements.n, end;
    if (n > 1)
        qsort(s, n, sizeof *s, by_record_and_arch);
    for (size_t i = 0; i < n; i = end) {
        for (end = i + 1; end < n && is_same_image(&s[i].record, &s[end].record); end++)
            ;
        if (is_same_image(&s[i].record, &s[i].record))
            divide_minors(s + i, end - i);
    }
    for (size_t i = 0; i < n; i = end) {
        for (end = i + 1; end < n && by_record(&s[i], &s[end]) == 0; end++)
            ;
        // An architecture that is not named is all of them, and stands by itself.
        if (s[i].record.arch.n == 0)
            for (end = i + 1; end < n && by_record_and_arch(&s[i], &s[end]) == 0; end++)
                ;
        if (!add_run(d, s + i, end - i, shared, err))
            return false;
    }
    return true;
}

// ---- the document ---------------------------------------------------------------------------------------------------

static bool take_vulnerability(struct document *d, yyjson_val *vulnerability, struct error *err)
{
    struct advisory shared = {.description = description_of(vulnerability)};
    d->ids = (struct csaf_ids){0};
    d->statements.n = 0;
    read_references(d, vulnerability, &shared);
    take_statuses(d, json_str(vulnerability, "cve"), yyjson_obj_get(vulnerability, "product_status"));
    take_each(d, yyjson_obj_get(vulnerability, "threats"), take_threat);
    take_each(d, yyjson_obj_get(vulnerability, "scores"), take_score);
    take_each(d, yyjson_obj_get(vulnerability, "remediations"), take_remediation);
    take_each(d, yyjson_obj_get(vulnerability, "flags"), take_flag);
    return add_statements(d, &shared, err);
}

static bool take_document(struct document *d, yyjson_val *root, struct error *err)
{
    yyjson_val *document = yyjson_obj_get(root, "document"), *vulnerability;
    yyjson_val *vulnerabilities = yyjson_obj_get(root, "vulnerabilities");
    struct slice name = json_str(yyjson_obj_get(document, "tracking"), "id");
    size_t i, n;
    if (!slice_eq(json_str(document, "category"), SLICE("csaf_vex")) || name.n == 0)
        return error_set(err, ERR_FORMAT, "no VEX document of the CSAF with an id");
    if (d->id.n == 0)
        d->id = name;
    if (!slice_eq(name, d->id))
        return error_set(err, ERR_FORMAT, "it is the document of %.*s", SLICE_ARG(name));
    if (!csaf_products_read(yyjson_obj_get(root, "product_tree"), &d->arena, d->input->limits, &d->products, err))
        return false;
    yyjson_arr_foreach(vulnerabilities, i, n, vulnerability)
    {
        if (!take_vulnerability(d, vulnerability, err))
            return false;
    }
    return true;
}

bool redhat_vex_document(struct feed_input *input, struct buf *text, struct slice id, struct error *err)
{
    struct document d = {.input = input, .id = id};
    yyjson_doc *doc JSON_AUTO = json_parse_in_place(text, err);
    bool ok = doc != NULL && take_document(&d, yyjson_doc_get_root(doc), err);
    arena_free(&d.arena);
    return ok;
}
