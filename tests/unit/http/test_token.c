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

// A session that is made of a token ends with it, so its end is told: as long as clocks may differ, a bit later.
static void tells_its_end(void **state)
{
    (void)state;
    struct secret *key SECRET_AUTO = secret_new(SLICE("secret"));
    struct secret *token SECRET_AUTO = token_make(key, "clair-intraservice", NOW);
    struct slice bare = slice_from(secret_reveal(token), sizeof "Bearer " - 1);
    const struct token_key check = {key, NULL, 0};
    struct error err;
    int64_t until = 0;
    assert_true(token_good_until(&check, bare, NOW, &until, &err));
    assert_int_equal(until, NOW + 60 + 15);
    assert_true(token_good_until(&check, bare, until, &until, &err));
    assert_false(token_good_until(&check, bare, until + 1, &until, &err));
    assert_false(token_good_until(&check, secret_reveal(token), NOW, &until, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_and_checked),
        cmocka_unit_test(same_text),
        cmocka_unit_test(tells_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
