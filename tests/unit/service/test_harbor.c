// What Harbor sends, as its own client writes it, and the ids of scans.
#include "service/harbor.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ARTIFACT                                                                                                       \
    "\"artifact\":{\"repository\":\"library/app\",\"digest\":\"sha256:" HEX "\",\"mime_type\":\"" HARBOR_TYPE_OCI "\"}"

static void where_and_how(void **state)
{
    static const struct {
        const char *registry, *domain, *authorization;
        bool plain, unverified;
    } cases[] = {
        {"\"url\":\"http://core:8080\"", "core:8080", NULL, true, false},
        {"\"url\":\"http://core\"", "core", NULL, true, false},
        {"\"url\":\"http://core:80/\",\"insecure\":true", "core", NULL, true, false},
        {"\"url\":\"HTTPS://Harbor.Example/\",\"authorization\":\"\"", "harbor.example", NULL, false, false},
        {"\"url\":\"https://harbor.example:443\",\"authorization\":\"Basic cjp4\"", "harbor.example", "Basic cjp4",
         false, false},
        {"\"url\":\"https://h:8443\",\"insecure\":true,\"authorization\":\"bearer  x.y.z \"", "h:8443", "Bearer x.y.z",
         false, true},
        {"\"url\":\"https://[::1]:5000\",\"insecure\":null", "[::1]:5000", NULL, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct harbor_request request;
        struct error err;
        struct slice body = arena_printf(&a, "{\"registry\":{%s}," ARTIFACT "}", cases[i].registry);
        if (!harbor_request_parse(body, &a, &request, &err))
            fail_msg("%s: %s", cases[i].registry, err.text);
        struct pull pull PULL_AUTO = request.pull;
        if (!slice_eq(pull.reference.domain, slice_str(cases[i].domain)))
            fail_msg("%.*s instead of %s", SLICE_ARG(pull.reference.domain), cases[i].domain);
        assert_true(slice_eq(pull.reference.path, SLICE("library/app")));
        assert_string_equal(pull.reference.digest.text, "sha256:" HEX);
        assert_int_equal(pull.plain, cases[i].plain);
        assert_int_equal(pull.unverified, cases[i].unverified);
        assert_int_equal(pull.authorization != NULL, cases[i].authorization != NULL);
        if (pull.authorization != NULL)
            assert_string_equal(secret_reveal(pull.authorization).p, cases[i].authorization);
    }
}

static void ids(void **state)
{
    static const struct {
        const char *repository, *tag, *mime_type, *id;
    } cases[] = {
        {"library/app", "1.0", HARBOR_TYPE_OCI, "sha256-" HEX "~oci~1.0~library~app"},
        {"app", "", HARBOR_TYPE_DOCKER, "sha256-" HEX "~docker~~app"},
        {"a/b-c/d_e.f", "T_1.x-y", HARBOR_TYPE_DOCKER, "sha256-" HEX "~docker~T_1.x-y~a~b-c~d_e.f"},
    };
    (void)state;
    struct arena a ARENA_AUTO = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct harbor_artifact artifact = {
            slice_str(cases[i].repository), slice_str(cases[i].tag), {"sha256:" HEX}, cases[i].mime_type};
        struct harbor_artifact again;
        assert_string_equal(harbor_id(&artifact, &a).p, cases[i].id);
        assert_true(harbor_id_parse(slice_str(cases[i].id), &a, &again));
        assert_true(slice_eq(again.repository, artifact.repository) && slice_eq(again.tag, artifact.tag));
        assert_true(digest_eq(&again.digest, &artifact.digest));
        assert_string_equal(again.mime_type, cases[i].mime_type);
    }
    static const char *const wrong[] = {
        "",
        "~",
        "~~~",
        "sha256-" HEX,
        "sha256-" HEX "~oci~1.0",
        "sha256-" HEX "~oci~1.0~",
        "sha256:" HEX "~oci~1.0~app",
        "sha256-" HEX "~helm~1.0~app",
        "sha256-" HEX "~oci~1.0~a/b",
        "sha256-" HEX "~oci~1.0~~app",
        "sha256-12~oci~1.0~app",
        "sha256-" HEX "~oci~:~app",
        "sha256-" HEX "~oci~1~App",
        "sha256-" HEX "~oci~1~..~app",
        "sha256-" HEX "~oci~1~app@x",
    };
    struct harbor_artifact none;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (harbor_id_parse(slice_str(wrong[i]), &a, &none))
            fail_msg("%s is an id", wrong[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_and_how),
        cmocka_unit_test(ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
