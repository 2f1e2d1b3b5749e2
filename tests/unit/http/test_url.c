// URLs, and the proxy that the environment names for them.
#include "http/url.h"

#include "http/proxy.h"
#include "http_test.h"

static struct url parsed(const char *text)
{
    struct url url;
    struct error err;
    if (!url_parse(slice_str(text), &arena, &url, &err))
        fail_msg("%s: %s", text, err.text);
    return url;
}

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host;
        unsigned port;
        bool tls;
    } cases[] = {
        {"http://Example.COM/a?b#c", "example.com", 80, false}, {"HTTPS://x:8443", "x", 8443, true},
        {"https://[::1]:5000/", "[::1]", 5000, true},           {"http://0x7f.1/", "127.0.0.1", 80, false},
        {"http://2130706433/", "127.0.0.1", 80, false},         {"http://0177.0.0.1/", "127.0.0.1", 80, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct url url = parsed(cases[i].text);
        slice_is(url.host, cases[i].host);
        assert_int_equal(url.port, cases[i].port);
        assert_int_equal(url.tls, cases[i].tls);
        assert_true(slice_find(url.text, '#') < 0);
    }
    static const struct {
        const char *text;
        enum error_code code;
    } wrong[] = {
        {"", ERR_FORMAT},
        {"/relative", ERR_FORMAT},
        {"http://", ERR_FORMAT},
        {"http://a b/", ERR_FORMAT},
        {"http://a/\n", ERR_FORMAT},
        {"http://a:99999/", ERR_FORMAT},
        {"http://user@a/", ERR_FORMAT},
        {"http://u:p@a/", ERR_FORMAT},
        {"file:///etc/passwd", ERR_UNSUPPORTED},
        {"ftp://a/", ERR_UNSUPPORTED},
        {"unix:///run/docker.sock", ERR_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct url url;
        struct error err;
        if (url_parse(slice_str(wrong[i].text), &arena, &url, &err) || err.code != wrong[i].code)
            fail_msg("\"%s\" gives %d", wrong[i].text, err.code);
    }
}

static void test_resolve(void **state)
{
    (void)state;
    struct url base = parsed("https://a:1/b/c?d"), url;
    struct error err;
    static const char *const cases[][2] = {
        {"/x", "https://a:1/x"},      {"x", "https://a:1/b/x"},    {"//b/x", "https://b/x"},
        {"http://b/y", "http://b/y"}, {"?q", "https://a:1/b/c?q"}, {"../x", "https://a:1/x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(url_resolve(&base, slice_str(cases[i][0]), &arena, &url, &err));
        slice_is(url.text, cases[i][1]);
    }
    assert_false(url_resolve(&base, SLICE("//u:p@a/"), &arena, &url, &err));
    assert_false(url_resolve(&base, SLICE("file:/x"), &arena, &url, &err));
    assert_false(url_resolve(&base, SLICE("//%32"), &arena, &url, &err)); // 0.0.0.2, read twice
    assert_false(url_parse(SLICE("http://%32130706433/"), &arena, &url, &err));
    slice_is(parsed("http://%65xample.com/").host, "example.com");
}

static bool same(const char *a, const char *b)
{
    struct url left = parsed(a), right = parsed(b);
    return url_same_origin(&left, &right);
}

static void test_origin(void **state)
{
    (void)state;
    assert_true(same("https://a/x", "https://A:443/y"));
    assert_false(same("https://a/", "http://a/"));
    assert_false(same("https://a/", "https://a:444/"));
    assert_false(same("https://a/", "https://a./"));
    assert_false(same("https://a/", "https://b.a/"));
}

static void test_shown(void **state)
{
    (void)state;
    slice_is(url_shown(&arena, SLICE("https://a/b?X-Amz-Signature=s3cret")), "https://a/b");
    slice_is(url_shown(&arena, SLICE("https://a/b#s3cret")), "https://a/b");
    slice_is(url_shown(&arena, SLICE("https://user:s3cret@a/b")), "https://…@a/b");
    assert_true(url_shown(&arena, slice_of(arena_alloc(&arena, 5000), 5000)).n < 300);
    slice_is(url_escape(&arena, SLICE("a b/c:&~\xff")), "a%20b%2Fc%3A%26~%FF");
}

static void test_proxy(void **state)
{
    (void)state;
    static const char *const names[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                        "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
    struct url plain = parsed("http://a.example/"), safe = parsed("https://a.example/");
    assert_null(proxy_for(&plain));
    setenv("HTTP_PROXY", "http://wrong", 1);
    assert_null(proxy_for(&plain));
    setenv("http_proxy", "http://p1", 1);
    assert_string_equal(proxy_for(&plain), "http://p1");
    assert_null(proxy_for(&safe));
    setenv("ALL_PROXY", "http://p2", 1);
    assert_string_equal(proxy_for(&safe), "http://p2");
    setenv("HTTPS_PROXY", "http://p3", 1);
    assert_string_equal(proxy_for(&safe), "http://p3");
    setenv("no_proxy", "b.example, .example", 1);
    assert_null(proxy_for(&safe));
}

static void test_no_proxy(void **state)
{
    (void)state;
    assert_true(proxy_excepts(SLICE("*"), SLICE("a")));
    assert_true(proxy_excepts(SLICE("x,example"), SLICE("a.example")));
    assert_true(proxy_excepts(SLICE(".example"), SLICE("example")));
    assert_true(proxy_excepts(SLICE("EXAMPLE"), SLICE("a.example.")));
    assert_false(proxy_excepts(SLICE("example"), SLICE("badexample")));
    assert_false(proxy_excepts(SLICE("a.example"), SLICE("example")));
    assert_true(proxy_excepts(SLICE("10.0.0.0/8"), SLICE("10.9.9.9")));
    assert_true(proxy_excepts(SLICE("8.8.8.0/24"), SLICE("8.8.8.8")));
    assert_false(proxy_excepts(SLICE("8.8.8.0/24"), SLICE("8.8.9.8")));
    assert_true(proxy_excepts(SLICE("::1"), SLICE("[::1]")));
    assert_false(proxy_excepts(SLICE(" , ,"), SLICE("a")));
    assert_false(proxy_excepts(SLICE(""), SLICE("a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse), cmocka_unit_test(test_resolve), cmocka_unit_test(test_origin),
        cmocka_unit_test(test_shown), cmocka_unit_test(test_proxy),   cmocka_unit_test(test_no_proxy),
    };
    int failed = cmocka_run_group_tests_name("url", tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
