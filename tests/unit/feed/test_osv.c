// OSV records: ranges by events, what is left out, texts, notices of distributions.
#include "archive.h"

// Reads an archive of records, each a JSON text.
static bool parse(struct fixture *f, const char *feed, const char *scope, const char *const *records, size_t n)
{
    struct zip_maker z ZIP_MAKER_AUTO = {0};
    for (size_t i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof name, "%zu.json", i);
        zip_pack(&z, name, slice_str(records[i]));
    }
    return parse_archive(f, feed, scope, zip_end(&z));
}

static void must_parse(struct fixture *f, const char *feed, const char *scope, const char *record)
{
    if (!parse(f, feed, scope, &record, 1))
        fail_msg("%s", f->err.text);
}

// What is said of a vulnerability, each range as "package [introduced, bound)", "]" with the last affected, "*" open.
static void assert_ranges(struct fixture *f, const char *id, const char *want)
{
    struct buf got BUF_AUTO = {0};
    advisory_vec records = {0};
    assert_true(segment_vulnerability(f->segment, slice_str(id), &f->arena, &records, &f->err));
    for (size_t i = 0; i < records.n; i++) {
        const struct advisory *r = &records.v[i];
        buf_addf(&got, "%s%.*s [%.*s, ", i != 0 ? "; " : "", SLICE_ARG(r->package), SLICE_ARG(r->introduced));
        if (r->status == ADVISORY_AFFECTED)
            buf_adds(&got, "*)");
        else
            buf_addf(&got, "%.*s%s", SLICE_ARG(r->bound), r->status == ADVISORY_FIXED ? ")" : "]");
    }
    if (!slice_eq(buf_slice(&got), slice_str(want)))
        fail_msg("%.*s instead of %s", SLICE_ARG(buf_slice(&got)), want);
}

// ---- ranges ---------------------------------------------------------------------------------------------------------

#define AFFECTED(rest)                                                                                                 \
    "{\"id\": \"X-1\", \"affected\": [{\"package\": {\"ecosystem\": \"npm\", \"name\": \"p\"}, " rest "}]}"
#define EVENTS(events) AFFECTED("\"ranges\": [{\"type\": \"SEMVER\", \"events\": [" events "]}]")
#define I(v)           "{\"introduced\": \"" v "\"}"
#define F(v)           "{\"fixed\": \"" v "\"}"
#define L(v)           "{\"last_affected\": \"" v "\"}"
#define LIMIT(v)       "{\"limit\": \"" v "\"}"

static void test_events(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *record, *want, *left_out;
    } cases[] = {
        {EVENTS(I("0")), "p [, *)", ""},
        {EVENTS(I("0") "," F("1.0.0")), "p [, 1.0.0)", ""},
        {EVENTS(I("1.0.0") "," L("1.2.0")), "p [1.0.0, 1.2.0]", ""},
        {EVENTS(F("1.0.0") "," I("0")), "p [, 1.0.0)", ""},
        {EVENTS(I("2.0.0") "," F("1.5.0") "," I("0") "," F("2.10.0") "," I("2.9.0")), "p [, 1.5.0); p [2.0.0, 2.10.0)",
         ""},
        // The first fix ends the range, and a second has nothing to end.
        {EVENTS(I("0") "," F("2.0.0") "," F("1.0.0")), "p [, 1.0.0)", ""},
        {EVENTS(I("0") "," L("1.0.0") "," F("2.0.0")), "p [, 1.0.0]", ""},
        // Events of one version count in the order of the file.
        {EVENTS(I("1.0.0") "," F("2.0.0") "," I("2.0.0") "," F("3.0.0")), "p [1.0.0, 2.0.0); p [2.0.0, 3.0.0)", ""},
        {EVENTS(I("2.0.0") "," F("2.0.0")), "", "has a range that holds no version"},
        {EVENTS(F("2.0.0") "," I("2.0.0")), "p [2.0.0, *)", ""},
        {EVENTS(I("1.0.0-rc.1") "," F("1.0.0")), "p [1.0.0-rc.1, 1.0.0)", ""},
        // Limits cut off; of several the highest does; "*" is none.
        {EVENTS(I("1.0.0") "," LIMIT("2.0.0")), "p [1.0.0, 2.0.0)", ""},
        {EVENTS(I("1.0.0") "," F("3.0.0") "," LIMIT("2.0.0") "," LIMIT("1.5.0")), "p [1.0.0, 2.0.0)", ""},
        {EVENTS(I("1.0.0") "," L("2.0.0") "," LIMIT("2.0.0")), "p [1.0.0, 2.0.0)", ""},
        {EVENTS(I("1.0.0") "," L("1.9.0") "," LIMIT("2.0.0")), "p [1.0.0, 1.9.0]", ""},
        {EVENTS(I("3.0.0") "," LIMIT("2.0.0")), "", "has a range that holds no version"},
        {EVENTS(I("1.0.0") "," LIMIT("2.0.0") "," LIMIT("*")), "p [1.0.0, *)", ""},
        // One object with two events, and an unknown event beside a known one.
        {EVENTS("{\"introduced\": \"1.0.0\", \"fixed\": \"1.1.0\"}"), "p [1.0.0, 1.1.0)", ""},
        {EVENTS("{\"introduced\": \"1.0.0\", \"later\": \"1.1.0\"}"), "p [1.0.0, *)", ""},
        // What is no range.
        {EVENTS(F("1.0.0")), "", "has a range that holds no version"},
        {EVENTS(""), "", "has a range that holds no version"},
        {EVENTS("{}"), "", "has an event of no known kind"},
        {EVENTS("7"), "", "has an event of no known kind"},
        {EVENTS("{\"introduced\": 7}"), "", "has an event without a version"},
        {EVENTS(I("")), "", "has an event without a version"},
        {AFFECTED("\"ranges\": [{\"type\": \"GIT\", \"events\": [" I("0") "]}]"), "", "has a range of commits"},
        {AFFECTED("\"ranges\": [{\"type\": \"LINES\", \"events\": []}]"), "", "has a range of no known type"},
        {AFFECTED("\"ranges\": [null]"), "", "has a range of no known type"},
        {AFFECTED("\"ranges\": []"), "", "names no version"},
        {AFFECTED("\"versions\": []"), "", "names no version"},
        // Listed versions that no range holds stand for themselves.
        {AFFECTED("\"versions\": [\"1.0.0\", \"3.0.0\"]"), "p [1.0.0, 1.0.0]; p [3.0.0, 3.0.0]", ""},
        {AFFECTED(
             "\"versions\": [\"1.0.0\", \"1.9.9\", \"2.0.0\", \"0.9.0\", \"4.0.0\", \"4.0.1\"], \"ranges\": "
             "[{\"type\": \"ECOSYSTEM\", \"events\": [" I("1.0.0") "," F("2.0.0") "," I("3.0.0") "," L("4.0.0") "]}]"),
         "p [0.9.0, 0.9.0]; p [1.0.0, 2.0.0); p [2.0.0, 2.0.0]; p [3.0.0, 4.0.0]; p [4.0.1, 4.0.1]", ""},
        {AFFECTED("\"versions\": [7]"), "", "lists a version that is none"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        must_parse(f, "osv-npm", "", cases[i].record);
        assert_ranges(f, "X-1", cases[i].want);
        if (strcmp(f->reason, cases[i].left_out) != 0)
            fail_msg("%s: left out because it %s", cases[i].record, f->reason);
        assert_int_equal(f->left_out, cases[i].left_out[0] != '\0');
    }
}

static void test_too_many_events(void **state)
{
    struct fixture *f = *state;
    const char *record = EVENTS(I("1.0.0") "," F("1.1.0") "," I("2.0.0"));
    f->limits.feed_range_events = 3;
    assert_true(parse(f, "osv-npm", "", &record, 1));
    f->limits.feed_range_events = 2;
    assert_false(parse(f, "osv-npm", "", &record, 1));
    assert_string_equal(f->err.text, "0.json: X-1 has a range of more than 2 events (limit feed_range_events)");
}

// ---- records --------------------------------------------------------------------------------------------------------

static void test_what_is_left_out(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *record, *left_out;
    } cases[] = {
        {"7", "is no OSV record"},
        {"[]", "is no OSV record"},
        {"{}", "is no OSV record"},
        {"{\"id\": \"X-1\"}", "names no package"},
        {"{\"id\": \"X-1\", \"affected\": []}", "names no package"},
        {"{\"id\": \"X-1\", \"affected\": {\"a\": 1}}", "names no package"},
        {"{\"id\": \"X-1\", \"withdrawn\": \"2020-01-01T00:00:00Z\", \"affected\": [{}]}", "was withdrawn"},
        {"{\"id\": \"X-1\", \"affected\": [7]}", "is of another ecosystem"},
        {"{\"id\": \"X-1\", \"affected\": [{\"package\": {\"ecosystem\": \"PyPI\", \"name\": \"p\"}}]}",
         "is of another ecosystem"},
        {"{\"id\": \"X-1\", \"affected\": [{\"package\": {\"ecosystem\": \"npm\"}, \"versions\": [\"1.0.0\"]}]}",
         "lacks a field, or has one that is too long"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        must_parse(f, "osv-npm", "", cases[i].record);
        assert_string_equal(f->reason, cases[i].left_out);
        assert_int_equal(f->records, 0);
        assert_int_equal(f->left_out, 1);
        assert_true(segment_has_scope(f->segment, SLICE("npm")));
    }
}

static void test_texts(void **state)
{
    struct fixture *f = *state;
    must_parse(
        f, "osv-pypi", "",
        "{\"id\": \"PYSEC-1\", \"aliases\": [\"CVE-1\", \"\", \"a b\", 7, \"GHSA-1\"], \"summary\": \"Flaw \", "
        "\"details\": \"Of a kind.\\n\", \"references\": [{\"type\": \"WEB\", \"url\": \"https://w.test/\"}, "
        "{\"type\": \"FIX\", \"url\": \"https://f.test/\"}, {\"type\": \"ADVISORY\", \"url\": \"https://a.test/\"}, "
        "{\"url\": \"two words\"}, {\"url\": \"https://n.test/\"}], "
        "\"severity\": [{\"type\": \"CVSS_V3\", \"score\": \"CVSS:3.1/x\"}, {\"type\": \"Ubuntu\", \"score\": \"low\"}, "
        "{\"type\": \"CVSS_V4\", \"score\": \"CVSS:4.0/y\"}], \"database_specific\": {\"severity\": \"MODERATE\"}, "
        "\"affected\": [{\"package\": {\"ecosystem\": \"PyPI\", \"name\": \"Foo__Bar.baz\"}, \"versions\": [\"1\"]}, "
        "{\"package\": {\"ecosystem\": \"PyPI:extra\", \"name\": \"b\"}, \"versions\": [\"1\"], "
        "\"severity\": [{\"type\": \"CVSS_V2\", \"score\": \"AV:N/z\"}], "
        "\"database_specific\": {\"severity\": \"HIGH\", \"informational\": \"unsound\"}}]}");
    advisory_vec got = {0};
    assert_true(segment_vulnerability(f->segment, SLICE("PYSEC-1"), &f->arena, &got, &f->err));
    assert_int_equal(got.n, 2);
    const struct advisory *b = &got.v[0], *foo = &got.v[1];
    assert_true(slice_eq(foo->package, SLICE("foo-bar-baz")) && !foo->of_source);
    assert_true(slice_eq(foo->scope, SLICE("pypi")));
    assert_true(slice_eq(foo->description, SLICE("Flaw\n\nOf a kind.")));
    assert_true(slice_eq(foo->aliases, SLICE("CVE-1 GHSA-1")));
    assert_true(slice_eq(foo->links, SLICE("https://a.test/ https://f.test/ https://w.test/ https://n.test/")));
    assert_true(slice_eq(foo->cvss, SLICE("CVSS:3.1/x CVSS:4.0/y")));
    assert_true(slice_eq(foo->severity, SLICE("MODERATE")) && foo->state.n == 0);
    assert_true(slice_eq(b->cvss, SLICE("AV:N/z")));
    assert_true(slice_eq(b->severity, SLICE("HIGH")) && slice_eq(b->state, SLICE("unsound")));
}

// A file that is broken anywhere counts as not read.
static void test_broken(void **state)
{
    struct fixture *f = *state;
    const char *records[] = {EVENTS(I("0")), "{\"id\": \"X-2\""};
    assert_false(parse(f, "osv-npm", "", records, 2));
    assert_true(slice_starts(slice_str(f->err.text), SLICE("1.json: not JSON")));
    assert_false(parse_archive(f, "osv-npm", "", SLICE("PK")));
    struct zip_maker z ZIP_MAKER_AUTO = {0};
    zip_add(&z, "README", SLICE("text"));
    assert_true(parse_archive(f, "osv-npm", "", zip_end(&z)));
    assert_string_equal(f->reason, "is no JSON file");
}

// ---- notices --------------------------------------------------------------------------------------------------------

#define NOTICE(id, cves, summary, affected)                                                                            \
    "{\"id\": \"" id "\", \"related\": [" cves "], \"summary\": \"" summary                                            \
    "\", \"details\": \"d\", \"affected\": [" affected "]}"
#define OF_ALMALINUX(release, name, fixed)                                                                             \
    "{\"package\": {\"ecosystem\": \"AlmaLinux:" release "\", \"name\": \"" name                                       \
    "\"}, \"ranges\": [{\"type\": \"ECOSYSTEM\", \"events\": [" I("0") "," F(fixed) "]}]}"

// "CVE notice package module severity" for each record of the package.
static void assert_notice(struct fixture *f, const char *scope, const char *package, const char *want)
{
    struct buf got BUF_AUTO = {0};
    advisory_vec records = {0};
    assert_true(segment_lookup(f->segment, slice_str(scope), slice_str(package), &f->arena, &records, &f->err));
    for (size_t i = 0; i < records.n; i++) {
        const struct advisory *r = &records.v[i];
        buf_addf(&got, "%.*s|%.*s|%.*s|%.*s|%.*s\n", SLICE_ARG(r->vulnerability), SLICE_ARG(r->advisories),
                 SLICE_ARG(r->bound), SLICE_ARG(r->module), SLICE_ARG(r->severity));
        assert_int_equal(r->aliases.n, 0);
    }
    if (!slice_eq(buf_slice(&got), slice_str(want)))
        fail_msg("%.*sinstead of\n%s", SLICE_ARG(buf_slice(&got)), want);
}

static void test_almalinux(void **state)
{
    struct fixture *f = *state;
    const char *records[] = {
        NOTICE("ALSA-1", "\"CVE-1\", \"CVE-2\", \"RHSA-9\"", "Important: curl security update",
               OF_ALMALINUX("8", "curl", "7.61.1-22.el8") "," OF_ALMALINUX("9", "curl", "7.76.1-1.el9")),
        NOTICE("ALSA-2", "\"CVE-3\"", "Moderate: nodejs:18 and npm:2, security update",
               OF_ALMALINUX("8", "nodejs", "1:18.1-1.module_el8.7.0+1+a")),
        NOTICE("ALSA-3", "\"CVE-4\"", "Low: varnish security update",
               OF_ALMALINUX("8", "varnish", "6.0-1.module_el8.7.0+1+a")),
        NOTICE("ALSA-7", "\"CVE-6\"", "Important: httpd:2.4/mod_http2 security update",
               OF_ALMALINUX("8", "mod_http2", "1.15-1.module_el8.7.0+1+a")),
        NOTICE("ALSA-4", "", "Critical: kernel:4.18.0 security update", OF_ALMALINUX("8", "kernel", "4.18.0-1.el8")),
        NOTICE("ALBA-5", "", "bash bug fix update", OF_ALMALINUX("8", "bash", "5-1.el8")),
        NOTICE("ALBA-6", "\"CVE-5\"", "new module: x:1", OF_ALMALINUX("8", "bash", "6-1.el8")),
    };
    assert_true(parse(f, "almalinux", "almalinux:8", records, sizeof records / sizeof records[0]));
    assert_notice(f, "almalinux:8", "curl",
                  "CVE-1|ALSA-1|7.61.1-22.el8||Important\nCVE-2|ALSA-1|7.61.1-22.el8||Important\n");
    assert_notice(f, "almalinux:8", "nodejs", "CVE-3|ALSA-2|1:18.1-1.module_el8.7.0+1+a|nodejs:18 npm:2|Moderate\n");
    assert_notice(f, "almalinux:8", "varnish", "CVE-4|ALSA-3|6.0-1.module_el8.7.0+1+a|varnish|Low\n");
    assert_notice(f, "almalinux:8", "mod_http2", "CVE-6|ALSA-7|1.15-1.module_el8.7.0+1+a|httpd:2.4|Important\n");
    assert_notice(f, "almalinux:8", "kernel", "ALSA-4|ALSA-4|4.18.0-1.el8||Critical\n");
    assert_notice(f, "almalinux:8", "bash", "CVE-5|ALBA-6|6-1.el8||\n");
    assert_int_equal(f->left_out, 2); // curl of release 9, and the bug fix
}

static void test_rocky(void **state)
{
    struct fixture *f = *state;
    must_parse(
        f, "rocky", "rocky:8",
        "{\"id\": \"RLSA-1\", \"aliases\": [\"CVE-1\"], \"upstream\": [\"CVE-2\"], \"summary\": \"Important: x\", "
        "\"affected\": [{\"package\": {\"ecosystem\": \"Rocky Linux:8\", \"name\": \"bind\", "
        "\"purl\": \"pkg:rpm/rocky-linux/bind?distro=rocky-linux-8&epoch=32\"}, \"ranges\": [{\"type\": \"ECOSYSTEM\", "
        "\"events\": [" I("0") "," F(
            "9.11-1.el8") "]}]}, "
                          "{\"package\": {\"ecosystem\": \"Rocky Linux:8\", \"name\": \"bind\", \"purl\": \"x?epoch=0\"}, "
                          "\"ranges\": [{\"type\": \"ECOSYSTEM\", \"events\": [" I("0") "," F(
                              "9.9-1.el8") "]}]}, "
                                           "{\"package\": {\"ecosystem\": \"Rocky Linux:8\", \"name\": \"bind\", \"purl\": \"x?epoch=2\"}, "
                                           "\"ranges\": [{\"type\": \"ECOSYSTEM\", \"events\": [" I("0") "," F(
                                               "1:9.9-1.el8") "]}]}]}");
    assert_notice(f, "rocky:8", "bind",
                  "CVE-1|RLSA-1|1:9.9-1.el8||Important\nCVE-1|RLSA-1|32:9.11-1.el8||Important\n"
                  "CVE-1|RLSA-1|9.9-1.el8||Important\nCVE-2|RLSA-1|1:9.9-1.el8||Important\n"
                  "CVE-2|RLSA-1|32:9.11-1.el8||Important\nCVE-2|RLSA-1|9.9-1.el8||Important\n");
    advisory_vec got = {0};
    assert_true(segment_vulnerability(f->segment, SLICE("CVE-1"), &f->arena, &got, &f->err));
    assert_true(got.n == 3 && got.v[0].of_source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FEED_TEST(test_events), FEED_TEST(test_too_many_events), FEED_TEST(test_what_is_left_out),
        FEED_TEST(test_texts),  FEED_TEST(test_broken),          FEED_TEST(test_almalinux),
        FEED_TEST(test_rocky),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
