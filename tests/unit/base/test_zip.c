#include "base/zip.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/limits.h"
#include "zip_maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
// cmocka wants the above first
#include <cmocka.h>

// "NAME=CONTENT" for each member, separated by newlines; what stops the reading as "! reason". `opened` is what opening
// it said.
static void list_members(struct zip *zip, bool opened, struct error *err, size_t most, struct buf *found)
{
    struct buf room BUF_AUTO = {0};
    bool more = opened;
    while (more) {
        struct zip_entry e;
        struct slice content;
        bool whole;
        if (!zip_next(zip, &e, &more, err) || !more)
            break;
        buf_add(found, e.name);
        struct error why = {0};
        if (zip_read(zip, &e, most, &room, &content, &whole, &why)) {
            buf_addc(found, '=');
            buf_add(found, content);
            buf_adds(found, whole ? "\n" : "...\n");
        } else {
            buf_addf(found, " %s\n", why.text);
        }
    }
    if (err->code != ERR_NONE)
        buf_addf(found, "! %s\n", err->text);
}

static int file_of(struct slice bytes)
{
    struct error err;
    int fd = memfd_create("archive", MFD_CLOEXEC);
    assert_true(fd >= 0 && fd_write_all(fd, bytes, &err));
    return fd;
}

// In memory, in a buffer of the archive's own size, so that a byte read past its end is seen; and in a file.
static void assert_members(struct slice archive, size_t most, const char *expected)
{
    for (int in_file = 0; in_file < 2; in_file++) {
        struct buf found BUF_AUTO = {0};
        struct zip zip ZIP_AUTO = {0};
        struct error err = {0};
        int fd FD_AUTO = in_file != 0 ? file_of(archive) : -1;
        char *copy = must_alloc(archive.n);
        if (archive.n != 0)
            memcpy(copy, archive.p, archive.n);
        bool opened = in_file != 0 ? zip_open_file(fd, &zip, &err) : zip_open(slice_of(copy, archive.n), &zip, &err);
        list_members(&zip, opened, &err, most, &found);
        free(copy);
        if (!slice_eq(buf_slice(&found), slice_str(expected)))
            fail_msg("found%s:\n%.*sexpected:\n%s", in_file != 0 ? " in a file" : "", (int)found.n,
                     found.p != NULL ? found.p : "", expected);
    }
}

static void test_members(void **state)
{
    (void)state;
    struct zip_maker z ZIP_MAKER_AUTO = {0};
    zip_add(&z, "a", SLICE("stored"));
    zip_pack(&z, "b/c", SLICE("packed packed packed packed"));
    zip_add(&z, "empty", SLICE(""));
    zip_pack(&z, "packed-empty", SLICE(""));
    zip_add(&z, "a", SLICE("twice"));
    assert_members(zip_end(&z), 100, "a=stored\nb/c=packed packed packed packed\nempty=\npacked-empty=\na=twice\n");
    assert_members(buf_slice(&z.out), 6, "a=stored\nb/c=packed...\nempty=\npacked-empty=\na=twice\n");
    assert_members(buf_slice(&z.out), 0, "a=...\nb/c=...\nempty=\npacked-empty=...\na=...\n");
}

// What stands in front of an archive or behind it, and a comment, do not count.
static void test_surroundings(void **state)
{
    (void)state;
    struct zip_maker inner ZIP_MAKER_AUTO = {0}, z ZIP_MAKER_AUTO = {0};
    struct buf all BUF_AUTO = {0};
    zip_add(&inner, "inner", SLICE("1"));
    zip_end(&inner);
    zip_add(&z, "a", SLICE("1"));
    uint64_t offset = z.out.n;
    buf_add(&z.out, buf_slice(&z.directory));
    size_t comment = z.out.n + 22;
    zip_end_as(&z, 1, z.directory.n, offset, "a comment with PK\5\6 in it, which is longer than an end");
    assert_members(buf_slice(&z.out), 9, "a=1\n");
    buf_adds(&all, "#!/bin/sh\nexec java -jar $0\n");
    buf_add(&all, buf_slice(&z.out));
    assert_members(buf_slice(&all), 9, "a=1\n");
    buf_adds(&all, "behind");
    assert_members(buf_slice(&all), 9, "a=1\n");
    // The last archive of two counts, and an archive in a comment is the last one.
    buf_add(&all, buf_slice(&inner.out));
    assert_members(buf_slice(&all), 9, "inner=1\n");
    all.n = 0;
    buf_add(&all, slice_of(z.out.p, comment - 2));
    zip_number(&all, inner.out.n, 2);
    buf_add(&all, buf_slice(&inner.out));
    assert_members(buf_slice(&all), 9, "inner=1\n");
    // A comment may be as long as 65535 bytes, and no longer.
    all.n = 0;
    buf_add(&all, slice_of(z.out.p, comment));
    for (int i = 0; i < 65535; i++)
        buf_addc(&all, ' ');
    assert_members(buf_slice(&all), 9, "a=1\n");
    buf_addc(&all, ' ');
    assert_members(buf_slice(&all), 9, "! has no central directory\n");
}

static void test_no_archives(void **state)
{
    (void)state;
    assert_members(SLICE(""), 9, "! has no central directory\n");
    assert_members(SLICE("PK\3\4"), 9, "! has no central directory\n");
    assert_members(SLICE("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), 9, "! has no central directory\n");
    assert_members(SLICE("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), 9, "");
    const struct {
        uint64_t size, offset; // more than is right
    } wrong[] = {{1, 0}, {0, 1}, {~(uint64_t)0, 0}, {1000000, 0}, {0, 1000000}, {0x80000000, 0x80000000}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct zip_maker z ZIP_MAKER_AUTO = {0};
        zip_add(&z, "a", SLICE("1"));
        uint64_t offset = z.out.n;
        buf_add(&z.out, buf_slice(&z.directory));
        zip_end_as(&z, 1, z.directory.n + wrong[i].size, offset + wrong[i].offset, "");
        assert_members(buf_slice(&z.out), 9, "! has no central directory\n");
    }
}

// Every archive that is cut short, at every byte.
static void test_cut(void **state)
{
    (void)state;
    struct zip_maker z ZIP_MAKER_AUTO = {0};
    zip_add(&z, "a", SLICE("1"));
    zip_pack(&z, "b", SLICE("22222222222222222222222222222222"));
    struct slice whole = zip_end(&z);
    for (size_t n = 0; n < whole.n; n++)
        assert_members(slice_of(whole.p, n), 9, "! has no central directory\n");
}

static void test_damaged_directory(void **state)
{
    (void)state;
    struct zip_maker z ZIP_MAKER_AUTO = {0};
    zip_add(&z, "a", SLICE("1"));
    uint64_t offset = z.out.n;
    buf_add(&z.out, buf_slice(&z.directory));
    buf_adds(&z.out, "junk");
    zip_end_as(&z, 1, z.directory.n + 4, offset, "");
    assert_members(buf_slice(&z.out), 9, "a=1\n! the central directory has no entry at byte 82\n");
    z.out.p[offset + 28] = 127; // the name's length
    assert_members(buf_slice(&z.out), 9, "! the central directory is cut short at byte 35\n");
}

static void test_damaged_members(void **state)
{
    (void)state;
    const struct {
        const char *what;
        struct zip_how how;
        const char *expected;
    } examples[] = {
        {"right", {.packed = 3, .size = 3, .data = SLICE("abc")}, "x=abc\n"},
        {"a size that is not so", {.packed = 3, .size = 4000000000, .data = SLICE("abc")}, "x=abc\n"},
        {"more packed bytes than there are",
         {.packed = 2147483647, .size = 3, .data = SLICE("abc")},
         "x is said to have 2147483647 bytes, more than the archive has behind its header\n"},
        {"no header there",
         {.packed = 3, .size = 3, .offset = 1, .data = SLICE("abc")},
         "x has no local header where the central directory says\n"},
        {"a header far away",
         {.packed = 3, .size = 3, .offset = 4294967294, .data = SLICE("abc")},
         "x has no local header where the central directory says\n"},
        {"encrypted", {.flags = 1, .packed = 3, .size = 3, .data = SLICE("abc")}, "x is encrypted\n"},
        {"sizes behind the data", {.flags = 8, .packed = 3, .size = 3, .data = SLICE("abcPK\7\10")}, "x=abc\n"},
        {"bzip2",
         {.method = 12, .packed = 3, .size = 3, .data = SLICE("abc")},
         "x is packed by method 12, of which only 0 and 8 are read\n"},
        {"no deflate",
         {.method = 8, .packed = 3, .size = 3, .data = SLICE("\xff\xff\xff")},
         "x has a fault in its packed data after 0 bytes\n"},
        {"deflate cut short",
         {.method = 8, .packed = 2, .size = 3, .data = SLICE("\x4b\x4c")},
         "x is cut short after 1 bytes\n"},
        {"deflate with a larger claim",
         {.method = 8, .packed = 5, .size = 4294967294, .data = SLICE("\x4b\x4c\x4a\x06\x00")},
         "x=abc\n"},
        {"deflate with a smaller claim",
         {.method = 8, .packed = 5, .size = 1, .data = SLICE("\x4b\x4c\x4a\x06\x00")},
         "x=abc\n"},
        {"zip64 sizes",
         {.packed = 0xffffffff,
          .size = 0xffffffff,
          .offset = 0xffffffff,
          .data = SLICE("abc"),
          .extra = SLICE("\x99\x99\1\0Z\1\0\30\0\3\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
         "x=abc\n"},
        {"zip64 sizes that overflow",
         {.packed = 0xffffffff,
          .size = 3,
          .data = SLICE("abc"),
          .extra = SLICE("\1\0\10\0\xff\xff\xff\xff\xff\xff\xff\xff")},
         "x is said to have 18446744073709551615 bytes, more than the archive has behind its header\n"},
        {"a zip64 offset that overflows",
         {.packed = 3,
          .size = 3,
          .offset = 0xffffffff,
          .data = SLICE("abc"),
          .extra = SLICE("\1\0\10\0\xff\xff\xff\xff\xff\xff\xff\xff")},
         "x has no local header where the central directory says\n"},
        {"zip64 sizes that are missing",
         {.packed = 0xffffffff, .size = 3, .data = SLICE("abc"), .extra = SLICE("\1\0\4\0\3\0\0\0")},
         "! the entry at byte 37 lacks its zip64 sizes\n"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        print_message("%s\n", examples[i].what);
        struct zip_maker z ZIP_MAKER_AUTO = {0};
        zip_add_as(&z, SLICE("x"), examples[i].how);
        assert_members(zip_end(&z), 1000, examples[i].expected);
    }
}

// With the true sizes in the zip64 record only, and something in front that its locator does not count.
static void test_zip64(void **state)
{
    (void)state;
    struct zip_maker z ZIP_MAKER_AUTO = {0};
    zip_add(&z, "a", SLICE("1"));
    uint64_t offset = z.out.n;
    buf_add(&z.out, buf_slice(&z.directory));
    uint64_t end64 = z.out.n;
    zip_number(&z.out, 0x06064b50, 4);
    zip_number(&z.out, 44, 8);
    zip_number(&z.out, 45, 2 + 2);
    zip_number(&z.out, 0, 4 + 4);
    zip_number(&z.out, 1, 8);
    zip_number(&z.out, 1, 8);
    zip_number(&z.out, z.directory.n, 8);
    zip_number(&z.out, offset, 8);
    zip_number(&z.out, 0x07064b50, 4);
    zip_number(&z.out, 0, 4);
    zip_number(&z.out, end64, 8);
    zip_number(&z.out, 1, 4);
    zip_end_as(&z, 0xffff, 0xffffffff, 0xffffffff, "");
    assert_members(buf_slice(&z.out), 9, "a=1\n");
    struct buf all BUF_AUTO = {0};
    buf_adds(&all, "in front");
    buf_add(&all, buf_slice(&z.out));
    assert_members(buf_slice(&all), 9, "a=1\n");
    memset(z.out.p + end64 + 40, 0xff, 8); // the directory's size
    assert_members(buf_slice(&z.out), 9, "! has no central directory\n");
}

// A false claim of a size must not cost memory, nor must a packed member that says it is small cost more than allowed.
static void test_room(void **state)
{
    (void)state;
    struct buf zeros BUF_AUTO = {0}, room BUF_AUTO = {0};
    buf_reserve(&zeros, MIB);
    memset(zeros.p, 0, MIB);
    zeros.n = MIB;
    struct zip_maker z ZIP_MAKER_AUTO = {0};
    zip_pack(&z, "x", buf_slice(&zeros));
    struct slice archive = zip_end(&z);
    uint64_t claims[] = {0, 1, MIB, 4294967294};
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        struct zip zip;
        struct zip_entry e;
        struct slice content;
        struct error err = {0};
        bool more, whole;
        buf_free(&room);
        assert_true(zip_open(archive, &zip, &err));
        assert_true(zip_next(&zip, &e, &more, &err) && more);
        e.size = claims[i];
        assert_true(zip_read(&zip, &e, 1000000, &room, &content, &whole, &err));
        assert_false(whole);
        assert_int_equal(content.n, 1000000);
        assert_true(room.cap <= 1000001);
        assert_true(zip_read(&zip, &e, GIB, &room, &content, &whole, &err));
        assert_true(whole && content.n == MIB);
        assert_true(room.cap <= 4 * MIB);
    }
}

// More members than a window of the directory holds, and members that are larger than a window of the data.
static void test_windows(void **state)
{
    (void)state;
    enum { MEMBERS = 9000, SIZE = 700000 };
    struct zip_maker z ZIP_MAKER_AUTO = {0};
    struct buf large BUF_AUTO = {0}, room BUF_AUTO = {0};
    for (uint32_t i = 0, x = 1; i < SIZE; i++, x = x * 1664525 + 1013904223)
        buf_addc(&large, (char)(x >> 24));
    for (int i = 0; i < MEMBERS; i++) {
        char name[64];
        snprintf(name, sizeof name, "a name of some length that ends in %d", i);
        zip_add(&z, name, slice_str(name));
    }
    zip_add(&z, "stored", buf_slice(&large));
    zip_pack(&z, "packed", buf_slice(&large));
    int fd FD_AUTO = file_of(zip_end(&z));
    struct zip zip ZIP_AUTO = {0};
    struct zip_entry e;
    struct error err = {0};
    struct slice content;
    bool more, whole;
    assert_true(zip_open_file(fd, &zip, &err));
    for (int i = 0; i < MEMBERS; i++) {
        assert_true(zip_next(&zip, &e, &more, &err) && more);
        struct buf name BUF_AUTO = {0};
        buf_add(&name, e.name);
        assert_true(zip_read(&zip, &e, 100, &room, &content, &whole, &err) && whole);
        assert_true(slice_eq(content, buf_slice(&name)));
    }
    for (int i = 0; i < 2; i++) {
        assert_true(zip_next(&zip, &e, &more, &err) && more);
        assert_true(zip_read(&zip, &e, GIB, &room, &content, &whole, &err) && whole);
        assert_true(slice_eq(content, buf_slice(&large)));
        assert_true(zip_read(&zip, &e, SIZE - 1, &room, &content, &whole, &err));
        assert_false(whole);
        assert_true(slice_eq(content, slice_of(large.p, SIZE - 1)));
    }
    assert_true(zip_next(&zip, &e, &more, &err) && !more);
}

// A file that is cut while it is read says so.
static void test_shrinking_file(void **state)
{
    (void)state;
    struct zip_maker z ZIP_MAKER_AUTO = {0};
    zip_add(&z, "a", SLICE("1"));
    int fd FD_AUTO = file_of(zip_end(&z));
    struct zip zip ZIP_AUTO = {0};
    struct zip_entry e;
    struct error err = {0};
    struct buf room BUF_AUTO = {0};
    struct slice content;
    bool more, whole;
    assert_true(zip_open_file(fd, &zip, &err));
    assert_true(zip_next(&zip, &e, &more, &err) && more);
    assert_int_equal(ftruncate(fd, 10), 0);
    assert_false(zip_read(&zip, &e, 100, &room, &content, &whole, &err));
    assert_string_equal(err.text, "has become shorter while it is read");
}

static void test_check(void **state)
{
    (void)state;
    struct error err = {0};
    struct zip_entry e = {.size = 9, .sum = 0xcbf43926}; // the check value of CRC-32
    assert_true(zip_check(&e, SLICE("123456789"), &err));
    assert_false(zip_check(&e, SLICE("123456780"), &err));
    assert_string_equal(err.text, "has the check sum b2288182, where the central directory says cbf43926");
    assert_false(zip_check(&e, SLICE("1234567890"), &err));
    assert_string_equal(err.text, "has 10 bytes, where the central directory says 9");
    e = (struct zip_entry){0};
    assert_true(zip_check(&e, SLICE(""), &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_surroundings),
        cmocka_unit_test(test_no_archives),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_damaged_directory),
        cmocka_unit_test(test_damaged_members),
        cmocka_unit_test(test_zip64),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_shrinking_file),
        cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
