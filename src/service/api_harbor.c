// Harbor's pluggable scanner API, versions 1.0 to 1.2, below /harbor: Harbor is given that as the scanner's URL.
//
// Source: goharbor/pluggable-scanner-spec, api/spec/scanner-adapter-openapi-v1.2.yaml. docs/harbor.md has what is
// mapped to what.
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "image/credentials.h"
#include "output/output.h"
#include "service/api.h"
#include "service/harbor.h"
#include "service/matching.h"

#include <openssl/crypto.h>

#define BASE            "/harbor/api/v1"
#define TYPE_ERROR      "application/vnd.scanner.adapter.error+json; version=1.0"
#define TYPE_METADATA   "application/vnd.scanner.adapter.metadata+json; version=1.1"
#define TYPE_METADATA_0 "application/vnd.scanner.adapter.metadata+json; version=1.0"
#define TYPE_RESPONSE   "application/vnd.scanner.adapter.scan.response+json; version=1.0"
#define TYPE_REPORT     "application/vnd.security.vulnerability.report; version=1.1"
#define TYPE_REPORT_0   "application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0"
#define TYPE_RAW        "application/vnd.scanner.adapter.vuln.report.raw"
#define TYPE_SBOM       "application/vnd.security.sbom.report+json; version=1.0"

#define REFRESH_SECONDS "2" // Harbor asks again after that long; it reads at most 127

// ---- errors ---------------------------------------------------------------------------------------------------------

// {"error":{"message":"…"}}: Harbor shows the message to who looks at the scan's log.
static void fail(const struct web_request *request, struct web_response *response, unsigned status,
                 const struct error *err)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    json_add_str(doc, json_add_obj(doc, root, "error"), "message", slice_str(err->text));
    response->status = status;
    response->type = TYPE_ERROR;
    response->body.n = 0;
    json_write(doc, false, &response->body);
    web_add(request, response, "X-Content-Type-Options", SLICE("nosniff"));
    if (status >= 500)
        log_error("harbor: %s", err->text);
    else
        log_info("harbor: %s", err->text);
}

static struct view *take_view(struct service *service, const struct web_request *request, struct web_response *response)
{
    struct error err;
    struct view *view = views_take(service->views, &err);
    if (view == NULL)
        fail(request, response, 500, &err);
    return view;
}

// ---- who may ask ----------------------------------------------------------------------------------------------------

// In a time that says nothing about where they differ, nor how long the key is.
static bool is_key(const struct secret *key, struct slice given)
{
    struct digest a = digest_of(secret_reveal(key)), b = digest_of(given);
    return CRYPTO_memcmp(a.text, b.text, digest_slice(&a).n) == 0; // both as long as a sha256 is
}

// The ways in which Harbor can be told to show a key: its own header, Bearer, and Basic, where the user does not count.
static bool has_key(const struct secret *key, const struct web_request *request)
{
    struct slice own = web_header(request, "X-ScannerAdapter-API-Key", 0);
    struct slice authorization = web_header(request, "Authorization", 0), scheme, token;
    if (own.p != NULL)
        return is_key(key, own);
    struct secret *password SECRET_AUTO = login_password(authorization);
    if (password != NULL)
        return is_key(key, secret_reveal(password));
    slice_cut(authorization, ' ', &scheme, &token);
    return slice_eq_nocase(scheme, SLICE("Bearer")) && is_key(key, slice_trim(token));
}

static enum web_admission admit(void *context, const struct web_request *request, struct web_response *response)
{
    const struct service *service = context;
    const struct secret *key = service->config->harbor_key;
    struct error err;
    if (key == NULL)
        return WEB_BY_TOKENS;
    if (has_key(key, request))
        return WEB_ADMIT;
    error_set(
        &err, ERR_REFUSED,
        "the key of harbor.api_key is wanted: in Harbor, edit the scanner's authorization (Basic, Bearer or APIKey)");
    fail(request, response, 401, &err);
    return WEB_REFUSE;
}

// ---- media types ----------------------------------------------------------------------------------------------------

// The value of a media type's parameter "version"; empty when it has none.
static struct slice version_of(struct slice parameters)
{
    while (parameters.n != 0) {
        struct slice parameter, name, value;
        slice_cut(parameters, ';', &parameter, &parameters);
        slice_cut(parameter, '=', &name, &value);
        value = slice_trim(value);
        if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
            value = slice_of(value.p + 1, value.n - 2);
        if (slice_eq_nocase(slice_trim(name), SLICE("version")))
            return value;
    }
    return SLICE("");
}

// These types have parameters that count: of two versions of one report only one is asked for.
static bool covers(struct slice range, const char *type)
{
    struct slice wanted, had, wanted_parameters, had_parameters;
    slice_cut(range, ';', &wanted, &wanted_parameters);
    slice_cut(slice_str(type), ';', &had, &had_parameters);
    wanted = slice_trim(wanted);
    if (slice_eq(wanted, SLICE("*/*")) || slice_eq(wanted, SLICE("application/*")))
        return true;
    struct slice version = version_of(wanted_parameters);
    return slice_eq_nocase(wanted, had) && (version.n == 0 || slice_eq(version, version_of(had_parameters)));
}

// The first of what the client lists that is in `types` (ends with NULL; the first of them when it lists nothing).
// NULL: none.
static const char *pick_type(const struct web_request *request, const char *const *types)
{
    struct slice list, item;
    bool any = false;
    for (size_t n = 0; (list = web_header(request, "Accept", n)).p != NULL; n++)
        while (list.n != 0) {
            slice_cut(list, ',', &item, &list);
            any = any || slice_trim(item).n != 0;
            for (size_t i = 0; types[i] != NULL; i++)
                if (covers(item, types[i]))
                    return types[i];
        }
    return any ? NULL : types[0];
}

// ---- metadata -------------------------------------------------------------------------------------------------------

static void add_types(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const char *const *types)
{
    yyjson_mut_val *list = json_add_arr(doc, object, key);
    for (size_t i = 0; types[i] != NULL; i++)
        json_arr_add_str(doc, list, slice_str(types[i]));
}

static const char *const report_types[] = {TYPE_REPORT, TYPE_REPORT_0, TYPE_RAW, NULL};
static const char *const bom_types[] = {TYPE_SBOM, NULL};

static void add_properties(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct generation *g, struct arena *a)
{
    char made[CLOCK_TEXT];
    struct buf failed BUF_AUTO = {0};
    yyjson_mut_val *object = json_add_obj(doc, root, "properties");
    json_add_str(doc, object, "harbor.scanner-adapter/scanner-type", SLICE("os-package-vulnerability"));
    json_add_str(doc, object, "harbor.scanner-adapter/registry-authorization-type", SLICE("Basic"));
    if (g->id.n != 0) { // none: Harbor shows no date
        clock_format(g->created, made);
        json_add_str(doc, object, "harbor.scanner-adapter/vulnerability-database-updated-at", slice_str(made));
    }
    for (size_t i = 0; i < g->feeds_n; i++)
        if (g->feeds[i].error.n != 0)
            buf_addf(&failed, "%s%.*s", failed.n != 0 ? " " : "", SLICE_ARG(g->feeds[i].feed));
    json_add_str(doc, object, "clarion/generation", g->id);
    json_add_str(doc, object, "clarion/feeds", arena_printf(a, "%zu", g->feeds_n));
    json_add_str(doc, object, "clarion/feeds-failed", buf_slice(&failed));
}

static yyjson_mut_val *add_capability(yyjson_mut_doc *doc, yyjson_mut_val *list, const char *type,
                                      const char *const *produced)
{
    static const char *const consumed[] = {HARBOR_TYPE_OCI, HARBOR_TYPE_DOCKER, NULL};
    yyjson_mut_val *capability = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, capability, "type", slice_str(type));
    add_types(doc, capability, "consumes_mime_types", consumed);
    add_types(doc, capability, "produces_mime_types", produced);
    return capability;
}

static void write_metadata(const struct generation *g, struct arena *a, struct buf *out)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    harbor_add_scanner(doc, root);
    yyjson_mut_val *list = json_add_arr(doc, root, "capabilities");
    add_capability(doc, list, "vulnerability", report_types);
    yyjson_mut_val *sbom = add_capability(doc, list, "sbom", bom_types);
    yyjson_mut_val *formats = json_add_arr(doc, json_add_obj(doc, sbom, "additional_attributes"), "sbom_media_types");
    for (size_t i = 0; harbor_boms[i].media_type != NULL; i++)
        json_arr_add_str(doc, formats, slice_str(harbor_boms[i].media_type));
    add_properties(doc, root, g, a);
    json_write(doc, false, out);
}

static void get_metadata(void *context, const struct web_request *request, struct web_response *response)
{
    static const char *const types[] = {TYPE_METADATA, TYPE_METADATA_0, NULL};
    struct service *service = context;
    const char *type = pick_type(request, types);
    struct view *view = take_view(service, request, response);
    if (view == NULL)
        return;
    response->status = 200;
    response->type = type != NULL ? type : TYPE_METADATA;
    write_metadata(&view->generation, request->arena, &response->body);
    views_give(service->views, view);
}

// ---- scans ----------------------------------------------------------------------------------------------------------

// Is there nothing left to do for the image? False, too, when the answer is an error already.
static bool is_known(struct service *service, const struct digest *digest, const struct web_request *request,
                     struct web_response *response)
{
    struct image_mark mark;
    struct error err;
    bool found = false;
    struct view *view = take_view(service, request, response);
    if (view == NULL)
        return false;
    if (!store_image_mark(&view->store, digest, &mark, &found, &err))
        fail(request, response, 500, &err);
    views_give(service->views, view);
    return found && digest_eq(&mark.state, &service->scanners);
}

static void accept_scan(const struct harbor_artifact *artifact, const struct web_request *request,
                        struct web_response *response)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    json_add_str(doc, root, "id", harbor_id(artifact, request->arena));
    response->status = 202;
    response->type = TYPE_RESPONSE;
    json_write(doc, false, &response->body);
}

static unsigned status_of(enum error_code code)
{
    return code == ERR_UNSUPPORTED ? 501 : code == ERR_USAGE ? 422 : 400;
}

static void post_scan(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    struct harbor_request scan;
    struct error err;
    if (!harbor_request_parse(request->body, request->arena, &scan, &err)) {
        fail(request, response, status_of(err.code), &err);
        return;
    }
    struct pull pull PULL_AUTO = scan.pull;
    bool known = is_known(service, &scan.artifact.digest, request, response);
    if (response->status != 0)
        return;
    if (known || indexing_pull(service->indexing, request, &pull, &err)) {
        accept_scan(&scan.artifact, request, response);
        return;
    }
    fail(request, response, 429, &err);
    web_add(request, response, "Retry-After", SLICE("5"));
}

// ---- reports --------------------------------------------------------------------------------------------------------

// What a report is asked for as: a type of reports, and inside one of bills of materials the document's.
struct wanted {
    const char *type;
    const struct harbor_bom *bom; // NULL: none
};

static bool write_report(struct service *service, struct view *view, const struct harbor_artifact *artifact,
                         const struct wanted *wanted, const struct web_request *request, struct buf *out,
                         struct error *err)
{
    struct report report;
    struct stored_image *image = matching_image(view, &artifact->digest, request, err);
    bool made = image != NULL && (wanted->bom != NULL ? matching_inventory(view, image, request, &report, err)
                                                      : matching_report(service, view, image, request, &report, err));
    if (!made) {
        if (err->code == ERR_NOT_FOUND)
            error_set(err, ERR_NOT_FOUND,
                      "there is no such scan: the image %s is not in the store. One that was not done when the "
                      "service stopped is to be asked for again",
                      artifact->digest.text);
        return false;
    }
    const struct output_options shape = {0};
    if (wanted->bom != NULL)
        harbor_write_bom(&report, artifact, wanted->bom, clock_now(), out);
    else if (strcmp(wanted->type, TYPE_RAW) == 0)
        output_named(SLICE("json"))->report(&report, &shape, out);
    else
        harbor_write(&report, artifact, clock_now(), out);
    return true;
}

// The report is made when it is asked for, of the feeds that are in force then.
static void answer_report(struct service *service, const struct harbor_artifact *artifact, const struct wanted *wanted,
                          const struct web_request *request, struct web_response *response)
{
    struct error err;
    struct view *view = take_view(service, request, response);
    if (view == NULL)
        return;
    if (write_report(service, view, artifact, wanted, request, &response->body, &err)) {
        response->status = 200;
        response->type = wanted->type;
    } else {
        fail(request, response, err.code == ERR_NOT_FOUND ? 404 : api_status_of(err.code), &err);
    }
    views_give(service->views, view);
}

// The same place, asked in the same way. A '+' would be a blank there.
static struct slice location_of(const struct web_request *request, const struct wanted *wanted)
{
    struct buf text BUF_AUTO = {0};
    buf_add(&text, request->path);
    buf_adds(&text, wanted->bom != NULL ? "?sbom_media_type=" : "");
    for (const char *c = wanted->bom != NULL ? wanted->bom->media_type : ""; *c != '\0'; c++)
        if (*c == '+')
            buf_adds(&text, "%2B");
        else
            buf_addc(&text, *c);
    return arena_dup(request->arena, buf_slice(&text));
}

static void answer_scan(struct service *service, const struct harbor_artifact *artifact, const struct wanted *wanted,
                        const struct web_request *request, struct web_response *response)
{
    struct indexing_state state;
    struct error err;
    bool known = indexing_state(service->indexing, &artifact->digest, request->arena, &state);
    if (known && state.why.n == 0) { // on its way
        response->status = 302;
        web_add(request, response, "Location", location_of(request, wanted));
        web_add(request, response, "Refresh-After", SLICE(REFRESH_SECONDS));
    } else if (known) {
        error_set(&err, ERR_NETWORK, "%.*s", SLICE_ARG(state.why));
        fail(request, response, 500, &err);
    } else {
        answer_report(service, artifact, wanted, request, response);
    }
}

// A report of vulnerabilities where either would do. Bills of materials are asked for with the type of the document
// inside. False: the answer is an error already.
static bool take_wanted(const struct web_request *request, struct wanted *wanted, struct web_response *response)
{
    struct slice inside = web_parameter(request, "sbom_media_type");
    struct error err;
    *wanted = (struct wanted){.type = pick_type(request, report_types)};
    if (wanted->type != NULL)
        return true;
    wanted->type = pick_type(request, bom_types);
    for (size_t i = 0; harbor_boms[i].media_type != NULL; i++)
        if (slice_eq(inside, slice_str(harbor_boms[i].media_type)))
            wanted->bom = &harbor_boms[i];
    if (wanted->type != NULL && wanted->bom != NULL)
        return true;
    if (wanted->type != NULL) {
        error_set(&err, ERR_USAGE, "the query must have sbom_media_type, %s or %s", harbor_boms[0].media_type,
                  harbor_boms[1].media_type);
        fail(request, response, 400, &err);
        return false;
    }
    error_set(&err, ERR_UNSUPPORTED,
              "this scanner makes no report of the type \"%.*s\", but \"%s\", \"%s\", \"%s\" and \"%s\"",
              SLICE_ARG(web_header(request, "Accept", 0)), TYPE_REPORT, TYPE_REPORT_0, TYPE_RAW, TYPE_SBOM);
    fail(request, response, 501, &err);
    return false;
}

static void get_report(void *context, const struct web_request *request, struct web_response *response)
{
    struct slice id = request->rest, end = SLICE("/report");
    struct harbor_artifact artifact;
    struct error err;
    struct wanted wanted;
    if (slice_ends(id, end) && harbor_id_parse(slice_of(id.p, id.n - end.n), request->arena, &artifact)) {
        if (take_wanted(request, &wanted, response))
            answer_scan(context, &artifact, &wanted, request, response);
        return;
    }
    error_set(&err, ERR_NOT_FOUND, "there is no such scan: %.*s", SLICE_ARG(id));
    fail(request, response, 404, &err);
}

// ---- the routes -----------------------------------------------------------------------------------------------------

const struct web_route api_harbor_routes[] = {
    {.path = BASE "/metadata",
     .methods = {{"GET", get_metadata, WEB_FAST}},
     .disallowed = API_DISALLOWED,
     .admit = admit},
    {.path = BASE "/scan", .methods = {{"POST", post_scan, WEB_FAST}}, .disallowed = API_DISALLOWED, .admit = admit},
    {.path = BASE "/scan/",
     .methods = {{"GET", get_report, WEB_FAST}},
     .disallowed = API_DISALLOWED,
     .admit = admit,
     .no_redirect = true},
    {0},
};
