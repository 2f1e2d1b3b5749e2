#include "notify/flaw.h"

#include "base/json.h"

// ---- from a report --------------------------------------------------------------------------------------------------

void notice_flaw_of(const struct report *report, const struct report_finding *f, struct arena *a,
                    struct notice_flaw *out)
{
    const struct report_statement *statement = &f->statements[0];
    const struct advisory *r = &statement->record;
    const struct matcher *m = statement->matcher;
    struct match_clair clair = {.severity = r->severity, .fixed_in = statement->fixed_in};
    if (m->clair != NULL)
        m->clair(a, r, &clair);
    *out = (struct notice_flaw){
        .vulnerability = f->vulnerability,
        .aliases = f->aliases,
        .description = r->description,
        .links = f->links,
        .feed = slice_str(statement->feed),
        .severity = f->severity,
        .severity_clair = m->severity_clair(r),
        .fixed_in = f->fixed_in,
        .fixed_in_clair = clair.fixed_in,
        .exploited = finding_exploited(f) != NULL,
        .package = report->image->inventory.packages[f->package].package,
        .of_source = r->of_source,
        .record_package = r->package,
        .distribution = report->image->inventory.distribution,
        .repository = clair.repository,
        .repository_uri = clair.uri,
    };
}

// ---- as JSON --------------------------------------------------------------------------------------------------------

// Members of the document and the texts that they are.
struct flaw_text {
    const char *key;
    struct slice *text;
};

#define FLAW_TEXTS 27

static void texts_of(struct notice_flaw *f, struct flaw_text out[static FLAW_TEXTS])
{
    const struct flaw_text texts[FLAW_TEXTS] = {
        {"vulnerability", &f->vulnerability},
        {"aliases", &f->aliases},
        {"description", &f->description},
        {"links", &f->links},
        {"feed", &f->feed},
        {"fixed_in", &f->fixed_in},
        {"fixed_in_clair", &f->fixed_in_clair},
        {"record_package", &f->record_package},
        {"repository", &f->repository},
        {"repository_uri", &f->repository_uri},
        {"kind", &f->package.kind},
        {"name", &f->package.name},
        {"version", &f->package.version},
        {"arch", &f->package.arch},
        {"module", &f->package.module},
        {"vendor", &f->package.vendor},
        {"source_name", &f->package.source_name},
        {"source_version", &f->package.source_version},
        {"distribution_id", &f->distribution.id},
        {"distribution_id_like", &f->distribution.id_like},
        {"distribution_name", &f->distribution.name},
        {"distribution_version", &f->distribution.version},
        {"distribution_version_id", &f->distribution.version_id},
        {"distribution_codename", &f->distribution.codename},
        {"distribution_pretty_name", &f->distribution.pretty_name},
        {"distribution_cpe", &f->distribution.cpe},
        {"distribution_support_end", &f->distribution.support_end},
    };
    memcpy(out, texts, sizeof texts);
}

void notice_flaw_encode(const struct notice_flaw *flaw, struct buf *out)
{
    struct notice_flaw copy = *flaw;
    struct flaw_text texts[FLAW_TEXTS];
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    texts_of(&copy, texts);
    for (size_t i = 0; i < FLAW_TEXTS; i++)
        json_add_str_if(doc, root, texts[i].key, *texts[i].text);
    json_add_str(doc, root, "severity", slice_str(severity_name(flaw->severity)));
    json_add_str(doc, root, "severity_clair", slice_str(severity_name(flaw->severity_clair)));
    yyjson_mut_obj_add_bool(doc, root, "exploited", flaw->exploited);
    yyjson_mut_obj_add_bool(doc, root, "of_source", flaw->of_source);
    yyjson_mut_obj_add_bool(doc, root, "distribution", flaw->distribution.known);
    json_write(doc, false, out);
}

bool notice_flaw_decode(struct slice text, struct arena *a, struct notice_flaw *out, struct error *err)
{
    struct flaw_text texts[FLAW_TEXTS];
    yyjson_doc *doc JSON_AUTO = json_parse(text, err);
    *out = (struct notice_flaw){0};
    if (doc == NULL)
        return error_wrap(err, "stored flaw");
    yyjson_val *root = yyjson_doc_get_root(doc);
    texts_of(out, texts);
    for (size_t i = 0; i < FLAW_TEXTS; i++)
        *texts[i].text = arena_dup(a, json_str(root, texts[i].key));
    if (!severity_parse(json_str(root, "severity"), &out->severity) ||
        !severity_parse(json_str(root, "severity_clair"), &out->severity_clair) || out->vulnerability.n == 0)
        return error_set(err, ERR_FORMAT, "stored flaw: it lacks its name or its severity");
    out->exploited = yyjson_get_bool(yyjson_obj_get(root, "exploited"));
    out->of_source = yyjson_get_bool(yyjson_obj_get(root, "of_source"));
    out->distribution.known = yyjson_get_bool(yyjson_obj_get(root, "distribution"));
    return true;
}
