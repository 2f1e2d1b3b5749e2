// Documents, ranges and names of images: what the tests of whole scans cannot reach case by case.
#include "vex/vex.h"

#include "vex/image_name.h"
#include "vex/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ARRAY_N(a) (sizeof(a) / sizeof((a)[0]))

static void test_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *range, *version;
        bool holds, readable;
    } cases[] = {
        {"vers:deb/*", "1", true, true},
        {"vers:deb/1.0", "1.0", true, true},
        {"vers:deb/=1.0", "1.0", true, true},
        {"vers:deb/1.0|2.0", "2.0", true, true},
        {"vers:deb/1.0|2.0", "1.5", false, true},
        {"vers:deb/<2.0", "1.9", true, true},
        {"vers:deb/<2.0", "2.0", false, true},
        {"vers:deb/<=2.0", "2.0", true, true},
        {"vers:deb/>2.0", "2.0", false, true},
        {"vers:deb/>=2.0", "2.0", true, true},
        {"vers:deb/>=1.0|<1.4", "1.2", true, true},
        {"vers:deb/>=1.0|<1.4", "0.9", false, true},
        {"vers:deb/>=1.0|<1.4", "1.4", false, true},
        {"vers:deb/>=1.0|<1.4|>=2.0|<2.3", "1.7", false, true},
        {"vers:deb/>=1.0|<1.4|>=2.0|<2.3", "2.2", true, true},
        {"vers:deb/>=1.0|<1.4|>=2.0|<2.3", "2.3", false, true},
        {"vers:deb/>=1.0|<1.4|>=2.0", "9", true, true},
        {"vers:deb/<1.0|>=2.0|<3.0", "0.1", true, true},
        {"vers:deb/<1.0|>=2.0|<3.0", "1.1", false, true},
        {"vers:deb/>=1.0|!=1.2|<1.4", "1.2", false, true},
        {"vers:deb/>=1.0|!=1.2|<1.4", "1.3", true, true},
        {"vers:deb/!=1.2", "1.3", true, true},
        {"vers:deb/!=1.2", "1.2", false, true},
        {"vers:deb/0.1|>=1.0|<2", "0.1", true, true},
        {"vers:deb/0.1|>=1.0|<2", "0.2", false, true},
        {">=1.0|<2", "1.0", true, true},
        {"vers:deb/ >= 1.0 | < 2 ", "1.5", true, true},
        {"vers:deb/", "1", false, false},
        {"vers:deb", "1", false, false},
        {"", "1", false, false},
        {"vers:deb/<<2", "1", false, false},
        {"vers:deb/>=1|", "1", true, true},
        {"prior to 4.2", "1", false, false},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        bool readable;
        bool holds = vers_holds(slice_str(cases[i].range), version_scheme_of_kind(SLICE("deb")),
                                slice_str(cases[i].version), &readable);
        if (holds != cases[i].holds || readable != cases[i].readable)
            fail_msg("%s %s: %d %d", cases[i].range, cases[i].version, holds, readable);
    }
    bool readable;
    assert_false(vers_holds(SLICE("vers:x/<2"), version_scheme_of_kind(SLICE("binary")), SLICE("1"), &readable));
    assert_false(readable);
}

static void test_schemes(void **state)
{
    (void)state;
    static const char *const kinds[] = {"deb", "apk",   "rpm",   "python",   "npm",  "go",
                                        "gem", "maven", "cargo", "composer", "nuget"};
    for (size_t i = 0; i < ARRAY_N(kinds); i++)
        assert_non_null(version_scheme_of_kind(slice_str(kinds[i])));
}

static void test_image_names(void **state)
{
    (void)state;
    static const struct {
        const char *text, *registry, *repository, *tag, *digest;
    } cases[] = {
        {"debian", "docker.io", "library/debian", "", ""},
        {"debian:12", "docker.io", "library/debian", "12", ""},
        {"index.docker.io/library/debian:12", "docker.io", "library/debian", "12", ""},
        {"registry-1.docker.io/debian", "docker.io", "library/debian", "", ""},
        {"docker.io/me/x", "docker.io", "me/x", "", ""},
        {"me/x:1@sha256:ab", "docker.io", "me/x", "1", "sha256:ab"},
        {"Ghcr.io/me/x", "ghcr.io", "me/x", "", ""},
        {"localhost:5000/x:1", "localhost:5000", "x", "1", ""},
        {"localhost/x", "localhost", "x", "", ""},
        {"https://ghcr.io/me/x/", "ghcr.io", "me/x", "", ""},
        {"oci:/tmp/Image", "", "", "", ""},
        {"/tmp/image", "", "", "", ""},
        {"./image", "", "", "", ""},
        {"Debian", "", "", "", ""},
        {"", "", "", "", ""},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct arena a ARENA_AUTO = {0};
        struct image_name n = image_name_parse_url(&a, slice_str(cases[i].text));
        struct slice got = arena_printf(&a, "%.*s|%.*s|%.*s|%.*s", SLICE_ARG(n.registry), SLICE_ARG(n.repository),
                                        SLICE_ARG(n.tag), SLICE_ARG(n.digest));
        struct slice want =
            arena_printf(&a, "%s|%s|%s|%s", cases[i].registry, cases[i].repository, cases[i].tag, cases[i].digest);
        assert_string_equal(got.p, want.p);
    }
}

// ---- products -------------------------------------------------------------------------------------------------------

static struct inventory debian = {
    .distribution = {.known = true, .id = SLICE("debian"), .version_id = SLICE("12"), .codename = SLICE("bookworm")}};
static struct inventory redhat = {.distribution = {.known = true,
                                                   .id = SLICE("rhel"),
                                                   .version_id = SLICE("9.4"),
                                                   .cpe = SLICE("cpe:/o:redhat:enterprise_linux:9::baseos")}};

static void test_purls(void **state)
{
    (void)state;
    static const struct {
        struct inventory *inventory;
        struct package package;
        const char *purl;
        enum vex_agreement want;
    } cases[] = {
        {&redhat,
         {.kind = SLICE("rpm"), .name = SLICE("nss"), .version = SLICE("1:3-1.el9")},
         "pkg:rpm/redhat/nss@3-1.el9",
         VEX_AGREES},
        {&redhat,
         {.kind = SLICE("rpm"), .name = SLICE("nss"), .version = SLICE("1:3-1.el9")},
         "pkg:rpm/rhel/nss@3-1.el9?epoch=1",
         VEX_AGREES},
        {&redhat,
         {.kind = SLICE("rpm"), .name = SLICE("nss"), .version = SLICE("1:3-1.el9")},
         "pkg:rpm/redhat/nss@3-1.el9?epoch=2",
         VEX_OTHER_VERSION},
        {&redhat,
         {.kind = SLICE("rpm"), .name = SLICE("nss"), .version = SLICE("3-1.el9")},
         "pkg:rpm/redhat/nss?distro=el9", // neither a version nor a known code name
         VEX_AGREES},
        {&redhat,
         {.kind = SLICE("rpm"), .name = SLICE("nss"), .version = SLICE("3-1.el9")},
         "pkg:rpm/redhat/nss?distro=rhel-9",
         VEX_AGREES},
        {&redhat,
         {.kind = SLICE("rpm"), .name = SLICE("nss"), .version = SLICE("3-1.el9")},
         "pkg:rpm/fedora/nss",
         VEX_OTHER_SPACE},
        {&redhat,
         {.kind = SLICE("rpm"), .name = SLICE("npm"), .version = SLICE("8-1"), .module = SLICE("nodejs:18")},
         "pkg:rpm/redhat/npm?rpmmod=nodejs:18:9040020240807131341:rhel9",
         VEX_AGREES},
        {&redhat,
         {.kind = SLICE("rpm"), .name = SLICE("npm"), .version = SLICE("8-1"), .module = SLICE("nodejs:18")},
         "pkg:rpm/redhat/npm?rpmmod=nodejs:20",
         VEX_OTHER_QUALIFIER},
        {&redhat,
         {.kind = SLICE("rpm"), .name = SLICE("npm"), .version = SLICE("8-1")},
         "pkg:rpm/redhat/npm?rpmmod=nodejs:20",
         VEX_OTHER_QUALIFIER},
        {&redhat,
         {.kind = SLICE("rpm"),
          .name = SLICE("openssl-libs"),
          .version = SLICE("3-1"),
          .source_name = SLICE("openssl")},
         "pkg:rpm/redhat/openssl-libs?upstream=openssl-3-1.src.rpm",
         VEX_AGREES},
        {&redhat,
         {.kind = SLICE("rpm"),
          .name = SLICE("openssl-libs"),
          .version = SLICE("3-1"),
          .source_name = SLICE("openssl")},
         "pkg:rpm/redhat/openssl?arch=src",
         VEX_AGREES},
        {&redhat,
         {.kind = SLICE("rpm"),
          .name = SLICE("openssl-libs"),
          .version = SLICE("1:3-1"),
          .source_name = SLICE("openssl"),
          .source_version = SLICE("3-1")},
         "pkg:rpm/redhat/openssl@3-1?arch=src&epoch=1",
         VEX_AGREES},
        {&redhat,
         {.kind = SLICE("rpm"),
          .name = SLICE("openssl-libs"),
          .version = SLICE("1:3-1"),
          .source_name = SLICE("openssl"),
          .source_version = SLICE("3-1")},
         "pkg:rpm/redhat/openssl@3-1?arch=src",
         VEX_AGREES},
        {&redhat,
         {.kind = SLICE("rpm"),
          .name = SLICE("openssl-libs"),
          .version = SLICE("1:3-1"),
          .source_name = SLICE("openssl"),
          .source_version = SLICE("3-1")},
         "pkg:rpm/redhat/openssl@3-1?arch=src&epoch=2",
         VEX_OTHER_VERSION},
        {&redhat,
         {.kind = SLICE("rpm"),
          .name = SLICE("openssl-libs"),
          .version = SLICE("3-1"),
          .source_name = SLICE("openssl"),
          .source_version = SLICE("3-1")},
         "pkg:rpm/redhat/openssl@3-1?arch=src&epoch=1",
         VEX_OTHER_VERSION},
        {&redhat,
         {.kind = SLICE("rpm"),
          .name = SLICE("openssl-libs"),
          .version = SLICE("2:7-1"),
          .source_name = SLICE("openssl"),
          .source_version = SLICE("3-1")},
         "pkg:rpm/redhat/openssl@3-1?arch=src&epoch=1",
         VEX_AGREES},
        {&redhat,
         {.kind = SLICE("rpm"),
          .name = SLICE("openssl-libs"),
          .version = SLICE("2:7-1"),
          .source_name = SLICE("openssl"),
          .source_version = SLICE("3-1")},
         "pkg:rpm/redhat/openssl@3-2?arch=src&epoch=1",
         VEX_OTHER_VERSION},
        {&debian,
         {.kind = SLICE("deb"), .name = SLICE("a"), .version = SLICE("1"), .arch = SLICE("all")},
         "pkg:deb/debian/a?arch=amd64",
         VEX_OTHER_QUALIFIER},
        {&debian,
         {.kind = SLICE("python"), .name = SLICE("Zope.Interface"), .version = SLICE("5.0")},
         "pkg:pypi/zope-interface@5.0.0",
         VEX_AGREES},
        {&debian,
         {.kind = SLICE("python"), .name = SLICE("jinja2"), .version = SLICE("3.1")},
         "pkg:pypi/Jinja2@3.1.0",
         VEX_AGREES},
        {&debian,
         {.kind = SLICE("npm"), .name = SLICE("@babel/core"), .version = SLICE("7.0.0")},
         "pkg:npm/%40babel/core@7.0.0",
         VEX_AGREES},
        {&debian,
         {.kind = SLICE("npm"), .name = SLICE("@babel/core"), .version = SLICE("7.0.0")},
         "pkg:npm/core@7.0.0",
         VEX_OTHER_NAME},
        {&debian,
         {.kind = SLICE("go"), .name = SLICE("example.test/x"), .version = SLICE("v1.2.3")},
         "pkg:golang/example.test/x@1.2.3",
         VEX_AGREES},
        {&debian,
         {.kind = SLICE("maven"), .name = SLICE("g:a"), .version = SLICE("1.0")},
         "pkg:maven/g/a@1.0?type=jar",
         VEX_AGREES},
        {&debian,
         {.kind = SLICE("maven"), .name = SLICE("a"), .version = SLICE("1.0")},
         "pkg:maven/g/a@1.0",
         VEX_AGREES},
        {&debian,
         {.kind = SLICE("maven"), .name = SLICE("h:a"), .version = SLICE("1.0")},
         "pkg:maven/g/a@1.0",
         VEX_OTHER_NAME},
        {&debian,
         {.kind = SLICE("deb"), .name = SLICE("a"), .version = SLICE("1")},
         "pkg:deb/debian/a@1?x=%zz",
         VEX_UNKNOWN},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct arena a ARENA_AUTO = {0};
        struct vex_image image = {.inventory = cases[i].inventory};
        struct slice why = {0};
        enum vex_agreement got =
            vex_purl_names(slice_str(cases[i].purl), (struct slice){0}, &image, &cases[i].package, &a, &why);
        if (got != cases[i].want)
            fail_msg("%s: %d, %.*s", cases[i].purl, got, SLICE_ARG(why));
        assert_true((got == VEX_AGREES) == (why.n == 0));
    }
}

static enum vex_agreement covers(const char *whole, const char *part, const struct vex_image *image,
                                 const struct package *package, struct arena *a, struct slice *why)
{
    struct vex_thing things[2] = {{.title = SLICE("whole")}, {.title = SLICE("part")}};
    struct limits limits = limits_default();
    struct error err;
    assert_true(vex_add_name(a, &things[0], slice_str(whole), &limits, &err));
    assert_true(part == NULL || vex_add_name(a, &things[1], slice_str(part), &limits, &err));
    return vex_covers(&(struct vex_product){&things[0], part != NULL ? &things[1] : NULL}, image, package, a, why);
}

static void test_cpes_of_images(void **state)
{
    (void)state;
    struct slice cpes[] = {SLICE("cpe:/a:redhat:enterprise_linux:9::appstream")};
    struct vex_image image = {.inventory = &redhat, .cpes = cpes, .cpes_n = 1};
    struct package p = {.kind = SLICE("rpm"), .name = SLICE("nss"), .version = SLICE("3-1.el9")};
    static const struct {
        const char *cpe;
        enum vex_agreement want;
    } cases[] = {
        {"cpe:/a:redhat:enterprise_linux:9::appstream", VEX_AGREES},
        {"cpe:2.3:a:redhat:enterprise_linux:9:*:appstream:*:*:*:*:*", VEX_AGREES},
        {"cpe:/o:redhat:enterprise_linux:9", VEX_AGREES},
        {"cpe:/o:redhat:enterprise_linux:8::baseos", VEX_OTHER_IMAGE},
        {"cpe:/a:redhat:openshift:4", VEX_OTHER_IMAGE},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct arena a ARENA_AUTO = {0};
        struct slice why;
        assert_int_equal(covers(cases[i].cpe, "pkg:rpm/redhat/nss", &image, &p, &a, &why), cases[i].want);
        assert_int_equal(covers(cases[i].cpe, "pkg:rpm/redhat/gnutls", &image, &p, &a, &why), VEX_OTHER_NAME);
    }
}

static void test_cpes_of_packages(void **state)
{
    (void)state;
    struct vex_image image = {.inventory = &debian};
    struct package p = {.kind = SLICE("deb"),
                        .name = SLICE("libxml2-utils"),
                        .version = SLICE("1:2.9.14+dfsg-1.3"),
                        .source_name = SLICE("libxml2")};
    static const struct {
        const char *cpe;
        enum vex_agreement want;
    } cases[] = {
        {"cpe:2.3:a:xmlsoft:libxml2:*:*:*:*:*:*:*:*", VEX_AGREES},
        {"cpe:/a:xmlsoft:libxml2:2.9.14%2bdfsg", VEX_AGREES},
        {"cpe:/a:xmlsoft:LibXML2_Utils", VEX_AGREES},
        {"cpe:2.3:a:xmlsoft:libxml2:2.9.*:*:*:*:*:*:*:*", VEX_AGREES},
        {"cpe:/a:xmlsoft:libxml2:2.9.13", VEX_OTHER_IMAGE},
        {"cpe:/a:xmlsoft:libxslt", VEX_OTHER_IMAGE},
        {"cpe:/a:xmlsoft", VEX_UNKNOWN},
        {"cpe:nonsense", VEX_UNKNOWN},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct arena a ARENA_AUTO = {0};
        struct slice why;
        if (covers(cases[i].cpe, NULL, &image, &p, &a, &why) != cases[i].want)
            fail_msg("%s: %.*s", cases[i].cpe, SLICE_ARG(why));
        assert_true(cases[i].want == VEX_AGREES || why.n != 0);
    }
}

// ---- sets -----------------------------------------------------------------------------------------------------------

static struct vex_document *read_document(struct arena *a, const char *version, const char *date, const char *id)
{
    struct limits limits = limits_default();
    struct error err;
    struct vex_document *d = ARENA_NEW(a, struct vex_document, 1);
    struct slice text = arena_printf(
        a,
        "{\"document\":{\"csaf_version\":\"2.0\",\"tracking\":{\"id\":\"%s\",\"version\":\"%s\","
        "\"current_release_date\":\"%s\"}},\"product_tree\":{\"full_product_names\":[{\"product_id\":\"A\"}]},"
        "\"vulnerabilities\":[{\"cve\":\"CVE-1-1\",\"ids\":[{\"text\":\"GHSA-x\"},{\"text\":\"no id\"}],"
        "\"product_status\":{\"fixed\":[\"A\"]}}]}",
        id, version, date);
    if (!vex_read(text, SLICE("x"), &limits, a, d, &err))
        fail_msg("%s", err.text);
    return d;
}

static void test_sets(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct vex_set set = {0};
    static const struct {
        const char *version, *date, *id;
        bool superseded;
    } documents[] = {
        {"1.9.0", "2026-03-01", "one", true}, {"1.10.0", "2026-02-01", "one", false},
        {"2-rc", "2026-01-01", "two", true},  {"2", "2026-01-02", "two", false},
        {"1", "2026-01-01", "three", false},  {"1", "2026-01-01", "three", false},
    };
    for (size_t i = 0; i < ARRAY_N(documents); i++)
        vex_set_add(&a, &set, read_document(&a, documents[i].version, documents[i].date, documents[i].id));
    vex_set_index(&a, &set);
    for (size_t i = 0; i < ARRAY_N(documents); i++)
        if (set.documents[i]->superseded != documents[i].superseded)
            fail_msg("document %zu", i);
    size_t n;
    assert_int_equal(set.statements_n, ARRAY_N(documents));
    vex_set_find(&set, SLICE("ghsa-X"), &n);
    assert_int_equal(n, ARRAY_N(documents));
    vex_set_find(&set, SLICE("no id"), &n);
    assert_int_equal(n, 0);
    const struct vex_entry *found = vex_set_find(&set, SLICE("CVE-1-1"), &n);
    assert_int_equal(n, ARRAY_N(documents));
    assert_true(vex_later(found[0].statement, NULL));
    assert_true(vex_later(found[0].statement, found[1].statement));  // by its time
    assert_false(vex_later(found[4].statement, found[5].statement)); // by its place
    assert_true(vex_later(found[5].statement, found[4].statement));
}

// A relationship that leads back to itself ends.
static void test_circles(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct limits limits = limits_default();
    struct error err;
    struct vex_document d;
    struct slice text = SLICE(
        "{\"document\":{\"csaf_version\":\"2.0\"},\"product_tree\":{\"relationships\":["
        "{\"product_reference\":\"B\",\"relates_to_product_reference\":\"A\",\"full_product_name\":{\"product_id\":\"A\"}},"
        "{\"product_reference\":\"A\",\"relates_to_product_reference\":\"B\",\"full_product_name\":{\"product_id\":\"B\"}}]},"
        "\"vulnerabilities\":[{\"cve\":\"CVE-1-1\",\"product_status\":{\"fixed\":[\"A\",\"B\"]}}]}");
    assert_true(vex_read(text, SLICE("x"), &limits, &a, &d, &err));
    assert_int_equal(d.statements_n, 1);
    assert_int_equal(d.statements[0].products_n, 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges), cmocka_unit_test(test_schemes),        cmocka_unit_test(test_image_names),
        cmocka_unit_test(test_purls),  cmocka_unit_test(test_cpes_of_images), cmocka_unit_test(test_cpes_of_packages),
        cmocka_unit_test(test_sets),   cmocka_unit_test(test_circles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
