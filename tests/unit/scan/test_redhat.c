// What Red Hat images say of themselves.
#include "fixture.h"

#define MANIFEST   "root/buildinfo/content_manifests/httpd-24-container-1-191.json"
#define DOCKERFILE "root/buildinfo/Dockerfile-ubi9-httpd-24-1-191"
#define LABELS     "usr/share/buildinfo/labels.json"

// Names of the first database, each behind a blank.
static void assert_names(const struct fixture *f, const char *expected)
{
    struct buf text BUF_AUTO = {0};
    for (size_t i = 0; f->findings.dbs_n != 0 && i < f->findings.dbs[0].n; i++) {
        buf_addc(&text, ' ');
        buf_add(&text, f->findings.dbs[0].packages[i].name);
    }
    assert_slice(buf_slice(&text), expected);
}

static void test_content_sets(void **state)
{
    (void)state;
    static const struct {
        const char *path, *text, *names, *skips;
    } cases[] = {
        {MANIFEST, "{\"metadata\":{\"image_layer_index\":1},\"content_sets\":[\"a-rpms\",\"b-rpms\"]}",
         " a-rpms b-rpms", ""},
        {"usr/share/buildinfo/content_manifests/x.json", "{\"content_sets\":[\"a\"]}", " a", ""},
        {"usr/share/buildinfo/x.json", "{\"content_sets\":[\"a\"],\"from_dnf_hint\":false}", " a", ""},
        {MANIFEST, "{\"content_sets\":[\"a\"],\"from_dnf_hint\":true}", "", ""},
        {MANIFEST, "{\"content_sets\":[\"a\",7,\"\",\"b\"]}", " a b",
         "content set 2 has no name\ncontent set 3 has no name\n"},
        {MANIFEST, "{\"content_sets\":{\"a\":1}}", "", ""},
        {MANIFEST, "[]", "", ""},
        {MANIFEST, "{", "", "not JSON: unexpected end of data at byte 1; which repositories it names is not known\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        fixture_scan(&f, cases[i].path, slice_str(cases[i].text));
        assert_names(&f, cases[i].names);
        assert_skips(&f.findings, cases[i].skips);
    }
}

static void test_dockerfile(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    fixture_scan(&f, DOCKERFILE,
                 SLICE("FROM sha256:0123\n"
                       "ARG BASE=ubi9\n"
                       "ENV container=oci \\\n"
                       "    PRODUCT='httpd' VERSION=\"24\"\n"
                       "# LABEL name=\"a comment\"\n"
                       "label com.redhat.component=\"${PRODUCT}-$VERSION-container\" \\\n"
                       "      # between\n"
                       "\n"
                       "      name=\"${BASE}/$PRODUCT-${VERSION:-1}\" version=\"9\" \\\n"
                       "      \"architecture\"=x86\\_64 summary=\"\\\"quoted\\\" = $NOTHING\"\n"
                       "LABEL release 7\n"
                       "CMD [\"/usr/bin/run\"]"));
    assert_packages(&f.findings.dbs[0], "ubi9/httpd-24 1-191 x86_64 httpd-24-container 1-191\n");
    assert_slice(f.findings.dbs[0].packages[0].kind, "container");
    assert_skips(&f.findings, "");
}

// Without version and release in the file's name the labels tell them.
static void test_labels(void **state)
{
    (void)state;
    static const struct {
        const char *path, *text, *packages, *skips;
    } cases[] = {
        {"root/buildinfo/Dockerfile-x", "LABEL name=a version=1 release=2", "a 1-2  a 1-2\n", ""},
        {"root/buildinfo/Dockerfile-x-1-2", "LABEL name=\"open", "open 1-2  open 1-2\n", ""},
        {"root/buildinfo/Dockerfile-x-1-2", "LABEL name='$A'", "$A 1-2  $A 1-2\n", ""},
        {"root/buildinfo/Dockerfile-x-1-2", "ENV A ${B:-${C}\nLABEL name=x${A", "x${C 1-2  x${C 1-2\n", ""},
        {"root/buildinfo/Dockerfile-x", "LABEL name=a", "",
         "no label \"version\", so the image has no name that Red Hat's data know\n"},
        {"root/buildinfo/Dockerfile-x-1-2", "", "",
         "no label \"name\", so the image has no name that Red Hat's data know\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        fixture_scan(&f, cases[i].path, slice_str(cases[i].text));
        if (f.findings.dbs_n != 0)
            assert_packages(&f.findings.dbs[0], cases[i].packages);
        else
            assert_string_equal(cases[i].packages, "");
        assert_skips(&f.findings, cases[i].skips);
    }
}

static void test_labels_json(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    fixture_scan(
        &f, LABELS,
        SLICE("{\"architecture\":\"x86_64\",\"com.redhat.component\":\"ubi8-container\",\"name\":\"\\\"ubi8\\\"\","
              "\"cpe\":\"cpe:/o:redhat:enterprise_linux:8\",\"release\":\"122\",\"version\":\"8.0\","
              "\"org.opencontainers.image.created\":\"2022-05-03T07:41:58Z\"}"));
    // The image's own CPE is a repository that its packages belong to; the other scanner finds the image itself.
    assert_int_equal(f.findings.dbs_n, 2);
    assert_names(&f, " cpe:/o:redhat:enterprise_linux:8");
    assert_packages(&f.findings.dbs[1], "ubi8 8.0-122 x86_64 ubi8-container 1651563718\n");
}

// A value that doubles with each line stops at the limit for fields.
static void test_growth(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct buf text BUF_AUTO = {0};
    buf_adds(&text, "ENV A=0123456789\n");
    for (int i = 0; i < 100; i++)
        buf_adds(&text, "ENV A=$A$A$A$A$A$A$A$A\n");
    buf_adds(&text, "LABEL name=$A\n");
    fixture_scan(&f, DOCKERFILE, buf_slice(&text));
    assert_int_equal(f.findings.dbs[0].packages[0].name.n, f.limits.field_bytes);
}

static void test_paths(void **state)
{
    (void)state;
    assert_true(is_wanted(MANIFEST));
    assert_true(is_wanted(DOCKERFILE));
    assert_true(is_wanted(LABELS));
    assert_true(is_wanted("root/buildinfo/labels.json"));
    assert_false(is_wanted("root/buildinfo/Dockerfile"));
    assert_false(is_wanted("root/buildinfo/content_manifests/a/b.json"));
    assert_false(is_wanted("srv/root/buildinfo/labels.json"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content_sets), cmocka_unit_test(test_dockerfile), cmocka_unit_test(test_labels),
        cmocka_unit_test(test_labels_json),  cmocka_unit_test(test_growth),     cmocka_unit_test(test_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
