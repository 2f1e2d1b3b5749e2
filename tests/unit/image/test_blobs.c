// The files of an image by name, in a folder and in archives: links, duplicates, names that lead out, and what is cut.
#include "image/blobs.h"

#include "images.h"

#include <zstd.h>

static struct blobs *blobs;

static int close_and_end(void **state)
{
    blobs_close(&blobs);
    return end_test(state);
}

#define BLOBS_TEST(test) cmocka_unit_test_setup_teardown(test, fresh_test, close_and_end)

// ---- Helpers --------------------------------------------------------------------------------------------------------

static bool try_archive(struct slice bytes, struct error *err)
{
    int fd = open(path_of("archive"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_true(fd_write_all(fd, bytes, err));
    blobs_close(&blobs);
    blobs = blobs_of_archive(fd, &limits, err);
    return blobs != NULL;
}

static void open_archive(struct slice bytes)
{
    struct error err;
    if (!try_archive(bytes, &err))
        fail_msg("%s", err.text);
}

static void archive_refused(struct slice bytes, enum error_code code, const char *words)
{
    struct error err = {0};
    assert_false(try_archive(bytes, &err));
    if (err.code != code || strstr(err.text, words) == NULL)
        fail_msg("code %d, not %d \"%s\": %s", err.code, code, words, err.text);
}

static void open_folder(const char *name)
{
    int fd = open(path_of(name), O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    blobs_close(&blobs);
    blobs = blobs_of_folder(fd, &limits);
}

static void has(const char *name, struct slice content)
{
    struct blob blob;
    struct error err = {0};
    struct buf b BUF_AUTO = {0};
    if (!blobs_find(blobs, slice_str(name), &blob, &err))
        fail_msg("%s: %s", name, err.text);
    assert_int_equal(blob.size, content.n);
    struct reader *r READER_AUTO = blobs_open(blobs, blob.where, &err);
    if (r == NULL || !reader_read_all(r, &b, 64 * MIB, "it", &err))
        fail_msg("%s: %s", name, err.text);
    assert_true(slice_eq(buf_slice(&b), content));
}

static void has_not(struct slice name, enum error_code code, const char *words)
{
    struct blob blob;
    struct error err = {0};
    if (blobs_find(blobs, name, &blob, &err))
        fail_msg("%.*s was found", SLICE_ARG(name));
    if (err.code != code || strstr(err.text, words) == NULL)
        fail_msg("%.*s: code %d, not %d \"%s\": %s", SLICE_ARG(name), err.code, code, words, err.text);
}

static struct slice zstd_of(struct slice bytes)
{
    size_t room = ZSTD_compressBound(bytes.n);
    char *out = arena_alloc(&arena, room);
    size_t n = ZSTD_compress(out, room, bytes.p, bytes.n, 3);
    assert_false(ZSTD_isError(n));
    return slice_of(out, n);
}

// ---- Paths ----------------------------------------------------------------------------------------------------------

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        const char *folder, *path, *resolved; // NULL: climbs out
    } cases[] = {
        {"", "a", "a"},          {"", "./a//b/", "a/b"}, {"", "a/../b", "b"},     {"", "..", NULL},
        {"", "a/../../b", NULL}, {"x/y", "../a", "x/a"}, {"x/y", "../../a", "a"}, {"x/y", "../../../a", NULL},
        {"x", "/a", "a"},        {"x", "/../a", NULL},   {"x", "", "x"},          {"", "", ""},
        {"", "/", ""},           {"", "...", "..."},     {"x", "..a", "x/..a"},   {"", ".", ""},
        {"x", "a/..", "x"},      {"x", "..", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice out;
        bool inside = path_resolve(&arena, slice_str(cases[i].folder), slice_str(cases[i].path), &out);
        assert_int_equal(inside, cases[i].resolved != NULL);
        if (inside)
            slice_is(out, cases[i].resolved);
    }
}

static void names_refused(void)
{
    has_not(SLICE("../secret"), ERR_FORMAT, "leads out of the image");
    has_not(SLICE("a/../../secret"), ERR_FORMAT, "leads out of the image");
    has_not(SLICE(""), ERR_FORMAT, "names no file");
    has_not(SLICE("/"), ERR_FORMAT, "names no file");
    has_not(SLICE("a\0b"), ERR_FORMAT, "NUL");
    has_not(SLICE("none"), ERR_NOT_FOUND, "none");
    has_not(SLICE("a/none"), ERR_NOT_FOUND, "none");
}

// ---- Folders --------------------------------------------------------------------------------------------------------

static void test_folder(void **state)
{
    (void)state;
    write_file(path_of("secret"), SLICE("the host's"));
    write_file(path_of("in/a"), SLICE("alpha"));
    write_file(path_of("in/x/b"), SLICE("\x1f\x8b packed"));
    write_file(path_of("in/empty"), SLICE(""));
    assert_int_equal(symlink("x/b", path_of("in/inner")), 0);
    assert_int_equal(symlink("../secret", path_of("in/outer")), 0);
    assert_int_equal(symlink(path_of("secret"), path_of("in/absolute")), 0);
    assert_int_equal(symlink("/proc/self/exe", path_of("in/magic")), 0);
    assert_int_equal(symlink("..", path_of("in/up")), 0);
    assert_int_equal(symlink("loop", path_of("in/loop")), 0);
    assert_int_equal(mkfifo(path_of("in/fifo"), 0600), 0);
    open_folder("in");
    has("a", SLICE("alpha"));
    has("./x/../x//b", SLICE("\x1f\x8b packed"));
    has("/a", SLICE("alpha"));
    has("empty", SLICE(""));
    has("inner", SLICE("\x1f\x8b packed"));
    names_refused();
    has_not(SLICE("outer"), ERR_FORMAT, "leads out");
    has_not(SLICE("absolute"), ERR_FORMAT, "leads out");
    has_not(SLICE("magic"), ERR_FORMAT, "leads out");
    has_not(SLICE("up/secret"), ERR_FORMAT, "leads out");
    has_not(SLICE("loop"), ERR_FORMAT, "leads out");
    has_not(SLICE("fifo"), ERR_FORMAT, "no regular file");
    has_not(SLICE("x"), ERR_FORMAT, "no regular file");
    has_not(SLICE("a/b"), ERR_NOT_FOUND, "a/b");
    struct blob blob;
    struct error err;
    assert_true(blobs_find(blobs, SLICE("x/b"), &blob, &err));
    assert_int_equal(blob.compression, COMPRESSION_GZIP);
}

// Replaced by a link to the outside after it was found.
static void test_folder_changes(void **state)
{
    (void)state;
    struct blob blob;
    struct error err;
    write_file(path_of("secret"), SLICE("the host's"));
    write_file(path_of("in/a"), SLICE("alpha"));
    open_folder("in");
    assert_true(blobs_find(blobs, SLICE("a"), &blob, &err));
    assert_int_equal(unlink(path_of("in/a")), 0);
    assert_int_equal(symlink("../secret", path_of("in/a")), 0);
    assert_null(blobs_open(blobs, blob.where, &err));
    assert_int_equal(err.code, ERR_FORMAT);
}

static void test_documents(void **state)
{
    (void)state;
    struct blob blob;
    struct slice text;
    struct error err;
    write_file(path_of("in/a"), SLICE("[123456]"));
    limits.manifest_bytes = 8;
    limits.image_index_bytes = 20;
    open_folder("in");
    assert_true(blobs_find(blobs, SLICE("a"), &blob, &err));
    assert_true(blobs_read(blobs, &blob, &text, &err));
    slice_is(text, "[123456]");
    assert_true(blobs_read(blobs, &blob, &text, &err));
    assert_false(blobs_read(blobs, &blob, &text, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_non_null(strstr(err.text, "the 20 bytes that limit image_index_bytes allows"));
    write_file(path_of("in/a"), SLICE("[1234567]"));
    assert_true(blobs_find(blobs, SLICE("a"), &blob, &err));
    assert_false(blobs_read(blobs, &blob, &text, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_non_null(strstr(err.text, "limit manifest_bytes"));
}

// ---- Archives -------------------------------------------------------------------------------------------------------

// What each form of an archive must give alike.
static void in_each_form(struct slice tar, void (*check)(void))
{
    open_archive(tar);
    assert_false(blobs->sequential);
    check();
    open_archive(gzip_of(tar));
    assert_true(blobs->sequential);
    check();
    open_archive(zstd_of(tar));
    assert_true(blobs->sequential);
    check();
}

static void check_members(void)
{
    has("a", SLICE("[\"alpha\"]"));
    has("x/b", SLICE("beta"));
    has("./x//b", SLICE("beta"));
    has("hard", SLICE("beta"));
    has("x/soft", SLICE("[\"alpha\"]"));
    has("chain", SLICE("beta"));
    has("twice", SLICE("second"));
    has("was-link", SLICE("file"));
    has("empty", SLICE(""));
    has("early", SLICE("later"));
    names_refused();
    has_not(SLICE("x"), ERR_FORMAT, "no regular file");
    has_not(SLICE("fifo"), ERR_FORMAT, "no regular file");
    has_not(SLICE("dangling"), ERR_NOT_FOUND, "a link to nowhere");
    has_not(SLICE("outside"), ERR_FORMAT, "a link that leads out");
    has_not(SLICE("hard-outside"), ERR_FORMAT, "a link that leads out");
    has_not(SLICE("loop"), ERR_LIMIT, "symlink_hops");
    has_not(SLICE("ping"), ERR_LIMIT, "symlink_hops");
    has_not(SLICE("secret"), ERR_NOT_FOUND, "secret");
    has_not(SLICE("etc/passwd"), ERR_NOT_FOUND, "etc/passwd");
    has_not(SLICE("absolute"), ERR_NOT_FOUND, "a link to etc/passwd");
}

static void test_archive(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    add_header(&t, '2', "early", "late", 0);
    add_file(&t, "a", "[\"alpha\"]");
    add_header(&t, '5', "x/", "", 0);
    add_file(&t, "./x/b", "beta");
    add_header(&t, '1', "hard", "x/b", 0);
    add_header(&t, '2', "x/soft", "../a", 0);
    add_header(&t, '2', "chain", "./hard", 0);
    add_file(&t, "twice", "first");
    add_file(&t, "twice", "second");
    add_header(&t, '2', "was-link", "a", 0);
    add_file(&t, "was-link", "file");
    add_file(&t, "empty", "");
    add_header(&t, '6', "fifo", "", 0);
    add_header(&t, '2', "dangling", "nowhere", 0);
    add_header(&t, '2', "outside", "../a", 0);
    add_header(&t, '1', "hard-outside", "../a", 0);
    add_header(&t, '2', "absolute", "/etc/passwd", 0);
    add_header(&t, '2', "loop", "loop", 0);
    add_header(&t, '2', "ping", "pong", 0);
    add_header(&t, '2', "pong", "ping", 0);
    add_file(&t, "../secret", "climbs");
    add_file(&t, "late", "later");
    add_end(&t);
    in_each_form(buf_slice(&t), check_members);
}

static void check_sparse(void)
{
    has_not(SLICE("sparse"), ERR_UNSUPPORTED, "sparse");
    has("after", SLICE("x"));
}

static void test_sparse(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    PAX(&t, 'x', "GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.name", "sparse", "GNU.sparse.realsize",
        "1048576");
    char map[1024] = "1\n1048000\n3\n";
    memcpy(map + 512, "abc", 3);
    add_bytes(&t, '0', "x", slice_of(map, 515));
    add_file(&t, "after", "x");
    add_end(&t);
    in_each_form(buf_slice(&t), check_sparse);
}

// Layers are opened in any order, some left half read, and each gives its own bytes.
static void test_orders(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    struct blob found[6];
    struct error err;
    size_t n = 300000;
    char *bytes = arena_alloc(&arena, n);
    for (int i = 0; i < 6; i++) {
        char name[] = {(char)('a' + i), '\0'};
        memset(bytes, 'a' + i, n);
        add_bytes(&t, '0', name, slice_of(bytes, n));
    }
    add_end(&t);
    open_archive(gzip_of(buf_slice(&t)));
    for (int i = 0; i < 6; i++) {
        char name[] = {(char)('a' + i), '\0'};
        assert_true(blobs_find(blobs, slice_str(name), &found[i], &err));
        assert_true(i == 0 || found[i].where > found[i - 1].where);
    }
    static const int order[] = {0, 1, 3, 2, 2, 5, 4, 0, 5};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        struct reader *r READER_AUTO = blobs_open(blobs, found[order[i]].where, &err);
        struct slice chunk;
        assert_non_null(r);
        assert_true(reader_next(r, &chunk, &err));
        assert_int_equal(chunk.p[0], 'a' + order[i]);
        uint64_t left = i % 2 == 0 ? n - chunk.n : 0;
        while (left != 0 && reader_next(r, &chunk, &err) && chunk.n != 0) {
            assert_int_equal(chunk.p[chunk.n - 1], 'a' + order[i]);
            left -= chunk.n;
        }
        assert_int_equal(left, 0);
    }
    // Two at the same time.
    struct reader *one READER_AUTO = blobs_open(blobs, found[1].where, &err);
    struct reader *two READER_AUTO = blobs_open(blobs, found[1].where, &err);
    struct slice left, right;
    assert_true(reader_next(one, &left, &err) && reader_next(two, &right, &err));
    assert_int_equal(left.p[0], 'b');
    assert_int_equal(right.p[0], 'b');
}

static void test_no_archives(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0}, text BUF_AUTO = {0};
    archive_refused(SLICE(""), ERR_FORMAT, "the file is empty");
    archive_refused(SLICE("x"), ERR_FORMAT, "no tar archive");
    for (int i = 0; i < 200; i++)
        buf_adds(&text, "hello, world\n");
    archive_refused(buf_slice(&text), ERR_FORMAT, "no tar archive");
    archive_refused(gzip_of(buf_slice(&text)), ERR_FORMAT, "no tar archive");
    archive_refused(SLICE("\x1f\x8b\x08"), ERR_FORMAT, "no tar archive");
    archive_refused(SLICE("\x28\xb5\x2f\xfdxxxxxxxx"), ERR_FORMAT, "no tar archive");
    add_file(&t, "a", "alpha");
    add_bytes(&t, '0', "b", buf_slice(&text));
    // Cut anywhere but between members.
    for (size_t n = 1; n < t.n; n += 100) {
        struct error err = {0};
        bool whole = n == 1024 || n % 512 == 0;
        if (!whole && try_archive(slice_of(t.p, n), &err))
            fail_msg("cut to %zu bytes, it was taken", n);
    }
    struct slice packed = gzip_of(buf_slice(&t));
    archive_refused(slice_of(packed.p, packed.n - 9), ERR_FORMAT, "after 2 members");
    archive_refused(slice_of(t.p, t.n - 512 - 100), ERR_FORMAT, "the archive is cut short");
}

// A plain archive that became shorter after it was listed.
static void test_archive_changes(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0}, b BUF_AUTO = {0};
    struct blob blob;
    struct error err;
    add_file(&t, "a", "alpha");
    add_end(&t);
    open_archive(buf_slice(&t));
    assert_true(blobs_find(blobs, SLICE("a"), &blob, &err));
    assert_int_equal(truncate(path_of("archive"), 514), 0);
    struct reader *r READER_AUTO = blobs_open(blobs, blob.where, &err);
    assert_non_null(r);
    assert_false(reader_read_all(r, &b, 100, "it", &err));
}

static void test_archive_limits(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0}, huge BUF_AUTO = {0};
    for (int i = 0; i < 5; i++)
        add_file(&t, "name-of-20-characters", "[1]");
    add_end(&t);
    struct slice packed = gzip_of(buf_slice(&t));
    limits.archive_entries = 5;
    open_archive(buf_slice(&t));
    limits.archive_entries = 4;
    archive_refused(buf_slice(&t), ERR_LIMIT, "the 4 members that limit archive_entries allows");
    limits = limits_default();
    limits.image_index_bytes = 100;
    archive_refused(buf_slice(&t), ERR_LIMIT, "limit image_index_bytes");
    // Documents kept from a packed archive count too.
    limits.image_index_bytes = 110;
    open_archive(buf_slice(&t));
    archive_refused(packed, ERR_LIMIT, "limit image_index_bytes");
    limits = limits_default();
    limits.layer_bytes = 2048;
    archive_refused(packed, ERR_LIMIT, "limit layer_bytes");
    // A member that says to be enormous, in a file that is not.
    limits = limits_default();
    add_header(&huge, '0', "huge", "", 0777777777777);
    archive_refused(buf_slice(&huge), ERR_FORMAT, "the archive is cut short");
}

// Of a packed archive, what is no JSON is never inflated anew as a document, but it is as a layer.
static void test_packed_documents(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    struct blob blob;
    struct slice text;
    struct error err;
    add_file(&t, "layer", "bytes");
    add_file(&t, "document", " \n\xef\xbb\xbf{}");
    add_file(&t, "marked", "\xef\xbb\xbf {\"a\":1}");
    add_end(&t);
    open_archive(gzip_of(buf_slice(&t)));
    assert_true(blobs_find(blobs, SLICE("layer"), &blob, &err));
    assert_false(blobs_read(blobs, &blob, &text, &err));
    assert_int_equal(err.code, ERR_FORMAT);
    has("layer", SLICE("bytes"));
    assert_true(blobs_find(blobs, SLICE("document"), &blob, &err));
    assert_false(blobs_read(blobs, &blob, &text, &err));
    assert_true(blobs_find(blobs, SLICE("marked"), &blob, &err));
    assert_true(blobs_read(blobs, &blob, &text, &err));
    slice_is(text, "\xef\xbb\xbf {\"a\":1}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BLOBS_TEST(test_paths),          BLOBS_TEST(test_folder),           BLOBS_TEST(test_folder_changes),
        BLOBS_TEST(test_documents),      BLOBS_TEST(test_archive),          BLOBS_TEST(test_sparse),
        BLOBS_TEST(test_orders),         BLOBS_TEST(test_no_archives),      BLOBS_TEST(test_archive_changes),
        BLOBS_TEST(test_archive_limits), BLOBS_TEST(test_packed_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
