// Figures over all indexed images, /api/v1/summary, and over those of each repository, /api/v1/repositories. They are
// of the kept summaries (store/summaries.h): no image is judged here.
#include "base/clock.h"
#include "service/api.h"

#define DAY (24 * 3600)

// ---- one image ------------------------------------------------------------------------------------------------------

static void add_severities(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const uint64_t *counts)
{
    yyjson_mut_val *severities = json_add_obj(doc, object, key);
    for (int s = SUMMARY_SEVERITIES - 1; s >= 0; s--)
        yyjson_mut_obj_add_uint(doc, severities, severity_name((enum severity)s), counts[s]);
}

// `worst` as summary_class_worst has it.
static void add_worst(yyjson_mut_doc *doc, yyjson_mut_val *object, unsigned worst)
{
    if (worst == 0)
        yyjson_mut_obj_add_null(doc, object, "worst");
    else
        json_add_str(doc, object, "worst", slice_str(severity_name((enum severity)(worst - 1))));
}

// The day may come while the summary stays what it is.
static const char *distribution_now(const struct image_summary *summary, int64_t now)
{
    int64_t last_day;
    bool over = clock_parse(summary->end_of_life, &last_day) && last_day + DAY <= now;
    return !summary->recognised ? "unknown" : over ? "end-of-life" : "recognised";
}

void api_add_summary(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct summarised_image *image)
{
    const struct image_summary *summary = &image->summary;
    uint64_t findings = 0;
    if (image->class == SUMMARY_UNJUDGED) {
        yyjson_mut_obj_add_null(doc, object, "summary");
        return;
    }
    for (size_t i = 0; i < SUMMARY_SEVERITIES; i++)
        findings += summary->severities[i];
    yyjson_mut_val *o = json_add_obj(doc, object, "summary");
    add_worst(doc, o, summary_class_worst(image->class));
    add_severities(doc, o, "severities", summary->severities);
    yyjson_mut_obj_add_uint(doc, o, "findings", findings);
    yyjson_mut_obj_add_uint(doc, o, "fixable", summary->fixable);
    yyjson_mut_obj_add_uint(doc, o, "exploited", summary->exploited);
    yyjson_mut_obj_add_bool(doc, o, "outdated", image->due);
    yyjson_mut_val *coverage = json_add_obj(doc, o, "coverage");
    json_add_str(doc, coverage, "distribution", slice_str(distribution_now(summary, clock_now())));
    yyjson_mut_obj_add_uint(doc, coverage, "judged", summary->judged);
    yyjson_mut_obj_add_uint(doc, coverage, "unjudged", summary->unjudged);
    yyjson_mut_obj_add_uint(doc, coverage, "undetermined", summary->undetermined);
}

// Images by the worst that was found in them, with "None" for those in which nothing was.
static void add_images_by_worst(yyjson_mut_doc *doc, yyjson_mut_val *object, const uint64_t *worst)
{
    yyjson_mut_val *by = json_add_obj(doc, object, "worst");
    for (int s = SUMMARY_SEVERITIES; s > 0; s--)
        yyjson_mut_obj_add_uint(doc, by, severity_name((enum severity)(s - 1)), worst[s]);
    yyjson_mut_obj_add_uint(doc, by, "None", worst[0]);
}

// ---- all images -----------------------------------------------------------------------------------------------------

static void write_overview(const struct view *view, const struct summary_overview *o, struct buf *out)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    json_add_str(doc, root, "generation", view->generation.id);
    yyjson_mut_obj_add_uint(doc, root, "images", o->images);
    yyjson_mut_obj_add_uint(doc, root, "not_judged", o->unjudged);
    add_images_by_worst(doc, root, o->worst);
    yyjson_mut_obj_add_uint(doc, root, "fixable", o->fixable);
    yyjson_mut_obj_add_uint(doc, root, "exploited", o->exploited);
    yyjson_mut_obj_add_uint(doc, root, "incomplete", o->gaps);
    yyjson_mut_obj_add_uint(doc, root, "due", o->due);
    yyjson_mut_val *day = json_add_obj(doc, root, "last_day");
    yyjson_mut_obj_add_uint(doc, day, "notifications", o->notifications);
    yyjson_mut_obj_add_uint(doc, day, "items", o->told);
    json_write(doc, false, out);
}

static void get_summary(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    struct summary_overview overview;
    struct error err;
    struct view *view = api_view(service, request, response);
    if (view == NULL)
        return;
    response->status = 200;
    response->type = "application/json";
    if (store_summary_overview(&view->store, clock_now() - DAY, &overview, &err))
        write_overview(view, &overview, &response->body);
    else
        api_fail(request, response, &err);
    views_give(service->views, view);
}

// ---- repositories ---------------------------------------------------------------------------------------------------

static void add_repository(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct summary_repository *r)
{
    yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, o, "name", r->name);
    yyjson_mut_obj_add_uint(doc, o, "images", r->images);
    yyjson_mut_obj_add_uint(doc, o, "not_judged", r->unjudged);
    add_images_by_worst(doc, o, r->worst);
}

static bool write_repositories(struct store *store, const struct web_request *request, uint64_t most, struct buf *out,
                               struct error *err)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    struct summary_repository *repositories;
    size_t n;
    if (!store_summary_repositories(store, web_parameter(request, "q"), web_parameter(request, "after"), most,
                                    request->arena, &repositories, &n, err))
        return false;
    yyjson_mut_val *list = json_add_arr(doc, root, "repositories");
    for (size_t i = 0; i < n; i++)
        add_repository(doc, list, &repositories[i]);
    if (n == most)
        json_add_str(doc, root, "next", repositories[n - 1].name);
    else
        yyjson_mut_obj_add_null(doc, root, "next");
    json_write(doc, false, out);
    return true;
}

static void get_repositories(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    uint64_t most;
    struct error err;
    if (!api_page_size(service, request, &most, response))
        return;
    struct view *view = api_view(service, request, response);
    if (view == NULL)
        return;
    response->status = 200;
    response->type = "application/json";
    if (!write_repositories(&view->store, request, most, &response->body, &err))
        api_fail(request, response, &err);
    views_give(service->views, view);
}

const struct web_route api_summary_routes[] = {
    {.path = "/api/v1/summary", .methods = {{"GET", get_summary, WEB_FAST}}, .disallowed = API_DISALLOWED},
    {.path = "/api/v1/repositories", .methods = {{"GET", get_repositories, WEB_FAST}}, .disallowed = API_DISALLOWED},
    {0},
};
