// Manifests, indexes, configurations and the manifest.json of docker archives: what they say, and what is refused.
#include "image/manifest.h"

#include "images.h"

#define HEX    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST "sha256:" HEX
#define ITEM   "{\"digest\":\"" DIGEST "\",\"size\":7}"

static void test_image_manifest(void **state)
{
    (void)state;
    struct manifest m;
    struct error err;
    struct slice text =
        SLICE("\xef\xbb\xbf{\"schemaVersion\":2,\"config\":{\"mediaType\":\"" OCI_CONFIG
              "\",\"digest\":\"sha256:ABCDEF6789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
              "\"size\":9},\"layers\":[" ITEM ",{\"mediaType\":\"" OCI_LAYER "\",\"digest\":\"sha512:" HEX HEX "\"}]}");
    assert_true(manifest_parse(text, &limits, &arena, &m, &err));
    assert_int_equal(m.kind, MANIFEST_IMAGE);
    assert_int_equal(m.n, 2);
    slice_is(m.config.media_type, OCI_CONFIG);
    assert_string_equal(m.config.digest.text,
                        "sha256:abcdef6789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    assert_int_equal(m.items[0].size, 7);
    assert_string_equal(m.items[0].digest.text, DIGEST);
    assert_int_equal(m.items[0].media_type.n, 0);
    assert_true(m.items[1].size == UINT64_MAX);
    assert_string_equal(m.items[1].digest.text, "sha512:" HEX HEX);
}

static void test_index(void **state)
{
    (void)state;
    struct manifest m;
    struct error err;
    struct slice text =
        SLICE("{\"manifests\":[{\"digest\":\"" DIGEST "\",\"size\":1,\"mediaType\":\"t\",\"artifactType\":\"a\","
              "\"platform\":{\"os\":\"Linux\",\"architecture\":\"x86_64\",\"variant\":\"V2\"},"
              "\"annotations\":{\"vnd.docker.reference.type\":\"attestation-manifest\","
              "\"org.opencontainers.image.ref.name\":\"1\",\"io.containerd.image.name\":\"x/y:1\"}},"
              "{\"digest\":\"" DIGEST "\",\"platform\":7,\"annotations\":[]}]}");
    assert_true(manifest_parse(text, &limits, &arena, &m, &err));
    assert_int_equal(m.kind, MANIFEST_INDEX);
    assert_int_equal(m.n, 2);
    slice_is(m.items[0].artifact_type, "a");
    slice_is(m.items[0].reference_type, "attestation-manifest");
    slice_is(m.items[0].ref_name, "1");
    slice_is(m.items[0].image_name, "x/y:1");
    slice_is(platform_text(&arena, &m.items[0].platform), "linux/amd64/v2");
    assert_int_equal(m.items[1].platform.os.n, 0);
    assert_int_equal(m.items[1].ref_name.n, 0);
}

struct refusal {
    const char *text;
    enum error_code code;
    const char *words;
};

typedef bool (*parser)(struct slice text, struct error *err);

static bool parse_manifest(struct slice text, struct error *err)
{
    struct manifest m;
    return manifest_parse(text, &limits, &arena, &m, err);
}

static bool parse_config(struct slice text, struct error *err)
{
    struct image_config c;
    return image_config_parse(text, &limits, &arena, &c, err);
}

static bool parse_docker(struct slice text, struct error *err)
{
    struct docker_manifest m;
    return docker_manifest_parse(text, &limits, &arena, &m, err);
}

static void all_refused(parser parse, const struct refusal *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct error err = {0};
        if (parse(slice_str(cases[i].text), &err))
            fail_msg("%s was taken", cases[i].text);
        if (err.code != cases[i].code || strstr(err.text, cases[i].words) == NULL)
            fail_msg("%s: code %d, not %d \"%s\": %s", cases[i].text, err.code, cases[i].code, cases[i].words,
                     err.text);
    }
}

// The text is taken, and every beginning of it refused, from a buffer that ends there.
static void beginnings_refused(parser parse, struct slice text)
{
    struct error err;
    assert_true(parse(text, &err));
    for (size_t n = 0; n < text.n; n++) {
        char *copy = must_alloc(n);
        if (n != 0)
            memcpy(copy, text.p, n);
        bool taken = parse(slice_of(copy, n), &err);
        free(copy);
        assert_false(taken);
    }
}

#define COUNT(cases) (sizeof(cases) / sizeof(cases)[0])

static void test_manifests_refused(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"", ERR_FORMAT, ""},
        {"[]", ERR_FORMAT, "not a JSON object"},
        {"{}", ERR_FORMAT, "neither an image manifest nor an index"},
        {"{\"mediaType\":\"text/plain\",\"layers\":[]}", ERR_UNSUPPORTED, "text/plain"},
        {"{\"layers\":[],\"manifests\":[]}", ERR_FORMAT, "both layers and manifests"},
        {"{\"config\":" ITEM ",\"manifests\":[]}", ERR_FORMAT, "both layers and manifests"},
        {"{\"mediaType\":\"" OCI_MANIFEST "\",\"manifests\":[]}", ERR_FORMAT, "config"},
        {"{\"mediaType\":\"" OCI_INDEX "\",\"layers\":[]}", ERR_FORMAT, "\"manifests\" is not an array"},
        {"{\"schemaVersion\":1,\"fsLayers\":[]}", ERR_UNSUPPORTED, "schema 1"},
        {"{\"mediaType\":\"application/vnd.docker.distribution.manifest.v1+prettyjws\"}", ERR_UNSUPPORTED, "schema 1"},
        {"{\"layers\":[]}", ERR_FORMAT, "config: not a descriptor but missing"},
        {"{\"config\":" ITEM "}", ERR_FORMAT, "\"layers\" is not an array"},
        {"{\"config\":" ITEM ",\"layers\":{}}", ERR_FORMAT, "\"layers\" is not an array"},
        {"{\"config\":" ITEM ",\"layers\":[null]}", ERR_FORMAT, "layers[0]: not a descriptor but null"},
        {"{\"config\":" ITEM ",\"layers\":[{}]}", ERR_FORMAT, "layers[0]: the descriptor has no digest"},
        {"{\"manifests\":[{\"digest\":7}]}", ERR_FORMAT, "manifests[0]: the descriptor has no digest"},
        {"{\"manifests\":[{\"digest\":\"sha256:../../../etc/passwd\"}]}", ERR_FORMAT, "hex digits"},
        {"{\"manifests\":[{\"digest\":\"sha256:" HEX "0\"}]}", ERR_FORMAT, "65 hex digits"},
        {"{\"manifests\":[{\"digest\":\"md5:0123\"}]}", ERR_UNSUPPORTED, "md5"},
        {"{\"manifests\":[{\"digest\":\"" DIGEST "\",\"size\":-1}]}", ERR_FORMAT, "whole number"},
        {"{\"manifests\":[{\"digest\":\"" DIGEST "\",\"size\":1.5}]}", ERR_FORMAT, "whole number"},
        {"{\"manifests\":[{\"digest\":\"" DIGEST "\",\"size\":99999999999999999999}]}", ERR_FORMAT, "whole number"},
        {"{\"manifests\":[{\"digest\":\"" DIGEST "\",\"size\":\"7\"}]}", ERR_FORMAT, "whole number"},
        // Which of two counts differs between programs.
        {"{\"config\":" ITEM ",\"layers\":[],\"layers\":[" ITEM "]}", ERR_FORMAT, "\"layers\" stands there 2 times"},
        {"{\"config\":" ITEM ",\"layers\":[],\"LAYERS\":[" ITEM "]}", ERR_FORMAT, "\"layers\" stands there 2 times"},
        {"{\"manifests\":[{\"digest\":\"" DIGEST "\",\"Digest\":\"x\"}]}", ERR_FORMAT, "\"digest\" stands there 2"},
        {"{\"manifests\":[],\"manifests\":[]} ", ERR_FORMAT, "\"manifests\" stands there 2"},
        {"{\"manifests\":[]}{}", ERR_FORMAT, ""},
    };
    all_refused(parse_manifest, cases, COUNT(cases));
    beginnings_refused(parse_manifest, SLICE("{\"config\":" ITEM ",\"layers\":[" ITEM "]}"));
    beginnings_refused(parse_manifest, SLICE("{\"manifests\":[" ITEM "]}"));
}

static void test_limits(void **state)
{
    (void)state;
    static const struct refusal manifests[] = {
        {"{\"config\":" ITEM ",\"layers\":[" ITEM "," ITEM "," ITEM "]}", ERR_LIMIT, "2 that limit manifest_layers"},
        {"{\"manifests\":[" ITEM "," ITEM "," ITEM "," ITEM "]}", ERR_LIMIT, "3 that limit index_entries"},
    };
    static const struct refusal configs[] = {
        {"{\"rootfs\":{\"diff_ids\":[1,2,3]}}", ERR_LIMIT, "2 that limit manifest_layers"},
    };
    static const struct refusal dockers[] = {
        {"[{\"Config\":\"c\",\"Layers\":[\"1\",\"2\",\"3\"]}]", ERR_LIMIT, "2 that limit manifest_layers"},
        {"[1,2,3,4]", ERR_LIMIT, "3 that limit index_entries"},
    };
    struct error err;
    limits.manifest_layers = 2;
    limits.index_entries = 3;
    all_refused(parse_manifest, manifests, COUNT(manifests));
    all_refused(parse_config, configs, COUNT(configs));
    all_refused(parse_docker, dockers, COUNT(dockers));
    assert_true(parse_manifest(SLICE("{\"config\":" ITEM ",\"layers\":[" ITEM "," ITEM "]}"), &err));
    assert_true(parse_manifest(SLICE("{\"manifests\":[" ITEM "," ITEM "," ITEM "]}"), &err));
    assert_true(parse_docker(SLICE("[{\"Config\":\"c\",\"Layers\":[\"1\",\"2\"]}]"), &err));
}

static void test_media_types(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        enum manifest_kind kind;
    } kinds[] = {
        {OCI_MANIFEST, MANIFEST_IMAGE},
        {OCI_INDEX, MANIFEST_INDEX},
        {"APPLICATION/vnd.oci.image.index.v1+JSON", MANIFEST_INDEX},
        {"application/vnd.docker.distribution.manifest.v2+json", MANIFEST_IMAGE},
        {"application/vnd.docker.distribution.manifest.list.v2+json", MANIFEST_INDEX},
        {"application/vnd.docker.distribution.manifest.v1+json", MANIFEST_SCHEMA1},
        {OCI_CONFIG, MANIFEST_UNKNOWN},
        {"", MANIFEST_UNKNOWN},
    };
    for (size_t i = 0; i < COUNT(kinds); i++)
        assert_int_equal(manifest_kind_of(slice_str(kinds[i].type)), kinds[i].kind);
    assert_true(manifest_config_is_image(SLICE(OCI_CONFIG)));
    assert_true(manifest_config_is_image(SLICE("application/vnd.docker.container.image.v1+json")));
    assert_true(manifest_config_is_image(SLICE("")));
    assert_false(manifest_config_is_image(SLICE("application/vnd.oci.empty.v1+json")));

    static const struct {
        const char *type, *reason; // words of the reason, NULL for none
    } layers[] = {
        {"", NULL},
        {OCI_LAYER, NULL},
        {OCI_LAYER "+gzip", NULL},
        {OCI_LAYER "+zstd", NULL},
        {"application/vnd.docker.image.rootfs.diff.tar.gzip", NULL},
        {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "foreign"},
        {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "foreign"},
        {OCI_LAYER "+gzip+encrypted", "encrypted"},
        {"application/vnd.in-toto+json", "application/vnd.in-toto+json is no layer"},
    };
    for (size_t i = 0; i < COUNT(layers); i++) {
        struct slice reason = manifest_layer_skip_reason(slice_str(layers[i].type), &arena);
        assert_int_equal(reason.n != 0, layers[i].reason != NULL);
        assert_true(layers[i].reason == NULL || slice_find_slice(reason, slice_str(layers[i].reason)) >= 0);
    }
}

static void test_config(void **state)
{
    (void)state;
    struct image_config c;
    struct error err;
    struct slice text =
        SLICE("{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v6\",\"rootfs\":{\"diff_ids\":[\"" DIGEST
              "\"]},\"history\":[{\"created_by\":\"ADD\"},{\"created_by\":\"ENV\",\"empty_layer\":true},"
              "{\"created_by\":7},null]}");
    assert_true(image_config_parse(text, &limits, &arena, &c, &err));
    slice_is(platform_text(&arena, &c.platform), "linux/arm/v6");
    assert_int_equal(c.diff_ids.n, 1);
    assert_string_equal(c.diff_ids.v[0].text, DIGEST);
    assert_int_equal(c.created_by.n, 3);
    slice_is(c.created_by.v[0], "ADD");
    slice_is(c.created_by.v[1], "");
    assert_true(image_config_parse(SLICE("{}"), &limits, &arena, &c, &err));
    assert_int_equal(c.platform.os.n + c.diff_ids.n + c.created_by.n, 0);
    // A history longer than any image costs its rest.
    limits.manifest_layers = 1;
    assert_true(image_config_parse(SLICE("{\"history\":[{},{},{}]}"), &limits, &arena, &c, &err));
    assert_int_equal(c.created_by.n, 1);
}

static void test_configs_refused(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"", ERR_FORMAT, ""},
        {"null", ERR_FORMAT, "not a JSON object"},
        {"{\"rootfs\":{\"diff_ids\":[null]}}", ERR_FORMAT, "rootfs.diff_ids[0]"},
        {"{\"rootfs\":{\"diff_ids\":[\"" DIGEST "\",\"sha256:x\"]}}", ERR_FORMAT, "rootfs.diff_ids[1]"},
        {"{\"rootfs\":{},\"RootFS\":{}}", ERR_FORMAT, "\"rootfs\" stands there 2 times"},
        {"{\"rootfs\":{\"diff_ids\":[],\"diff_ids\":[]}}", ERR_FORMAT, "\"diff_ids\" stands there 2 times"},
    };
    all_refused(parse_config, cases, COUNT(cases));
    beginnings_refused(parse_config, SLICE("{\"os\":\"linux\",\"rootfs\":{\"diff_ids\":[\"" DIGEST "\"]}}"));
}

static void test_docker(void **state)
{
    (void)state;
    struct docker_manifest m;
    struct error err;
    struct slice text =
        SLICE("[{\"Config\":\"c.json\",\"RepoTags\":[\"a:1\",null,\"b:2\"],\"Layers\":[\"1/layer.tar\"]},"
              "{\"Config\":\"d.json\",\"RepoTags\":null,\"Layers\":null}]");
    assert_true(docker_manifest_parse(text, &limits, &arena, &m, &err));
    assert_int_equal(m.images.n, 2);
    slice_is(m.images.v[0].config, "c.json");
    assert_int_equal(m.images.v[0].tags.n, 2);
    slice_is(m.images.v[0].tags.v[1], "b:2");
    assert_int_equal(m.images.v[0].layers.n, 1);
    slice_is(m.images.v[0].layers.v[0], "1/layer.tar");
    assert_int_equal(m.images.v[1].layers.n + m.images.v[1].tags.n, 0);
    static const struct refusal cases[] = {
        {"", ERR_FORMAT, ""},
        {"{}", ERR_FORMAT, "not a JSON array"},
        {"[1]", ERR_FORMAT, "image 0: no Config"},
        {"[{\"Config\":\"\"}]", ERR_FORMAT, "no Config"},
        {"[{\"Config\":\"c\",\"Layers\":{}}]", ERR_FORMAT, "Layers is not an array"},
        {"[{\"Config\":\"c\",\"Layers\":[1]}]", ERR_FORMAT, "Layers[0]"},
        {"[{\"Config\":\"c\",\"config\":\"d\"}]", ERR_FORMAT, "\"Config\" stands there 2 times"},
        {"[{\"Config\":\"c\",\"Layers\":[],\"Layers\":[]}]", ERR_FORMAT, "\"Layers\" stands there 2 times"},
    };
    all_refused(parse_docker, cases, COUNT(cases));
    beginnings_refused(parse_docker, text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMAGE_TEST(test_image_manifest), IMAGE_TEST(test_index),  IMAGE_TEST(test_manifests_refused),
        IMAGE_TEST(test_limits),         IMAGE_TEST(test_config), IMAGE_TEST(test_configs_refused),
        IMAGE_TEST(test_media_types),    IMAGE_TEST(test_docker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
