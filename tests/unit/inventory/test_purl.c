#include "layers.h"

#include "inventory/purl.h"

static void test_purl(void **state)
{
    (void)state;
    const struct {
        const char *kind, *name, *version, *arch, *id, *version_id, *codename, *purl;
    } examples[] = {
        {"deb", "openssl", "1.0.1e-2+deb7u4", "amd64", "debian", "7", "wheezy",
         "pkg:deb/debian/openssl@1.0.1e-2%2Bdeb7u4?arch=amd64&distro=debian-7"},
        {"deb", "attr", "1:2.4.47-2", "", "debian", "", "jessie",
         "pkg:deb/debian/attr@1:2.4.47-2?distro=debian-jessie"},
        {"deb", "libstdc++6", "1~rc1", "i386", "ubuntu", "22.04", "jammy",
         "pkg:deb/ubuntu/libstdc%2B%2B6@1~rc1?arch=i386&distro=ubuntu-22.04"},
        {"apk", "curl", "7.83.0-r0", "x86", "alpine", "3.18.4", "",
         "pkg:apk/alpine/curl@7.83.0-r0?arch=x86&distro=alpine-3.18.4"},
        {"apk", "py3-PyYAML", "1", "", "Wolfi", "", "", "pkg:apk/wolfi/py3-pyyaml@1"},
        {"deb", "a", "1", "all", "", "", "", "pkg:deb/a@1?arch=all"},
        {"deb", "a/b@c?d#e%f g\xc3\x84", "1/2&3=4", "x y", "a/b", "1 2", "",
         "pkg:deb/a/b/a%2Fb%40c%3Fd%23e%25f%20g%C3%84@1%2F2%263%3D4?arch=x%20y&distro=a%2Fb-1%202"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct package p = {.kind = slice_str(examples[i].kind),
                            .name = slice_str(examples[i].name),
                            .version = slice_str(examples[i].version),
                            .arch = slice_str(examples[i].arch)};
        struct distribution d = {.id = slice_str(examples[i].id),
                                 .version_id = slice_str(examples[i].version_id),
                                 .codename = slice_str(examples[i].codename)};
        assert_slice(package_purl(&a, &p, &d), examples[i].purl);
    }
}

static void test_kinds(void **state)
{
    (void)state;
    const struct {
        struct package p;
        const char *id, *version_id, *purl;
    } examples[] = {
        {{.kind = SLICE("deb"),
          .name = SLICE("libssl3"),
          .version = SLICE("3.0.8-1+b1"),
          .arch = SLICE("amd64"),
          .source_name = SLICE("openssl"),
          .source_version = SLICE("3.0.8-1")},
         "debian",
         "12",
         "pkg:deb/debian/libssl3@3.0.8-1%2Bb1?arch=amd64&distro=debian-12&upstream=openssl%403.0.8-1"},
        {{.kind = SLICE("apk"),
          .name = SLICE("libcrypto3"),
          .version = SLICE("3.1.3-r0"),
          .source_name = SLICE("openssl"),
          .source_version = SLICE("3.1.3-r0")},
         "alpine",
         "3.18.4",
         "pkg:apk/alpine/libcrypto3@3.1.3-r0?distro=alpine-3.18.4&upstream=openssl"},
        {{.kind = SLICE("rpm"),
          .name = SLICE("NetworkManager"),
          .version = SLICE("1:1.40.0-1.el9"),
          .arch = SLICE("x86_64"),
          .module = SLICE("a:1")},
         "rhel",
         "9.1",
         "pkg:rpm/redhat/NetworkManager@1.40.0-1.el9?arch=x86_64&distro=rhel-9.1&epoch=1&rpmmod=a:1"},
        {{.kind = SLICE("rpm"), .name = SLICE("zlib"), .version = SLICE("1.2.11-1")},
         "opensuse-leap",
         "15.4",
         "pkg:rpm/opensuse/zlib@1.2.11-1?distro=opensuse-leap-15.4"},
        {{.kind = SLICE("rpm"), .name = SLICE("zlib"), .version = SLICE("1.2.11-1")},
         "fedora",
         "38",
         "pkg:rpm/fedora/zlib@1.2.11-1?distro=fedora-38"},
        {{.kind = SLICE("python"), .name = SLICE("Zope_Interface.X"), .version = SLICE("1.0")},
         "debian",
         "12",
         "pkg:pypi/zope-interface.x@1.0"},
        {{.kind = SLICE("npm"), .name = SLICE("@babel/core"), .version = SLICE("7.0.0")},
         "",
         "",
         "pkg:npm/%40babel/core@7.0.0"},
        {{.kind = SLICE("npm"), .name = SLICE("JSONStream"), .version = SLICE("1.0.0")},
         "",
         "",
         "pkg:npm/JSONStream@1.0.0"},
        {{.kind = SLICE("maven"), .name = SLICE("org.slf4j:slf4j-api"), .version = SLICE("1.7")},
         "",
         "",
         "pkg:maven/org.slf4j/slf4j-api@1.7"},
        {{.kind = SLICE("maven"), .name = SLICE("lonely"), .version = SLICE("")}, "", "", "pkg:maven/lonely"},
        {{.kind = SLICE("go"), .name = SLICE("github.com/Masterminds/semver/v3"), .version = SLICE("v3.1.0")},
         "",
         "",
         "pkg:golang/github.com/Masterminds/semver/v3@v3.1.0"},
        {{.kind = SLICE("go"), .name = SLICE("stdlib"), .version = SLICE("go1.15.2")},
         "",
         "",
         "pkg:golang/stdlib@go1.15.2"},
        {{.kind = SLICE("cargo"), .name = SLICE("rand"), .version = SLICE("0.8.5")}, "", "", "pkg:cargo/rand@0.8.5"},
        {{.kind = SLICE("gem"), .name = SLICE("rack"), .version = SLICE("2.2.8")}, "", "", "pkg:gem/rack@2.2.8"},
        {{.kind = SLICE("composer"), .name = SLICE("Monolog/Monolog"), .version = SLICE("2.9.1")},
         "",
         "",
         "pkg:composer/monolog/monolog@2.9.1"},
        {{.kind = SLICE("nuget"), .name = SLICE("Newtonsoft.Json"), .version = SLICE("13.0.1")},
         "",
         "",
         "pkg:nuget/Newtonsoft.Json@13.0.1"},
        {{.kind = SLICE("binary"), .name = SLICE("node"), .version = SLICE("18.17.0")},
         "debian",
         "12",
         "pkg:generic/node@18.17.0"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct package p = examples[i].p, back;
        struct purl purl;
        struct error err;
        if (p.source_name.n == 0) {
            p.source_name = p.name;
            p.source_version = p.version;
        }
        struct distribution d = {.id = slice_str(examples[i].id), .version_id = slice_str(examples[i].version_id)};
        struct slice text = package_purl(&a, &p, &d);
        assert_slice(text, examples[i].purl);
        // And back: the canonical text again, and the package that it was made of.
        assert_true(purl_parse(text, &a, &purl, &err));
        assert_slice(purl_write(&a, &purl), examples[i].purl);
        assert_true(purl_package(&a, &purl, &back));
        assert_ptr_equal(back.kind.p, package_kind(p.kind).p);
        assert_true(purl_same_name(p.kind, p.name, back.name));
        assert_true(slice_eq(p.version, back.version));
        assert_true(slice_eq(p.arch, back.arch));
        assert_true(slice_eq(p.module, back.module));
        assert_true(purl_same_name(p.kind, p.source_name, back.source_name));
        assert_true(slice_eq(p.source_version, back.source_version));
    }
}

static void test_parse(void **state)
{
    (void)state;
    const struct {
        const char *text, *canonical, *space, *name, *version;
    } examples[] = {
        {"pkg:npm/@scope/name@1.0", "pkg:npm/%40scope/name@1.0", "@scope", "name", "1.0"},
        {"pkg:npm/@scope/name", "pkg:npm/%40scope/name", "@scope", "name", ""},
        {" PKG://DEB/Debian/Curl@7?ARCH=amd64\n", "pkg:deb/debian/curl@7?arch=amd64", "debian", "curl", "7"},
        {"pkg:golang//a.b//c@v1", "pkg:golang/a.b/c@v1", "a.b", "c", "v1"},
        {"pkg:gem/a@1?z=1&b=2&c=#x/../y/./z", "pkg:gem/a@1?b=2&z=1#x/y/z", "", "a", "1"},
        {"pkg:generic/a@1/2", "pkg:generic/a@1%2F2", "", "a", "1/2"},
        {"pkg:generic/a%40b@%3A", "pkg:generic/a%40b@:", "", "a@b", ":"},
        {"pkg:hex/phoenix@1", "pkg:hex/phoenix@1", "", "phoenix", "1"},
        {"pkg:cargo/name/", "pkg:cargo/name", "", "name", ""},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct purl purl;
        struct error err;
        if (!purl_parse(slice_str(examples[i].text), &a, &purl, &err))
            fail_msg("%s: %s", examples[i].text, err.text);
        assert_slice(purl_write(&a, &purl), examples[i].canonical);
        assert_slice(purl.space, examples[i].space);
        assert_slice(purl.name, examples[i].name);
        assert_slice(purl.version, examples[i].version);
    }
}

static void test_no_purls(void **state)
{
    (void)state;
    const struct {
        struct slice text;
        const char *why;
    } examples[] = {
        {SLICE(""), "it does not begin with \"pkg:\""},
        {SLICE("pkg"), "it does not begin with \"pkg:\""},
        {SLICE("http://a/b"), "it does not begin with \"pkg:\""},
        {SLICE("pkg:"), "\"\" is no type of package URLs"},
        {SLICE("pkg:npm"), "\"npm\" is no type of package URLs"},
        {SLICE("pkg:3d/a"), "\"3d\" is no type of package URLs"},
        {SLICE("pkg:a&b/a"), "\"a&b\" is no type of package URLs"},
        {SLICE("pkg:npm/"), "it names no package"},
        {SLICE("pkg:npm/@1.0"), "it names no package"},
        {SLICE("pkg:npm/a%2"), "a '%' that two hexadecimal digits do not follow"},
        {SLICE("pkg:npm/a@%zz"), "a '%' that two hexadecimal digits do not follow"},
        {SLICE("pkg:npm/a%00b"), "a byte of zero"},
        {SLICE("pkg:npm/a\0b"), "a byte of zero"},
        {SLICE("pkg:npm/a?b c=d"), "\"b c\" is no name of a qualifier"},
        {SLICE("pkg:npm/a?arch=1&ARCH=2"), "qualifier arch stands there twice"},
        {SLICE("pkg:npm/a?a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1&k=1&l=1&m=1&n=1&o=1&p=1&q=1&r=1&s=1&t=1&u=1&v=1&w=1&"
               "x=1&y=1&z=1&aa=1&bb=1&cc=1&dd=1&ee=1&ff=1&gg=1"),
         "more than 32 qualifiers"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct purl purl;
        struct error err;
        assert_false(purl_parse(examples[i].text, &a, &purl, &err));
        assert_string_equal(err.text, examples[i].why);
    }
}

// What other tools write.
static void test_packages_of_others(void **state)
{
    (void)state;
    const struct {
        const char *purl, *name, *version, *arch, *source, *source_version, *id, *release;
    } examples[] = {
        {"pkg:deb/debian/libc6@2.31-13?arch=amd64&upstream=glibc&distro=debian-11", "libc6", "2.31-13", "amd64",
         "glibc", "2.31-13", "debian", "11"},
        {"pkg:deb/debian/passwd@4.13%2Bdfsg1-1?arch=amd64&distro=debian-12.1&epoch=1", "passwd", "1:4.13+dfsg1-1",
         "amd64", "passwd", "1:4.13+dfsg1-1", "debian", "12.1"},
        {"pkg:deb/ubuntu/bash@5?distro=jammy", "bash", "5", "", "bash", "5", "ubuntu", "jammy"},
        {"pkg:deb/debian/x@1?distro=debian-bookworm", "x", "1", "", "x", "1", "debian", "bookworm"},
        {"pkg:apk/alpine/musl@1.2.3-r0?arch=x86_64&distro=3.16.2", "musl", "1.2.3-r0", "x86_64", "musl", "1.2.3-r0",
         "alpine", "3.16.2"},
        {"pkg:rpm/redhat/openssl-libs@1.1.1k-6.el8?arch=x86_64&epoch=1&upstream=openssl-1.1.1k-6.el8.src.rpm&distro=rhel-8.4",
         "openssl-libs", "1:1.1.1k-6.el8", "x86_64", "openssl", "1.1.1k-6.el8", "rhel", "8.4"},
        {"pkg:rpm/redhat/a@1-1?distro=redhat-9.2", "a", "1-1", "", "a", "1-1", "rhel", "9.2"},
        {"pkg:rpm/opensuse/a@1-1?distro=opensuse-leap-15.4&epoch=0", "a", "1-1", "", "a", "1-1", "opensuse-leap",
         "15.4"},
        {"pkg:rpm/a@1-1?upstream=odd.src.rpm", "a", "1-1", "", "a", "1-1", "", ""},
        {"pkg:apk/wolfi/a@1", "a", "1", "", "a", "1", "wolfi", ""},
        {"pkg:pypi/django@1?distro=debian-12", "django", "1", "", "django", "1", "", ""},
        {"pkg:golang/github.com/gin-gonic/gin@v1.9.1", "github.com/gin-gonic/gin", "v1.9.1", "",
         "github.com/gin-gonic/gin", "v1.9.1", "", ""},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct purl purl;
        struct package p;
        struct release_file r;
        struct error err;
        assert_true(purl_parse(slice_str(examples[i].purl), &a, &purl, &err));
        assert_true(purl_package(&a, &purl, &p));
        assert_slice(p.name, examples[i].name);
        assert_slice(p.version, examples[i].version);
        assert_slice(p.arch, examples[i].arch);
        assert_slice(p.source_name, examples[i].source);
        assert_slice(p.source_version, examples[i].source_version);
        purl_distribution(&a, &purl, &r);
        assert_slice(r.id, examples[i].id);
        assert_slice(r.version_id.n != 0 ? r.version_id : r.codename, examples[i].release);
    }
}

static void test_no_kind(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct purl purl;
    struct package p;
    struct error err;
    assert_true(purl_parse(SLICE("pkg:oci/debian@sha256:ab?repository_url=x"), &a, &purl, &err));
    assert_slice(purl.version, "sha256:ab");
    assert_false(purl_package(&a, &purl, &p));
    assert_int_equal(package_kind(SLICE("oci")).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_purl),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_no_purls),
        cmocka_unit_test(test_packages_of_others),
        cmocka_unit_test(test_no_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
