// A root file system as one layer: the same files give the same bytes, and what cannot be read is told.
#include "images.h"

#include "layer/tar.h"

#include <errno.h>
#include <sys/wait.h>

static const char *root(void)
{
    return arena_printf(&arena, "dir:%s", path_of("root")).p;
}

// A line a member of the layer: "type path [-> link] mode size".
static const char *listing(void)
{
    static const char *const types[] = {"file", "hardlink", "symlink", "dir", "other"};
    struct buf bytes BUF_AUTO = {0}, lines BUF_AUTO = {0};
    struct error err;
    if (!read_layer(0, &bytes, &err))
        fail_msg("%s", err.text);
    struct reader *r READER_AUTO = reader_of_slice(buf_slice(&bytes));
    struct tar *tar TAR_AUTO = tar_open(r, &limits);
    struct tar_entry e;
    for (bool more = true;;) {
        if (!tar_next(tar, &e, &more, &err))
            fail_msg("%s", err.text);
        if (!more)
            break;
        buf_addf(&lines, "%s %.*s", types[e.type], (int)e.path.n, e.path.p);
        if (e.link.n != 0)
            buf_addf(&lines, " -> %.*s", (int)e.link.n, e.link.p);
        buf_addf(&lines, " %o %llu\n", e.mode, (unsigned long long)e.size);
    }
    assert_int_equal(tar_position(tar), bytes.n);
    return arena_dup(&arena, buf_slice(&lines)).p;
}

static void make_root(const char *name)
{
    const char *base = path_of(name);
    write_file(arena_printf(&arena, "%s/etc/os-release", base).p, SLICE("ID=alpine\n"));
    write_file(arena_printf(&arena, "%s/lib/apk/db/installed", base).p, SLICE("P:a\nV:1\n\n"));
    write_file(arena_printf(&arena, "%s/usr/bin/nothing-to-scan", base).p, SLICE("bytes"));
    assert_int_equal(symlink("/etc/os-release", arena_printf(&arena, "%s/a-link", base).p), 0);
    assert_int_equal(chmod(arena_printf(&arena, "%s/etc", base).p, 0750), 0);
    assert_int_equal(chmod(arena_printf(&arena, "%s/lib", base).p, 0755), 0);
    assert_int_equal(chmod(arena_printf(&arena, "%s/lib/apk", base).p, 0755), 0);
    assert_int_equal(chmod(arena_printf(&arena, "%s/lib/apk/db", base).p, 0755), 0);
    assert_int_equal(chmod(arena_printf(&arena, "%s/usr", base).p, 0755), 0);
    assert_int_equal(chmod(arena_printf(&arena, "%s/usr/bin", base).p, 0755), 0);
}

static void test_layer(void **state)
{
    (void)state;
    struct buf bytes BUF_AUTO = {0};
    struct error err;
    make_root("root");
    opens(root(), NULL);
    slice_is(image.kind, "dir");
    assert_int_equal(image.layers_n, 1);
    assert_string_equal(image.manifest.text, image.layers[0].digest.text);
    assert_string_equal(listing(), "symlink a-link -> /etc/os-release 777 0\n"
                                   "dir etc 750 0\n"
                                   "file etc/os-release 644 10\n"
                                   "dir lib 755 0\n"
                                   "dir lib/apk 755 0\n"
                                   "dir lib/apk/db 755 0\n"
                                   "file lib/apk/db/installed 644 9\n"
                                   "dir usr 755 0\n"
                                   "dir usr/bin 755 0\n");
    assert_true(read_layer(0, &bytes, &err));
    layer_is(0, buf_slice(&bytes));
    assert_int_equal(image.remarks_n + image.problems_n, 0);
}

// Neither when nor where the files lie counts, only what they are.
static void test_same_digest(void **state)
{
    (void)state;
    const struct timespec times[2] = {{1, 0}, {1, 0}};
    make_root("root");
    make_root("other");
    opens(root(), NULL);
    struct digest d = image.manifest;
    assert_int_equal(utimensat(AT_FDCWD, path_of("other/etc/os-release"), times, 0), 0);
    write_file(path_of("other/usr/bin/also-nothing-to-scan"), SLICE("x"));
    opens(path_of("other"), NULL);
    assert_string_equal(image.manifest.text, d.text);
    write_file(path_of("other/etc/os-release"), SLICE("ID=alpinE\n"));
    opens(path_of("other"), NULL);
    assert_string_not_equal(image.manifest.text, d.text);
}

static void test_long_names(void **state)
{
    (void)state;
    struct buf folder_name BUF_AUTO = {0}, target BUF_AUTO = {0}, wanted BUF_AUTO = {0};
    for (int i = 0; i < 97; i++)
        buf_addc(&folder_name, 'n');
    for (int i = 0; i < 1500; i++)
        buf_addc(&target, 't');
    for (size_t n = 97; n <= 104; n++) {
        const char *name = arena_dup(&arena, buf_slice(&folder_name)).p;
        assert_int_equal(mkdir(path_of("root"), 0755) == 0 || errno == EEXIST, 1);
        assert_int_equal(
            symlink(arena_dup(&arena, slice_of(target.p, n)).p, path_of(arena_printf(&arena, "root/%s", name).p)), 0);
        buf_addf(&wanted, "symlink %s -> %.*s 777 0\n", name, (int)n, target.p);
        buf_addc(&folder_name, 'n');
    }
    assert_int_equal(symlink(arena_dup(&arena, buf_slice(&target)).p, path_of("root/o")), 0);
    buf_addf(&wanted, "symlink o -> %.*s 777 0\n", (int)target.n, target.p);
    opens(root(), NULL);
    assert_string_equal(listing(), wanted.p);
}

static void test_links_stay_links(void **state)
{
    (void)state;
    write_file(path_of("secret/os-release"), SLICE("ID=host\n"));
    write_file(path_of("root/x"), SLICE(""));
    assert_int_equal(symlink("../secret", path_of("root/etc")), 0);
    assert_int_equal(symlink("/", path_of("root/lib")), 0);
    assert_int_equal(symlink(".", path_of("root/self")), 0);
    opens(root(), NULL);
    assert_string_equal(listing(), "symlink etc -> ../secret 777 0\nsymlink lib -> / 777 0\nsymlink self -> . 777 0\n");
}

static void test_special_files(void **state)
{
    (void)state;
    write_file(path_of("root/etc/x"), SLICE(""));
    assert_int_equal(chmod(path_of("root/etc"), 0755), 0);
    assert_int_equal(mkfifo(path_of("root/etc/os-release"), 0600), 0);
    opens(root(), NULL);
    assert_string_equal(listing(), "dir etc 755 0\nother etc/os-release 600 0\n");
    assert_int_equal(image.problems_n, 0);
}

static void test_deep(void **state)
{
    (void)state;
    write_file(path_of("root/a/b/c/etc/os-release"), SLICE(""));
    limits.root_depth = 2;
    opens(root(), NULL);
    assert_non_null(strstr(listing(), "dir a/b 7"));
    assert_null(strstr(listing(), "a/b/c"));
    assert_true(has_remark("a/b: folders stand too deep inside one another (limit root_depth)"));
    limits.root_depth = 3;
    opens(root(), NULL);
    assert_non_null(strstr(listing(), "dir a/b/c 7"));
}

static void test_many(void **state)
{
    (void)state;
    make_root("root");
    limits.layer_entries = 10;
    opens(root(), NULL);
    limits.layer_entries = 9;
    refuses(root(), NULL, ERR_LIMIT, "the 9 files that limit layer_entries allows");
}

// What changes between the pass that hashes and the one that reads is another layer, or an error.
static void test_changes(void **state)
{
    (void)state;
    struct buf bytes BUF_AUTO = {0}, large BUF_AUTO = {0};
    struct error err;
    struct slice chunk;
    make_root("root");
    for (int i = 0; i < 100000; i++)
        buf_adds(&large, "P:a\n");
    write_file(path_of("root/lib/apk/db/installed"), buf_slice(&large));
    opens(root(), NULL);
    struct reader *r READER_AUTO = image_open_layer(&image, 0, &err);
    do
        assert_true(reader_next(r, &chunk, &err));
    while (!slice_starts(chunk, SLICE("P:a")));
    assert_int_equal(truncate(path_of("root/lib/apk/db/installed"), 70000), 0);
    bool ok;
    while ((ok = reader_next(r, &chunk, &err)) && chunk.n != 0)
        ;
    assert_false(ok);
    assert_int_equal(err.code, ERR_IO);
    assert_non_null(strstr(err.text, "lib/apk/db/installed became shorter"));
    assert_true(read_layer(0, &bytes, &err));
    struct digest d = digest_of(buf_slice(&bytes));
    assert_string_not_equal(d.text, image.layers[0].digest.text);
}

// What is only a remark and what a problem, as somebody who may not read everything sees it.
static void look_as_nobody(void)
{
    struct error err;
    struct image_options options = {NULL, &limits, NULL};
    if (setgid(65534) != 0 || setuid(65534) != 0)
        _exit(10);
    if (!image_open(path_of("root"), &options, &arena, &image, &err))
        _exit(11);
    if (image.problems_n != 2 || image.remarks_n != 1)
        _exit(12);
    if (!slice_eq(image.problems[0], SLICE("etc/os-release: Permission denied")) ||
        !slice_eq(image.problems[1], SLICE("lib/apk/db: Permission denied")) ||
        !slice_eq(image.remarks[0], SLICE("private: Permission denied")))
        _exit(13);
    _exit(strstr(listing(), "other etc/os-release 0 0\n") != NULL ? 0 : 14);
}

static void test_unreadable(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip(); // only root can become nobody
    make_root("root");
    write_file(path_of("root/private/x"), SLICE(""));
    assert_int_equal(chmod(folder, 0755) | chmod(path_of("root"), 0755), 0);
    assert_int_equal(chmod(path_of("root/etc"), 0755) | chmod(path_of("root/etc/os-release"), 0), 0);
    assert_int_equal(chmod(path_of("root/lib/apk/db"), 0700) | chmod(path_of("root/private"), 0700), 0);
    fflush(stdout);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        look_as_nobody();
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_many_remarks(void **state)
{
    (void)state;
    limits.root_depth = 1;
    limits.skips = 3;
    for (int i = 0; i < 6; i++)
        write_file(path_of(arena_printf(&arena, "root/%d/x", i).p), SLICE(""));
    opens(root(), NULL);
    assert_int_equal(image.remarks_n, 4);
    slice_is(image.remarks[3], "and more than the 3 that limit skips allows to be named");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMAGE_TEST(test_layer),         IMAGE_TEST(test_same_digest),
        IMAGE_TEST(test_long_names),    IMAGE_TEST(test_links_stay_links),
        IMAGE_TEST(test_special_files), IMAGE_TEST(test_deep),
        IMAGE_TEST(test_many),          IMAGE_TEST(test_changes),
        IMAGE_TEST(test_unreadable),    IMAGE_TEST(test_many_remarks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
