// One huge object read member by member: wherever the chunks end, wherever the text is cut, whatever is in it.
#include "feed/json_members.h"

#include "../layer/archives.h"

#include <setjmp.h>
#include <stdarg.h>
// cmocka wants the above first
#include <cmocka.h>

struct taken {
    struct buf members; // one a line
    size_t n, refuse;   // refuse the member with that number, from 1
};

static bool take(void *context, struct slice object, struct error *err)
{
    struct taken *t = context;
    buf_add(&t->members, object);
    buf_addc(&t->members, '\n');
    return ++t->n != t->refuse || error_set(err, ERR_USAGE, "refused");
}

static bool read_members(struct slice text, size_t piece, uint64_t limit, struct taken *t, struct error *err)
{
    struct limits limits = limits_default();
    struct reader *r READER_AUTO = reader_in_pieces(text, piece);
    limits.feed_member_bytes = limit;
    *err = (struct error){0};
    return json_for_each_member(r, &limits, take, t, err);
}

static const struct {
    const char *text, *members;
} good[] = {
    {"{}", ""},
    {" \t\r\n{ \n } \n", ""},
    {"{\"a\":1}", "{\"a\":1}\n"},
    {"{\"a\" : 1 , \"b\" : [ ] }", "{\"a\":1}\n{\"b\":[ ]}\n"},
    {"{\"\":{}}", "{\"\":{}}\n"},
    {"{\"a\":null,\"a\":true,\"b\":-1.5e3\n}", "{\"a\":null}\n{\"a\":true}\n{\"b\":-1.5e3}\n"},
    // Brackets, quotes and backslashes in strings close nothing.
    {"{\"a\\\"}\\\\\":\"x\\\\\",\"b\":\"\\\"}{][,:\"}", "{\"a\\\"}\\\\\":\"x\\\\\"}\n{\"b\":\"\\\"}{][,:\"}\n"},
    {"{\"a\":{\"b\":[{\"c\":\"]}\\\\\"},[[]],{}]},\"d\":[{}]}",
     "{\"a\":{\"b\":[{\"c\":\"]}\\\\\"},[[]],{}]}}\n{\"d\":[{}]}\n"},
    {"{\"\\u0041\xc3\xa4\":\"\\ud83d\\ude00\"}", "{\"\\u0041\xc3\xa4\":\"\\ud83d\\ude00\"}\n"},
    // What is no JSON inside of a member is for whoever takes it.
    {"{\"a\":}", "{\"a\":}\n"},
    {"{\"a\":[}}", "{\"a\":[}}\n"},
    {"{\"a\":nonsense}", "{\"a\":nonsense}\n"},
};

// Chunks that end at every byte, and at every other.
static void test_members(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        for (size_t piece = 1; piece <= strlen(good[i].text); piece++) {
            struct taken t = {0};
            struct error err;
            if (!read_members(slice_str(good[i].text), piece, MIB, &t, &err))
                fail_msg("%s in pieces of %zu: %s", good[i].text, piece, err.text);
            if (!slice_eq(buf_slice(&t.members), slice_str(good[i].members)))
                fail_msg("%s in pieces of %zu: %.*s", good[i].text, piece, SLICE_ARG(buf_slice(&t.members)));
            buf_free(&t.members);
        }
}

// Only the whole object is one; until then there have only been members of it.
static void test_cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct slice text = slice_trim(slice_str(good[i].text));
        for (size_t n = 0; n < text.n; n++) {
            struct taken t = {0};
            struct error err;
            if (read_members(slice_of(text.p, n), 3, MIB, &t, &err))
                fail_msg("%.*s is taken for complete", (int)n, text.p);
            assert_int_equal(err.code, ERR_FORMAT);
            assert_non_null(strstr(err.text, n == 0 ? "empty" : "cut short"));
            if (!slice_starts(slice_str(good[i].members), buf_slice(&t.members)))
                fail_msg("%.*s gives %.*s", (int)n, text.p, SLICE_ARG(buf_slice(&t.members)));
            buf_free(&t.members);
        }
    }
}

static void test_no_object(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } bad[] = {
        {"[]", "no object at byte 0"},
        {"  \"a\"", "no object at byte 2"},
        {"\xef\xbb\xbf{}", "no object at byte 0"},
        {"{a:1}", "no key at byte 1"},
        {"{,}", "no key at byte 1"},
        {"{\"a\":1,}", "no key at byte 7"},
        {"{\"a\" 1}", "no colon after a key at byte 5"},
        {"{\"a\"}", "no colon after a key at byte 4"},
        {"{\"a\":1 2}", "neither comma nor end after a value at byte 7"},
        {"{\"a\":\"x\"\"y\"}", "neither comma nor end after a value at byte 8"},
        {"{\"a\":1]", "neither comma nor end after a value at byte 6"},
        {"{\"a\":{}}}", "something behind the end at byte 8"},
        {"{} x", "something behind the end at byte 3"},
        {"{}{}", "something behind the end at byte 2"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        for (size_t piece = 1; piece < 12; piece++) {
            struct taken t = {0};
            struct error err;
            if (read_members(slice_str(bad[i].text), piece, MIB, &t, &err))
                fail_msg("%s is taken for an object", bad[i].text);
            assert_int_equal(err.code, ERR_FORMAT);
            if (strstr(err.text, bad[i].error) == NULL)
                fail_msg("%s: \"%s\" instead of \"%s\"", bad[i].text, err.text, bad[i].error);
            buf_free(&t.members);
        }
}

// The limit bounds what is held, wherever the chunks end: exactly that much passes, one byte more does not.
static void test_limit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t longest; // what has to be held of its longest member, the closing brace apart
    } cases[] = {
        {"{\"a\":1,\"bb\":\"xxxxxxxxxx\",\"c\":2}", sizeof "{\"bb\":\"xxxxxxxxxx\"" - 1},
        {"{\"kkkkkkkkkkkkkkkkkkkkk\":1}", sizeof "{\"kkkkkkkkkkkkkkkkkkkkk\":1" - 1},
        {"{\"a\":[[[[[[[[[]]]]]]]]]}", sizeof "{\"a\":[[[[[[[[[]]]]]]]]]" - 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t piece = 1; piece < 40; piece++) {
            struct taken t = {0};
            struct error err;
            if (!read_members(slice_str(cases[i].text), piece, cases[i].longest, &t, &err))
                fail_msg("%s: %s", cases[i].text, err.text);
            assert_false(read_members(slice_str(cases[i].text), piece, cases[i].longest - 1, &t, &err));
            assert_int_equal(err.code, ERR_LIMIT);
            assert_non_null(strstr(err.text, "feed_member_bytes"));
            buf_free(&t.members);
        }
}

static void test_taker_ends_it(void **state)
{
    (void)state;
    struct taken t = {.refuse = 2};
    struct error err;
    assert_false(read_members(SLICE("{\"a\":1,\"b\":2,\"c\":3}"), 4, MIB, &t, &err));
    assert_string_equal(err.text, "the entry that ends at byte 12: refused");
    assert_int_equal(t.n, 2);
    buf_free(&t.members);
}

static bool broken_next(struct reader *r, struct slice *chunk, struct error *err)
{
    (void)r;
    *chunk = SLICE("");
    return error_set(err, ERR_NETWORK, "it broke");
}

static void test_reader_fails(void **state)
{
    (void)state;
    struct reader broken = {.next = broken_next};
    struct limits limits = limits_default();
    struct taken t = {0};
    struct error err;
    assert_false(json_for_each_member(&broken, &limits, take, &t, &err));
    assert_string_equal(err.text, "it broke");
}

// As deep as it is long: depth costs nothing but a count.
static void test_deep(void **state)
{
    (void)state;
    enum { DEPTH = 100000 };
    struct buf text BUF_AUTO = {0};
    struct taken t = {0};
    struct error err;
    buf_adds(&text, "{\"a\":");
    for (int i = 0; i < DEPTH; i++)
        buf_addc(&text, '[');
    for (int i = 0; i < DEPTH; i++)
        buf_addc(&text, ']');
    buf_addc(&text, '}');
    assert_true(read_members(buf_slice(&text), 4096, MIB, &t, &err));
    assert_int_equal(t.members.n, text.n + 1);
    buf_free(&t.members);
}

static const struct {
    const char *text, *elements; // NULL: refused
} lists[] = {
    {"{\"a\":[]}", ""},
    {"{\"x\":{\"a\":[1]},\"a\" : [ 1 , \"],\" ,{\"b\":[2]},[3],null ] , \"y\":\"a\" }",
     "1\n\"],\"\n{\"b\":[2]}\n[3]\nnull\n"},
    {"{\"a\":[1],\"a\":[2]}", "1\n2\n"},
    {"{\"a\":[[}]}", "[}\n"}, // what is no JSON inside of an element is for whoever takes it
    {"{}", NULL},
    {"[1]", NULL},
    {"{\"a\":{}}", NULL},
    {"{\"b\":[1]}", NULL},
    {"{\"a\":[1]", NULL},
    {"{\"a\":[1", NULL},
    {"{\"a\":[1,]}", NULL},
    {"{\"a\":[,1]}", NULL},
    {"{\"a\":[1 2]}", NULL},
    {"{\"a\":[1}}", NULL},
    {"{\"a\":[1]]}", NULL},
    {"{\"a\":[1]} x", NULL},
    {"{\"b\":nonsense,\"a\":[1]}", NULL},
};

static void test_elements(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        for (size_t piece = 1; piece <= strlen(lists[i].text); piece++) {
            struct reader *r READER_AUTO = reader_in_pieces(slice_str(lists[i].text), piece);
            struct limits limits = limits_default();
            struct taken t = {0};
            struct error err;
            bool ok = json_for_each_element(r, "a", &limits, take, &t, &err);
            if (ok != (lists[i].elements != NULL) ||
                (ok && !slice_eq(buf_slice(&t.members), slice_str(lists[i].elements))))
                fail_msg("%s in pieces of %zu: %s, %.*s", lists[i].text, piece, ok ? "read" : err.text,
                         SLICE_ARG(buf_slice(&t.members)));
            assert_true(ok || err.code == ERR_FORMAT);
            buf_free(&t.members);
        }
}

static void test_element_limit(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct error err;
    limits.feed_member_bytes = 8;
    // The list as a whole may be longer.
    static const struct {
        const char *text;
        bool fits;
    } cases[] = {{"{\"a\":[1234567,1234567,12345678]}", true}, {"{\"a\":[123456789]}", false}};
    for (size_t i = 0; i < 2; i++) {
        struct reader *r READER_AUTO = reader_in_pieces(slice_str(cases[i].text), 5);
        struct taken t = {0};
        assert_int_equal(json_for_each_element(r, "a", &limits, take, &t, &err), cases[i].fits);
        assert_true(cases[i].fits || err.code == ERR_LIMIT);
        buf_free(&t.members);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members), cmocka_unit_test(test_cut_anywhere),  cmocka_unit_test(test_no_object),
        cmocka_unit_test(test_limit),   cmocka_unit_test(test_taker_ends_it), cmocka_unit_test(test_reader_fails),
        cmocka_unit_test(test_deep),    cmocka_unit_test(test_elements),      cmocka_unit_test(test_element_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
