// Tokens that are made are taken, by whoever has the key and for as long as they are valid.
#include "http/token.h"

#include <setjmp.h>
#include <stdarg.h>
// cmocka wants the above first
#include <cmocka.h>

#define NOW 1795492195

static bool taken(const char *key, const char *issuer, const struct secret *token, int64_t now)
{
    struct secret *secret SECRET_AUTO = secret_new(slice_str(key));
    struct slice issuers[] = {slice_str(issuer)};
    const struct token_key check = {secret, issuers, 1};
    struct error err;
    return token_check(&check, secret_reveal(token), now, &err);
}

static void made_and_checked(void **state)
{
    (void)state;
    struct secret *key SECRET_AUTO = secret_new(SLICE("secret"));
    struct secret *token SECRET_AUTO = token_make(key, "clair-notifier", NOW);
    assert_true(taken("secret", "clair-notifier", token, NOW));
    assert_true(taken("secret", "clair-notifier", token, NOW - 15)); // a clock that is late
    assert_true(taken("secret", "clair-notifier", token, NOW + 60));
    assert_false(taken("secret", "clair-notifier", token, NOW + 90));
    assert_false(taken("secret", "clair-notifier", token, NOW - 90));
    assert_false(taken("secret", "quay", token, NOW));
    assert_false(taken("other", "clair-notifier", token, NOW));
}

// Header and claims as Clair writes them: in the order of their names, nothing else.
static void same_text(void **state)
{
    static const char expected[] =
        "Bearer eyJhbGciOiJIUzI1NiJ9."
        "eyJleHAiOjE3OTU0OTIyNTUsImlhdCI6MTc5NTQ5MjE5NSwiaXNzIjoiY2xhaXItbm90aWZpZXIiLCJuYmYiOj"
        "E3OTU0OTIxMzV9.";
    (void)state;
    struct secret *key SECRET_AUTO = secret_new(SLICE("secret"));
    struct secret *token SECRET_AUTO = token_make(key, "clair-notifier", NOW);
    assert_true(slice_starts(secret_reveal(token), slice_str(expected)));
    assert_int_equal(secret_reveal(token).n, sizeof expected - 1 + 43);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_and_checked),
        cmocka_unit_test(same_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
