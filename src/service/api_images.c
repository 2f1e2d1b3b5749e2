// Indexed images by their names: /api/v1/images lists them, /api/v1/images/DIGEST tells of one.
#include "http/negotiate.h"
#include "image/reference.h"
#include "match/matcher.h"
#include "service/api.h"
#include "service/matching.h"

// ---- names ----------------------------------------------------------------------------------------------------------

static void add_name(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct image_name *name)
{
    yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, o, "repository", name->repository);
    json_add_str(doc, o, "tag", name->tag);
    json_add_str(doc, o, "manifest", digest_slice(&name->manifest));
    api_add_time(doc, o, "pushed", name->pushed / 1000000);
    if (name->until != 0)
        api_add_time(doc, o, "until", name->until / 1000000);
}

// The newest push of any of its names.
static int64_t pushed_of(const struct image_name *names, size_t n)
{
    int64_t newest = 0;
    for (size_t i = 0; i < n; i++)
        newest = names[i].pushed > newest ? names[i].pushed : newest;
    return newest / 1000000;
}

static void add_distribution(yyjson_mut_doc *doc, yyjson_mut_val *object, struct slice id, struct slice version,
                             struct slice name)
{
    if (id.n == 0 && name.n == 0) {
        yyjson_mut_obj_add_null(doc, object, "distribution");
        return;
    }
    yyjson_mut_val *distribution = json_add_obj(doc, object, "distribution");
    json_add_str(doc, distribution, "id", id);
    json_add_str(doc, distribution, "version", version);
    json_add_str(doc, distribution, "name", name);
}

// ---- the list -------------------------------------------------------------------------------------------------------

// By digest, which needs no summaries, or by these; and from where on.
struct asked {
    bool by_digest;
    struct image_query digests;
    struct summary_query summaries;
};

static void add_listed(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct summarised_image *summarised)
{
    const struct listed_image *image = &summarised->image;
    yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, o, "digest", digest_slice(&image->manifest));
    json_add_str(doc, o, "reference", image->reference);
    json_add_str(doc, o, "kind", image->kind);
    json_add_str(doc, o, "os", image->os);
    json_add_str(doc, o, "arch", image->arch);
    add_distribution(doc, o, image->distribution, image->distribution_version, image->distribution_name);
    api_add_time(doc, o, "indexed", image->indexed);
    api_add_time(doc, o, "pushed", pushed_of(image->names, image->names_n));
    yyjson_mut_val *names = json_add_arr(doc, o, "names");
    for (size_t i = 0; i < image->names_n; i++)
        add_name(doc, names, &image->names[i]);
    api_add_summary(doc, o, summarised);
}

// `next`: for the page behind this one; empty: there is none.
static bool list_images(struct store *store, const struct asked *asked, struct arena *a,
                        struct summarised_image **images, size_t *n, struct slice *next, struct error *err)
{
    struct listed_image *listed;
    struct summary_key key;
    bool more;
    *next = SLICE("");
    if (!asked->by_digest) {
        if (!store_summary_list(store, &asked->summaries, a, images, n, &key, &more, err))
            return false;
        *next = more ? summary_key_text(&key, a) : SLICE("");
        return true;
    }
    if (!store_image_list(store, &asked->digests, a, &listed, n, err))
        return false;
    *images = ARENA_NEW(a, struct summarised_image, *n);
    if (*n == asked->digests.most)
        *next = digest_slice(&listed[*n - 1].manifest);
    return store_summaries_of(store, listed, *n, a, *images, err);
}

static bool write_list(struct store *store, const struct asked *asked, struct arena *a, struct buf *out,
                       struct error *err)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    struct summarised_image *images;
    struct slice next;
    size_t n;
    if (!list_images(store, asked, a, &images, &n, &next, err))
        return false;
    yyjson_mut_val *list = json_add_arr(doc, root, "images");
    for (size_t i = 0; i < n; i++)
        add_listed(doc, list, &images[i]);
    if (next.n != 0)
        json_add_str(doc, root, "next", next);
    else
        yyjson_mut_obj_add_null(doc, root, "next");
    json_write(doc, false, out);
    return true;
}

// A repository may be named as shortly as in a reference.
static bool take_repository(const struct web_request *request, struct slice *repository, struct web_response *response)
{
    struct slice text = web_parameter(request, "repository");
    struct reference reference;
    struct error err;
    *repository = SLICE("");
    if (text.n == 0)
        return true;
    if (!reference_parse(text, request->arena, &reference, &err)) {
        web_error(request, response, 400, "repository: %s", err.text);
        return false;
    }
    *repository = reference_repository(request->arena, &reference);
    return true;
}

static bool take_flag(const struct web_request *request, const char *name, bool *flag, struct web_response *response)
{
    struct slice text = web_parameter(request, name);
    *flag = slice_eq(text, SLICE("true"));
    if (*flag || text.n == 0 || slice_eq(text, SLICE("false")))
        return true;
    web_error(request, response, 400, "%s must be \"true\" or \"false\"", name);
    return false;
}

static bool take_severity(const struct web_request *request, unsigned *least, struct web_response *response)
{
    struct slice text = web_parameter(request, "severity");
    *least = 0;
    for (unsigned s = 0; s < SUMMARY_SEVERITIES && text.n != 0; s++)
        if (slice_eq_nocase(text, slice_str(severity_name((enum severity)s))))
            *least = 1 + s;
    if (text.n == 0 || *least != 0)
        return true;
    web_error(request, response, 400,
              "severity must be one of Unknown, Negligible, Low, Medium, High and Critical: images with a finding that "
              "severe or worse");
    return false;
}

// What is asked for beside a repository and a tag orders the list by what was found, unless the order is given.
static bool take_order(const struct web_request *request, struct asked *asked, struct web_response *response)
{
    struct slice order = web_parameter(request, "order");
    const struct summary_query *q = &asked->summaries;
    bool filtered = q->text.n != 0 || q->least != 0 || q->fixable || q->exploited || q->unjudged;
    asked->by_digest = order.n != 0 ? slice_eq(order, SLICE("digest")) : !filtered;
    asked->summaries.order = slice_eq(order, SLICE("newest")) ? SUMMARY_NEWEST : SUMMARY_WORST;
    if (asked->by_digest && filtered)
        web_error(request, response, 400,
                  "order=digest goes with repository and tag alone: worst and newest go with any filter");
    else if (order.n != 0 && !asked->by_digest && asked->summaries.order == SUMMARY_WORST &&
             !slice_eq(order, SLICE("worst")))
        web_error(request, response, 400, "order must be one of digest, worst and newest");
    else
        return true;
    return false;
}

static bool take_after(const struct web_request *request, struct asked *asked, struct web_response *response)
{
    struct slice after = web_parameter(request, "after");
    struct error err;
    if (after.n == 0 || (asked->by_digest ? digest_parse(after, &asked->digests.after, &err)
                                          : summary_key_parse(after, &asked->summaries.after, &err)))
        return true;
    web_error(request, response, 400, "after must be what `next` of the page before says, in the same order: %s",
              err.text);
    return false;
}

static bool take_query(struct service *service, const struct web_request *request, struct asked *asked,
                       struct web_response *response)
{
    *asked = (struct asked){.digests.tag = web_parameter(request, "tag"),
                            .summaries.tag = web_parameter(request, "tag"),
                            .summaries.text = web_parameter(request, "q")};
    if (!take_repository(request, &asked->digests.repository, response) ||
        !take_severity(request, &asked->summaries.least, response) ||
        !take_flag(request, "fixable", &asked->summaries.fixable, response) ||
        !take_flag(request, "exploited", &asked->summaries.exploited, response) ||
        !take_flag(request, "not_judged", &asked->summaries.unjudged, response) ||
        !take_order(request, asked, response) || !take_after(request, asked, response) ||
        !api_page_size(service, request, &asked->digests.most, response))
        return false;
    asked->summaries.repository = asked->digests.repository;
    asked->summaries.most = asked->digests.most;
    return true;
}

static void get_images(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    struct asked asked;
    struct error err;
    if (!take_query(service, request, &asked, response))
        return;
    struct view *view = api_view(service, request, response);
    if (view == NULL)
        return;
    response->status = 200;
    response->type = "application/json";
    if (!write_list(&view->store, &asked, request->arena, &response->body, &err))
        api_fail(request, response, &err);
    views_give(service->views, view);
}

// ---- one image ------------------------------------------------------------------------------------------------------

static void add_layers(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct stored_image *image)
{
    yyjson_mut_val *list = json_add_arr(doc, root, "layers");
    for (size_t i = 0; i < image->layers_n; i++) {
        const struct stored_layer *layer = &image->layers[i];
        yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, o, "digest", digest_slice(&layer->digest));
        yyjson_mut_obj_add_uint(doc, o, "size", layer->size);
        json_add_str(doc, o, "media_type", layer->media_type);
        json_add_str(doc, o, "created_by", layer->created_by);
        json_add_str(doc, o, "skip_reason", layer->skip_reason);
    }
}

static void add_severities(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct report *report)
{
    yyjson_mut_val *counts = json_add_obj(doc, root, "severities");
    uint64_t n[SEVERITY_CRITICAL + 1] = {0}, fixable = 0;
    for (size_t i = 0; i < report->findings_n; i++) {
        n[report->findings[i].severity]++;
        fixable += report->findings[i].fixed_in.n != 0;
    }
    for (int s = SEVERITY_CRITICAL; s >= 0; s--)
        yyjson_mut_obj_add_uint(doc, counts, severity_name((enum severity)s), n[s]);
    yyjson_mut_obj_add_uint(doc, root, "findings", report->findings_n);
    yyjson_mut_obj_add_uint(doc, root, "fixable", fixable);
    yyjson_mut_obj_add_uint(doc, root, "suppressed", report->suppressed_n);
}

static void add_coverage(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct report *report)
{
    static const char *const distributions[] = {
        [COVERAGE_RECOGNISED] = "recognised", [COVERAGE_UNKNOWN] = "unknown", [COVERAGE_END_OF_LIFE] = "end-of-life"};
    yyjson_mut_val *coverage = json_add_obj(doc, root, "coverage");
    json_add_str(doc, coverage, "distribution", slice_str(distributions[report->coverage]));
    yyjson_mut_obj_add_uint(doc, coverage, "judged", report->judged);
    yyjson_mut_obj_add_uint(doc, coverage, "unjudged", report->unjudged);
    yyjson_mut_obj_add_uint(doc, coverage, "undetermined", report->undetermined_n);
    yyjson_mut_obj_add_uint(doc, coverage, "skipped", report->image->inventory.skips_total);
    yyjson_mut_val *kinds = json_add_arr(doc, coverage, "unmatched_kinds");
    for (size_t i = 0; i < report->unmatched_n; i++)
        json_arr_add_str(doc, kinds, report->unmatched[i].kind);
    yyjson_mut_val *states = json_add_arr(doc, coverage, "feeds");
    for (size_t i = 0; i < report->feeds_n; i++) {
        yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, states);
        json_add_str(doc, o, "feed", report->feeds[i].feed);
        json_add_str(doc, o, "state", slice_str(feed_condition_name(report->feeds[i].state)));
        api_add_time(doc, o, "updated", report->feeds[i].updated);
    }
    yyjson_mut_val *errors = json_add_arr(doc, coverage, "errors");
    for (size_t i = 0; i < report->errors_n; i++)
        json_arr_add_str(doc, errors, report->errors[i]);
}

static void add_names(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct image_name *names, size_t n)
{
    yyjson_mut_val *present = json_add_arr(doc, root, "names"), *former = json_add_arr(doc, root, "former_names");
    for (size_t i = 0; i < n; i++)
        add_name(doc, names[i].until == 0 ? present : former, &names[i]);
}

static void write_image(const struct report *report, const struct image_name *names, size_t n, struct buf *out)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    const struct stored_image *image = report->image;
    const struct distribution *d = &image->inventory.distribution;
    json_add_str(doc, root, "digest", digest_slice(&image->manifest));
    json_add_str(doc, root, "config", digest_slice(&image->config));
    json_add_str(doc, root, "reference", image->reference);
    json_add_str(doc, root, "kind", image->kind);
    json_add_str(doc, root, "os", image->os);
    json_add_str(doc, root, "arch", image->arch);
    add_distribution(doc, root, d->id, d->version_id, d->pretty_name);
    api_add_time(doc, root, "indexed", image->indexed);
    api_add_time(doc, root, "pushed", pushed_of(names, n));
    add_names(doc, root, names, n);
    add_layers(doc, root, image);
    yyjson_mut_obj_add_uint(doc, root, "packages", image->inventory.packages_n);
    json_add_str(doc, root, "generation", report->generation);
    add_severities(doc, root, report);
    add_coverage(doc, root, report);
    json_write(doc, false, out);
}

static void answer_image(struct service *service, struct view *view, const struct digest *digest,
                         const struct web_request *request, struct web_response *response)
{
    struct arena *a = request->arena;
    struct stored_image image;
    struct report report;
    struct image_name *names;
    struct error err;
    size_t n;
    bool found;
    if (!store_image_get(&view->store, digest, NULL, a, &image, &found, &err)) {
        api_fail(request, response, &err);
    } else if (!found) {
        web_error(request, response, 404, "no image \"%s\" is indexed", digest->text);
    } else if (!store_image_names(&view->store, digest, a, &names, &n, &err) ||
               !matching_what_is_known(service, view, &image, request, &report, &err)) {
        api_fail(request, response, &err);
    } else {
        response->status = 200;
        response->type = "application/json";
        write_image(&report, names, n, &response->body);
        struct digest tag = digest_of(buf_slice(&response->body));
        struct slice quoted = arena_printf(a, "\"%.32s\"", digest_hex(&tag));
        web_add(request, response, "Etag", quoted);
        if (web_matches(request, quoted)) {
            response->status = 304;
            response->type = NULL;
            response->body.n = 0;
        }
    }
}

static void get_image(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    struct digest digest;
    if (!api_path_digest(request, &digest, response))
        return;
    struct view *view = api_view(service, request, response);
    if (view != NULL)
        answer_image(service, view, &digest, request, response);
    views_give(service->views, view);
}

const struct web_route api_image_routes[] = {
    {.path = "/api/v1/images", .methods = {{"GET", get_images, WEB_FAST}}, .disallowed = API_DISALLOWED},
    {.path = "/api/v1/images/",
     .methods = {{"GET", get_image, WEB_FAST}},
     .disallowed = API_DISALLOWED,
     .no_redirect = true},
    {0},
};
