// Docker archives: of all ages of `docker save`, and those that lie.
#include "images.h"

static const char *digest_json(struct slice config)
{
    struct digest d = digest_of(config);
    return arena_printf(&arena, "%s.json", digest_hex(&d)).p;
}

static const char *blob_path(struct slice content)
{
    struct digest d = digest_of(content);
    return arena_printf(&arena, "blobs/sha256/%s", digest_hex(&d)).p;
}

static struct slice entry_of(const char *config, const char *tags, const char *layers)
{
    return arena_printf(&arena, "{\"Config\":\"%s\",\"RepoTags\":[%s],\"Layers\":[%s]}", config, tags, layers);
}

// Writes the archive, and names it as a target.
static const char *target_of(struct slice bytes)
{
    write_file(path_of("saved.tar"), bytes);
    return arena_printf(&arena, "docker-archive:%s", path_of("saved.tar")).p;
}

static const char *tar_target(const struct files *files)
{
    struct buf tar BUF_AUTO = {0};
    save_tar(files, &tar);
    return target_of(buf_slice(&tar));
}

// ---- Forms ----------------------------------------------------------------------------------------------------------

static void check_legacy(struct slice config)
{
    struct digest d = digest_of(config);
    slice_is(image.kind, "docker-archive");
    slice_is(image.reference, "example.test/x:1");
    assert_string_equal(image.manifest.text, d.text);
    assert_string_equal(image.config.text, d.text);
    slice_is(image.arch, "arm64");
    assert_int_equal(image.layers_n, 3);
    layer_is(0, SLICE("lower"));
    layer_is(1, SLICE("upper"));
    layer_is(2, SLICE("lower"));
    assert_int_equal(image.layers[0].where, image.layers[2].where);
    assert_int_equal(image.remarks_n, 0);
}

static void test_legacy(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    const char *lower = quoted_digest(SLICE("lower")), *upper = quoted_digest(SLICE("upper"));
    struct slice config = config_of("linux", "arm64", arena_printf(&arena, "%s,%s,%s", lower, upper, lower).p);
    struct slice entry =
        entry_of(digest_json(config), "\"example.test/x:1\"", "\"1/layer.tar\",\"2/layer.tar\",\"3/layer.tar\"");
    add_file(&t, "2/layer.tar", "upper");
    add_file(&t, "1/VERSION", "1.0");
    add_file(&t, "1/json", "{}");
    add_header(&t, '2', "3/layer.tar", "../1/layer.tar", 0);
    add_file(&t, "1/layer.tar", "lower");
    add_bytes(&t, '0', digest_json(config), config);
    add_bytes(&t, '0', "manifest.json", arena_printf(&arena, "[%.*s]", (int)entry.n, entry.p));
    add_end(&t);
    opens(target_of(buf_slice(&t)), NULL);
    assert_false(image.sequential);
    check_legacy(config);
    opens(target_of(gzip_of(buf_slice(&t))), "linux/arm64");
    assert_true(image.sequential);
    check_legacy(config);
    refuses(target_of(buf_slice(&t)), "linux/s390x", ERR_NOT_FOUND, "linux/arm64");
}

static void test_digest_names(void **state)
{
    (void)state;
    struct files f = {0};
    struct slice plain = SLICE("plain"), config = config_of("linux", "amd64", quoted_digest(plain));
    struct digest d = digest_of(config);
    add(&f, blob_path(plain), plain);
    add(&f, blob_path(config), config);
    add(&f, "index.json", SLICE("{}"));
    add(&f, "manifest.json",
        arena_printf(&arena, "[%s]",
                     entry_of(blob_path(config), "", arena_printf(&arena, "\"%s\"", blob_path(plain)).p).p));
    opens(tar_target(&f), NULL);
    layer_is(0, plain);
    assert_string_equal(image.manifest.text, d.text);
    assert_true(slice_starts(image.reference, SLICE("docker-archive:")));
}

// Layers that are packed in the archive have the digest of the packed bytes. The configuration does not vouch for
// those, so that the image is not the one that the configuration alone would name.
static void test_packed_layers(void **state)
{
    (void)state;
    struct files f = {0}, other = {0};
    struct slice one = gzip_of(SLICE("one")), two = gzip_of(SLICE("two"));
    struct slice config = config_of(
        "linux", "amd64", arena_printf(&arena, "%s,%s", quoted_digest(SLICE("one")), quoted_digest(SLICE("two"))).p);
    struct slice manifest = arena_printf(&arena, "[%s]", entry_of("c.json", "", "\"1/layer.tar\",\"2/layer.tar\"").p);
    struct digest d = digest_of(config);
    add(&f, "2/layer.tar", two);
    add(&f, "1/layer.tar", one);
    add(&f, "c.json", config);
    add(&f, "manifest.json", manifest);
    opens(tar_target(&f), NULL);
    layer_is(0, one);
    layer_is(1, two);
    assert_string_equal(image.config.text, d.text);
    assert_string_not_equal(image.manifest.text, d.text);
    struct digest identity = image.manifest;
    struct buf tar BUF_AUTO = {0};
    save_tar(&f, &tar);
    opens(target_of(gzip_of(buf_slice(&tar))), NULL);
    layer_is(0, one);
    layer_is(1, two);
    assert_string_equal(image.manifest.text, identity.text);
    // Other layers under the same configuration are another image.
    add(&other, "2/layer.tar", one);
    add(&other, "1/layer.tar", one);
    add(&other, "c.json", config);
    add(&other, "manifest.json", manifest);
    opens(tar_target(&other), NULL);
    assert_string_not_equal(image.manifest.text, identity.text);
    layer_is(1, one);
}

// A false layer under its own true name, beside somebody else's configuration.
static void test_borrowed_config(void **state)
{
    (void)state;
    struct files f = {0};
    struct slice config = config_of("linux", "amd64", quoted_digest(SLICE("true"))), false_one = SLICE("false");
    struct digest d = digest_of(config);
    add(&f, blob_path(false_one), false_one);
    add(&f, digest_json(config), config);
    add(&f, "manifest.json",
        arena_printf(&arena, "[%s]",
                     entry_of(digest_json(config), "", arena_printf(&arena, "\"%s\"", blob_path(false_one)).p).p));
    opens(tar_target(&f), NULL);
    layer_is(0, false_one);
    assert_string_not_equal(image.manifest.text, d.text);
}

// Fewer layers than the configuration speaks of, and more.
static void test_counts(void **state)
{
    (void)state;
    struct files f = {0};
    struct slice config = config_of("linux", "amd64", quoted_digest(SLICE("one")));
    struct digest d = digest_of(config);
    add(&f, "1/layer.tar", SLICE("one"));
    add(&f, "2/layer.tar", SLICE("two"));
    add(&f, "c.json", config);
    add(&f, "manifest.json",
        arena_printf(&arena, "[%s,%s]", entry_of("c.json", "\"none:1\"", "").p,
                     entry_of("c.json", "\"two:1\"", "\"1/layer.tar\",\"2/layer.tar\"").p));
    const char *target = tar_target(&f);
    opens(arena_printf(&arena, "%s:none:1", target).p, NULL);
    assert_int_equal(image.layers_n, 0);
    assert_true(has_remark("names 0 layers, the configuration 1"));
    assert_string_not_equal(image.manifest.text, d.text);
    opens(arena_printf(&arena, "%s:two:1", target).p, NULL);
    layer_is(0, SLICE("one"));
    layer_is(1, SLICE("two"));
    assert_true(has_remark("names 2 layers, the configuration 1"));
    assert_string_not_equal(image.manifest.text, d.text);
}

// ---- Choosing -------------------------------------------------------------------------------------------------------

static void test_tags(void **state)
{
    (void)state;
    struct files f = {0};
    struct slice a = config_of("linux", "amd64", ""), b = config_of("linux", "arm64", ""),
                 c = config_of("linux", "s390x", "");
    add(&f, "a.json", a);
    add(&f, "b.json", b);
    add(&f, "c.json", c);
    add(&f, "manifest.json",
        arena_printf(&arena, "[%s,%s,%s]", entry_of("a.json", "\"x/a:1\",\"x/a:latest\"", "").p,
                     entry_of("b.json", "\"host:5000/b:2\"", "").p, entry_of("c.json", "", "").p));
    const char *target = tar_target(&f);
    static const struct {
        const char *tag, *arch;
    } cases[] = {
        {"x/a:1", "amd64"}, {"x/a", "amd64"}, {"host:5000/b:2", "arm64"},
        {"@0", "amd64"},    {"@1", "arm64"},  {"@2", "s390x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        opens(arena_printf(&arena, "%s:%s", target, cases[i].tag).p, NULL);
        slice_is(image.arch, cases[i].arch);
    }
    refuses(target, NULL, ERR_USAGE, "x/a:1, x/a:latest, host:5000/b:2, @2");
    refuses(arena_printf(&arena, "%s:x/a:9", target).p, NULL, ERR_NOT_FOUND, "x/a:1, x/a:latest, host:5000/b:2, @2");
    refuses(arena_printf(&arena, "%s:host:5000/b", target).p, NULL, ERR_NOT_FOUND, "there are: ");
    refuses(arena_printf(&arena, "%s:@3", target).p, NULL, ERR_NOT_FOUND, "the archive has 3");
}

// ---- Lies -----------------------------------------------------------------------------------------------------------

static void archive_refused(const char *config_name, struct slice config, const char *layers, enum error_code code,
                            const char *words)
{
    struct files f = {0};
    add(&f, "1/layer.tar", SLICE("one"));
    add(&f, config_name, config);
    add(&f, "manifest.json", arena_printf(&arena, "[%s]", entry_of(config_name, "", layers).p));
    refuses(tar_target(&f), NULL, code, words);
}

static void test_refused(void **state)
{
    (void)state;
    struct files f = {0};
    struct slice config = config_of("linux", "amd64", "");
    const char *wrong = digest_json(SLICE("something else"));
    struct digest actual = digest_of(config), named = digest_of(SLICE("something else"));
    archive_refused(wrong, config, "", ERR_DIGEST, actual.text);
    archive_refused(wrong, config, "", ERR_DIGEST, named.text);
    archive_refused("c.json", SLICE("{\"rootfs\":"), "", ERR_FORMAT, "configuration");
    archive_refused("c.json", config, "\"2/layer.tar\"", ERR_NOT_FOUND, "layer 1: 2/layer.tar");
    archive_refused("c.json", config, "\"1/layer.tar\",\"../../etc/passwd\"", ERR_FORMAT, "layer 2: ");
    archive_refused("../c.json", config, "", ERR_FORMAT, "leads out");
    add(&f, "manifest.json", SLICE("[{\"Config\":\"none.json\"}]"));
    refuses(tar_target(&f), NULL, ERR_NOT_FOUND, "configuration: none.json");
    f.v[0].content = SLICE("[]");
    refuses(tar_target(&f), NULL, ERR_FORMAT, "names no image");
    f.v[0].content = SLICE("{}");
    refuses(tar_target(&f), NULL, ERR_FORMAT, "manifest.json: not a JSON array");
    f.v[0].name = "manifest";
    refuses(tar_target(&f), NULL, ERR_FORMAT, "no manifest.json");
}

static void test_link_to_the_host(void **state)
{
    (void)state;
    struct buf t BUF_AUTO = {0};
    add_header(&t, '2', "l/layer.tar", "/etc/hosts", 0);
    add_header(&t, '2', "m/layer.tar", "../../../../etc/hosts", 0);
    add_file(&t, "c.json", "{}");
    add_bytes(&t, '0', "manifest.json",
              arena_printf(&arena, "[%s,%s]", entry_of("c.json", "\"l:1\"", "\"l/layer.tar\"").p,
                           entry_of("c.json", "\"m:1\"", "\"m/layer.tar\"").p));
    add_end(&t);
    const char *target = target_of(buf_slice(&t));
    refuses(arena_printf(&arena, "%s:l:1", target).p, NULL, ERR_NOT_FOUND, "not in the archive");
    refuses(arena_printf(&arena, "%s:m:1", target).p, NULL, ERR_FORMAT, "leads out of the archive");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMAGE_TEST(test_legacy),          IMAGE_TEST(test_digest_names),     IMAGE_TEST(test_packed_layers),
        IMAGE_TEST(test_borrowed_config), IMAGE_TEST(test_counts),           IMAGE_TEST(test_tags),
        IMAGE_TEST(test_refused),         IMAGE_TEST(test_link_to_the_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
