// Clarion's own: which images have a vulnerability, or hold a package.
#include "base/clock.h"
#include "notify/where_list.h"
#include "service/api.h"
#include "service/matching.h"

#define IMAGES "/images"

static void leave_out(const void *config, struct report *report)
{
    matching_restrict(config, report);
}

static void answer(struct service *service, struct view *view, struct slice asked, const struct web_request *request,
                   struct web_response *response)
{
    struct where_list list WHERE_LIST_AUTO = {.most = service->config->limits.affected_images};
    struct error err;
    bool known;
    const struct where_question question = {.asked = asked,
                                            .store = &view->store,
                                            .generation = &view->generation,
                                            .segments = view->segments,
                                            .now = clock_now(),
                                            .triage = &view->triage,
                                            .restrict_report = leave_out,
                                            .context = service->config};
    if (!where_list_fill(&list, &question, &known, &err)) {
        api_fail(request, response, &err);
        return;
    }
    response->status = 200;
    response->type = "application/json";
    where_list_write(&list, asked, false, &response->body);
}

static void get_images(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    struct slice id = request->rest;
    if (!slice_ends(id, SLICE(IMAGES)) || id.n == sizeof IMAGES - 1) {
        web_error(request, response, 404, "there is no such path: /api/v1/vulnerabilities/ID/images is meant");
        return;
    }
    struct view *view = api_view(service, request, response);
    if (view == NULL)
        return;
    answer(service, view, slice_of(id.p, id.n - (sizeof IMAGES - 1)), request, response);
    views_give(service->views, view);
}

const struct web_route api_search_routes[] = {
    {.path = "/api/v1/vulnerabilities/",
     .methods = {{"GET", get_images, WEB_SLOW}},
     .disallowed = "endpoint only allows GET"},
    {0},
};
