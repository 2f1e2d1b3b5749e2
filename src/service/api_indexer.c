// Clair v4's indexer: index_state and index_report.
#include "base/log.h"
#include "http/negotiate.h"
#include "service/api.h"

// ---- index_state ----------------------------------------------------------------------------------------------------

static void get_index_state(void *context, const struct web_request *request, struct web_response *response)
{
    static const char *const types[] = {"application/vnd.clair.index_state.v1+json", "application/json", NULL};
    struct service *service = context;
    struct slice tag = api_quoted(request, slice_str(service->index_state));
    const char *type = web_accept(request, types, response);
    if (type == NULL)
        return;
    web_add(request, response, "Etag", tag);
    response->status = web_matches(request, tag) ? 304 : 200;
    if (response->status == 304)
        return;
    response->type = type;
    buf_addf(&response->body, "{\"state\":\"%s\"}", service->index_state);
}

// ---- index_report ---------------------------------------------------------------------------------------------------

// Of a manifest that is being indexed, or that failed, there is a report as well, which says so.
static void write_index_report(struct service *service, struct view *view, const struct digest *digest,
                               const char *type, struct slice tag, const struct web_request *request,
                               struct web_response *response)
{
    struct stored_image image;
    struct indexing_state state;
    struct error err;
    bool found;
    // The state first: one that is stored between the two looks is then found, not lost.
    bool known = indexing_state(service->indexing, digest, request->arena, &state);
    if (!store_image_get(&view->store, digest, NULL, request->arena, &image, &found, &err)) {
        api_fail(request, response, &err);
        return;
    }
    if (!found && !known) {
        web_error(request, response, 404, "index report not found");
        return;
    }
    if (found)
        index_report_write(&image, &response->body);
    else
        index_report_write_state(digest, &state, &response->body);
    response->status = 200;
    response->type = type;
    web_add(request, response, "Etag", tag);
}

static void get_index_report(void *context, const struct web_request *request, struct web_response *response)
{
    static const char *const types[] = {API_TYPE_INDEX_REPORT, "application/json", NULL};
    struct service *service = context;
    struct slice tag = api_quoted(request, slice_str(service->index_state));
    struct digest digest;
    const char *type;
    if (!api_path_digest(request, &digest, response) || (type = web_accept(request, types, response)) == NULL)
        return;
    if (web_matches(request, tag)) { // the tag is the indexer's: whether the manifest is known is not looked at
        response->status = 304;
        return;
    }
    struct view *view = api_view(service, request, response);
    if (view != NULL)
        write_index_report(service, view, &digest, type, tag, request, response);
    views_give(service->views, view);
}

static void delete_index_report(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    struct digest digest;
    struct error err;
    bool found;
    if (!api_path_digest(request, &digest, response))
        return;
    struct view *view = api_view(service, request, response);
    if (view == NULL)
        return;
    response->status = 204;
    indexing_forget(service->indexing, &digest);
    if (!store_image_delete(&view->store, &digest, &found, &err))
        api_fail(request, response, &err);
    else if (found)
        log_info("forgot the manifest %s", digest.text);
    views_give(service->views, view);
}

static void delete_each(struct service *service, struct view *view, const struct digest *digests, size_t n,
                        const struct web_request *request, struct web_response *response)
{
    struct error err;
    size_t written = 0;
    for (size_t i = 0; i < n; i++) {
        bool found;
        if (!store_image_delete(&view->store, &digests[i], &found, &err)) {
            api_fail(request, response, &err);
            return;
        }
        found |= indexing_forget(service->indexing, &digests[i]);
        if (found) // a digest has nothing that JSON would escape
            buf_addf(&response->body, "%s\"%s\"", written++ == 0 ? "[" : ",", digests[i].text);
    }
    buf_adds(&response->body, written == 0 ? "null" : "]");
    response->status = 200;
    response->type = API_TYPE_PLAIN;
}

static void delete_index_reports(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    struct digest *digests;
    size_t n;
    struct error err;
    if (!request_digests(request->body, request->arena, &digests, &n, &err)) {
        web_error(request, response, 400, "failed to deserialize bulk delete: %s", err.text);
        return;
    }
    struct view *view = api_view(service, request, response);
    if (view != NULL)
        delete_each(service, view, digests, n, request, response);
    views_give(service->views, view);
}

// Clair's answer to a new manifest, but for its status and body.
static void add_locations(const struct web_request *request, struct web_response *response, const struct digest *digest)
{
    struct arena *a = request->arena;
    web_add(request, response, "Link",
            arena_printf(a, "</indexer/api/v1/index_report/%s>; rel=\"https://projectquay.io/clair/v1/index_report\"",
                         digest->text));
    web_add(request, response, "Link",
            arena_printf(a,
                         "</matcher/api/v1/vulnerability_report/%s>; "
                         "rel=\"https://projectquay.io/clair/v1/vulnerability_report\"",
                         digest->text));
}

// One that the store knows under the present scanners. True when it is answered.
static bool answer_known(struct service *service, const struct digest *digest, const struct web_request *request,
                         struct web_response *response)
{
    struct stored_image image;
    struct error err;
    bool found = false;
    struct view *view = api_view(service, request, response);
    if (view == NULL)
        return true;
    if (!store_image_get(&view->store, digest, &service->scanners, request->arena, &image, &found, &err)) {
        response->fields.n = 0;
        api_fail(request, response, &err);
    } else if (found) {
        index_report_write(&image, &response->body);
        response->status = 201;
    }
    views_give(service->views, view);
    return response->status != 0;
}

static void post_index_report(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    struct slice tag = api_quoted(request, slice_str(service->index_state));
    struct posted_manifest manifest;
    struct error err;
    if (!request_manifest(request->body, &service->config->limits, request->arena, &manifest, &err)) {
        web_error(request, response, 400, err.code == ERR_FORMAT ? "failed to deserialize manifest: %s" : "%s",
                  err.text);
        web_answer(request);
        return;
    }
    add_locations(request, response, &manifest.digest);
    if (web_matches(request, tag)) { // as with GET, whether the manifest is known is not looked at
        response->status = 412;
    } else {
        response->type = API_TYPE_PLAIN; // sic
        web_add(request, response, "Etag", tag);
        web_add(request, response, "Location",
                arena_printf(request->arena, "/indexer/api/v1/index_report/%s", manifest.digest.text));
        if (indexing_post_now(service->indexing, request, response, &manifest))
            return;
        // One that is known does not wait for those that are indexed.
        if (!answer_known(service, &manifest.digest, request, response)) {
            indexing_post(service->indexing, request, response, &manifest);
            return;
        }
    }
    posted_manifest_forget(&manifest);
    web_answer(request);
}

// ---- the routes -----------------------------------------------------------------------------------------------------

const struct web_route api_indexer_routes[] = {
    {.path = "/indexer/api/v1/index_state",
     .methods = {{"GET", get_index_state, WEB_FAST}},
     .disallowed = API_DISALLOWED},
    {.path = "/indexer/api/v1/index_report",
     .methods = {{"POST", post_index_report, WEB_LATER}, {"DELETE", delete_index_reports, WEB_SLOW}},
     .disallowed = API_DISALLOWED},
    {.path = "/indexer/api/v1/index_report/",
     .methods = {{"GET", get_index_report, WEB_FAST}, {"DELETE", delete_index_report, WEB_SLOW}},
     .disallowed = API_DISALLOWED},
    {0},
};
