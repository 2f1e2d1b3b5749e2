// What clients send: digests, lists of them, manifests, and truths in queries, in the words that Clair has for what is
// wrong.
#include "service/requests.h"

#include <setjmp.h>
#include <stdarg.h>
// cmocka wants the above first
#include <cmocka.h>

#define A64  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH "\"sha256:" A64 "\""

static void digests(void **state)
{
    static const struct {
        const char *text, *says; // says NULL: it is one
    } cases[] = {
        {"sha256:" A64, NULL},
        {"sha512:" A64 A64, NULL},
        {"sha256:AAAAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
        {"", "invalid digest format"},
        {"sha256", "invalid digest format"},
        {"sha256:xyz", "unable to decode digest as hex"},
        {"sha256:abc", "unable to decode digest as hex"},
        {"sha256:", "bad checksum length: 0"},
        {"sha256:abcd", "bad checksum length: 2"},
        {"sha512:" A64, "bad checksum length: 32"},
        {"md5:" A64, "unknown algorthm \"md5\""},
        {"SHA256:" A64, "unknown algorthm \"SHA256\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct digest digest;
        struct error err;
        bool ok = request_digest(slice_str(cases[i].text), &digest, &err);
        assert_int_equal(ok, cases[i].says == NULL);
        if (ok)
            assert_true(slice_eq_nocase(digest_slice(&digest), slice_str(cases[i].text)));
        else
            assert_string_equal(err.text, cases[i].says);
    }
}

static void lists_of_digests(void **state)
{
    static const struct {
        const char *body;
        int n; // -1: none
        const char *says;
    } cases[] = {
        {"[]", 0, NULL},
        {"null", 0, NULL},
        {"[" HASH "]", 1, NULL},
        {" [" HASH " , " HASH "] ", 2, NULL},
        {"", -1, "EOF"},
        {"[", -1, "EOF"},
        {"{}", -1, "an array of digests is wanted"},
        {"[5]", -1, "a digest is a string"},
        {"[null]", -1, "a digest is a string"},
        {"[\"sha256:ab\"]", -1, "json decode error [pos 12]: bad checksum length: 1"},
        {"[" HASH ",\"x\"]", -1, "invalid digest format"},
        {"[] []", -1, "json decode error"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct digest *list = NULL;
        struct error err;
        size_t n = 0;
        bool ok = request_digests(slice_str(cases[i].body), &a, &list, &n, &err);
        assert_int_equal(ok, cases[i].n >= 0);
        if (ok)
            assert_int_equal(n, cases[i].n);
        else if (strstr(err.text, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].body, err.text);
    }
}

static bool read_manifest(const char *body, struct arena *a, struct posted_manifest *m, struct error *err)
{
    struct limits limits = limits_default();
    limits.manifest_layers = 3;
    limits.layer_headers = 2;
    return request_manifest(slice_str(body), &limits, a, m, err);
}

static void a_manifest(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct posted_manifest m;
    struct error err;
    assert_true(read_manifest("{\"hash\":" HASH ",\"unknown\":[],\"layers\":["
                              "{\"hash\":" HASH
                              ",\"uri\":\"https://r/1\",\"headers\":{\"Accept\":[\"a\",\"b\"],\"X\":null}},"
                              "{\"hash\":" HASH ",\"uri\":null,\"headers\":null},"
                              "{\"hash\":\"sha256:00\",\"hash\":" HASH "}]}", // the last one counts, as in Go
                              &a, &m, &err));
    assert_int_equal(m.layers_n, 3);
    assert_true(slice_eq(m.layers[0].uri, SLICE("https://r/1")));
    assert_int_equal(m.layers[0].headers_n, 2);
    assert_true(slice_eq(m.layers[0].headers[1].name, SLICE("Accept")));
    assert_true(slice_eq(secret_reveal(m.layers[0].headers[1].value), SLICE("b")));
    assert_int_equal(m.layers[1].uri.n, 0);
    assert_int_equal(m.layers[2].headers_n, 0);
    posted_manifest_forget(&m);
    assert_int_equal(m.layers[0].headers_n, 0);
    posted_manifest_forget(&m); // harmless
}

static void no_manifests(void **state)
{
    static const struct {
        const char *body;
        enum error_code code;
        const char *says;
    } cases[] = {
        {"", ERR_FORMAT, "EOF"},
        {"{\"hash\":", ERR_FORMAT, "EOF"},
        {"[]", ERR_FORMAT, "an object is wanted"},
        {"null", ERR_USAGE, "bogus manifest"},
        {"{}", ERR_USAGE, "bogus manifest"},
        {"{\"hash\":" HASH "}", ERR_USAGE, "bogus manifest"},
        {"{\"hash\":" HASH ",\"layers\":[]}", ERR_USAGE, "bogus manifest"},
        {"{\"layers\":[{\"hash\":" HASH "}]}", ERR_USAGE, "bogus manifest"},
        {"{\"hash\":5,\"layers\":[{\"hash\":" HASH "}]}", ERR_FORMAT, "a digest is a string"},
        {"{\"hash\":" HASH ",\"layers\":{}}", ERR_FORMAT, "layers are an array"},
        {"{\"hash\":" HASH ",\"layers\":[null]}", ERR_FORMAT, "a layer is an object"},
        {"{\"hash\":" HASH ",\"layers\":[{\"uri\":\"x\"}]}", ERR_USAGE, "bogus manifest: a layer without a hash"},
        {"{\"hash\":" HASH ",\"layers\":[{\"hash\":" HASH ",\"uri\":5}]}", ERR_FORMAT, "the strings hash and uri"},
        {"{\"hash\":" HASH ",\"layers\":[{\"hash\":" HASH ",\"headers\":{\"a\":\"b\"}}]}", ERR_FORMAT,
         "arrays of strings"},
        {"{\"hash\":" HASH ",\"layers\":[{\"hash\":" HASH ",\"headers\":{\"a\":[\"b\",null]}}]}", ERR_FORMAT,
         "arrays of strings"},
        {"{\"hash\":" HASH ",\"layers\":[{\"hash\":" HASH ",\"headers\":{\"a\":[\"b\",\"c\",\"d\"]}}]}", ERR_LIMIT,
         "layer_headers"},
        {"{\"hash\":" HASH ",\"layers\":[{\"hash\":" HASH "},{\"hash\":" HASH "},{\"hash\":" HASH "},{\"hash\":" HASH
         "}]}",
         ERR_LIMIT, "manifest_layers"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct posted_manifest m;
        struct error err;
        assert_false(read_manifest(cases[i].body, &a, &m, &err)); // and the sanitizer finds no header that was kept
        assert_int_equal(err.code, cases[i].code);
        if (strstr(err.text, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].body, err.text);
    }
}

static void truths(void **state)
{
    static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
    static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};
    static const char *const neither[] = {"", "yes", "tRUE", "01", " 1"};
    bool value;
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        assert_true(request_bool(slice_str(yes[i]), &value) && value);
        assert_true(request_bool(slice_str(no[i]), &value) && !value);
    }
    for (size_t i = 0; i < 5; i++)
        assert_false(request_bool(slice_str(neither[i]), &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests),      cmocka_unit_test(lists_of_digests), cmocka_unit_test(a_manifest),
        cmocka_unit_test(no_manifests), cmocka_unit_test(truths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
