// Amazon's notices: what their file is read as, and the index that names it.
#include "fixture.h"

#include "feed/repomd.h"

#define PACKAGE(name, epoch, version, arch)                                                                            \
    "<package arch=\"" arch "\" epoch=\"" epoch "\" name=\"" name "\" release=\"1.amzn2\" version=\"" version "\">"    \
    "<filename>x.rpm</filename></package>"
#define CVE(id) "<reference href=\"https://example.org/" id "\" id=\"" id "\" title=\"\" type=\"cve\" />"
#define NOTICE(type, id, references, packages)                                                                         \
    "<update author=\"a\" status=\"final\" type=\"" type "\" version=\"1.4\"><id>" id "</id><title>t</title>"          \
    "<issued date=\"2018-02-07 18:49\" /><severity>Important</severity><description>\n  Fixes &amp; more.\n"           \
    "</description><references>" references "</references><pkglist><collection short=\"c\"><name>n</name>" packages    \
    "</collection></pkglist></update>"

// Of a vulnerability's records: package|bound|arch|advisories|links
static void assert_fixes(struct fixture *f, const char *vulnerability, const char *want)
{
    struct buf got BUF_AUTO = {0};
    advisory_vec records = {0};
    assert_true(segment_vulnerability(f->segment, slice_str(vulnerability), &f->arena, &records, &f->err));
    for (size_t i = 0; i < records.n; i++) {
        const struct advisory *r = &records.v[i];
        buf_addf(&got, "%.*s|%.*s|%.*s|%.*s|%.*s\n", SLICE_ARG(r->package), SLICE_ARG(r->bound), SLICE_ARG(r->arch),
                 SLICE_ARG(r->advisories), SLICE_ARG(r->links));
    }
    if (!slice_eq(buf_slice(&got), slice_str(want)))
        fail_msg("%s:\n%.*sinstead of\n%s", vulnerability, SLICE_ARG(buf_slice(&got)), want);
}

static void test_notices(void **state)
{
    struct fixture *f = *state;
    static const char text[] = "<?xml version=\"1.0\" ?>\n<updates>" NOTICE(
        "security", "ALAS2-2018-1",
        CVE("CVE-2018-0001")
            CVE("CVE-2018-0002") "<reference href=\"https://example.org/r\" id=\"RHSA-1\" type=\"redhat\" />",
        PACKAGE("a", "0", "1.0", "x86_64") PACKAGE("b", "10", "2.0", "noarch") PACKAGE("a", "0", "1.0", "aarch64")
            PACKAGE("a", "0", "1.0", "aarch64") PACKAGE("a", "", "0.9", "x86_64"))
        NOTICE("security", "ALAS2-2018-2", "", PACKAGE("c", "1", "3.0", "x86_64"))
            NOTICE("bugfix", "ALAS2-2018-3", CVE("CVE-2018-0003"), PACKAGE("a", "0", "1.1", "x86_64"))
                NOTICE("security", "ALAS2-2018-4", CVE("CVE-2018-0004"), "")
                    NOTICE("security", "ALAS2-2018-5", CVE("CVE-2018-0005"), "<package name=\"a\" arch=\"x86_64\"/>")
                        NOTICE("security", "", CVE("CVE-2018-0006"), PACKAGE("a", "0", "1.1", "x86_64")) "</updates>";
    for (size_t piece = 1; piece < 100; piece += 13) {
        assert_true(parse_pieces(f, "amazon", "amazon:2", slice_str(text), piece));
        assert_fixes(f, "CVE-2018-0001",
                     "a|0.9-1.amzn2|x86_64|ALAS2-2018-1|https://example.org/CVE-2018-0001\n"
                     "a|1.0-1.amzn2|aarch64 x86_64|ALAS2-2018-1|https://example.org/CVE-2018-0001\n"
                     "b|10:2.0-1.amzn2|noarch|ALAS2-2018-1|https://example.org/CVE-2018-0001\n");
        assert_fixes(f, "ALAS2-2018-2", "c|1:3.0-1.amzn2|x86_64|ALAS2-2018-2|\n");
        assert_fixes(f, "CVE-2018-0003", "");
        assert_int_equal(f->records, 7);
        assert_int_equal(f->left_out, 4); // no security, no package, no version, no id
    }
    assert_says(f, SLICE("ALAS2-2018-2"), "amazon:2|c|fixed|1:3.0-1.amzn2|Important||Fixes & more.\n");
}

static void test_no_notices(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {
        "",
        "x",
        "<updates>",
        "<updates><update></updates>",
        "<html></html>",
        "<updates/>x",
        "<!DOCTYPE u [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><updates>&b;</updates>",
        "<updates><update type=\"security\"><id>\xff</id></update></updates>",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (parse_pieces(f, "amazon", "amazon:2", slice_str(texts[i]), 3))
            fail_msg("%s was read", texts[i]);
        assert_int_equal(f->err.code, ERR_FORMAT);
    }
    f->limits.feed_member_bytes = 200;
    static const char long_one[] = "<updates>" NOTICE(
        "security", "ALAS2-2018-1", CVE("CVE-2018-0001") CVE("CVE-2018-0002") CVE("CVE-2018-0003") CVE("CVE-2018-0004"),
        PACKAGE("a", "0", "1.0", "x86_64")) "</updates>";
    assert_false(parse_pieces(f, "amazon", "amazon:2", slice_str(long_one), 50));
    assert_int_equal(f->err.code, ERR_LIMIT);
}

#define DIGEST       "e46f0308341a01040ee609d6f74032285d7c304499a45d27c961da87c7f0f36e"
#define CHECKSUM     "<checksum type=\"sha256\">" DIGEST "</checksum>"
#define REPOMD(data) "<repomd xmlns=\"http://linux.duke.edu/metadata/repo\"><revision>1</revision>" data "</repomd>"

static void test_index(void **state)
{
    struct fixture *f = *state;
    struct repomd_file file;
    static const char text[] = REPOMD(
        "<data type=\"primary\"><checksum type=\"sha1\">x</checksum><location href=\"p\"/></data>"
        "<data type=\"updateinfo\">" CHECKSUM "<open-checksum type=\"sha256\">y</open-checksum>"
        "<location href=\"repodata/updateinfo.xml.gz\"/></data><data type=\"other\"><location href=\"o\"/></data>");
    if (!repomd_find(slice_str(text), "updateinfo", &f->limits, &f->arena, &file, &f->err))
        fail_msg("%s", f->err.text);
    assert_true(slice_eq(file.location, SLICE("repodata/updateinfo.xml.gz")));
    assert_true(slice_eq(digest_slice(&file.digest), SLICE("sha256:" DIGEST)));
}

static void test_no_index(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text;
        enum error_code code;
    } cases[] = {
        {"", ERR_FORMAT},
        {"<repomd>", ERR_FORMAT},
        {REPOMD(""), ERR_NOT_FOUND},
        {REPOMD("<data type=\"updateinfo\"><location href=\"a\"/></data>"), ERR_FORMAT},
        {REPOMD("<data type=\"updateinfo\">" CHECKSUM "</data>"), ERR_FORMAT},
        {REPOMD("<data type=\"updateinfo\"><checksum type=\"sha1\">x</checksum><location href=\"a\"/></data>"),
         ERR_UNSUPPORTED},
        {REPOMD("<data type=\"updateinfo\">" CHECKSUM "<location href=\"/a\"/></data>"), ERR_FORMAT},
        {REPOMD("<data type=\"updateinfo\">" CHECKSUM "<location href=\"a/../../b\"/></data>"), ERR_FORMAT},
        {REPOMD("<data type=\"updateinfo\">" CHECKSUM "<location href=\"https://example.org/a\"/></data>"), ERR_FORMAT},
        {REPOMD("<data type=\"updateinfo\">" CHECKSUM "<location href=\"a//b\"/></data>"), ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct repomd_file file;
        if (repomd_find(slice_str(cases[i].text), "updateinfo", &f->limits, &f->arena, &file, &f->err))
            fail_msg("%s was read", cases[i].text);
        assert_int_equal(f->err.code, cases[i].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {FEED_TEST(test_notices), FEED_TEST(test_no_notices), FEED_TEST(test_index),
                                       FEED_TEST(test_no_index)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
