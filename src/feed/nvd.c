// The NVD's CVSS scores and weaknesses of CVEs: for each year one JSON file.
//
// Form: https://nvd.nist.gov/vuln/data-feeds, "JSON 2.0 feeds", with the CVE API's schema cve_api_json_2.0.schema:
// {"vulnerabilities": [{"cve": {"id", "vulnStatus", "metrics": {"cvssMetricV31": [{"source", "type", "cvssData":
// {"vectorString", …}}], …}, "weaknesses": [{"source", "type", "description": [{"value": "CWE-79"}]}]}}]}. A year's
// file unpacks to more than a hundred megabytes, so it is read CVE by CVE.
#include "advisory/enrichments.h"
#include "advisory/mapping.h"
#include "base/clock.h"
#include "enrich/cvss.h"
#include "feed/feed.h"
#include "feed/json_members.h"

#include <stdio.h>

// One CVE on its way.
struct entry {
    struct feed_input *input;
    struct arena arena;
    struct slice id;
};

static void leave_out(struct entry *e, const char *reason)
{
    struct advisory record = {.scope = e->input->scope, .vulnerability = e->id};
    feed_leave_out(e->input, reason, &record);
}

static bool add(struct entry *e, struct slice text, struct slice label, struct error *err)
{
    struct mapping_value value = {.text = text, .label = label};
    struct advisory record = mapping_record(&e->arena, e->input->scope, e->id, value);
    return feed_add(e->input, &record, err);
}

// ---- scores ---------------------------------------------------------------------------------------------------------

// Scores are not read: they follow from the vector (enrich/cvss.h).
static bool take_metric(struct entry *e, yyjson_val *metric, struct error *err)
{
    struct slice vector = json_str(yyjson_obj_get(metric, "cvssData"), "vectorString");
    struct cvss parsed;
    struct error why;
    if (vector.n == 0 || !cvss_parse(vector, &parsed, &why)) {
        leave_out(e, "is a score without a CVSS vector that can be read");
        return true;
    }
    bool primary = slice_eq(json_str(metric, "type"), SLICE(ENRICHMENT_NVD_PRIMARY));
    struct buf label BUF_AUTO = {0};
    buf_adds(&label, primary ? ENRICHMENT_NVD_PRIMARY " " : ENRICHMENT_NVD_SECONDARY " ");
    buf_add(&label, json_str(metric, "source"));
    return add(e, vector, buf_slice(&label), err);
}

static bool take_metrics(struct entry *e, yyjson_val *metrics, struct error *err)
{
    yyjson_val *key, *list, *metric;
    size_t i, j, n, m;
    if (yyjson_obj_size(metrics) == 0)
        leave_out(e, "has no score");
    yyjson_obj_foreach(metrics, i, n, key, list)
    {
        bool is_cvss = slice_starts(json_val_str(key), SLICE("cvssMetric"));
        if (!is_cvss || !yyjson_is_arr(list))
            leave_out(e, "is scored by something else than CVSS");
        yyjson_arr_foreach(list, j, m, metric)
        {
            if (is_cvss && !take_metric(e, metric, err))
                return false;
        }
    }
    return true;
}

// ---- weaknesses -----------------------------------------------------------------------------------------------------

// "NVD-CWE-noinfo" and "NVD-CWE-Other" stand where none is named.
static bool take_weaknesses(struct entry *e, yyjson_val *weaknesses, struct error *err)
{
    yyjson_val *weakness, *description;
    size_t i, j, n, m;
    yyjson_arr_foreach(weaknesses, i, n, weakness)
    {
        yyjson_arr_foreach(yyjson_obj_get(weakness, "description"), j, m, description)
        {
            struct slice name = json_str(description, "value");
            if (!slice_starts(name, SLICE("CWE-")))
                leave_out(e, "names no weakness");
            else if (!add(e, name, SLICE(ENRICHMENT_CWE), err))
                return false;
        }
    }
    return true;
}

// ---- the file -------------------------------------------------------------------------------------------------------

static bool take_cve(struct entry *e, yyjson_val *cve, struct error *err)
{
    e->id = json_str(cve, "id");
    if (e->id.n == 0)
        leave_out(e, "is an entry without an id");
    else if (slice_eq_nocase(json_str(cve, "vulnStatus"), SLICE("Rejected")))
        leave_out(e, "was rejected");
    else
        return take_metrics(e, yyjson_obj_get(cve, "metrics"), err) &&
               take_weaknesses(e, yyjson_obj_get(cve, "weaknesses"), err);
    return true;
}

static bool take_element(void *context, struct slice text, struct error *err)
{
    struct entry e = {.input = context};
    yyjson_doc *doc JSON_AUTO = json_parse(text, err);
    bool ok = doc != NULL && take_cve(&e, yyjson_obj_get(yyjson_doc_get_root(doc), "cve"), err);
    arena_free(&e.arena);
    return ok;
}

static bool parse(struct feed_input *input, struct error *err)
{
    segment_add_scope(input->builder, input->scope);
    return json_for_each_element(input->body, "vulnerabilities", input->limits, take_element, input, err);
}

// ---- the feed -------------------------------------------------------------------------------------------------------

#define URL         "https://nvd.nist.gov/feeds/json/cve/2.0/"
#define MOST_FAILED 4 // files in a row: then the upstream is not there

static bool update(struct feed_run *run, struct error *err)
{
    char now[CLOCK_TEXT];
    uint64_t last = 0;
    int failed = 0; // files in a row
    clock_format(clock_now(), now);
    slice_to_u64(slice_of(now, 4), &last);
    for (uint64_t year = ENRICHMENT_NVD_FIRST_YEAR; year <= last; year++) {
        char url[128], scope[32];
        snprintf(url, sizeof url, URL "nvdcve-2.0-%llu.json.gz", (unsigned long long)year);
        snprintf(scope, sizeof scope, ENRICHMENT_NVD ":%llu", (unsigned long long)year);
        failed = feed_source(run, url, slice_str(scope)) == FEED_FAILED ? failed + 1 : 0;
        if (failed == MOST_FAILED)
            return error_set(err, ERR_NETWORK, "%d files in a row failed, so the others were not asked for", failed);
    }
    return true;
}

const struct feed feed_nvd = {
    .name = ENRICHMENT_NVD,
    .title = "NVD: CVSS scores of CVEs",
    .url = URL,
    .version = 1,
    .parse = parse,
    .update = update,
};
