#include "notify/where.h"

#include "advisory/segment_labels.h"

// ---- what is said of it ---------------------------------------------------------------------------------------------

static void add_record(struct arena *a, const char *feed, const struct advisory *r, where_records *out)
{
    VEC_PUSH(a, out) = (struct affected_record){feed, arena_dup(a, r->scope), arena_dup(a, r->package)};
}

// OSV's records go by the ids of their databases, and have CVEs among their aliases.
static bool is_of_languages(const char *feed)
{
    for (size_t i = 0; matchers[i] != NULL; i++)
        for (size_t f = 0; matchers[i]->feeds[f] != NULL; f++)
            if (strcmp(matchers[i]->feeds[f], feed) == 0)
                return matchers[i]->applies == NULL && strcmp(matchers[i]->kind, "container") != 0;
    return false;
}

// Records of distributions go by CVEs where there are any, so that only other ids are aliases of theirs.
static bool may_be_alias(const char *feed, struct slice id)
{
    return is_of_languages(feed) || !slice_starts_nocase(id, SLICE("CVE-"));
}

static bool is_alias(const segment_labels *labels, struct slice id)
{
    for (size_t i = 0; i < labels->n; i++)
        if (has_id(SLICE(""), labels->v[i].aliases, id))
            return true;
    return false;
}

// Those that have the id as an alias.
struct aliased {
    const char *feed;
    struct slice id;
    struct arena *arena;
    where_records *out;
};

static bool take_record(void *context, const struct advisory *r)
{
    const struct aliased *k = context;
    bool is_of_it = has_id(r->vulnerability, r->aliases, k->id);
    if (is_of_it)
        add_record(k->arena, k->feed, r, k->out);
    return !is_of_it;
}

static bool add_aliased(struct segment *segment, struct aliased *k, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    segment_labels labels = {0};
    return segment_labels_read(segment, &scratch, &labels, err) &&
           (!is_alias(&labels, k->id) || segment_walk_labelled(segment, &labels, take_record, k, err));
}

static bool add_of_feed(struct report_segments *segments, const char *feed, struct slice id, struct arena *a,
                        where_records *out, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    advisory_vec records = {0};
    struct aliased aliased = {feed, id, a, out};
    struct slice why = {0};
    struct segment *segment = report_segment(segments, feed, &why);
    if (segment == NULL)
        return why.n == 0 || error_set(err, ERR_STORE, "feed %s: %.*s", feed, SLICE_ARG(why));
    if (!segment_vulnerability(segment, id, &scratch, &records, err) ||
        (may_be_alias(feed, id) && !add_aliased(segment, &aliased, err)))
        return error_wrap(err, "feed %s", feed);
    for (size_t i = 0; i < records.n; i++)
        add_record(a, feed, &records.v[i], out);
    return true;
}

// ---- who has it -----------------------------------------------------------------------------------------------------

struct asking {
    const struct where_question *question;
    const struct delta_change *change;
    const struct report_decision *suppressed;
    where_fn *each;
    void *context;
};

static bool tell_place(void *context, const struct store_place *place, struct error *err)
{
    const struct asking *asking = context;
    const struct where where = {place, asking->change->finding, asking->suppressed};
    return asking->each(asking->context, &where, err);
}

static bool take_image(void *context, const struct holding *holding, struct error *err)
{
    const struct asking *asking = context;
    return store_place(asking->question->store, holding->image, asking->change->package, tell_place, context, err);
}

static bool take_suppressed(void *context, const struct holding *holding, const struct report_decision *decision,
                            struct error *err)
{
    struct asking *asking = context;
    asking->suppressed = decision;
    bool ok = take_image(context, holding, err);
    asking->suppressed = NULL;
    return ok;
}

static bool take_change(void *context, const struct delta_change *change, struct error *err)
{
    struct asking *asking = context;
    if (!report_has_id(change->finding, asking->question->asked))
        return true;
    asking->change = change;
    return delta_images(asking->question->store, change, take_image, take_suppressed, asking, err);
}

bool where_find_records(const struct where_question *question, struct arena *a, where_records *out, struct error *err)
{
    const struct generation *g = question->generation;
    for (size_t i = 0; i < g->feeds_n; i++)
        if (matchers_read(g->feeds[i].feed) &&
            !add_of_feed(question->segments, arena_dup(a, g->feeds[i].feed).p, question->asked, a, out, err))
            return false;
    return true;
}

bool where_vulnerability(const struct where_question *question, where_fn *each, void *context, bool *known,
                         struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    const struct generation *g = question->generation;
    where_records records = {0};
    struct affected affected;
    struct asking asking = {.question = question, .each = each, .context = context};
    const struct delta d = {.store = question->store,
                            .generation_after = g,
                            .after = question->segments,
                            .now = question->now,
                            .triage = question->triage,
                            .restrict_report = question->restrict_report,
                            .context = question->context};
    *known = false;
    if (!store_lookup_complete(question->store, &match_naming, err) || !where_find_records(question, &a, &records, err))
        return false;
    *known = records.n != 0;
    return affected_by_records(question->store, records.v, records.n, &a, &affected, err) &&
           delta_tell(&d, &affected, take_change, &asking, err);
}
