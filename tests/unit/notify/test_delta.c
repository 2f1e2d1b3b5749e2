// What a change of the feeds changes in the reports: found by the reverse look-up, and by making the reports of all
// images. The two must be the same, for worlds of chance: distributions and releases, packages of one source, packages
// of languages with and without owners, containers, feeds that come to speak of a release, scores and a catalogue of
// what is exploited.
#include "notify/delta.h"

#include "advisory/enrichments.h"
#include "advisory/mapping.h"
#include "base/buf.h"
#include "notify/enriched.h"
#include "notify/filter.h"
#include "notify/flaw.h"
#include "notify/where_list.h"
#include "store/notification_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "../store/opened.h"

#define NOW    1764000000 // 2025-11-24
#define IMAGES 24
#define ROUNDS 140 // of them half where each of some hundred thousand questions is a way to a server and back

// ---- chance ---------------------------------------------------------------------------------------------------------

static uint64_t chance_state;

// The same numbers in each run (xorshift64*).
static unsigned chance(unsigned below)
{
    chance_state ^= chance_state >> 12;
    chance_state ^= chance_state << 25;
    chance_state ^= chance_state >> 27;
    return (unsigned)((chance_state * 2685821657736338717ULL) >> 33) % below;
}

// ---- a world --------------------------------------------------------------------------------------------------------

#define FEEDS 8
static const char *const feed_names[FEEDS] = {"debian", "osv-pypi",   "redhat-containers", "redhat-vex",
                                              "ubuntu", "ubuntu-osv", ENRICHMENT_NVD,      ENRICHMENT_KEV};
enum { DEBIAN, PYPI, CONTAINER_NAMES, REDHAT, UBUNTU, UBUNTU_OSV, NVD, KEV };

// What the dice say of a record.
enum { LEFT_OUT, STATUS, GHSA, ALIAS, BOUND, SEVERITY, SCORE, DICE };
struct draw {
    unsigned die[DICE];
};

struct world {
    struct opened in;
    struct arena arena;
    struct limits limits;
    struct digest manifests[IMAGES];
    struct feed_state before[FEEDS], after[FEEDS];
    struct draw drawn[FEEDS][2][6][4]; // by feed, scope, package and flaw
    size_t suppressed;                 // findings, in the reports that were made
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct error err;
    *state = w;
    w->limits = limits_default();
    return opened_store(&w->in, &err) ? 0 : -1;
}

static int teardown(void **state)
{
    struct world *w = *state;
    int code = opened_close(&w->in);
    arena_free(&w->arena);
    free(w);
    return code;
}

static struct slice text(struct world *w, const char *format, unsigned number)
{
    char s[64];
    snprintf(s, sizeof s, format, number);
    return arena_dup(&w->arena, slice_str(s));
}

static struct distribution some_distribution(void)
{
    static const struct distribution all[] = {
        {.known = true, .id = SLICE("debian"), .version_id = SLICE("12"), .codename = SLICE("bookworm")},
        {.known = true, .id = SLICE("debian"), .version_id = SLICE("11"), .codename = SLICE("bullseye")},
        {.known = true, .id = SLICE("ubuntu"), .version_id = SLICE("22.04"), .codename = SLICE("jammy")},
        {.known = true, .id = SLICE("ubuntu"), .version_id = SLICE("24.04"), .codename = SLICE("noble")},
        {.known = false},
    };
    return all[chance(sizeof all / sizeof all[0])];
}

static int by_kind_and_name(const void *x, const void *y)
{
    const struct inventory_package *a = x, *b = y;
    int order = slice_cmp(a->package.kind, b->package.kind);
    if (order == 0)
        order = slice_cmp(a->package.name, b->package.name);
    if (order == 0)
        order = slice_cmp(a->package.version, b->package.version);
    return order != 0 ? order : slice_cmp(a->db, b->db);
}

// Two packages of each of a few sources; what is called python3-N may own the package N of Python.
static void some_packages(struct world *w, struct inventory *inventory)
{
    struct inventory_package *p = ARENA_NEW(&w->arena, struct inventory_package, 40);
    size_t n = 0;
    for (unsigned source = 0; source < 6; source++) {
        unsigned version = 1 + chance(3);
        for (unsigned binary = 0; binary < 2; binary++)
            if (chance(3) != 0)
                p[n++] = (struct inventory_package){
                    .package = {.kind = SLICE("deb"),
                                .name = text(w, binary == 0 ? "python3-%u" : "lib%u", source),
                                .version = text(w, "%u.0", version),
                                .arch = SLICE("amd64"),
                                .source_name = text(w, "s%u", source),
                                .source_version = text(w, "%u.0", version)},
                    .db = SLICE("var/lib/dpkg/status"),
                    .scanner = "dpkg"};
    }
    for (unsigned python = 0; python < 4; python++)
        for (unsigned place = 0; place < 2; place++)
            if (chance(2) != 0)
                p[n++] = (struct inventory_package){.package = {.kind = SLICE("python"),
                                                                .name = text(w, "P.%u", python),
                                                                .version = text(w, "%u.0", 1 + chance(2))},
                                                    .db = text(w, "usr/lib/%u", place),
                                                    .owner = chance(2) ? text(w, "deb:python3-%u", python) : SLICE(""),
                                                    .layer = place,
                                                    .scanner = "python"};
    if (chance(3) == 0)
        p[n++] = (struct inventory_package){.package = {.kind = SLICE("container"),
                                                        .name = text(w, "c%u", chance(2)),
                                                        .version = text(w, "%u.0", 1 + chance(3))},
                                            .db = SLICE("root/buildinfo"),
                                            .scanner = "redhat-container"};
    qsort(p, n, sizeof *p, by_kind_and_name);
    inventory->packages = p;
    inventory->packages_n = n;
}

static void put_image(struct world *w, unsigned number)
{
    struct error err;
    struct digest state = digest_of(SLICE("state"));
    struct stored_layer layers[2] = {{.digest = digest_of(SLICE("base"))}, {.digest = digest_of(SLICE("top"))}};
    static struct inventory last; // one in three has the packages of the one before: sets are shared
    struct stored_image image = {
        .manifest = digest_of(text(w, "image %u", number)), .layers = layers, .layers_n = 2, .indexed = NOW};
    if (number == 0 || chance(3) != 0)
        some_packages(w, &last);
    image.inventory = last;
    image.inventory.distribution = some_distribution();
    w->manifests[number] = image.manifest;
    // Without names as well: older programs stored images so.
    if (!store_image_put(&w->in.store, &state, &image, NULL, 0, number % 2 ? &match_naming : NULL, &err))
        fail_msg("%s", err.text);
}

struct speech {
    const char *scope, *package;
    unsigned packages;
    bool of_source;
};

// Anew, or all but one die stay as they lie, so that often a single trait of a record changes and nothing around it.
static void draw(struct draw *d)
{
    unsigned one = chance(24) != 0 ? chance(6 * DICE) : DICE;
    bool fresh = one == DICE || d->die[LEFT_OUT] == 0;
    for (unsigned i = 0; i < DICE; i++)
        if (fresh || i == one)
            d->die[i] = 1 + chance(60);
}

static bool make_record(struct world *w, const struct speech *s, unsigned package, unsigned flaw, const struct draw *d,
                        struct advisory *out)
{
    static const enum advisory_status statuses[] = {ADVISORY_AFFECTED, ADVISORY_FIXED, ADVISORY_FIXED,
                                                    ADVISORY_NOT_AFFECTED, ADVISORY_UNDETERMINED};
    static const struct slice scores[] = {SLICE(""), SLICE("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
                                          SLICE("CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N")};
    static const struct slice severities[] = {SLICE("high"), SLICE("low"), SLICE("")};
    enum advisory_status status = statuses[d->die[STATUS] % 5];
    bool ghsa = strcmp(s->scope, "pypi") == 0 && d->die[GHSA] % 2;
    *out = (struct advisory){
        .scope = slice_str(s->scope),
        .package = text(w, s->package, package),
        .of_source = s->of_source,
        .vulnerability = text(w, ghsa ? "GHSA-%u" : "CVE-2024-%u", flaw),
        .aliases = ghsa && d->die[ALIAS] % 2 ? text(w, "CVE-2024-%u", d->die[ALIAS] / 2 % 4) : SLICE(""),
        .status = status,
        .bound = status == ADVISORY_FIXED ? text(w, "%u.0", 1 + d->die[BOUND] % 4) : SLICE(""),
        .severity = severities[d->die[SEVERITY] % 3],
        .cvss = scores[d->die[SCORE] % 3],
    };
    return d->die[LEFT_OUT] % 3 != 0;
}

static void add_some_records(struct world *w, struct segment_builder *b, const struct speech *s,
                             struct draw drawn[6][4])
{
    struct error err;
    segment_add_scope(b, slice_str(s->scope));
    for (unsigned i = 0; i < s->packages; i++)
        for (unsigned flaw = 0; flaw < 4; flaw++) {
            struct advisory record;
            draw(&drawn[i][flaw]);
            if (make_record(w, s, i, flaw, &drawn[i][flaw], &record) && !segment_add(b, &record, &w->limits, &err))
                fail_msg("%s", err.text);
        }
}

// Each flaw is scored, or exploited, or not.
static void add_some_enrichments(struct world *w, struct segment_builder *b, bool scores)
{
    static const struct slice vectors[] = {SLICE("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
                                           SLICE("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N")};
    const struct mapping_value exploited = {SLICE("2024-01-01"), SLICE("dateAdded")};
    struct slice scope = scores ? SLICE(ENRICHMENT_NVD ":2024") : SLICE(ENRICHMENT_KEV);
    struct error err;
    segment_add_scope(b, scope);
    for (unsigned flaw = 0; flaw < 4; flaw++) {
        const struct mapping_value score = {vectors[chance(2)], SLICE(ENRICHMENT_NVD_PRIMARY " nvd@nist.gov")};
        struct advisory record =
            mapping_record(&w->arena, scope, text(w, "CVE-2024-%u", flaw), scores ? score : exploited);
        if (chance(2) && !segment_add(b, &record, &w->limits, &err))
            fail_msg("%s", err.text);
    }
}

static void make_segment(struct world *w, int feed, struct feed_state *state)
{
    static const struct speech speeches[FEEDS][2] = {
        [DEBIAN] = {{"debian:bookworm", "s%u", 6, true}, {"debian:bullseye", "s%u", 6, true}},
        [PYPI] = {{"pypi", "p-%u", 4, false}},
        [REDHAT] = {{"rhcc", "c%u", 2, false}},
        [UBUNTU] = {{"ubuntu:jammy", "s%u", 6, true}, {"ubuntu:noble", "s%u", 6, true}},
        [UBUNTU_OSV] = {{"ubuntu:jammy", "s%u", 6, true}, {"ubuntu:noble", "s%u", 6, true}},
    };
    struct error err;
    *state = (struct feed_state){.feed = slice_str(feed_names[feed]), .updated = NOW, .checked = NOW, .tried = NOW};
    if (feed == CONTAINER_NAMES || chance(12) == 0) // never loaded
        return;
    struct segment_builder *b = segment_builder_new(feed_names[feed], w->in.store.segments);
    for (size_t i = 0; i < 2 && speeches[feed][i].scope != NULL; i++)
        if (i == 0 || chance(6) != 0)
            add_some_records(w, b, &speeches[feed][i], w->drawn[feed][i]);
    if (feed == NVD || feed == KEV)
        add_some_enrichments(w, b, feed == NVD);
    if (!segment_write(b, w->in.store.segments, &state->segment, &state->records, &err))
        fail_msg("%s", err.text);
    segment_builder_free(&b);
}

// ---- what VEX documents say of it -----------------------------------------------------------------------------------

static struct slice some_package(struct world *w)
{
    switch (chance(4)) {
    case 0:
        return text(w, "pkg:deb/debian/python3-%u", chance(6));
    case 1:
        return text(w, "pkg:deb/debian/lib%u", chance(6));
    case 2:
        return text(w, "pkg:deb/ubuntu/lib%u", chance(6));
    default:
        return text(w, chance(2) ? "pkg:pypi/p-%u" : "pkg:pypi/p-%u@1.0", chance(4));
    }
}

static struct slice some_image(struct world *w)
{
    return arena_printf(&w->arena, "pkg:oci/app@%s", w->manifests[chance(IMAGES)].text);
}

// Of a package anywhere, of an image, of a package in an image, and of a package in images that hold another.
static void add_some_statement(struct world *w, struct buf *out)
{
    static const char *const statuses[] = {"\"not_affected\",\"justification\":\"vulnerable_code_not_present\"",
                                           "\"fixed\"", "\"affected\",\"action_statement\":\"update\"",
                                           "\"under_investigation\""};
    unsigned kind = chance(4);
    struct slice whole = kind == 0 || kind == 3 ? some_package(w) : some_image(w);
    buf_addf(out, "{\"vulnerability\":{\"name\":\"%s-%u\"},\"products\":[{\"@id\":\"%.*s\"",
             chance(4) ? "CVE-2024" : "GHSA", chance(4), SLICE_ARG(whole));
    if (kind >= 2)
        buf_addf(out, ",\"subcomponents\":[{\"@id\":\"%.*s\"}]", SLICE_ARG(some_package(w)));
    buf_addf(out, "}],\"status\":%s}", statuses[chance(4)]);
}

static void make_triage(struct world *w, struct triage *triage)
{
    struct error err;
    struct buf out BUF_AUTO = {0};
    buf_adds(&out, "{\"@context\":\"https://openvex.dev/ns/v0.2.0\",\"@id\":\"https://example.org/1\",\"author\":\"a\","
                   "\"timestamp\":\"2025-01-01T00:00:00Z\",\"version\":1,\"statements\":[");
    for (unsigned i = 0; i < 12; i++) {
        buf_adds(&out, i != 0 ? "," : "");
        add_some_statement(w, &out);
    }
    buf_adds(&out, "]}");
    if (!triage_add(triage, SLICE("made"), arena_dup(&triage->arena, buf_slice(&out)), &w->limits, &err))
        fail_msg("%s", err.text);
    triage_ready(triage);
}

// ---- the two ways ---------------------------------------------------------------------------------------------------

typedef VEC(struct slice) lines;

static int by_text(const void *a, const void *b)
{
    return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

static void add_line(struct world *w, lines *out, const char *reason, struct slice manifest, const struct package *p,
                     const struct report_finding *f)
{
    VEC_PUSH(&w->arena, out) = arena_printf(
        &w->arena, "%s %.*s %.*s:%.*s %.*s %.*s %.*s %s%s", reason, SLICE_ARG(manifest), SLICE_ARG(p->kind),
        SLICE_ARG(p->name), SLICE_ARG(p->version), SLICE_ARG(f->vulnerability), SLICE_ARG(f->fixed_in),
        severity_name(f->severity), finding_exploited(f) != NULL ? " exploited" : "");
}

static void sort_once(lines *list)
{
    size_t kept = 0;
    if (list->n != 0)
        qsort(list->v, list->n, sizeof *list->v, by_text);
    for (size_t i = 0; i < list->n; i++)
        if (i == 0 || !slice_eq(list->v[i], list->v[kept - 1]))
            list->v[kept++] = list->v[i];
    list->n = kept;
}

static bool same_package(const struct package *p, const struct package *q)
{
    return slice_eq(p->kind, q->kind) && slice_eq(p->name, q->name) && slice_eq(p->version, q->version);
}

// The finding of the same flaw in the same package.
static const struct report_finding *like(const struct report *report, const struct package *p,
                                         const struct report_finding *f)
{
    for (size_t i = 0; i < report->findings_n; i++)
        if (slice_eq(report->findings[i].vulnerability, f->vulnerability) &&
            same_package(&report->image->inventory.packages[report->findings[i].package].package, p))
            return &report->findings[i];
    return NULL;
}

static void compare_reports(struct world *w, const struct report *before, const struct report *after, lines *out)
{
    struct slice manifest = digest_slice(&after->image->manifest);
    for (size_t i = 0; i < before->findings_n; i++) {
        const struct report_finding *f = &before->findings[i];
        const struct package *p = &before->image->inventory.packages[f->package].package;
        if (like(after, p, f) == NULL)
            add_line(w, out, "removed", manifest, p, f);
    }
    for (size_t i = 0; i < after->findings_n; i++) {
        const struct report_finding *f = &after->findings[i];
        const struct package *p = &after->image->inventory.packages[f->package].package;
        const struct report_finding *was = like(before, p, f);
        if (was == NULL)
            add_line(w, out, "added", manifest, p, f);
        else if (was->severity != f->severity || !slice_eq(was->fixed_in, f->fixed_in) ||
                 (finding_exploited(was) == NULL) != (finding_exploited(f) == NULL))
            add_line(w, out, "changed", manifest, p, f);
    }
}

static void by_reports(struct world *w, const struct delta *d, lines *out)
{
    for (size_t i = 0; i < IMAGES; i++) {
        struct stored_image image;
        struct report before, after;
        struct error err;
        bool found;
        if (!store_image_get(&w->in.store, &w->manifests[i], NULL, &w->arena, &image, &found, &err) || !found ||
            !report_make(&image, d->generation_before, d->before, NOW, &w->arena, &before, &err) ||
            !report_make(&image, d->generation_after, d->after, NOW, &w->arena, &after, &err))
            fail_msg("%s", err.text);
        if (d->triage != NULL) {
            report_triage(&before, d->triage, &w->arena);
            report_triage(&after, d->triage, &w->arena);
            w->suppressed += before.suppressed_n;
        }
        compare_reports(w, &before, &after, out);
    }
    sort_once(out);
}

struct telling {
    struct world *world;
    lines *out;
    const struct delta_change *change;
};

static bool take_image(void *context, const struct holding *holding, struct error *err)
{
    struct telling *t = context;
    const struct delta_change *c = t->change;
    struct slice manifest;
    assert_true(holding->layer < 2);
    if (!store_image_manifest(&t->world->in.store, holding->image, &t->world->arena, &manifest, err))
        return false;
    add_line(t->world, t->out, notice_reason_name(c->reason), manifest,
             &c->report->image->inventory.packages[c->finding->package].package, c->finding);
    return true;
}

static bool take_change(void *context, const struct delta_change *change, struct error *err)
{
    struct telling *t = context;
    t->change = change;
    return delta_images(&t->world->in.store, change, take_image, t, err);
}

static void by_delta(struct world *w, const struct delta *d, const char *feed, lines *out)
{
    struct telling telling = {w, out, NULL};
    struct affected affected;
    struct error err;
    const struct affected_change change = {feed, d->before, d->after, NOW};
    if (!store_lookup_complete(&w->in.store, &match_naming, &err) ||
        !(enriched_by(slice_str(feed))
              ? affected_by_enrichment(&w->in.store, d->generation_after, &change, &w->arena, &affected, &err)
              : affected_by_update(&w->in.store, &change, &w->arena, &affected, &err)) ||
        !delta_tell(d, &affected, take_change, &telling, &err))
        fail_msg("%s", err.text);
    size_t told = out->n;
    sort_once(out);
    assert_int_equal(told, out->n); // each once
}

static size_t check_feed(struct world *w, int feed, struct triage *triage)
{
    struct generation before = {SLICE("before"), NOW, w->before, FEEDS}, after = {SLICE("after"), NOW, w->after, FEEDS};
    struct delta d = {.store = &w->in.store,
                      .generation_before = &before,
                      .generation_after = &after,
                      .before = report_segments_open(&w->in.store, &before),
                      .after = report_segments_open(&w->in.store, &after),
                      .now = NOW,
                      .triage = triage};
    lines wanted = {0}, have = {0};
    by_reports(w, &d, &wanted);
    by_delta(w, &d, feed_names[feed], &have);
    for (size_t i = 0; i < wanted.n || i < have.n; i++)
        if (i >= wanted.n || i >= have.n || !slice_eq(wanted.v[i], have.v[i]))
            fail_msg("%s: wanted %.*s, have %.*s", feed_names[feed],
                     SLICE_ARG(i < wanted.n ? wanted.v[i] : SLICE("none")),
                     SLICE_ARG(i < have.n ? have.v[i] : SLICE("none")));
    report_segments_close(&d.before);
    report_segments_close(&d.after);
    return have.n;
}

// ---- where a flaw is ------------------------------------------------------------------------------------------------

static void add_where(struct world *w, lines *out, const char *list, struct slice manifest, struct slice name,
                      struct slice version, struct slice fixed_in)
{
    VEC_PUSH(&w->arena, out) = arena_printf(&w->arena, "%s %.*s %.*s %.*s %.*s", list, SLICE_ARG(manifest),
                                            SLICE_ARG(name), SLICE_ARG(version), SLICE_ARG(fixed_in));
}

static void add_findings(struct world *w, const struct report *report, const struct report_finding *findings, size_t n,
                         struct slice id, const char *list, lines *out)
{
    for (size_t i = 0; i < n; i++) {
        const struct package *p = &report->image->inventory.packages[findings[i].package].package;
        if (report_has_id(&findings[i], id))
            add_where(w, out, list, digest_slice(&report->image->manifest), p->name, p->version, findings[i].fixed_in);
    }
}

static void add_rows(struct world *w, const where_rows *rows, const char *list, lines *out)
{
    for (size_t i = 0; i < rows->n; i++)
        add_where(w, out, list, rows->v[i].manifest, rows->v[i].name, rows->v[i].version, rows->v[i].fixed_in);
}

// How many images the lines tell of, of those with `list` first; and of these that have no line with `without`.
static uint64_t images_of(struct world *w, const lines *all, const char *list, const char *without)
{
    uint64_t n = 0;
    for (size_t i = 0; i < IMAGES; i++) {
        bool has = false, other = false;
        struct slice manifest = digest_slice(&w->manifests[i]);
        for (size_t k = 0; k < all->n; k++) {
            bool is_it = slice_find_slice(all->v[k], manifest) >= 0;
            has = has || (is_it && slice_starts(all->v[k], slice_str(list)));
            other = other || (is_it && without != NULL && slice_starts(all->v[k], slice_str(without)));
        }
        n += has && !other;
    }
    return n;
}

static void by_pages(struct world *w, struct where_answer *answer, uint64_t most, bool full, lines *out)
{
    struct where_list list WHERE_LIST_AUTO = {.more = true};
    struct error err;
    uint64_t pages = 0, images;
    while (list.more) {
        uint64_t before = list.images + list.suppressed_only;
        if (!where_list_add(&list, answer, most, &err))
            fail_msg("%s", err.text);
        images = list.images + list.suppressed_only;
        assert_in_range(images - before, list.more && full ? most : 0, most);
        pages++;
    }
    if (full)
        assert_int_equal(pages, images == 0 ? 1 : (images + most - 1) / most); // no page is empty
    add_rows(w, &list.rows, "shown", out);
    add_rows(w, &list.suppressed, "suppressed", out);
}

// Page by page, of one image, of some, or of all of them, and of fewer where no more are looked at: what the reports of
// all images have, each once.
static void check_where(struct world *w, const struct generation *g, struct report_segments *segments,
                        struct triage *triage, struct slice id, bool haste)
{
    static const uint64_t sizes[] = {1, 5, 100};
    struct error err;
    lines wanted = {0};
    const struct where_question question = {
        .asked = id, .store = &w->in.store, .generation = g, .segments = segments, .now = NOW, .triage = triage};
    struct where_question hasty = question;
    hasty.examined = 2;
    struct where_answer *answer = where_ask(&question, &w->arena, &err), *hurried = where_ask(&hasty, &w->arena, &err);
    if (answer == NULL || hurried == NULL)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < IMAGES; i++) {
        struct stored_image image;
        struct report report;
        bool found;
        if (!store_image_get(&w->in.store, &w->manifests[i], NULL, &w->arena, &image, &found, &err) || !found ||
            !report_make(&image, g, segments, NOW, &w->arena, &report, &err))
            fail_msg("%s", err.text);
        size_t all = report.findings_n;
        if (triage != NULL)
            report_triage(&report, triage, &w->arena);
        add_findings(w, &report, report.findings, report.findings_n, id, "shown", &wanted);
        // Behind these are those that were undetermined.
        add_findings(w, &report, report.suppressed, all - report.findings_n, id, "suppressed", &wanted);
    }
    sort_once(&wanted);
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        lines have = {0};
        by_pages(w, sizes[s] == 5 && haste ? hurried : answer, sizes[s], sizes[s] != 5 || !haste, &have);
        size_t told = have.n;
        sort_once(&have);
        assert_int_equal(told, have.n); // each once
        for (size_t i = 0; i < wanted.n || i < have.n; i++)
            if (i >= wanted.n || i >= have.n || !slice_eq(wanted.v[i], have.v[i]))
                fail_msg("%.*s: wanted %.*s, have %.*s", SLICE_ARG(id),
                         SLICE_ARG(i < wanted.n ? wanted.v[i] : SLICE("none")),
                         SLICE_ARG(i < have.n ? have.v[i] : SLICE("none")));
    }
    struct where_count count;
    assert_true(where_count(answer, IMAGES, &count, &err));
    assert_false(count.more);
    assert_int_equal(count.images, images_of(w, &wanted, "shown", NULL));
    assert_int_equal(count.suppressed, images_of(w, &wanted, "suppressed", "shown"));
    if (count.images + count.suppressed > 1) {
        assert_true(where_count(answer, 1, &count, &err));
        assert_true(count.more && count.images + count.suppressed == 1);
    }
}

// No dice are thrown for it: the rounds are what they are without it.
static void check_places(struct world *w, struct triage *triage, unsigned round)
{
    const struct generation g = {SLICE("after"), NOW, w->after, FEEDS};
    struct report_segments *segments = report_segments_open(&w->in.store, &g);
    check_where(w, &g, segments, triage, text(w, round % 3 != 0 ? "CVE-2024-%u" : "GHSA-%u", round / 3 % 4),
                round % 2 != 0);
    report_segments_close(&segments);
}

static void check_rounds(struct world *w, bool vex)
{
    static const int updated[] = {DEBIAN, PYPI, REDHAT, UBUNTU, UBUNTU_OSV, NVD, KEV};
    static const size_t n = sizeof updated / sizeof updated[0];
    size_t changes[FEEDS] = {0};
    const unsigned rounds = opened_on_server() ? ROUNDS / 2 : ROUNDS;
    chance_state = 20251124;
    for (unsigned i = 0; i < IMAGES; i++)
        put_image(w, i);
    for (int i = 0; i < FEEDS; i++)
        make_segment(w, i, &w->before[i]);
    for (unsigned round = 0; round < rounds; round++) {
        int feed = updated[round % n];
        struct error err;
        bool found;
        memcpy(w->after, w->before, sizeof w->before);
        make_segment(w, feed, &w->after[feed]);
        struct triage triage = {0};
        if (vex)
            make_triage(w, &triage);
        changes[feed] += check_feed(w, feed, vex ? &triage : NULL);
        check_places(w, vex ? &triage : NULL, round);
        triage_free(&triage);
        memcpy(w->before, w->after, sizeof w->before);
        // Another image in the place of one.
        unsigned number = chance(IMAGES);
        assert_true(store_image_delete(&w->in.store, &w->manifests[number], &found, &err) && found);
        put_image(w, number);
    }
    for (size_t i = 0; i < n; i++)
        if (changes[updated[i]] < (opened_on_server() ? 1 : 11))
            fail_msg("%s changed only %zu findings", feed_names[updated[i]], changes[updated[i]]);
}

static void test_same_as_reports(void **state)
{
    check_rounds(*state, false);
}

static void test_same_as_triaged_reports(void **state)
{
    struct world *w = *state;
    check_rounds(w, true);
    assert_in_range(w->suppressed, 100, SIZE_MAX);
}

// Nothing that is looked up is left of images that are gone.
static bool count_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    *(int64_t *)context = db_column_int(row, 0);
    return true;
}

static int64_t count(struct world *w, const char *sql)
{
    struct error err;
    int64_t n = -1;
    assert_true(db_query(w->in.store.db, sql, NULL, 0, count_row, &n, &err));
    return n;
}

static void test_nothing_left(void **state)
{
    struct world *w = *state;
    struct error err;
    bool found;
    chance_state = 7;
    for (unsigned i = 0; i < IMAGES; i++)
        put_image(w, i);
    assert_true(store_lookup_complete(&w->in.store, &match_naming, &err));
    assert_true(count(w, "SELECT count(*) FROM lookup_name") > 0);
    assert_true(count(w, "SELECT count(*) FROM package_context") > 0);
    assert_int_equal(0, count(w, "SELECT count(*) FROM image WHERE context_id IS NULL"));
    for (unsigned i = 0; i < IMAGES; i++)
        assert_true(store_image_delete(&w->in.store, &w->manifests[i], &found, &err) && found);
    assert_int_equal(0, count(w, "SELECT count(*) FROM lookup_name"));
    assert_int_equal(0, count(w, "SELECT count(*) FROM package_context"));
    assert_int_equal(0, count(w, "SELECT count(*) FROM package"));
}

static void test_flaw_round_trip(void **state)
{
    struct world *w = *state;
    struct notice_flaw in = {.vulnerability = SLICE("CVE-2024-1"),
                             .aliases = SLICE("GHSA-1"),
                             .description = SLICE("a \"flaw\"\n"),
                             .links = SLICE("https://example.com/1"),
                             .feed = SLICE("debian"),
                             .severity = SEVERITY_HIGH,
                             .severity_clair = SEVERITY_LOW,
                             .fixed_in = SLICE("1.2"),
                             .fixed_in_clair = SLICE("fixed=1.2"),
                             .exploited = true,
                             .package = {.kind = SLICE("deb"),
                                         .name = SLICE("n"),
                                         .version = SLICE("1"),
                                         .source_name = SLICE("s"),
                                         .source_version = SLICE("2")},
                             .of_source = true,
                             .record_package = SLICE("s"),
                             .distribution = {.known = true, .id = SLICE("debian"), .version = SLICE("12 (bookworm)")}};
    struct notice_flaw out;
    struct buf json BUF_AUTO = {0}, again BUF_AUTO = {0};
    struct error err;
    notice_flaw_encode(&in, &json);
    assert_true(notice_flaw_decode(buf_slice(&json), &w->arena, &out, &err));
    notice_flaw_encode(&out, &again);
    assert_true(slice_eq(buf_slice(&json), buf_slice(&again)));
    assert_true(out.exploited && out.of_source && out.distribution.known);
    assert_int_equal(SEVERITY_HIGH, out.severity);
    assert_int_equal(SEVERITY_LOW, out.severity_clair);
    assert_true(slice_eq(out.package.source_version, SLICE("2")));
    assert_false(notice_flaw_decode(SLICE("{}"), &w->arena, &out, &err));
    assert_false(notice_flaw_decode(SLICE("["), &w->arena, &out, &err));
}

static void test_filter(void **state)
{
    const struct enrichment exploited = {.is_exploited = true};
    struct report_finding f = {.severity = SEVERITY_MEDIUM};
    struct notice_filter filter = {.least = SEVERITY_MEDIUM};
    (void)state;
    assert_true(notice_filter_finding(&filter, &f));
    filter.least = SEVERITY_HIGH;
    assert_false(notice_filter_finding(&filter, &f));
    filter = (struct notice_filter){.only_fixable = true};
    assert_false(notice_filter_finding(&filter, &f));
    f.fixed_in = SLICE("1");
    assert_true(notice_filter_finding(&filter, &f));
    filter.only_exploited = true;
    assert_false(notice_filter_finding(&filter, &f));
    f.enrichments = &exploited;
    f.enrichments_n = 1;
    assert_true(notice_filter_finding(&filter, &f));
}

static void test_filter_of_names(void **state)
{
    static const int64_t day = 24 * 3600;
    struct slice patterns[] = {SLICE("registry.example/team/*"), SLICE("*/[ab]pp")};
    // Formerly a tag, tagged now, by its digest alone, a tag of which nobody said when it was pushed.
    const struct image_name former = {.repository = SLICE("registry.example/team/x"),
                                      .tag = SLICE("1"),
                                      .pushed = NOW * INT64_C(1000000),
                                      .until = NOW * INT64_C(1000000)};
    const struct image_name now = {.repository = SLICE("registry.example/team/deep/x"),
                                   .tag = SLICE("2"),
                                   .pushed = (NOW - day) * INT64_C(1000000)};
    const struct image_name untagged = {.repository = SLICE("other.example/app"), .pushed = NOW * INT64_C(1000000)};
    const struct image_name seen = {.repository = SLICE("other.example/cpp"), .tag = SLICE("3"), .since = NOW - day};
    const struct {
        struct notice_filter filter;
        bool former, now, untagged, seen;
    } cases[] = {
        {{.only_tagged = true}, false, true, false, true},
        {{.pushed_within = day}, false, true, true, true},
        {{.pushed_within = day - 1}, false, false, true, false},
        {{.repositories = {patterns, 2}}, false, true, true, false},
        {{.repositories = {patterns, 1}}, false, true, false, false},
        {{.repositories = {patterns, 2}, .only_tagged = true, .pushed_within = day}, false, true, false, false},
        {{.repositories = {patterns, 2}, .only_tagged = true, .pushed_within = day - 1}, false, false, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(cases[i].former, notice_filter_names(&cases[i].filter, &former, 1, NOW));
        assert_int_equal(cases[i].now, notice_filter_names(&cases[i].filter, &now, 1, NOW));
        assert_int_equal(cases[i].untagged, notice_filter_names(&cases[i].filter, &untagged, 1, NOW));
        assert_int_equal(cases[i].seen, notice_filter_names(&cases[i].filter, &seen, 1, NOW));
        assert_false(notice_filter_names(&cases[i].filter, NULL, 0, NOW));
    }
    // One name must answer all of it: here one is in the repository, the other has the tag.
    const struct image_name both[] = {{.repository = SLICE("registry.example/team/x")}, seen};
    const struct notice_filter filter = {.repositories = {patterns, 1}, .only_tagged = true};
    assert_false(notice_filter_names(&filter, both, 2, NOW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same_as_reports, setup, teardown),
        cmocka_unit_test_setup_teardown(test_same_as_triaged_reports, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_left, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flaw_round_trip, setup, teardown),
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_filter_of_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
