// What a target names: the kind that is said or recognised, and where the path ends and the tag begins.
#include "images.h"

static struct files layout_files(void)
{
    struct files f = {0};
    struct slice one = add_image(&f, "linux", "amd64", "one"), two = add_image(&f, "linux", "amd64", "two");
    add(&f, "oci-layout", SLICE("{}"));
    add(&f, "index.json",
        index_of(arena_printf(&arena, "%s,%s", descriptor(OCI_MANIFEST, one, tag_json("1")),
                              descriptor(OCI_MANIFEST, two, tag_json("a:b/c:2")))
                     .p));
    return f;
}

static void test_tags(void **state)
{
    (void)state;
    struct files f = layout_files();
    save_folder(&f, "plain");
    save_folder(&f, "with:colon");
    save_folder(&f, "with:colon:1");
    static const struct {
        const char *target, *layer; // NULL: there are several
    } cases[] = {
        {"plain:1", "one"},        {"plain:a:b/c:2", "two"}, {"with:colon:a:b/c:2", "two"}, {"with:colon:1", NULL},
        {"with:colon:1:1", "one"}, {"plain", NULL},          {"with:colon", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *target = arena_printf(&arena, "oci:%s", path_of(cases[i].target)).p;
        if (cases[i].layer != NULL) {
            opens(target, NULL);
            layer_is(0, slice_str(cases[i].layer));
        } else {
            refuses(target, NULL, ERR_USAGE, "1, a:b/c:2");
        }
    }
}

static void test_kinds(void **state)
{
    (void)state;
    struct files f = layout_files(), both = {0};
    struct buf tar BUF_AUTO = {0};
    save_folder(&f, "layout");
    opens(arena_printf(&arena, "dir:%s", path_of("layout")).p, NULL); // said to be a root, so it is one
    slice_is(image.kind, "dir");
    refuses(path_of("layout"), NULL, ERR_USAGE, "several images");
    // An archive with both: docker's, unless the other is asked for.
    struct slice manifest = add_image(&both, "linux", "amd64", "layer");
    add(&both, "index.json", index_of(descriptor(OCI_MANIFEST, manifest, "")));
    add(&both, "c.json", SLICE("{}"));
    add(&both, "manifest.json", SLICE("[{\"Config\":\"c.json\"}]"));
    save_tar(&both, &tar);
    write_file(path_of("both.tar"), buf_slice(&tar));
    opens(path_of("both.tar"), NULL);
    slice_is(image.kind, "docker-archive");
    opens(arena_printf(&arena, "oci-archive:%s", path_of("both.tar")).p, NULL);
    slice_is(image.kind, "oci-archive");
    layer_is(0, SLICE("layer"));
}

static void test_refused(void **state)
{
    (void)state;
    struct buf tar BUF_AUTO = {0};
    add_file(&tar, "a", "b");
    add_end(&tar);
    write_file(path_of("a.tar"), buf_slice(&tar));
    assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
    assert_int_equal(mkdir(path_of("empty"), 0700), 0);
    static const struct {
        const char *scheme, *name;
        enum error_code code;
        const char *words;
    } cases[] = {
        {"", "nothing", ERR_NOT_FOUND, "no such file"},
        {"oci:", "nothing", ERR_NOT_FOUND, "cannot open folder"},
        {"oci:", "nothing:1", ERR_NOT_FOUND, "nothing: No such file"},
        {"dir:", "nothing", ERR_NOT_FOUND, "cannot open folder"},
        {"docker-archive:", "nothing:x:1", ERR_NOT_FOUND, "nothing: No such file"},
        {"oci:", "a.tar", ERR_IO, "cannot open folder"},
        {"oci:", "empty", ERR_NOT_FOUND, "index.json"},
        {"docker-archive:", "empty", ERR_FORMAT, "no regular file"},
        {"docker-archive:", "a.tar", ERR_FORMAT, "it has no manifest.json"},
        {"oci-archive:", "a.tar", ERR_FORMAT, "it has no index.json"},
        {"", "a.tar", ERR_FORMAT, "neither manifest.json nor index.json"},
        {"", "fifo", ERR_FORMAT, "no regular file"},
        {"registry:", "x", ERR_UNSUPPORTED, "registries are not read here"},
        {"sbom:", "x", ERR_NOT_FOUND, "x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refuses(arena_printf(&arena, "%s%s", cases[i].scheme, path_of(cases[i].name)).p, NULL, cases[i].code,
                cases[i].words);
    refuses("", NULL, ERR_NOT_FOUND, "no such file");
    refuses("oci:", NULL, ERR_NOT_FOUND, "cannot open folder");
}

// Every target leaves as many descriptors open as there were, whether it opens or not.
static void test_descriptors(void **state)
{
    (void)state;
    struct files f = layout_files();
    struct buf tar BUF_AUTO = {0};
    save_folder(&f, "layout");
    save_tar(&f, &tar);
    write_file(path_of("a.tar"), buf_slice(&tar));
    int before = dup(0);
    static const char *const names[] = {
        "oci:layout:1", "oci:layout",           "dir:layout", "layout",  "oci-archive:a.tar:@1",
        "a.tar",        "docker-archive:a.tar", "oci:a.tar",  "oci:none"};
    struct error err;
    assert_int_equal(chdir(folder), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (int j = 0; j < 3; j++)
            try_open(names[i], i % 2 == 0 ? NULL : "linux/none", &err);
    image_close(&image);
    int after = dup(0);
    assert_int_equal(after, before + 1);
    close(before);
    close(after);
    assert_int_equal(chdir("/"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMAGE_TEST(test_tags),
        IMAGE_TEST(test_kinds),
        IMAGE_TEST(test_refused),
        IMAGE_TEST(test_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
