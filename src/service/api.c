// Clair v4's API: paths, methods, statuses, headers and words as its clients know them. What all handlers share, the
// documents, and the routes of each role.
#include "service/api.h"

#include "base/clock.h"
#include "base/log.h"
#include "http/negotiate.h"

// ---- what the handlers share ----------------------------------------------------------------------------------------

unsigned api_status_of(enum error_code code)
{
    return code == ERR_LIMIT ? 413 : 500;
}

void api_fail(const struct web_request *request, struct web_response *response, const struct error *err)
{
    unsigned status = api_status_of(err->code);
    if (status >= 500)
        log_error("%s", err->text);
    else
        log_info("%s", err->text);
    web_error(request, response, status, "%s", err->text);
}

struct view *api_view(struct service *service, const struct web_request *request, struct web_response *response)
{
    struct error err;
    struct view *view = views_take(service->views, &err);
    if (view == NULL)
        api_fail(request, response, &err);
    return view;
}

struct slice api_quoted(const struct web_request *request, struct slice tag)
{
    return arena_printf(request->arena, "\"%.*s\"", SLICE_ARG(tag));
}

bool api_path_digest(const struct web_request *request, struct digest *digest, struct web_response *response)
{
    struct error err;
    if (request_digest(request->rest, digest, &err))
        return true;
    web_error(request, response, 400, "malformed path: %s", err.text);
    return false;
}

// In the words of the library that Clair parses them with.
bool api_uuid(struct slice text, struct arena *a, struct slice *uuid, struct error *err)
{
    if (text.n != 36)
        return error_set(err, ERR_FORMAT, "invalid UUID length: %zu", text.n);
    *uuid = arena_dup_lower(a, text);
    for (size_t i = 0; i < text.n; i++) {
        char c = uuid->p[i];
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return error_set(err, ERR_FORMAT, "invalid UUID format");
    }
    return true;
}

void api_trim_newline(struct buf *body)
{
    body->n -= body->n != 0 && body->p[body->n - 1] == '\n';
}

void api_add_time(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int64_t seconds)
{
    char text[CLOCK_TEXT];
    clock_format(seconds, text);
    if (seconds != 0)
        json_add_str(doc, object, key, slice_str(text));
    else
        yyjson_mut_obj_add_null(doc, object, key);
}

bool api_page_size(struct service *service, const struct web_request *request, uint64_t *most,
                   struct web_response *response)
{
    struct slice text = web_parameter(request, "page_size");
    uint64_t limit = service->config->limits.page_items;
    *most = limit < API_PAGE ? limit : API_PAGE;
    if (text.n == 0)
        return true;
    if (slice_to_u64(text, most) && *most > 0 && *most <= limit)
        return true;
    web_error(request, response, 400, "page_size must be a number from 1 to %llu (limit page_items)",
              (unsigned long long)limit);
    return false;
}

// ---- documents ------------------------------------------------------------------------------------------------------

static void get_robots(void *context, const struct web_request *request, struct web_response *response)
{
    (void)context;
    response->status = 200;
    response->type = API_TYPE_PLAIN;
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
    struct slice tag = api_quoted(request, slice_str(digest_hex(&digest)));
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

// ---- the routes -----------------------------------------------------------------------------------------------------

static const struct web_route document_routes[] = {
    {.path = "/robots.txt", .methods = {{"GET", get_robots, WEB_FAST}}, .disallowed = API_DISALLOWED, .open = true},
    {.path = "/openapi/v1", .methods = {{"GET", get_openapi, WEB_FAST}}, .disallowed = API_DISALLOWED},
    {0},
};

// Which roles have which routes.
// clang-format off
static const struct {
    unsigned roles;
    const struct web_route *routes;
} parts[] = {
    {ROLES_ALL, document_routes},
    {ROLE_INDEXER, api_indexer_routes},
    {ROLE_INDEXER, api_affected_routes},
    {ROLE_MATCHER, api_matcher_routes},
    {ROLE_INDEXER, api_event_routes},
    {ROLES_ALL, api_image_routes},
    {ROLES_ALL, api_summary_routes},
    {ROLE_INDEXER, api_harbor_routes}, // who can pull; reports are made of the store that all share
    {ROLE_MATCHER, api_updates_routes},
    {ROLE_MATCHER, api_search_routes},
    {ROLE_NOTIFIER, api_notifier_routes},
};
// clang-format on

typedef VEC(struct web_route) route_vec;

static void add_routes(struct arena *a, const struct web_route *some, route_vec *out)
{
    for (; some->path != NULL; some++)
        VEC_PUSH(a, out) = *some;
}

const struct web_route *api_routes(unsigned roles, const struct web_route *pages, struct arena *a)
{
    route_vec routes = {0};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if ((parts[i].roles & roles) != 0)
            add_routes(a, parts[i].routes, &routes);
    if ((roles & ROLE_MATCHER) != 0)
        add_routes(a, pages, &routes);
    VEC_PUSH(a, &routes) = (struct web_route){0};
    return routes.v;
}
