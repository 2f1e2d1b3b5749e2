// References. The cases follow the grammar and the defaults that the distribution project documents.
#include "image/reference.h"

#include "../http/http_test.h"

static void test_parse(void **state)
{
    (void)state;
#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    static const char *const cases[][2] = {
        {"nginx", "docker.io/library/nginx:latest"},
        {"nginx:1.25", "docker.io/library/nginx:1.25"},
        {"org/app", "docker.io/org/app:latest"},
        {"docker.io/nginx", "docker.io/library/nginx:latest"},
        {"index.docker.io/nginx", "docker.io/library/nginx:latest"},
        {"registry-1.docker.io/org/app:x", "docker.io/org/app:x"},
        {"localhost/app", "localhost/app:latest"},
        {"localhost:5000/a/b/c:T_1.x-y", "localhost:5000/a/b/c:T_1.x-y"},
        {"ghcr.io/org/app@sha256:" HEX, "ghcr.io/org/app@sha256:" HEX},
        {"ghcr.io/org/app:1@sha256:" HEX, "ghcr.io/org/app:1@sha256:" HEX},
        {"GHCR.io/org/app", "GHCR.io/org/app:latest"},
        {"Docker.IO/app", "docker.io/library/app:latest"},
        {"Host/app", "Host/app:latest"},
        {"[::1]:5000/app", "[::1]:5000/app:latest"},
        {"[fe80::1]/app:1", "[fe80::1]/app:1"},
        {"host:80/a", "host:80/a:latest"},
        {"host:80", "docker.io/library/host:80"},
        {"a.b", "docker.io/library/a.b:latest"},
        {"a--b/c__d.e_f", "docker.io/a--b/c__d.e_f:latest"},
    };
    struct reference r;
    struct error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (!reference_parse(slice_str(cases[i][0]), &arena, &r, &err))
            fail_msg("%s: %s", cases[i][0], err.text);
        slice_is(reference_text(&arena, &r), cases[i][1]);
    }
    static const char *const wrong[] = {
        "",       ":",      "/",     "a/",         "/a",          "a//b",       "A",          "a:",          "a:.b",
        "a:-b",   "a:b:c",  "a@",    "a@sha256:",  "a@sha256:12", ("a@x:" HEX), "a.b:",       "a._b/",       "-a",
        "a-",     "a..b/c", "a___b", "a b",        "h:0/a",       "h:65536/a",  "h:x/a",      "-h.io/a",     "h..io/a",
        "[::1/a", "[]/a",   "[x]/a", "http://a/b", "a.io/../b",   "a?b",        "a.io/b%2fc", "user@h.io/a",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (reference_parse(slice_str(wrong[i]), &arena, &r, &err))
            fail_msg("\"%s\" is taken for %.*s", wrong[i], SLICE_ARG(reference_text(&arena, &r)));
    }
    char tag[140] = "a:";
    memset(tag + 2, 'x', 128);
    assert_true(reference_parse(slice_str(tag), &arena, &r, &err));
    tag[130] = 'x';
    assert_false(reference_parse(slice_str(tag), &arena, &r, &err));
    char name[300] = "h.io/";
    memset(name + 5, 'x', 251);
    assert_true(reference_parse(slice_str(name), &arena, &r, &err));
    name[256] = 'x';
    assert_false(reference_parse(slice_str(name), &arena, &r, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse)};
    int failed = cmocka_run_group_tests_name("reference", tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
