// Clair v4's API: paths, methods, statuses, headers and words as its clients know them.
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "feed/feed.h"
#include "http/negotiate.h"
#include "match/matcher.h"
#include "output/output.h"
#include "service/requests.h"
#include "service/service.h"

#include <stdio.h>

#define TYPE_REPORT "application/vnd.clair.index_report.v1+json"

// ---- what the handlers share ----------------------------------------------------------------------------------------

// What went wrong is ours: the client learns that, the log learns why.
static void fail(const struct web_request *request, struct web_response *response, const struct error *err)
{
    log_error("%s", err->text);
    web_error(request, response, 500, "%s", err->text);
}

static struct view *take_view(struct service *service, const struct web_request *request, struct web_response *response)
{
    struct error err;
    struct view *view = views_take(service->views, &err);
    if (view == NULL)
        fail(request, response, &err);
    return view;
}

static struct slice quoted(const struct web_request *request, struct slice tag)
{
    return arena_printf(request->arena, "\"%.*s\"", SLICE_ARG(tag));
}

static bool path_digest(const struct web_request *request, struct digest *digest, struct web_response *response)
{
    struct error err;
    if (request_digest(request->rest, digest, &err))
        return true;
    web_error(request, response, 400, "malformed path: %s", err.text);
    return false;
}

// Our outputs end with a newline, Clair's answers do not.
static void trim_newline(struct buf *body)
{
    body->n -= body->n != 0 && body->p[body->n - 1] == '\n';
}

// ---- index_state ----------------------------------------------------------------------------------------------------

static void get_index_state(void *context, const struct web_request *request, struct web_response *response)
{
    static const char *const types[] = {"application/vnd.clair.index_state.v1+json", "application/json", NULL};
    struct service *service = context;
    struct slice tag = quoted(request, slice_str(service->index_state));
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

// Of a manifest that failed there is a report as well, which says why.
static void write_index_report(struct service *service, struct view *view, const struct digest *digest,
                               const char *type, struct slice tag, const struct web_request *request,
                               struct web_response *response)
{
    struct stored_image image;
    struct error err;
    bool found;
    if (!store_image_get(&view->store, digest, NULL, request->arena, &image, &found, &err)) {
        fail(request, response, &err);
        return;
    }
    struct slice why = SLICE("");
    if (!found && !indexing_failure(service->indexing, digest, request->arena, &why)) {
        web_error(request, response, 404, "index report not found");
        return;
    }
    if (!found)
        image = (struct stored_image){.manifest = *digest};
    index_report_write(&image, why, &response->body);
    response->status = 200;
    response->type = type;
    web_add(request, response, "Etag", tag);
}

static void get_index_report(void *context, const struct web_request *request, struct web_response *response)
{
    static const char *const types[] = {TYPE_REPORT, "application/json", NULL};
    struct service *service = context;
    struct slice tag = quoted(request, slice_str(service->index_state));
    struct digest digest;
    const char *type;
    if (!path_digest(request, &digest, response) || (type = web_accept(request, types, response)) == NULL)
        return;
    if (web_matches(request, tag)) { // the tag is the indexer's: whether the manifest is known is not looked at
        response->status = 304;
        return;
    }
    struct view *view = take_view(service, request, response);
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
    if (!path_digest(request, &digest, response))
        return;
    struct view *view = take_view(service, request, response);
    if (view == NULL)
        return;
    response->status = 204;
    indexing_forget(service->indexing, &digest);
    if (!store_image_delete(&view->store, &digest, &found, &err))
        fail(request, response, &err);
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
            fail(request, response, &err);
            return;
        }
        found |= indexing_forget(service->indexing, &digests[i]);
        if (found) // a digest has nothing that JSON would escape
            buf_addf(&response->body, "%s\"%s\"", written++ == 0 ? "[" : ",", digests[i].text);
    }
    buf_adds(&response->body, written == 0 ? "null" : "]");
    response->status = 200;
    response->type = "text/plain; charset=utf-8";
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
    struct view *view = take_view(service, request, response);
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

// One that the store knows under the present scanners: its layers are not even looked at. True when it is answered.
static bool answer_known(struct service *service, const struct digest *digest, const struct web_request *request,
                         struct web_response *response)
{
    struct stored_image image;
    struct error err;
    bool found = false;
    struct view *view = take_view(service, request, response);
    if (view == NULL)
        return true;
    if (!store_image_get(&view->store, digest, &service->scanners, request->arena, &image, &found, &err)) {
        response->fields.n = 0;
        fail(request, response, &err);
    } else if (found) {
        index_report_write(&image, SLICE(""), &response->body);
        response->status = 201;
    }
    views_give(service->views, view);
    return response->status != 0;
}

static void post_index_report(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    struct slice tag = quoted(request, slice_str(service->index_state));
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
        response->type = "text/plain; charset=utf-8"; // sic
        web_add(request, response, "Etag", tag);
        web_add(request, response, "Location",
                arena_printf(request->arena, "/indexer/api/v1/index_report/%s", manifest.digest.text));
        if (!answer_known(service, &manifest.digest, request, response)) {
            indexing_post(service->indexing, request, response, &manifest);
            return;
        }
    }
    posted_manifest_forget(&manifest);
    web_answer(request);
}

// ---- vulnerability_report -------------------------------------------------------------------------------------------

// Clair sends no tag here. This one is made of all that the report is made of.
static struct slice report_tag(const struct view *view, const struct digest *digest, const struct image_mark *mark,
                               struct arena *a)
{
    struct slice parts =
        arena_printf(a, "%s %lld %lld %s %.*s %s", digest->text, (long long)mark->id, (long long)mark->indexed,
                     mark->state.text, SLICE_ARG(view->generation.id), CLARION_VERSION);
    struct digest tag = digest_of(parts);
    return arena_printf(a, "\"%.32s\"", digest_hex(&tag));
}

static bool write_report(struct view *view, const struct digest *digest, const struct web_request *request,
                         struct web_response *response, struct error *err)
{
    struct stored_image image;
    struct report report;
    bool found;
    if (!store_image_get(&view->store, digest, NULL, request->arena, &image, &found, err))
        return false;
    if (!found)
        return error_set(err, ERR_NOT_FOUND, "index report for manifest \"%s\" not found", digest->text);
    if (!report_make(&image, &view->generation, view->segments, clock_now(), request->arena, &report, err))
        return false;
    const struct output_options shape = {0};
    output_named(SLICE("clair"))->report(&report, &shape, &response->body);
    trim_newline(&response->body);
    return true;
}

static void answer_report(struct service *service, struct view *view, const struct digest *digest,
                          const struct web_request *request, struct web_response *response)
{
    struct image_mark mark;
    struct error err;
    bool found;
    if (view->generation.id.n == 0) {
        response->status = 202; // no vulnerability data yet
        return;
    }
    if (!store_image_mark(&view->store, digest, &mark, &found, &err)) {
        fail(request, response, &err);
        return;
    }
    struct slice tag = report_tag(view, digest, &mark, request->arena);
    response->status = found && web_matches(request, tag) ? 304 : 200;
    if (response->status == 200 && !(found && cache_get(service->reports, tag, &response->body))) {
        if (!write_report(view, digest, request, response, &err)) {
            if (err.code == ERR_NOT_FOUND)
                web_error(request, response, 404, "%s", err.text);
            else
                fail(request, response, &err);
            return;
        }
        cache_put(service->reports, tag, buf_slice(&response->body));
    }
    response->type = response->status == 200 ? TYPE_REPORT : NULL; // sic, the index report's type
    web_add(request, response, "Etag", tag);
    web_add(request, response, "Cache-Control",
            arena_printf(request->arena, "max-age=%lld", (long long)(service->config->matcher_cache_age / 1000000000)));
}

static void get_vulnerability_report(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    struct digest digest;
    if (!path_digest(request, &digest, response))
        return;
    struct view *view = take_view(service, request, response);
    if (view != NULL)
        answer_report(service, view, &digest, request, response);
    views_give(service->views, view);
}

// ---- update_operation -----------------------------------------------------------------------------------------------

// Clair knows two kinds of updaters: those whose records packages are judged by, and those that add to what was found.
static bool brings_vulnerabilities(struct slice feed)
{
    for (size_t m = 0; matchers[m] != NULL; m++)
        for (size_t f = 0; matchers[m]->feeds[f] != NULL; f++)
            if (slice_eq(feed, slice_str(matchers[m]->feeds[f])))
                return true;
    return false;
}

static void add_operation(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct kept_update *u, bool latest,
                          struct arena *a)
{
    char made[CLOCK_TEXT];
    struct slice feed = arena_dup(a, u->feed);
    yyjson_mut_val *list = yyjson_mut_obj_get(root, feed.p);
    if (list != NULL && latest)
        return;
    if (list == NULL)
        list = json_add_arr(doc, root, feed.p);
    clock_format(u->made, made);
    yyjson_mut_val *operation = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, operation, "ref", u->ref);
    json_add_str(doc, operation, "updater", u->feed);
    json_add_str(doc, operation, "fingerprint", digest_slice(&u->segment));
    json_add_str(doc, operation, "date", slice_str(made));
    json_add_str(doc, operation, "kind", SLICE("")); // as Clair
}

static void write_operations(const struct kept_update *operations, size_t n, bool enrichment, bool latest,
                             const struct web_request *request, struct web_response *response)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    struct slice newest = {0};
    for (size_t i = 0; i < n; i++) {
        if (brings_vulnerabilities(operations[i].feed) == enrichment)
            continue;
        newest = newest.n == 0 ? operations[i].ref : newest;
        add_operation(doc, root, &operations[i], latest, request->arena);
    }
    response->status = 200;
    if (newest.n != 0 && web_matches(request, quoted(request, newest))) {
        response->status = 304;
        return;
    }
    if (newest.n != 0)
        web_add(request, response, "Etag", quoted(request, newest));
    response->type = "text/plain; charset=utf-8";
    json_write(doc, false, &response->body);
}

static void get_update_operation(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    struct slice kind = web_parameter(request, "kind"), text = web_parameter(request, "latest");
    bool latest = false, enrichment = slice_eq(kind, SLICE("enrichment"));
    if (kind.n != 0 && !enrichment && !slice_eq(kind, SLICE("vulnerability"))) {
        web_error(request, response, 400, "unknown kind: \"%.*s\"", SLICE_ARG(kind));
        return;
    }
    if (text.n != 0)
        request_bool(text, &latest); // as Clair: what is no such word is no
    struct view *view = take_view(service, request, response);
    if (view == NULL)
        return;
    struct kept_update *operations;
    size_t n;
    struct error err;
    if (store_updates(&view->store, request->arena, &operations, &n, &err))
        write_operations(operations, n, enrichment, latest, request, response);
    else
        fail(request, response, &err);
    views_give(service->views, view);
}

// ---- documents ------------------------------------------------------------------------------------------------------

static void get_robots(void *context, const struct web_request *request, struct web_response *response)
{
    (void)context;
    response->status = 200;
    response->type = "text/plain; charset=utf-8";
    buf_adds(&response->body, "User-agent: *\nDisallow: /\n");
    web_add(request, response, "Cache-Control", SLICE("no-store"));
    web_add(request, response, "X-Content-Type-Options", SLICE("nosniff"));
}

// The same bytes for all types: JSON is YAML too.
static void get_openapi(void *context, const struct web_request *request, struct web_response *response)
{
    static const char *const types[] = {"application/openapi+json",
                                        "application/openapi+yaml",
                                        "application/json",
                                        "application/yaml",
                                        "application/vnd.oai.openapi+json",
                                        "application/vnd.oai.openapi+yaml",
                                        NULL};
    (void)context;
    struct slice document = slice_of(openapi_document, openapi_document_n);
    struct digest digest = digest_of(document);
    struct slice tag = quoted(request, slice_str(digest_hex(&digest)));
    const char *type = web_accept(request, types, response);
    if (type == NULL)
        return;
    web_add(request, response, "Etag", tag);
    response->status = web_matches(request, tag) ? 304 : 200;
    if (response->status == 304)
        return;
    response->type = type;
    buf_add(&response->body, document);
}

// ---- the tables -----------------------------------------------------------------------------------------------------

#define METHOD_TEXT "method disallowed: %s"

// clang-format off
#define ROUTES_DOCUMENTS \
    {.path = "/robots.txt", .methods = {{"GET", get_robots, WEB_FAST}}, .disallowed = METHOD_TEXT, .open = true}, \
    {.path = "/openapi/v1", .methods = {{"GET", get_openapi, WEB_FAST}}, .disallowed = METHOD_TEXT}

#define ROUTES_INDEXER \
    {.path = "/indexer/api/v1/index_state", .methods = {{"GET", get_index_state, WEB_FAST}}, .disallowed = METHOD_TEXT}, \
    {.path = "/indexer/api/v1/index_report", .methods = {{"POST", post_index_report, WEB_LATER}, {"DELETE", delete_index_reports, WEB_SLOW}}, \
     .disallowed = METHOD_TEXT}, \
    {.path = "/indexer/api/v1/index_report/", \
     .methods = {{"GET", get_index_report, WEB_FAST}, {"DELETE", delete_index_report, WEB_SLOW}}, .disallowed = METHOD_TEXT}

#define ROUTES_MATCHER \
    {.path = "/matcher/api/v1/vulnerability_report/", .methods = {{"GET", get_vulnerability_report, WEB_FAST}}, \
     .disallowed = "endpoint only allows GET"}, \
    {.path = "/matcher/api/v1/internal/update_operation", .methods = {{"GET", get_update_operation, WEB_FAST}}, \
     .disallowed = METHOD_TEXT}
// clang-format on

const struct web_route *api_routes(enum service_mode mode)
{
    static const struct web_route combo[] = {ROUTES_DOCUMENTS, ROUTES_INDEXER, ROUTES_MATCHER, {0}};
    static const struct web_route indexer[] = {ROUTES_DOCUMENTS, ROUTES_INDEXER, {0}};
    static const struct web_route matcher[] = {ROUTES_DOCUMENTS, ROUTES_MATCHER, {0}};
    return mode == MODE_INDEXER ? indexer : mode == MODE_MATCHER ? matcher : combo;
}
