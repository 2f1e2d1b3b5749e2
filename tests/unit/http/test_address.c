// Which addresses are public. The cases are those of the IANA special-purpose registries: each network's first and last
// address, and their neighbours.
#include "http/address.h"

#include "http_test.h"

static enum address_kind kind_of(const char *text)
{
    struct sockaddr_storage address;
    if (!address_parse(slice_str(text), 80, &address))
        fail_msg("%s is no address", text);
    return address_kind((const struct sockaddr *)&address);
}

static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum address_kind kind;
    } cases[] = {
        {"0.0.0.0", ADDRESS_RESERVED},
        {"0.255.255.255", ADDRESS_RESERVED},
        {"1.0.0.0", ADDRESS_PUBLIC},
        {"9.255.255.255", ADDRESS_PUBLIC},
        {"10.0.0.0", ADDRESS_PRIVATE},
        {"10.255.255.255", ADDRESS_PRIVATE},
        {"11.0.0.0", ADDRESS_PUBLIC},
        {"100.63.255.255", ADDRESS_PUBLIC},
        {"100.64.0.0", ADDRESS_PRIVATE},
        {"100.127.255.255", ADDRESS_PRIVATE},
        {"100.128.0.0", ADDRESS_PUBLIC},
        {"126.255.255.255", ADDRESS_PUBLIC},
        {"127.0.0.0", ADDRESS_PRIVATE},
        {"127.255.255.255", ADDRESS_PRIVATE},
        {"128.0.0.0", ADDRESS_PUBLIC},
        {"169.253.255.255", ADDRESS_PUBLIC},
        {"169.254.0.0", ADDRESS_RESERVED},
        {"169.254.169.254", ADDRESS_RESERVED},
        {"169.255.0.0", ADDRESS_PUBLIC},
        {"172.15.255.255", ADDRESS_PUBLIC},
        {"172.16.0.0", ADDRESS_PRIVATE},
        {"172.31.255.255", ADDRESS_PRIVATE},
        {"172.32.0.0", ADDRESS_PUBLIC},
        {"192.0.0.8", ADDRESS_RESERVED},
        {"192.0.2.1", ADDRESS_RESERVED},
        {"192.167.255.255", ADDRESS_PUBLIC},
        {"192.168.0.0", ADDRESS_PRIVATE},
        {"192.169.0.0", ADDRESS_PUBLIC},
        {"198.17.255.255", ADDRESS_PUBLIC},
        {"198.18.0.0", ADDRESS_RESERVED},
        {"198.19.255.255", ADDRESS_RESERVED},
        {"198.20.0.0", ADDRESS_PUBLIC},
        {"203.0.113.1", ADDRESS_RESERVED},
        {"223.255.255.255", ADDRESS_PUBLIC},
        {"224.0.0.1", ADDRESS_RESERVED},
        {"240.0.0.1", ADDRESS_RESERVED},
        {"255.255.255.255", ADDRESS_RESERVED},
        {"::", ADDRESS_RESERVED},
        {"::1", ADDRESS_PRIVATE},
        {"[::1]", ADDRESS_PRIVATE},
        {"::2", ADDRESS_RESERVED},
        {"::127.0.0.1", ADDRESS_RESERVED},
        {"::ffff:127.0.0.1", ADDRESS_PRIVATE},
        {"::ffff:169.254.169.254", ADDRESS_RESERVED},
        {"::ffff:8.8.8.8", ADDRESS_PUBLIC},
        {"64:ff9b::10.0.0.1", ADDRESS_PRIVATE},
        {"64:ff9b::a9fe:a9fe", ADDRESS_RESERVED},
        {"64:ff9b::8.8.8.8", ADDRESS_PUBLIC},
        {"64:ff9b:1::8.8.8.8", ADDRESS_RESERVED},
        {"100::1", ADDRESS_RESERVED},
        {"2001::1", ADDRESS_RESERVED},
        {"2001:1ff:ffff::1", ADDRESS_RESERVED},
        {"2001:200::1", ADDRESS_PUBLIC},
        {"2001:db8::1", ADDRESS_RESERVED},
        {"2002:7f00:1::1", ADDRESS_PRIVATE},
        {"2002:808:808::1", ADDRESS_PUBLIC},
        {"2606:4700::1111", ADDRESS_PUBLIC},
        {"3fff:fff::1", ADDRESS_RESERVED},
        {"3fff:1000::1", ADDRESS_PUBLIC},
        {"4000::1", ADDRESS_RESERVED},
        {"fbff::1", ADDRESS_RESERVED},
        {"fc00::1", ADDRESS_PRIVATE},
        {"fdff::1", ADDRESS_PRIVATE},
        {"fe80::1", ADDRESS_RESERVED},
        {"fec0::1", ADDRESS_RESERVED},
        {"ff02::1", ADDRESS_RESERVED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (kind_of(cases[i].text) != cases[i].kind)
            fail_msg("%s is %s", cases[i].text, address_kind_text(kind_of(cases[i].text)));
    const struct sockaddr local = {.sa_family = AF_UNIX};
    assert_int_equal(address_kind(&local), ADDRESS_RESERVED);
}

static bool allows(const struct address_rules *rules, const char *host, const char *text, unsigned port)
{
    struct sockaddr_storage address;
    assert_true(address_parse(slice_str(text), port, &address));
    return address_rules_allow(rules, slice_str(host), (const struct sockaddr *)&address);
}

static void test_rules(void **state)
{
    (void)state;
    struct address_rules rules = {0};
    struct error err;
    assert_true(allows(NULL, "a", "8.8.8.8", 80));
    assert_false(allows(NULL, "a", "10.0.0.1", 80));
    assert_false(allows(&rules, "a", "127.0.0.1", 80));
    assert_true(address_rules_add(&rules, &arena, SLICE("10.1.0.0/16"), &err));
    assert_true(address_rules_add(&rules, &arena, SLICE("Registry.Internal"), &err));
    assert_true(address_rules_add(&rules, &arena, SLICE("fd00:1::/33"), &err));
    assert_true(address_rules_add(&rules, &arena, SLICE("[::1]"), &err));
    assert_true(allows(&rules, "a", "10.1.255.255", 80));
    assert_true(allows(&rules, "a", "::ffff:10.1.2.3", 80));
    assert_false(allows(&rules, "a", "10.2.0.0", 80));
    assert_true(allows(&rules, "registry.internal", "169.254.169.254", 80));
    assert_false(allows(&rules, "x.registry.internal", "10.0.0.1", 80));
    assert_true(allows(&rules, "a", "fd00:1:7fff::1", 80));
    assert_false(allows(&rules, "a", "fd00:1:8000::1", 80));
    assert_true(allows(&rules, "a", "::1", 80));
    static const char *const wrong[] = {"",    "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/x",
                                        "a/8", "a b",         "[::1",   "*"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(address_rules_add(&rules, &arena, slice_str(wrong[i]), &err));
        assert_int_equal(err.code, ERR_USAGE);
    }
}

static void test_trust(void **state)
{
    (void)state;
    struct address_rules rules = {0};
    address_rules_trust(&rules, &arena, SLICE("Named"), 5000);
    assert_true(allows(&rules, "named", "127.0.0.1", 5000));
    assert_true(allows(&rules, "named", "fd00::1", 5000));
    assert_false(allows(&rules, "named", "127.0.0.1", 5001));
    assert_false(allows(&rules, "named", "169.254.169.254", 5000));
    assert_false(allows(&rules, "other", "127.0.0.1", 5000));
}

static void test_in(void **state)
{
    (void)state;
    struct sockaddr_storage address;
    assert_true(address_parse(SLICE("8.8.4.4"), 0, &address));
    const struct sockaddr *a = (const struct sockaddr *)&address;
    assert_true(address_in(SLICE("8.8.4.4"), a));
    assert_true(address_in(SLICE("8.8.0.0/16"), a));
    assert_true(address_in(SLICE("0.0.0.0/0"), a));
    assert_false(address_in(SLICE("8.8.8.8"), a));
    assert_false(address_in(SLICE("dns.example"), a));
    assert_false(address_parse(SLICE("8.8.4"), 0, &address));
    assert_false(address_parse(SLICE("8.8.4.4\0"), 0, &address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_trust),
        cmocka_unit_test(test_in),
    };
    int failed = cmocka_run_group_tests_name("address", tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
