// CISA's catalogue of known exploited vulnerabilities.
//
// Form, as www.cisa.gov publishes it with a schema beside it: {"catalogVersion": "2025.08.25", "vulnerabilities":
// [{"cveID", "dateAdded", "dueDate", "knownRansomwareCampaignUse": "Known" or "Unknown", "vulnerabilityName",
// "shortDescription", "requiredAction", …}]}.
#include "advisory/enrichments.h"
#include "advisory/mapping.h"
#include "base/json.h"
#include "feed/feed.h"
#include "feed/json_members.h"

static bool add(struct feed_input *input, struct slice key, struct slice text, struct slice label, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    struct advisory record =
        mapping_record(&scratch, SLICE(ENRICHMENT_KEV), key, (struct mapping_value){.text = text, .label = label});
    return feed_add(input, &record, err);
}

// Without the day it was added, an entry would not be in the catalogue: every one has that. Empty texts say nothing.
static bool take_entry(struct feed_input *input, yyjson_val *entry, struct error *err)
{
    static const char *const members[] = {"dateAdded",         "dueDate",          "knownRansomwareCampaignUse",
                                          "vulnerabilityName", "shortDescription", "requiredAction"};
    struct slice cve = json_str(entry, "cveID");
    if (cve.n == 0 || json_str(entry, "dateAdded").n == 0) {
        struct advisory record = {.scope = SLICE(ENRICHMENT_KEV), .vulnerability = cve};
        feed_leave_out(input, "is an entry without a CVE or a date", &record);
        return true;
    }
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        struct slice text = json_str(entry, members[i]);
        if (text.n != 0 && !add(input, cve, text, slice_str(members[i]), err))
            return false;
    }
    return true;
}

static bool parse(struct feed_input *input, struct error *err)
{
    yyjson_doc *doc JSON_AUTO = json_read_all(input->body, input->limits, err);
    if (doc == NULL)
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc), *entries = yyjson_obj_get(root, "vulnerabilities"), *entry;
    size_t i, n;
    if (!yyjson_is_arr(entries))
        return error_set(err, ERR_FORMAT, "no \"vulnerabilities\" in it");
    segment_add_scope(input->builder, SLICE(ENRICHMENT_KEV));
    struct slice version = json_str(root, "catalogVersion");
    if (version.n != 0 && !add(input, SLICE(ENRICHMENT_KEV_CATALOG), version, SLICE(""), err))
        return false;
    yyjson_arr_foreach(entries, i, n, entry)
    {
        if (!take_entry(input, entry, err))
            return false;
    }
    return true;
}

const struct feed feed_kev = {
    .name = ENRICHMENT_KEV,
    .title = "CISA's known exploited vulnerabilities",
    .url = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
    .version = 1,
    .parse = parse,
    .update = feed_update_one_file,
};
