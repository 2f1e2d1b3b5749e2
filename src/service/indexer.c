#include "service/indexer.h"

#include "base/clock.h"
#include "image/reference.h"
#include "match/matcher.h"
#include "scan/scanner.h"
#include "service/layer_pool.h"
#include "store/names.h"

static void describe_image(struct arena *a, const struct image *image, struct index_result *result)
{
    size_t layers_n = image->subject == SUBJECT_SBOM ? 0 : image->layers_n; // a document is no layer of an image
    struct stored_image *out = &result->image;
    *out = (struct stored_image){
        .manifest = image->manifest,
        .config = image->config,
        .reference = image->reference,
        .kind = image->kind,
        .os = image->os,
        .arch = image->arch,
        .layers = ARENA_NEW(a, struct stored_layer, layers_n),
        .layers_n = layers_n,
        .remarks = image->remarks,
        .remarks_n = image->remarks_n,
        .indexed = clock_now(),
    };
    for (size_t i = 0; i < layers_n; i++) {
        const struct image_layer *layer = &image->layers[i];
        out->layers[i] =
            (struct stored_layer){layer->digest, layer->media_type, layer->created_by, layer->skip_reason, layer->size};
    }
}

static void list_layers(struct arena *a, struct layer_pool *pool, struct index_result *result)
{
    result->layers_n = result->image.layers_n;
    result->layers = ARENA_NEW(a, struct report_layer, result->layers_n);
    for (size_t i = 0; i < result->layers_n; i++) {
        struct layer_job *job = pool != NULL ? layer_pool_job(pool, &result->image.layers[i].digest) : NULL;
        result->layers[i] = (struct report_layer){result->image.layers[i], job != NULL && job->now};
    }
}

static void add_problem(struct arena *a, struct index_result *result, struct slice text)
{
    if (result->problems_n == result->problems_cap)
        result->problems =
            arena_grow(a, result->problems, sizeof *result->problems, result->problems_n, &result->problems_cap);
    result->problems[result->problems_n++] = text;
}

static void coalesce_layers(struct arena *a, const struct findings *const *layers, struct layer_pool *pool,
                            struct index_result *result)
{
    struct span *span = span_child(pool->span, SPAN_INTERNAL, "coalesce");
    double start = clock_monotonic();
    coalesce(a, layers, pool->image->layers_n, pool->limits, &result->image.inventory);
    metrics_timing(pool->metrics, TIMING_COALESCE, clock_monotonic() - start);
    span_end(&span);
}

static bool store_image(struct layer_pool *pool, struct index_result *result, struct error *err)
{
    struct span *span SPAN_AUTO = span_child(pool->span, SPAN_INTERNAL, "store image");
    double start = clock_monotonic();
    bool ok = store_image_put(pool->store, pool->state, &result->image, pool->left, pool->left_n, &match_naming, err);
    metrics_timing(pool->metrics, TIMING_STORE, clock_monotonic() - start);
    if (!ok)
        span_fail(span, slice_str(err->text));
    return ok;
}

static void merge(struct arena *a, struct layer_pool *pool, struct index_result *result)
{
    static const struct findings nothing;
    const struct findings **layers = ARENA_NEW(a, const struct findings *, pool->image->layers_n);
    for (size_t i = 0; i < pool->image->layers_n; i++) {
        struct layer_job *job = layer_pool_job(pool, &pool->image->layers[i].digest);
        bool usable = pool->image->layers[i].skip_reason.n == 0 && job != NULL && job->done;
        layers[i] = usable ? &job->findings : &nothing;
    }
    coalesce_layers(a, layers, pool, result);
    for (size_t i = 0; i < pool->image->problems_n; i++)
        add_problem(a, result, pool->image->problems[i]);
    for (size_t i = 0; i < pool->jobs_n; i++) {
        struct layer_job *job = &pool->jobs[i];
        if (job->problem.code != ERR_NONE) {
            result->problem = result->problem == ERR_NONE ? job->problem.code : result->problem;
            add_problem(
                a, result,
                arena_printf(a, "layer %s: %s", pool->image->layers[job->index].digest.text, job->problem.text));
        }
    }
}

static void tell(const struct index_options *options, enum index_stage stage)
{
    if (options->enters != NULL)
        options->enters(options->enters_context, stage);
}

// Makes one image of its layers.
static void describe(struct layer_pool *pool, struct arena *a, struct index_result *result)
{
    tell(pool->options, INDEX_COALESCING);
    describe_image(a, pool->image, result);
    merge(a, pool, result);
    list_layers(a, pool, result);
}

bool index_image(struct store *store, struct image *image, const struct index_options *options, struct arena *a,
                 struct index_result *result, struct error *err)
{
    *result = (struct index_result){0};
    struct digest state = scanner_state(image->subject, options->limits);
    struct layer_pool pool = {.image = image,
                              .limits = options->limits,
                              .options = options,
                              .leases = options->leases,
                              .metrics = options->metrics,
                              .span = options->span,
                              .store = store,
                              .state = &state};
    layer_pool_jobs(&pool, a, result);
    if (!layer_pool_look(&pool, a, result, err))
        return false;
    if (result->known) {
        result->image.reference = image->reference;
        list_layers(a, NULL, result);
        return true;
    }
    tell(options, INDEX_LAYERS);
    layer_pool_read(&pool, a);
    bool ok = !layer_pool_failed(&pool, err);
    if (ok)
        describe(&pool, a, result);
    bool whole = ok && result->problems_n == 0;
    if (whole) {
        tell(options, INDEX_STORING);
        ok = store_image(&pool, result, err);
    }
    layer_pool_end(&pool, whole, a);
    return ok;
}

// Whatever the store had of the image already: where it was found is new.
static bool keep_name(struct store *store, const struct image *image, const struct index_options *options,
                      struct arena *a, struct error *err)
{
    struct reference reference;
    if (!slice_eq(image->kind, SLICE("registry")))
        return true;
    if (!reference_parse(image->reference, a, &reference, err))
        return false;
    struct slice platform =
        image->os.n != 0 ? arena_printf(a, "%.*s/%.*s", SLICE_ARG(image->os), SLICE_ARG(image->arch)) : SLICE("");
    bool pinned = reference.digest.text[0] != '\0'; // then the tag says nothing
    const struct name_push push = {.repository = reference_repository(a, &reference),
                                   .tag = pinned ? SLICE("") : reference.tag,
                                   .manifest = image->named};
    const struct name_member member = {image->manifest, platform};
    return store_name_put(store, &push, &member, !digest_eq(&image->named, &image->manifest),
                          options->limits->tag_history, err);
}

bool index_target(struct store *store, const char *target, const struct index_options *options, struct arena *a,
                  struct index_result *result, struct error *err)
{
    *result = (struct index_result){0};
    struct image image = {0};
    struct image_options how = {
        .platform = options->platform, .limits = options->limits, .registry = options->registry};
    bool ok = image_open(target, &how, a, &image, err) && index_image(store, &image, options, a, result, err) &&
              keep_name(store, &image, options, a, err);
    image_close(&image);
    return ok || error_wrap(err, "%s", target);
}

void index_result_free(struct index_result *result)
{
    for (size_t i = 0; i < result->layer_arenas_n; i++)
        arena_free(&result->layer_arenas[i]);
    *result = (struct index_result){0};
}
