// Clair v4's matcher: vulnerability_report and update_operation.
#include "base/clock.h"
#include "base/json.h"
#include "http/negotiate.h"
#include "match/matcher.h"
#include "output/output.h"
#include "service/api.h"
#include "service/matching.h"

// ---- vulnerability_report -------------------------------------------------------------------------------------------

// Clair sends no tag here. This one is made of all that the report is made of; without the mark, of all but the image's
// inventory.
static struct slice report_tag(const struct config *config, const struct view *view, const struct digest *digest,
                               const struct image_mark *mark, struct arena *a)
{
    struct buf parts BUF_AUTO = {0};
    buf_addf(&parts, "%s %.*s %s %s %.*s", digest->text, SLICE_ARG(view->generation.id), view->vex.text,
             CLARION_VERSION, SLICE_ARG(view->missing));
    matching_write(config, &parts);
    if (mark != NULL)
        buf_addf(&parts, " %lld %lld %s", (long long)mark->id, (long long)mark->indexed, mark->state.text);
    struct digest tag = digest_of(buf_slice(&parts));
    return arena_printf(a, "\"%.32s\"", digest_hex(&tag));
}

static bool write_report(struct service *service, struct view *view, struct stored_image *image,
                         const struct web_request *request, struct web_response *response, struct error *err)
{
    struct report report;
    if (!matching_report(service, view, image, request, &report, err))
        return false;
    const struct output_options shape = {0};
    output_named(SLICE("clair"))->report(&report, &shape, &response->body);
    api_trim_newline(&response->body);
    return true;
}

// What the store says of the image: its mark, when it was read for what is in force now already and its report is most
// likely kept, else all of it, so that the store is asked once either way. *image is NULL when it was not read.
static bool look(struct service *service, struct view *view, const struct digest *digest,
                 const struct web_request *request, struct image_mark *mark, struct stored_image **image,
                 struct error *err)
{
    struct buf kept BUF_AUTO = {0};
    struct slice all_but_mark = report_tag(service->config, view, digest, NULL, request->arena);
    bool found = false;
    *image = NULL;
    if (cache_get(service->reports, all_but_mark, &kept)) {
        if (!store_image_mark(&view->store, digest, mark, &found, err))
            return false;
        if (found)
            return true;
    }
    *image = matching_image(view, digest, request, err);
    if (*image == NULL)
        return false;
    *mark = (*image)->mark;
    cache_put(service->reports, all_but_mark, SLICE("known"));
    return true;
}

// The answer 200: as it was kept, or made now. Then the tag is that of the image which is read now.
static bool give_report(struct service *service, struct view *view, const struct digest *digest,
                        struct stored_image *image, struct slice *tag, const struct web_request *request,
                        struct web_response *response, struct error *err)
{
    bool cached = cache_get(service->reports, *tag, &response->body);
    metrics_report_cached(service->metrics, cached);
    if (cached)
        return true;
    if ((image == NULL && (image = matching_image(view, digest, request, err)) == NULL) ||
        !write_report(service, view, image, request, response, err))
        return false;
    *tag = report_tag(service->config, view, digest, &image->mark, request->arena);
    cache_put(service->reports, *tag, buf_slice(&response->body));
    return true;
}

static void answer_report(struct service *service, struct view *view, const struct digest *digest,
                          const struct web_request *request, struct web_response *response)
{
    struct image_mark mark;
    struct stored_image *image;
    struct slice tag = {0};
    struct error err;
    if (view->generation.id.n == 0) {
        response->status = 202; // no vulnerability data yet
        return;
    }
    bool ok = look(service, view, digest, request, &mark, &image, &err);
    if (ok) {
        tag = report_tag(service->config, view, digest, &mark, request->arena);
        response->status = web_matches(request, tag) ? 304 : 200;
        ok = response->status == 304 || give_report(service, view, digest, image, &tag, request, response, &err);
    }
    if (!ok) {
        if (err.code == ERR_NOT_FOUND)
            web_error(request, response, 404, "%s", err.text);
        else
            api_fail(request, response, &err);
        return;
    }
    response->type = response->status == 200 ? API_TYPE_INDEX_REPORT : NULL; // sic, the index report's type
    web_add(request, response, "Etag", tag);
    // What a feed is missing from now may be whole in a moment.
    int64_t age = view->missing.n == 0 ? service->config->matcher_cache_age / 1000000000 : 0;
    web_add(request, response, "Cache-Control", arena_printf(request->arena, "max-age=%lld", (long long)age));
}

static void get_vulnerability_report(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    struct digest digest;
    if (!api_path_digest(request, &digest, response))
        return;
    struct view *view = api_view(service, request, response);
    if (view != NULL)
        answer_report(service, view, &digest, request, response);
    views_give(service->views, view);
}

// ---- update_operation -----------------------------------------------------------------------------------------------

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
        // Clair knows two kinds of updaters: those whose records packages are judged by, and those that add to them.
        if (matchers_read(operations[i].feed) == enrichment)
            continue;
        newest = newest.n == 0 ? operations[i].ref : newest;
        add_operation(doc, root, &operations[i], latest, request->arena);
    }
    response->status = 200;
    if (newest.n != 0 && web_matches(request, api_quoted(request, newest))) {
        response->status = 304;
        return;
    }
    if (newest.n != 0)
        web_add(request, response, "Etag", api_quoted(request, newest));
    response->type = API_TYPE_PLAIN;
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
    struct view *view = api_view(service, request, response);
    if (view == NULL)
        return;
    struct kept_update *operations;
    size_t n;
    struct error err;
    if (store_updates(&view->store, request->arena, &operations, &n, &err))
        write_operations(operations, n, enrichment, latest, request, response);
    else
        api_fail(request, response, &err);
    views_give(service->views, view);
}

// ---- the routes -----------------------------------------------------------------------------------------------------

const struct web_route api_matcher_routes[] = {
    {.path = "/matcher/api/v1/vulnerability_report/",
     .methods = {{"GET", get_vulnerability_report, WEB_FAST}},
     .disallowed = "endpoint only allows GET"},
    {.path = "/matcher/api/v1/internal/update_operation",
     .methods = {{"GET", get_update_operation, WEB_FAST}},
     .disallowed = API_DISALLOWED},
    {0},
};
