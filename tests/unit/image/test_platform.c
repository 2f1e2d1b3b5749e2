// Platforms: words that mean the same, and which variant stands in for which. The cases follow what containerd's
// platforms package documents of its normalisation and matching.
#include "image/platform.h"

#include "images.h"

#include <sys/utsname.h>

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text, *meaning;
    } cases[] = {
        {"linux/amd64", "linux/amd64"},       {"Linux/X86_64", "linux/amd64"},
        {"linux/x86-64", "linux/amd64"},      {"linux/aarch64", "linux/arm64"},
        {"linux/arm64/v8", "linux/arm64/v8"}, {"linux/armhf", "linux/arm/v7"},
        {"linux/armel", "linux/arm/v6"},      {"linux/i386", "linux/386"},
        {"linux/i686", "linux/386"},          {"macos/aarch64", "darwin/arm64"},
        {"linux/arm/V7", "linux/arm/v7"},     {"windows/amd64", "windows/amd64"},
        {"linux/armhf/v6", "linux/arm/v6"},   {"linux/s390x", "linux/s390x"},
        {"linux/riscv64", "linux/riscv64"},   {"linux/loongarch64", "linux/loong64"},
    };
    struct platform p;
    struct error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(platform_parse(cases[i].text, &arena, &p, &err));
        slice_is(platform_text(&arena, &p), cases[i].meaning);
    }
    static const char *const wrong[] = {"", "linux", "linux/", "/amd64", "linux/arm/", "linux/arm/v7/x", "/", "//"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(platform_parse(wrong[i], &arena, &p, &err));
        assert_int_equal(err.code, ERR_USAGE);
    }
}

static void test_this_machine(void **state)
{
    (void)state;
    struct utsname machine;
    struct platform p;
    struct error err;
    assert_int_equal(uname(&machine), 0);
    assert_true(platform_parse(NULL, &arena, &p, &err));
    slice_is(p.os, "linux");
    struct platform same = platform_of(&arena, SLICE("linux"), slice_str(machine.machine), SLICE(""));
    assert_true(slice_eq(p.arch, same.arch));
}

// Those that serve the wanted platform, best first; the others, behind "|", do not.
static void test_rank(void **state)
{
    (void)state;
    static const struct {
        const char *wanted, *serve[8], *not [6];
    } cases[] = {
        {"linux/amd64",
         {"linux/amd64", "linux/amd64/v2", "linux/amd64/v3"},
         {"linux/386", "windows/amd64", "linux/arm64"}},
        {"linux/amd64/v3", {"linux/amd64/v3", "linux/amd64/v2", "linux/amd64"}, {"linux/amd64/v4", "linux/386"}},
        {"linux/arm", {"linux/arm/v7", "linux/arm/v6", "linux/arm/v5", "linux/arm/v8"}, {"linux/arm64", "linux/amd64"}},
        {"linux/arm/v6", {"linux/arm/v6", "linux/arm/v5"}, {"linux/arm/v7", "linux/arm", "linux/arm64/v8"}},
        {"linux/arm/v7", {"linux/arm", "linux/arm/v6"}, {"linux/arm/v8"}},
        {"linux/arm64", {"linux/arm64/v8", "linux/arm64/v9"}, {"linux/arm/v8"}},
        {"linux/arm64/v8", {"linux/arm64"}, {"linux/arm64/v9"}},
        {"linux/ppc64le", {"linux/ppc64le", "linux/ppc64le/power9"}, {"linux/ppc64"}},
        {"linux/ppc64le/power9", {"linux/ppc64le/power9"}, {"linux/ppc64le", "linux/ppc64le/power8"}},
    };
    struct error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct platform wanted, have;
        unsigned last = UINT32_MAX;
        assert_true(platform_parse(cases[i].wanted, &arena, &wanted, &err));
        for (size_t j = 0; cases[i].serve[j] != NULL; j++) {
            assert_true(platform_parse(cases[i].serve[j], &arena, &have, &err));
            unsigned rank = platform_rank(&wanted, &have);
            if (rank == 0 || rank >= last)
                fail_msg("%s for %s: %u after %u", cases[i].serve[j], cases[i].wanted, rank, last);
            last = rank;
        }
        for (size_t j = 0; cases[i].not [j] != NULL; j++) {
            assert_true(platform_parse(cases[i].not [j], &arena, &have, &err));
            if (platform_rank(&wanted, &have) != 0)
                fail_msg("%s serves %s", cases[i].not [j], cases[i].wanted);
        }
    }
}

// A variant is a stranger's word: numbers that are none, or too large, match only themselves.
static void test_odd_variants(void **state)
{
    (void)state;
    static const char *const odd[] = {"v", "v99999999999999999999", "v100", "vv7", "7x", "\xff"};
    struct platform arm = platform_of(&arena, SLICE("linux"), SLICE("arm"), SLICE("v7"));
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct platform have = platform_of(&arena, SLICE("linux"), SLICE("arm"), slice_str(odd[i]));
        assert_int_equal(platform_rank(&arm, &have), 0);
        assert_true(platform_rank(&have, &have) != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMAGE_TEST(test_parse),
        IMAGE_TEST(test_this_machine),
        IMAGE_TEST(test_rank),
        IMAGE_TEST(test_odd_variants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
