// Clair v4's update_diff, and the deletion of updates.
#include "base/clock.h"
#include "base/file.h"
#include "http/negotiate.h"
#include "notify/affected.h"
#include "service/api.h"
#include "service/vulnerabilities.h"

// ---- update_diff ----------------------------------------------------------------------------------------------------

struct side {
    struct kept_update update; // ref.n == 0: none
    struct segment *segment;
    struct buf list; // of documents
    size_t n;
};

struct diffing {
    struct side prev, cur;
    size_t ids;
    uint64_t most; // bytes
};

static void side_close(struct side *side)
{
    segment_close(&side->segment);
    buf_free(&side->list);
}

static void diffing_close(struct diffing *d)
{
    side_close(&d->prev);
    side_close(&d->cur);
}

static bool add_records(struct diffing *d, struct side *side, const struct advisory *records, size_t n,
                        struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        struct arena scratch ARENA_AUTO = {0};
        struct advisory record = records[i];
        const char *feed = side->update.feed.p;
        const struct matcher *matcher = affected_matcher(feed, record.scope);
        if (matcher == NULL) // of a feed that maps names or has scores, which Clair calls enrichments
            continue;
        if (!segment_describe(side->segment, &record, &scratch, err))
            return error_wrap(err, "feed %s", feed);
        buf_adds(&side->list, side->n++ == 0 ? "[" : ",");
        vulnerability_write(&record, feed, matcher, ++d->ids, &side->list);
        if (d->prev.list.n + d->cur.list.n > d->most)
            return error_set(err, ERR_LIMIT,
                             "the difference of the two updates is larger than the %llu bytes that limit "
                             "update_diff_bytes allows: ask for updates that are nearer to each other, or use "
                             "`clarion advisories diff`",
                             (unsigned long long)d->most);
    }
    return true;
}

static bool tell_change(void *context, const struct segment_change *change, struct error *err)
{
    struct diffing *d = context;
    return add_records(d, &d->prev, change->before, change->before_n, err) &&
           add_records(d, &d->cur, change->after, change->after_n, err);
}

// The side's update and, open, its segment.
static bool open_side(struct store *s, struct slice ref, struct arena *a, struct side *side, struct error *err)
{
    if (ref.n == 0)
        return true;
    if (!store_update_of(s, ref, a, &side->update, err))
        return err->code == ERR_NOT_FOUND
                   ? error_set(err, ERR_NOT_FOUND, "could not get update operations: operation %.*s does not exist",
                               SLICE_ARG(ref))
                   : false;
    side->segment = segment_open(s->segments, &side->update.segment, err);
    return side->segment != NULL || error_wrap(err, "feed %s", side->update.feed.p);
}

static void write_operation(const char *key, const struct side *side, struct buf *out)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    char made[CLOCK_TEXT] = "0001-01-01T00:00:00Z"; // Go's zero time
    bool given = side->update.ref.n != 0;
    if (given)
        clock_format(side->update.made, made);
    json_add_str(doc, root, "ref", given ? side->update.ref : SLICE("00000000-0000-0000-0000-000000000000"));
    json_add_str(doc, root, "updater", side->update.feed);
    json_add_str(doc, root, "fingerprint", given ? digest_slice(&side->update.segment) : SLICE(""));
    json_add_str(doc, root, "date", slice_str(made));
    json_add_str(doc, root, "kind", SLICE("")); // as Clair
    buf_addf(out, "\"%s\":", key);
    json_write(doc, false, out);
}

static void write_list(const char *key, const struct side *side, struct buf *out)
{
    buf_addf(out, ",\"%s\":", key);
    buf_add(out, side->n != 0 ? buf_slice(&side->list) : SLICE("null"));
    buf_adds(out, side->n != 0 ? "]" : "");
}

static bool write_diff(struct store *s, struct slice prev, struct slice cur, struct diffing *d, struct arena *a,
                       struct buf *out, struct error *err)
{
    int held FD_AUTO = -1;
    if (!store_hold_segments(s, &held, err) || !open_side(s, cur, a, &d->cur, err) ||
        !open_side(s, prev, a, &d->prev, err) || !segment_diff(d->prev.segment, d->cur.segment, tell_change, d, err))
        return false;
    buf_adds(out, "{");
    write_operation("prev", &d->prev, out);
    buf_adds(out, ",");
    write_operation("cur", &d->cur, out);
    write_list("added", &d->cur, out);
    write_list("removed", &d->prev, out);
    buf_adds(out, "}");
    return true;
}

static void get_update_diff(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    struct slice cur = web_parameter(request, "cur"), prev = web_parameter(request, "prev");
    struct diffing d __attribute__((cleanup(diffing_close))) = {.most = service->config->limits.update_diff_bytes};
    struct error err;
    if (cur.n == 0) {
        web_error(request, response, 400, "\"cur\" query param is required");
        return;
    }
    if (!api_uuid(cur, request->arena, &cur, &err)) {
        web_error(request, response, 400, "could not parse \"cur\" query param into uuid");
        return;
    }
    if (prev.n != 0 && !api_uuid(prev, request->arena, &prev, &err)) {
        web_error(request, response, 400, "could not parse \"prev\" query param into uuid");
        return;
    }
    struct view *view = api_view(service, request, response);
    if (view == NULL)
        return;
    if (write_diff(&view->store, prev, cur, &d, request->arena, &response->body, &err)) {
        response->status = 200;
        response->type = API_TYPE_PLAIN;
    } else {
        api_fail(request, response, &err);
    }
    views_give(service->views, view);
}

// ---- update_operation/{ref} -----------------------------------------------------------------------------------------

static void delete_update_operation(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    struct slice ref;
    struct error err;
    bool in_force;
    if (!api_uuid(request->rest, request->arena, &ref, &err)) {
        web_error(request, response, 400, "could not deserialize manifest: %s", err.text); // sic
        return;
    }
    struct view *view = api_view(service, request, response);
    if (view == NULL)
        return;
    response->status = 200;
    if (!store_update_delete(&view->store, ref, &in_force, &err))
        api_fail(request, response, &err);
    else if (in_force)
        web_error(request, response, 400,
                  "update operation %.*s is in force, and is not deleted: `clarion advisories rollback` puts a former "
                  "one of its feed in its place",
                  SLICE_ARG(ref));
    views_give(service->views, view);
}

const struct web_route api_updates_routes[] = {
    {.path = "/matcher/api/v1/internal/update_diff",
     .methods = {{"GET", get_update_diff, WEB_SLOW}},
     .disallowed = "endpoint only allows GET"},
    {.path = "/matcher/api/v1/internal/update_operation/",
     .methods = {{"DELETE", delete_update_operation, WEB_SLOW}},
     .disallowed = API_DISALLOWED,
     .no_redirect = true},
    {0},
};
