// Whole archives, and archives in them.
#include "../base/zip_maker.h"
#include "fixture.h"

#define POM(group, artifact, version)                                                                                  \
    "META-INF/maven/" group "/" artifact "/pom.properties",                                                            \
        SLICE("version=" version "\ngroupId=" group "\nartifactId=" artifact "\n")

// "NAME VERSION PLACE", one a package, separated by newlines.
static void assert_found(const struct findings *f, const char *expected)
{
    struct buf text BUF_AUTO = {0};
    for (size_t i = 0; i < f->dbs_n; i++) {
        for (size_t j = 0; j < f->dbs[i].n; j++) {
            const struct package *p = &f->dbs[i].packages[j];
            assert_slice(p->kind, "maven");
            assert_true(slice_eq(p->source_name, p->name) && slice_eq(p->source_version, p->version));
            buf_addf(&text, "%.*s %.*s %.*s\n", SLICE_ARG(p->name), SLICE_ARG(p->version), SLICE_ARG(p->inside));
        }
    }
    buf_addc(&text, '\0');
    assert_string_equal(text.p, expected);
}

static void scan_archive(struct fixture *f, const char *path, struct zip_maker *z)
{
    fixture_scan(f, path, zip_end(z));
}

static void test_paths(void **state)
{
    (void)state;
    assert_true(is_wanted("a.jar"));
    assert_true(is_wanted("opt/A.WAR"));
    assert_true(is_wanted("x/a.ear"));
    assert_true(is_wanted("var/jenkins_home/plugins/git.jpi"));
    assert_true(is_wanted("webapps/shop/META-INF/maven/org.acme/shop/pom.properties"));
    assert_false(is_wanted("a.zip"));
    assert_false(is_wanted(".jar"));
    assert_false(is_wanted("x/jar"));
    assert_false(is_wanted("a.jar.bak"));
    assert_false(is_wanted("META-INF/maven/shop/pom.properties"));
    assert_false(is_wanted("XMETA-INF/maven/a/b/pom.properties"));
    assert_false(is_wanted("META-INF/maven/a/b/pom.xml"));
}

static void test_own_properties(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct zip_maker z ZIP_MAKER_AUTO = {0};
    zip_pack(&z, "META-INF/MANIFEST.MF", SLICE("Implementation-Title: other\nImplementation-Version: 9\n\n"));
    zip_pack(&z, POM("org.acme", "thing", "1.0"));
    zip_add(&z, "org/acme/Thing.class", SLICE(""));
    scan_archive(&f, "opt/renamed.jar", &z);
    assert_found(&f.findings, "org.acme:thing 1.0 \n");
    assert_slice(f.findings.dbs[0].path, "opt/renamed.jar");
    assert_slice(f.findings.dbs[0].scanner, "java");
    assert_skips(&f.findings, "");
}

// An archive into which others were merged has the properties of all of them, and its own or none.
static void test_merged(void **state)
{
    (void)state;
    const struct {
        const char *path, *expected;
    } examples[] = {
        {"opt/tool-1.4.jar", "a:lib 1.0 \norg.acme:tool 1.4 \nb:lib2 2.0 \n"},
        {"opt/uber-tool.jar", "a:lib 1.0 \norg.acme:tool 1.4 \nb:lib2 2.0 \n"},
        {"opt/renamed.jar", "a:lib 1.0 \norg.acme:tool 1.4 \nb:lib2 2.0 \n"},
        {"opt/other-2.0.jar", "a:lib 1.0 \norg.acme:tool 1.4 \nb:lib2 2.0 \norg.other:other 2.0 \n"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct zip_maker z ZIP_MAKER_AUTO = {0};
        print_message("%s\n", examples[i].path);
        zip_pack(&z, POM("a", "lib", "1.0"));
        zip_pack(&z, POM("org.acme", "tool", "1.4"));
        zip_pack(&z, "WEB-INF/classes/META-INF/maven/b/lib2/pom.properties", SLICE("version=2.0\n"));
        zip_add(&z, "org/other/a/A.class", SLICE(""));
        zip_add(&z, "org/other/b/B.class", SLICE(""));
        zip_add(&z, "META-INF/versions/9/org/else/B.class", SLICE(""));
        scan_archive(&f, examples[i].path, &z);
        assert_found(&f.findings, examples[i].expected);
    }
}

// One pom.properties of another project: it is a merged one's when the file's name has a version of its own.
static void test_one_foreign(void **state)
{
    (void)state;
    const struct {
        const char *path, *expected;
    } examples[] = {
        {"other-2.0.jar", "a:lib 1.0 \nother 2.0 \n"}, {"other-1.0.jar", "a:lib 1.0 \n"}, {"other.jar", "a:lib 1.0 \n"},
        {"a.lib-1.0-r2.jar", "a:lib 1.0 \n"},          {"ib-2.0.jar", "a:lib 1.0 \n"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct zip_maker z ZIP_MAKER_AUTO = {0};
        print_message("%s\n", examples[i].path);
        zip_pack(&z, POM("a", "lib", "1.0"));
        scan_archive(&f, examples[i].path, &z);
        assert_found(&f.findings, examples[i].expected);
    }
}

static void test_without_properties(void **state)
{
    (void)state;
    const struct {
        const char *what, *path, *member, *text, *expected;
    } examples[] = {
        {"by manifest", "renamed.jar", "META-INF/MANIFEST.MF",
         "Implementation-Title: spring-core\nImplementation-Version: 5.3.17\n\n",
         "org.springframework:spring-core 5.3.17 \n"},
        {"case of the manifest", "x.jar", "meta-inf/Manifest.mf", "Implementation-Version: 1\n\n", "x 1 \n"},
        {"by name", "kafka-clients-2.8.0.jar", "org/apache/kafka/A.class", "",
         "org.apache.kafka:kafka-clients 2.8.0 \n"},
        {"no version", "x.jar", "META-INF/MANIFEST.MF", "\n", "x  \n"},
        {"a part of the runtime", "jrt-fs.jar", "META-INF/MANIFEST.MF",
         "Implementation-Title: Java Runtime Environment\nImplementation-Version: 17.0.15\n\n", ""},
        {"nothing of Java in it", "x-1.0.jar", "readme.txt", "", ""},
        {"only a pom.xml", "thing-1.0.jar", "META-INF/maven/org.acme/thing/pom.xml", "<project/>", ""},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct zip_maker z ZIP_MAKER_AUTO = {0};
        print_message("%s\n", examples[i].what);
        zip_pack(&z, examples[i].member, slice_str(examples[i].text));
        scan_archive(&f, examples[i].path, &z);
        assert_found(&f.findings, examples[i].expected);
        assert_skips(&f.findings, "");
    }
}

// Of two manifests Java loads the last.
static void test_two_manifests(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct zip_maker z ZIP_MAKER_AUTO = {0};
    zip_pack(&z, "META-INF/MANIFEST.MF", SLICE("Implementation-Version: 1\n\n"));
    zip_pack(&z, "META-INF/MANIFEST.MF", SLICE("Implementation-Version: 2\n\n"));
    scan_archive(&f, "x.jar", &z);
    assert_found(&f.findings, "x 2 \n");
}

static void test_inner(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct zip_maker lib ZIP_MAKER_AUTO = {0}, war ZIP_MAKER_AUTO = {0}, ear ZIP_MAKER_AUTO = {0};
    zip_pack(&lib, POM("a", "lib", "1.0"));
    struct slice lib_bytes = zip_end(&lib);
    zip_pack(&war, POM("a", "shop", "2.0"));
    zip_pack(&war, "WEB-INF/lib/lib-1.0.jar", lib_bytes);
    zip_add(&war, "WEB-INF/lib/stored.jar", lib_bytes);
    zip_add(&war, "WEB-INF/lib/text.jar", SLICE("text"));
    zip_add(&war, "WEB-INF/lib/empty.jar", SLICE(""));
    zip_add(&war, "../../climbs.jar", lib_bytes);
    zip_add(&war, "lib.zip", lib_bytes);
    zip_pack(&ear, "shop.war", zip_end(&war));
    zip_pack(&ear, "last.jar", lib_bytes);
    scan_archive(&f, "opt/all.ear", &ear);
    assert_found(&f.findings, "a:shop 2.0 shop.war\n"
                              "a:lib 1.0 shop.war!WEB-INF/lib/lib-1.0.jar\n"
                              "a:lib 1.0 shop.war!WEB-INF/lib/stored.jar\n"
                              "a:lib 1.0 shop.war!../../climbs.jar\n"
                              "a:lib 1.0 last.jar\n");
    assert_skips(&f.findings, "shop.war!WEB-INF/lib/text.jar: is no zip archive\n");
    assert_int_equal(f.findings.dbs_n, 1);
}

static void test_unpacked(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    fixture_scan(&f, "webapps/shop/META-INF/maven/org.acme/shop/pom.properties",
                 SLICE("version=2.0\nartifactId=shop\n"));
    assert_found(&f.findings, "org.acme:shop 2.0 \n");
    fixture_scan(&f, "META-INF/maven/org.acme/none/pom.properties", SLICE("junk"));
    assert_skips(&f.findings, "no version\n");
}

static void test_damage(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct zip_maker z ZIP_MAKER_AUTO = {0};
    zip_add_as(&z, SLICE("a.jar"), (struct zip_how){.flags = 1});
    zip_add_as(&z, SLICE("META-INF/maven/a/b/pom.properties"), (struct zip_how){.method = 8, .offset = z.out.n});
    zip_pack(&z, "META-INF/maven/a/junk/pom.properties", SLICE("\0\xff=junk\n"));
    zip_pack(&z, POM("a", "good", "1.0"));
    scan_archive(&f, "x.jar", &z);
    assert_found(&f.findings, "a:good 1.0 \n");
    assert_skips(&f.findings, "lost: a.jar: is encrypted\n"
                              "lost: META-INF/maven/a/b/pom.properties: is cut short after 0 bytes\n"
                              "META-INF/maven/a/junk/pom.properties: no version\n");
    fixture_scan(&f, "cut.jar", SLICE("PK\3\4and so on"));
    fixture_scan(&f, "text.jar", SLICE("text"));
    fixture_scan(&f, "empty.jar", SLICE(""));
    assert_int_equal(f.findings.skips_n, 5);
    assert_slice(f.findings.skips[3].reason, "has no central directory");
    assert_true(f.findings.skips[3].lost);
    assert_slice(f.findings.skips[4].reason, "is no zip archive");
    assert_false(f.findings.skips[4].lost);
}

// ---- Limits ---------------------------------------------------------------------------------------------------------

static void test_depth(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    f.limits.jar_depth = 3;
    struct buf inner BUF_AUTO = {0};
    for (int i = 5; i > 0; i--) {
        struct zip_maker z ZIP_MAKER_AUTO = {0};
        zip_add(&z, POM("a", "lib", "1"));
        if (inner.n != 0)
            zip_add(&z, "x.jar", buf_slice(&inner));
        struct slice archive = zip_end(&z);
        inner.n = 0;
        buf_add(&inner, archive);
    }
    fixture_scan(&f, "x.jar", buf_slice(&inner));
    assert_found(&f.findings, "a:lib 1 \na:lib 1 x.jar\na:lib 1 x.jar!x.jar\n");
    assert_skips(&f.findings, "lost: x.jar!x.jar!x.jar: lies in more archives inside one another than the 3 that limit "
                              "jar_depth allows\n");
}

static void test_entries(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    f.limits.jar_entries = 5;
    struct zip_maker inner ZIP_MAKER_AUTO = {0}, z ZIP_MAKER_AUTO = {0};
    zip_add(&inner, POM("a", "lib", "1"));
    struct slice archive = zip_end(&inner);
    for (int i = 0; i < 4; i++)
        zip_add(&z, "x.jar", archive);
    scan_archive(&f, "x.jar", &z);
    assert_found(&f.findings, "a:lib 1 x.jar\na:lib 1 x.jar\n");
    assert_skips(&f.findings, "lost: x.jar: has more members, with those of the archives in it, than the 5 that limit "
                              "jar_entries allows\n");
}

// Members of zeros that lie on one another, as the better zip bombs have them.
static void test_unpacked_bytes(void **state)
{
    (void)state;
    struct buf zeros BUF_AUTO = {0};
    buf_reserve(&zeros, MIB);
    memset(zeros.p, 0, MIB);
    zeros.n = MIB;
    for (int ratio = 0; ratio < 2; ratio++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        if (!ratio)
            f.limits.jar_unpacked_bytes = 3 * MIB;
        struct zip_maker z ZIP_MAKER_AUTO = {0}, overlapping ZIP_MAKER_AUTO = {0};
        zip_pack(&z, "b.jar", buf_slice(&zeros));
        buf_add(&overlapping.out, buf_slice(&z.out));
        for (int i = 0; i < 40; i++)
            buf_add(&overlapping.directory, buf_slice(&z.directory));
        overlapping.count = 40;
        scan_archive(&f, "x.jar", &overlapping);
        const struct skip *last = &f.findings.skips[f.findings.skips_n - 1];
        assert_int_equal(f.findings.skips_n, ratio ? 17 : 4);
        assert_true(last->lost);
        assert_slice(
            last->reason,
            ratio ? "b.jar: what is in the archive unpacks to more than the 16777216 bytes that limit jar_ratio allows"
                  : "b.jar: what is in the archive unpacks to more than the 3145728 bytes that limit "
                    "jar_unpacked_bytes allows");
    }
}

static void test_inner_bytes(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct zip_maker inner ZIP_MAKER_AUTO = {0}, middle ZIP_MAKER_AUTO = {0}, z ZIP_MAKER_AUTO = {0};
    zip_add(&inner, POM("a", "lib", "1"));
    struct slice inner_bytes = zip_end(&inner);
    zip_pack(&middle, POM("a", "war", "1"));
    zip_pack(&middle, "x.jar", inner_bytes);
    struct slice middle_bytes = zip_end(&middle);
    f.limits.jar_inner_bytes = middle_bytes.n + inner_bytes.n - 1;
    zip_pack(&z, "y.war", middle_bytes);
    zip_pack(&z, "x.jar", inner_bytes);
    scan_archive(&f, "z.ear", &z);
    assert_found(&f.findings, "a:war 1 y.war\na:lib 1 x.jar\n");
    assert_int_equal(f.findings.skips_n, 1);
    assert_true(f.findings.skips[0].lost);
    assert_true(slice_starts(f.findings.skips[0].reason, SLICE("y.war!x.jar: needs more bytes of memory")));
    assert_true(slice_ends(f.findings.skips[0].reason, SLICE(" that limit jar_inner_bytes allows")));
}

static void test_text_bytes(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    f.limits.jar_text_bytes = 60;
    struct zip_maker z ZIP_MAKER_AUTO = {0};
    zip_pack(&z, "META-INF/maven/a/b/pom.properties",
             SLICE("# 4567890123456789012345678901234567890123456789012345678901234567890\nversion=1\n"));
    zip_pack(&z, "META-INF/MANIFEST.MF",
             SLICE("Implementation-Version: 1.5\n\nName: x/\nand very much more than sixty bytes\n"));
    scan_archive(&f, "x.jar", &z);
    assert_found(&f.findings, "x 1.5 \n");
    assert_skips(&f.findings, "lost: META-INF/maven/a/b/pom.properties: has more bytes than the 60 that limit "
                              "jar_text_bytes allows\n");
    struct zip_maker y ZIP_MAKER_AUTO = {0};
    zip_pack(
        &y, "META-INF/MANIFEST.MF",
        SLICE("Implementation-Version: 1.6\nExport-Package: very much more than sixty bytes\nBundle-Version: 1\n"));
    scan_archive(&f, "y.jar", &y);
    assert_int_equal(f.findings.skips_n, 2);
    assert_slice(f.findings.skips[1].reason,
                 "META-INF/MANIFEST.MF: has more bytes in its main section than the 60 that "
                 "limit jar_text_bytes allows");
    assert_slice(f.findings.dbs[1].packages[0].version, "1.6");
}

// A long place in an archive leaves room for the reason, and is over a limit where it would be a package's.
static void test_long_places(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct buf name BUF_AUTO = {0};
    for (int i = 0; i < 5000; i++)
        buf_addc(&name, 'x');
    buf_adds(&name, ".jar");
    buf_addc(&name, '\0');
    struct zip_maker inner ZIP_MAKER_AUTO = {0}, z ZIP_MAKER_AUTO = {0};
    zip_add(&inner, POM("a", "lib", "1"));
    zip_add_as(&inner, SLICE("y.jar"), (struct zip_how){.flags = 1});
    zip_add(&z, name.p, zip_end(&inner));
    scan_archive(&f, "x.jar", &z);
    assert_int_equal(f.findings.skips_n, 2);
    assert_true(slice_ends(f.findings.skips[0].reason, SLICE("(limit field_bytes)")));
    assert_true(slice_ends(f.findings.skips[1].reason, SLICE("!y.jar: is encrypted")));
    assert_found(&f.findings, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_own_properties),
        cmocka_unit_test(test_merged),
        cmocka_unit_test(test_one_foreign),
        cmocka_unit_test(test_without_properties),
        cmocka_unit_test(test_two_manifests),
        cmocka_unit_test(test_inner),
        cmocka_unit_test(test_unpacked),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_unpacked_bytes),
        cmocka_unit_test(test_inner_bytes),
        cmocka_unit_test(test_text_bytes),
        cmocka_unit_test(test_long_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
