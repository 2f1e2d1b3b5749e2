#include "service/arrivals.h"

#include "image/choose.h"
#include "image/registry_source.h"
#include "service/indexer.h"
#include "store/names.h"

struct arrival {
    struct store *store;
    const struct arrival_rules *rules;
    const struct reference *reference;
    struct arrival_counts *counts;
};

static bool index_one(struct arrival *v, const struct reference *reference, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct index_result result INDEX_RESULT_AUTO = {0};
    struct image image = {0};
    const struct image_options how = {.limits = v->rules->limits, .registry = v->rules->registry};
    const struct index_options options = {
        .limits = v->rules->limits, .jobs = v->rules->jobs, .leases = v->rules->leases};
    bool ok = image_pull(reference, &how, &a, &image, err) && index_image(v->store, &image, &options, &a, &result, err);
    if (ok && result.problems_n != 0)
        ok = error_set(err, result.problem, "%.*s", SLICE_ARG(result.problems[0]));
    image_close(&image);
    return ok;
}

static bool is_known(struct arrival *v, const struct digest *manifest, bool *known, struct error *err)
{
    struct digest state = scanner_state(SUBJECT_LAYER, v->rules->limits);
    struct image_mark mark;
    if (!store_image_mark(v->store, manifest, &mark, known, err))
        return false;
    *known = *known && digest_eq(&mark.state, &state);
    return true;
}

// Whoever was waited for has most likely indexed it: then it is known.
static bool index_alone(struct arrival *v, const struct reference *reference, bool *known, struct error *err)
{
    const struct digest *manifest = &reference->digest;
    if (!v->rules->begin(v->rules->context, manifest))
        return error_set(err, ERR_REFUSED, "it was broken off");
    bool ok = is_known(v, manifest, known, err) && (*known || index_one(v, reference, err));
    v->rules->end(v->rules->context, manifest, ok);
    return ok;
}

static bool index_member(struct arrival *v, const struct digest *manifest, struct error *err)
{
    struct reference reference = *v->reference;
    bool known;
    reference.digest = *manifest;
    if (!is_known(v, manifest, &known, err))
        return false;
    bool ok = known || v->rules->dry_run || index_alone(v, &reference, &known, err);
    v->counts->known += known;
    v->counts->indexed += ok && !known;
    v->counts->again += !known && v->rules->dry_run && !v->rules->comes_first(v->rules->context, manifest);
    if (!ok && err->code == ERR_UNSUPPORTED)
        err->code = ERR_FORMAT; // that it is an image has been seen already: a part of it cannot be read
    return ok || error_wrap(err, "%s", manifest->text);
}

static bool is_wanted(const struct arrival_rules *rules, const struct platform *have)
{
    struct arena a ARENA_AUTO = {0};
    struct platform wanted;
    struct error ignored;
    for (size_t i = 0; i < rules->platforms.n; i++)
        if (platform_parse(rules->platforms.v[i].p, &a, &wanted, &ignored) && platform_rank(&wanted, have) != 0)
            return true;
    return rules->platforms.n == 0 || have->os.n == 0;
}

static bool index_listing(struct arrival *v, const struct image_listing *listing, struct error *err)
{
    size_t wanted = 0;
    struct error first = {0};
    const struct arrival_rules *rules = v->rules;
    for (size_t i = 0; i < listing->images_n && !rules->stopping(rules->context); i++) {
        const struct listed_manifest *m = &listing->images[i];
        if (!is_wanted(rules, &m->platform))
            continue;
        wanted++;
        // One that cannot be had keeps nobody from the others.
        if (!index_member(v, &m->digest, err) && first.code == ERR_NONE)
            first = *err;
    }
    *err = first;
    if (wanted == 0 && !rules->stopping(rules->context))
        return error_set(err, ERR_UNSUPPORTED, "no image of it is for the platforms of %s", rules->platforms_from);
    return first.code == ERR_NONE;
}

static bool keep_name(struct arrival *v, const struct image_listing *listing, int64_t pushed, struct arena *a,
                      struct error *err)
{
    const struct reference *reference = v->reference;
    struct name_member *members = ARENA_NEW(a, struct name_member, listing->images_n);
    size_t n = listing->is_index ? listing->images_n : 0;
    const struct name_push push = {reference_repository(a, reference), reference->tag, listing->named, pushed};
    for (size_t i = 0; i < listing->images_n; i++) {
        const struct listed_manifest *m = &listing->images[i];
        members[i] =
            (struct name_member){m->digest, m->platform.os.n != 0 ? platform_text(a, &m->platform) : SLICE("")};
    }
    // What was told by its digest has its name already, and may have lost it since.
    return reference->digest.text[0] != '\0'
               ? store_index_members(v->store, &listing->named, members, n, err)
               : store_name_put(v->store, &push, members, n, v->rules->limits->tag_history, err);
}

// A tag of one image that is known, by the registry's word: the same that it gives for the bytes. For which platform
// the image is does not show here.
static bool names_known(struct arrival *v, struct image_listing *listing, bool *known, struct error *err)
{
    const struct arrival_rules *rules = v->rules;
    *known = false;
    *listing = (struct image_listing){0};
    return !rules->mostly_known || rules->platforms.n != 0 || v->reference->digest.text[0] != '\0' ||
           !registry_image_named(rules->registry, v->reference, &listing->named) ||
           is_known(v, &listing->named, known, err);
}

bool arrival_index(struct store *store, const struct arrival_rules *rules, const struct reference *reference,
                   int64_t pushed, struct arrival_counts *counts, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct arrival v = {store, rules, reference, counts};
    struct image_listing listing;
    bool known;
    const struct image_options how = {.limits = rules->limits, .registry = rules->registry};
    *counts = (struct arrival_counts){0};
    if (!names_known(&v, &listing, &known, err))
        return false;
    if (known) {
        counts->known = 1;
        return rules->dry_run || keep_name(&v, &listing, pushed, &a, err);
    }
    return image_list(reference, &how, &a, &listing, err) &&
           (rules->dry_run || keep_name(&v, &listing, pushed, &a, err)) && index_listing(&v, &listing, err);
}
