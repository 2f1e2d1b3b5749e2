// Packed records: out what went in, and nothing but an error from damaged bytes.
#include "advisory/segment_block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
// cmocka wants the above first
#include <cmocka.h>

static const struct packed_record records[] = {
    {SLICE("CVE-2014-0160"), SLICE(""), SLICE("1.0.1e-2+deb7u5"), ADVISORY_FIXED, 3, 1},
    {SLICE("CVE-2014-0160"), SLICE("2.0"), SLICE("2.0.1e-2"), ADVISORY_FIXED, 3, 1},
    {SLICE("CVE-2014-0161"), SLICE(""), SLICE(""), ADVISORY_AFFECTED, 1, 2},
    {SLICE("CVE-2014-01610"), SLICE(""), SLICE(""), ADVISORY_UNDETERMINED, 1, 0},
    {SLICE("CVE-2014-01611"), SLICE("2.0.1"), SLICE(""), ADVISORY_AFFECTED, 1, 0},
    {SLICE("CVE-2014-1"), SLICE("2.0"), SLICE("1.0.1e"), ADVISORY_FIXED, 1, 4000000000},
    {SLICE("TEMP-0000000-ABCDEF"), SLICE(""), SLICE(""), ADVISORY_NOT_AFFECTED, 4000000000, 3},
    {SLICE("X"), SLICE(""), SLICE("1.0.1e"), ADVISORY_LAST_AFFECTED, 1, 4},
};
#define RECORDS (sizeof records / sizeof records[0])

static void pack(struct buf *out)
{
    struct block_writer w = {0};
    for (size_t i = 0; i < RECORDS; i++)
        assert_true(block_add(&w, &records[i]));
    block_end(&w, out);
    block_writer_free(&w);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct buf block BUF_AUTO = {0};
    struct block_reader r;
    pack(&block);
    assert_true(block_start(&r, buf_slice(&block)));
    for (size_t i = 0; i < RECORDS; i++) {
        struct packed_record got;
        assert_int_equal(r.left, RECORDS - i);
        assert_true(block_next(&r, &got));
        assert_true(slice_eq(got.vulnerability, records[i].vulnerability));
        assert_true(slice_eq(got.introduced, records[i].introduced));
        assert_true(slice_eq(got.bound, records[i].bound));
        assert_int_equal(got.status, records[i].status);
        assert_int_equal(got.trait, records[i].trait);
        assert_int_equal(got.note, records[i].note);
    }
    assert_int_equal(r.left, 0);
    assert_int_equal(r.rest.n, 0);
    // Neighbours share most of their bytes.
    assert_true(block.n < 140);
}

static void test_writer_starts_anew(void **state)
{
    (void)state;
    struct buf one BUF_AUTO = {0}, two BUF_AUTO = {0};
    struct block_writer w = {0};
    assert_true(block_add(&w, &records[0]));
    block_end(&w, &one);
    assert_true(block_add(&w, &records[0]));
    block_end(&w, &two);
    block_writer_free(&w);
    assert_true(slice_eq(buf_slice(&one), buf_slice(&two)));
}

static size_t read_all(struct slice block)
{
    struct block_reader r;
    struct packed_record got;
    size_t n = 0;
    if (!block_start(&r, block))
        return n;
    while (r.left != 0 && block_next(&r, &got))
        n++;
    return n;
}

static void test_cut(void **state)
{
    (void)state;
    struct buf block BUF_AUTO = {0};
    pack(&block);
    for (size_t n = 0; n < block.n; n++) {
        // On the heap, so that a byte read behind the end is noticed.
        char *cut = malloc(n + 1);
        memcpy(cut, block.p, n);
        cut = realloc(cut, n != 0 ? n : 1);
        assert_true(read_all(slice_of(cut, n)) < RECORDS);
        free(cut);
    }
}

static void test_damaged(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct slice block;
    } cases[] = {
        {"empty", SLICE("")},
        {"more records than bytes", SLICE("\x02\x00\x01X\x00")},
        {"a number without an end", SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")},
        {"more shared than there is", SLICE("\x01\x05\x01X\x00\x00\x00")},
        {"more bytes than there are", SLICE("\x01\x00\x7fX\x00\x00\x00")},
        {"a name that is too long", SLICE("\x01\x00\xff\xff\xff\xff\xff\xff\xff\x7fX\x00\x00")},
        {"a trait over 32 bits", SLICE("\x01\x00\x01X\x80\x80\x80\x80\x80\x80\x01\x00")},
        {"a note below none", SLICE("\x01\x00\x01X\x10\x01")},
        {"a note over 32 bits", SLICE("\x01\x00\x01X\x10\x80\x80\x80\x80\x80\x80\x01")},
        {"a bound that is not there", SLICE("\x01\x00\x01X\x11\x00\x04")},
        {"an introduced version that is not there", SLICE("\x01\x00\x01X\x18\x00\x04")},
        {"a status that is none", SLICE("\x01\x00\x01X\x15\x00\x00")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (read_all(cases[i].block) != 0)
            fail_msg("%s was read", cases[i].what);
}

static void test_longest_name(void **state)
{
    (void)state;
    char *name = malloc(ADVISORY_FIELD_BYTES + 1);
    struct buf block BUF_AUTO = {0};
    struct block_writer w = {0};
    memset(name, 'n', ADVISORY_FIELD_BYTES + 1);
    for (size_t more = 0; more < 2; more++) {
        struct packed_record long_one = records[0];
        long_one.vulnerability = slice_of(name, ADVISORY_FIELD_BYTES + more);
        block.n = 0;
        assert_true(block_add(&w, &long_one));
        block_end(&w, &block);
        assert_int_equal(read_all(buf_slice(&block)), 1 - more);
    }
    block_writer_free(&w);
    free(name);
}

// Names that share their bytes unpack to a thousand times what they take: the writer stops before the reader would.
static void test_most_bytes(void **state)
{
    (void)state;
    enum { FIT = BLOCK_MOST_BYTES / (BLOCK_RECORD_BYTES + 2 * ADVISORY_FIELD_BYTES) };
    char *name = malloc(ADVISORY_FIELD_BYTES);
    memset(name, 'n', ADVISORY_FIELD_BYTES);
    struct packed_record record = records[0];
    record.vulnerability = record.bound = slice_of(name, ADVISORY_FIELD_BYTES);
    struct block_writer w = {0};
    struct buf block BUF_AUTO = {0};
    for (size_t i = 0; i < FIT; i++)
        assert_true(block_add(&w, &record));
    assert_false(block_add(&w, &record));
    block_end(&w, &block);
    assert_int_equal(read_all(buf_slice(&block)), FIT);
    assert_true(block_add(&w, &record)); // the next block has room
    block_writer_free(&w);
    free(name);
}

static void test_too_many_bytes(void **state)
{
    (void)state;
    enum { RECORDS_OF_8K = BLOCK_MOST_BYTES / (2 * ADVISORY_FIELD_BYTES) + 1 };
    struct buf block BUF_AUTO = {0};
    // A count; then a record with a name and a fixed version of 4096 bytes, and others that repeat both.
    buf_add(&block, SLICE("\x81\x40\x00\x80\x20")); // 8193 records
    assert_int_equal(RECORDS_OF_8K, 8193);
    for (size_t i = 0; i < ADVISORY_FIELD_BYTES; i++)
        buf_addc(&block, 'n');
    buf_add(&block, SLICE("\x11\x00\x80\x20"));
    for (size_t i = 0; i < ADVISORY_FIELD_BYTES; i++)
        buf_addc(&block, 'v');
    buf_addc(&block, '\0');
    for (size_t i = 1; i < RECORDS_OF_8K; i++)
        buf_add(&block, SLICE("\x80\x20\x00\x11\x80\x20\x00\x00"));
    size_t n = read_all(buf_slice(&block));
    assert_true(n > 8000 && n * (2 * ADVISORY_FIELD_BYTES + BLOCK_RECORD_BYTES) <= BLOCK_MOST_BYTES);

    // As many records as there is room for, and one more.
    struct block_reader r;
    const uint64_t most = BLOCK_MOST_BYTES / BLOCK_RECORD_BYTES; // 1 << 20
    struct buf many BUF_AUTO = {0};
    buf_add(&many, SLICE("\x80\x80\x40"));
    buf_reserve(&many, (most + 1) * 4);
    memset(many.p + many.n, 0, (most + 1) * 4);
    many.n += (most + 1) * 4;
    assert_true(block_start(&r, buf_slice(&many)));
    many.p[0] = '\x81';
    assert_false(block_start(&r, buf_slice(&many)));
}

static void test_ids(void **state)
{
    (void)state;
    const uint32_t ids[] = {1, 2, 130, 70000, UINT32_MAX};
    struct buf list BUF_AUTO = {0};
    uint64_t n;
    uint32_t id = 0;
    ids_write(&list, ids, 5);
    struct slice rest = buf_slice(&list);
    assert_true(ids_start(&rest, &n));
    assert_int_equal(n, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_true(ids_next(&rest, &id));
        assert_int_equal(id, ids[i]);
    }
    assert_false(ids_next(&rest, &id)); // nothing left

    struct slice many = SLICE("\x05\x01"), twice = SLICE("\x02\x01\x00"), over = SLICE("\x02\x01\xff\xff\xff\xff\x0f");
    assert_false(ids_start(&many, &n));
    assert_true(ids_start(&twice, &n) && ids_next(&twice, (id = 0, &id)));
    assert_false(ids_next(&twice, &id));
    assert_true(ids_start(&over, &n) && ids_next(&over, (id = 0, &id)));
    assert_false(ids_next(&over, &id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_writer_starts_anew),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_longest_name),
        cmocka_unit_test(test_most_bytes),
        cmocka_unit_test(test_too_many_bytes),
        cmocka_unit_test(test_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
