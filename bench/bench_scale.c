// A registry's inventory of any size, and what it costs: bench_scale COMMAND DATA MANIFESTS [...]. Each command prints
// one line of JSON.
//
//   fill DATA MANIFESTS [WRITERS]         puts that many manifests into the store, built on the images that it has; by
//                                         so many threads, each with a connection (default 1)
//   change DATA MANIFESTS HITS ROUND      an update of the feed "debian": 200 vulnerabilities more, which about HITS
//                                         manifests have
//   notify DATA MANIFESTS                 makes the notifications of what is new
//   where DATA MANIFESTS ROUND            which manifests have the first vulnerability of that round
//   summarise DATA MANIFESTS              makes the summaries that are due
//   lists DATA MANIFESTS                  milliseconds of lists of images and of figures over all of them
//   rematch DATA MANIFESTS IMAGES         what all feeds say of all manifests, as if nothing had been said before; with
//                                         IMAGES 1 also which manifests have each of it
//
// The tree: images that the store has are families; a base is one of a family, with a tenth of its packages in a
// version of its own. Bases have children by a power law, so that few have very many. An application is built on a
// base, has one to six layers of its own and is pushed many times; half of the pushes share all but the last layer with
// others of the application. Two of five applications bring packages of their own. The same numbers in each run.
#include "base/clock.h"
#include "match/report.h"
#include "notify/notices.h"
#include "notify/where.h"
#include "service/changes.h"
#include "service/figures.h"
#include "store/segments.h"
#include "store/summaries.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define VULNERABILITIES 200
#define FAMILIES_MOST   64
#define BASE_EXPONENT   1.2
#define OWN_LAYERS      6
#define WRITERS_MOST    64
#define POOL            3000 // names of packages of languages that applications choose from

// ---- chance ---------------------------------------------------------------------------------------------------------

// The same for the same numbers (splitmix64).
static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t x = a * 0x9e3779b97f4a7c15U + b + 0x632be59bd9b4e019U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

static uint64_t mix_text(uint64_t a, struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        a = mix(a, (unsigned char)s.p[i]);
    return a;
}

static double unit(uint64_t x)
{
    return (double)(x >> 11) * 0x1p-53;
}

static struct digest digest_from(uint64_t a, uint64_t b)
{
    uint64_t words[4] = {mix(a, b), mix(b, a + 1), mix(a + 2, b), mix(b, a + 3)};
    struct digest d = {"sha256:"};
    for (size_t i = 0; i < 4; i++)
        snprintf(d.text + 7 + 16 * i, 17, "%016llx", (unsigned long long)words[i]);
    return d;
}

// ---- the tree -------------------------------------------------------------------------------------------------------

struct model {
    struct arena arena;
    uint64_t manifests;
    struct stored_image families[FAMILIES_MOST];
    size_t families_n, bases_n, apps_n;
    double *weights; // of the bases, summed up
};

struct app {
    uint64_t id;
    size_t base, layers;
    enum { APP_PLAIN, APP_DEBS, APP_PYTHON, APP_NPM } brings;
};

// Where one manifest stands.
struct place {
    struct app app;
    uint64_t push;
    bool cached; // all but its last layer are those of other pushes
};

static int by_digest(const void *x, const void *y)
{
    const struct summarised_image *a = x, *b = y;
    return strcmp(a->image.manifest.text, b->image.manifest.text);
}

static bool model_load(struct model *m, struct store *s, uint64_t manifests, struct error *err)
{
    const struct summary_query query = {.most = FAMILIES_MOST, .text = SLICE("oci:")};
    struct summarised_image *list;
    struct summary_key next;
    size_t n;
    bool more;
    if (!store_summary_list(s, &query, &m->arena, &list, &n, &next, &more, err))
        return false;
    if (n > 1)
        qsort(list, n, sizeof *list, by_digest);
    for (size_t i = 0; i < n; i++) {
        bool found;
        struct stored_image *image = &m->families[m->families_n];
        if (!store_image_get(s, &list[i].image.manifest, NULL, &m->arena, image, &found, err))
            return false;
        m->families_n += found && image->inventory.packages_n != 0;
    }
    if (m->families_n == 0)
        return error_set(err, ERR_NOT_FOUND, "the store has no images that others could be built on");
    m->manifests = manifests;
    m->bases_n = (size_t)(manifests / 250 < 100 ? 100 : manifests / 250);
    m->apps_n = (size_t)(manifests / 20 + 1);
    m->weights = ARENA_NEW(&m->arena, double, m->bases_n);
    for (size_t i = 0; i < m->bases_n; i++)
        m->weights[i] = pow((double)i + 1, -BASE_EXPONENT) + (i != 0 ? m->weights[i - 1] : 0);
    return true;
}

static const struct stored_image *family_of(const struct model *m, size_t base)
{
    return &m->families[base % m->families_n];
}

static size_t some_base(const struct model *m, uint64_t x)
{
    double wanted = unit(x) * m->weights[m->bases_n - 1];
    size_t low = 0, high = m->bases_n - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (m->weights[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct app app_of(const struct model *m, uint64_t id)
{
    struct app app = {.id = id, .base = some_base(m, mix(id, 1)), .layers = 1 + mix(id, 2) % OWN_LAYERS};
    uint64_t kind = mix(id, 3) % 20;
    app.brings = kind < 12 ? APP_PLAIN : kind < 14 ? APP_DEBS : kind < 17 ? APP_PYTHON : APP_NPM;
    if (app.brings == APP_DEBS && !slice_eq(family_of(m, app.base)->inventory.distribution.id, SLICE("debian")))
        app.brings = APP_PLAIN;
    return app;
}

// Applications that are pushed often are few as well.
static struct place place_of(const struct model *m, uint64_t manifest)
{
    double u = unit(mix(manifest, 4));
    return (struct place){app_of(m, (uint64_t)(u * u * (double)m->apps_n)), manifest, mix(manifest, 5) % 2 == 0};
}

// ---- packages -------------------------------------------------------------------------------------------------------

static bool ends_in_digit(struct slice s)
{
    return s.n != 0 && s.p[s.n - 1] >= '0' && s.p[s.n - 1] <= '9';
}

// Does the base have another version of that package than the others of its family? Digits more are a later version in
// all schemes.
static bool is_altered(size_t base, const struct package *p)
{
    return ends_in_digit(p->version) && ends_in_digit(p->source_version) &&
           mix(mix_text(base, p->source_name), 6) % 10 == 0;
}

static struct slice altered(struct arena *a, struct slice version, size_t base)
{
    return arena_printf(a, "%.*s%06zu", SLICE_ARG(version), base);
}

static void put_base_packages(const struct model *m, size_t base, struct arena *a, struct inventory *out)
{
    const struct inventory *of = &family_of(m, base)->inventory;
    out->packages = ARENA_NEW(a, struct inventory_package, of->packages_n + 256);
    for (size_t i = 0; i < of->packages_n; i++) {
        struct inventory_package p = of->packages[i];
        if (is_altered(base, &p.package)) {
            p.package.version = altered(a, p.package.version, base);
            p.package.source_version = altered(a, p.package.source_version, base);
        }
        out->packages[out->packages_n++] = p;
    }
}

static void put_own_package(const struct place *place, uint64_t x, size_t layer, struct arena *a, struct inventory *out)
{
    struct slice name = arena_printf(a, "module-%llu", (unsigned long long)(mix(x, 7) % POOL));
    struct slice version =
        arena_printf(a, "%llu.%llu.0", (unsigned long long)(mix(x, 8) % 4), (unsigned long long)(mix(x, 9) % 12));
    struct inventory_package p = {
        .package =
            {.kind = SLICE("deb"), .name = name, .version = version, .source_name = name, .source_version = version},
        .db = SLICE("var/lib/dpkg/status"),
        .scanner = "dpkg",
        .layer = layer,
    };
    if (place->app.brings == APP_DEBS) {
        p.package.arch = SLICE("amd64");
    } else if (place->app.brings == APP_PYTHON) {
        p.package.kind = SLICE("python");
        p.scanner = "python";
        p.db = arena_printf(a, "usr/local/lib/python3.11/site-packages/%.*s-%.*s.dist-info/METADATA", SLICE_ARG(name),
                            SLICE_ARG(version));
    } else {
        p.package.kind = SLICE("npm");
        p.scanner = "nodejs";
        p.db = arena_printf(a, "app/node_modules/%.*s/package.json", SLICE_ARG(name));
    }
    out->packages[out->packages_n++] = p;
}

// The packages that an application brings stay the same for some pushes, and then change in part.
static void put_own_packages(const struct model *m, const struct place *place, struct arena *a, struct inventory *out)
{
    const struct app *app = &place->app;
    if (app->brings == APP_PLAIN)
        return;
    size_t n = app->brings == APP_DEBS ? 1 + mix(app->id, 10) % 5 : 5 + mix(app->id, 10) % 60;
    uint64_t state = mix(place->push, 11) % 4;
    for (size_t i = 0; i < n; i++)
        put_own_package(place, mix(app->id, 100 + i + (i % 4 == 0 ? 1000 * state : 0)),
                        family_of(m, app->base)->layers_n, a, out);
}

// ---- layers ---------------------------------------------------------------------------------------------------------

// The layer's findings, as a worker would have told them.
static void encode_layer(const struct inventory *inventory, size_t layer, struct arena *a, struct buf *out)
{
    struct findings f = {.entries = 12 + layer, .bytes = 4096 * (layer + 1)};
    f.dbs = ARENA_NEW(a, struct package_db, inventory->packages_n);
    for (size_t i = 0; i < inventory->packages_n; i++) {
        const struct inventory_package *p = &inventory->packages[i];
        if (p->layer != layer)
            continue;
        struct package_db *db = f.dbs_n != 0 ? &f.dbs[f.dbs_n - 1] : NULL;
        if (db == NULL || !slice_eq(db->path, p->db)) {
            db = &f.dbs[f.dbs_n++];
            *db = (struct package_db){.scanner = slice_str(p->scanner), .path = p->db};
        }
        if (db->n == db->cap)
            db->packages = arena_grow(a, db->packages, sizeof *db->packages, db->n, &db->cap);
        db->packages[db->n++] = p->package;
    }
    findings_encode(&f, out);
}

static struct digest own_layer(const struct place *place, size_t layer)
{
    const struct app *app = &place->app;
    if (layer + 1 == app->layers || !place->cached)
        return digest_from(mix(place->push, 12), layer);
    return digest_from(mix(app->id, 13 + mix(place->push, 11) % 4), layer);
}

static void put_layers(const struct model *m, const struct place *place, struct arena *a, struct stored_image *out)
{
    const struct stored_image *family = family_of(m, place->app.base);
    out->layers = ARENA_NEW(a, struct stored_layer, family->layers_n + place->app.layers);
    for (size_t i = 0; i < family->layers_n; i++) {
        out->layers[i] = family->layers[i];
        out->layers[i].digest = digest_from(mix(place->app.base, 14), i);
    }
    for (size_t i = 0; i < place->app.layers; i++)
        out->layers[family->layers_n + i] = (struct stored_layer){
            .digest = own_layer(place, i),
            .media_type = SLICE("application/vnd.oci.image.layer.v1.tar+gzip"),
            .created_by = i == 0 ? SLICE("RUN /bin/sh -c make install # buildkit") : SLICE("COPY /src /app # buildkit"),
            .size = 1000 + mix(place->push, i) % 10000000,
        };
    out->layers_n = family->layers_n + place->app.layers;
}

// ---- filling --------------------------------------------------------------------------------------------------------

// The layers that are in the store: their numbers' hashes, in a table of which at least half is free.
struct seen {
    uint64_t *slots;
    size_t mask;
};

static bool seen_before(struct seen *seen, const struct digest *d)
{
    uint64_t key = strtoull((const char[]){d->text[7], d->text[8], d->text[9], d->text[10], d->text[11], d->text[12],
                                           d->text[13], d->text[14], d->text[15], d->text[16], d->text[17], d->text[18],
                                           d->text[19], d->text[20], d->text[21], d->text[22], 0},
                            NULL, 16) |
                   1;
    size_t i = (size_t)key & seen->mask;
    while (seen->slots[i] != 0 && seen->slots[i] != key)
        i = (i + 1) & seen->mask;
    bool before = seen->slots[i] == key;
    seen->slots[i] = key;
    return before;
}

// ---- measuring ------------------------------------------------------------------------------------------------------

struct times {
    double wall, cpu;
};

static struct times times_now(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (struct times){clock_monotonic(), (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                                                 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec)};
}

// Largest resident set, KiB. Not getrusage's, in which that of the program which started this one counts.
static long peak_kib(void)
{
    char line[256];
    long kib = 0;
    FILE *f = fopen("/proc/self/status", "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    if (f != NULL)
        fclose(f);
    return kib;
}

// Ends the line of JSON that the caller has begun.
static void print_times(struct times from)
{
    struct times to = times_now();
    printf("\"wall\":%.4f,\"cpu\":%.4f,\"peak_mib\":%.1f}\n", to.wall - from.wall, to.cpu - from.cpu,
           (double)peak_kib() / 1024);
}

// Manifests that several writers put in, each the next one that nobody has begun.
struct filling {
    const struct model *m;
    struct store_home *home;
    struct digest state;
    struct seen seen;
    pthread_mutex_t lock; // of `seen`
    atomic_uint_fast64_t next;
};

static bool is_new(struct filling *f, const struct digest *layer)
{
    pthread_mutex_lock(&f->lock);
    bool before = seen_before(&f->seen, layer);
    pthread_mutex_unlock(&f->lock);
    return !before;
}

static bool put_manifest(struct filling *f, struct store *s, uint64_t number, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    const struct model *m = f->m;
    struct place place = place_of(m, number);
    const struct stored_image *family = family_of(m, place.app.base);
    struct stored_image image = {.manifest = digest_from(number, 15),
                                 .config = digest_from(number, 16),
                                 .kind = SLICE("registry"),
                                 .os = SLICE("linux"),
                                 .arch = SLICE("amd64"),
                                 .indexed = 1764000000 + (int64_t)number};
    image.reference =
        arena_printf(&a, "registry.example/team-%llu/service-%llu:%llu", (unsigned long long)(place.app.id % 97),
                     (unsigned long long)place.app.id, (unsigned long long)number);
    image.inventory = family->inventory;
    image.inventory.packages_n = 0;
    put_base_packages(m, place.app.base, &a, &image.inventory);
    put_own_packages(m, &place, &a, &image.inventory);
    put_layers(m, &place, &a, &image);
    VEC(struct layer_put) layers = {0};
    for (size_t i = 0; i < image.layers_n; i++) {
        struct buf json BUF_AUTO = {0};
        if (!is_new(f, &image.layers[i].digest))
            continue;
        encode_layer(&image.inventory, i, &a, &json);
        VEC_PUSH(&a, &layers) =
            (struct layer_put){.layer = image.layers[i].digest, .findings = arena_dup(&a, buf_slice(&json))};
    }
    return store_image_put(s, &f->state, &image, layers.v, layers.n, &match_naming, err);
}

struct writer {
    struct filling *f;
    struct store store;
    struct error err;
    bool ok;
    pthread_t thread;
};

static void *write_manifests(void *argument)
{
    struct writer *w = argument;
    struct filling *f = w->f;
    w->ok = store_open(f->home, &w->store, &w->err);
    // What is measured is the work, not how long the disk takes to make each image last.
    w->ok = w->ok && (db_source_shared(f->home->database) || db_exec(w->store.db, "PRAGMA synchronous=OFF", &w->err));
    for (uint64_t i; w->ok && (i = atomic_fetch_add(&f->next, 1)) < f->m->manifests;)
        w->ok = put_manifest(f, &w->store, i, &w->err);
    store_close(&w->store);
    return NULL;
}

static bool fill_by(struct filling *f, size_t writers_n, struct error *err)
{
    struct writer writers[WRITERS_MOST];
    size_t started = 0;
    bool ok = true;
    for (; started < writers_n && ok; started += ok) {
        writers[started] = (struct writer){.f = f};
        ok = pthread_create(&writers[started].thread, NULL, write_manifests, &writers[started]) == 0;
        if (!ok)
            error_set(err, ERR_IO, "cannot start a thread that writes");
    }
    for (size_t i = 0; i < started; i++) {
        pthread_join(writers[i].thread, NULL);
        if (ok && !writers[i].ok)
            *err = writers[i].err;
        ok = ok && writers[i].ok;
    }
    return ok;
}

static bool fill(struct store *s, const struct model *m, size_t writers, struct error *err)
{
    struct filling f = {.m = m,
                        .home = s->home,
                        .state = digest_of(SLICE("bench")),
                        .seen = {.mask = 1023},
                        .lock = PTHREAD_MUTEX_INITIALIZER};
    if (writers == 0 || writers > WRITERS_MOST)
        return error_set(err, ERR_USAGE, "fill: 1 to %d writers", WRITERS_MOST);
    while (f.seen.mask < m->manifests * 4)
        f.seen.mask = f.seen.mask * 2 + 1;
    f.seen.slots = must_alloc((f.seen.mask + 1) * sizeof *f.seen.slots);
    memset(f.seen.slots, 0, (f.seen.mask + 1) * sizeof *f.seen.slots);
    struct times from = times_now();
    bool ok = fill_by(&f, writers, err);
    free(f.seen.slots);
    if (!ok)
        return false;
    printf("{\"manifests\":%llu,\"bases\":%zu,", (unsigned long long)m->manifests, m->bases_n);
    print_times(from);
    return true;
}

// ---- a new generation -----------------------------------------------------------------------------------------------

// The package that a vulnerability of the round is in: one that only this base has in that version.
static const struct package *some_altered(const struct model *m, size_t base, uint64_t x)
{
    const struct inventory *of = &family_of(m, base)->inventory;
    for (size_t i = 0; i < of->packages_n; i++) {
        const struct package *p = &of->packages[(x + i) % of->packages_n].package;
        if (slice_eq(p->kind, SLICE("deb")) && is_altered(base, p))
            return p;
    }
    return NULL;
}

// Bases of Debian that have about as many children as are to be hit.
static size_t choose_bases(const struct model *m, uint64_t hits, size_t *chosen, uint64_t *children)
{
    size_t n = 0;
    uint64_t *counts = ARENA_NEW(&((struct model *)m)->arena, uint64_t, m->bases_n);
    memset(counts, 0, m->bases_n * sizeof *counts);
    for (uint64_t i = 0; i < m->manifests; i++)
        counts[place_of(m, i).app.base]++;
    *children = 0;
    for (size_t i = 0; i < m->bases_n && n < VULNERABILITIES; i++) {
        if (counts[i] == 0 || *children + counts[i] > hits || some_altered(m, i, 0) == NULL ||
            !slice_eq(family_of(m, i)->inventory.distribution.id, SLICE("debian")))
            continue;
        chosen[n++] = i;
        *children += counts[i];
    }
    return n;
}

static bool add_records(const struct model *m, const size_t *bases, size_t n, uint64_t round, struct segment_builder *b,
                        struct error *err)
{
    const struct limits limits = limits_default();
    for (size_t i = 0; i < VULNERABILITIES; i++) {
        struct arena a ARENA_AUTO = {0};
        size_t base = bases[i % n];
        const struct package *p = some_altered(m, base, mix(i, round));
        struct slice version = altered(&a, p->source_version, base);
        const struct advisory record = {
            .scope = arena_printf(&a, "debian:%.*s", SLICE_ARG(family_of(m, base)->inventory.distribution.codename)),
            .package = p->source_name,
            .of_source = true,
            .vulnerability = arena_printf(&a, "CVE-%llu-%05zu", (unsigned long long)round + 2100, 10000 + i),
            .introduced = version,
            .status = ADVISORY_FIXED,
            .bound = arena_printf(&a, "%.*s+1", SLICE_ARG(version)),
            .severity = SLICE("high"),
        };
        if (!segment_add(b, &record, &limits, err))
            return false;
    }
    return true;
}

static bool write_segment(struct store *s, struct segment *from, const struct model *m, const size_t *bases, size_t n,
                          uint64_t round, struct error *err)
{
    const struct limits limits = limits_default();
    struct segment_builder *b = segment_builder_new("debian", s->segments);
    struct feed_result result = {.feed = SLICE("debian"), .confirmed = true, .keep = 2};
    struct digest digest;
    bool ok = segment_carry_all(b, from, NULL, NULL, &limits, err) && add_records(m, bases, n, round, b, err) &&
              segment_write(b, s->segments, &digest, &result.records, err);
    segment_builder_free(&b);
    result.segment = &digest;
    return ok && store_segment_give(s, &digest, err) && store_feed_record(s, &result, err);
}

static bool change(struct store *s, struct model *m, uint64_t hits, uint64_t round, struct error *err)
{
    size_t chosen[VULNERABILITIES];
    uint64_t children;
    size_t n = choose_bases(m, hits, chosen, &children);
    struct generation g;
    if (n == 0)
        return error_set(err, ERR_NOT_FOUND, "no base has so few children");
    if (!store_generation(s, &m->arena, &g, err))
        return false;
    for (size_t i = 0; i < g.feeds_n; i++) {
        if (!slice_eq(g.feeds[i].feed, SLICE("debian")))
            continue;
        struct times from = times_now();
        struct segment *segment = segment_open(s->segments, &g.feeds[i].segment, err);
        bool ok = segment != NULL && write_segment(s, segment, m, chosen, n, round, err);
        segment_close(&segment);
        printf("{\"bases\":%zu,\"children\":%llu,", n, (unsigned long long)children);
        print_times(from);
        return ok;
    }
    return error_set(err, ERR_NOT_FOUND, "the store has no feed \"debian\"");
}

static bool notify(struct store *s, struct error *err)
{
    const struct limits limits = limits_default();
    const struct notices_options options = {.limits = &limits};
    struct notices_outcome outcome = {0};
    struct times from = times_now();
    if (!notices_make(s, &options, &outcome, err))
        return false;
    printf("{\"notifications\":%llu,\"items\":%llu,", (unsigned long long)outcome.notifications,
           (unsigned long long)outcome.items);
    print_times(from);
    return true;
}

// ---- questions ------------------------------------------------------------------------------------------------------

// All of them, in pages of a thousand images.
static bool count_where(struct where_answer *answer, uint64_t *found, struct error *err)
{
    struct where_page page = {.more = true};
    while (page.more) {
        struct arena a ARENA_AUTO = {0};
        const struct holders_key after = page.next;
        if (!where_page(answer, &after, 1000, &a, &page, err))
            return false;
        *found += page.rows.n;
    }
    return true;
}

static bool ask_where(struct store *s, struct arena *a, uint64_t round, struct error *err)
{
    struct generation g;
    uint64_t found = 0;
    if (!store_generation(s, a, &g, err))
        return false;
    struct times from = times_now();
    struct report_segments *segments = report_segments_open(s, &g);
    const struct where_question question = {.asked =
                                                arena_printf(a, "CVE-%llu-10000", (unsigned long long)round + 2100),
                                            .store = s,
                                            .generation = &g,
                                            .segments = segments,
                                            .now = clock_now()};
    struct where_answer *answer = where_ask(&question, a, err);
    bool ok = answer != NULL && count_where(answer, &found, err);
    report_segments_close(&segments);
    printf("{\"found\":%llu,", (unsigned long long)found);
    print_times(from);
    return ok;
}

struct counts {
    struct store *store;
    bool images;
    uint64_t findings, held;
};

static bool count_holding(void *context, const struct holding *holding, struct error *err)
{
    struct counts *c = context;
    (void)holding;
    (void)err;
    c->held++;
    return true;
}

static bool count_change(void *context, const struct delta_change *change, struct error *err)
{
    struct counts *c = context;
    c->findings++;
    return !c->images || delta_images(c->store, change, count_holding, c, err);
}

static bool rematch_feed(struct store *s, const char *feed, struct report_segments *none, const struct delta *d,
                         struct counts *counts, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    const struct affected_change all = {feed, none, d->after, d->now};
    struct affected affected;
    return affected_by_update(s, &all, &a, &affected, err) && delta_tell(d, &affected, count_change, counts, err);
}

static bool rematch(struct store *s, struct arena *a, bool images, struct error *err)
{
    struct generation g, nothing = {0};
    struct counts counts = {.store = s, .images = images};
    bool ok = true;
    if (!store_generation(s, a, &g, err))
        return false;
    struct times from = times_now();
    struct report_segments *none = report_segments_open(s, &nothing), *all = report_segments_open(s, &g);
    const struct delta d = {.store = s, .generation_after = &g, .after = all, .now = clock_now()};
    for (size_t i = 0; ok && i < g.feeds_n; i++)
        ok =
            !matchers_read(g.feeds[i].feed) || rematch_feed(s, arena_dup(a, g.feeds[i].feed).p, none, &d, &counts, err);
    report_segments_close(&none);
    report_segments_close(&all);
    printf("{\"findings\":%llu,\"held\":%llu,", (unsigned long long)counts.findings, (unsigned long long)counts.held);
    print_times(from);
    return ok;
}

// ---- summaries ------------------------------------------------------------------------------------------------------

static bool summarise_some(const struct config *config, struct view *view, uint64_t *groups, bool *more,
                           struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct summary_result results[64];
    summary_groups due = {0};
    struct digest made_by;
    bool changed;
    if (!changes_ask(config, view, &made_by, &changed, err) || !store_summary_due(&view->store, 64, &a, &due, err))
        return false;
    for (size_t i = 0; i < due.n; i++)
        if (!figures_of_group(config, view, &due.v[i], &a, &results[i], err))
            return false;
    *groups += due.n;
    *more = due.n == 64;
    return store_summary_put(&view->store, &made_by, results, due.n, err);
}

static bool summarise(struct store_home *home, struct error *err)
{
    const struct config config = {.limits = limits_default()};
    struct times from = times_now();
    struct views *views = views_new(home, &config.limits, NULL);
    struct view *view = views_take(views, err);
    uint64_t groups = 0;
    bool ok = view != NULL;
    for (bool more = true; ok && more;)
        ok = summarise_some(&config, view, &groups, &more, err);
    views_give(views, view);
    views_free(&views);
    printf("{\"groups\":%llu,", (unsigned long long)groups);
    print_times(from);
    return ok;
}

#define TIMES 5 // each is asked so often, and the fastest one counts: the machine may have much else to do

static bool time_list(struct store *s, const char *name, const struct summary_query *query, struct error *err)
{
    double best = INFINITY;
    size_t n = 0;
    for (int i = 0; i < TIMES; i++) {
        struct arena a ARENA_AUTO = {0};
        struct summarised_image *images;
        struct summary_key next;
        bool more;
        double from = clock_monotonic();
        if (!store_summary_list(s, query, &a, &images, &n, &next, &more, err))
            return false;
        best = fmin(best, clock_monotonic() - from);
    }
    printf("\"%s\":%.1f,\"%s_n\":%zu,", name, best * 1000, name, n);
    return true;
}

static bool time_figures(struct store *s, struct error *err)
{
    double overview = INFINITY, repositories = INFINITY;
    for (int i = 0; i < TIMES; i++) {
        struct arena a ARENA_AUTO = {0};
        struct summary_overview o;
        struct summary_repository *list;
        size_t n;
        double from = clock_monotonic();
        if (!store_summary_overview(s, 0, &o, err))
            return false;
        overview = fmin(overview, clock_monotonic() - from);
        from = clock_monotonic();
        if (!store_summary_repositories(s, SLICE(""), SLICE(""), 100, &a, &list, &n, err))
            return false;
        repositories = fmin(repositories, clock_monotonic() - from);
    }
    printf("\"overview\":%.1f,\"repositories\":%.1f}\n", overview * 1000, repositories * 1000);
    return true;
}

static bool time_lists(struct store *s, struct error *err)
{
    const struct {
        const char *name;
        struct summary_query query;
    } lists[] = {
        {"worst", {.order = SUMMARY_WORST}},
        {"newest", {.order = SUMMARY_NEWEST}},
        {"critical", {.order = SUMMARY_NEWEST, .least = SUMMARY_SEVERITIES}},
        {"exploited_fixable", {.order = SUMMARY_NEWEST, .exploited = true, .fixable = true}},
        {"text_of_all", {.order = SUMMARY_WORST, .text = SLICE("e")}},
        {"text_of_some", {.order = SUMMARY_WORST, .text = SLICE("service-77")}},
        {"text_of_none", {.order = SUMMARY_WORST, .text = SLICE("nowhere")}},
        {"digest", {.order = SUMMARY_WORST, .text = SLICE("sha256:12ab")}},
        {"text_of_all_exploited", {.order = SUMMARY_NEWEST, .text = SLICE("e"), .exploited = true}},
    };
    printf("{");
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct summary_query query = lists[i].query;
        query.most = 100;
        if (!time_list(s, lists[i].name, &query, err))
            return false;
    }
    return time_figures(s, err);
}

// ---- commands -------------------------------------------------------------------------------------------------------

static bool run(struct store *s, struct model *m, const char *command, char **arguments, int n, struct error *err)
{
    uint64_t numbers[2] = {0};
    for (int i = 0; i < n && i < 2; i++)
        numbers[i] = strtoull(arguments[i], NULL, 10);
    if (strcmp(command, "fill") == 0)
        return fill(s, m, n == 0 ? 1 : (size_t)numbers[0], err);
    if (strcmp(command, "change") == 0)
        return change(s, m, numbers[0], numbers[1], err);
    if (strcmp(command, "notify") == 0)
        return notify(s, err);
    if (strcmp(command, "where") == 0)
        return ask_where(s, &m->arena, numbers[0], err);
    if (strcmp(command, "summarise") == 0)
        return summarise(s->home, err);
    if (strcmp(command, "lists") == 0)
        return time_lists(s, err);
    if (strcmp(command, "rematch") == 0)
        return rematch(s, &m->arena, numbers[0] != 0, err);
    return error_set(err, ERR_USAGE, "no such command: %s", command);
}

int main(int argc, char **argv)
{
    struct store_home home STORE_HOME_AUTO = {0};
    struct store store STORE_AUTO = {0};
    struct model model = {0};
    struct error err = {0};
    const char *server = getenv("CLARION_DB");
    if (argc < 4) {
        fprintf(stderr, "usage: bench_scale fill|change|notify|where|summarise|lists|rematch DATA MANIFESTS [...]\n");
        return 2;
    }
    bool ok = store_home_make(argv[2], slice_str(server != NULL ? server : ""), 0, &home, &err) &&
              store_open(&home, &store, &err) && model_load(&model, &store, strtoull(argv[3], NULL, 10), &err) &&
              run(&store, &model, argv[1], argv + 4, argc - 4, &err);
    arena_free(&model.arena);
    if (ok)
        return 0;
    fprintf(stderr, "bench_scale: %s\n", err.text);
    return 3;
}
