// The segments of one generation, opened when first needed.
#include "store/segments.h"
#include "match/enrich.h"
#include "match/judging.h"

#include <stdlib.h>

struct open_segment {
    struct segment *segment; // NULL until asked for, and when it cannot be opened
    bool tried;
    struct error error;
};

struct report_segments {
    const struct store *store;
    const struct generation *generation;
    struct open_segment *open; // one for each feed of the generation
    struct verdict_cache *verdicts;
    struct enrichment_cache *enrichments;
};

struct report_segments *report_segments_open(struct store *s, const struct generation *g)
{
    struct report_segments *segments = must_alloc(sizeof *segments);
    *segments = (struct report_segments){
        .store = s, .generation = g, .verdicts = verdict_cache_new(), .enrichments = enrichment_cache_new()};
    size_t bytes = sizeof *segments->open * g->feeds_n;
    segments->open = memset(must_alloc(bytes), 0, bytes);
    return segments;
}

void report_segments_close(struct report_segments **s)
{
    if (*s == NULL)
        return;
    for (size_t i = 0; i < (*s)->generation->feeds_n; i++)
        segment_close(&(*s)->open[i].segment);
    verdict_cache_free(&(*s)->verdicts);
    enrichment_cache_free(&(*s)->enrichments);
    free((*s)->open);
    free(*s);
    *s = NULL;
}

struct verdict_cache *report_verdicts(struct report_segments *s)
{
    return s->verdicts;
}

struct enrichment_cache *report_enrichments(struct report_segments *s)
{
    return s->enrichments;
}

const struct feed_state *report_feed_state(const struct report_segments *s, const char *feed)
{
    return generation_feed(s->generation, slice_str(feed));
}

struct segment *report_segment(struct report_segments *s, const char *feed, struct slice *error)
{
    const struct feed_state *state = report_feed_state(s, feed);
    if (state == NULL || state->segment.text[0] == '\0')
        return NULL;
    struct open_segment *o = &s->open[state - s->generation->feeds];
    if (!o->tried)
        o->segment = store_segment_open(s->store, &state->segment, &o->error);
    o->tried = true;
    if (o->segment == NULL)
        *error = slice_str(o->error.text);
    return o->segment;
}
