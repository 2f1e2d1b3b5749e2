#include "service/vulnerabilities.h"

#include "http/exchange.h"
#include "output/clair.h"

// ---- writing --------------------------------------------------------------------------------------------------------

// What a scope says of the distribution: "debian:bookworm", "alpine:v3.18/main".
static struct distribution distribution_of(struct slice scope)
{
    struct slice id, release, rest;
    struct distribution d = {.known = true};
    if (!slice_cut(scope, ':', &id, &release))
        return (struct distribution){.id = id};
    slice_cut(release, '/', &release, &rest);
    bool v = release.n > 1 && release.p[0] == 'v' && release.p[1] >= '0' && release.p[1] <= '9';
    release = slice_from(release, v);
    d.id = id;
    if (release.n != 0 && release.p[0] >= '0' && release.p[0] <= '9')
        d.version_id = release;
    else
        d.codename = release;
    return d;
}

static void add_record(yyjson_mut_doc *doc, yyjson_mut_val *value, const struct advisory *r, const char *feed)
{
    yyjson_mut_val *own = json_add_obj(doc, value, "clarion");
    json_add_str(doc, own, "feed", slice_str(feed));
    json_add_str(doc, own, "scope", r->scope);
    json_add_str(doc, own, "status", slice_str(advisory_status_name(r->status)));
    json_add_str(doc, own, "introduced", r->introduced);
    json_add_str(doc, own, "bound", r->bound);
    json_add_str(doc, own, "state", r->state);
    json_add_str(doc, own, "arch", r->arch);
    json_add_str(doc, own, "module", r->module);
}

void vulnerability_write(const struct advisory *r, const char *feed, const struct matcher *m, size_t id,
                         struct buf *out)
{
    char text[CLAIR_ID];
    const struct distribution d = distribution_of(r->scope);
    const struct clair_vulnerability v = {clair_id(text, id), m, r, advisory_fix(r), &d};
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    yyjson_mut_val *value = clair_vulnerability(doc, &v);
    add_record(doc, value, r, feed);
    yyjson_mut_doc_set_root(doc, value);
    json_write(doc, false, out);
}

// ---- reading --------------------------------------------------------------------------------------------------------

static bool take_status(struct slice name, enum advisory_status *status)
{
    for (int i = ADVISORY_AFFECTED; i <= ADVISORY_UNDETERMINED; i++)
        if (slice_eq(name, slice_str(advisory_status_name((enum advisory_status)i)))) {
            *status = (enum advisory_status)i;
            return true;
        }
    return false;
}

static bool take_own(yyjson_val *own, struct posted_vulnerability *v, struct error *err)
{
    struct advisory *r = &v->record;
    v->feed = json_str(own, "feed");
    r->scope = json_str(own, "scope");
    r->introduced = json_str(own, "introduced");
    r->bound = json_str(own, "bound");
    r->state = json_str(own, "state");
    r->arch = json_str(own, "arch");
    r->module = json_str(own, "module");
    bool wants_bound;
    if (r->scope.n == 0 || !take_status(json_str(own, "status"), &r->status))
        return error_set(err, ERR_FORMAT, "json decode error: \"clarion\" lacks its scope or its status");
    wants_bound = r->status == ADVISORY_FIXED || r->status == ADVISORY_LAST_AFFECTED;
    return wants_bound == (r->bound.n != 0) ||
           error_set(err, ERR_FORMAT, "json decode error: \"clarion\" has a bound that does not go with its status");
}

// "2.9.14-1.3", or "fixed=2.0.0&introduced=1.6" of languages. Without a fix all versions are affected.
static void take_fix(struct slice fix, struct arena *a, struct advisory *r)
{
    struct slice part, key, value;
    r->status = ADVISORY_AFFECTED;
    if (slice_find(fix, '=') < 0) {
        r->status = fix.n != 0 ? ADVISORY_FIXED : ADVISORY_AFFECTED;
        r->bound = fix;
        return;
    }
    while (fix.n != 0) {
        slice_cut(fix, '&', &part, &fix);
        slice_cut(part, '=', &key, &value);
        value = web_decode(a, value, true);
        if (slice_eq(key, SLICE("introduced")))
            r->introduced = value;
        bool fixed = slice_eq(key, SLICE("fixed")), last = slice_eq(key, SLICE("lastAffected"));
        if ((!fixed && !last) || value.n == 0)
            continue;
        r->status = fixed ? ADVISORY_FIXED : ADVISORY_LAST_AFFECTED;
        r->bound = value;
    }
}

// "x86_64|aarch64", as Clair writes them.
static struct slice arches_of(struct slice pattern, struct arena *a)
{
    struct buf out BUF_AUTO = {0};
    while (pattern.n != 0) {
        struct slice arch;
        slice_cut(pattern, '|', &arch, &pattern);
        buf_addf(&out, "%s%.*s", out.n != 0 ? " " : "", SLICE_ARG(arch));
    }
    return arena_dup(a, buf_slice(&out));
}

// [{"space":"CVE","name":"2022-28391"}], which are two parts of an id.
static struct slice ids_of(yyjson_val *aliases, struct arena *a)
{
    struct buf out BUF_AUTO = {0};
    yyjson_val *item;
    size_t i, most;
    yyjson_arr_foreach(aliases, i, most, item)
    {
        struct slice space = json_str(item, "space"), name = json_str(item, "name");
        buf_addf(&out, "%s%.*s%s%.*s", out.n != 0 ? " " : "", SLICE_ARG(space), space.n != 0 ? "-" : "",
                 SLICE_ARG(name));
    }
    return arena_dup(a, buf_slice(&out));
}

static void take_distribution(yyjson_val *d, struct distribution *out)
{
    *out = (struct distribution){
        .id = json_str(d, "did"),
        .name = json_str(d, "name"),
        .version = json_str(d, "version"),
        .version_id = json_str(d, "version_id"),
        .codename = json_str(d, "version_code_name"),
        .pretty_name = json_str(d, "pretty_name"),
        .cpe = json_str(d, "cpe"),
    };
    if (out->version_id.n == 0) // as Clair has Alpine's
        out->version_id = out->version;
    out->known = out->id.n != 0;
}

static bool take_vulnerability(yyjson_val *value, struct arena *a, struct posted_vulnerability *v, struct error *err)
{
    yyjson_val *package = json_last(value, "package"), *own = json_last(value, "clarion");
    if (!yyjson_is_obj(value))
        return error_set(err, ERR_FORMAT, "json decode error: a vulnerability is an object");
    *v = (struct posted_vulnerability){.document = value, .id = json_str(value, "id")};
    v->record = (struct advisory){
        .package = json_str(package, "name"),
        .of_source = slice_eq(json_str(package, "kind"), SLICE("source")),
        .vulnerability = json_str(value, "name"),
        .severity = json_str(value, "severity"),
        .aliases = ids_of(json_last(value, "Aliases"), a),
        .arch = arches_of(json_str(package, "arch"), a),
        .module = json_str(package, "module"),
    };
    severity_parse(json_str(value, "normalized_severity"), &v->severity); // what is no such word is unknown
    v->repository = json_str(json_last(value, "repository"), "name");
    v->repository_key = json_str(json_last(value, "repository"), "key");
    v->fixed_in = json_str(value, "fixed_in_version");
    take_distribution(json_last(value, "distribution"), &v->distribution);
    if (own != NULL)
        return take_own(own, v, err);
    take_fix(v->fixed_in, a, &v->record);
    if (yyjson_is_true(json_last(value, "Invert"))) // so Clair has what Red Hat says is not affected
        v->record.status = ADVISORY_NOT_AFFECTED;
    return true;
}

bool vulnerabilities_read(yyjson_doc *body, const struct limits *limits, struct arena *a,
                          struct posted_vulnerability **out, size_t *n, struct error *err)
{
    yyjson_val *root = yyjson_doc_get_root(body), *list = json_last(root, "vulnerabilities"), *item;
    size_t i, most;
    *n = 0;
    *out = NULL;
    if (!yyjson_is_obj(root) || (list != NULL && !yyjson_is_arr(list) && !yyjson_is_null(list)))
        return error_set(err, ERR_FORMAT, "json decode error: an object with an array \"vulnerabilities\" is wanted");
    if (yyjson_arr_size(list) > limits->affected_vulnerabilities)
        return error_set(err, ERR_LIMIT,
                         "%zu vulnerabilities are more than the %llu that limit affected_vulnerabilities allows: ask "
                         "for fewer at a time",
                         yyjson_arr_size(list), (unsigned long long)limits->affected_vulnerabilities);
    *out = ARENA_NEW(a, struct posted_vulnerability, yyjson_arr_size(list));
    yyjson_arr_foreach(list, i, most, item) if (!take_vulnerability(item, a, &(*out)[(*n)++], err)) return false;
    return true;
}
