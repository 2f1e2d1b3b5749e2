#include "http/exchange.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "http/negotiate.h"

#include <arpa/inet.h>
#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

// ---- what came ------------------------------------------------------------------------------------------------------

struct wanted_header {
    struct slice name;
    size_t skip;
    struct slice value;
};

static enum MHD_Result find_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct wanted_header *wanted = context;
    (void)kind;
    if (!slice_eq_nocase(slice_str(name), wanted->name))
        return MHD_YES;
    if (wanted->skip != 0) {
        wanted->skip--;
        return MHD_YES;
    }
    wanted->value = slice_str(value != NULL ? value : "");
    return MHD_NO;
}

struct slice web_header(const struct web_request *request, const char *name, size_t n)
{
    struct wanted_header wanted = {slice_str(name), n, {0}};
    struct MHD_Connection *connection = (struct MHD_Connection *)(uintptr_t)request->connection; // only looked at
    MHD_get_connection_values(connection, MHD_HEADER_KIND, find_header, &wanted);
    return wanted.value;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

struct slice web_decode(struct arena *a, struct slice s, bool query)
{
    char *out = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%') {
            int high = i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
            int low = i + 2 < s.n ? hex_digit(s.p[i + 2]) : -1;
            if (high < 0 || low < 0)
                return (struct slice){0};
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && query) {
            c = ' ';
        }
        if ((unsigned char)c < 0x20 || c == 0x7f)
            return (struct slice){0};
        out[n++] = c;
    }
    return slice_of(out, n);
}

struct slice web_parameter(const struct web_request *request, const char *name)
{
    struct slice rest = request->query, part, key, value;
    while (rest.n != 0) {
        slice_cut(rest, '&', &part, &rest);
        slice_cut(part, '=', &key, &value);
        if (slice_eq(web_decode(request->arena, key, true), slice_str(name)))
            return web_decode(request->arena, value, true);
    }
    return (struct slice){0};
}

const char *const web_methods[WEB_METHODS] = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "_OTHER"};

size_t web_method_of(struct slice method)
{
    size_t i = 0;
    while (i + 1 < WEB_METHODS && !slice_eq(method, slice_str(web_methods[i])))
        i++;
    return i;
}

// ---- what goes out --------------------------------------------------------------------------------------------------

void web_add(const struct web_request *request, struct web_response *response, const char *name, struct slice value)
{
    struct web_field *field = &VEC_PUSH(request->arena, &response->fields);
    field->name = name;
    field->value = arena_dup(request->arena, value); // terminated
}

static const char *code_of(unsigned status)
{
    static const struct {
        unsigned status;
        const char *code;
    } codes[] = {{400, "bad-request"},       {401, "unauthorized"},       {403, "forbidden"},
                 {404, "not-found"},         {405, "method-not-allowed"}, {413, "request-too-large"},
                 {429, "too-many-requests"}, {431, "request-too-large"},  {503, "unavailable"}};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].status == status)
            return codes[i].code;
    return "internal-error";
}

void web_error(const struct web_request *request, struct web_response *response, unsigned status, const char *format,
               ...)
{
    struct error message;
    char text[ERROR_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    error_set(&message, ERR_FORMAT, "%s", text); // makes it printable
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    json_add_str(doc, root, "code", slice_str(code_of(status)));
    json_add_str(doc, root, "message", slice_str(message.text));
    response->status = status;
    response->type = "application/json";
    response->body.n = 0;
    json_write(doc, false, &response->body);
    web_add(request, response, "X-Content-Type-Options", SLICE("nosniff"));
}

// ---- an exchange ----------------------------------------------------------------------------------------------------

static void new_id(char id[static 17])
{
    uint64_t chance = 0;
    double now = clock_monotonic();
    if (RAND_bytes((unsigned char *)&chance, sizeof chance) != 1)
        chance = slice_hash(slice_of((const char *)&now, sizeof now)); // an id is no secret
    snprintf(id, 17, "%016llx", (unsigned long long)chance);
}

struct exchange *exchange_new(struct web_server *server, struct MHD_Connection *connection, struct slice target)
{
    struct exchange *e = must_alloc(sizeof *e);
    *e = (struct exchange){.server = server, .connection = connection, .start = clock_monotonic()};
    e->target = arena_dup(&e->arena, target);
    e->request = (struct web_request){.id = e->id, .client = e->client, .arena = &e->arena, .connection = connection};
    new_id(e->id);
    return e;
}

void exchange_free(struct exchange *e)
{
    if (e->body.p != NULL)
        explicit_bzero(e->body.p, e->body.n); // of a manifest: with the headers that fetch its layers
    buf_free(&e->body);
    buf_free(&e->response.body);
    web_stream_end(&e->response.stream);
    arena_free(&e->arena);
    free(e);
}

// An id that came with the request is taken when it cannot be mistaken for anything else in a log.
static void take_id(struct exchange *e)
{
    struct slice id = web_header(&e->request, "X-Request-Id", 0);
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
              c == '.'))
            return;
    }
    if (id.n == 0 || id.n >= sizeof e->id)
        return;
    memcpy(e->id, id.p, id.n);
    e->id[id.n] = '\0';
}

static void take_client(struct exchange *e)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(e->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info != NULL ? info->client_addr : NULL;
    const void *bytes = NULL;
    if (address != NULL && address->sa_family == AF_INET)
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    else if (address != NULL && address->sa_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (bytes == NULL || inet_ntop(address->sa_family, bytes, e->client, sizeof e->client) == NULL)
        snprintf(e->client, sizeof e->client, "-");
}

static enum MHD_Result add_size(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    *(size_t *)context += strlen(name) + (value != NULL ? strlen(value) : 0) + 4; // ": " and the line's end
    return MHD_YES;
}

static void not_found(struct exchange *e)
{
    e->response.status = 404;
    e->response.type = "text/plain; charset=utf-8"; // Clair's, and Go's, own words
    buf_adds(&e->response.body, "404 page not found\n");
    web_add(&e->request, &e->response, "X-Content-Type-Options", SLICE("nosniff"));
}

static void redirect(struct exchange *e)
{
    struct slice place = arena_printf(&e->arena, "%s%s%.*s", e->route->path, e->request.query.n != 0 ? "?" : "",
                                      SLICE_ARG(e->request.query));
    e->response.status = 307;
    web_add(&e->request, &e->response, "Location", place);
    if (!slice_eq(e->request.method, SLICE("GET")) && !slice_eq(e->request.method, SLICE("HEAD")))
        return;
    e->response.type = "text/html; charset=utf-8";
    buf_addf(&e->response.body, "<a href=\"%s\">Temporary Redirect</a>.\n\n", e->route->path);
}

static void disallow(struct exchange *e)
{
    struct buf list BUF_AUTO = {0};
    for (size_t i = 0; i < 3 && e->route->methods[i].name != NULL; i++)
        buf_addf(&list, "%s%s", i != 0 ? ", " : "", e->route->methods[i].name);
    struct slice method = arena_dup(&e->arena, e->request.method);
    if (e->route->disallowed == NULL)
        e->response = (struct web_response){.status = 405, .type = "text/plain; charset=utf-8"};
    else if (strstr(e->route->disallowed, "%s") == NULL)
        web_error(&e->request, &e->response, 405, "%s", e->route->disallowed);
    else
        web_error(&e->request, &e->response, 405, "method disallowed: %s", method.p);
    web_add(&e->request, &e->response, "Allow", buf_slice(&list));
}

// Finds the route; `rest` of the request is set with one for all below. True when the path is that of such a route
// without its last slash.
static bool find_route(struct exchange *e, const struct web_route *routes)
{
    struct slice path = e->request.path;
    for (const struct web_route *r = routes; r->path != NULL; r++) {
        struct slice whole = slice_str(r->path);
        bool below = whole.n > 1 && whole.p[whole.n - 1] == '/';
        e->route = r;
        if (slice_eq(path, whole) || (below && slice_starts(path, whole))) {
            e->request.rest = slice_from(path, whole.n);
            return false;
        }
        if (below && !r->no_redirect && slice_eq(path, slice_of(whole.p, whole.n - 1)))
            return true;
    }
    e->route = NULL;
    return false;
}

static bool authorised(struct exchange *e, const struct web_options *options)
{
    struct error err;
    struct slice header = web_header(&e->request, "Authorization", 0);
    web_admit *admit = e->route != NULL ? e->route->admit : NULL;
    enum web_admission admission = admit != NULL ? admit(options->context, &e->request, &e->response) : WEB_BY_TOKENS;
    if (admission != WEB_BY_TOKENS)
        return admission == WEB_ADMIT;
    if (options->key == NULL || (e->route != NULL && e->route->open) ||
        token_check(options->key, header, clock_now(), &err))
        return true;
    log_info("refused: %s", header.p != NULL ? err.text : "there is no bearer token");
    e->response.status = 401;
    return false;
}

// ---- its span -------------------------------------------------------------------------------------------------------

// Names and attributes are those of OpenTelemetry's semantic conventions, http/http-spans. Two traceparent headers are
// as good as none (Trace Context, 3.2).
static void begin_span(struct exchange *e, const struct web_options *options)
{
    struct slice parent = web_header(&e->request, "traceparent", 0);
    if (options->tracer == NULL)
        return;
    if (web_header(&e->request, "traceparent", 1).p != NULL)
        parent = SLICE("");
    e->request.span =
        span_remote(options->tracer, "HTTP", slice_trim(parent), web_header(&e->request, "tracestate", 0));
    size_t method = web_method_of(e->request.method);
    span_text(e->request.span, "http.request.method", slice_str(web_methods[method]));
    if (method + 1 == WEB_METHODS)
        span_text(e->request.span, "http.request.method_original", e->request.method);
    span_text(e->request.span, "url.scheme", options->tls != NULL ? SLICE("https") : SLICE("http"));
    span_text(e->request.span, "client.address", slice_str(e->client));
    span_text(e->request.span, "clarion.request.id", slice_str(e->id));
}

void exchange_end_span(struct exchange *e, bool whole)
{
    struct span *s = e->request.span;
    if (s == NULL)
        return;
    size_t method = web_method_of(e->request.method);
    const char *how = method + 1 < WEB_METHODS ? web_methods[method] : "HTTP";
    span_name(s, e->route != NULL ? arena_printf(&e->arena, "%s %s", how, e->route->path) : slice_str(how));
    if (e->route != NULL)
        span_text(s, "http.route", slice_str(e->route->path));
    span_text(s, "url.path", e->request.path);
    if (e->response.status != 0)
        span_number(s, "http.response.status_code", e->response.status);
    if (!whole)
        span_fail(s, SLICE("cut off"));
    else if (e->response.status >= 500) // of the client's own errors a server's span is none
        span_fail(s, SLICE(""));
    span_end(&e->request.span);
}

void exchange_log(const struct exchange *e)
{
    log_request(e != NULL ? e->id : NULL);
    span_log(e != NULL ? e->request.span : NULL);
}

// ---- its course -----------------------------------------------------------------------------------------------------

// RFC 9112, 3.2.2: a request target may name its origin, and whatever it names is this server.
static struct slice without_origin(struct slice target)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        struct slice scheme = slice_str(schemes[i]);
        if (target.n <= scheme.n || !slice_eq_nocase(slice_of(target.p, scheme.n), scheme))
            continue;
        ptrdiff_t path = slice_find(slice_from(target, scheme.n), '/');
        return path > 0 ? slice_from(target, scheme.n + (size_t)path) : target;
    }
    return target;
}

void exchange_begin(struct exchange *e, const struct web_options *options, struct slice method)
{
    size_t head = e->target.n;
    e->state = EXCHANGE_BODY;
    e->request.method = arena_dup(&e->arena, method);
    take_id(e);
    take_client(e);
    begin_span(e, options);
    exchange_log(e);
    MHD_get_connection_values(e->connection, MHD_HEADER_KIND, add_size, &head);
    slice_cut(without_origin(e->target), '?', &e->request.raw_path, &e->request.query);
    e->request.path = web_decode(&e->arena, e->request.raw_path, false);
    bool redirects = e->request.path.p != NULL && find_route(e, options->routes);
    if (head > options->limits->request_head_bytes) {
        web_error(&e->request, &e->response, 431,
                  "the request's head is longer than the limit request_head_bytes (%llu)",
                  (unsigned long long)options->limits->request_head_bytes);
        e->close = true;
    } else if (!authorised(e, options)) {
        return;
    } else if (e->request.path.p == NULL) {
        web_error(&e->request, &e->response, 400, "malformed path");
    } else if (e->route == NULL) {
        not_found(e);
    } else if (web_decode(&e->arena, e->request.query, true).p == NULL) {
        // A parameter that cannot be read would else count as one that was not given.
        web_error(&e->request, &e->response, 400, "malformed query");
    } else if (redirects) {
        redirect(e);
    } else {
        for (size_t i = 0; i < 3 && e->route->methods[i].name != NULL; i++)
            if (slice_eq(method, slice_str(e->route->methods[i].name)) || e->route->methods[i].name[0] == '*')
                e->method = &e->route->methods[i];
        if (e->method == NULL)
            disallow(e);
    }
}

void exchange_finish(struct exchange *e)
{
    web_encode(&e->request, &e->response);
    e->state = EXCHANGE_ANSWERED;
}

void exchange_work(struct exchange *e, const struct web_options *options)
{
    exchange_log(e);
    e->request.body = buf_slice(&e->body);
    e->method->handle(options->context, &e->request, &e->response);
    exchange_finish(e);
    exchange_log(NULL);
}
