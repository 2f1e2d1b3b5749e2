// Findings to JSON and back, and what the decoder refuses.
#include "layers.h"

#include "base/json.h"

static struct slice encode(struct arena *a, const struct findings *f)
{
    struct buf out BUF_AUTO = {0};
    findings_encode(f, &out);
    return arena_dup(a, buf_slice(&out));
}

static struct findings decode(struct arena *a, struct slice text)
{
    struct limits limits = limits_default();
    struct findings f;
    struct error err = {0};
    if (!findings_decode(text, a, &limits, &f, &err))
        fail_msg("%s: %.*s", err.text, (int)text.n, text.p);
    return f;
}

static struct findings full(struct arena *a)
{
    struct findings f =
        layer(a, "db var/lib/dpkg/status a=1 b=2\ndb lib/apk/db/installed\ndb var/lib/dnf/history.sqlite a=1@baseos\n"
                 "release etc/os-release debian 12\n"
                 "link lib usr/lib\nlink x /../y\nwhiteout var/x\nopaque /\nopaque var/y\nfile etc\nfolder app/x.jar\n"
                 "lost ../../x\nremark\n");
    f.dbs[0].packages[1].source_name = SLICE("c");
    f.dbs[0].packages[1].source_version = SLICE("3");
    f.dbs[0].packages[1].module = SLICE("m:1");
    f.dbs[0].packages[1].arch = SLICE("");
    f.releases[0].id_like = SLICE("like");
    f.releases[0].name = SLICE("Debian \"GNU\"/Linux");
    f.releases[0].version = SLICE("12 (bookworm)");
    f.releases[0].codename = SLICE("bookworm");
    f.releases[0].pretty_name = SLICE("Pretty\n");
    f.releases[0].cpe = SLICE("cpe:/");
    f.releases[0].support_end = SLICE("2028-06-30");
    f.skips_total = 7;
    f.entries = 12345678901;
    f.bytes = UINT64_MAX;
    return f;
}

static void test_round_trip(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct findings before = full(&a);
    struct slice text = encode(&a, &before);
    struct findings f = decode(&a, text);
    assert_int_equal(f.dbs_n, 3);
    assert_slice(f.dbs[0].scanner, "dpkg");
    assert_slice(f.dbs[0].path, "var/lib/dpkg/status");
    assert_int_equal(f.dbs[0].n, 2);
    assert_slice(f.dbs[0].packages[0].kind, "deb");
    assert_slice(f.dbs[0].packages[0].source_name, "a");
    assert_slice(f.dbs[0].packages[0].source_version, "1");
    assert_slice(f.dbs[0].packages[0].arch, "amd64");
    assert_slice(f.dbs[0].packages[1].name, "b");
    assert_slice(f.dbs[0].packages[1].version, "2");
    assert_slice(f.dbs[0].packages[1].source_name, "c");
    assert_slice(f.dbs[0].packages[1].source_version, "3");
    assert_slice(f.dbs[0].packages[1].module, "m:1");
    assert_slice(f.dbs[1].scanner, "apk");
    assert_int_equal(f.dbs[1].n, 0);
    assert_slice(f.dbs[2].packages[0].kind, "rpm");
    assert_slice(f.dbs[2].packages[0].repository, "baseos");
    assert_int_equal(f.releases_n, 1);
    assert_int_equal(f.releases[0].kind, RELEASE_OS);
    assert_slice(f.releases[0].name, "Debian \"GNU\"/Linux");
    assert_slice(f.releases[0].pretty_name, "Pretty\n");
    assert_slice(f.releases[0].support_end, "2028-06-30");
    assert_int_equal(f.links_n, 2);
    assert_slice(f.links[1].path, "x");
    assert_slice(f.links[1].target, "/../y");
    assert_int_equal(f.whiteouts_n, 1);
    assert_slice(f.whiteouts[0], "var/x");
    assert_int_equal(f.opaques_n, 2);
    assert_slice(f.opaques[0], "");
    assert_slice(f.opaques[1], "var/y");
    assert_int_equal(f.nondirs_n, 1);
    assert_slice(f.nondirs[0], "etc");
    assert_int_equal(f.folders_n, 1);
    assert_slice(f.folders[0], "app/x.jar");
    assert_int_equal(f.skips_n, 2);
    assert_slice(f.skips[0].path, "../../x");
    assert_slice(f.skips[0].reason, "unreadable");
    assert_true(f.skips[0].lost);
    assert_false(f.skips[1].lost);
    assert_int_equal(f.skips_total, 7);
    assert_int_equal(f.entries, 12345678901);
    assert_true(f.bytes == UINT64_MAX);
    // Every field has gone through when the second text is as the first.
    assert_true(slice_eq(encode(&a, &f), text));
}

static void test_release_kinds(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct findings f = layer(&a, "release etc/os-release\nrelease etc/lsb-release\nrelease etc/debian_version\n"
                                  "release etc/alpine-release\n");
    struct findings g = decode(&a, encode(&a, &f));
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(g.releases[i].kind, f.releases[i].kind);
}

// A bill of materials has packages of several kinds, in a database that stands nowhere.
static void test_any_kind(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct package packages[] = {
        {.kind = SLICE("gem"), .name = SLICE("rake"), .version = SLICE("13"), .owner = SLICE("deb:rake")},
        {.kind = SLICE("npm"), .name = SLICE("rake"), .version = SLICE("13")},
        {.kind = SLICE("npm"), .name = SLICE("rake"), .version = SLICE("13")},
    };
    struct package_db db = {.scanner = SLICE("sbom"), .path = SLICE(""), .packages = packages, .n = 3, .cap = 3};
    struct findings before = {.dbs = &db, .dbs_n = 1}, f = decode(&a, encode(&a, &before));
    const struct findings *layers[] = {&f};
    struct limits limits = limits_default();
    struct inventory inventory;
    coalesce(&a, layers, 1, &limits, &inventory);
    assert_int_equal(inventory.packages_n, 2);
    assert_slice(inventory.packages[0].package.kind, "gem");
    assert_slice(inventory.packages[0].owner, "deb:rake");
    assert_slice(inventory.packages[1].package.kind, "npm");
    assert_slice(inventory.packages[1].owner, "");
    assert_slice(inventory.packages[1].db, "");
}

// Bytes that are not UTF-8 become the same text wherever they stand, so that a whiteout still meets what it removes.
static void test_bytes(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct findings base = layer(&a, "db var/lib/dpkg/status.d/\xff\xfe a=1\ndb var/lib/dpkg/status.d/b b=\xc3\n");
    struct findings upper = layer(&a, "whiteout var/lib/dpkg/status.d/\xff\xfe\n");
    struct findings one = decode(&a, encode(&a, &base)), two = decode(&a, encode(&a, &upper));
    const struct findings *layers[] = {&one, &two};
    struct limits limits = limits_default();
    struct inventory inventory;
    coalesce(&a, layers, 2, &limits, &inventory);
    assert_int_equal(inventory.packages_n, 1);
    assert_slice(inventory.packages[0].package.version, "\xef\xbf\xbd");
}

static void test_longest_texts(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct limits limits = limits_default();
    char bytes[4096];
    memset(bytes, 0xff, sizeof bytes);
    struct findings f = layer(&a, "db var/lib/dpkg/status a=1\nlink a b\n");
    assert_true(sizeof bytes == limits.field_bytes && sizeof bytes == limits.path_bytes);
    f.dbs[0].packages[0].name = f.links[0].path = f.links[0].target = slice_of(bytes, sizeof bytes);
    struct findings g = decode(&a, encode(&a, &f));
    assert_int_equal(g.links[0].path.n, 3 * sizeof bytes);
}

// ---- what is refused ------------------------------------------------------------------------------------------------

// The document of full() with one value replaced; the member is given as a JSON pointer (RFC 6901).
static struct slice with(struct arena *a, const char *pointer, const char *value)
{
    struct findings f = full(a);
    struct error err;
    yyjson_doc *doc JSON_AUTO = json_parse(encode(a, &f), &err);
    yyjson_doc *other JSON_AUTO = json_parse(slice_str(value), &err);
    assert_non_null(doc);
    yyjson_mut_doc *changed JSON_MUT_AUTO = yyjson_doc_mut_copy(doc, NULL);
    if (other == NULL)
        assert_non_null(yyjson_mut_doc_ptr_remove(changed, pointer));
    else
        assert_true(yyjson_mut_doc_ptr_set(changed, pointer, yyjson_val_mut_copy(changed, yyjson_doc_get_root(other))));
    struct buf out BUF_AUTO = {0};
    json_write(changed, false, &out);
    return arena_dup(a, buf_slice(&out));
}

static bool is_refused(struct arena *a, struct slice text, const struct limits *limits)
{
    struct findings f;
    struct error err = {0};
    if (findings_decode(text, a, limits, &f, &err))
        return false;
    assert_int_equal(err.code, ERR_FORMAT);
    assert_true(strstr(err.text, "findings of a layer") != NULL);
    return true;
}

static void test_refused(void **state)
{
    (void)state;
    const struct {
        const char *pointer, *value; // "": the member is removed
    } changes[] = {
        {"/dbs", ""},
        {"/dbs/0/scanner", "\"sbom\""}, // whose packages name their kinds
        {"/dbs/0/packages/0/owner", "7"},
        {"/dbs/0/packages/0/repository", "\"baseos\""}, // which only a history tells
        {"/dbs/2/packages/0/repository", ""},
        {"/dbs/2/packages/0/repository", "\"\""},
        {"/dbs/2/packages/0/repository", "[]"},
        {"/dbs/2/packages/0/version", ""},
        {"/dbs", "{}"},
        {"/dbs/0", "7"},
        {"/dbs/0/scanner", "\"rpmx\""},
        {"/dbs/0/scanner", "\"os-release\""},
        {"/dbs/0/scanner", "null"},
        {"/dbs/0/scanner", ""},
        {"/dbs/0/path", "\"/var\""},
        {"/dbs/0/path", "\"var/\""},
        {"/dbs/0/path", "\"var//lib\""},
        {"/dbs/0/path", "\"../var\""},
        {"/dbs/0/path", "\"var/..\""},
        {"/dbs/0/path", "\"./var\""},
        {"/dbs/0/path", "\".\""},
        {"/dbs/0/path", "\"\""},
        {"/dbs/0/path", "\"a\\u0000b\""},
        {"/dbs/0/path", "7"},
        {"/dbs/0/path", ""},
        {"/dbs/0/packages", ""},
        {"/dbs/0/packages", "\"\""},
        {"/dbs/0/packages/0", "[]"},
        {"/dbs/0/packages/0/name", ""},
        {"/dbs/0/packages/0/name", "\"\""},
        {"/dbs/0/packages/0/name", "[\"a\"]"},
        {"/dbs/0/packages/0/version", ""},
        {"/dbs/0/packages/0/version", "1"},
        {"/dbs/0/packages/0/arch", "{}"},
        {"/dbs/0/packages/1/module", "1"},
        {"/dbs/0/packages/1/source", "1"},
        {"/dbs/0/packages/1/source_version", "null"},
        {"/releases", "null"},
        {"/releases/0", "\"x\""},
        {"/releases/0/kind", "\"\""},
        {"/releases/0/kind", "0"},
        {"/releases/0/path", "\"/etc/os-release\""},
        {"/releases/0/id", "1"},
        {"/releases/0/support_end", "1"},
        {"/whiteouts", ""},
        {"/whiteouts/0", "\"\""},
        {"/whiteouts/0", "\"a/../b\""},
        {"/opaques/0", "\"/\""},
        {"/opaques/0", "0"},
        {"/nondirs", "[[]]"},
        {"/nondirs/0", "\"\""},
        {"/folders", "{}"},
        {"/folders/0", "\"/x\""},
        {"/links", "[\"a\"]"},
        {"/links", "{\"a\":\"b\"}"},
        {"/links/0", "\"/a\""},
        {"/links/1", "null"},
        {"/skips/0", "null"},
        {"/skips/0/lost", "1"},
        {"/skips/0/lost", ""},
        {"/skips/0/path", "1"},
        {"/skips/0/reason", "1"},
        {"/skips_total", "1"},
        {"/skips_total", "-7"},
        {"/skips_total", "7.5"},
        {"/skips_total", ""},
        {"/entries", "\"1\""},
        {"/entries", ""},
        {"/bytes", "18446744073709551616"},
        {"/bytes", ""},
    };
    struct limits limits = limits_default();
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        if (!is_refused(&a, with(&a, changes[i].pointer, changes[i].value), &limits))
            fail_msg("%s as %s is accepted", changes[i].pointer, changes[i].value);
    }
    static const char *const documents[] = {"", "{", "null", "[]", "\"x\"", "{}", "7"};
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        if (!is_refused(&a, slice_str(documents[i]), &limits))
            fail_msg("%s is accepted", documents[i]);
    }
}

static void test_limits(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct findings f = full(&a);
    struct slice text = encode(&a, &f);
    struct limits limits = limits_default();
    assert_false(is_refused(&a, text, &limits));
#define REFUSED_BELOW(name, enough)                                                                                    \
    limits = limits_default();                                                                                         \
    limits.name = (enough);                                                                                            \
    assert_false(is_refused(&a, text, &limits));                                                                       \
    limits.name = (enough)-1;                                                                                          \
    assert_true(is_refused(&a, text, &limits))
    REFUSED_BELOW(packages, 3);
    REFUSED_BELOW(layer_links, 2);
    REFUSED_BELOW(skips, 1);
    REFUSED_BELOW(path_bytes, 9);         // "var/lib/dnf/history.sqlite" has 26 bytes, allowed is three times the limit
    REFUSED_BELOW(field_bytes, 2);        // "baseos"
    REFUSED_BELOW(release_file_bytes, 6); // the name, 18 bytes
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_release_kinds), cmocka_unit_test(test_any_kind),
        cmocka_unit_test(test_bytes),      cmocka_unit_test(test_longest_texts), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
