// Events of registries: /api/v1/events/registry takes them, /api/v1/events tells what became of them.
#include "base/json.h"
#include "base/log.h"
#include "image/credentials.h"
#include "service/api.h"
#include "store/event_queue.h"

#include <openssl/crypto.h>

// ---- who may tell ---------------------------------------------------------------------------------------------------

// In a time that says nothing about where they differ, nor how long the token is.
static bool same_secret(struct slice given, const struct secret *token)
{
    struct digest a = digest_of(given), b = digest_of(secret_reveal(token));
    return CRYPTO_memcmp(a.text, b.text, strlen(a.text)) == 0;
}

// "Bearer TOKEN"; or, for senders that take a user and a password in a URL but no headers, "Basic" with it as the
// password.
static bool has_token(const struct web_request *request, const struct secret *token)
{
    struct slice header = web_header(request, "Authorization", 0), scheme, rest;
    slice_cut(header, ' ', &scheme, &rest);
    if (slice_eq_nocase(scheme, SLICE("Bearer")))
        return same_secret(slice_trim(rest), token);
    struct secret *password SECRET_AUTO = login_password(header);
    return password != NULL && same_secret(secret_reveal(password), token);
}

static enum web_admission admit(void *context, const struct web_request *request, struct web_response *response)
{
    const struct service *service = context;
    const struct config *config = service->config;
    if (!slice_eq(request->method, SLICE("POST")))
        return WEB_BY_TOKENS;
    if (config->events_token != NULL && has_token(request, config->events_token))
        return WEB_ADMIT;
    if (config->events_token != NULL) {
        web_error(request, response, 401, "the token of events.token is missing or wrong");
        web_add(request, response, "WWW-Authenticate", SLICE("Bearer"));
        return WEB_REFUSE;
    }
    if (config->psk_key != NULL || service->loopback)
        return WEB_BY_TOKENS;
    web_error(request, response, 403,
              "events are not taken from a network without a token: add to the configuration: "
              "events: {token: \"a long secret\"}");
    return WEB_REFUSE;
}

// ---- taking ---------------------------------------------------------------------------------------------------------

static void refuse(struct web_response *response, const struct web_request *request, const struct error *err)
{
    switch (err->code) {
    case ERR_REFUSED:
        log_warn("%s", err->text);
        web_error(request, response, 403, "%s", err->text);
        break;
    case ERR_LIMIT:
        web_error(request, response, 429, "%s", err->text);
        web_add(request, response, "Retry-After", SLICE("60"));
        break;
    case ERR_FORMAT:
    case ERR_UNSUPPORTED: // digests of other algorithms
        web_error(request, response, 400, "%s", err->text);
        break;
    default:
        api_fail(request, response, err);
        break;
    }
}

static void answer_taken(const struct event_delivery *delivery, size_t queued, struct web_response *response)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    yyjson_mut_obj_add_uint(doc, root, "queued", queued);
    yyjson_mut_obj_add_uint(doc, root, "known", delivery->names.n - queued);
    yyjson_mut_obj_add_uint(doc, root, "ignored", delivery->ignored);
    response->status = 200;
    response->type = "application/json";
    json_write(doc, false, &response->body);
}

static void post_event(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    struct event_delivery delivery;
    struct error err;
    size_t queued;
    if (!event_delivery_parse(request->body, &service->config->limits, request->arena, &delivery, &err)) {
        // The delivery itself is too large: to send it again is of no use.
        web_error(request, response, err.code == ERR_LIMIT ? 413 : 400, "%s", err.text);
        return;
    }
    struct view *view = api_view(service, request, response);
    if (view == NULL)
        return;
    if (events_take(service->events, &view->store, &delivery, request->arena, &queued, &err))
        answer_taken(&delivery, queued, response);
    else
        refuse(response, request, &err);
    views_give(service->views, view);
}

// ---- telling --------------------------------------------------------------------------------------------------------

static const char *const states[] = {"waiting", "failed", "noted", "done"};
#define STATES (sizeof states / sizeof states[0])

static void add_event(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct queued_event *e)
{
    yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, list);
    bool waits = slice_eq(e->state, SLICE("waiting"));
    yyjson_mut_obj_add_sint(doc, o, "id", e->id);
    json_add_str(doc, o, "state", e->state);
    json_add_str(doc, o, "form", e->form);
    json_add_str(doc, o, "repository", e->repository);
    json_add_str(doc, o, "tag", e->tag);
    json_add_str(doc, o, "manifest", digest_slice(&e->manifest));
    api_add_time(doc, o, "pushed", e->pushed / 1000000);
    api_add_time(doc, o, "received", e->received);
    yyjson_mut_obj_add_uint(doc, o, "tries", e->tries);
    api_add_time(doc, o, "next_try", waits ? e->next : 0);
    json_add_str(doc, o, "reason", e->reason);
}

static bool add_counts(struct store *store, yyjson_mut_doc *doc, yyjson_mut_val *root, struct error *err)
{
    yyjson_mut_val *counts = json_add_obj(doc, root, "counts");
    for (size_t i = 0; i < STATES; i++) {
        uint64_t n;
        if (!store_event_count(store, states[i], &n, err))
            return false;
        yyjson_mut_obj_add_uint(doc, counts, states[i], n);
    }
    return true;
}

static bool write_events(struct store *store, struct slice state, int64_t before, uint64_t most, struct arena *a,
                         struct buf *out, struct error *err)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    struct queued_event *events;
    size_t n;
    if (!add_counts(store, doc, root, err) || !store_event_list(store, state, before, most, a, &events, &n, err))
        return false;
    yyjson_mut_val *list = json_add_arr(doc, root, "events");
    for (size_t i = 0; i < n; i++)
        add_event(doc, list, &events[i]);
    if (n == most && n != 0)
        json_add_str(doc, root, "next", arena_printf(a, "%lld", (long long)events[n - 1].id));
    else
        yyjson_mut_obj_add_null(doc, root, "next");
    json_write(doc, false, out);
    return true;
}

static void get_events(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    struct slice state = web_parameter(request, "state"), after = web_parameter(request, "after");
    struct error err;
    uint64_t most, before = 0;
    bool known = state.n == 0;
    for (size_t i = 0; i < STATES; i++)
        known = known || slice_eq(state, slice_str(states[i]));
    if (!known) {
        web_error(request, response, 400, "state must be waiting, failed, noted or done");
        return;
    }
    if (after.n != 0 && (!slice_to_u64(after, &before) || before > INT64_MAX)) {
        web_error(request, response, 400, "after must be what `next` of the page before says");
        return;
    }
    if (!api_page_size(service, request, &most, response))
        return;
    struct view *view = api_view(service, request, response);
    if (view == NULL)
        return;
    response->status = 200;
    response->type = "application/json";
    if (!write_events(&view->store, state, (int64_t)before, most, request->arena, &response->body, &err))
        api_fail(request, response, &err);
    views_give(service->views, view);
}

const struct web_route api_event_routes[] = {
    {.path = "/api/v1/events/registry",
     .methods = {{"POST", post_event, WEB_SLOW}},
     .disallowed = API_DISALLOWED,
     .admit = admit},
    {.path = "/api/v1/events", .methods = {{"GET", get_events, WEB_FAST}}, .disallowed = API_DISALLOWED},
    {0},
};
