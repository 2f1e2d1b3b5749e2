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

static bool take_after(const struct web_request *request, struct holders_key *after, struct web_response *response)
{
    struct slice text = web_parameter(request, "after");
    struct error err;
    if (text.n == 0 || holders_key_parse(text, after, &err))
        return true;
    web_error(request, response, 400, "after must be what `next` of the page before says: %s", err.text);
    return false;
}

static void answer(struct service *service, struct view *view, struct slice asked, const struct web_request *request,
                   struct web_response *response)
{
    struct where_list list WHERE_LIST_AUTO = {0};
    struct error err;
    struct where_answer *where;
    uint64_t most;
    const struct where_question question = {.asked = asked,
                                            .store = &view->store,
                                            .generation = &view->generation,
                                            .segments = view->segments,
                                            .now = clock_now(),
                                            .triage = &view->triage,
                                            .restrict_report = leave_out,
                                            .context = service->config};
    if (!api_page_size(service, request, &most, response) || !take_after(request, &list.next, response))
        return;
    if ((where = where_ask(&question, request->arena, &err)) == NULL || !where_list_add(&list, where, most, &err)) {
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
