// Clair v4's notifier: the pages of a notification, and being done with it.
#include "http/negotiate.h"
#include "notify/documents.h"
#include "notify/items.h"
#include "service/api.h"

#define PAGE_SIZE 500 // Clair's own default
#define PAGE_MOST 10000

// The id at the end of the path. False: then a 400 is the answer.
static bool path_id(const struct web_request *request, struct slice *id, struct web_response *response)
{
    struct error err;
    if (api_uuid(request->rest, request->arena, id, &err))
        return true;
    web_error(request, response, 400, "could not parse notification id: %s", err.text);
    return false;
}

// A whole number as Go's strconv.ParseInt takes it.
static bool take_number(struct slice text, int64_t *number)
{
    bool minus = slice_starts(text, SLICE("-"));
    uint64_t value;
    if (!slice_to_u64(slice_from(text, minus || slice_starts(text, SLICE("+"))), &value) || value > INT64_MAX)
        return false;
    *number = minus ? -(int64_t)value : (int64_t)value;
    return true;
}

struct page {
    struct slice id, next; // empty: from the first
    int64_t size;
};

static bool read_page(const struct web_request *request, struct page *page, struct web_response *response)
{
    struct slice next = web_parameter(request, "next"), size = web_parameter(request, "page_size");
    struct error err;
    if (!path_id(request, &page->id, response))
        return false;
    if (size.n != 0 && !take_number(size, &page->size)) {
        web_error(request, response, 400, "could not parse \"page_size\" query param into integer");
        return false;
    }
    if (next.n != 0 && !api_uuid(next, request->arena, &page->next, &err)) {
        web_error(request, response, 400, "could not parse \"next\" query param into integer"); // sic
        return false;
    }
    if (page->size < 0) {
        web_error(request, response, 500,
                  "failed to retrieve notifications: notification associated with id %.*s is malformed: bad page size: "
                  "%lld",
                  SLICE_ARG(page->id), (long long)page->size);
        return false;
    }
    page->size = page->size == 0 ? PAGE_SIZE : page->size > PAGE_MOST ? PAGE_MOST : page->size;
    return true;
}

// One item more than the page has tells whether another page follows.
static bool write_page(struct store *s, const struct page *page, struct arena *a, struct buf *out, struct error *err)
{
    struct stored_notification n;
    struct notice_item *items = NULL;
    size_t items_n = 0, size = (size_t)page->size;
    bool found;
    if (!store_notification_get(s, page->id, a, &n, &found, err))
        return false;
    struct stored_items source = {s, &n};
    struct notice_items reader = notice_items_of(&source);
    if (found && !reader.read(reader.context, page->next, size + 1, a, &items, &items_n, err))
        return false;
    bool more = items_n > size;
    buf_addf(out, "{\"page\":{\"size\":%zu", size);
    if (more)
        buf_addf(out, ",\"next\":\"%.*s\"", SLICE_ARG(items[size - 1].id));
    buf_adds(out, "},\"notifications\":[");
    for (size_t i = 0; i < items_n && i < size; i++) {
        buf_adds(out, i != 0 ? "," : "");
        document_item(&items[i], out);
    }
    buf_adds(out, "]}");
    return true;
}

static void get_notification(void *context, const struct web_request *request, struct web_response *response)
{
    static const char *const types[] = {"application/vnd.clair.notification_page.v1+json", "application/json", NULL};
    struct service *service = context;
    struct page page = {0};
    struct error err;
    const char *type = web_accept(request, types, response);
    if (type == NULL || !read_page(request, &page, response))
        return;
    struct view *view = api_view(service, request, response);
    if (view == NULL)
        return;
    if (write_page(&view->store, &page, request->arena, &response->body, &err)) {
        response->status = 200;
        response->type = type;
    } else {
        response->body.n = 0;
        api_fail(request, response, &err);
    }
    views_give(service->views, view);
}

static void delete_notification(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    struct slice id;
    struct error err;
    bool found;
    if (!path_id(request, &id, response))
        return;
    struct view *view = api_view(service, request, response);
    if (view == NULL)
        return;
    response->status = 200;
    if (!store_notification_delete(&view->store, id, &found, &err))
        api_fail(request, response, &err);
    else if (!found)
        web_error(request, response, 500, "could not delete notification: no receipt exists for notification id %.*s",
                  SLICE_ARG(id));
    views_give(service->views, view);
}

const struct web_route api_notifier_routes[] = {
    {.path = "/notifier/api/v1/notification/",
     .methods = {{"GET", get_notification, WEB_FAST}, {"DELETE", delete_notification, WEB_SLOW}},
     .disallowed = "endpoint only allows GET or DELETE"},
    {0},
};
