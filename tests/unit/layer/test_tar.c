// tar: headers and extended headers of all formats, sparse files, ends, and what is malformed.
#include "layer/tar.h"

#include "archives.h"

#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
// cmocka wants the above first
#include <cmocka.h>

static struct limits limits;

// Reads an archive into a line a member: "type path [-> link] mode size [flags]: contents".
static bool list(struct slice tar_bytes, size_t piece, struct buf *out, struct error *err)
{
    static const char *const types[] = {"file", "hardlink", "symlink", "dir", "other"};
    struct reader *r READER_AUTO = reader_in_pieces(tar_bytes, piece);
    struct tar *tar TAR_AUTO = tar_open(r, &limits);
    for (;;) {
        struct tar_entry e;
        struct slice chunk;
        bool more;
        if (!tar_next(tar, &e, &more, err))
            return false;
        if (!more)
            break;
        buf_addf(out, "%s %.*s", types[e.type], (int)e.path.n, e.path.p);
        if (e.link.n != 0)
            buf_addf(out, " -> %.*s", (int)e.link.n, e.link.p);
        buf_addf(out, " %o %llu%s%s%s:", e.mode, (unsigned long long)e.size, e.sparse ? " sparse" : "",
                 e.escapes ? " escapes" : "", e.too_long ? " too long" : "");
        // Archives with random access find plain contents at the offset.
        if (!e.sparse && e.stored != 0 && e.offset < tar_bytes.n)
            assert_int_equal(e.stored, e.size);
        uint64_t n = 0;
        do {
            if (!tar_read(tar, &chunk, err))
                return false;
            if (!e.sparse && chunk.n != 0)
                assert_memory_equal(chunk.p, tar_bytes.p + e.offset + n, chunk.n);
            buf_add(out, chunk);
            n += chunk.n;
        } while (chunk.n != 0);
        assert_int_equal(n, e.size);
        buf_addc(out, '\n');
    }
    struct tar_entry e;
    bool more = true;
    assert_true(tar_next(tar, &e, &more, err)); // the end stays the end
    assert_false(more);
    assert_int_equal(tar_position(tar), tar_bytes.n);
    return true;
}

// The same without looking at the contents: skipping must come to the same members.
static size_t count(struct slice tar_bytes, size_t piece)
{
    struct reader *r READER_AUTO = reader_in_pieces(tar_bytes, piece);
    struct tar *tar TAR_AUTO = tar_open(r, &limits);
    struct tar_entry e;
    struct error err;
    bool more;
    size_t n = 0;
    while (tar_next(tar, &e, &more, &err) && more)
        n++;
    return n;
}

static void lists_bytes(struct slice tar_bytes, struct slice wanted)
{
    size_t lines = 0;
    for (size_t i = 0; i < wanted.n; i++)
        lines += wanted.p[i] == '\n';
    for (size_t i = 0; i < PIECE_SIZES; i++) {
        struct buf out BUF_AUTO = {0};
        struct error err = {0};
        if (!list(tar_bytes, piece_sizes[i], &out, &err))
            fail_msg("pieces of %zu: %s", piece_sizes[i], err.text);
        if (!slice_eq(buf_slice(&out), wanted))
            fail_msg("pieces of %zu: got\n%.*s", piece_sizes[i], (int)out.n, out.p);
        assert_int_equal(count(tar_bytes, piece_sizes[i]), lines);
    }
}

static void lists(const struct buf *tar_bytes, const char *wanted)
{
    lists_bytes(buf_slice(tar_bytes), slice_str(wanted));
}

static void fails(const struct buf *tar_bytes, enum error_code code, const char *why)
{
    for (size_t i = 0; i < PIECE_SIZES; i++) {
        struct buf out BUF_AUTO = {0};
        struct error err = {0};
        if (list(buf_slice(tar_bytes), piece_sizes[i], &out, &err))
            fail_msg("no error, wanted \"%s\"; got\n%.*s", why, (int)out.n, out.p);
        if (err.code != code || strstr(err.text, why) == NULL)
            fail_msg("code %d, \"%s\" does not say \"%s\"", (int)err.code, err.text, why);
    }
}

static void test_types(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    add_header(&t, '5', "etc/", "", 0);
    add_file(&t, "etc/motd", "hello");
    add_bytes(&t, '\0', "old", SLICE("v7"));
    add_header(&t, '\0', "folder/", "", 7); // v7 wrote folders so; contents they have none
    add_bytes(&t, '7', "contiguous", SLICE("c"));
    add_header(&t, '1', "hard", "etc/motd", 5); // a link's size says nothing of what follows
    add_header(&t, '2', "soft", "/etc/motd", 12);
    add_header(&t, '3', "dev/tty", "", 9);
    add_header(&t, '4', "dev/sda", "", 9);
    add_header(&t, '5', "d", "", 9);
    add_header(&t, '6', "pipe", "", 9);
    add_bytes(&t, 'D', "dump", SLICE("Yetc/motd\0"));
    add_bytes(&t, 'V', "label", SLICE("?"));
    add_file(&t, "empty", "");
    add_end(&t);
    struct buf wanted BUF_AUTO = {0};
    buf_adds(&wanted, "dir etc 644 0:\n"
                      "file etc/motd 644 5:hello\n"
                      "file old 644 2:v7\n"
                      "dir folder 644 0:\n"
                      "file contiguous 644 1:c\n"
                      "hardlink hard -> etc/motd 644 0:\n"
                      "symlink soft -> /etc/motd 644 0:\n"
                      "other dev/tty 644 0:\n"
                      "other dev/sda 644 0:\n"
                      "dir d 644 0:\n"
                      "other pipe 644 0:\n");
    buf_add(&wanted, SLICE("dir dump 644 10:Yetc/motd\0\n"));
    buf_adds(&wanted, "other label 644 1:?\nfile empty 644 0:\n");
    lists_bytes(buf_slice(&t), buf_slice(&wanted));
}

static void test_names(void **state)
{
    (void)state;
    const struct {
        const char *name, *line;
    } cases[] = {
        {"a/b", "a/b 644 0:"},
        {"./a/b", "a/b 644 0:"},
        {"/a/b", "a/b 644 0:"},
        {"//a//./b///", "a/b 644 0:"},
        {"a/../b", "b 644 0:"},
        {"a/b/../../c", "c 644 0:"},
        {"a/..", " 644 0:"},
        {".", " 644 0:"},
        {"", " 644 0:"},
        {"/", " 644 0:"},
        {"..", ".. 644 0 escapes:"},
        {"../a", "../a 644 0 escapes:"},
        {"a/../../b", "a/../../b 644 0 escapes:"},
        {"./../a", "./../a 644 0 escapes:"},
        {"/../a", "a 644 0:"}, // a rooted name cannot climb: Go's filepath.Clean
        {"...", "... 644 0:"},
        {"..a/b..", "..a/b.. 644 0:"},
        {"a\n\xff", "a\n\xff 644 0:"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf t BUF_AUTO = {0}, wanted BUF_AUTO = {0};
        add_file(&t, cases[i].name, "");
        buf_addf(&wanted, "file %s\n", cases[i].line);
        struct buf out BUF_AUTO = {0};
        struct error err;
        assert_true(list(buf_slice(&t), 512, &out, &err));
        assert_string_equal(out.p, wanted.p);
    }
}

static void test_prefixes(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    add_header(&t, '0', "name", "", 0);
    memcpy(t.p + 345, "pre/fix", 7);
    seal(t.p);
    // star has times behind a shorter prefix.
    size_t at = add_header(&t, '0', "name", "", 0);
    memset(t.p + at + 345, 's', 155);
    memcpy(t.p + at + 508, "tar", 4);
    seal(t.p + at);
    // A GNU header has times there.
    at = add_header(&t, '0', "name", "", 0);
    memcpy(t.p + at + 257, "ustar  ", 8);
    memcpy(t.p + at + 345, "00000000001", 12);
    seal(t.p + at);
    // But old Go programs did not know that.
    at = add_header(&t, '0', "name", "", 0);
    memcpy(t.p + at + 257, "ustar  ", 8);
    memcpy(t.p + at + 345, "pre/fix", 7);
    seal(t.p + at);
    // v7: no magic, and whatever it likes behind the link.
    at = add_header(&t, '0', "name", "", 0);
    memset(t.p + at + 257, 'x', 200);
    seal(t.p + at);
    // All hundred bytes of the name, no terminator.
    at = add_header(&t, '0', "", "", 0);
    memset(t.p + at, 'n', 100);
    memset(t.p + at + 345, 'p', 155);
    seal(t.p + at);
    struct buf wanted BUF_AUTO = {0};
    buf_adds(&wanted, "file pre/fix/name 644 0:\nfile ");
    for (int i = 0; i < 131; i++)
        buf_addc(&wanted, 's');
    buf_adds(&wanted, "/name 644 0:\nfile name 644 0:\nfile pre/fix/name 644 0:\nfile name 644 0:\nfile ");
    for (int i = 0; i < 155; i++)
        buf_addc(&wanted, 'p');
    buf_addc(&wanted, '/');
    for (int i = 0; i < 100; i++)
        buf_addc(&wanted, 'n');
    buf_adds(&wanted, " 644 0:\n");
    lists_bytes(buf_slice(&t), buf_slice(&wanted));
}

static void test_pax(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    PAX(&t, 'x', "path", "long/name=with=signs", "mtime", "1.5", "size", "3", "comment", "\xff");
    add_header(&t, '0', "short", "", 0);
    buf_adds(&t, "abc");
    add_padding(&t);
    add_file(&t, "next", "without them");
    PAX(&t, 'X', "linkpath", "solaris");
    add_header(&t, '2', "soft", "short", 0);
    // The last of several counts, and an empty one takes the former away.
    PAX(&t, 'x', "path", "a", "path", "b");
    add_file(&t, "c", "");
    PAX(&t, 'x', "path", "a", "path", "");
    add_file(&t, "c", "");
    // Only the header right before a member counts.
    PAX(&t, 'x', "path", "a");
    PAX(&t, 'x', "comment", "");
    add_file(&t, "c", "");
    // Global ones hold until changed, and give way to a member's own.
    PAX(&t, 'g', "path", "global");
    add_file(&t, "c", "");
    PAX(&t, 'x', "path", "own");
    add_file(&t, "c", "");
    PAX(&t, 'x', "path", "");
    add_file(&t, "header's", "");
    PAX(&t, 'g', "comment", "nothing else");
    add_file(&t, "c", "");
    PAX(&t, 'g', "path", "");
    add_file(&t, "c", "");
    // An empty extended header.
    add_bytes(&t, 'x', "PaxHeaders/x", SLICE(""));
    add_file(&t, "c", "");
    add_end(&t);
    lists(&t, "file long/name=with=signs 644 3:abc\n"
              "file next 644 12:without them\n"
              "symlink soft -> solaris 644 0:\n"
              "file b 644 0:\n"
              "file c 644 0:\n"
              "file c 644 0:\n"
              "file global 644 0:\n"
              "file own 644 0:\n"
              "file header's 644 0:\n"
              "file global 644 0:\n"
              "file c 644 0:\n"
              "file c 644 0:\n");
}

static void test_gnu_long(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0}, name BUF_AUTO = {0}, wanted BUF_AUTO = {0};
    for (int i = 0; i < 300; i++)
        buf_addf(&name, "%03d/", i);
    buf_addc(&name, '\0');
    add_bytes(&t, 'K', "././@LongLink", SLICE("target\0"));
    add_bytes(&t, 'L', "././@LongLink", buf_slice(&name));
    add_header(&t, '2', "cut", "cut", 0);
    add_file(&t, "next", "");
    // Beside a pax record the long name counts, as in Go's reader.
    PAX(&t, 'x', "path", "pax");
    add_bytes(&t, 'L', "././@LongLink", SLICE("gnu"));
    add_file(&t, "cut", "");
    add_end(&t);
    buf_addf(&wanted, "symlink %.*s -> target 644 0:\nfile next 644 0:\nfile gnu 644 0:\n", (int)name.n - 2, name.p);
    lists_bytes(buf_slice(&t), buf_slice(&wanted));
}

static void test_numbers(void **state)
{
    (void)state;
    const struct {
        struct slice field; // the size's twelve bytes
        bool good;
    } cases[] = {
        {SLICE("00000000002\0"), true},
        {SLICE("          2\0"), true},
        {SLICE("2\0\0\0\0\0\0\0\0\0\0\0"), true},
        {SLICE("\0\0\0\0\0\0\0\0\0\0002 "), true},
        {SLICE("000000000002"), true},
        {SLICE("2 garbage   "), true},
        {SLICE("\x80\0\0\0\0\0\0\0\0\0\0\2"), true},
        {SLICE("0000000000x\0"), false},
        {SLICE("00000000008\0"), false},
        {SLICE("-0000000002\0"), false},
        {SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe"), false},
        {SLICE("\x80\0\0\0\x80\0\0\0\0\0\0\2"), false},
        {SLICE("\x80\0\0\1\0\0\0\0\0\0\0\2"), false},
        {SLICE("\x81\0\0\0\0\0\0\0\0\0\0\2"), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf t BUF_AUTO = {0};
        assert_int_equal(cases[i].field.n, 12);
        add_bytes(&t, '0', "f", SLICE("ab"));
        memcpy(t.p + 124, cases[i].field.p, 12);
        seal(t.p);
        add_end(&t);
        if (cases[i].good)
            lists(&t, "file f 644 2:ab\n");
        else
            fails(&t, ERR_FORMAT, "byte 0: a header whose size is no number, or out of range");
    }
    // Nothing but blanks is nothing.
    struct buf t BUF_AUTO = {0};
    add_file(&t, "f", "");
    memset(t.p + 124, ' ', 12);
    memset(t.p + 100, 'x', 8); // a mode that is none is no reason to stop
    seal(t.p);
    lists(&t, "file f 0 0:\n");
}

static void test_checksums(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    add_file(&t, "\xe9t\xe9", "");
    lists(&t, "file \xe9t\xe9 644 0:\n");
    // Summed as signed bytes, as some old programs did.
    uint64_t sum = strtoul(t.p + 148, NULL, 8);
    octal(t.p + 148, 6, sum - 2 * 256);
    lists(&t, "file \xe9t\xe9 644 0:\n");
    octal(t.p + 148, 6, sum - 256);
    fails(&t, ERR_FORMAT, "byte 0: a header with a wrong check sum");
}

static void test_ends(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    static const char zeros[512];
    lists(&t, ""); // nothing at all is an empty archive
    add_file(&t, "f", "x");
    lists(&t, "file f 644 1:x\n");
    buf_add(&t, slice_of(zeros, 512));
    lists(&t, "file f 644 1:x\n");
    buf_add(&t, slice_of(zeros, 512));
    lists(&t, "file f 644 1:x\n");
    // What follows is another program's; no member is hidden in it.
    add_file(&t, "g", "x");
    buf_adds(&t, "trailing bytes, not even a block");
    lists(&t, "file f 644 1:x\n");
    // A single block of zeros ends nothing.
    t.n = 1024;
    buf_add(&t, slice_of(zeros, 512));
    add_file(&t, "g", "y");
    lists(&t, "file f 644 1:x\nfile g 644 1:y\n");
    // Cut short: in a header, in contents, in the padding behind them.
    t.n = 1024 + 512 + 100;
    fails(&t, ERR_FORMAT, "cut short at byte 1636, in the middle of a header");
    t.n = 512;
    fails(&t, ERR_FORMAT, "cut short at byte 512, in the middle of its contents");
    t.n = 513;
    fails(&t, ERR_FORMAT, "f: the archive is cut short at byte 513");
}

static void malformed_pax(const char *records, const char *why)
{
    struct buf t BUF_AUTO = {0};
    add_file(&t, "first", "");
    add_bytes(&t, 'x', "PaxHeaders/x", slice_str(records));
    add_file(&t, "f", "");
    add_end(&t);
    struct buf whole BUF_AUTO = {0};
    buf_addf(&whole, "byte 512: a pax record %s", why);
    fails(&t, ERR_FORMAT, whole.p);
}

static void test_malformed(void **state)
{
    (void)state;
    malformed_pax("10 path=abc", "with the false length 10");
    malformed_pax("99 path=abc\n", "with the false length 99");
    malformed_pax("11 path=abc\n", "with the false length 11");
    malformed_pax("0 path=abc\n", "with the false length 0");
    malformed_pax("2 \n", "with the false length 2");
    malformed_pax("-1 path=abc\n", "without a length");
    malformed_pax(" path=abc\n", "without a length");
    malformed_pax("path=abc\n", "without a length");
    malformed_pax("99999999999999999999999 path=abc\n", "without a length");
    malformed_pax("18446744073709551615 path=abc\n", "with the false length");
    malformed_pax("6 abc\n", "that is no KEY=VALUE");
    malformed_pax("5 =a\n", "that is no KEY=VALUE");
    malformed_pax("10 size=x\n", "whose number is none");
    malformed_pax("13 size=-512\n", "whose number is none, or out of range: \"-512\"");
    malformed_pax("28 size=9223372036854775808\n", "whose number is none, or out of range");
    malformed_pax("28 size=99999999999999999999\n", "with the false length");

    struct buf t BUF_AUTO = {0}, records BUF_AUTO = {0};
    add_record(&records, "path", SLICE("nul\0byte"));
    add_bytes(&t, 'x', "PaxHeaders/x", buf_slice(&records));
    add_file(&t, "f", "");
    fails(&t, ERR_FORMAT, "NUL");

    t.n = 0;
    PAX(&t, 'x', "size", "9223372036854775807");
    add_file(&t, "huge", "x");
    add_end(&t);
    fails(&t, ERR_FORMAT, "cut short");

    t.n = 0;
    PAX(&t, 'x', "path", "a");
    add_end(&t);
    fails(&t, ERR_FORMAT, "byte 1024: an extended header that no member follows");
    t.n = 1024;
    fails(&t, ERR_FORMAT, "byte 1024: an extended header that no member follows");
    t.n = 700;
    fails(&t, ERR_FORMAT, "in the middle of an extended header");

    t.n = 0;
    buf_adds(&t, "This is no archive");
    fails(&t, ERR_FORMAT, "in the middle of a header");
    while (t.n < 4096)
        buf_addc(&t, 'x');
    fails(&t, ERR_FORMAT, "byte 0: a header with a wrong check sum: this is no tar archive");
}

static void test_limits(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0}, name BUF_AUTO = {0}, wanted BUF_AUTO = {0};
    limits.layer_entries = 2;
    add_file(&t, "a", "");
    PAX(&t, 'x', "comment", "not a member");
    add_file(&t, "b", "");
    add_end(&t);
    lists(&t, "file a 644 0:\nfile b 644 0:\n");
    limits.layer_entries = 1;
    fails(&t, ERR_LIMIT, "more than the 1 members that limit layer_entries allows");
    limits = limits_default();

    t.n = 0;
    limits.pax_bytes = 22;
    PAX(&t, 'x', "path", "abcdefghijklm");
    add_file(&t, "f", "");
    lists(&t, "file abcdefghijklm 644 0:\n");
    t.n = 0;
    PAX(&t, 'x', "path", "abcdefghijklmn");
    fails(&t, ERR_LIMIT, "byte 0: an extended header of 23 bytes, more than the 22 that limit pax_bytes allows");
    t.n = 0;
    add_header(&t, 'L', "././@LongLink", "", INT64_C(1) << 32);
    fails(&t, ERR_LIMIT, "limit pax_bytes");
    limits = limits_default();

    // A name that is too long costs its member alone.
    t.n = 0;
    for (int i = 0; i < 4097; i++)
        buf_addc(&name, 'n');
    add_bytes(&t, 'L', "././@LongLink", buf_slice(&name));
    add_file(&t, "f", "x");
    add_file(&t, "g", "y");
    buf_addf(&wanted, "file %.*s 644 1 too long:x\nfile g 644 1:y\n", 4096, name.p);
    lists_bytes(buf_slice(&t), buf_slice(&wanted));
}

// ---- Sparse files ---------------------------------------------------------------------------------------------------

// An old GNU sparse file with `n` pairs of offset and length, and its stored bytes.
static void add_old_sparse(struct buf *t, const char *name, uint64_t size, const uint64_t (*pairs)[2], size_t n,
                           const char *data)
{
    size_t at = add_header(t, 'S', name, "", strlen(data)), i = 0;
    memcpy(t->p + at + 257, "ustar  ", 8);
    for (; i < n && i < 4; i++) {
        octal(t->p + at + 386 + 24 * i, 11, pairs[i][0]);
        octal(t->p + at + 398 + 24 * i, 11, pairs[i][1]);
    }
    t->p[at + 482] = n > 4;
    octal(t->p + at + 483, 11, size);
    seal(t->p + at);
    while (i < n) {
        char block[512] = {0};
        for (size_t j = 0; i < n && j < 21; i++, j++) {
            octal(block + 24 * j, 11, pairs[i][0]);
            octal(block + 24 * j + 12, 11, pairs[i][1]);
        }
        block[504] = i < n;
        buf_add(t, slice_of(block, sizeof block));
    }
    buf_adds(t, data);
    add_padding(t);
}

static void add_hole(struct buf *wanted, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_addc(wanted, '\0');
}

static void test_sparse_old(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0}, wanted BUF_AUTO = {0};
    const uint64_t few[][2] = {{2, 3}, {7, 1}, {8, 2}, {12, 0}};
    add_old_sparse(&t, "few", 12, few, 4, "abcdef");
    buf_adds(&wanted, "file few 644 12 sparse:");
    buf_add(&wanted, SLICE("\0\0abc\0\0def\0\0\n"));
    // Fifty extents take the header and three blocks.
    uint64_t many[50][2];
    buf_adds(&wanted, "file many 644 500 sparse:");
    for (size_t i = 0; i < 50; i++) {
        many[i][0] = 10 * i + 9;
        many[i][1] = 1;
        add_hole(&wanted, 9);
        buf_addc(&wanted, (char)('A' + i));
    }
    buf_addc(&wanted, '\n');
    add_old_sparse(&t, "many", 500, many, 50, "ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqr");
    // Nothing but a hole; and no hole at all.
    add_old_sparse(&t, "hole", 5, NULL, 0, "");
    buf_add(&wanted, SLICE("file hole 644 5 sparse:\0\0\0\0\0\n"));
    const uint64_t all[][2] = {{0, 3}};
    add_old_sparse(&t, "all", 3, all, 1, "xyz");
    buf_adds(&wanted, "file all 644 3 sparse:xyz\n");
    add_file(&t, "next", "n");
    buf_adds(&wanted, "file next 644 1:n\n");
    add_end(&t);
    lists_bytes(buf_slice(&t), buf_slice(&wanted));
}

static void test_sparse_pax(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0}, wanted BUF_AUTO = {0};
    // 0.0
    PAX(&t, 'x', "GNU.sparse.size", "12", "GNU.sparse.numblocks", "3", "GNU.sparse.offset", "2", "GNU.sparse.numbytes",
        "3", "GNU.sparse.offset", "7", "GNU.sparse.numbytes", "3", "GNU.sparse.offset", "12", "GNU.sparse.numbytes",
        "0");
    add_file(&t, "v00", "abcdef");
    // 0.1: the name is a made-up one
    PAX(&t, 'x', "path", "GNUSparseFile.1/v01", "GNU.sparse.size", "12", "GNU.sparse.numblocks", "2", "GNU.sparse.name",
        "v01", "GNU.sparse.map", "2,3,7,3");
    add_file(&t, "x", "abcdef");
    // 1.0: the map stands before the data
    PAX(&t, 'x', "GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.name", "v10", "GNU.sparse.realsize",
        "12");
    char data[512 + 7] = "3\n2\n3\n7\n3\n12\n0\n";
    memcpy(data + 512, "abcdef", 7);
    add_bytes(&t, '0', "GNUSparseFile.1/v10", slice_of(data, 512 + 6));
    for (int i = 0; i < 3; i++) {
        buf_addf(&wanted, "file %s 644 12 sparse:", i == 0 ? "v00" : i == 1 ? "v01" : "v10");
        buf_add(&wanted, SLICE("\0\0abc\0\0def\0\0\n"));
    }
    // A version that nobody knows is a file like any other.
    PAX(&t, 'x', "GNU.sparse.major", "2", "GNU.sparse.minor", "0", "GNU.sparse.realsize", "12");
    add_file(&t, "v20", "abcdef");
    buf_adds(&wanted, "file v20 644 6:abcdef\n");
    add_end(&t);
    lists_bytes(buf_slice(&t), buf_slice(&wanted));
}

static void test_sparse_huge(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    const uint64_t pairs[][2] = {{0, 2}, {UINT64_C(1) << 32, 2}};
    add_old_sparse(&t, "old", UINT64_C(1) << 32, pairs, 1, "ab");
    PAX(&t, 'x', "GNU.sparse.size", "17592186044416", "GNU.sparse.map", "0,2");
    add_file(&t, "pax", "ab");
    add_file(&t, "next", "");
    // Passing over them costs nothing, reading gives what is asked for and no more.
    struct reader *r READER_AUTO = reader_in_pieces(buf_slice(&t), 512);
    struct tar *tar TAR_AUTO = tar_open(r, &limits);
    struct tar_entry e;
    struct slice chunk;
    struct error err;
    bool more;
    assert_true(tar_next(tar, &e, &more, &err) && more);
    assert_int_equal(e.size, UINT64_C(1) << 32);
    assert_true(tar_next(tar, &e, &more, &err) && more);
    assert_int_equal(e.size, UINT64_C(1) << 44);
    assert_true(tar_read(tar, &chunk, &err));
    assert_true(slice_eq(chunk, SLICE("ab")));
    for (int i = 0; i < 10; i++) {
        assert_true(tar_read(tar, &chunk, &err));
        assert_true(chunk.n > 0 && chunk.n <= 64 * KIB && chunk.p[0] == '\0' && chunk.p[chunk.n - 1] == '\0');
    }
    assert_true(tar_next(tar, &e, &more, &err) && more);
    assert_true(slice_eq(e.path, SLICE("next")));
}

static void test_sparse_malformed(void **state)
{
    (void)state;
    const char *wrong = "a sparse file whose map is malformed, or does not fit its size";
    const struct {
        uint64_t size, pairs[2][2];
    } old[] = {
        {10, {{4, 2}, {5, 1}}}, // overlapping
        {10, {{4, 2}, {0, 2}}}, // backwards
        {4, {{0, 2}, {3, 2}}},  // beyond the size
        {10, {{0, 3}, {4, 2}}}, // more than is stored
    };
    for (size_t i = 0; i < sizeof old / sizeof old[0]; i++) {
        struct buf t BUF_AUTO = {0};
        add_file(&t, "first", "");
        add_old_sparse(&t, "f", old[i].size, old[i].pairs, 2, "abcd");
        fails(&t, ERR_FORMAT, wrong);
    }
    const char *maps[] = {"1,2,3", "1,x", "x", "-1,2", "3,2,0,1", "0,99", "9223372036854775807,1", "1,,2", "0,4,5,1,6"};
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        struct buf t BUF_AUTO = {0};
        PAX(&t, 'x', "GNU.sparse.size", "10", "GNU.sparse.map", maps[i]);
        add_file(&t, "f", "abcd");
        fails(&t, ERR_FORMAT, wrong);
    }
    const char *inner[] = {"",
                           "\n",
                           "x\n",
                           "1\n",
                           "1\n0\n",
                           "2\n0\n4\n2\n1\n",
                           "1\n0\n5000\n",
                           "1 \n0\n4\n",
                           "18446744073709551615\n0\n",
                           "99999999999999999999\n",
                           "1\n0\n4\n(no padding)"};
    for (size_t i = 0; i < sizeof inner / sizeof inner[0]; i++) {
        struct buf t BUF_AUTO = {0};
        PAX(&t, 'x', "GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.realsize", "5000");
        add_file(&t, "f", inner[i]);
        add_end(&t);
        fails(&t, ERR_FORMAT, wrong);
        // As long as nobody reads it, its map harms nobody.
        assert_int_equal(count(buf_slice(&t), 512), 1);
    }
    struct buf t BUF_AUTO = {0};
    add_old_sparse(&t, "f", 10, (const uint64_t[5][2]){{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}}, 5, "abcde");
    t.n = 600;
    fails(&t, ERR_FORMAT, "in the middle of a header");
    t.n = 512;
    fails(&t, ERR_FORMAT, "in the middle of a sparse file's map");
}

static void test_sparse_extents(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    struct slice chunk;
    struct error err;
    struct tar_entry e;
    bool more;
    limits.sparse_extents = 3;
    add_old_sparse(&t, "fits", 10, (const uint64_t[3][2]){{0, 1}, {2, 1}, {4, 1}}, 3, "abc");
    add_old_sparse(&t, "f", 10, (const uint64_t[4][2]){{0, 1}, {2, 1}, {4, 1}, {6, 1}}, 4, "abcd");
    add_file(&t, "next", "");
    struct reader *r READER_AUTO = reader_in_pieces(buf_slice(&t), 512);
    struct tar *tar TAR_AUTO = tar_open(r, &limits);
    assert_true(tar_next(tar, &e, &more, &err) && tar_read(tar, &chunk, &err) && chunk.n == 1);
    assert_true(tar_next(tar, &e, &more, &err) && more);
    assert_false(tar_read(tar, &chunk, &err));
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "limit sparse_extents"));
    assert_true(tar_next(tar, &e, &more, &err) && more);
    assert_true(slice_eq(e.path, SLICE("next")));
}

// ---- GNU tar as the writer ------------------------------------------------------------------------------------------

static char folder[64];

__attribute__((format(printf, 1, 2))) static void in_folder(const char *format, ...)
{
    char command[2048], line[2200];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    snprintf(line, sizeof line, "cd %s && %s", folder, command);
    assert_int_equal(system(line), 0); // NOLINT(cert-env33-c): a command of our own
}

static int make_folder(void **state)
{
    const char *base = getenv("TMPDIR");
    (void)state;
    limits = limits_default();
    snprintf(folder, sizeof folder, "%s/clarion-test-XXXXXX", base != NULL && strlen(base) < 30 ? base : "/tmp");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -rf %s", folder);
    return system(line); // NOLINT(cert-env33-c)
}

static int default_limits(void **state)
{
    (void)state;
    limits = limits_default();
    return 0;
}

static void read_archive(struct buf *out)
{
    char path[128];
    struct error err;
    snprintf(path, sizeof path, "%s/out.tar", folder);
    struct reader *r READER_AUTO = reader_of_fd(open(path, O_RDONLY | O_CLOEXEC), true);
    assert_true(reader_read_all(r, out, 64 * MIB, "it", &err));
}

static void test_gnu_tar(void **state)
{
    (void)state;
    if (system("tar --version 2>/dev/null | grep -q 'GNU tar'") != 0) // NOLINT(cert-env33-c)
        skip();
    char deep[400] = {0};
    for (int i = 0; i < 30; i++)
        snprintf(deep + 11 * i, sizeof deep - 11 * (size_t)i, "component%d/", i % 10);
    deep[329] = '\0';
    in_folder("mkdir -p in/dir in/%s && cd in && printf hello >file && ln file hard && ln -s ../file dir/soft", deep);
    in_folder("cd in && chmod 600 file && printf deep >%s/file && ln -s %s long", deep, deep);
    in_folder(
        "cd in && truncate -s 100000 sparse && printf abc | dd of=sparse bs=1 seek=50000 conv=notrunc status=none");
    const struct {
        const char *options;
        bool has_long_names;
    } forms[] = {
        {"--format=v7", false},
        {"--format=oldgnu --sparse", true},
        {"--format=gnu", true},
        {"--format=gnu --sparse", true},
        {"--format=ustar", false},
        {"--format=posix", true},
        {"--format=posix --sparse --sparse-version=0.0", true},
        {"--format=posix --sparse --sparse-version=0.1", true},
        {"--format=posix --sparse --sparse-version=1.0", true},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct buf archive BUF_AUTO = {0}, out BUF_AUTO = {0}, wanted BUF_AUTO = {0};
        in_folder("tar -C in %s --sort=name -cf out.tar ./dir ./file ./hard ./sparse%s", forms[i].options,
                  forms[i].has_long_names ? " ./long ./component0" : "");
        read_archive(&archive);
        bool sparse = strstr(forms[i].options, "--sparse") != NULL;
        buf_adds(&wanted,
                 "symlink dir/soft -> ../file 777 0:\nfile file 600 5:hello\nhardlink hard -> ./file 600 0:\n");
        buf_addf(&wanted, "file sparse 644 100000%s:", sparse ? " sparse" : "");
        add_hole(&wanted, 50000);
        buf_adds(&wanted, "abc");
        add_hole(&wanted, 49997);
        buf_addc(&wanted, '\n');
        if (forms[i].has_long_names)
            buf_addf(&wanted, "symlink long -> %s 777 0:\nfile %s/file 644 4:deep\n", deep, deep);
        struct error err = {0};
        struct buf kept BUF_AUTO = {0};
        if (!list(buf_slice(&archive), 10000, &out, &err))
            fail_msg("%s: %s", forms[i].options, err.text);
        struct slice rest = buf_slice(&out), line;
        while (slice_next_line(&rest, &line)) // folders' modes are the user's choice
            if (!slice_starts(line, SLICE("dir "))) {
                buf_add(&kept, line);
                buf_addc(&kept, '\n');
            }
        if (!slice_eq(buf_slice(&kept), buf_slice(&wanted)))
            fail_msg("%s: got %.300s", forms[i].options, kept.p);
    }
}

int main(void)
{
    umask(022);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_types, default_limits),
        cmocka_unit_test_setup(test_names, default_limits),
        cmocka_unit_test_setup(test_prefixes, default_limits),
        cmocka_unit_test_setup(test_pax, default_limits),
        cmocka_unit_test_setup(test_gnu_long, default_limits),
        cmocka_unit_test_setup(test_numbers, default_limits),
        cmocka_unit_test_setup(test_checksums, default_limits),
        cmocka_unit_test_setup(test_ends, default_limits),
        cmocka_unit_test_setup(test_malformed, default_limits),
        cmocka_unit_test_setup(test_limits, default_limits),
        cmocka_unit_test_setup(test_sparse_old, default_limits),
        cmocka_unit_test_setup(test_sparse_pax, default_limits),
        cmocka_unit_test_setup(test_sparse_huge, default_limits),
        cmocka_unit_test_setup(test_sparse_malformed, default_limits),
        cmocka_unit_test_setup(test_sparse_extents, default_limits),
        cmocka_unit_test_setup_teardown(test_gnu_tar, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
