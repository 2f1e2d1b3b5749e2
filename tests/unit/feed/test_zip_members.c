// A feed's archive member by member: what is whole is given, what lies is refused, what is too much is a limit.
#include "archive.h"
#include "feed/zip_members.h"

struct seen {
    struct buf text;
    const char *refuse; // the member at which the taker stops
};

static bool take(void *context, struct slice name, struct slice content, struct error *err)
{
    struct seen *s = context;
    buf_addf(&s->text, "%.*s=%.*s\n", SLICE_ARG(name), SLICE_ARG(content));
    return s->refuse == NULL || !slice_eq(name, slice_str(s->refuse)) || error_set(err, ERR_FORMAT, "not wanted");
}

// What is given, and "! error".
static void assert_given(const struct limits *limits, struct slice archive, const char *refuse, const char *want)
{
    struct seen s = {.refuse = refuse};
    struct error err = {0};
    int fd FD_AUTO = file_of(archive);
    if (!zip_for_each_member(fd, limits, take, &s, &err))
        buf_addf(&s.text, "! %s\n", err.text);
    if (!slice_eq(buf_slice(&s.text), slice_str(want)))
        fail_msg("given:\n%.*sinstead of:\n%s", SLICE_ARG(buf_slice(&s.text)), want);
    buf_free(&s.text);
}

static void test_members(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct zip_maker z ZIP_MAKER_AUTO = {0};
    zip_add(&z, "folder/", SLICE(""));
    zip_add(&z, "folder/a", SLICE("stored"));
    zip_pack(&z, "b", SLICE("packed packed packed"));
    zip_add(&z, "empty", SLICE(""));
    zip_add(&z, "b", SLICE("once more"));
    zip_end(&z);
    assert_given(&limits, buf_slice(&z.out), NULL, "folder/a=stored\nb=packed packed packed\nempty=\nb=once more\n");
    assert_given(&limits, buf_slice(&z.out), "empty",
                 "folder/a=stored\nb=packed packed packed\nempty=\n! empty: not wanted\n");
    assert_given(&limits, slice_of(z.out.p, z.out.n - 1), NULL, "! has no central directory\n");
    assert_given(&limits, SLICE(""), NULL, "! has no central directory\n");
}

// A limit holds, and one more is enough.
static void test_limits(void **state)
{
    (void)state;
    struct zip_maker z ZIP_MAKER_AUTO = {0};
    zip_add(&z, "a", SLICE("12345678"));
    zip_pack(&z, "b", SLICE("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
    struct slice archive = zip_end(&z);
    const char *all = "a=12345678\nb=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n";
    struct limits limits = limits_default();
    limits.feed_members = 2;
    limits.feed_member_bytes = 32;
    limits.feed_unpacked_bytes = 40;
    assert_given(&limits, archive, NULL, all);
    limits.feed_members = 1;
    assert_given(&limits, archive, NULL, "a=12345678\n! has more than 1 members (limit feed_members)\n");
    limits.feed_members = 2;
    limits.feed_member_bytes = 31;
    assert_given(&limits, archive, NULL, "a=12345678\n! b: has more than 31 bytes (limit feed_member_bytes)\n");
    limits.feed_member_bytes = 32;
    limits.feed_unpacked_bytes = 39;
    assert_given(&limits, archive, NULL,
                 "a=12345678\n! b: unpacks, with those before it, to more than 39 bytes (limit feed_unpacked_bytes)\n");
}

static void test_liars(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct zip_how how;
        const char *want;
    } cases[] = {
        {"right", {.packed = 9, .size = 9, .sum = 0xcbf43926, .data = SLICE("123456789")}, "a=123456789\n"},
        {"another size",
         {.packed = 9, .size = 8, .sum = 0xcbf43926, .data = SLICE("123456789")},
         "! a: has 9 bytes, where the central directory says 8\n"},
        {"another sum",
         {.packed = 9, .size = 9, .sum = 0xcbf43927, .data = SLICE("123456789")},
         "! a: has the check sum cbf43926, where the central directory says cbf43927\n"},
        {"encrypted",
         {.flags = 1, .packed = 9, .size = 9, .sum = 0xcbf43926, .data = SLICE("123456789")},
         "! a: is encrypted\n"},
        {"a rare method",
         {.method = 93, .packed = 9, .size = 9, .sum = 0xcbf43926, .data = SLICE("123456789")},
         "! a: is packed by method 93, of which only 0 and 8 are read\n"},
        {"cut short",
         {.method = 8, .packed = 2, .size = 3, .data = SLICE("\x4b\x4c")},
         "! a: is cut short after 1 bytes\n"},
        {"no header there",
         {.packed = 1, .size = 1, .offset = 4, .data = SLICE("1")},
         "! a: has no local header where the central directory says\n"},
    };
    struct limits limits = limits_default();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%s\n", cases[i].what);
        struct zip_maker z ZIP_MAKER_AUTO = {0};
        zip_add_as(&z, SLICE("a"), cases[i].how);
        assert_given(&limits, zip_end(&z), NULL, cases[i].want);
    }
}

// Many entries of one body: each is right, and all together they are more than the file.
static void test_overlapping(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct zip_maker z ZIP_MAKER_AUTO = {0};
    struct buf body BUF_AUTO = {0};
    for (int i = 0; i < 5000; i++)
        buf_addc(&body, 'x');
    zip_add(&z, "a", buf_slice(&body));
    struct slice none = {0};
    for (int i = 0; i < 3; i++)
        zip_entry_as(
            &z, SLICE("a"),
            (struct zip_how){.packed = body.n, .size = body.n, .sum = zip_sum(buf_slice(&body)), .data = none});
    zip_end(&z);
    struct seen s = {0};
    struct error err = {0};
    int fd FD_AUTO = file_of(buf_slice(&z.out));
    assert_false(zip_for_each_member(fd, &limits, take, &s, &err));
    assert_string_equal(err.text, "a: overlaps with others");
    buf_free(&s.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_liars),
        cmocka_unit_test(test_overlapping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
