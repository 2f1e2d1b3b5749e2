// Layers and images: in and out again, shared parts once, replaced as a whole.
#include "base/buf.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
// cmocka wants the above first
#include <cmocka.h>

#include "opened.h"

struct fixture {
    struct opened in;
    struct limits limits;
    bool read; // images are put in along with their layers, as ones that were read only now
};

static int open_store(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct error err;
    *state = f;
    f->limits = limits_default();
    return opened_store(&f->in, &err) ? 0 : -1;
}

static int open_store_to_read(void **state)
{
    int code = open_store(state);
    ((struct fixture *)*state)->read = true;
    return code;
}

static int close_store(void **state)
{
    struct fixture *f = *state;
    int code = opened_close(&f->in);
    free(f);
    return code;
}

static struct package package(const char *name, const char *version)
{
    return (struct package){.kind = SLICE("deb"),
                            .name = slice_str(name),
                            .version = slice_str(version),
                            .arch = SLICE("amd64"),
                            .source_name = slice_str(name),
                            .source_version = slice_str(version)};
}

// An image of two layers whose packages are "a" and `second`; the arrays live in static storage.
static struct stored_image image(const char *content, const char *second)
{
    static struct stored_layer layers[2];
    static struct inventory_package packages[2];
    static struct inventory_skip skips[1];
    static struct slice remarks[1];
    layers[0] = (struct stored_layer){.digest = digest_of(SLICE("base")), .media_type = SLICE("tar"), .size = 7};
    layers[1] = (struct stored_layer){.digest = digest_of(slice_str(content)), .created_by = SLICE("RUN x")};
    packages[0] = (struct inventory_package){package("a", "1"), SLICE("var/lib/dpkg/status"), SLICE(""), 0, "dpkg"};
    packages[1] =
        (struct inventory_package){package(second, "2"), SLICE("var/lib/dpkg/status"), SLICE("deb:a"), 1, "dpkg"};
    packages[1].package.repository = SLICE("baseos");
    skips[0] = (struct inventory_skip){1, {SLICE("x/y"), SLICE("why"), true}};
    remarks[0] = SLICE("a remark");
    return (struct stored_image){
        .manifest = digest_of(slice_str(content)),
        .config = digest_of(SLICE("config")),
        .reference = SLICE("example.test/x:1"),
        .kind = SLICE("oci"),
        .os = SLICE("linux"),
        .arch = SLICE("amd64"),
        .layers = layers,
        .layers_n = 2,
        .remarks = remarks,
        .remarks_n = 1,
        .indexed = 1234,
        .inventory = {.distribution = {.known = true,
                                       .id = SLICE("debian"),
                                       .version_id = SLICE("12"),
                                       .codename = SLICE("bookworm")},
                      .packages = packages,
                      .packages_n = 2,
                      .skips = skips,
                      .skips_n = 1,
                      .skips_total = 3},
    };
}

static bool count_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    *(int64_t *)context = db_column_int(row, 0);
    return true;
}

static int64_t count(struct fixture *f, const char *sql)
{
    int64_t n = -1;
    struct error err;
    assert_true(db_query(f->in.store.db, sql, NULL, 0, count_row, &n, &err));
    return n;
}

static void put_image(struct fixture *f, const struct stored_image *image, const struct store_naming *naming)
{
    struct arena a ARENA_AUTO = {0};
    struct digest indexer = digest_of(SLICE("state"));
    struct layer_put *layers = ARENA_NEW(&a, struct layer_put, image->layers_n);
    size_t n = 0;
    struct error err;
    for (size_t i = 0; f->read && i < image->layers_n; i++) {
        size_t k = 0;
        while (k < n && !digest_eq(&layers[k].layer, &image->layers[i].digest))
            k++;
        layers[k] = (struct layer_put){.layer = image->layers[i].digest, .findings = SLICE("{}")};
        n += k == n;
    }
    if (!store_image_put(&f->in.store, &indexer, image, layers, n, naming, &err))
        fail_msg("%s", err.text);
}

static bool put_layer(struct fixture *f, const struct digest *layer, const struct digest *indexer,
                      struct slice findings)
{
    const struct layer_put put = {.layer = *layer, .findings = findings};
    struct error err;
    return store_layers_put(&f->in.store, indexer, &put, 1, &err);
}

static void test_image_round_trip(void **state)
{
    struct fixture *f = *state;
    struct arena a ARENA_AUTO = {0};
    struct error err;
    struct digest indexer = digest_of(SLICE("state")), other = digest_of(SLICE("other state"));
    struct stored_image in = image("one", "b"), out;
    bool found = true;
    assert_true(store_image_get(&f->in.store, &in.manifest, &indexer, &a, &out, &found, &err));
    assert_false(found);
    put_image(f, &in, NULL);
    assert_true(store_image_get(&f->in.store, &in.manifest, &other, &a, &out, &found, &err));
    assert_false(found);
    assert_true(store_image_get(&f->in.store, &in.manifest, NULL, &a, &out, &found, &err));
    assert_true(found);
    assert_true(slice_eq(out.reference, in.reference));
    assert_true(digest_eq(&out.config, &in.config));
    assert_int_equal(out.indexed, 1234);
    assert_int_equal(out.layers_n, 2);
    assert_true(digest_eq(&out.layers[1].digest, &in.layers[1].digest));
    assert_true(slice_eq(out.layers[1].created_by, SLICE("RUN x")));
    assert_int_equal(out.layers[0].size, 7);
    assert_true(slice_eq(out.remarks[0], SLICE("a remark")));
    assert_true(out.inventory.distribution.known);
    assert_true(slice_eq(out.inventory.distribution.codename, SLICE("bookworm")));
    assert_int_equal(out.inventory.packages_n, 2);
    assert_true(slice_eq(out.inventory.packages[1].package.name, SLICE("b")));
    assert_true(slice_eq(out.inventory.packages[1].package.kind, SLICE("deb")));
    assert_int_equal(out.inventory.packages[1].layer, 1);
    assert_true(slice_eq(out.inventory.packages[1].package.repository, SLICE("baseos")));
    assert_int_equal(out.inventory.packages[0].package.repository.n, 0);
    assert_string_equal(out.inventory.packages[1].scanner, "dpkg");
    assert_int_equal(out.inventory.skips_n, 1);
    assert_true(out.inventory.skips[0].skip.lost);
    assert_true(slice_eq(out.inventory.skips[0].skip.path, SLICE("x/y")));
    assert_int_equal(out.inventory.skips_total, 3);
}

static void test_shared_parts(void **state)
{
    struct fixture *f = *state;
    struct stored_image one = image("one", "b");
    put_image(f, &one, NULL);
    struct stored_image two = image("two", "b");
    put_image(f, &two, NULL);
    assert_int_equal(count(f, "SELECT count(*) FROM image"), 2);
    assert_int_equal(count(f, "SELECT count(*) FROM package_set"), 1);
    assert_int_equal(count(f, "SELECT count(*) FROM package"), 2);
    assert_int_equal(count(f, "SELECT count(*) FROM distribution"), 1);
    assert_int_equal(count(f, "SELECT count(*) FROM layer"), 3);
    assert_int_equal(count(f, "SELECT count(*) FROM layer_chain"), 3); // the base is shared
    // The same image again, with other packages: replaced, not added.
    struct stored_image again = image("one", "c");
    put_image(f, &again, NULL);
    assert_int_equal(count(f, "SELECT count(*) FROM image"), 2);
    assert_int_equal(count(f, "SELECT count(*) FROM layer_chain"), 3);
    assert_int_equal(count(f, "SELECT count(*) FROM package_set"), 2);
    // The same packages from another repository are another set.
    again.inventory.packages[1].package.repository = SLICE("appstream");
    put_image(f, &again, NULL);
    assert_int_equal(count(f, "SELECT count(*) FROM package_set"), 3);
    assert_int_equal(count(f, "SELECT count(*) FROM package"), 3);
}

// Images on one base share what it brought, whatever they bring of their own.
static void test_shared_base(void **state)
{
    struct fixture *f = *state;
    struct arena a ARENA_AUTO = {0};
    struct error err;
    struct stored_image one = image("one", "b"), out;
    bool found;
    put_image(f, &one, NULL);
    struct stored_image two = image("two", "c");
    put_image(f, &two, NULL);
    assert_int_equal(count(f, "SELECT count(*) FROM package_set"), 2);
    assert_int_equal(count(f, "SELECT count(*) FROM package_part"), 3);
    assert_int_equal(count(f, "SELECT count(*) FROM package_part_member"), 3);
    assert_int_equal(count(f, "SELECT count(*) FROM package_set_member"), 4);
    // What the other has as well stays when one goes.
    assert_true(store_image_delete(&f->in.store, &one.manifest, &found, &err) && found);
    assert_int_equal(count(f, "SELECT count(*) FROM package_part"), 2);
    assert_int_equal(count(f, "SELECT count(*) FROM layer_chain"), 2);
    assert_true(store_image_get(&f->in.store, &two.manifest, NULL, &a, &out, &found, &err) && found);
    assert_int_equal(out.layers_n, 2);
    assert_true(digest_eq(&out.layers[0].digest, &two.layers[0].digest));
    assert_int_equal(out.inventory.packages_n, 2);
    assert_int_equal(out.inventory.packages[0].layer, 0);
    assert_int_equal(out.inventory.packages[1].layer, 1);
    assert_true(store_image_delete(&f->in.store, &two.manifest, &found, &err) && found);
    static const char *const empty[] = {"layer",        "layer_chain",        "package",
                                        "package_set",  "package_set_part",   "package_set_repository",
                                        "package_part", "package_part_member"};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++)
        assert_int_equal(count(f, arena_printf(&a, "SELECT count(*) FROM %s", empty[i]).p), 0);
}

// What this process has put in, and something else has taken away since.
static void test_gone(void **state)
{
    struct fixture *f = *state;
    struct arena a ARENA_AUTO = {0};
    struct error err;
    struct stored_image one = image("one", "b"), out;
    bool found;
    for (int i = 0; i < 3; i++) {
        put_image(f, &one, NULL);
        assert_true(store_image_get(&f->in.store, &one.manifest, NULL, &a, &out, &found, &err) && found);
        assert_int_equal(out.inventory.packages_n, 2);
        assert_int_equal(count(f, "SELECT count(*) FROM package_context"), 2);
        assert_true(store_image_delete(&f->in.store, &one.manifest, &found, &err) && found);
        assert_int_equal(count(f, "SELECT count(*) FROM package_part"), 0);
    }
    // One part of it stays.
    struct stored_image two = image("two", "c");
    put_image(f, &two, NULL);
    one = image("one", "b");
    put_image(f, &one, NULL);
    assert_true(store_image_delete(&f->in.store, &one.manifest, &found, &err) && found);
    put_image(f, &one, NULL);
    assert_int_equal(count(f, "SELECT count(*) FROM package_set_member"), 4);
    assert_int_equal(count(f, "SELECT count(*) FROM package_part"), 3);
}

// The same manifest with another history: of the former one nothing is left, and the base stays.
static void test_replaced_chain(void **state)
{
    struct fixture *f = *state;
    struct arena a ARENA_AUTO = {0};
    struct error err;
    struct digest indexer = digest_of(SLICE("state")), base = digest_of(SLICE("base"));
    struct stored_image one = image("one", "b"), out;
    bool found;
    assert_true(put_layer(f, &base, &indexer, SLICE("{}")));
    put_image(f, &one, NULL);
    one.layers[1].created_by = SLICE("RUN y");
    put_image(f, &one, NULL);
    assert_int_equal(count(f, "SELECT count(*) FROM layer_chain"), 2);
    assert_int_equal(count(f, "SELECT count(*) FROM layer"), 2);
    assert_int_equal(count(f, "SELECT count(*) FROM layer_findings"), f->read ? 2 : 1);
    assert_true(store_image_get(&f->in.store, &one.manifest, NULL, &a, &out, &found, &err) && found);
    assert_true(slice_eq(out.layers[1].created_by, SLICE("RUN y")));
    // None of its layers are known: an image all the same.
    one.layers_n = 0;
    put_image(f, &one, NULL);
    assert_int_equal(count(f, "SELECT count(*) FROM layer_chain"), 0);
    assert_true(store_image_get(&f->in.store, &one.manifest, NULL, &a, &out, &found, &err) && found);
    assert_int_equal(out.layers_n, 0);
}

// A layer may stand in an image several times, and the same package twice in a file.
static void test_repeated(void **state)
{
    struct fixture *f = *state;
    struct arena a ARENA_AUTO = {0};
    struct error err;
    struct stored_image one = image("one", "a"), out;
    bool found;
    one.layers[1] = one.layers[0];
    one.inventory.packages[1] = one.inventory.packages[0];
    put_image(f, &one, NULL);
    assert_int_equal(count(f, "SELECT count(*) FROM layer"), 1);
    assert_true(store_image_get(&f->in.store, &one.manifest, NULL, &a, &out, &found, &err) && found);
    assert_int_equal(out.layers_n, 2);
    assert_true(digest_eq(&out.layers[0].digest, &out.layers[1].digest));
    assert_int_equal(out.inventory.packages_n, 1);
    assert_true(store_image_delete(&f->in.store, &one.manifest, &found, &err) && found);
    assert_int_equal(count(f, "SELECT count(*) FROM layer"), 0);
}

// By its name and its kind; by other rules by its version.
static void names_of(struct arena *a, const struct package *p, store_names *out)
{
    VEC_PUSH(a, out) = p->name;
    VEC_PUSH(a, out) = p->kind;
}

static void versions_of(struct arena *a, const struct package *p, store_names *out)
{
    VEC_PUSH(a, out) = p->version;
}

enum { LAYERS = 75, PACKAGES = 120 };

static void fill(struct arena *a, struct stored_image *image, const char *last)
{
    image->layers_n = LAYERS;
    image->layers = ARENA_NEW(a, struct stored_layer, LAYERS);
    for (size_t i = 0; i < LAYERS; i++)
        image->layers[i] = (struct stored_layer){.digest = digest_of(arena_printf(a, "layer %zu", i % 50)), .size = i};
    image->layers[LAYERS - 1].digest = digest_of(slice_str(last));
    image->inventory.packages_n = PACKAGES;
    image->inventory.packages = ARENA_NEW(a, struct inventory_package, PACKAGES);
    for (size_t i = 0; i < PACKAGES; i++)
        image->inventory.packages[i] = (struct inventory_package){
            .package = package(arena_printf(a, "p%03zu", i % 100).p, "1"),
            .db = i == 119 ? SLICE("other") : SLICE("var/lib/dpkg/status"),
            .layer = i % 100 % 2 == 0 ? 0 : 40,
            .scanner = "dpkg",
        };
}

// More packages, names and layers than a server takes in one statement; packages that are listed twice, and in two
// files.
static void test_large(void **state)
{
    struct fixture *f = *state;
    struct arena a ARENA_AUTO = {0};
    struct error err;
    const struct store_naming first = {1, names_of}, later = {2, versions_of};
    struct stored_image one = image("one", "b"), out;
    bool found;
    fill(&a, &one, "last");
    put_image(f, &one, &first);
    assert_int_equal(count(f, "SELECT count(*) FROM layer"), 51);
    assert_int_equal(count(f, "SELECT count(*) FROM layer_chain a JOIN layer_chain b ON b.id = a.parent AND b.position "
                              "= a.position - 1"),
                     LAYERS - 1);
    assert_int_equal(count(f, "SELECT count(*) FROM package_part"), 2);
    assert_int_equal(count(f, "SELECT count(*) FROM package"), 100);
    assert_int_equal(count(f, "SELECT count(*) FROM package_part_member"), 101);
    assert_int_equal(count(f, "SELECT count(*) FROM package_context"), 100);
    assert_int_equal(count(f, "SELECT count(*) FROM lookup_name"), 200);
    assert_true(store_image_get(&f->in.store, &one.manifest, NULL, &a, &out, &found, &err) && found);
    assert_int_equal(out.layers_n, LAYERS);
    for (size_t i = 0; i < LAYERS; i++)
        assert_true(digest_eq(&out.layers[i].digest, &one.layers[i].digest) &&
                    out.layers[i].size == one.layers[i].size);
    assert_int_equal(out.inventory.packages_n, 101);
    for (size_t i = 0; i < 101; i++) { // "p019" is in two files
        size_t k = i > 19 ? i - 1 : i;
        assert_true(slice_eq(out.inventory.packages[i].package.name, one.inventory.packages[k].package.name));
        assert_int_equal(out.inventory.packages[i].layer, one.inventory.packages[k].layer);
    }
    // Another one that shares all but its last layer and one part: names by later rules replace those that it touches.
    struct stored_image two = image("two", "b");
    fill(&a, &two, "another");
    for (size_t i = 0; i < PACKAGES; i += 2)
        two.inventory.packages[i].owner = SLICE("deb:x");
    put_image(f, &two, &later);
    assert_int_equal(count(f, "SELECT count(*) FROM layer_chain"), LAYERS + 1);
    assert_int_equal(count(f, "SELECT count(*) FROM package_part"), 3);
    assert_int_equal(count(f, "SELECT count(*) FROM package"), 100);
    assert_int_equal(count(f, "SELECT count(*) FROM package WHERE named = 2"), 50);
    assert_int_equal(count(f, "SELECT count(*) FROM lookup_name"), 50 * 2 + 50);
    assert_true(store_image_delete(&f->in.store, &one.manifest, &found, &err) && found);
    assert_true(store_image_delete(&f->in.store, &two.manifest, &found, &err) && found);
    assert_int_equal(count(f, "SELECT count(*) FROM layer") + count(f, "SELECT count(*) FROM package"), 0);
}

static void test_repositories(void **state)
{
    struct fixture *f = *state;
    struct arena a ARENA_AUTO = {0};
    struct error err;
    struct inventory_repository repositories[] = {{SLICE("appstream"), SLICE("content.json"), 1},
                                                  {SLICE("baseos"), SLICE("content.json"), 0}};
    struct stored_image one = image("one", "b"), out;
    bool found;
    put_image(f, &one, NULL);
    struct stored_image two = image("two", "b");
    two.inventory.repositories = repositories;
    two.inventory.repositories_n = 2;
    put_image(f, &two, NULL);
    assert_int_equal(count(f, "SELECT count(*) FROM package_set"), 2); // other repositories are another set
    assert_int_equal(count(f, "SELECT count(*) FROM package_part"), 2);
    assert_true(store_image_get(&f->in.store, &two.manifest, NULL, &a, &out, &found, &err) && found);
    assert_int_equal(out.inventory.repositories_n, 2);
    assert_true(slice_eq(out.inventory.repositories[1].id, SLICE("baseos")));
    assert_true(slice_eq(out.inventory.repositories[0].path, SLICE("content.json")));
    assert_int_equal(out.inventory.repositories[0].layer, 1);
    assert_true(store_image_get(&f->in.store, &one.manifest, NULL, &a, &out, &found, &err) && found);
    assert_int_equal(out.inventory.repositories_n, 0);
}

static void test_find_by_prefix(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct digest found[2];
    size_t n;
    struct stored_image one = image("one", "b");
    put_image(f, &one, NULL);
    assert_true(store_image_find(&f->in.store, slice_of(one.manifest.text, 15), found, 2, &n, &err));
    assert_int_equal(n, 1);
    assert_true(digest_eq(&found[0], &one.manifest));
    assert_true(store_image_find(&f->in.store, slice_of(digest_hex(&one.manifest), 6), found, 2, &n, &err));
    assert_int_equal(n, 1);
    assert_true(store_image_find(&f->in.store, SLICE("sha256:zz"), found, 2, &n, &err));
    assert_int_equal(n, 0);
}

static void test_findings_round_trip(void **state)
{
    struct fixture *f = *state;
    struct arena a ARENA_AUTO = {0};
    struct error err;
    struct digest layer = digest_of(SLICE("layer")), indexer = digest_of(SLICE("state"));
    struct package packages[] = {package("a", "1"), package("b", "2")};
    struct package_db db = {SLICE("dpkg"), SLICE("var/lib/dpkg/status"), packages, 2, 2};
    struct findings in = {.dbs = &db, .dbs_n = 1, .entries = 12, .bytes = 3456};
    struct layer_known known[] = {{.layer = layer, .arena = &a, .found = true},
                                  {.layer = digest_of(SLICE("another")), .arena = &a, .found = true}};
    const struct layer_question question = {&indexer, &f->limits, known, 2};
    struct buf json BUF_AUTO = {0};
    findings_encode(&in, &json);
    assert_true(store_layers_get(&f->in.store, &question, &err));
    assert_false(known[0].found || known[1].found);
    assert_true(put_layer(f, &layer, &indexer, buf_slice(&json)));
    assert_true(put_layer(f, &layer, &indexer, buf_slice(&json))); // a second time is fine
    assert_true(store_layers_get(&f->in.store, &question, &err));
    assert_true(known[0].found && !known[1].found);
    const struct findings *out = &known[0].findings;
    assert_int_equal(out->dbs_n, 1);
    assert_int_equal(out->dbs[0].n, 2);
    assert_true(slice_eq(out->dbs[0].packages[1].name, SLICE("b")));
    assert_int_equal(out->bytes, 3456);
}

static void test_damaged_findings(void **state)
{
    struct fixture *f = *state;
    struct arena a ARENA_AUTO = {0};
    struct error err;
    struct digest layer = digest_of(SLICE("layer")), indexer = digest_of(SLICE("state"));
    struct layer_known known = {.layer = layer, .arena = &a};
    const struct layer_question question = {&indexer, &f->limits, &known, 1};
    assert_true(put_layer(f, &layer, &indexer, SLICE("{}")));
    assert_true(db_run(f->in.store.db, &err, "UPDATE layer_findings SET findings = ?1", db_blob(SLICE("\0\1\2\3"))));
    assert_false(store_layers_get(&f->in.store, &question, &err));
    assert_int_equal(err.code, ERR_STORE);
}

// Which of an image's layers are known, and which of the others are ours to read; with the image neither is asked.
static void test_leases(void **state)
{
    struct fixture *f = *state;
    struct arena a ARENA_AUTO = {0};
    struct error err;
    struct digest indexer = digest_of(SLICE("state"));
    struct stored_image one = image("one", "b"), out;
    struct store_home home;
    struct store other;
    bool found;
    struct layer_known known[] = {
        {.layer = one.layers[0].digest, .arena = &a, .lease = SLICE("base")},
        {.layer = one.layers[1].digest, .arena = &a, .lease = SLICE("one")},
        {.layer = digest_of(SLICE("another")), .arena = &a},
    };
    const struct layer_question question = {&indexer, &f->limits, known, 3}, half = {&indexer, &f->limits, known, 1};
    const struct findings nothing = {0};
    struct buf json BUF_AUTO = {0};
    findings_encode(&nothing, &json);
    const struct layer_put base = {one.layers[0].digest, buf_slice(&json), SLICE("base")},
                           top = {one.layers[1].digest, buf_slice(&json), SLICE("one")};
    assert_true(store_home_make(f->in.folder, slice_str(f->in.url), 0, &home, &err));
    assert_true(store_open(&home, &other, &err));
    assert_true(store_layers_get(&other, &half, &err) && known[0].leased && !known[0].found);
    assert_true(store_image_or_layers(&f->in.store, &one.manifest, &question, &a, &out, &found, &err) && !found);
    assert_true(!known[0].leased && known[1].leased && !known[2].leased);
    assert_int_equal(count(f, "SELECT count(*) FROM shared_lease"), 2);
    // What the other has read is known, and its lease is gone.
    assert_true(store_layers_put(&other, &indexer, &base, 1, &err));
    assert_int_equal(count(f, "SELECT count(*) FROM shared_lease"), 1);
    assert_true(store_image_or_layers(&f->in.store, &one.manifest, &question, &a, &out, &found, &err) && !found);
    assert_true(known[0].found && !known[0].leased && known[1].leased);
    // With the image comes the layer that is not there yet.
    assert_true(store_image_put(&f->in.store, &indexer, &one, &top, 1, NULL, &err));
    assert_int_equal(count(f, "SELECT count(*) FROM shared_lease"), 0);
    assert_true(store_layers_get(&f->in.store, &question, &err) && known[1].found && !known[1].leased);
    assert_true(store_image_or_layers(&f->in.store, &one.manifest, &question, &a, &out, &found, &err) && found);
    assert_int_equal(out.inventory.packages_n, 2);
    assert_true(!known[0].found && !known[1].found && !known[1].leased);
    assert_int_equal(count(f, "SELECT count(*) FROM shared_lease"), 0);
    store_close(&other);
    store_home_free(&home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_image_round_trip, open_store, close_store),
        cmocka_unit_test_setup_teardown(test_shared_parts, open_store, close_store),
        cmocka_unit_test_setup_teardown(test_shared_base, open_store, close_store),
        cmocka_unit_test_setup_teardown(test_gone, open_store, close_store),
        cmocka_unit_test_setup_teardown(test_replaced_chain, open_store, close_store),
        cmocka_unit_test_setup_teardown(test_repeated, open_store, close_store),
        cmocka_unit_test_setup_teardown(test_large, open_store, close_store),
        cmocka_unit_test_setup_teardown(test_repositories, open_store, close_store),
        cmocka_unit_test_setup_teardown(test_find_by_prefix, open_store, close_store),
        cmocka_unit_test_setup_teardown(test_findings_round_trip, open_store, close_store),
        cmocka_unit_test_setup_teardown(test_damaged_findings, open_store, close_store),
        cmocka_unit_test_setup_teardown(test_leases, open_store, close_store),
        // The same, where layers come along.
        cmocka_unit_test_setup_teardown(test_image_round_trip, open_store_to_read, close_store),
        cmocka_unit_test_setup_teardown(test_shared_parts, open_store_to_read, close_store),
        cmocka_unit_test_setup_teardown(test_shared_base, open_store_to_read, close_store),
        cmocka_unit_test_setup_teardown(test_gone, open_store_to_read, close_store),
        cmocka_unit_test_setup_teardown(test_replaced_chain, open_store_to_read, close_store),
        cmocka_unit_test_setup_teardown(test_repeated, open_store_to_read, close_store),
        cmocka_unit_test_setup_teardown(test_large, open_store_to_read, close_store),
        cmocka_unit_test_setup_teardown(test_repositories, open_store_to_read, close_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
