#include "layers.h"

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
         "pkg:deb/a%2Fb/a%2Fb%40c%3Fd%23e%25f%20g%C3%84@1%2F2%263%3D4?arch=x%20y&distro=a%2Fb-1%202"},
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_purl)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
