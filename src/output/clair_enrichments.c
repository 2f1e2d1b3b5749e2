// What Clair v4's report says of vulnerabilities beyond their records: its enrichers "clair.cvss", "clair.epss" and
// "clair.kev" (claircore, package enricher), each a map from a vulnerability's id in the document to a list of values.
#include "output/clair.h"

#define TYPE "message/vnd.clair.map.vulnerability; enricher="
#define CVSS TYPE "clair.cvss schema=https://csrc.nist.gov/schema/nvd/api/2.0/cve_api_json_2.0.schema"
#define EPSS TYPE "clair.epss schema=none"
#define KEV  TYPE "clair.kev schema=none"

// ---- values ---------------------------------------------------------------------------------------------------------

// How the NVD's cvssData of version 3 words the metrics of a vector.
static const struct metric {
    const char *name, *key;
    const char *values[4]; // a letter, then its word
} metrics[] = {
    {"AV", "attackVector", {"NNETWORK", "AADJACENT_NETWORK", "LLOCAL", "PPHYSICAL"}},
    {"AC", "attackComplexity", {"LLOW", "HHIGH"}},
    {"PR", "privilegesRequired", {"NNONE", "LLOW", "HHIGH"}},
    {"UI", "userInteraction", {"NNONE", "RREQUIRED"}},
    {"S", "scope", {"UUNCHANGED", "CCHANGED"}},
    {"C", "confidentialityImpact", {"NNONE", "LLOW", "HHIGH"}},
    {"I", "integrityImpact", {"NNONE", "LLOW", "HHIGH"}},
    {"A", "availabilityImpact", {"NNONE", "LLOW", "HHIGH"}},
};

// The value of a metric in a vector; empty when it has none.
static struct slice metric_value(struct slice vector, const char *metric)
{
    while (vector.n != 0) {
        struct slice part, name, value;
        slice_cut(vector, '/', &part, &vector);
        slice_cut(part, ':', &name, &value);
        if (slice_eq(name, slice_str(metric)))
            return value;
    }
    return (struct slice){0};
}

static void add_metric(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct metric *metric, struct slice vector)
{
    struct slice value = metric_value(vector, metric->name);
    for (size_t i = 0; i < 4 && metric->values[i] != NULL; i++)
        if (value.n == 1 && value.p[0] == metric->values[i][0])
            json_add_str(doc, object, metric->key, slice_str(metric->values[i] + 1));
}

static yyjson_mut_val *cvss_value(yyjson_mut_doc *doc, const struct report_rating *r)
{
    static const char *const severities[] = {[CVSS_NONE] = "NONE",
                                             [CVSS_LOW] = "LOW",
                                             [CVSS_MEDIUM] = "MEDIUM",
                                             [CVSS_HIGH] = "HIGH",
                                             [CVSS_CRITICAL] = "CRITICAL"};
    struct cvss parsed;
    struct error err;
    yyjson_mut_val *value = yyjson_mut_obj(doc);
    cvss_parse(r->vector, &parsed, &err); // as it was when it was rated
    int score = cvss_base_score(&parsed);
    json_add_str(doc, value, "version", slice_str(cvss_version_name(r->version)));
    json_add_str(doc, value, "vectorString", r->vector);
    yyjson_mut_obj_add_real(doc, value, "baseScore", score / 10.0);
    json_add_str(doc, value, "baseSeverity", slice_str(severities[cvss_severity(r->version, score)]));
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++)
        add_metric(doc, value, &metrics[i], r->vector);
    return value;
}

// Of the NVD's own ratings that of version 3.1, else 3.0; NULL when there is none of either.
static const struct report_rating *rating_for_clair(const struct enrichment *e)
{
    for (size_t i = 0; i < e->ratings_n; i++)
        if (!e->ratings[i].secondary && (e->ratings[i].version == CVSS_3_1 || e->ratings[i].version == CVSS_3_0))
            return &e->ratings[i];
    return NULL;
}

static yyjson_mut_val *value_of_cvss(yyjson_mut_doc *doc, const struct enrichment *e)
{
    const struct report_rating *rating = rating_for_clair(e);
    return rating != NULL ? cvss_value(doc, rating) : NULL;
}

static yyjson_mut_val *value_of_epss(yyjson_mut_doc *doc, const struct enrichment *e)
{
    if (!e->has_epss)
        return NULL;
    yyjson_mut_val *value = yyjson_mut_obj(doc);
    json_add_str(doc, value, "modelVersion", e->epss.model);
    json_add_str(doc, value, "date", e->epss.date);
    json_add_str(doc, value, "cve", e->cve);
    yyjson_mut_obj_add_real(doc, value, "epss", e->epss.probability / 1e6);
    yyjson_mut_obj_add_real(doc, value, "percentile", e->epss.percentile / 1e6);
    return value;
}

static yyjson_mut_val *value_of_kev(yyjson_mut_doc *doc, const struct enrichment *e)
{
    const struct report_exploited *x = &e->exploited;
    if (!e->is_exploited)
        return NULL;
    yyjson_mut_val *value = yyjson_mut_obj(doc);
    json_add_str(doc, value, "cve", e->cve);
    json_add_str(doc, value, "vulnerability_name", x->name);
    json_add_str(doc, value, "catalog_version", x->catalog);
    json_add_str(doc, value, "date_added", x->added);
    json_add_str(doc, value, "short_description", x->description);
    json_add_str(doc, value, "required_action", x->action);
    json_add_str(doc, value, "due_date", x->due);
    json_add_str(doc, value, "known_ransomware_campaign_use", x->ransomware);
    return value;
}

// ---- maps -----------------------------------------------------------------------------------------------------------

typedef yyjson_mut_val *value_fn(yyjson_mut_doc *doc, const struct enrichment *e);

static yyjson_mut_val *map_of(yyjson_mut_doc *doc, const struct clair_enriched *enriched, size_t n, value_fn *value_of)
{
    yyjson_mut_val *map = yyjson_mut_obj(doc);
    for (size_t i = 0; i < n; i++) {
        const struct report_finding *f = enriched[i].finding;
        yyjson_mut_val *list = yyjson_mut_arr(doc);
        char id[CLAIR_ID];
        for (size_t e = 0; e < f->enrichments_n; e++) {
            yyjson_mut_val *value = value_of(doc, &f->enrichments[e]);
            if (value != NULL)
                yyjson_mut_arr_append(list, value);
        }
        if (yyjson_mut_arr_size(list) != 0)
            clair_add_member(doc, map, clair_id(id, enriched[i].number), list);
    }
    return map;
}

// Quay takes whatever comes first for CVSS scores, so that map is there, if empty, where there is any other.
void clair_add_enrichments(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct clair_enriched *enriched, size_t n)
{
    static const struct {
        const char *type;
        value_fn *value_of;
    } enrichers[] = {{CVSS, value_of_cvss}, {EPSS, value_of_epss}, {KEV, value_of_kev}};
    yyjson_mut_val *object = json_add_obj(doc, root, "enrichments"), *maps[3];
    bool any = false;
    for (size_t i = 0; i < 3; i++) {
        maps[i] = map_of(doc, enriched, n, enrichers[i].value_of);
        any = any || yyjson_mut_obj_size(maps[i]) != 0;
    }
    for (size_t i = 0; any && i < 3; i++)
        if (i == 0 || yyjson_mut_obj_size(maps[i]) != 0)
            yyjson_mut_arr_append(json_add_arr(doc, object, enrichers[i].type), maps[i]);
}
