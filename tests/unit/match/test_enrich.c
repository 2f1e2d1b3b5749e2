// What the enrichment feeds add to findings: ratings, EPSS, known exploitation; whose severity counts; the order.
#include "match/enrich.h"

#include "advisory/enrichments.h"
#include "advisory/mapping.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define ARRAY_N(a) (sizeof(a) / sizeof((a)[0]))
#define NOW        1764000000 // 2025-11-24

#define V2_HIGH      "AV:N/AC:L/Au:N/C:C/I:C/A:C"                   // 10.0
#define V2_LOW       "AV:L/AC:H/Au:M/C:N/I:N/A:P"                   // 0.8
#define V30_MEDIUM   "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N" // 5.3
#define V31_CRITICAL "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" // 9.8
#define V31_HIGH     "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N" // 7.5
#define V31_NONE     "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N" // 0.0
#define NVD          "Primary nvd@nist.gov"
#define CNA          "Secondary cna@example.org"

// ---- a world --------------------------------------------------------------------------------------------------------

static const struct {
    const char *id, *severity, *aliases, *cvss;
} records[] = {
    {"CVE-2024-0001", "not yet assigned", "", ""},    // rated by the NVD, in all versions
    {"CVE-2024-0002", "low", "", ""},                 // by the feed, and by the NVD
    {"CVE-2024-0003", "not yet assigned", "", ""},    // by somebody else whom the NVD names
    {"CVE-2024-0004", "not yet assigned", "", ""},    // by nobody
    {"CVE-2024-0005", "", "", V2_LOW " x " V31_HIGH}, // by its own record, and by the NVD
    {"CVE-1999-0006", "medium", "", ""},
    {"CVE-2024-0007", "", "CVE-2024-0008 X-1", ""}, // by the NVD under another name
};

static const struct {
    const char *scope, *key, *text, *label;
} enrichments[] = {
    {"nvd:2024", "CVE-2024-0001", V2_HIGH, NVD},
    {"nvd:2024", "CVE-2024-0001", V30_MEDIUM, NVD},
    {"nvd:2024", "CVE-2024-0001", V31_CRITICAL, CNA},
    {"nvd:2024", "CVE-2024-0001", "CWE-79", ENRICHMENT_CWE},
    {"nvd:2024", "CVE-2024-0001", "CWE-20", ENRICHMENT_CWE},
    {"nvd:2024", "CVE-2024-0002", V31_CRITICAL, NVD},
    {"nvd:2024", "CVE-2024-0003", V2_LOW, CNA},
    {"nvd:2024", "CVE-2024-0003", V31_NONE, CNA},
    {"nvd:2024", "CVE-2024-0003", "no vector", CNA},
    {"nvd:2024", "CVE-2024-0005", V31_CRITICAL, NVD},
    {"nvd:2024", "CVE-2024-0008", V31_HIGH, NVD},
    {"nvd:2002", "CVE-1999-0006", V2_HIGH, NVD},
    {"epss", "model", "2026-08-22T00:00:00+0000", "v2025.03.14"},
    {"epss", "CVE-2024-0002", "500000 990000", ""},
    {"epss", "CVE-2024-0003", "1 x", ""},
    {"epss", "CVE-2024-0007", "20 30", ""},
    {"epss", "CVE-2024-0008", "600000 40", ""},
    {"kev", "catalog", "2025.08.25", ""},
    {"kev", "CVE-2024-0008", "2024-05-06", "dateAdded"},
    {"kev", "CVE-2024-0008", "2024-05-27", "dueDate"},
    {"kev", "CVE-2024-0008", "Known", "knownRansomwareCampaignUse"},
    {"kev", "CVE-2024-0008", "A name", "vulnerabilityName"},
};

struct world {
    char folder[64];
    struct store_home home;
    struct store store; // its segments alone
    struct generation generation;
    struct feed_state feeds[4];
    struct arena arena;
    struct stored_layer layer;
    struct stored_image image;
    struct report_segments *segments;
};

static void end_feed(struct world *w, const char *name, struct segment_builder *b)
{
    struct error err;
    struct feed_state *state = &w->feeds[w->generation.feeds_n++];
    *state = (struct feed_state){.feed = slice_str(name), .updated = NOW - 10, .checked = NOW - 10, .tried = NOW - 10};
    if (!segment_write(b, w->folder, &state->segment, &state->records, &err))
        fail_msg("%s", err.text);
    segment_builder_free(&b);
}

static void add_debian(struct world *w)
{
    struct limits limits = limits_default();
    struct error err;
    struct segment_builder *b = segment_builder_new("debian", NULL);
    for (size_t i = 0; i < ARRAY_N(records); i++)
        assert_true(segment_add(b,
                                &(struct advisory){.scope = SLICE("debian:wheezy"),
                                                   .package = SLICE("tar"),
                                                   .vulnerability = slice_str(records[i].id),
                                                   .aliases = slice_str(records[i].aliases),
                                                   .of_source = true,
                                                   .severity = slice_str(records[i].severity),
                                                   .cvss = slice_str(records[i].cvss)},
                                &limits, &err));
    end_feed(w, "debian", b);
}

// One of the mappings: those of the enrichments whose scope begins so.
static void add_mapping(struct world *w, const char *name)
{
    struct limits limits = limits_default();
    struct error err;
    struct segment_builder *b = segment_builder_new(name, NULL);
    for (size_t i = 0; i < ARRAY_N(enrichments); i++) {
        struct mapping_value value = {slice_str(enrichments[i].text), slice_str(enrichments[i].label)};
        struct advisory record =
            mapping_record(&w->arena, slice_str(enrichments[i].scope), slice_str(enrichments[i].key), value);
        if (slice_starts(record.scope, slice_str(name)))
            assert_true(segment_add(b, &record, &limits, &err));
    }
    end_feed(w, name, b);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    snprintf(w->folder, sizeof w->folder, "/tmp/clarion-enrich-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    struct error err;
    assert_true(store_home_make(w->folder, SLICE(""), 0, &w->home, &err));
    w->store.home = &w->home;
    w->store.segments = w->folder;
    w->generation = (struct generation){SLICE("0123456789abcdef"), NOW - 5, w->feeds, 0};
    add_debian(w);
    w->image.layers = &w->layer;
    w->image.layers_n = 1;
    struct inventory *inventory = &w->image.inventory;
    inventory->distribution = (struct distribution){
        .known = true, .id = SLICE("debian"), .version_id = SLICE("7"), .codename = SLICE("wheezy")};
    inventory->packages = ARENA_NEW(&w->arena, struct inventory_package, 1);
    inventory->packages_n = 1;
    inventory->packages[0].package = (struct package){.kind = SLICE("deb"),
                                                      .name = SLICE("tar"),
                                                      .version = SLICE("1.26"),
                                                      .source_name = SLICE("tar"),
                                                      .source_version = SLICE("1.26")};
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    report_segments_close(&w->segments);
    DIR *dir = opendir(w->folder);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        unlinkat(dirfd(dir), e->d_name, 0);
    closedir(dir);
    rmdir(w->folder);
    store_home_free(&w->home);
    arena_free(&w->arena);
    free(w);
    return 0;
}

static struct report make(struct world *w)
{
    struct report report;
    struct error err;
    if (w->segments == NULL)
        w->segments = report_segments_open(&w->store, &w->generation);
    if (!report_make(&w->image, &w->generation, w->segments, NOW, &w->arena, &report, &err))
        fail_msg("%s", err.text);
    return report;
}

static void add_all(struct world *w)
{
    add_mapping(w, "epss");
    add_mapping(w, "kev");
    add_mapping(w, "nvd");
}

// "id severity source score" of each finding, in order; without the year and the zeros of the id.
static void assert_order(const struct report *r, const char *want)
{
    struct buf have BUF_AUTO = {0};
    for (size_t i = 0; i < r->findings_n; i++) {
        const struct report_finding *f = &r->findings[i];
        buf_addf(&have, "%c %s %.*s %d\n", f->vulnerability.p[f->vulnerability.n - 1], severity_name(f->severity),
                 SLICE_ARG(f->severity_source), f->rating != NULL ? f->rating->score : -1);
    }
    buf_addc(&have, '\0');
    assert_string_equal(have.p, want);
}

static const struct report_finding *finding(const struct report *r, const char *id)
{
    for (size_t i = 0; i < r->findings_n; i++)
        if (slice_eq(r->findings[i].vulnerability, slice_str(id)))
            return &r->findings[i];
    fail_msg("%s is not there", id);
    return NULL;
}

// The scores of a finding's ratings, in order, those of others in parentheses.
static void assert_ratings(const struct report *r, const char *id, const char *want)
{
    struct buf have BUF_AUTO = {0};
    const struct report_finding *f = finding(r, id);
    for (size_t i = 0; i < f->ratings_n; i++) {
        const struct report_rating *rating = &f->ratings[i];
        buf_addf(&have, rating->secondary ? " (%.*s %s %d)" : " %.*s %s %d", SLICE_ARG(rating->source),
                 cvss_version_name(rating->version), rating->score);
    }
    buf_addc(&have, '\0');
    assert_string_equal(have.p, want);
}

// ---- tests ----------------------------------------------------------------------------------------------------------

static void test_ratings(void **state)
{
    struct world *w = *state;
    add_all(w);
    // The second time from the cache.
    for (int i = 0; i < 2; i++) {
        struct report r = make(w);
        assert_ratings(&r, "CVE-2024-0001", " nvd 3.0 53 nvd 2.0 100 (nvd 3.1 98)");
        assert_ratings(&r, "CVE-2024-0003", " (nvd 3.1 0) (nvd 2.0 8)");
        assert_ratings(&r, "CVE-2024-0004", "");
        assert_ratings(&r, "CVE-2024-0005", " debian 3.1 75 debian 2.0 8 nvd 3.1 98");
        assert_ratings(&r, "CVE-1999-0006", " nvd 2.0 100");
        assert_ratings(&r, "CVE-2024-0007", " nvd 3.1 75");
        const struct report_finding *f = finding(&r, "CVE-2024-0001");
        assert_int_equal(f->enrichments_n, 1);
        assert_true(slice_eq(f->enrichments[0].weaknesses, SLICE("CWE-20 CWE-79")));
        assert_true(slice_eq(f->ratings[0].by, SLICE("nvd@nist.gov")));
        assert_true(slice_eq(f->ratings[2].by, SLICE("cna@example.org")));
        assert_true(slice_eq(f->ratings[0].vector, SLICE(V30_MEDIUM)));
    }
}

static void test_severity(void **state)
{
    struct world *w = *state;
    add_all(w);
    struct report r = make(w);
    const char *feed = "5 High debian 75\n7 High nvd 75\n6 Medium debian 100\n1 Medium nvd 53\n2 Low debian 98\n"
                       "3 Negligible nvd 0\n4 Unknown  -1\n";
    assert_order(&r, feed);
    report_choose_severity(&r, SLICE("nvd"));
    assert_order(&r, "2 Critical nvd 98\n5 Critical nvd 98\n6 High nvd 100\n7 High nvd 75\n1 Medium nvd 53\n"
                     "3 Negligible nvd 0\n4 Unknown  -1\n");
    report_choose_severity(&r, SLICE("highest"));
    assert_order(&r, "1 Critical nvd 100\n2 Critical nvd 98\n5 Critical nvd 98\n6 High nvd 100\n7 High nvd 75\n"
                     "3 Low nvd 8\n4 Unknown  -1\n");
    report_choose_severity(&r, SLICE("debian"));
    assert_order(&r, feed);
    report_choose_severity(&r, SLICE("alpine")); // says nothing of them
    assert_order(&r, feed);
}

static void test_order(void **state)
{
    struct world *w = *state;
    add_all(w);
    struct report r = make(w);
    report_sort(&r, ORDER_CVSS);
    assert_order(&r, "6 Medium debian 100\n2 Low debian 98\n5 High debian 75\n7 High nvd 75\n1 Medium nvd 53\n"
                     "3 Negligible nvd 0\n4 Unknown  -1\n");
    report_sort(&r, ORDER_EPSS);
    assert_order(&r, "7 High nvd 75\n2 Low debian 98\n5 High debian 75\n6 Medium debian 100\n1 Medium nvd 53\n"
                     "3 Negligible nvd 0\n4 Unknown  -1\n");
}

static void test_epss_and_kev(void **state)
{
    struct world *w = *state;
    add_all(w);
    struct report r = make(w);
    assert_null(finding_epss(finding(&r, "CVE-2024-0001")));
    assert_null(finding_epss(finding(&r, "CVE-2024-0003"))); // not a number
    assert_null(finding_exploited(finding(&r, "CVE-2024-0001")));
    const struct report_epss *epss = finding_epss(finding(&r, "CVE-2024-0007"));
    assert_int_equal(epss->probability, 600000); // of its two CVEs the likelier
    assert_int_equal(epss->percentile, 40);
    assert_true(slice_eq(epss->date, SLICE("2026-08-22T00:00:00+0000")) && slice_eq(epss->model, SLICE("v2025.03.14")));
    const struct report_exploited *x = finding_exploited(finding(&r, "CVE-2024-0007"));
    assert_true(slice_eq(x->added, SLICE("2024-05-06")) && slice_eq(x->due, SLICE("2024-05-27")) &&
                slice_eq(x->ransomware, SLICE("Known")) && slice_eq(x->name, SLICE("A name")) &&
                slice_eq(x->catalog, SLICE("2025.08.25")) && x->description.n == 0);
}

// They are no obstacle, and the coverage tells.
static void test_missing_feeds(void **state)
{
    struct world *w = *state;
    add_mapping(w, "kev");
    struct report r = make(w);
    assert_order(&r, "5 High debian 75\n6 Medium debian -1\n2 Low debian -1\n1 Unknown  -1\n3 Unknown  -1\n"
                     "4 Unknown  -1\n7 Unknown  -1\n");
    assert_non_null(finding_exploited(finding(&r, "CVE-2024-0007")));
    assert_int_equal(r.enriching[ENRICHING_NVD].state, FEED_MISSING);
    assert_true(slice_eq(r.enriching[ENRICHING_NVD].feed, SLICE("nvd")));
    assert_int_equal(r.enriching[ENRICHING_EPSS].state, FEED_MISSING);
    assert_int_equal(r.enriching[ENRICHING_KEV].state, FEED_LOADED);
    assert_int_equal(r.enriching[ENRICHING_KEV].records, 5);
    assert_int_equal(r.errors_n, 0);
}

static void test_damaged_feed(void **state)
{
    struct world *w = *state;
    add_all(w);
    memset(w->feeds[3].segment.text + 7, '0', 64); // a segment that is not there
    struct report r = make(w);
    assert_int_equal(r.enriching[ENRICHING_NVD].state, FEED_IN_ERROR);
    assert_int_equal(r.findings_n, ARRAY_N(records));
    assert_non_null(finding_epss(finding(&r, "CVE-2024-0002")));
}

#define WORLD_TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_ratings),      WORLD_TEST(test_severity),      WORLD_TEST(test_order),
        WORLD_TEST(test_epss_and_kev), WORLD_TEST(test_missing_feeds), WORLD_TEST(test_damaged_feed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
