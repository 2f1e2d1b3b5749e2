// The outputs, from a report made by hand: documents with every key, a table that fits and tells no lie.
#include "base/json.h"
#include "base/utf8.h"
#include "output/bom.h"
#include "output/harbor.h"
#include "output/links.h"
#include "output/output.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ARRAY_N(a) (sizeof(a) / sizeof((a)[0]))

static const struct output_options plain;

// ---- a report -------------------------------------------------------------------------------------------------------

static enum severity unknown(const struct advisory *record)
{
    (void)record;
    return SEVERITY_UNKNOWN;
}

static enum severity critical(const struct advisory *record)
{
    (void)record;
    return SEVERITY_CRITICAL;
}

static struct slice updater(struct arena *a, struct slice scope)
{
    return arena_printf(a, "test/%.*s", SLICE_ARG(scope));
}

static const struct matcher matcher = {.name = "debian",
                                       .feeds = {"debian"},
                                       .kind = "deb",
                                       .scheme = &version_dpkg,
                                       .severity = unknown,
                                       .severity_clair = critical,
                                       .clair_updater = updater};

#define PACKAGES 4
#define FINDINGS 5

// All the parts of a report at once, so that a test changes only what it is about.
struct sample {
    struct inventory_package packages[PACKAGES];
    struct inventory_skip skip;
    struct stored_layer stored_layers[2];
    struct report_layer layers[2];
    struct stored_image image;
    struct feed_state feed_state;
    struct generation generation;
    struct report_finding findings[FINDINGS];
    struct report_finding undetermined;
    struct report_feed feed;
    struct report_unmatched unmatched;
    struct slice error;
    struct report_rating ratings[2];
    struct enrichment enrichment;
    struct report report;
};

static struct digest digest_named(char c)
{
    struct digest d = {"sha256:"};
    memset(d.text + 7, c, 64);
    return d;
}

static struct inventory_package package(const char *name, const char *version, const char *source, size_t layer)
{
    return (struct inventory_package){.package = {.kind = SLICE("deb"),
                                                  .name = slice_str(name),
                                                  .version = slice_str(version),
                                                  .arch = SLICE("amd64"),
                                                  .source_name = slice_str(source),
                                                  .source_version = slice_str(version)},
                                      .db = SLICE("var/lib/dpkg/status"),
                                      .layer = layer,
                                      .scanner = "dpkg"};
}

static struct report_finding finding(size_t package_index, const char *id, enum severity s, const char *fixed_in)
{
    static struct report_statement pool[64]; // more than all tests' findings at once
    static size_t used;
    struct report_statement *statement = &pool[used++ % 64];
    *statement =
        (struct report_statement){.matcher = &matcher,
                                  .feed = "debian",
                                  .record = {.scope = SLICE("debian:wheezy"),
                                             .vulnerability = slice_str(id),
                                             .severity = SLICE("high**"),
                                             .description = SLICE("It bleeds."),
                                             .links = SLICE("https://example.org/tracker/x https://example.org/y")},
                                  .fixed_in = slice_str(fixed_in)};
    return (struct report_finding){.package = package_index,
                                   .statements = statement,
                                   .statements_n = 1,
                                   .vulnerability = slice_str(id),
                                   .fixed_in = slice_str(fixed_in),
                                   .severity = s,
                                   .links = SLICE("https://example.org/tracker/x https://example.org/y")};
}

static void make_sample(struct sample *s)
{
    *s = (struct sample){
        .packages = {package("bash", "4.2-1", "bash", 0), package("libssl1.0.0", "1.0.1e-2+deb7u4", "openssl", 1),
                     package("openssl", "1.0.1e-2+deb7u4", "openssl", 1), package("tar", "1.26", "tar", 0)},
        .skip = {1, {SLICE("var/lib/dpkg/status"), SLICE("line 3: no Version"), false}},
        .stored_layers = {{.digest = digest_named('a'), .media_type = SLICE("tar+gzip"), .size = 10},
                          {.digest = digest_named('b'), .created_by = SLICE("RUN x"), .size = 20}},
        .findings = {finding(1, "CVE-2014-0160", SEVERITY_HIGH, "1.0.1e-2+deb7u5"),
                     finding(2, "CVE-2014-0160", SEVERITY_HIGH, "1.0.1e-2+deb7u5"),
                     finding(0, "CVE-2014-6271", SEVERITY_HIGH, "4.2-2"),
                     finding(1, "CVE-2014-0224", SEVERITY_MEDIUM, "1.0.1e-2+deb7u10"),
                     finding(3, "CVE-2005-2541", SEVERITY_NEGLIGIBLE, "")},
        .undetermined = finding(0, "CVE-2020-1", SEVERITY_UNKNOWN, ""),
        .feed_state = {.feed = SLICE("debian"), .segment = digest_named('5'), .records = 99, .updated = 1764000000},
        .feed = {SLICE("debian"), FEED_LOADED, 1764000000, 99, {0}},
        .unmatched = {SLICE("npm"), 3, SLICE("no such feed")},
        .error = SLICE("layer x: broken"),
        .ratings = {{.source = SLICE("nvd"),
                     .by = SLICE("nvd@nist.gov"),
                     .vector = SLICE("CVSS:3.1/AV:A/AC:L/PR:N/UI:R/S:U/C:H/I:N/A:L"),
                     .version = CVSS_3_1,
                     .score = 63,
                     .severity = SEVERITY_MEDIUM},
                    {.source = SLICE("nvd"),
                     .by = SLICE("cna@example.org"),
                     .secondary = true,
                     .vector = SLICE("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
                     .version = CVSS_3_1,
                     .score = 98,
                     .severity = SEVERITY_CRITICAL}},
        .enrichment = {.cve = SLICE("CVE-2014-0160"),
                       .weaknesses = SLICE("CWE-125 CWE-126"),
                       .has_epss = true,
                       .is_exploited = true,
                       .epss = {943580, 999990, SLICE("2026-08-22T00:00:00+0000"), SLICE("v2025.03.14")},
                       .exploited = {SLICE("2022-05-04"), SLICE("2022-05-25"), SLICE("Known"), SLICE("A name"),
                                     SLICE("It bleeds."), SLICE("Update."), SLICE("2025.08.25")}},
    };
    for (size_t i = 0; i < 2; i++)
        s->layers[i] = (struct report_layer){s->stored_layers[i], i == 1};
    s->undetermined.statements[0].undetermined = true;
    s->generation = (struct generation){SLICE("0123456789abcdef"), 1764000000, &s->feed_state, 1};
    s->image =
        (struct stored_image){.manifest = digest_named('c'),
                              .reference = SLICE("demo/image"),
                              .layers = s->stored_layers,
                              .layers_n = 2,
                              .inventory = {.distribution = {.known = true,
                                                             .id = SLICE("debian"),
                                                             .name = SLICE("Debian GNU/Linux"),
                                                             .version = SLICE("7 (wheezy)"),
                                                             .version_id = SLICE("7"),
                                                             .codename = SLICE("wheezy"),
                                                             .pretty_name = SLICE("Debian GNU/Linux 7 (wheezy)")},
                                            .packages = s->packages,
                                            .packages_n = PACKAGES}};
    s->report = (struct report){.image = &s->image,
                                .layers = s->layers,
                                .layers_n = 2,
                                .findings = s->findings,
                                .findings_n = FINDINGS,
                                .feeds = &s->feed,
                                .feeds_n = 1,
                                .enriching = {{.feed = SLICE("nvd"), .state = FEED_MISSING},
                                              {.feed = SLICE("epss"), .state = FEED_MISSING},
                                              {.feed = SLICE("kev"), .state = FEED_IN_ERROR}},
                                .judged = PACKAGES,
                                .generation = s->generation.id,
                                .feeds_of_generation = &s->generation};
}

// Makes the first finding one of which the enrichment feeds know something.
static void enrich(struct sample *s)
{
    struct report_finding *f = &s->findings[0];
    s->enrichment.ratings = s->ratings;
    s->enrichment.ratings_n = 2;
    f->enrichments = &s->enrichment;
    f->enrichments_n = 1;
    f->ratings = f->rating = s->ratings;
    f->ratings_n = 2;
    f->severity_source = SLICE("debian");
    for (size_t i = 0; i < ENRICHING_FEEDS; i++)
        s->report.enriching[i].state = FEED_LOADED;
}

static void write_report(const char *name, const struct sample *s, const struct output_options *options,
                         struct buf *out)
{
    output_named(slice_str(name))->report(&s->report, options, out);
}

// ---- JSON -----------------------------------------------------------------------------------------------------------

// The value at "a/b/2/c", or NULL.
static yyjson_val *at(yyjson_doc *doc, const char *pointer)
{
    return yyjson_doc_ptr_get(doc, pointer);
}

static void assert_str(yyjson_doc *doc, const char *pointer, const char *want)
{
    yyjson_val *value = at(doc, pointer);
    if (!yyjson_is_str(value))
        fail_msg("%s is no string", pointer);
    if (strcmp(yyjson_get_str(value), want) != 0)
        fail_msg("%s is \"%s\", not \"%s\"", pointer, yyjson_get_str(value), want);
}

static void assert_keys(yyjson_doc *doc, const char *pointer, const char *const *keys)
{
    yyjson_val *object = at(doc, pointer), *key, *value;
    size_t i, n, wanted = 0;
    while (keys[wanted] != NULL)
        wanted++;
    yyjson_obj_foreach(object, i, n, key, value)
    {
        if (i >= wanted || strcmp(yyjson_get_str(key), keys[i]) != 0)
            fail_msg("%s: key %zu is %s, not %s", pointer, i, yyjson_get_str(key), i < wanted ? keys[i] : "(none)");
    }
    assert_int_equal(yyjson_obj_size(object), wanted);
}
#define KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})

static yyjson_doc *document(const char *name, const struct sample *s, bool inventory,
                            const struct output_options *options)
{
    struct buf out BUF_AUTO = {0};
    struct error err;
    const struct output *output = output_named(slice_str(name));
    (inventory ? output->inventory : output->report)(&s->report, options, &out);
    assert_true(out.n > 0 && out.p[out.n - 1] == '\n');
    yyjson_doc *doc = json_parse(buf_slice(&out), &err);
    assert_non_null(doc);
    return doc;
}

static void test_json_report(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    s.report.undetermined = &s.undetermined;
    s.report.undetermined_n = 1;
    s.report.unmatched = &s.unmatched;
    s.report.unmatched_n = 1;
    s.report.errors = &s.error;
    s.report.errors_n = 1;
    s.image.inventory.skips = &s.skip;
    s.image.inventory.skips_n = 1;
    s.image.inventory.skips_total = 8;
    yyjson_doc *doc JSON_AUTO = document("json", &s, false, &plain);
    assert_keys(doc, "",
                KEYS("schema", "program", "image", "layers", "packages", "repositories", "findings", "suppressed",
                     "coverage", "generation", "errors"));
    assert_str(doc, "/schema", "clarion/report/1");
    assert_keys(doc, "/image", KEYS("reference", "manifest", "distribution"));
    assert_keys(doc, "/image/distribution", KEYS("id", "version"));
    assert_str(doc, "/image/distribution/version", "7");
    assert_keys(doc, "/layers/0", KEYS("digest", "media_type", "size", "created_by", "indexed"));
    assert_str(doc, "/layers/0/indexed", "before");
    assert_str(doc, "/layers/1/indexed", "now");
    assert_keys(doc, "/packages/0",
                KEYS("id", "name", "version", "kind", "source", "arch", "module", "vendor", "repository", "path",
                     "owned_by", "layer", "purl"));
    assert_keys(doc, "/packages/0/source", KEYS("name", "version"));
    assert_str(doc, "/packages/1/layer", s.stored_layers[1].digest.text);
    assert_keys(doc, "/findings/0",
                KEYS("package", "vulnerability", "aliases", "severity", "severity_source", "published_severity",
                     "fixed_in", "feed", "links", "description", "cvss", "epss", "kev", "known_exploited", "weaknesses",
                     "status", "state", "advisories", "carries_code", "why", "vex"));
    assert_str(doc, "/findings/0/package", yyjson_get_str(at(doc, "/packages/1/id")));
    assert_str(doc, "/findings/0/severity", "High");
    assert_str(doc, "/findings/0/links/1", "https://example.org/y");
    assert_int_equal(yyjson_arr_size(at(doc, "/findings/0/links")), 2);
    assert_str(doc, "/findings/4/fixed_in", "");
    assert_true(yyjson_is_false(at(doc, "/findings/0/kev")) && yyjson_is_obj(at(doc, "/findings/0/epss")));
    assert_keys(doc, "/coverage",
                KEYS("distribution", "end_of_life", "feeds", "enriching", "judged", "unjudged", "unmatched_kinds",
                     "skipped", "undetermined", "vex_unapplied", "decided_by_distribution", "left_out"));
    assert_keys(doc, "/coverage/feeds/0", KEYS("feed", "state", "updated", "records", "error"));
    assert_str(doc, "/coverage/feeds/0/updated", "2025-11-24T16:00:00Z");
    assert_str(doc, "/coverage/unmatched_kinds/0", "npm");
    assert_str(doc, "/coverage/skipped/0/layer", s.stored_layers[1].digest.text);
    assert_str(doc, "/coverage/skipped/1/reason", "7 more, not named one by one");
    assert_str(doc, "/coverage/undetermined/0/vulnerability", "CVE-2020-1");
    assert_str(doc, "/generation/id", "0123456789abcdef");
    assert_str(doc, "/generation/feeds/debian/segment", s.feed_state.segment.text);
    assert_str(doc, "/errors/0", "layer x: broken");
}

static void assert_number(yyjson_doc *doc, const char *pointer, double want)
{
    yyjson_val *value = at(doc, pointer);
    if (!yyjson_is_num(value) || yyjson_get_num(value) != want)
        fail_msg("%s is not %g", pointer, want);
}

static void test_json_enrichments(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    enrich(&s);
    yyjson_doc *doc JSON_AUTO = document("json", &s, false, &plain);
    assert_str(doc, "/findings/0/severity_source", "debian");
    assert_int_equal(yyjson_arr_size(at(doc, "/findings/0/cvss")), 2);
    assert_keys(doc, "/findings/0/cvss/0", KEYS("source", "by", "version", "vector", "score", "severity"));
    assert_str(doc, "/findings/0/cvss/0/version", "3.1");
    assert_number(doc, "/findings/0/cvss/0/score", 6.3);
    assert_str(doc, "/findings/0/cvss/1/severity", "Critical");
    assert_keys(doc, "/findings/0/epss", KEYS("probability", "percentile", "date", "model"));
    assert_number(doc, "/findings/0/epss/probability", 0.94358);
    assert_number(doc, "/findings/0/epss/percentile", 0.99999);
    assert_true(yyjson_is_true(at(doc, "/findings/0/kev")));
    assert_keys(doc, "/findings/0/known_exploited",
                KEYS("added", "due", "ransomware", "name", "description", "action"));
    assert_str(doc, "/findings/0/known_exploited/ransomware", "Known");
    assert_str(doc, "/findings/0/weaknesses/1", "CWE-126");
    assert_int_equal(yyjson_obj_size(at(doc, "/findings/1/known_exploited")), 0);
    assert_str(doc, "/coverage/enriching/0/state", "loaded");
}

static void test_clair_enrichments(void **state)
{
    (void)state;
#define TYPE "/enrichments/message~1vnd.clair.map.vulnerability; enricher=clair."
#define CVSS TYPE "cvss schema=https:~1~1csrc.nist.gov~1schema~1nvd~1api~12.0~1cve_api_json_2.0.schema"
    struct sample s;
    make_sample(&s);
    yyjson_doc *bare JSON_AUTO = document("clair", &s, false, &plain);
    assert_int_equal(yyjson_obj_size(at(bare, "/enrichments")), 0);
    enrich(&s);
    // Two findings of one record are one vulnerability of the document, number 2.
    s.findings[1].enrichments = s.findings[0].enrichments;
    s.findings[1].enrichments_n = 1;
    yyjson_doc *doc JSON_AUTO = document("clair", &s, false, &plain);
    assert_int_equal(yyjson_obj_size(at(doc, "/enrichments")), 3);
    assert_str(doc, "/vulnerabilities/2/name", "CVE-2014-0160");
    assert_int_equal(yyjson_obj_size(at(doc, CVSS "/0")), 1);
    assert_int_equal(yyjson_arr_size(at(doc, CVSS "/0/2")), 1); // the NVD's own rating, not that of others
    assert_keys(doc, CVSS "/0/2/0",
                KEYS("version", "vectorString", "baseScore", "baseSeverity", "attackVector", "attackComplexity",
                     "privilegesRequired", "userInteraction", "scope", "confidentialityImpact", "integrityImpact",
                     "availabilityImpact"));
    assert_number(doc, CVSS "/0/2/0/baseScore", 6.3);
    assert_str(doc, CVSS "/0/2/0/baseSeverity", "MEDIUM");
    assert_str(doc, CVSS "/0/2/0/attackVector", "ADJACENT_NETWORK");
    assert_str(doc, CVSS "/0/2/0/userInteraction", "REQUIRED");
    assert_str(doc, CVSS "/0/2/0/scope", "UNCHANGED");
    assert_str(doc, CVSS "/0/2/0/availabilityImpact", "LOW");
    assert_keys(doc, TYPE "epss schema=none/0/2/0", KEYS("modelVersion", "date", "cve", "epss", "percentile"));
    assert_number(doc, TYPE "epss schema=none/0/2/0/epss", 0.94358);
    assert_keys(doc, TYPE "kev schema=none/0/2/0",
                KEYS("cve", "vulnerability_name", "catalog_version", "date_added", "short_description",
                     "required_action", "due_date", "known_ransomware_campaign_use"));
    // Quay reads the first map for scores, whatever it is.
    s.enrichment.ratings_n = 0;
    yyjson_doc *unrated JSON_AUTO = document("clair", &s, false, &plain);
    assert_true(yyjson_is_arr(at(unrated, CVSS)));
    assert_int_equal(yyjson_obj_size(at(unrated, CVSS "/0")), 0);
    size_t i, n;
    yyjson_val *key, *value;
    yyjson_obj_foreach(at(unrated, "/enrichments"), i, n, key, value)
    {
        assert_int_equal(strstr(yyjson_get_str(key), "clair.cvss") != NULL, i == 0);
    }
#undef CVSS
#undef TYPE
}

// ---- bills of materials ---------------------------------------------------------------------------------------------

static const char *property(yyjson_doc *doc, const char *pointer, const char *name)
{
    yyjson_val *list = at(doc, pointer), *item;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, item)
    {
        if (strcmp(yyjson_get_str(yyjson_obj_get(item, "name")), name) == 0)
            return yyjson_get_str(yyjson_obj_get(item, "value"));
    }
    return NULL;
}

static void assert_property(yyjson_doc *doc, const char *pointer, const char *name, const char *want)
{
    const char *value = property(doc, pointer, name);
    if (value == NULL || strcmp(value, want) != 0)
        fail_msg("%s: %s is %s, not %s", pointer, name, value != NULL ? value : "(missing)", want);
}

static void test_cyclonedx_report(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    enrich(&s);
    s.findings[1].enrichments = s.findings[0].enrichments;
    s.findings[1].enrichments_n = 1;
    s.findings[1].ratings = s.findings[1].rating = s.ratings;
    s.findings[1].ratings_n = 2;
    s.findings[1].severity_source = SLICE("debian");
    s.findings[1].links = s.findings[0].links = SLICE("https://example.org/a javascript:x https://example.org/\"");
    s.report.undetermined = &s.undetermined;
    s.report.undetermined_n = 1;
    s.packages[2].owner = SLICE("deb:libssl1.0.0");
    s.enrichment.weaknesses = SLICE("CWE-125 NVD-CWE-noinfo");
    yyjson_doc *doc JSON_AUTO = document("cyclonedx", &s, false, &plain);
    assert_str(doc, "/metadata/timestamp", "1970-01-01T00:00:00Z"); // of the generation, whose time is not set here
    assert_str(doc, "/metadata/component/name", "demo/image");
    assert_str(doc, "/components/0/type", "operating-system");
    assert_property(doc, "/components/0/properties", "clarion:distribution:codename", "wheezy");
    assert_str(doc, "/components/2/bom-ref", "package:2");
    assert_property(doc, "/components/2/properties", "clarion:source", "openssl");
    assert_property(doc, "/components/2/properties", "clarion:layer", s.stored_layers[1].digest.text);
    assert_int_equal(yyjson_arr_size(at(doc, "/dependencies/0/dependsOn")), 1 + PACKAGES);
    assert_str(doc, "/dependencies/1/ref", "package:3");
    assert_str(doc, "/dependencies/1/dependsOn/0", "package:2");
    // One vulnerability of two packages, and the others, with what is not determined yet.
    assert_int_equal(yyjson_arr_size(at(doc, "/vulnerabilities")), FINDINGS);
    assert_str(doc, "/vulnerabilities/0/id", "CVE-2014-0160");
    assert_str(doc, "/vulnerabilities/0/affects/0/ref", "package:2");
    assert_str(doc, "/vulnerabilities/0/affects/1/ref", "package:3");
    assert_str(doc, "/vulnerabilities/0/affects/0/versions/0/status", "affected");
    assert_str(doc, "/vulnerabilities/0/affects/0/versions/1/version", "1.0.1e-2+deb7u5");
    assert_str(doc, "/vulnerabilities/0/recommendation",
               "Update libssl1.0.0 to 1.0.1e-2+deb7u5, openssl to 1.0.1e-2+deb7u5.");
    // The rating that counts is of another severity than the finding: the finding's comes first.
    assert_str(doc, "/vulnerabilities/0/ratings/0/severity", "high");
    assert_int_equal(yyjson_arr_size(at(doc, "/vulnerabilities/0/ratings")), 3);
    assert_str(doc, "/vulnerabilities/0/ratings/1/method", "CVSSv31");
    assert_number(doc, "/vulnerabilities/0/ratings/1/score", 6.3);
    assert_int_equal(yyjson_arr_size(at(doc, "/vulnerabilities/0/cwes")), 1);
    assert_number(doc, "/vulnerabilities/0/cwes/0", 125);
    assert_int_equal(yyjson_arr_size(at(doc, "/vulnerabilities/0/advisories")), 1);
    assert_property(doc, "/vulnerabilities/0/properties", "clarion:link", "javascript:x");
    assert_property(doc, "/vulnerabilities/0/properties", "clarion:epss:probability", "0.943580");
    assert_property(doc, "/vulnerabilities/0/properties", "clarion:kev:ransomware", "Known");
    assert_str(doc, "/vulnerabilities/3/ratings/0/severity", "info");
    assert_str(doc, "/vulnerabilities/4/analysis/state", "in_triage");
    assert_str(doc, "/vulnerabilities/4/affects/0/versions/0/status", "unknown");
    assert_null(at(doc, "/vulnerabilities/0/analysis"));
    assert_str(doc, "/compositions/0/aggregate", "unknown");
    assert_int_equal(yyjson_arr_size(at(doc, "/compositions/1/vulnerabilities")), FINDINGS);
}

static void test_boms_say_what_is_missing(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    s.report.unmatched = &s.unmatched;
    s.report.unmatched_n = 1;
    s.report.unjudged = 3;
    s.image.inventory.skips = &s.skip;
    s.image.inventory.skips_n = 1;
    s.image.inventory.skips_total = 8;
    yyjson_doc *partly JSON_AUTO = document("cyclonedx", &s, false, &plain);
    assert_str(partly, "/compositions/0/aggregate", "unknown");
    assert_str(partly, "/compositions/1/aggregate", "incomplete");
    assert_property(partly, "/metadata/properties", "clarion:coverage:unmatched",
                    "3 packages of kind npm: no such feed");
    s.report.errors = &s.error;
    s.report.errors_n = 1;
    yyjson_doc *doc JSON_AUTO = document("cyclonedx", &s, true, &plain);
    assert_str(doc, "/compositions/0/aggregate", "incomplete");
    assert_property(doc, "/metadata/component/properties", "clarion:image:lost", "layer x: broken");
    assert_property(doc, "/metadata/component/properties", "clarion:image:skipped",
                    "var/lib/dpkg/status: line 3: no Version");
    assert_null(at(doc, "/vulnerabilities"));
    assert_null(at(doc, "/metadata/properties"));
    yyjson_doc *spdx JSON_AUTO = document("spdx", &s, false, &plain);
    assert_non_null(strstr(yyjson_get_str(at(spdx, "/comment")), "Parts of the image could not be read"));
    const char *image = yyjson_get_str(at(spdx, "/packages/0/annotations/0/comment"));
    assert_non_null(strstr(image, "\"image:lost\":\"layer x: broken\""));
    assert_non_null(
        strstr(image, "\"image:skipped\":[\"var/lib/dpkg/status: line 3: no Version\",\"7 more, not named"));
    assert_non_null(strstr(yyjson_get_str(at(spdx, "/annotations/0/comment")), "3 packages of kind npm: no such feed"));
}

static void test_spdx_report(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    s.findings[2].links = SLICE("javascript:x");
    s.packages[2].owner = SLICE("deb:libssl1.0.0");
    yyjson_doc *doc JSON_AUTO = document("spdx", &s, false, &plain);
    assert_str(doc, "/packages/0/primaryPackagePurpose", "CONTAINER");
    assert_str(doc, "/packages/1/name", "debian");
    assert_str(doc, "/packages/3/SPDXID", "SPDXRef-Package-2");
    assert_str(doc, "/packages/3/externalRefs/0/referenceType", "purl");
    assert_int_equal(yyjson_arr_size(at(doc, "/packages/3/externalRefs")), 3);
    assert_str(doc, "/packages/3/externalRefs/1/referenceCategory", "SECURITY");
    assert_str(doc, "/packages/3/externalRefs/1/referenceLocator", "https://example.org/tracker/x");
    assert_str(doc, "/packages/3/externalRefs/1/comment", "CVE-2014-0160: High (debian), fixed in 1.0.1e-2+deb7u5");
    // Nothing can be pointed to.
    assert_int_equal(yyjson_arr_size(at(doc, "/packages/2/externalRefs")), 1);
    assert_str(doc, "/packages/2/annotations/1/comment", "CVE-2014-6271: High (debian), fixed in 4.2-2");
    assert_str(doc, "/packages/5/externalRefs/1/comment", "CVE-2005-2541: Negligible (debian), no fix known");
    assert_str(doc, "/relationships/5/relationshipType", "CONTAINED_BY");
    assert_str(doc, "/relationships/5/relatedSpdxElement", "SPDXRef-Package-2");
    yyjson_doc *index JSON_AUTO = document("spdx", &s, true, &plain);
    assert_int_equal(yyjson_arr_size(at(index, "/packages/3/externalRefs")), 1);
    assert_null(at(index, "/annotations"));
}

// What was decided, in the formats' own words.
static void test_boms_of_decisions(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    const struct vex_document vex = {.format = "OpenVEX", .file = SLICE("v.json"), .id = SLICE("urn:v")};
    const struct vex_statement statement = {.document = &vex,
                                            .number = 2,
                                            .status = VEX_NOT_AFFECTED,
                                            .justification = SLICE("vulnerable_code_not_in_execute_path"),
                                            .impact = SLICE("never called"),
                                            .timestamp = 1764000000};
    const struct ignore_rule rule = {.reason = SLICE("accepted"), .who = SLICE("us"), .until = SLICE("2027-01-01")};
    s.findings[0].decision = (struct report_decision){.statement = &statement};
    s.findings[1].decision = (struct report_decision){.rule = &rule};
    s.report.suppressed = s.findings;
    s.report.suppressed_n = 2;
    s.report.findings = s.findings + 2;
    s.report.findings_n = FINDINGS - 2;
    yyjson_doc *doc JSON_AUTO = document("cyclonedx", &s, false, &plain);
    assert_int_equal(yyjson_arr_size(at(doc, "/vulnerabilities")), FINDINGS); // those of two decisions are two
    assert_str(doc, "/vulnerabilities/3/analysis/state", "not_affected");
    assert_str(doc, "/vulnerabilities/3/analysis/justification", "code_not_reachable");
    assert_str(doc, "/vulnerabilities/3/analysis/lastUpdated", "2025-11-24T16:00:00Z");
    assert_str(doc, "/vulnerabilities/3/analysis/detail",
               "VEX: not_affected (vulnerable_code_not_in_execute_path): never called; statement 2 of urn:v");
    assert_property(doc, "/vulnerabilities/3/properties", "clarion:suppressed_by", "vex");
    assert_null(at(doc, "/vulnerabilities/4/analysis/state"));
    assert_str(doc, "/vulnerabilities/4/analysis/detail", "ignored: accepted (us) until 2027-01-01");
    yyjson_doc *spdx JSON_AUTO = document("spdx", &s, false, &plain);
    assert_str(spdx, "/packages/4/externalRefs/1/comment",
               "CVE-2014-0160: suppressed; High (debian), fixed in 1.0.1e-2+deb7u5; ignored: accepted (us) until "
               "2027-01-01");
}

static void test_boms_are_named_by_what_they_say(void **state)
{
    (void)state;
    static const char *const names[] = {"cyclonedx", "/serialNumber", "spdx", "/documentNamespace"};
    struct sample s, other;
    make_sample(&s);
    make_sample(&other);
    other.packages[3].package.version = SLICE("1.27");
    for (size_t i = 0; i < ARRAY_N(names); i += 2) {
        yyjson_doc *one JSON_AUTO = document(names[i], &s, true, &plain);
        yyjson_doc *two JSON_AUTO = document(names[i], &other, true, &plain);
        const char *a = yyjson_get_str(at(one, names[i + 1])), *b = yyjson_get_str(at(two, names[i + 1]));
        assert_int_equal(strlen(a), sizeof BOM_UNNAMED - 1);
        assert_string_not_equal(a, BOM_UNNAMED);
        assert_string_not_equal(a, b);
        assert_int_equal(a[sizeof "urn:uuid:" - 1 + 14], '8');
        assert_non_null(strchr("89ab", a[sizeof "urn:uuid:" - 1 + 19]));
    }
}

static void test_plain_links(void **state)
{
    (void)state;
    static const char *const good[] = {"https://example.org", "http://a-b.example.org:8080/x?y=(1)&z#f",
                                       "HTTPS://example.org/%41"};
    static const char *const bad[] = {"",
                                      "https://",
                                      "ftp://example.org/",
                                      "javascript:alert(1)",
                                      "https://localhost/",
                                      "https://127.0.0.1/",
                                      "https://user@example.org/",
                                      "https://exa mple.org/",
                                      "https://-a.example/",
                                      "https://example.org:port/",
                                      "https://example.org:/",
                                      "https://example..org/",
                                      "https://example.org/\"",
                                      "https://example.org/<",
                                      "https://example.org/\x01",
                                      "https://example.org/\xc3\xa4",
                                      "https://example.org/%4",
                                      "https://example.org/#a#b",
                                      "https://example.org\\x"};
    for (size_t i = 0; i < ARRAY_N(good); i++)
        if (!is_plain_link(slice_str(good[i])))
            fail_msg("%s is a link", good[i]);
    for (size_t i = 0; i < ARRAY_N(bad); i++)
        if (is_plain_link(slice_str(bad[i])))
            fail_msg("%s is no link", bad[i]);
    assert_false(is_plain_link(SLICE("https://example.org/\0")));
}

static void test_json_says_what_was_left_out_of_the_image(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    struct slice remark = SLICE("a member that is no layer");
    s.image.remarks = &remark;
    s.image.remarks_n = 1;
    s.stored_layers[0].skip_reason = SLICE("foreign layer");
    yyjson_doc *doc JSON_AUTO = document("json", &s, false, &plain);
    assert_str(doc, "/coverage/skipped/0/reason", "a member that is no layer");
    assert_str(doc, "/coverage/skipped/1/reason", "foreign layer");
    assert_str(doc, "/coverage/skipped/1/layer", s.stored_layers[0].digest.text);
}

static void test_json_of_an_empty_image(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    s.image.inventory = (struct inventory){0};
    static const struct generation none;
    s.report = (struct report){.image = &s.image, .coverage = COVERAGE_UNKNOWN, .feeds_of_generation = &none};
    yyjson_doc *doc JSON_AUTO = document("json", &s, false, &plain);
    assert_int_equal(yyjson_arr_size(at(doc, "/packages")), 0);
    assert_true(yyjson_is_arr(at(doc, "/packages")) && yyjson_is_arr(at(doc, "/errors")));
    assert_str(doc, "/coverage/distribution", "unknown");
    assert_str(doc, "/image/distribution/id", "");
    assert_str(doc, "/generation/id", "");
}

static void test_json_index(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    yyjson_doc *doc JSON_AUTO = document("json", &s, true, &plain);
    assert_keys(doc, "", KEYS("schema", "image", "layers", "packages", "repositories", "coverage", "errors"));
    assert_str(doc, "/schema", "clarion/index/1");
    assert_int_equal(yyjson_arr_size(at(doc, "/packages")), PACKAGES);
    assert_true(yyjson_is_arr(at(doc, "/coverage/skipped")));
}

static void test_only_fixed(void **state)
{
    (void)state;
    static const struct output_options only_fixed = {.only_fixed = true};
    struct sample s;
    make_sample(&s);
    s.report.undetermined = &s.undetermined;
    s.report.undetermined_n = 1;
    yyjson_doc *doc JSON_AUTO = document("json", &s, false, &only_fixed);
    assert_int_equal(yyjson_arr_size(at(doc, "/findings")), 4);
    yyjson_doc *clair JSON_AUTO = document("clair", &s, false, &only_fixed);
    assert_int_equal(yyjson_obj_size(at(clair, "/vulnerabilities")), 3);
    struct buf table BUF_AUTO = {0};
    write_report("table", &s, &only_fixed, &table);
    assert_true(slice_find_slice(buf_slice(&table), SLICE("CVE-2005-2541")) < 0);
    assert_true(slice_find_slice(buf_slice(&table), SLICE("1 finding without a fix is left out")) >= 0);
}

static void test_bytes_that_are_no_text(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    s.packages[0].package.name = slice_of("a\xff\0\x1b[31m\"", 9);
    for (int i = 0; i < 2; i++) {
        yyjson_doc *doc JSON_AUTO = document("json", &s, i == 1, &plain);
        assert_non_null(at(doc, "/packages/0/name"));
        yyjson_doc *clair JSON_AUTO = document("clair", &s, i == 1, &plain);
        assert_non_null(at(clair, "/packages/1/name"));
        yyjson_doc *cyclonedx JSON_AUTO = document("cyclonedx", &s, i == 1, &plain);
        assert_non_null(at(cyclonedx, "/components/1/name"));
        yyjson_doc *spdx JSON_AUTO = document("spdx", &s, i == 1, &plain);
        assert_non_null(at(spdx, "/packages/2/name"));
    }
    struct buf table BUF_AUTO = {0};
    write_report("table", &s, &plain, &table);
    assert_true(utf8_valid(buf_slice(&table)));
    assert_true(slice_find(buf_slice(&table), '\x1b') < 0);
}

// ---- Clair ----------------------------------------------------------------------------------------------------------

// What Quay's schemas require of each part, and of which type.
static void assert_strings(yyjson_val *object, const char *const *keys)
{
    for (size_t i = 0; keys[i] != NULL; i++)
        if (!yyjson_is_str(yyjson_obj_get(object, keys[i])))
            fail_msg("%s is no string", keys[i]);
}

static void check_clair_inventory(yyjson_doc *doc, size_t packages)
{
    yyjson_val *root = yyjson_doc_get_root(doc), *key, *value, *map = yyjson_obj_get(root, "packages");
    yyjson_val *environments = yyjson_obj_get(root, "environments");
    size_t i, n;
    assert_int_equal(yyjson_obj_size(map), packages);
    yyjson_obj_foreach(map, i, n, key, value)
    {
        assert_strings(value, KEYS("id", "name", "version", "normalized_version", "cpe"));
        assert_string_equal(yyjson_get_str(key), yyjson_get_str(yyjson_obj_get(value, "id")));
        assert_strings(yyjson_obj_get(value, "source"), KEYS("id", "name", "version", "normalized_version", "cpe"));
        assert_true(yyjson_is_null(yyjson_obj_get(yyjson_obj_get(value, "source"), "detector")));
        yyjson_val *list = yyjson_obj_get(environments, yyjson_get_str(key));
        assert_true(yyjson_arr_size(list) >= 1);
        assert_strings(yyjson_arr_get_first(list), KEYS("package_db", "introduced_in", "distribution_id"));
        assert_true(yyjson_is_null(yyjson_obj_get(yyjson_arr_get_first(list), "repository_ids")));
    }
    map = yyjson_obj_get(root, "distributions");
    yyjson_obj_foreach(map, i, n, key, value)
    {
        assert_int_equal(yyjson_obj_size(value), 9);
        assert_strings(value, KEYS("id", "did", "name", "version", "version_code_name", "version_id", "arch", "cpe",
                                   "pretty_name"));
    }
    assert_true(yyjson_is_obj(yyjson_obj_get(root, "repository")));
}

static void test_clair_report(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    s.report.undetermined = &s.undetermined;
    s.report.undetermined_n = 1;
    yyjson_doc *doc JSON_AUTO = document("clair", &s, false, &plain);
    assert_keys(doc, "",
                KEYS("manifest_hash", "packages", "distributions", "repository", "environments", "vulnerabilities",
                     "package_vulnerabilities", "PackageNotVulnerable", "enrichments"));
    check_clair_inventory(doc, PACKAGES);
    assert_str(doc, "/packages/2/detector", "urn:claircore:detector:dpkg:2:package");
    // libssl1.0.0 and openssl come from one source, and share its record.
    assert_str(doc, "/packages/2/source/id", yyjson_get_str(at(doc, "/packages/3/source/id")));
    assert_int_equal(yyjson_obj_size(at(doc, "/vulnerabilities")), 5);
    assert_str(doc, "/package_vulnerabilities/2/0", yyjson_get_str(at(doc, "/package_vulnerabilities/3/0")));
    assert_int_equal(yyjson_arr_size(at(doc, "/package_vulnerabilities/2")), 2);
    assert_int_equal(yyjson_arr_size(at(doc, "/package_vulnerabilities/1")), 2); // the undetermined one counts here
    yyjson_val *map = at(doc, "/vulnerabilities"), *key, *value;
    size_t i, n, shellshock = 0;
    yyjson_obj_foreach(map, i, n, key, value)
    {
        assert_string_equal(yyjson_get_str(key), yyjson_get_str(yyjson_obj_get(value, "id")));
        assert_strings(value, KEYS("id", "updater", "name", "description", "issued", "links", "severity",
                                   "normalized_severity", "fixed_in_version"));
        assert_int_equal(yyjson_obj_size(yyjson_obj_get(value, "distribution")), 9);
        assert_strings(yyjson_obj_get(value, "repository"), KEYS("cpe"));
        assert_strings(yyjson_obj_get(value, "Self"), KEYS("space", "name"));
        assert_true(yyjson_is_null(yyjson_obj_get(value, "Aliases")));
        assert_true(yyjson_is_false(yyjson_obj_get(value, "Invert")));
        if (strcmp(yyjson_get_str(yyjson_obj_get(value, "name")), "CVE-2014-6271") != 0)
            continue;
        shellshock++;
        assert_string_equal(yyjson_get_str(yyjson_obj_get(value, "updater")), "test/debian:wheezy");
        assert_string_equal(yyjson_get_str(yyjson_obj_get(value, "fixed_in_version")), "4.2-2");
        assert_string_equal(yyjson_get_str(yyjson_obj_get(value, "normalized_severity")), "Critical");
        assert_string_equal(yyjson_get_str(yyjson_obj_get(value, "severity")), "high**");
    }
    assert_int_equal(shellshock, 1);
}

// A record of two ranges, each without a fix, of which two installed versions meet one each: Clair has both.
static void test_clair_keeps_ranges_apart(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    struct report_statement ranges[2];
    for (size_t i = 0; i < 2; i++) {
        ranges[i] = s.findings[0].statements[0];
        ranges[i].fixed_in = SLICE("");
        ranges[i].record.status = ADVISORY_LAST_AFFECTED;
        s.findings[i] = s.findings[0];
        s.findings[i].statements = &ranges[i];
        s.findings[i].package = 1 + i; // two of one source
    }
    ranges[0].record.bound = SLICE("1.5");
    ranges[1].record.introduced = SLICE("2.0");
    ranges[1].record.bound = SLICE("2.5");
    s.report.findings_n = 2;
    yyjson_doc *doc JSON_AUTO = document("clair", &s, false, &plain);
    assert_int_equal(yyjson_obj_size(at(doc, "/vulnerabilities")), 2);
    ranges[1].record = ranges[0].record;
    yyjson_doc *same JSON_AUTO = document("clair", &s, false, &plain);
    assert_int_equal(yyjson_obj_size(at(same, "/vulnerabilities")), 1);
}

// ---- where packages come from ---------------------------------------------------------------------------------------

static void python_clair(struct arena *a, const struct advisory *record, struct match_clair *value)
{
    (void)a, (void)record;
    value->repository = SLICE("pypi");
    value->uri = SLICE("https://pypi.org/");
    value->self_space = SLICE("GHSA");
    value->self_name = SLICE("1");
}

// Packages of languages have a repository and no source; rpm packages those of the image, by their CPEs.
static void test_clair_repositories(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    struct matcher python = matcher;
    python.clair = python_clair;
    struct inventory_repository named[] = {{.id = SLICE("rhel-9-baseos")}, {.id = SLICE("rhel-9-other")}};
    struct slice cpes[] = {SLICE("cpe:/o:redhat:enterprise_linux:9::baseos")};
    struct report_repository repositories[] = {{&named[0], cpes, 1}, {&named[1], NULL, 0}};
    s.image.inventory.repositories = named;
    s.image.inventory.repositories_n = 2;
    s.packages[0].package.kind = s.packages[3].package.kind = SLICE("python");
    s.packages[1].package.kind = s.packages[2].package.kind = SLICE("rpm");
    s.packages[1].package.repository = SLICE("rhel-9-other");
    s.findings[0] = s.findings[2]; // of the first package
    s.findings[0].statements[0].matcher = &python;
    s.findings[0].statements[0].record.package = SLICE("bash");
    s.report.findings_n = 1;
    // An inventory alone knows the names that the image has.
    yyjson_doc *index JSON_AUTO = document("clair", &s, true, &plain);
    assert_int_equal(yyjson_obj_size(at(index, "/repository")), 3);
    assert_str(index, "/repository/1/name", "pypi");
    assert_str(index, "/repository/1/uri", "https://pypi.org/simple");
    assert_null(at(index, "/repository/1/key"));
    assert_str(index, "/repository/1/cpe", "");
    assert_str(index, "/repository/2/name", "rhel-9-baseos");
    assert_str(index, "/repository/2/key", "rhel-cpe-repository");
    assert_str(index, "/repository/2/uri", "repoid=rhel-9-baseos");
    assert_str(index, "/environments/1/0/repository_ids/0", "1");
    assert_str(index, "/environments/1/0/distribution_id", "");
    assert_str(index, "/environments/2/0/distribution_id", "1");
    assert_int_equal(yyjson_arr_size(at(index, "/environments/2/0/repository_ids")), 1);
    assert_str(index, "/environments/2/0/repository_ids/0", "3");
    assert_int_equal(yyjson_arr_size(at(index, "/environments/3/0/repository_ids")), 2); // of one of them
    assert_str(index, "/packages/1/source/name", "");
    assert_null(at(index, "/packages/1/source/kind"));
    assert_str(index, "/packages/4/source/id", yyjson_get_str(at(index, "/packages/1/source/id")));
    s.report.repositories = repositories;
    s.report.repositories_n = 2;
    yyjson_doc *doc JSON_AUTO = document("clair", &s, false, &plain);
    assert_str(doc, "/repository/2/name", "cpe:2.3:o:redhat:enterprise_linux:9:*:baseos:*:*:*:*:*");
    assert_str(doc, "/repository/2/cpe", "cpe:2.3:o:redhat:enterprise_linux:9:*:baseos:*:*:*:*:*");
    assert_str(doc, "/repository/3/name", "rhel-9-other");
    assert_str(doc, "/vulnerabilities/1/repository/name", "pypi");
    assert_str(doc, "/vulnerabilities/1/repository/uri", "https://pypi.org/");
    assert_str(doc, "/vulnerabilities/1/distribution/did", "");
    assert_str(doc, "/vulnerabilities/1/Self/space", "GHSA");
    assert_str(doc, "/vulnerabilities/1/package/name", "bash");
    assert_str(doc, "/vulnerabilities/1/package/kind", "binary");
}

// What Clair's scanners call the place of a package, and its version in numbers.
static void test_clair_names(void **state)
{
    static const struct {
        const char *kind, *db, *version, *package_db, *normalized;
    } cases[] = {
        {"deb", "var/lib/dpkg/status", "1", "var/lib/dpkg/status", ""},
        {"rpm", "var/lib/rpm/rpmdb.sqlite", "1", "sqlite:var/lib/rpm", ""},
        {"rpm", "usr/lib/sysimage/rpm/Packages.db", "1", "ndb:usr/lib/sysimage/rpm", ""},
        {"rpm", "var/lib/rpm/Packages", "1", "bdb:var/lib/rpm", ""},
        {"rpm", "Packages", "1", "Packages", ""},
        {"python", "opt/lib/jinja2-3.0.3.dist-info/METADATA", "3.0.3.post4", "python:opt/lib",
         "pep440:0.3.0.3.0.0.0.0.4.0"},
        {"python", "opt/lib/x.egg-info", "1!2rc1", "python:opt/lib", "pep440:1.2.0.0.0.0.-1.1.0.0"},
        {"python", "METADATA", "no version", "python:.", ""},
        {"gem", "usr/specifications/a-1.gemspec", "1", "ruby:usr/specifications/a-1.gemspec", ""},
        {"go", "usr/bin/x", "v1.20.3-rc.1", "go:usr/bin/x", "semver:0.1.20.3.0.0.0.0.0.0"},
        {"go", "usr/bin/x", "(devel)", "go:usr/bin/x", ""},
        {"go", "usr/bin/x", "1.2.3.4", "go:usr/bin/x", ""},
        {"go", "usr/bin/x", "1.", "go:usr/bin/x", ""},
        {"go", "usr/bin/x", "v12345678901", "go:usr/bin/x", "semver:0.123456789.0.0.0.0.0.0.0.0"},
        {"npm", "a/node_modules/b/package.json", "1.2", "nodejs:a/node_modules/b/package.json",
         "semver:0.1.2.0.0.0.0.0.0.0"},
        {"maven", "app.war!WEB-INF/lib/a.jar", "1", "maven:app.war:WEB-INF/lib/a.jar", ""},
        {"cargo", "usr/bin/y", "1.0.0", "usr/bin/y", ""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct sample s;
        make_sample(&s);
        s.packages[0].package.kind = slice_str(cases[i].kind);
        s.packages[0].package.version = slice_str(cases[i].version);
        s.packages[0].db = slice_str(cases[i].db);
        yyjson_doc *doc JSON_AUTO = document("clair", &s, true, &plain);
        assert_str(doc, "/environments/1/0/package_db", cases[i].package_db);
        assert_str(doc, "/packages/1/normalized_version", cases[i].normalized);
    }
}

// Releases that Clair has fixed words for, and those that it takes as the image has them.
static void test_clair_releases(void **state)
{
    static const struct {
        struct distribution image;
        const char *name, *version, *codename, *version_id, *cpe, *pretty_name;
    } cases[] = {
        {{.id = SLICE("rhel"),
          .name = SLICE("Red Hat Enterprise Linux"),
          .version = SLICE("9.4 (Plow)"),
          .version_id = SLICE("9.4"),
          .cpe = SLICE("cpe:/o:redhat:enterprise_linux:9::baseos")},
         "Red Hat Enterprise Linux Server",
         "9",
         "",
         "9",
         "cpe:2.3:o:redhat:enterprise_linux:9:*:*:*:*:*:*:*",
         "Red Hat Enterprise Linux Server 9"},
        {{.id = SLICE("ol"), .version_id = SLICE("8.10")},
         "Oracle Linux Server",
         "8",
         "Oracle Linux 8",
         "8",
         "",
         "Oracle Linux Server 8"},
        {{.id = SLICE("ubuntu"),
          .name = SLICE("Ubuntu"),
          .version = SLICE("22.04.3 LTS (Jammy Jellyfish)"),
          .version_id = SLICE("22.04"),
          .codename = SLICE("jammy"),
          .pretty_name = SLICE("Ubuntu 22.04.3 LTS")},
         "Ubuntu",
         "22.04 (Jammy)",
         "jammy",
         "22.04",
         "",
         "Ubuntu 22.04"},
        {{.id = SLICE("photon"), .version_id = SLICE("3.0")},
         "VMware Photon OS",
         "3.0",
         "",
         "3.0",
         "",
         "VMware Photon OS/Linux"},
        {{.id = SLICE("alpine"), .name = SLICE("Alpine Linux"), .version_id = SLICE("3.18.4")},
         "Alpine Linux",
         "3.18",
         "",
         "",
         "",
         ""},
        {{.id = SLICE("amzn"),
          .name = SLICE("Amazon Linux"),
          .version = SLICE("2023"),
          .version_id = SLICE("2023"),
          .cpe = SLICE("cpe:2.3:o:amazon:amazon_linux:2023"),
          .pretty_name = SLICE("Amazon Linux 2023")},
         "Amazon Linux",
         "2023",
         "",
         "2023",
         "cpe:2.3:o:amazon:amazon_linux:2023:*:*:*:*:*:*:*",
         "Amazon Linux 2023"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct sample s;
        make_sample(&s);
        s.image.inventory.distribution = cases[i].image;
        s.image.inventory.distribution.known = true;
        yyjson_doc *doc JSON_AUTO = document("clair", &s, true, &plain);
        assert_str(doc, "/distributions/1/name", cases[i].name);
        assert_str(doc, "/distributions/1/version", cases[i].version);
        assert_str(doc, "/distributions/1/version_code_name", cases[i].codename);
        assert_str(doc, "/distributions/1/version_id", cases[i].version_id);
        assert_str(doc, "/distributions/1/cpe", cases[i].cpe);
        assert_str(doc, "/distributions/1/pretty_name", cases[i].pretty_name);
    }
}

// A record for some architectures of a module.
static void test_clair_arches(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    struct advisory *r = &s.findings[0].statements[0].record;
    r->arch = SLICE("aarch64 x86_64");
    r->module = SLICE("nodejs:18");
    r->of_source = true;
    s.report.findings_n = 1;
    yyjson_doc *doc JSON_AUTO = document("clair", &s, false, &plain);
    assert_str(doc, "/vulnerabilities/1/package/arch", "aarch64|x86_64");
    assert_str(doc, "/vulnerabilities/1/package/module", "nodejs:18");
    assert_str(doc, "/vulnerabilities/1/package/kind", "source");
    assert_str(doc, "/vulnerabilities/1/arch_op", "pattern match");
    assert_null(at(doc, "/vulnerabilities/2"));
}

static void test_aliases(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    s.findings[0].aliases = s.findings[0].statements[0].record.aliases = SLICE("GHSA-x8cg-fq8g-mxfx 13661");
    s.report.findings_n = 1;
    yyjson_doc *doc JSON_AUTO = document("json", &s, false, &plain);
    assert_str(doc, "/findings/0/aliases/0", "GHSA-x8cg-fq8g-mxfx");
    assert_int_equal(yyjson_arr_size(at(doc, "/findings/0/aliases")), 2);
    yyjson_doc *clair JSON_AUTO = document("clair", &s, false, &plain);
    assert_str(clair, "/vulnerabilities/1/Aliases/0/space", "GHSA");
    assert_str(clair, "/vulnerabilities/1/Aliases/0/name", "x8cg-fq8g-mxfx");
    assert_str(clair, "/vulnerabilities/1/Aliases/1/space", "");
    assert_str(clair, "/vulnerabilities/1/Aliases/1/name", "13661");
}

static void test_clair_index(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    yyjson_doc *doc JSON_AUTO = document("clair", &s, true, &plain);
    assert_keys(
        doc, "",
        KEYS("manifest_hash", "packages", "distributions", "repository", "environments", "state", "success", "err"));
    check_clair_inventory(doc, PACKAGES);
    assert_str(doc, "/state", "IndexFinished");
    assert_str(doc, "/err", "");
    assert_true(yyjson_is_true(at(doc, "/success")));
    s.report.errors = &s.error;
    s.report.errors_n = 1;
    yyjson_doc *broken JSON_AUTO = document("clair", &s, true, &plain);
    assert_str(broken, "/state", "IndexError");
    assert_str(broken, "/err", "layer x: broken");
    assert_true(yyjson_is_false(at(broken, "/success")));
}

static void test_clair_distributions(void **state)
{
    (void)state;
    static const struct {
        const char *version, *version_id, *want, *want_id;
    } cases[] = {
        {"7 (wheezy)", "7", "7 (wheezy)", "7"},
        {"", "3.18.4", "3.18", ""},
        {"", "3.18", "3.18", ""},
        {"", "", "", ""},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct sample s;
        make_sample(&s);
        s.image.inventory.distribution.version = slice_str(cases[i].version);
        s.image.inventory.distribution.version_id = slice_str(cases[i].version_id);
        yyjson_doc *doc JSON_AUTO = document("clair", &s, true, &plain);
        assert_str(doc, "/distributions/1/version", cases[i].want);
        assert_str(doc, "/distributions/1/version_id", cases[i].want_id);
        s.image.inventory.distribution.known = false;
        yyjson_doc *unknown JSON_AUTO = document("clair", &s, true, &plain);
        assert_int_equal(yyjson_obj_size(at(unknown, "/distributions")), 0);
        assert_str(unknown, "/environments/1/0/distribution_id", "");
    }
}

// ---- table ----------------------------------------------------------------------------------------------------------

static struct slice table_of(const struct sample *s, const struct output_options *options, struct arena *a)
{
    struct buf out BUF_AUTO = {0};
    write_report("table", s, options, &out);
    return arena_dup(a, buf_slice(&out));
}

static void assert_says(struct slice text, const char *what)
{
    if (slice_find_slice(text, slice_str(what)) < 0)
        fail_msg("\"%s\" is not in:\n%.*s", what, (int)text.n, text.p);
}

static void assert_silent(struct slice text, const char *what)
{
    if (slice_find_slice(text, slice_str(what)) >= 0)
        fail_msg("\"%s\" is in:\n%.*s", what, (int)text.n, text.p);
}

static void test_table(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct sample s;
    make_sample(&s);
    struct slice text = table_of(&s, &plain, &a);
    assert_says(text, "demo/image  sha256:cccc");
    assert_says(text, "Debian GNU/Linux 7 (wheezy), 4 packages in 2 layers\n");
    assert_says(text, "\nHigh        openssl      1.0.1e-2+deb7u4  1.0.1e-2+deb7u5   CVE-2014-0160  "
                      "https://example.org/tracker/x\n");
    assert_says(text, "\nNegligible  tar          1.26             -                 CVE-2005-2541  ");
    assert_says(text, "5 findings in 4 packages: 3 high, 1 medium, 1 negligible\n");
    assert_says(text, "4 of 5 are fixed by a plain update of 2 packages: openssl, bash\n");
    assert_says(text, "Feeds: debian of 2025-11-24 (99 records)\n");
    assert_silent(text, "\x1b");
    assert_silent(text, "Undetermined");
    assert_silent(text, "udged:");
}

static void test_table_scores(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct sample s;
    make_sample(&s);
    assert_says(table_of(&s, &plain, &a),
                "Lacking: CVSS scores (the feed nvd is missing), EPSS (the feed epss is "
                "missing), known exploitation (the feed kev has failed); run `clarion update`\n");
    enrich(&s);
    struct slice text = table_of(&s, &plain, &a);
    assert_says(text, "\nSEVERITY    CVSS  EPSS   KEV  PACKAGE ");
    assert_says(text, "\nHigh        6.3   94.4%  yes  libssl1.0.0 ");
    assert_says(text, "\nHigh        -     -      -    openssl ");
    assert_says(text, "\n1 is known to be exploited (CISA's catalogue).\n");
    assert_silent(text, "Lacking");
    // Scores of which there is none take no room.
    s.enrichment.has_epss = s.enrichment.is_exploited = false;
    text = table_of(&s, &plain, &a);
    assert_says(text, "\nSEVERITY    CVSS  PACKAGE ");
    assert_silent(text, "exploited");
    s.enrichment.has_epss = true;
    s.enrichment.epss.probability = 370;
    assert_says(table_of(&s, &plain, &a), "  0.04%  ");
}

static void test_table_is_no_wider_than_the_terminal(void **state)
{
    (void)state;
    for (int columns = 60; columns <= 140; columns++) {
        struct arena a ARENA_AUTO = {0};
        struct sample s;
        make_sample(&s);
        if (columns % 2 == 0)
            enrich(&s);
        s.packages[0].package.name = SLICE("a-package-with-a-very-long-n\xc3\xa4me-indeed-that-does-not-fit-anywhere");
        struct output_options options = {.columns = columns};
        struct slice line, rest = table_of(&s, &options, &a);
        size_t ids = 0, links = 0;
        assert_true(utf8_valid(rest));
        for (size_t i = 0; slice_next_line(&rest, &line); i++) {
            bool in_grid = slice_starts(line, SLICE("SEVERITY")) || slice_starts(line, SLICE("High")) ||
                           slice_starts(line, SLICE("Medium")) || slice_starts(line, SLICE("Negligible")) ||
                           slice_starts(line, SLICE("  "));
            if (in_grid && utf8_columns(line) > (size_t)columns)
                fail_msg("%d columns: %.*s", columns, SLICE_ARG(line));
            ids += slice_find_slice(line, SLICE("CVE-20")) >= 0;
            links += slice_find_slice(line, SLICE("https://example.org/tracker/x")) >= 0;
        }
        assert_int_equal(ids, FINDINGS);
        assert_in_range(links, 4, 5); // one for each row, or one for each id
    }
}

static void test_table_colours(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct sample s;
    make_sample(&s);
    struct output_options options = {.color = true, .columns = 200};
    assert_says(table_of(&s, &options, &a), "\n\x1b[31mHigh\x1b[0m        openssl");
}

static void test_table_never_calls_the_unknown_clean(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct sample s;
    make_sample(&s);
    s.report.findings_n = 0;
    struct slice text = table_of(&s, &plain, &a);
    assert_says(text, "No known vulnerabilities in 4 packages.\n");
    s.report.judged = 1;
    s.report.unjudged = 3;
    s.report.unmatched = &s.unmatched;
    s.report.unmatched_n = 1;
    text = table_of(&s, &plain, &a);
    assert_says(text, "No known vulnerabilities in the 1 package that could be judged.\n");
    assert_says(text, "Not judged: 3 npm packages: no such feed\n");
    s.report.judged = 0;
    s.report.unjudged = 4;
    text = table_of(&s, &plain, &a);
    assert_says(text, "NOT JUDGED: nothing is known about vulnerabilities in the 4 packages.\n");
    assert_silent(text, "No known vulnerabilities");
    s.image.inventory.packages_n = 0;
    s.report.unjudged = 0;
    text = table_of(&s, &plain, &a);
    assert_says(text, "NOT JUDGED: no package was found, though a distribution was");
    assert_silent(text, "No known vulnerabilities");
    s.image.inventory.distribution.known = false;
    text = table_of(&s, &plain, &a);
    assert_says(text, "No packages were found in this image");
    assert_silent(text, "No known vulnerabilities");
    struct slice error = SLICE("a layer is cut short");
    s.report.errors = &error;
    s.report.errors_n = 1;
    text = table_of(&s, &plain, &a);
    assert_says(text, "No packages were found in what could be read of this image.\n");
    assert_silent(text, "nothing to judge");
}

static void test_table_says_what_is_missing(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct sample s;
    make_sample(&s);
    s.report.undetermined = &s.undetermined;
    s.report.undetermined_n = 1;
    s.report.errors = &s.error;
    s.report.errors_n = 1;
    s.report.coverage = COVERAGE_END_OF_LIFE;
    s.report.end_of_life = SLICE("2018-05-31");
    s.image.inventory.skips_total = 2;
    s.feed.state = FEED_STALE;
    s.feed.error = SLICE("it broke");
    struct slice text = table_of(&s, &plain, &a);
    assert_says(text, "Undetermined: 1 ");
    assert_says(text, "INCOMPLETE: layer x: broken\n");
    assert_says(text, "no security support since 2018-05-31");
    assert_says(text, "Passed over: 2 ");
    assert_says(text, "STALE");
    assert_says(text, "last update failed: it broke");
    s.report.findings += FINDINGS - 1;
    s.report.findings_n = 1;
    assert_says(table_of(&s, &plain, &a), "None of them has a fix yet.\n");
}

// Packages of one name in several versions are named once; of many the first.
static void test_table_names_updates_once(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct sample s;
    make_sample(&s);
    for (size_t i = 0; i < 3; i++) {
        s.packages[i] = package("twice", "1", "twice", 0);
        s.packages[i].package.source_version = i == 0 ? SLICE("1") : SLICE("2");
    }
    s.report.findings_n = 4;
    assert_says(table_of(&s, &plain, &a), "4 of 4 are fixed by a plain update of 2 packages: twice\n");
}

// ---- SARIF ----------------------------------------------------------------------------------------------------------

#define MANY 25010 // GitHub refuses more than 25000

// The least severe are left out, wherever they stand, and the document says so.
static void test_sarif_limit(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct sample s;
    make_sample(&s);
    struct report_finding *findings = ARENA_NEW(&a, struct report_finding, MANY);
    for (size_t i = 0; i < MANY; i++) {
        findings[i] = s.findings[i % 2 == 0 ? 0 : 3]; // high, medium
        findings[i].vulnerability = arena_printf(&a, "CVE-2020-%zu", i);
    }
    findings[7].severity = SEVERITY_LOW;
    s.report.findings = findings;
    s.report.findings_n = MANY;
    struct error err;
    struct buf text BUF_AUTO = {0};
    write_report("sarif", &s, &plain, &text);
    yyjson_doc *doc JSON_AUTO = json_parse(buf_slice(&text), &err);
    yyjson_val *results = at(doc, "/runs/0/results");
    assert_int_equal(yyjson_arr_size(results), 25000);
    assert_int_equal(yyjson_arr_size(at(doc, "/runs/0/tool/driver/rules")), 25000);
    size_t high = 0;
    yyjson_arr_iter each;
    yyjson_arr_iter_init(results, &each);
    for (yyjson_val *r; (r = yyjson_arr_iter_next(&each)) != NULL;) {
        high += yyjson_equals_str(yyjson_obj_get(r, "level"), "error");
        assert_false(yyjson_equals_str(yyjson_obj_get(r, "ruleId"), "CVE-2020-7"));
    }
    assert_int_equal(high, MANY / 2);
    assert_says(buf_slice(&text), "10 results, the least severe, are left out");
    assert_says(buf_slice(&text), "GitHub shows the 5000 most severe of these 25000 results.");
}

// GitHub's severity, which it makes of a number, is the report's.
static void test_sarif_severities(void **state)
{
    (void)state;
    static const struct {
        enum severity severity;
        int score; // -1: none
        const char *level, *number;
    } cases[] = {
        {SEVERITY_CRITICAL, 98, "error", "9.8"}, {SEVERITY_CRITICAL, 63, "error", "9.5"},
        {SEVERITY_HIGH, 70, "error", "7.0"},     {SEVERITY_HIGH, 98, "error", "8.9"},
        {SEVERITY_MEDIUM, -1, "warning", "6.9"}, {SEVERITY_LOW, 10, "note", "1.0"},
        {SEVERITY_NEGLIGIBLE, 0, "note", "0.1"}, {SEVERITY_UNKNOWN, 98, "warning", NULL},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct sample s;
        make_sample(&s);
        enrich(&s);
        s.report.findings_n = 1;
        s.findings[0].severity = cases[i].severity;
        s.ratings[0].score = cases[i].score;
        s.findings[0].rating = cases[i].score >= 0 ? &s.ratings[0] : NULL;
        yyjson_doc *doc JSON_AUTO = document("sarif", &s, false, &plain);
        assert_str(doc, "/runs/0/results/0/level", cases[i].level);
        if (cases[i].number != NULL)
            assert_str(doc, "/runs/0/tool/driver/rules/0/properties/security-severity", cases[i].number);
        else
            assert_null(at(doc, "/runs/0/tool/driver/rules/0/properties/security-severity"));
    }
}

static void test_sarif_places(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"demo/image", "docker.io/demo/image"},
        {"ghcr.io/org/app:1.2", "ghcr.io/org/app"},
        {"localhost:5000/x:1", "localhost%3A5000/x"},
        {"oci:/srv/My images/a b.oci/", "a%20b.oci"},
        {"/srv/x.tar", "x.tar"},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct arena a ARENA_AUTO = {0};
        struct sample s;
        make_sample(&s);
        s.image.reference = slice_str(cases[i][0]);
        s.packages[1].db = SLICE("srv/\xc3\xa4 #1.jar!WEB-INF/x");
        yyjson_doc *doc JSON_AUTO = document("sarif", &s, false, &plain);
        struct slice want = arena_printf(&a, "%s/srv/%%C3%%A4%%20%%231.jar%%21WEB-INF/x", cases[i][1]);
        assert_str(doc, "/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri", want.p);
    }
}

// What is found in a checkout stands in its own file.
static void test_sarif_folder(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    s.image.kind = SLICE("dir");
    s.image.reference = SLICE(".");
    s.packages[1].db = SLICE("web/package-lock.json");
    yyjson_doc *doc JSON_AUTO = document("sarif", &s, false, &plain);
    assert_str(doc, "/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri", "web/package-lock.json");
    assert_str(doc, "/runs/0/automationDetails/id", "clarion/folder/");
}

// ---- hostile text ---------------------------------------------------------------------------------------------------

#define SCRIPT "<script>alert(1)</script>\"'&]]>\x1b[31m\xff\xe2\x80\xae"

// Wherever it comes from, it is text: nothing that marks up, no control and no byte that is not UTF-8 is left of it.
static void test_hostile_text(void **state)
{
    (void)state;
    static const char *const names[] = {"sarif", "junit", "gitlab", "openvex", "intoto", "html"};
    struct sample s;
    make_sample(&s);
    enrich(&s);
    struct report_statement *statement = &s.findings[0].statements[0];
    struct package *p = &s.packages[1].package;
    p->name = p->version = p->source_name = p->arch = s.packages[1].db = SLICE(SCRIPT);
    s.findings[0].vulnerability = s.findings[0].fixed_in = SLICE(SCRIPT);
    s.findings[0].aliases = s.findings[0].links = s.ratings[0].by = s.ratings[0].vector = SLICE("javascript:" SCRIPT);
    statement->record.description = statement->record.state = statement->record.advisories = SLICE(SCRIPT);
    s.image.reference = s.image.inventory.distribution.pretty_name = s.stored_layers[1].created_by = SLICE(SCRIPT);
    s.report.unmatched = &s.unmatched;
    s.report.unmatched_n = 1;
    s.unmatched.reason = s.error = s.skip.skip.path = s.skip.skip.reason = s.feed.error = SLICE(SCRIPT);
    s.report.errors = &s.error;
    s.report.errors_n = 1;
    s.image.inventory.skips = &s.skip;
    s.image.inventory.skips_n = s.image.inventory.skips_total = 1;
    for (size_t i = 0; i < ARRAY_N(names); i++) {
        struct buf out BUF_AUTO = {0};
        bool is_json = names[i][0] != 'j' && names[i][0] != 'h';
        write_report(names[i], &s, &plain, &out);
        struct slice text = buf_slice(&out);
        assert_true(utf8_valid(text));
        assert_silent(text, "\x1b");
        assert_silent(text, "\xe2\x80\xae");
        assert_says(text, "alert(1)");
        if (is_json) {
            struct error err;
            yyjson_doc *doc JSON_AUTO = json_parse(text, &err);
            assert_non_null(doc);
        } else {
            assert_silent(text, "<script");
            assert_silent(text, "href=\"javascript");
            assert_silent(text, "]]>");
        }
    }
}

// ---- the table of outputs -------------------------------------------------------------------------------------------

static void test_outputs(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool inventory;
    } cases[] = {{"table", false},   {"json", true},    {"clair", true},  {"cyclonedx", true},
                 {"spdx", true},     {"sarif", false},  {"junit", false}, {"gitlab", false},
                 {"openvex", false}, {"intoto", false}, {"html", false}};
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        const struct output *output = output_named(slice_str(cases[i].name));
        assert_non_null(output);
        assert_true(output->report != NULL && output->title != NULL);
        assert_int_equal(output->inventory != NULL, cases[i].inventory);
    }
    assert_null(output_named(SLICE("xml")));
    assert_null(output_named(SLICE("")));
}

static void test_same_report_same_bytes(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    for (size_t i = 0; outputs[i] != NULL; i++) {
        struct buf one BUF_AUTO = {0}, two BUF_AUTO = {0};
        outputs[i]->report(&s.report, &plain, &one);
        outputs[i]->report(&s.report, &plain, &two);
        assert_true(slice_eq(buf_slice(&one), buf_slice(&two)));
    }
}

// ---- Harbor's report ------------------------------------------------------------------------------------------------

static const struct harbor_artifact artifact = {
    .repository = {"library/app", sizeof "library/app" - 1}, .digest = {"sha256:c"}, .mime_type = HARBOR_TYPE_OCI};

static yyjson_doc *harbor_report(const struct sample *s)
{
    struct buf out BUF_AUTO = {0};
    struct error err;
    harbor_write(&s->report, &artifact, 1790000000, &out);
    yyjson_doc *doc = json_parse(buf_slice(&out), &err);
    assert_non_null(doc);
    return doc;
}

static void test_harbor_items(void **state)
{
    struct sample s;
    struct report_rating ratings[4];
    (void)state;
    make_sample(&s);
    enrich(&s);
    ratings[0] = s.ratings[0];
    ratings[1] = (struct report_rating){
        .source = SLICE("debian"), .vector = SLICE("AV:N/AC:L/Au:N/C:P/I:P/A:P"), .version = CVSS_2_0, .score = 75};
    ratings[2] =
        (struct report_rating){.source = SLICE("nvd"), .vector = SLICE("CVSS:4.0/x"), .version = CVSS_4_0, .score = 93};
    ratings[3] = s.ratings[1];
    s.findings[0].ratings = s.findings[0].rating = ratings;
    s.findings[0].ratings_n = 4;
    s.findings[0].links = SLICE("https://example.org/a|b  https://example.org/c");
    yyjson_doc *doc JSON_AUTO = harbor_report(&s);
    assert_int_equal(yyjson_arr_size(at(doc, "/vulnerabilities")), FINDINGS);
    assert_str(doc, "/severity", "High");
    assert_str(doc, "/artifact/digest", "sha256:c");
    assert_null(at(doc, "/artifact/tag"));
    assert_str(doc, "/vulnerabilities/0/id", "CVE-2014-0160");
    assert_str(doc, "/vulnerabilities/0/package", "libssl1.0.0");
    assert_str(doc, "/vulnerabilities/0/fix_version", "1.0.1e-2+deb7u5");
    assert_str(doc, "/vulnerabilities/0/status", "fixed");
    assert_str(doc, "/vulnerabilities/0/links/0", "https://example.org/a%7Cb");
    assert_int_equal(yyjson_arr_size(at(doc, "/vulnerabilities/0/links")), 2);
    assert_number(doc, "/vulnerabilities/0/preferred_cvss/score_v3", 6.3);
    assert_str(doc, "/vulnerabilities/0/preferred_cvss/vector_v3", "CVSS:3.1/AV:A/AC:L/PR:N/UI:R/S:U/C:H/I:N/A:L");
    assert_number(doc, "/vulnerabilities/0/preferred_cvss/score_v2", 7.5);
    assert_str(doc, "/vulnerabilities/0/cwe_ids/1", "CWE-126");
    assert_number(doc, "/vulnerabilities/0/vendor_attributes/CVSS/nvd/V3Score", 6.3); // the first of the two
    assert_number(doc, "/vulnerabilities/0/vendor_attributes/CVSS/nvd/V40Score", 9.3);
    assert_number(doc, "/vulnerabilities/0/vendor_attributes/CVSS/debian/V2Score", 7.5);
    assert_number(doc, "/vulnerabilities/0/vendor_attributes/epss/probability", 0.94358);
    assert_str(doc, "/vulnerabilities/0/vendor_attributes/known_exploited/due", "2022-05-25");
    assert_str(doc, "/vulnerabilities/0/vendor_attributes/source_package", "openssl");
    assert_str(doc, "/vulnerabilities/0/layer/digest", s.stored_layers[1].digest.text);
    assert_str(doc, "/vulnerabilities/4/severity", "Negligible");
    assert_str(doc, "/vulnerabilities/4/status", "affected");
    assert_null(at(doc, "/vulnerabilities/4/preferred_cvss"));
    assert_null(at(doc, "/vulnerabilities/4/fix_version"));
    assert_true(yyjson_is_false(at(doc, "/vulnerabilities/4/vendor_attributes/kev")));
}

// Three findings of one key are one item with three places, where the worst of them stood.
static void test_harbor_same_package(void **state)
{
    struct sample s;
    (void)state;
    make_sample(&s);
    s.packages[0] = s.packages[2] = s.packages[1];
    s.packages[2].db = SLICE("srv/x");
    s.findings[2] = finding(0, "CVE-2014-0160", SEVERITY_HIGH, "");
    yyjson_doc *doc JSON_AUTO = harbor_report(&s);
    assert_int_equal(yyjson_arr_size(at(doc, "/vulnerabilities")), 3);
    assert_int_equal(yyjson_arr_size(at(doc, "/vulnerabilities/0/locations")), 3);
    assert_str(doc, "/vulnerabilities/0/locations/1/path", "srv/x");
    assert_str(doc, "/vulnerabilities/1/id", "CVE-2014-0224");
    assert_int_equal(yyjson_arr_size(at(doc, "/vulnerabilities/1/locations")), 1);
}

// Nothing that was not judged looks clean; what was judged and found clean has no word for its severity.
static void test_harbor_gaps(void **state)
{
    static const char *const expected[] = {"CLARION-NOT-JUDGED", "CLARION-NO-PACKAGES", "CLARION-END-OF-LIFE",
                                           "CLARION-LAYER-NOT-READ", "CLARION-INCOMPLETE"};
    struct sample s;
    (void)state;
    make_sample(&s);
    s.report.findings_n = 0;
    yyjson_doc *clean JSON_AUTO = harbor_report(&s);
    assert_int_equal(yyjson_arr_size(at(clean, "/vulnerabilities")), 0);
    assert_null(at(clean, "/severity"));
    s.report.unmatched = &s.unmatched;
    s.report.unmatched_n = 1;
    s.image.inventory.packages_n = 0;
    s.report.coverage = COVERAGE_END_OF_LIFE;
    s.report.end_of_life = SLICE("2018-05-31");
    s.stored_layers[1].skip_reason = SLICE("foreign");
    s.report.errors = &s.error;
    s.report.errors_n = 1;
    yyjson_doc *doc JSON_AUTO = harbor_report(&s);
    assert_str(doc, "/severity", "Unknown");
    assert_int_equal(yyjson_arr_size(at(doc, "/vulnerabilities")), ARRAY_N(expected));
    for (size_t i = 0; i < ARRAY_N(expected); i++) {
        yyjson_val *item = yyjson_arr_get(at(doc, "/vulnerabilities"), i);
        assert_string_equal(yyjson_get_str(yyjson_obj_get(item, "id")), expected[i]);
        assert_string_equal(yyjson_get_str(yyjson_obj_get(item, "severity")), "Unknown");
    }
    assert_str(doc, "/vulnerabilities/0/package", "all of kind npm");
    assert_str(doc, "/vulnerabilities/0/version", "debian 7");
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");               // for the width of characters, as the program does
    setenv("SOURCE_DATE_EPOCH", "1790000000", 1); // documents that tell when they were made are the same all the time
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_report),
        cmocka_unit_test(test_json_enrichments),
        cmocka_unit_test(test_clair_enrichments),
        cmocka_unit_test(test_cyclonedx_report),
        cmocka_unit_test(test_spdx_report),
        cmocka_unit_test(test_boms_say_what_is_missing),
        cmocka_unit_test(test_boms_of_decisions),
        cmocka_unit_test(test_boms_are_named_by_what_they_say),
        cmocka_unit_test(test_plain_links),
        cmocka_unit_test(test_table_scores),
        cmocka_unit_test(test_json_says_what_was_left_out_of_the_image),
        cmocka_unit_test(test_json_of_an_empty_image),
        cmocka_unit_test(test_json_index),
        cmocka_unit_test(test_only_fixed),
        cmocka_unit_test(test_bytes_that_are_no_text),
        cmocka_unit_test(test_clair_report),
        cmocka_unit_test(test_clair_keeps_ranges_apart),
        cmocka_unit_test(test_clair_repositories),
        cmocka_unit_test(test_clair_names),
        cmocka_unit_test(test_clair_releases),
        cmocka_unit_test(test_clair_arches),
        cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_clair_index),
        cmocka_unit_test(test_clair_distributions),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_table_is_no_wider_than_the_terminal),
        cmocka_unit_test(test_table_colours),
        cmocka_unit_test(test_table_never_calls_the_unknown_clean),
        cmocka_unit_test(test_table_says_what_is_missing),
        cmocka_unit_test(test_table_names_updates_once),
        cmocka_unit_test(test_sarif_limit),
        cmocka_unit_test(test_sarif_severities),
        cmocka_unit_test(test_sarif_places),
        cmocka_unit_test(test_sarif_folder),
        cmocka_unit_test(test_hostile_text),
        cmocka_unit_test(test_outputs),
        cmocka_unit_test(test_same_report_same_bytes),
        cmocka_unit_test(test_harbor_items),
        cmocka_unit_test(test_harbor_same_package),
        cmocka_unit_test(test_harbor_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
