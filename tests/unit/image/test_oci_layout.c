// OCI layouts and folders of blobs: which image is chosen, and what must be there and true of it.
#include "images.h"

static const char *oci(const char *name)
{
    return arena_printf(&arena, "oci:%s", path_of(name)).p;
}

// Saves a layout whose index has these entries, and names it as a target.
static const char *layout_of(struct files *files, const char *entries)
{
    static int number;
    const char *name = arena_printf(&arena, "layout-%d", number++).p;
    struct files whole = *files;
    add(&whole, "oci-layout", SLICE("{\"imageLayoutVersion\":\"1.0.0\"}"));
    add(&whole, "index.json", index_of(entries));
    save_folder(&whole, name);
    return oci(name);
}

static const char *entry(struct slice manifest, const char *more)
{
    return descriptor(OCI_MANIFEST, manifest, more);
}

static const char *join(const char *a, const char *b)
{
    return arena_printf(&arena, "%s,%s", a, b).p;
}

// ---- One image ------------------------------------------------------------------------------------------------------

static void check_single(const char *kind, struct slice manifest)
{
    struct digest d = digest_of(manifest);
    slice_is(image.kind, kind);
    slice_is(image.os, "linux");
    slice_is(image.arch, "amd64");
    assert_string_equal(image.manifest.text, d.text);
    assert_int_equal(image.layers_n, 1);
    slice_is(image.layers[0].media_type, OCI_LAYER);
    layer_is(0, SLICE("layer"));
    assert_int_equal(image.remarks_n, 0);
}

static void test_single(void **state)
{
    (void)state;
    struct files f = {0};
    struct buf tar BUF_AUTO = {0};
    struct slice manifest = add_image(&f, "linux", "amd64", "layer");
    const char *target = layout_of(&f, entry(manifest, ""));
    opens(target, "linux/amd64");
    check_single("oci", manifest);
    opens(target + sizeof "oci:" - 1, "linux/amd64");
    check_single("oci", manifest);
    add(&f, "index.json", index_of(entry(manifest, "")));
    save_tar(&f, &tar);
    write_file(path_of("a.tar"), buf_slice(&tar));
    opens(path_of("a.tar"), "linux/amd64");
    check_single("oci-archive", manifest);
    write_file(path_of("a.tar.gz"), gzip_of(buf_slice(&tar)));
    opens(arena_printf(&arena, "oci-archive:%s", path_of("a.tar.gz")).p, "linux/amd64");
    check_single("oci-archive", manifest);
    assert_true(image.sequential);
}

static void test_history(void **state)
{
    (void)state;
    struct files f = {0};
    struct slice one = add_blob(&f, SLICE("one")), two = add_blob(&f, SLICE("two"));
    const char *layers = join(descriptor(OCI_LAYER, one, ""), descriptor(OCI_LAYER, two, ""));
    struct slice told = SLICE("{\"history\":[{\"created_by\":\"A\"},{\"created_by\":\"B\",\"empty_layer\":true},"
                              "{\"created_by\":\"C\"}]}"),
                 untold = SLICE("{\"history\":[{\"created_by\":\"A\"}]}");
    add_blob(&f, told);
    add_blob(&f, untold);
    opens(layout_of(&f, entry(add_blob(&f, manifest_of(told, layers)), "")), NULL);
    slice_is(image.layers[0].created_by, "A");
    slice_is(image.layers[1].created_by, "C");
    assert_true(has_remark("names 2 layers, the configuration 0"));
    opens(layout_of(&f, entry(add_blob(&f, manifest_of(untold, layers)), "")), NULL);
    assert_int_equal(image.layers[0].created_by.n, 0);
}

static void test_layers_left_out(void **state)
{
    (void)state;
    struct files f = {0};
    struct slice config = add_blob(&f, config_of("linux", "amd64", "")), here = add_blob(&f, SLICE("here"));
    const char *foreign = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
    struct slice manifest = add_blob(
        &f, manifest_of(config, join(descriptor(OCI_LAYER, here, ""), descriptor(foreign, SLICE("elsewhere"), ""))));
    opens(layout_of(&f, entry(manifest, "")), NULL);
    assert_int_equal(image.layers_n, 2);
    assert_int_equal(image.layers[0].skip_reason.n, 0);
    assert_true(slice_find_slice(image.layers[1].skip_reason, SLICE("foreign")) >= 0);
    assert_int_equal(image.layers[1].size, sizeof "elsewhere" - 1);
}

// ---- Platforms ------------------------------------------------------------------------------------------------------

static void test_platforms(void **state)
{
    (void)state;
    struct files f = {0};
    const char *amd = entry(add_image(&f, "linux", "amd64", "amd"), platform_json("linux", "amd64")),
               *arm = entry(add_image(&f, "linux", "arm64", "arm"), platform_json("linux", "arm64")),
               *win = entry(add_image(&f, "windows", "amd64", "win"), platform_json("windows", "amd64"));
    const char *target = layout_of(&f, join(win, join(amd, arm)));
    opens(target, "linux/amd64");
    layer_is(0, SLICE("amd"));
    opens(target, "linux/arm64/v8");
    layer_is(0, SLICE("arm"));
    opens(target, "windows/amd64");
    layer_is(0, SLICE("win"));
    refuses(target, "linux/s390x", ERR_NOT_FOUND,
            "no image for linux/s390x; there are: windows/amd64, linux/amd64, linux/arm64 (choose with --platform)");
    refuses(target, "linux", ERR_USAGE, "is no platform");
}

// The configuration tells where the index does not.
static void test_platforms_of_configurations(void **state)
{
    (void)state;
    struct files f = {0};
    const char *amd = entry(add_image(&f, "linux", "amd64", "amd"), ""),
               *arm = entry(add_image(&f, "linux", "arm64", "arm"), "");
    const char *target = layout_of(&f, join(amd, arm));
    opens(target, "linux/amd64");
    layer_is(0, SLICE("amd"));
    opens(target, "linux/arm64");
    layer_is(0, SLICE("arm"));
    refuses(target, "linux/s390x", ERR_NOT_FOUND, "there are: linux/amd64, linux/arm64");
}

// One image is taken for whatever it is, unless another platform was asked for.
static void test_only_one(void **state)
{
    (void)state;
    struct files f = {0}, unknown = {0};
    struct slice manifest = add_image(&f, "plan9", "mips", "layer");
    const char *said = layout_of(&f, entry(manifest, platform_json("plan9", "mips"))),
               *unsaid = layout_of(&f, entry(manifest, "")),
               *twice = layout_of(&f, join(entry(manifest, tag_json("1")), entry(manifest, tag_json("2"))));
    const char *const targets[] = {said, unsaid, twice};
    for (size_t i = 0; i < 3; i++) {
        opens(targets[i], NULL);
        layer_is(0, SLICE("layer"));
        assert_true(has_remark("the only image is for plan9/mips"));
        refuses(targets[i], "linux/amd64", ERR_NOT_FOUND, "no image for linux/amd64; the only one is for plan9/mips");
        opens(targets[i], "plan9/mips");
        assert_int_equal(image.remarks_n, 0);
    }
    // Nobody says what it is for.
    opens(layout_of(&unknown, entry(add_image(&unknown, "", "", "layer"), "")), "linux/s390x");
    layer_is(0, SLICE("layer"));
}

// ---- Companions, and what is not there ------------------------------------------------------------------------------

static void test_companions(void **state)
{
    (void)state;
    struct files f = {0};
    const char *image_entry = entry(add_image(&f, "linux", "amd64", "layer"), platform_json("linux", "amd64"));
    struct slice other = add_image(&f, "linux", "amd64", "not this");
    const char *const companions[] = {
        entry(other, ",\"annotations\":{\"vnd.docker.reference.type\":\"attestation-manifest\"}"),
        entry(other, platform_json("unknown", "unknown")),
        entry(other, ",\"artifactType\":\"application/vnd.example+type\""),
        descriptor("application/vnd.example.chart", SLICE("anything"), ""),
        descriptor("application/vnd.docker.distribution.manifest.v1+json",
                   add_blob(&f, SLICE("{\"schemaVersion\":1,\"fsLayers\":[]}")), ""),
    };
    for (size_t i = 0; i < sizeof companions / sizeof companions[0]; i++) {
        opens(layout_of(&f, join(companions[i], image_entry)), "linux/amd64");
        layer_is(0, SLICE("layer"));
        assert_true(has_remark("entries of the index that are no images: 1"));
        refuses(layout_of(&f, companions[i]), NULL, ERR_UNSUPPORTED, "index.json: ");
    }
    refuses(layout_of(&f, companions[2]), NULL, ERR_UNSUPPORTED,
            "not of a container image, but of application/vnd.example+type");
    refuses(layout_of(&f, companions[4]), NULL, ERR_UNSUPPORTED, "schema 1");
    refuses(layout_of(&f, ""), NULL, ERR_NOT_FOUND, "names no image");
}

static void test_artifacts(void **state)
{
    (void)state;
    struct files f = {0};
    struct slice empty = add_blob(&f, SLICE("{}"));
    struct slice chart = add_blob(&f, arena_printf(&arena, "{\"schemaVersion\":2,\"config\":%s,\"layers\":[]}",
                                                   descriptor("application/vnd.cncf.helm.config.v1+json", empty, "")));
    struct slice typed =
        add_blob(&f, arena_printf(&arena, "{\"schemaVersion\":2,\"artifactType\":\"a/b\",\"config\":%s,\"layers\":[]}",
                                  descriptor("application/vnd.oci.empty.v1+json", empty, "")));
    refuses(layout_of(&f, entry(chart, "")), NULL, ERR_UNSUPPORTED, "of application/vnd.cncf.helm.config.v1+json");
    refuses(layout_of(&f, entry(typed, "")), NULL, ERR_UNSUPPORTED, "of a/b");
    const char *good = entry(add_image(&f, "linux", "amd64", "layer"), "");
    opens(layout_of(&f, join(entry(chart, ""), join(entry(typed, ""), good))), NULL);
    layer_is(0, SLICE("layer"));
    assert_true(has_remark("no images: 2"));
}

static void test_absent_images(void **state)
{
    (void)state;
    struct files f = {0}, none = {0};
    struct slice gone = SLICE("{\"gone\":1}");
    struct digest d = digest_of(gone);
    const char *here = entry(add_image(&f, "linux", "arm64", "arm"), platform_json("linux", "arm64")),
               *absent = entry(gone, platform_json("linux", "amd64"));
    const char *target = layout_of(&f, join(absent, here));
    opens(target, NULL);
    layer_is(0, SLICE("arm"));
    assert_true(has_remark("not there: 1"));
    refuses(target, "linux/amd64", ERR_NOT_FOUND, "linux/arm64");
    refuses(layout_of(&none, absent), NULL, ERR_NOT_FOUND, d.text);
    // An image whose configuration is not there is not there either.
    struct slice manifest = add_blob(&none, manifest_of(SLICE("{}"), ""));
    refuses(layout_of(&none, entry(manifest, "")), NULL, ERR_NOT_FOUND, "configuration sha256:");
    // But a layer that is missing from the one that was chosen is an error.
    struct slice config = add_blob(&none, config_of("linux", "amd64", "")), layer = SLICE("missing");
    struct digest missing = digest_of(layer);
    manifest = add_blob(&none, manifest_of(config, descriptor(OCI_LAYER, layer, "")));
    refuses(layout_of(&none, entry(manifest, "")), NULL, ERR_NOT_FOUND, missing.text);
}

// ---- Indexes --------------------------------------------------------------------------------------------------------

static void test_nested(void **state)
{
    (void)state;
    struct files f = {0};
    const char *amd = entry(add_image(&f, "linux", "amd64", "amd"), platform_json("linux", "amd64")),
               *arm6 = entry(add_image(&f, "linux", "arm", "arm6"),
                             ",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v6\"}"),
               *arm7 = entry(add_image(&f, "linux", "arm", "arm7"),
                             ",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\"}");
    struct slice deep = add_blob(&f, index_of(arm7)), inner = add_blob(&f, index_of(arm6));
    struct slice middle = add_blob(&f, index_of(join(descriptor(OCI_INDEX, inner, ""), descriptor("", deep, ""))));
    const char *target = layout_of(&f, join(descriptor(OCI_INDEX, middle, ""), amd));
    opens(target, "linux/amd64");
    layer_is(0, SLICE("amd"));
    opens(target, "linux/arm"); // the best of all, not of the first index that has one
    layer_is(0, SLICE("arm7"));
    opens(target, "linux/arm/v6");
    layer_is(0, SLICE("arm6"));
    refuses(target, "linux/386", ERR_NOT_FOUND, "linux/arm/v6, linux/arm/v7, linux/amd64");
    limits.manifest_depth = 3;
    opens(target, "linux/arm");
    limits.manifest_depth = 2;
    refuses(target, "linux/arm", ERR_LIMIT, "2 deep inside one another (limit manifest_depth)");
}

// An index that names itself, or that fans out without end, ends.
static void test_endless(void **state)
{
    (void)state;
    struct files f = {0};
    struct slice self = SLICE("{\"manifests\":[]}");
    struct digest d = digest_of(self);
    struct slice text = index_of(descriptor(OCI_INDEX, self, ""));
    add(&f, arena_printf(&arena, "blobs/sha256/%s", digest_hex(&d)).p, text);
    const char *entry_of_self = arena_printf(&arena, "{\"mediaType\":\"%s\",\"digest\":\"%s\"}", OCI_INDEX, d.text).p;
    refuses(layout_of(&f, entry_of_self), NULL, ERR_DIGEST, d.text);

    struct slice level = add_blob(&f, index_of(""));
    for (int i = 0; i < 6; i++) {
        struct buf entries BUF_AUTO = {0};
        for (int j = 0; j < 200; j++)
            buf_addf(&entries, "%s%s", j != 0 ? "," : "", descriptor(OCI_INDEX, level, ""));
        level = add_blob(&f, index_of(arena_dup(&arena, buf_slice(&entries)).p));
    }
    limits.image_index_bytes = 1 * MIB;
    refuses(layout_of(&f, descriptor(OCI_INDEX, level, "")), NULL, ERR_LIMIT, "limit image_index_bytes");
}

// ---- Tags -----------------------------------------------------------------------------------------------------------

static void test_tags(void **state)
{
    (void)state;
    struct files f = {0};
    const char *one = entry(add_image(&f, "linux", "amd64", "one"), tag_json("1")),
               *two = entry(add_image(&f, "linux", "amd64", "two"), tag_json("2")),
               *named = entry(add_image(&f, "linux", "amd64", "named"),
                              ",\"annotations\":{\"io.containerd.image.name\":\"docker.io/x/y:3\"}"),
               *untagged = entry(add_image(&f, "linux", "amd64", "untagged"), "");
    const char *target = layout_of(&f, join(join(one, two), join(named, untagged)));
    static const struct {
        const char *tag, *layer;
    } cases[] = {
        {"1", "one"},  {"2", "two"},  {"3", "named"},     {"docker.io/x/y:3", "named"},
        {"@0", "one"}, {"@1", "two"}, {"@3", "untagged"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        opens(arena_printf(&arena, "%s:%s", target, cases[i].tag).p, NULL);
        layer_is(0, slice_str(cases[i].layer));
    }
    opens(arena_printf(&arena, "%s:3", target).p, NULL);
    slice_is(image.reference, "docker.io/x/y:3");
    refuses(target, NULL, ERR_USAGE, "name one behind a colon: 1, 2, docker.io/x/y:3, @3");
    refuses(arena_printf(&arena, "%s:9", target).p, NULL, ERR_NOT_FOUND,
            "no tag \"9\"; there are: 1, 2, docker.io/x/y:3");
    refuses(arena_printf(&arena, "%s:@4", target).p, NULL, ERR_NOT_FOUND, "the index has 4");
    refuses(arena_printf(&arena, "%s:@", target).p, NULL, ERR_NOT_FOUND, "no tag \"@\"");
    refuses(arena_printf(&arena, "%s:9", layout_of(&f, untagged)).p, NULL, ERR_NOT_FOUND, "(none)");
    refuses(arena_printf(&arena, "%s:9", layout_of(&f, join(one, one))).p, NULL, ERR_NOT_FOUND, "there are: 1");
}

// Tags are no question where they mean the same image, or where the platform decides.
static void test_no_question(void **state)
{
    (void)state;
    struct files f = {0};
    struct slice manifest = add_image(&f, "linux", "amd64", "amd"), arm = add_image(&f, "linux", "arm64", "arm"),
                 second = add_image(&f, "linux", "amd64", "second");
    opens(layout_of(&f, join(entry(manifest, tag_json("1")), entry(manifest, tag_json("latest")))), "linux/amd64");
    layer_is(0, SLICE("amd"));
    opens(layout_of(&f, join(entry(manifest, tag_json("1-amd64")), entry(arm, tag_json("1-arm64")))), "linux/arm64");
    layer_is(0, SLICE("arm"));
    // One tag that fits twice: the first, as the specification says.
    opens(layout_of(&f, join(entry(manifest, tag_json("1")), entry(second, tag_json("1")))), "linux/amd64");
    layer_is(0, SLICE("amd"));
    assert_true(has_remark("1 more images fit as well"));
}

// ---- Lies -----------------------------------------------------------------------------------------------------------

static void test_wrong_blobs(void **state)
{
    (void)state;
    struct files f = {0};
    struct slice manifest = add_image(&f, "linux", "amd64", "layer");
    struct digest named = digest_of(manifest);
    const char *good = entry(manifest, "");
    // The manifest's bytes are others, of the same size.
    f.v[2].content = arena_dup(&arena, manifest);
    ((char *)(uintptr_t)f.v[2].content.p)[manifest.n - 1] = ' ';
    struct digest actual = digest_of(f.v[2].content);
    refuses(layout_of(&f, good), NULL, ERR_DIGEST, named.text);
    refuses(layout_of(&f, good), NULL, ERR_DIGEST, actual.text);
    // Of another size than the descriptor says.
    f.v[2].content = slice_of(manifest.p, manifest.n - 1);
    refuses(layout_of(&f, good), NULL, ERR_DIGEST, "its descriptor says");
    f.v[2].content = manifest;
    f.v[1].content = SLICE("{}");
    refuses(layout_of(&f, good), NULL, ERR_DIGEST, "configuration sha256:");
    f.v[1].content = config_of("linux", "amd64", quoted_digest(SLICE("layer")));
    f.v[0].content = SLICE("layers");
    refuses(layout_of(&f, good), NULL, ERR_DIGEST, "layer sha256:");
    // A layer of the same size is for the one who reads it to verify.
    f.v[0].content = SLICE("LAYER");
    opens(layout_of(&f, good), NULL);
    refuses(layout_of(&f, descriptor(OCI_INDEX, manifest, "")), NULL, ERR_FORMAT, "which it is not");
}

static void test_wrong_index(void **state)
{
    (void)state;
    struct files f = {0};
    struct slice manifest = add_image(&f, "linux", "amd64", "layer");
    add(&f, "index.json", manifest);
    save_folder(&f, "l");
    refuses(oci("l"), NULL, ERR_FORMAT, "index.json: an image manifest and no index");
    f.v[3].content = SLICE("{\"manifests\":");
    save_folder(&f, "l");
    refuses(oci("l"), NULL, ERR_FORMAT, "index.json: ");
    assert_int_equal(unlink(path_of("l/index.json")), 0);
    refuses(oci("l"), NULL, ERR_NOT_FOUND, "it has no index.json, so it is no OCI image layout");
    write_file(path_of("secret"), index_of(entry(manifest, "")));
    assert_int_equal(symlink("../secret", path_of("l/index.json")), 0);
    refuses(oci("l"), NULL, ERR_FORMAT, "leads out");
}

static void test_sizes(void **state)
{
    (void)state;
    struct files f = {0};
    const char *target = layout_of(&f, entry(add_image(&f, "linux", "amd64", "layer"), ""));
    limits.manifest_bytes = 20;
    refuses(target, NULL, ERR_LIMIT, "index.json: its ");
    // What an index calls a manifest may be anything: it is not read beyond the limit.
    limits = limits_default();
    limits.manifest_bytes = 1000;
    char *big = arena_alloc(&arena, 1001);
    memset(big, '{', 1001);
    refuses(layout_of(&f, entry(add_blob(&f, slice_of(big, 1001)), "")), NULL, ERR_LIMIT, "manifest_bytes");
}

// ---- Blobs beside their manifest ------------------------------------------------------------------------------------

static const char *hex_of(struct slice content, const char *suffix)
{
    struct digest d = digest_of(content);
    return arena_printf(&arena, "%s%s", digest_hex(&d), suffix).p;
}

static struct slice add_flat_image(struct files *files, const char *arch, const char *layer)
{
    struct slice bytes = slice_str(layer), config = config_of("linux", arch, quoted_digest(bytes));
    add(files, hex_of(bytes, ""), bytes);
    add(files, hex_of(config, ""), config);
    return manifest_of(config, descriptor(OCI_LAYER, bytes, ""));
}

static void test_blob_folder(void **state)
{
    (void)state;
    struct files f = {0};
    struct slice manifest = add_flat_image(&f, "arm64", "layer");
    struct digest d = digest_of(manifest);
    add(&f, "manifest.json", manifest);
    add(&f, "version", SLICE("Directory Transport Version: 1.1\n"));
    save_folder(&f, "blobs");
    const char *const targets[] = {path_of("blobs"), arena_printf(&arena, "dir:%s", path_of("blobs")).p};
    for (size_t i = 0; i < 2; i++) {
        opens(targets[i], NULL);
        slice_is(image.kind, "blobs");
        assert_string_equal(image.manifest.text, d.text);
        layer_is(0, SLICE("layer"));
    }
    opens(targets[0], "linux/arm64");
    refuses(targets[0], "linux/amd64", ERR_NOT_FOUND, "the only one is for linux/arm64");
    // Without the version, it is a root in which such files lie.
    f.v[3].content = SLICE("1.1\n");
    save_folder(&f, "blobs");
    opens(targets[0], NULL);
    slice_is(image.kind, "dir");
}

static void test_blob_folder_index(void **state)
{
    (void)state;
    struct files f = {0};
    struct slice amd = add_flat_image(&f, "amd64", "amd"), arm = add_flat_image(&f, "arm64", "arm");
    struct digest d = digest_of(arm);
    add(&f, hex_of(amd, ".manifest.json"), amd);
    add(&f, hex_of(arm, ".manifest.json"), arm);
    add(&f, "version", SLICE("Directory Transport Version: 1.1\n"));
    add(&f, "manifest.json",
        index_of(join(entry(amd, platform_json("linux", "amd64")), entry(arm, platform_json("linux", "arm64")))));
    save_folder(&f, "blobs");
    opens(path_of("blobs"), "linux/arm64");
    slice_is(image.kind, "blobs");
    assert_string_equal(image.manifest.text, d.text);
    layer_is(0, SLICE("arm"));
    assert_int_equal(unlink(path_of(arena_printf(&arena, "blobs/%s", hex_of(arm, ".manifest.json")).p)), 0);
    refuses(path_of("blobs"), "linux/arm64", ERR_NOT_FOUND, "linux/amd64");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMAGE_TEST(test_single),
        IMAGE_TEST(test_history),
        IMAGE_TEST(test_layers_left_out),
        IMAGE_TEST(test_platforms),
        IMAGE_TEST(test_platforms_of_configurations),
        IMAGE_TEST(test_only_one),
        IMAGE_TEST(test_companions),
        IMAGE_TEST(test_artifacts),
        IMAGE_TEST(test_absent_images),
        IMAGE_TEST(test_nested),
        IMAGE_TEST(test_endless),
        IMAGE_TEST(test_tags),
        IMAGE_TEST(test_no_question),
        IMAGE_TEST(test_wrong_blobs),
        IMAGE_TEST(test_wrong_index),
        IMAGE_TEST(test_sizes),
        IMAGE_TEST(test_blob_folder),
        IMAGE_TEST(test_blob_folder_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
