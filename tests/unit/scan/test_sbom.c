#include "fixture.h"

#include "scan/sbom.h"

#define CYCLONEDX(more) "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\"," more "}"
#define SPDX(more)      "{\"spdxVersion\":\"SPDX-2.3\"," more "}"
#define LIBRARY(purl)   "{\"type\":\"library\",\"name\":\"n\",\"version\":\"v\",\"purl\":\"" purl "\"}"
#define PROPERTY(n, v)  "{\"name\":\"" n "\",\"value\":\"" v "\"}"
#define PURL_OF_SPDX(p)                                                                                                \
    "\"externalRefs\":[{\"referenceType\":\"cpe23Type\",\"referenceLocator\":\"x\"},"                                  \
    "{\"referenceType\":\"purl\",\"referenceLocator\":\"" p "\"}]"

struct example {
    const char *what, *text;
    const char *release;  // "id version codename"; "" for none
    const char *packages; // "kind name version source source-version owner"
    const char *skips;
};

static void assert_example(const struct example *e)
{
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct arena a ARENA_AUTO = {0};
    struct error err = {0};
    struct slice text = SLICE(""), release = SLICE("");
    print_message("%s\n", e->what);
    if (!fixture_read(&f, &scanner_sbom, "", slice_str(e->text), &err))
        fail_msg("%s", err.text);
    assert_int_equal(f.findings.dbs_n, 1);
    assert_int_equal(f.findings.dbs[0].path.n, 0);
    for (size_t i = 0; i < f.findings.dbs[0].n; i++) {
        const struct package *p = &f.findings.dbs[0].packages[i];
        text = arena_printf(&a, "%.*s%.*s %.*s %.*s %.*s %.*s %.*s\n", (int)text.n, text.p, SLICE_ARG(p->kind),
                            SLICE_ARG(p->name), SLICE_ARG(p->version), SLICE_ARG(p->source_name),
                            SLICE_ARG(p->source_version), SLICE_ARG(p->owner));
    }
    for (size_t i = 0; i < f.findings.releases_n; i++) {
        const struct release_file *r = &f.findings.releases[i];
        release = arena_printf(&a, "%.*s%.*s %.*s %.*s", (int)release.n, release.p, SLICE_ARG(r->id),
                               SLICE_ARG(r->version_id), SLICE_ARG(r->codename));
    }
    assert_slice(text, e->packages);
    assert_slice(release, e->release);
    assert_skips(&f.findings, e->skips);
}

static void test_cyclonedx(void **state)
{
    (void)state;
    const struct example examples[] = {
        {"nothing", CYCLONEDX("\"version\":1"), "", "", ""},
        {"a distribution of purls",
         CYCLONEDX(
             "\"components\":[" LIBRARY("pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12&upstream=glibc") "," LIBRARY(
                 "pkg:pypi/django@4.2") "]"),
         "debian 12 ", "deb libc6 2.36-9 glibc 2.36-9 \npython django 4.2 django 4.2 \n", ""},
        {"the namespace alone names the distribution", CYCLONEDX("\"components\":[" LIBRARY("pkg:apk/wolfi/a@1") "]"),
         "wolfi  ", "apk a 1 a 1 \n", ""},
        {"an operating system counts before purls, whatever the order",
         CYCLONEDX("\"components\":[" LIBRARY(
             "pkg:deb/debian/a@1?distro=debian-11") ",{\"type\":\"operating-system\","
                                                    "\"name\":\"Debian\",\"version\":\"12.1\"}]"),
         "debian 12.1 ", "deb a 1 a 1 \n", ""},
        {"two distributions",
         CYCLONEDX("\"components\":[" LIBRARY("pkg:deb/debian/a@1?distro=debian-11") "," LIBRARY(
             "pkg:deb/debian/b@1?distro=debian-12") "," LIBRARY("pkg:deb/debian/c@1?distro=debian-10") "]"),
         "debian 11 ", "deb a 1 a 1 \ndeb b 1 b 1 \ndeb c 1 c 1 \n",
         "names another distribution (debian 12) beside debian 11; all packages are judged by the latter\n"},
        {"two distributions by their code names",
         CYCLONEDX("\"components\":[" LIBRARY("pkg:deb/debian/a@1?distro=debian-forky") "," LIBRARY(
             "pkg:deb/debian/b@1?distro=debian-bookworm") "]"),
         "debian  forky", "deb a 1 a 1 \ndeb b 1 b 1 \n",
         "names another distribution (debian bookworm) beside debian forky; all packages are judged by the latter\n"},
        {"a release without a number",
         CYCLONEDX("\"components\":[{\"type\":\"operating-system\",\"name\":\"debian\",\"version\":\"forky/sid\"}]"),
         "debian  forky", "", ""},
        {"Syft's words",
         CYCLONEDX(
             "\"components\":[{\"type\":\"operating-system\",\"name\":\"x\",\"properties\":[" PROPERTY("syft:distro:id", "alpine") "," PROPERTY(
                 "syft:distro:versionID",
                 "3.18.4") "]},"
                           "{\"type\":\"library\",\"name\":\"libcrypto3\",\"version\":\"3.1.3-r0\",\"properties\":[" PROPERTY(
                               "syft:package:type",
                               "apk") "," PROPERTY("syft:metadata:originPackage",
                                                   "openssl") "]},"
                                                              "{\"type\":\"library\",\"group\":\"org.a\",\"name\":\"b\",\"version\":\"1\",\"properties\":[" PROPERTY(
                                                                  "syft:package:type", "java-archive") "]}]"),
         "alpine 3.18.4 ", "apk libcrypto3 3.1.3-r0 openssl 3.1.3-r0 \nmaven org.a:b 1 org.a:b 1 \n",
         "component \"libcrypto3\" 3.1.3-r0: no package URL; taken as a package of kind apk\n"
         "component \"b\" 1: no package URL; taken as a package of kind maven\n"},
        {"Trivy's words",
         CYCLONEDX(
             "\"metadata\":{\"component\":{\"type\":\"container\",\"name\":\"i\"}},\"components\":["
             "{\"type\":\"library\",\"name\":\"libssl3\",\"version\":\"3.0.8-1\",\"purl\":"
             "\"pkg:deb/debian/libssl3@3.0.8-1%2Bb1?arch=amd64&distro=debian-12.1&epoch=1\",\"properties\":[" PROPERTY(
                 "aquasecurity:trivy:SrcName",
                 "openssl") "," PROPERTY("aquasecurity:trivy:SrcEpoch",
                                         "1") "," PROPERTY("aquasecurity:trivy:SrcVersion",
                                                           "3.0.8") "," PROPERTY("aquasecurity:trivy:SrcRelease",
                                                                                 "1") "]},{\"type\":\"application\",\"name\":\"app/package-lock.json\",\"components\":[" LIBRARY("pkg:npm/%40a/b@1") "]}]"),
         "debian 12.1 ", "deb libssl3 1:3.0.8-1+b1 openssl 1:3.0.8-1 \nnpm @a/b 1 @a/b 1 \n",
         "1 component that the document is about; left out\n"
         "1 component of type application, without a package URL; left out\n"},
        {"names as their tools write them",
         CYCLONEDX(
             "\"components\":[{\"type\":\"library\",\"name\":\"Zope.Interface\",\"purl\":\"pkg:pypi/zope-interface@1\"},"
             "{\"type\":\"library\",\"name\":\"other\",\"purl\":\"pkg:pypi/zope-interface@2\",\"properties\":[" PROPERTY(
                 "clarion:owned_by", "deb:python3-zope") "]}]"),
         "", "python Zope.Interface 1 Zope.Interface 1 \npython zope-interface 2 zope-interface 2 deb:python3-zope\n",
         ""},
        {"all that is no package is told",
         CYCLONEDX(
             "\"components\":[{\"type\":\"file\",\"name\":\"f\"},{\"type\":\"file\",\"name\":\"g\"},7,"
             "{\"type\":\"library\",\"name\":\"x\",\"version\":\"1\"},{\"name\":\"typeless\"}," LIBRARY(
                 "pkg:hex/a@1") "," LIBRARY("nonsense") ","
                                                        "{\"type\":\"library\",\"scope\":\"excluded\",\"purl\":\"pkg:npm/a@1\"},"
                                                        "{\"type\":\"library\",\"name\":\"b\",\"purl\":\"pkg:npm/b\"}]"),
         "", "npm b  b  \n",
         "component \"x\" 1: no package URL, and nothing else tells what kind of package it is; left out\n"
         "component \"n\": its package URL cannot be read: it does not begin with \"pkg:\"\n"
         "component \"n\" v: no package URL, and nothing else tells what kind of package it is; left out\n"
         "component \"b\" has no version\n"
         "2 components of type file, without a package URL; left out\n1 component without the form of an object; left out\n"
         "1 component of type unknown, without a package URL; left out\n"
         "1 component with a package URL of type hex, of which no kind of package is known; left out\n"
         "1 component that the document excludes (scope); left out\n"},
        {"an attestation around it",
         "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicate\":" CYCLONEDX(
             "\"components\":[" LIBRARY("pkg:gem/a@1") "]") "}",
         "", "gem a 1 a 1 \n", ""},
        {"another version",
         "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.7\",\"components\":[" LIBRARY("pkg:gem/a@1") "]}", "",
         "gem a 1 a 1 \n", "CycloneDX 1.7, read as if it were 1.6\n"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
        assert_example(&examples[i]);
}

static void test_spdx(void **state)
{
    (void)state;
    const struct example examples[] = {
        {"nothing", SPDX("\"packages\":[]"), "", "", ""},
        {"packages and what owns what",
         SPDX("\"packages\":[{\"SPDXID\":\"SPDXRef-o\",\"name\":\"python3-yaml\",\"versionInfo\":\"6.0-3\"," PURL_OF_SPDX("pkg:deb/debian/python3-yaml@6.0-3?arch=amd64&distro=debian-12&upstream=pyyaml") "},{\"SPDXID\":\"SPDXRef-p\",\"name\":\"PyYAML\",\"versionInfo\":\"6.0\"," PURL_OF_SPDX(
             "pkg:pypi/pyyaml@6.0") "}],\"relationships\":[{\"spdxElementId\":\"SPDXRef-o\",\"relatedSpdxElement\":\"SPDXRef-p\","
                                    "\"relationshipType\":\"OTHER\",\"comment\":\"ownership-by-file-overlap: indicates\"},"
                                    "{\"spdxElementId\":\"SPDXRef-p\",\"relatedSpdxElement\":\"SPDXRef-o\",\"comment\":\"ownership-by-file-overlap\"},"
                                    "{\"spdxElementId\":\"SPDXRef-x\",\"relatedSpdxElement\":\"SPDXRef-o\",\"comment\":\"ownership-by-file-overlap\"},"
                                    "{\"spdxElementId\":\"SPDXRef-o\",\"relatedSpdxElement\":\"SPDXRef-p\",\"relationshipType\":\"CONTAINS\"}]"),
         "debian 12 ", "deb python3-yaml 6.0-3 pyyaml 6.0-3 \npython PyYAML 6.0 PyYAML 6.0 deb:python3-yaml\n", ""},
        {"an operating system, a container, what tells nothing",
         SPDX("\"files\":[{},{}],\"packages\":[{\"name\":\"redhat\",\"versionInfo\":\"8.4\",\"primaryPackagePurpose\":"
              "\"OPERATING-SYSTEM\"},{\"name\":\"img\",\"primaryPackagePurpose\":\"CONTAINER\"},"
              "{\"name\":\"lost\",\"versionInfo\":\"NOASSERTION\"},[]]"),
         "rhel 8.4 ", "",
         "component \"lost\" : no package URL, and nothing else tells what kind of package it is; left out\n"
         "2 files, which are no packages; left out\n"
         "1 component of purpose CONTAINER without a package URL; left out\n1 component without the form of an object; left out\n"},
        {"an older version", "{\"spdxVersion\":\"SPDX-2.2\"}", "", "", "SPDX-2.2, read as if it were SPDX 2.3\n"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
        assert_example(&examples[i]);
}

// A module's label, as rpm has it in whole: of it the name and the stream count, wherever it stands.
static void test_modules(void **state)
{
    (void)state;
    static const struct {
        const char *text, *module;
    } cases[] = {
        {CYCLONEDX("\"components\":[" LIBRARY("pkg:rpm/redhat/nodejs@18?rpmmod=nodejs:18") "]"), "nodejs:18"},
        {CYCLONEDX("\"components\":[" LIBRARY("pkg:rpm/redhat/nodejs@18?rpmmod=nodejs:18:9020020:rhel9") "]"),
         "nodejs:18"},
        {CYCLONEDX(
             "\"components\":[{\"type\":\"library\",\"name\":\"n\",\"purl\":\"pkg:rpm/redhat/n@1\",\"properties\":[" PROPERTY(
                 "syft:metadata:modularityLabel", "nodejs:20:9030020:rhel9") "]}]"),
         "nodejs:20"},
        {CYCLONEDX(
             "\"components\":[{\"type\":\"library\",\"name\":\"n\",\"purl\":\"pkg:rpm/redhat/n@1\",\"properties\":[" PROPERTY(
                 "aquasecurity:trivy:Modularitylabel", "nodejs:20:9030020:rhel9") "]}]"),
         "nodejs:20"},
        {SPDX("\"packages\":[{\"name\":\"n\"," PURL_OF_SPDX("pkg:rpm/redhat/n@1?rpmmod=php:8.1:9:x") "}]"), "php:8.1"},
        {CYCLONEDX("\"components\":[" LIBRARY("pkg:rpm/redhat/nodejs@18") "]"), ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct error err = {0};
        assert_true(fixture_read(&f, &scanner_sbom, "", slice_str(cases[i].text), &err));
        assert_int_equal(f.findings.dbs[0].n, 1);
        assert_slice(f.findings.dbs[0].packages[0].module, cases[i].module);
    }
}

// What Clarion itself writes, in both formats: the fields count as they are, whatever the package URL says, and what
// stands beside the packages takes the place of the files that an image has.
#define OWN(key, value)  PROPERTY("clarion:" key, value)
#define FACT(key, value) "\\\"" key "\\\":\\\"" value "\\\""
#define COMMENT(facts)   "\"annotations\":[{\"comment\":\"a word of others\"},{\"comment\":\"clarion:{" facts "}\"}]"
#define OWN_DISTRIBUTION(f)                                                                                            \
    f("distribution:id", "suse") "," f("distribution:version_id", "forky/sid") "," f(                                  \
        "distribution:support_end", "2028-06-30") "," f("distribution:cpe", "cpe:/o:x")
#define OWN_IMAGE(f) f("image:manifest", "sha256:x") "," f("image:repository", "baseos") "," f("image:lost", "layer 2")
#define OWN_RPM(f)                                                                                                     \
    f("kind", "rpm") "," f("arch", "x86_64") "," f("module", "a:b:c:d") "," f("source", "src") "," f(                  \
        "source_version", "2") "," f("vendor", "V") "," f("repository", "appstream") "," f("path", "var/lib/rpm")
#define OWN_JAR(f) f("kind", "maven") "," f("owned_by", "rpm:n") "," f("later", "unknown keys do no harm")

static const char own_cyclonedx[] = CYCLONEDX(
    "\"metadata\":{\"component\":{\"type\":\"container\",\"properties\":[" OWN_IMAGE(OWN) "," OWN("image:skipped", "a file") "]}},\"components\":[{\"type\":\"operating-system\",\"name\":\"x\",\"properties\":[" OWN_DISTRIBUTION(
        OWN) "]},{\"type\":\"library\",\"name\":\"N\",\"version\":\"1-1\",\"purl\":\"pkg:rpm/other/else@9\","
             "\"properties\":[" OWN_RPM(OWN) "]},{\"type\":\"library\",\"group\":\"g\",\"name\":\"a\",\"properties\":[" OWN_JAR(
                 OWN) "," OWN("version", "3") "]}]");

static const char own_spdx[] = SPDX(
    "\"packages\":[{\"name\":\"i\",\"primaryPackagePurpose\":\"CONTAINER\"," COMMENT(OWN_IMAGE(FACT) ",\\\"image:skipped\\\":[\\\"a file\\\",7]") "},{\"name\":\"x\"," COMMENT(
        OWN_DISTRIBUTION(
            FACT)) "},"
                   "{\"name\":\"N\",\"versionInfo\":\"1-1\"," COMMENT(OWN_RPM(FACT)) "," PURL_OF_SPDX(
                       "pkg:rpm/other/else@9") "},{\"name\":\"g:a\",\"versionInfo\":\"3\"," COMMENT(OWN_JAR(FACT)) "}]");

static void test_own(void **state)
{
    (void)state;
    const char *const texts[] = {own_cyclonedx, own_spdx};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct error err = {0};
        if (!fixture_read(&f, &scanner_sbom, "", slice_str(texts[i]), &err))
            fail_msg("%s", err.text);
        assert_int_equal(f.findings.dbs_n, 3);
        const struct package_db *db = f.findings.dbs;
        assert_int_equal(db[0].n, 2);
        const struct package *p = db[0].packages;
        assert_slice(p[0].name, "N");
        assert_slice(p[0].kind, "rpm");
        assert_slice(p[0].version, "1-1");
        assert_slice(p[0].arch, "x86_64");
        assert_slice(p[0].module, "a:b:c:d");
        assert_slice(p[0].vendor, "V");
        assert_slice(p[0].source_name, "src");
        assert_slice(p[0].source_version, "2");
        assert_slice(p[0].inside, "var/lib/rpm");
        assert_slice(p[0].repository, ""); // told by the history, as in an image
        assert_slice(p[1].name, "g:a");
        assert_slice(p[1].version, "3");
        assert_slice(p[1].source_name, "g:a");
        assert_slice(p[1].owner, "rpm:n");
        assert_slice(db[1].scanner, "redhat-content");
        assert_int_equal(db[1].n, 1);
        assert_slice(db[1].packages[0].name, "baseos");
        assert_slice(db[2].scanner, "dnf");
        assert_int_equal(db[2].n, 1);
        assert_slice(db[2].packages[0].name, "N");
        assert_slice(db[2].packages[0].repository, "appstream");
        assert_int_equal(f.findings.releases_n, 1);
        const struct release_file *r = f.findings.releases;
        assert_slice(r->id, "suse"); // elsewhere another tool's word for sles
        assert_slice(r->version_id, "forky/sid");
        assert_slice(r->codename, "");
        assert_slice(r->support_end, "2028-06-30");
        assert_slice(r->cpe, "cpe:/o:x");
        assert_skips(&f.findings, "lost: of the image: layer 2\nof the image: a file\n");
    }
}

// Anybody can write the same words.
static void test_own_words_of_others(void **state)
{
    (void)state;
    const struct example examples[] = {
        {"a kind that is none: the package URL counts",
         CYCLONEDX("\"components\":[{\"type\":\"library\",\"name\":\"a\",\"purl\":\"pkg:gem/a@1\",\"properties\":[" OWN(
             "kind", "repository") "]}]"),
         "", "gem a 1 a 1 \n", ""},
        {"no name",
         CYCLONEDX("\"components\":[{\"type\":\"library\",\"version\":\"1\",\"properties\":[" OWN("kind", "gem") "]}]"),
         "", "", "component \"\" 1: no package URL, and nothing else tells what kind of package it is; left out\n"},
        {"comments that are no objects",
         SPDX("\"packages\":[{\"name\":\"a\",\"annotations\":[{\"comment\":\"clarion:[\"},{\"comment\":\"clarion:\"},"
              "{\"comment\":\"clarion:7\"},{\"comment\":7},8]," PURL_OF_SPDX("pkg:gem/a@1") "}]"),
         "", "gem a 1 a 1 \n", ""},
        {"facts that are no texts",
         SPDX("\"packages\":[{\"name\":\"a\"," COMMENT(
             "\\\"kind\\\":7,\\\"path\\\":{},\\\"image:lost\\\":[[],{},null]") "," PURL_OF_SPDX("pkg:gem/a@1") "}]"),
         "", "gem a 1 a 1 \n", ""},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
        assert_example(&examples[i]);
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct error err = {0};
    f.limits.field_bytes = 6;
    assert_true(
        fixture_read(&f, &scanner_sbom, "",
                     SLICE(CYCLONEDX("\"components\":[{\"type\":\"library\",\"name\":\"a\",\"properties\":[" OWN(
                         "kind", "gem") "," OWN("path", "usr/lib/a") "]}]")),
                     &err));
    assert_int_equal(f.findings.dbs[0].n, 1);
    assert_slice(f.findings.dbs[0].packages[0].inside, "");
    assert_skips(
        &f.findings,
        "component \"a\": its path is longer than 6 bytes (limit field_bytes); left out, the package is not\n");
}

static void test_no_bill(void **state)
{
    (void)state;
    const struct {
        const char *text, *why;
    } examples[] = {
        {"", "no bill of materials in JSON: not JSON: empty"},
        {"<bom/>",
         "no bill of materials in JSON: not JSON: unexpected character, expected a valid root value at byte 0"},
        {"[]", "no bill of materials that can be read: it has neither CycloneDX's bomFormat nor SPDX's spdxVersion"},
        {"{\"spdxVersion\":\"SPDX-3.0\"}", "SPDX-3.0 cannot be read by this version: SPDX 2.3 can"},
        {"{\"@context\":\"x\"}", "SPDX 3 cannot be read by this version: have the tool write SPDX 2.3"},
        {"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"2.0\"}",
         "CycloneDX 2.0 cannot be read by this version: 1.4 to 1.6 can"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct error err = {0};
        assert_false(fixture_read(&f, &scanner_sbom, "", slice_str(examples[i].text), &err));
        assert_string_equal(err.text, examples[i].why);
    }
}

static void test_limits(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct error err = {0};
    f.limits.sbom_depth = 2;
    f.limits.field_bytes = 16;
    f.limits.packages = 2;
    const char *text = CYCLONEDX(
        "\"components\":[{\"type\":\"library\",\"purl\":\"pkg:gem/a@1\",\"components\":[{\"type\":\"library\",\"purl\":"
        "\"pkg:gem/b@1\",\"components\":[{\"type\":\"library\",\"purl\":\"pkg:gem/c@1\"}]}]}," LIBRARY(
            "pkg:gem/0123456789@1") "," LIBRARY("pkg:gem/d@1") "]");
    assert_true(fixture_read(&f, &scanner_sbom, "", slice_str(text), &err));
    assert_int_equal(f.findings.dbs[0].n, 2);
    assert_skips(&f.findings,
                 "lost: components stand more than 2 deep inside one another (limit sbom_depth); those are not read\n"
                 "component \"n\": its package URL cannot be read: it is longer than limit field_bytes allows\n"
                 "component \"n\" v: no package URL, and nothing else tells what kind of package it is; left out\n"
                 "lost: more than 2 packages in one layer (limit packages)\n");
}

// A document may name any number of kinds.
static void test_many_kinds(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct buf text BUF_AUTO = {0};
    struct error err = {0};
    buf_adds(&text, "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.4\",\"components\":[");
    for (int i = 0; i < 100; i++)
        buf_addf(&text, "%s{\"type\":\"t%d\"}", i == 0 ? "" : ",", i);
    buf_adds(&text, "]}");
    assert_true(fixture_read(&f, &scanner_sbom, "", buf_slice(&text), &err));
    assert_int_equal(f.findings.skips_n, SBOM_COUNTS);
    assert_slice(f.findings.skips[0].reason, "1 component of type t0, without a package URL; left out");
    assert_slice(f.findings.skips[SBOM_COUNTS - 1].reason, "37 components of further kinds; left out");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cyclonedx),  cmocka_unit_test(test_spdx),
        cmocka_unit_test(test_no_bill),    cmocka_unit_test(test_limits),
        cmocka_unit_test(test_many_kinds), cmocka_unit_test(test_modules),
        cmocka_unit_test(test_own),        cmocka_unit_test(test_own_words_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
