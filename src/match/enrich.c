#include "match/enrich.h"

#include "advisory/enrichments.h"
#include "advisory/mapping.h"
#include "base/limits.h"
#include "match/judging.h"

#include <stdio.h>
#include <stdlib.h>

// ---- what was looked up before --------------------------------------------------------------------------------------

#define CACHE_BYTES   (8 * MIB)
#define CACHE_ENTRIES 32768 // a power of two; three quarters of it are used

struct enrichment_cache {
    struct arena arena;          // of the entries' contents
    struct enrichment **entries; // open addressing by the CVE; NULL: free
    size_t used;
};

struct enrichment_cache *enrichment_cache_new(void)
{
    struct enrichment_cache *c = must_alloc(sizeof *c);
    *c = (struct enrichment_cache){0};
    return c;
}

void enrichment_cache_free(struct enrichment_cache **c)
{
    if (*c == NULL)
        return;
    arena_free(&(*c)->arena);
    free((*c)->entries);
    free(*c);
    *c = NULL;
}

static void make_room(struct enrichment_cache *c)
{
    size_t bytes = sizeof(struct enrichment *) * CACHE_ENTRIES;
    if (c->entries != NULL && c->arena.used <= CACHE_BYTES && c->used <= CACHE_ENTRIES / 4 * 3)
        return;
    arena_free(&c->arena);
    if (c->entries == NULL)
        c->entries = must_alloc(bytes);
    memset(c->entries, 0, bytes);
    c->used = 0;
}

// The CVE's entry, or the free one where it belongs.
static struct enrichment **find(struct enrichment_cache *c, struct slice cve)
{
    size_t i = (size_t)slice_hash(cve) & (CACHE_ENTRIES - 1);
    while (c->entries[i] != NULL && !slice_eq(c->entries[i]->cve, cve))
        i = (i + 1) & (CACHE_ENTRIES - 1);
    return &c->entries[i];
}

static struct enrichment enrichment_dup(struct arena *a, const struct enrichment *e)
{
    struct enrichment copy = *e;
    struct slice *const texts[] = {&copy.cve,
                                   &copy.weaknesses,
                                   &copy.epss.date,
                                   &copy.epss.model,
                                   &copy.exploited.added,
                                   &copy.exploited.due,
                                   &copy.exploited.ransomware,
                                   &copy.exploited.name,
                                   &copy.exploited.description,
                                   &copy.exploited.action,
                                   &copy.exploited.catalog};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = arena_dup(a, *texts[i]);
    copy.ratings = ARENA_NEW(a, struct report_rating, e->ratings_n);
    for (size_t i = 0; i < e->ratings_n; i++) {
        copy.ratings[i] = e->ratings[i];
        copy.ratings[i].by = arena_dup(a, e->ratings[i].by);
        copy.ratings[i].vector = arena_dup(a, e->ratings[i].vector);
    }
    return copy;
}

// ---- the feeds ------------------------------------------------------------------------------------------------------

struct enriching {
    struct enrichment_cache *cache;
    struct arena *a;
    struct segment *nvd, *epss, *kev; // NULL: not loaded
};

static bool look_up(struct segment *s, const char *scope, struct slice key, struct arena *a, mapping_values *out,
                    struct error *err)
{
    return s == NULL || mapping_lookup(s, slice_str(scope), key, a, out, err);
}

// False for a text that is no vector.
static bool rate(struct slice source, struct slice vector, struct report_rating *out)
{
    struct cvss parsed;
    struct error why;
    if (!cvss_parse(vector, &parsed, &why))
        return false;
    *out = (struct report_rating){.source = source,
                                  .vector = vector,
                                  .version = parsed.version,
                                  .score = cvss_score(&parsed),
                                  .severity = match_severity_cvss(vector)};
    return true;
}

typedef VEC(struct report_rating) rating_vec;

// Those of the feed itself first, newer versions of CVSS before older ones, then as they came.
static void add_rating(struct arena *a, rating_vec *ratings, const struct report_rating *rating)
{
    size_t at = ratings->n;
    VEC_PUSH(a, ratings) = *rating;
    for (; at > 0; at--) {
        const struct report_rating *before = &ratings->v[at - 1];
        bool later = before->secondary != rating->secondary ? before->secondary : before->version < rating->version;
        if (!later)
            break;
        ratings->v[at] = *before;
        ratings->v[at - 1] = *rating;
    }
}

static void add_word(struct arena *a, struct slice *words, struct slice word)
{
    *words = words->n == 0 ? word : arena_printf(a, "%.*s %.*s", (int)words->n, words->p, SLICE_ARG(word));
}

static bool ask_nvd(struct enriching *e, struct enrichment *out, struct error *err)
{
    struct arena *a = &e->cache->arena;
    mapping_values values = {0};
    rating_vec ratings = {0};
    uint64_t year = 0;
    char scope[32];
    slice_to_u64(slice_of(out->cve.p + 4, out->cve.n < 8 ? 0 : 4), &year);
    if (year < ENRICHMENT_NVD_FIRST_YEAR)
        year = ENRICHMENT_NVD_FIRST_YEAR;
    snprintf(scope, sizeof scope, ENRICHMENT_NVD ":%llu", (unsigned long long)year);
    if (!look_up(e->nvd, scope, out->cve, a, &values, err))
        return error_wrap(err, "feed " ENRICHMENT_NVD);
    for (size_t i = 0; i < values.n; i++) {
        const struct mapping_value *v = &values.v[i];
        struct report_rating rating;
        struct slice rank, by;
        slice_cut(v->label, ' ', &rank, &by);
        if (slice_eq(v->label, SLICE(ENRICHMENT_CWE))) {
            add_word(a, &out->weaknesses, v->text);
        } else if (rate(SLICE(ENRICHMENT_NVD), v->text, &rating)) {
            rating.by = by;
            rating.secondary = !slice_eq(rank, SLICE(ENRICHMENT_NVD_PRIMARY));
            add_rating(a, &ratings, &rating);
        }
    }
    out->ratings = ratings.v;
    out->ratings_n = ratings.n;
    return true;
}

static bool ask_epss(struct enriching *e, struct enrichment *out, struct error *err)
{
    struct arena *a = &e->cache->arena;
    mapping_values values = {0}, model = {0};
    struct slice probability, percentile;
    uint64_t shares[2];
    if (!look_up(e->epss, ENRICHMENT_EPSS, out->cve, a, &values, err))
        return error_wrap(err, "feed " ENRICHMENT_EPSS);
    if (values.n == 0)
        return true;
    slice_cut(values.v[0].text, ' ', &probability, &percentile);
    if (!slice_to_u64(probability, &shares[0]) || !slice_to_u64(percentile, &shares[1]) ||
        shares[0] > ENRICHMENT_EPSS_UNIT || shares[1] > ENRICHMENT_EPSS_UNIT)
        return true;
    if (!look_up(e->epss, ENRICHMENT_EPSS, SLICE(ENRICHMENT_EPSS_MODEL), a, &model, err))
        return error_wrap(err, "feed " ENRICHMENT_EPSS);
    out->has_epss = true;
    out->epss = (struct report_epss){.probability = (uint32_t)shares[0], .percentile = (uint32_t)shares[1]};
    if (model.n != 0) {
        out->epss.date = model.v[0].text;
        out->epss.model = model.v[0].label;
    }
    return true;
}

static bool ask_kev(struct enriching *e, struct enrichment *out, struct error *err)
{
    struct arena *a = &e->cache->arena;
    struct report_exploited *x = &out->exploited;
    const struct {
        const char *member;
        struct slice *text;
    } texts[] = {
        {"dateAdded", &x->added},        {"dueDate", &x->due},
        {"vulnerabilityName", &x->name}, {"knownRansomwareCampaignUse", &x->ransomware},
        {"requiredAction", &x->action},  {"shortDescription", &x->description},
    };
    mapping_values values = {0}, catalog = {0};
    if (!look_up(e->kev, ENRICHMENT_KEV, out->cve, a, &values, err) ||
        (values.n != 0 && !look_up(e->kev, ENRICHMENT_KEV, SLICE(ENRICHMENT_KEV_CATALOG), a, &catalog, err)))
        return error_wrap(err, "feed " ENRICHMENT_KEV);
    out->is_exploited = values.n != 0;
    for (size_t i = 0; i < values.n; i++)
        for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++)
            if (slice_eq(values.v[i].label, slice_str(texts[t].member)))
                *texts[t].text = values.v[i].text;
    if (catalog.n != 0)
        x->catalog = catalog.v[0].text;
    return true;
}

// What the feeds know of a CVE, which may be nothing.
static bool known_of(struct enriching *e, struct slice cve, const struct enrichment **known, struct error *err)
{
    make_room(e->cache);
    struct enrichment **place = find(e->cache, cve);
    if (*place == NULL) {
        struct enrichment *made = ARENA_NEW(&e->cache->arena, struct enrichment, 1);
        made->cve = arena_dup(&e->cache->arena, cve);
        if (!ask_nvd(e, made, err) || !ask_epss(e, made, err) || !ask_kev(e, made, err))
            return false;
        *place = made;
        e->cache->used++;
    }
    *known = *place;
    return true;
}

// ---- findings -------------------------------------------------------------------------------------------------------

typedef VEC(struct enrichment) enrichment_vec;

static bool add_cve(struct enriching *e, struct slice id, enrichment_vec *out, struct error *err)
{
    const struct enrichment *known;
    if (!slice_starts(id, SLICE("CVE-")))
        return true;
    if (!known_of(e, id, &known, err))
        return false;
    if (known->ratings_n != 0 || known->has_epss || known->is_exploited || known->weaknesses.n != 0)
        VEC_PUSH(e->a, out) = enrichment_dup(e->a, known);
    return true;
}

// Those of the records' own vectors, the newest version first.
static void add_own_ratings(struct arena *a, const struct report_finding *f, rating_vec *out)
{
    for (size_t i = 0; i < f->statements_n; i++) {
        struct slice vector, rest = f->statements[i].record.cvss;
        while (rest.n != 0) {
            struct report_rating rating;
            slice_cut(rest, ' ', &vector, &rest);
            if (rate(slice_str(f->statements[i].feed), vector, &rating))
                add_rating(a, out, &rating);
        }
    }
}

static bool enrich(struct enriching *e, struct report_finding *f, struct error *err)
{
    enrichment_vec known = {0};
    rating_vec ratings = {0}, others = {0};
    struct slice id, rest = f->aliases;
    if (!add_cve(e, f->vulnerability, &known, err))
        return false;
    while (rest.n != 0) {
        slice_cut(rest, ' ', &id, &rest);
        if (!add_cve(e, id, &known, err))
            return false;
    }
    add_own_ratings(e->a, f, &ratings);
    for (size_t i = 0; i < known.n; i++)
        for (size_t r = 0; r < known.v[i].ratings_n; r++)
            add_rating(e->a, &others, &known.v[i].ratings[r]);
    for (size_t i = 0; i < others.n; i++)
        VEC_PUSH(e->a, &ratings) = others.v[i];
    f->enrichments = known.v;
    f->enrichments_n = known.n;
    f->ratings = ratings.v;
    f->ratings_n = ratings.n;
    return true;
}

bool enrich_report(struct report_segments *segments, int64_t now, struct arena *a, struct report *out,
                   struct error *err)
{
    struct enriching e = {.cache = report_enrichments(segments), .a = a};
    const struct {
        const char *feed;
        struct segment **segment;
    } feeds[] = {{ENRICHMENT_NVD, &e.nvd}, {ENRICHMENT_EPSS, &e.epss}, {ENRICHMENT_KEV, &e.kev}};
    for (size_t i = 0; i < sizeof feeds / sizeof feeds[0]; i++)
        out->enriching[i] = report_feed_condition(segments, feeds[i].feed, now, a, feeds[i].segment);
    for (size_t i = 0; i < out->findings_n; i++)
        if (!enrich(&e, &out->findings[i], err))
            return false;
    for (size_t i = 0; i < out->undetermined_n; i++)
        if (!enrich(&e, &out->undetermined[i], err))
            return false;
    return true;
}
