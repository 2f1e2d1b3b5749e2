// Summaries of images: what is due, what lists show and how they are cut into pages, held against all images looked at
// one by one.
#include "base/clock.h"
#include "scan/scanner.h"
#include "store/event_queue.h"
#include "store/notification_store.h"
#include "store/summaries.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
// cmocka wants the above first
#include <cmocka.h>

#include "opened.h"

#define IMAGES 60
#define GROUPS 7

// An image as the test made it: what lists must say of it.
struct known {
    struct digest manifest, index; // index: that it is in; empty: none
    char place[64], reference[96], repository[64], tag[32];
    int64_t indexed;
    size_t group;
    unsigned class;
    struct image_summary summary;
};

struct fixture {
    struct opened in;
    struct arena arena;
    struct known images[IMAGES];
    uint64_t seed;
};

static int open_store(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct error err;
    *state = f;
    return opened_store(&f->in, &err) ? 0 : -1;
}

static int close_store(void **state)
{
    struct fixture *f = *state;
    int code = opened_close(&f->in);
    arena_free(&f->arena);
    free(f);
    return code;
}

static uint64_t some(struct fixture *f, uint64_t n)
{
    f->seed = f->seed * 6364136223846793005U + 1442695040888963407U;
    return (f->seed >> 33) % n;
}

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        struct error err = {0};                                                                                        \
        if (!(call))                                                                                                   \
            fail_msg("%s: %s", #call, err.text);                                                                       \
    } while (0)

// ---- making an inventory --------------------------------------------------------------------------------------------

// Images of a group have the same package.
static void put_image(struct fixture *f, const struct known *k)
{
    struct inventory_package package = {.package = {.kind = SLICE("deb"),
                                                    .name = arena_printf(&f->arena, "package-%zu", k->group),
                                                    .version = SLICE("1"),
                                                    .arch = SLICE("amd64"),
                                                    .source_name = SLICE("source"),
                                                    .source_version = SLICE("1")},
                                        .scanner = "dpkg",
                                        .db = SLICE("var/lib/dpkg/status")};
    const struct stored_image image = {.manifest = k->manifest,
                                       .config = k->manifest,
                                       .reference = slice_str(k->reference),
                                       .kind = SLICE("registry"),
                                       .indexed = k->indexed,
                                       .inventory = {.packages = &package, .packages_n = 1}};
    const struct digest state = digest_of(SLICE("state"));
    MUST(store_image_put(&f->in.store, &state, &image, NULL, 0, NULL, &err));
}

static void push(struct fixture *f, const struct known *k)
{
    const struct name_push p = {slice_str(k->repository), slice_str(k->tag),
                                k->index.text[0] != '\0' ? k->index : k->manifest, 10};
    const struct name_member member = {k->manifest, SLICE("linux/amd64")};
    MUST(store_name_put(&f->in.store, &p, &member, k->index.text[0] != '\0', 10, &err));
}

static struct image_summary some_summary(struct fixture *f)
{
    struct image_summary s = {.judged = 1 + some(f, 9), .recognised = some(f, 3) != 0, .end_of_life = SLICE("")};
    for (size_t i = 0; i < SUMMARY_SEVERITIES; i++)
        s.severities[i] = some(f, 4) == 0 ? 1 + some(f, 5) : 0;
    bool found = summary_class_worst(summary_class(&s)) != 0;
    s.fixable = found ? some(f, 2) : 0;
    s.exploited = found && some(f, 4) == 0;
    s.unjudged = some(f, 2);
    return s;
}

static void make_images(struct fixture *f)
{
    for (size_t i = 0; i < IMAGES; i++) {
        struct known *k = &f->images[i];
        k->manifest = digest_of(arena_printf(&f->arena, "image %zu", i));
        if (i % 5 == 0)
            k->index = digest_of(arena_printf(&f->arena, "index %zu", i));
        char place[sizeof k->place], tag[sizeof k->tag];
        snprintf(place, sizeof place, "r.example:5000/team-%u/app-%u", (unsigned)some(f, 2), (unsigned)some(f, 3));
        snprintf(tag, sizeof tag, "%u.%u", (unsigned)some(f, 3), (unsigned)some(f, 20));
        if (i % 7 == 0)
            snprintf(place, sizeof place, "docker-archive:/srv/file-%zu.tar", i);
        if (i % 7 == 0)
            snprintf(k->reference, sizeof k->reference, "%s", place);
        else if (i % 3 == 0)
            snprintf(k->reference, sizeof k->reference, "%s@%s", place, "sha256:0123");
        else
            snprintf(k->reference, sizeof k->reference, "%s:%s", place, tag);
        // Some are elsewhere, too; some have a name in no registry.
        snprintf(k->repository, sizeof k->repository, "%s", i % 4 == 0 ? "other.example/copies" : place);
        memcpy(k->place, place, sizeof place);
        memcpy(k->tag, tag, sizeof tag);
        k->indexed = 1000 + (int64_t)some(f, 20);
        k->group = some(f, GROUPS);
        put_image(f, k);
        if (i % 7 != 0)
            push(f, k);
        else
            k->repository[0] = k->tag[0] = k->index.text[0] = '\0';
    }
}

// All groups that are due; of each group of the test one image tells which it is.
static size_t due(struct fixture *f, summary_groups *groups)
{
    groups->n = 0;
    MUST(store_summary_due(&f->in.store, 1000, &f->arena, groups, &err));
    return groups->n;
}

static struct known *known_of(struct fixture *f, const struct digest *manifest)
{
    for (size_t i = 0; i < IMAGES; i++)
        if (digest_eq(&f->images[i].manifest, manifest))
            return &f->images[i];
    fail_msg("%s is no image", manifest->text);
    return NULL;
}

static struct known *known_row(struct fixture *f, int64_t row)
{
    struct slice manifest;
    struct digest digest;
    MUST(store_image_manifest(&f->in.store, row, &f->arena, &manifest, &err));
    MUST(digest_parse(manifest, &digest, &err));
    return known_of(f, &digest);
}

// Judges a group: all its images alike, or, `apart`, each in its own way.
static void judge(struct fixture *f, const struct summary_group *group, bool apart)
{
    store_ids images = {0};
    MUST(store_group_images(&f->in.store, group, &f->arena, &images, &err));
    struct image_summary *summaries = ARENA_NEW(&f->arena, struct image_summary, images.n + 1);
    summaries[0] = some_summary(f);
    for (size_t i = 0; i < images.n; i++) {
        struct known *k = known_row(f, images.v[i]);
        summaries[i] = apart && i % 3 != 0 ? some_summary(f) : summaries[0];
        k->summary = summaries[i];
        k->class = summary_class(&k->summary);
    }
    const struct summary_result result = {*group, summaries, apart ? images.v : NULL, apart ? images.n : 0};
    const struct digest by_nothing = summarised_by(NULL, 0);
    MUST(store_summary_put(&f->in.store, &by_nothing, &result, 1, &err));
}

static void judge_all_but(struct fixture *f, size_t left)
{
    summary_groups groups = {0};
    size_t n = due(f, &groups);
    for (size_t i = left; i < n; i++)
        judge(f, &groups.v[i], i % 2 == 1);
}

// ---- what lists must say --------------------------------------------------------------------------------------------

static bool contains(const char *text, const char *what)
{
    return strstr(text, what) != NULL;
}

static bool starts(const char *text, const char *what)
{
    return strncmp(text, what, strlen(what)) == 0;
}

static bool is_digest_of(const char *digest, const char *text)
{
    return digest[0] != '\0' && (starts(digest, text) || starts(digest + strlen("sha256:"), text));
}

static bool has_text(const struct known *k, const char *text)
{
    char name[128], place[80], repository[80];
    snprintf(name, sizeof name, "%s:%s", k->repository, k->tag);
    snprintf(place, sizeof place, "%s:", k->place);
    snprintf(repository, sizeof repository, "%s:", k->repository);
    const char *colon = strrchr(text, ':'), *beginning = colon != NULL ? colon + 1 : text;
    bool tagged =
        *beginning != '\0' && k->tag[0] != '\0' && starts(k->tag, beginning) && (colon == NULL || contains(name, text));
    bool referred = colon != NULL && contains(k->reference, text);
    return contains(place, text) || (k->repository[0] != '\0' && contains(repository, text)) || tagged || referred ||
           is_digest_of(k->manifest.text, text) || is_digest_of(k->index.text, text);
}

static bool is_wanted(const struct known *k, const struct summary_query *q)
{
    const char *repository = q->repository.n != 0 ? q->repository.p : NULL, *tag = q->tag.n != 0 ? q->tag.p : NULL;
    if (tag != NULL && (strcmp(k->tag, tag) != 0 || (repository != NULL && strcmp(k->repository, repository) != 0)))
        return false;
    if (tag == NULL && repository != NULL && strcmp(k->repository, repository) != 0 &&
        strcmp(k->place, repository) != 0)
        return false;
    if (q->text.n != 0 && !has_text(k, q->text.p))
        return false;
    if (q->unjudged)
        return k->class == 0;
    if (k->class == 0)
        return q->least == 0 && !q->only && !q->fixable && !q->exploited;
    unsigned worst = summary_class_worst(k->class);
    return worst >= q->least && (!q->only || worst == q->least) && (!q->fixable || k->summary.fixable != 0) &&
           (!q->exploited || k->summary.exploited != 0);
}

static void check_image(const struct known *k, const struct summarised_image *image)
{
    assert_int_equal(image->class, k->class);
    for (size_t i = 0; i < SUMMARY_SEVERITIES; i++)
        assert_int_equal(image->summary.severities[i], k->class != 0 ? k->summary.severities[i] : 0);
    assert_int_equal(image->summary.fixable, k->summary.fixable);
    assert_int_equal(image->summary.exploited, k->summary.exploited);
    assert_int_equal(image->summary.unjudged, k->summary.unjudged);
    assert_int_equal(image->summary.recognised, k->summary.recognised);
    assert_int_equal(image->image.indexed, k->indexed);
}

// Goes through all pages of a list: each wanted image is there once, no other one, and in order.
static void check_list(struct fixture *f, struct summary_query q)
{
    bool seen[IMAGES] = {false}, more = true;
    size_t wanted = 0, found = 0;
    struct summary_key last = {0}, next;
    for (size_t i = 0; i < IMAGES; i++)
        wanted += is_wanted(&f->images[i], &q);
    for (q.after.image = 0; more; q.after = next) {
        struct arena a ARENA_AUTO = {0};
        struct summarised_image *images;
        size_t n;
        MUST(store_summary_list(&f->in.store, &q, &a, &images, &n, &next, &more, &err));
        if (n > q.most || (more && n != q.most))
            fail_msg("a page of %zu: repository=%.*s q=%.*s gathered=%d", n, SLICE_ARG(q.repository), SLICE_ARG(q.text),
                     (int)q.gathered);
        for (size_t i = 0; i < n; i++, found++) {
            const struct known *k = known_of(f, &images[i].image.manifest);
            if (!is_wanted(k, &q))
                fail_msg("%s is not wanted: q=%.*s", k->reference, SLICE_ARG(q.text));
            assert_false(seen[k - f->images]);
            seen[k - f->images] = true;
            check_image(k, &images[i]);
            bool in_order =
                last.image == 0 ||
                (q.order == SUMMARY_WORST && images[i].class != last.class ? images[i].class < last.class
                                                                           : images[i].image.indexed < last.indexed ||
                                                                                 (images[i].image.indexed ==
                                                                                      last.indexed &&
                                                                                  images[i].row < last.image));
            assert_true(in_order);
            last = (struct summary_key){images[i].class, images[i].image.indexed, images[i].row};
        }
    }
    if (found != wanted)
        fail_msg("%zu images, not %zu: repository=%.*s tag=%.*s q=%.*s least=%u", found, wanted,
                 SLICE_ARG(q.repository), SLICE_ARG(q.tag), SLICE_ARG(q.text), q.least);
}

// ---- tests ----------------------------------------------------------------------------------------------------------

static void lists_what_looking_at_each_finds(void **state)
{
    struct fixture *f = *state;
    make_images(f);
    judge_all_but(f, 2);
    const char *index = f->images[5].index.text, *manifest = f->images[1].manifest.text;
    char of_index[24], of_image[24];
    snprintf(of_index, sizeof of_index, "%.12s", index + 7);
    snprintf(of_image, sizeof of_image, "%.20s", manifest);
    const char *texts[] = {
        "",       "team-1",           "app-2", "copies",  "1.",     "1.1",     "app-1:1.", "5000/team-0/app-0:2",
        of_index, "docker-archive:/", "tar",   "nowhere", of_image, "le:5000", "copies:",  "%",
        "_"};
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++)
        for (unsigned filter = 0; filter < 16; filter++)
            for (unsigned gathered = 0; gathered < 2; gathered++)
                check_list(f, (struct summary_query){.order = filter % 2 != 0 ? SUMMARY_WORST : SUMMARY_NEWEST,
                                                     .text = slice_str(texts[t]),
                                                     .least = filter < 6     ? filter
                                                              : filter >= 10 ? filter - 10
                                                                             : 0,
                                                     .only = filter >= 10,
                                                     .fixable = filter == 3 || filter == 6,
                                                     .exploited = filter == 7 || filter == 6,
                                                     .unjudged = filter == 9,
                                                     .gathered = gathered,
                                                     .most = 7});
}

static void lists_what_a_repository_has(void **state)
{
    struct fixture *f = *state;
    make_images(f);
    judge_all_but(f, 1);
    const char *tag = f->images[1].tag;
    for (unsigned i = 0; i < 48; i++)
        check_list(f, (struct summary_query){.order = i % 2 != 0 ? SUMMARY_WORST : SUMMARY_NEWEST,
                                             .repository = slice_str(i % 3 == 0   ? "other.example/copies"
                                                                     : i % 3 == 1 ? f->images[1].place
                                                                                  : ""),
                                             .tag = slice_str(i % 4 == 0 ? tag : ""),
                                             .text = slice_str(i % 5 == 0   ? "app-1"
                                                               : i % 5 == 1 ? "1"
                                                                            : ""),
                                             .least = i % 7 == 0 ? 4 : 0,
                                             .gathered = i % 16 < 8,
                                             .most = 3});
}

#define REST60 "000000000000000000000000000000000000000000000000000000000000"

// Three images, and the index that the third is of.
static void finds_by_text(void **state)
{
    struct fixture *f = *state;
    static const char *const digests[] = {"sha256:1234" REST60, "sha256:12f0" REST60,
                                          "sha512:12ff" REST60 REST60 "0000"};
    static const char *const references[] = {"oci:first", "oci:second", "oci:third"};
    static const struct {
        const char *repository, *tag, *text, *images;
    } cases[] = {
        {"", "", "sha256:", "012"}, // the third by its index
        {"", "", "sha512:", "2"},
        {"", "", "12", "012"},
        {"", "", "12f", "12"},
        {"", "", "sha256:12f", "1"},
        {"", "", "34", ""}, // in the middle
        {"", "", "abc", "2"},
        {"", "", "sha256:abcd", "2"},
        {"", "", "sha512:abcd", ""},
        {"", "", "first", "0"},
        {"", "", "team/app", "2"},
        {"", "1", "app", "2"},
        {"r.example/team/app", "1", "12ff", "2"},
        {"r.example/team/app", "1", "sha256:12ff", ""},
    };
    for (size_t i = 0; i < 3; i++) {
        struct known *k = &f->images[i];
        MUST(digest_parse(slice_str(digests[i]), &k->manifest, &err));
        snprintf(k->reference, sizeof k->reference, "%s", references[i]);
        put_image(f, k);
    }
    struct known *third = &f->images[2];
    MUST(digest_parse(SLICE("sha256:abcd" REST60), &third->index, &err));
    snprintf(third->repository, sizeof third->repository, "r.example/team/app");
    snprintf(third->tag, sizeof third->tag, "1");
    push(f, third);
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        const struct summary_query q = {.repository = slice_str(cases[i / 2].repository),
                                        .tag = slice_str(cases[i / 2].tag),
                                        .text = slice_str(cases[i / 2].text),
                                        .gathered = i % 2,
                                        .most = 9};
        bool found[3] = {false}, more;
        char text[8] = "";
        struct summarised_image *images;
        struct summary_key next;
        size_t n;
        MUST(store_summary_list(&f->in.store, &q, &f->arena, &images, &n, &next, &more, &err));
        for (size_t k = 0; k < n; k++)
            found[known_of(f, &images[k].image.manifest) - f->images] = true;
        for (size_t k = 0; k < 3; k++)
            if (found[k])
                text[strlen(text)] = (char)('0' + k);
        if (strcmp(text, cases[i / 2].images) != 0)
            fail_msg("case %zu (\"%s\"): \"%s\" instead of \"%s\"", i, cases[i / 2].text, text, cases[i / 2].images);
    }
}

static void counts_what_there_is(void **state)
{
    struct fixture *f = *state;
    make_images(f);
    judge_all_but(f, 1);
    struct summary_overview o;
    struct summary_repository *list;
    struct slice after = SLICE("");
    uint64_t unjudged = 0, worst[SUMMARY_SEVERITIES + 1] = {0}, fixable = 0, exploited = 0, seen = 0;
    size_t n;
    MUST(store_summary_overview(&f->in.store, 0, &o, &err));
    for (size_t i = 0; i < IMAGES; i++) {
        const struct known *k = &f->images[i];
        unjudged += k->class == 0;
        if (k->class == 0)
            continue;
        worst[summary_class_worst(k->class)]++;
        fixable += k->summary.fixable != 0;
        exploited += k->summary.exploited != 0;
    }
    assert_int_equal(o.images, IMAGES);
    assert_int_equal(o.due, 1);
    assert_true(unjudged != 0);
    assert_int_equal(o.unjudged, unjudged);
    assert_int_equal(o.fixable, fixable);
    assert_int_equal(o.exploited, exploited);
    assert_memory_equal(o.worst, worst, sizeof worst);
    do { // page by page
        MUST(store_summary_repositories(&f->in.store, SLICE("e"), after, 2, &f->arena, &list, &n, &err));
        for (size_t r = 0; r < n; r++) {
            assert_true(slice_cmp(after, list[r].name) < 0);
            after = list[r].name;
            uint64_t images = 0, of_none = 0;
            for (size_t i = 0; i < IMAGES; i++)
                if (slice_eq(slice_str(f->images[i].place), list[r].name)) {
                    images++;
                    of_none += f->images[i].class == 0;
                }
            assert_int_equal(list[r].images, images);
            assert_int_equal(list[r].unjudged, of_none);
            seen += images;
        }
    } while (n == 2);
    assert_int_equal(seen, IMAGES);
}

static void asks_again_while_it_is_judged(void **state)
{
    struct fixture *f = *state;
    summary_groups before = {0}, after = {0};
    make_images(f);
    size_t n = due(f, &before);
    assert_true(n > 1 && n <= GROUPS);
    put_image(f, &f->images[0]); // of some group
    for (size_t i = 0; i < n; i++)
        judge(f, &before.v[i], false);
    assert_int_equal(due(f, &after), 1);
    judge(f, &after.v[0], false);
    assert_int_equal(due(f, &after), 0);
}

static void forgets_with_the_image(void **state)
{
    struct fixture *f = *state;
    make_images(f);
    judge_all_but(f, 0);
    int64_t rows = -1;
    const struct digest states[] = {digest_of(SLICE("state"))};
    for (size_t i = 0; i < IMAGES; i++) {
        bool found;
        MUST(store_image_delete(&f->in.store, &f->images[i].manifest, &found, &err));
        assert_true(found);
    }
    MUST(store_inventory_collect(&f->in.store, states, 1, &err)); // places go when all is collected
    MUST(db_query(f->in.store.db,
                  "SELECT (SELECT count(*) FROM image_listed) + (SELECT count(*) FROM summary) + (SELECT count(*) FROM "
                  "summary_due) + (SELECT count(*) FROM place)",
                  NULL, 0, opened_number, &rows, &err));
    assert_int_equal(rows, 0);
}

static void is_asked_for_what_changed(void **state)
{
    struct fixture *f = *state;
    summary_groups groups = {0};
    store_candidates candidates = {0};
    make_images(f);
    judge_all_but(f, 0);
    MUST(store_lookup_kind(&f->in.store, SLICE("deb"), 0, &f->arena, &candidates, &err));
    assert_true(candidates.n > 2);
    const struct summarised_feed feeds[] = {{SLICE(""), SLICE("basis")}, {SLICE("debian"), SLICE("sha256:1")}};
    const struct summary_change change = {.feeds = feeds, .feeds_n = 2, .candidates = candidates.v, .candidates_n = 2},
                                all = {.feeds = feeds, .feeds_n = 1, .all = true};
    MUST(store_summary_change(&f->in.store, &change, &err));
    assert_int_equal(due(f, &groups), 2);
    struct listed_image *images;
    struct summarised_image summarised[IMAGES];
    const struct image_query all_images = {.repository = SLICE(""), .tag = SLICE(""), .most = IMAGES};
    size_t images_n, marked = 0, in_groups = 0;
    MUST(store_image_list(&f->in.store, &all_images, &f->arena, &images, &images_n, &err));
    assert_int_equal(images_n, IMAGES);
    MUST(store_summaries_of(&f->in.store, images, images_n, &f->arena, summarised, &err));
    for (size_t i = 0; i < IMAGES; i++) {
        check_image(known_of(f, &images[i].manifest), &summarised[i]);
        marked += summarised[i].due;
    }
    for (size_t g = 0; g < groups.n; g++) {
        store_ids ids = {0};
        MUST(store_group_images(&f->in.store, &groups.v[g], &f->arena, &ids, &err));
        in_groups += ids.n;
    }
    assert_int_equal(marked, in_groups);
    MUST(store_summary_change(&f->in.store, &all, &err));
    assert_int_equal(due(f, &groups), candidates.n);
    struct summarised_feed *kept;
    size_t n;
    MUST(store_summarised(&f->in.store, &f->arena, &kept, &n, &err));
    assert_int_equal(n, 1);
    assert_true(slice_eq(kept[0].segment, SLICE("basis")));
}

// Who judged by what is no longer in force was overtaken.
static void writes_only_what_is_in_force(void **state)
{
    struct fixture *f = *state;
    summary_groups groups = {0};
    make_images(f);
    size_t n = due(f, &groups);
    const struct summarised_feed feed = {SLICE("debian"), SLICE("sha256:1")};
    const struct summary_change change = {.feeds = &feed, .feeds_n = 1};
    MUST(store_summary_change(&f->in.store, &change, &err));
    judge(f, &groups.v[0], false); // by nothing
    assert_int_equal(due(f, &groups), n);
    const struct image_summary summary = {.end_of_life = SLICE("")};
    const struct summary_result result = {groups.v[0], &summary, NULL, 0};
    const struct digest made_by = summarised_by(&feed, 1);
    MUST(store_summary_put(&f->in.store, &made_by, &result, 1, &err));
    assert_int_equal(due(f, &groups), n - 1);
}

static void reads_where_a_page_ended(void **state)
{
    struct fixture *f = *state;
    static const char *const wrong[] = {
        "", "1", "1.2", "1.2.x", "1.2.0", "99.2.3", "-1.2.3", "1.2.3.4", "1.2.99999999999999999999"};
    struct summary_key key = {25, 1764400000, 17}, read;
    struct error why;
    MUST(summary_key_parse(summary_key_text(&key, &f->arena), &read, &err));
    assert_true(read.class == key.class && read.indexed == key.indexed && read.image == key.image);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(summary_key_parse(slice_str(wrong[i]), &read, &why));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lists_what_looking_at_each_finds),
        TEST(lists_what_a_repository_has),
        TEST(finds_by_text),
        TEST(counts_what_there_is),
        TEST(asks_again_while_it_is_judged),
        TEST(forgets_with_the_image),
        TEST(is_asked_for_what_changed),
        TEST(writes_only_what_is_in_force),
        TEST(reads_where_a_page_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
