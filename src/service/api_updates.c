// Clair v4's update_diff, and the deletion of updates.
#include "http/negotiate.h"
#include "service/api.h"
#include "service/update_diff.h"

#include <stdlib.h>

// ---- update_diff ----------------------------------------------------------------------------------------------------

// A difference that is being sent has one of so many places (limit update_diffs).
struct place {
    struct service *service;
    struct web_stream diff;
};

static bool next(void *context, struct buf *out, struct error *err)
{
    struct place *place = context;
    return place->diff.next(place->diff.context, out, err);
}

static void leave(void *context)
{
    struct place *place = context;
    web_stream_end(&place->diff);
    atomic_fetch_sub(&place->service->diffs, 1);
    free(place);
}

static bool enter(struct service *service, struct web_stream *stream)
{
    if (atomic_fetch_add(&service->diffs, 1) >= service->config->limits.update_diffs) {
        atomic_fetch_sub(&service->diffs, 1);
        return false;
    }
    struct place *place = must_alloc(sizeof *place);
    *place = (struct place){.service = service};
    *stream = (struct web_stream){.next = next, .end = leave, .context = place};
    return true;
}

static void stream_diff(struct service *service, const struct web_request *request, struct slice prev, struct slice cur,
                        struct web_response *response)
{
    struct web_stream stream;
    struct error err;
    if (!enter(service, &stream)) {
        web_error(request, response, 429, "as many differences are being sent as limit update_diffs (%llu) allows",
                  (unsigned long long)service->config->limits.update_diffs);
        web_add(request, response, "Retry-After", SLICE("1"));
        return;
    }
    struct place *place = stream.context;
    struct view *view = api_view(service, request, response);
    if (view != NULL && update_diff_open(&view->store, prev, cur, &place->diff, &err)) {
        response->status = 200;
        response->type = API_TYPE_PLAIN;
        response->stream = stream;
    } else {
        if (view != NULL)
            api_fail(request, response, &err);
        web_stream_end(&stream);
    }
    views_give(service->views, view);
}

static void get_update_diff(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    struct slice cur = web_parameter(request, "cur"), prev = web_parameter(request, "prev");
    struct error err;
    if (cur.n == 0)
        web_error(request, response, 400, "\"cur\" query param is required");
    else if (!api_uuid(cur, request->arena, &cur, &err))
        web_error(request, response, 400, "could not parse \"cur\" query param into uuid");
    else if (prev.n != 0 && !api_uuid(prev, request->arena, &prev, &err))
        web_error(request, response, 400, "could not parse \"prev\" query param into uuid");
    else
        stream_diff(service, request, prev, cur, response);
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
