// Clair v4's affected_manifest: which images the vulnerabilities of a document concern.
#include "http/negotiate.h"
#include "service/api.h"
#include "service/concerned.h"
#include "store/notification_store.h"

#include <stdlib.h>

// An image, and a vulnerability that concerns it.
struct concern {
    int64_t image;        // row
    size_t vulnerability; // index
};

struct asking {
    struct view *view;
    const struct posted_vulnerability *list;
    struct arena *arena;
    VEC(struct concern) concerns;
    uint64_t most;
};

static bool take_image(void *context, size_t vulnerability, int64_t image, struct error *err)
{
    struct asking *asking = context;
    if (asking->concerns.n >= asking->most)
        return error_set(err, ERR_LIMIT,
                         "the vulnerabilities concern more images than limit affected_images (%llu) allows: ask for "
                         "fewer at a time",
                         (unsigned long long)asking->most);
    VEC_PUSH(asking->arena, &asking->concerns) = (struct concern){image, vulnerability};
    return true;
}

// ---- the answer -----------------------------------------------------------------------------------------------------

// Of one image the most severe first.
static int by_image(const void *x, const void *y, void *context)
{
    const struct concern *a = x, *b = y;
    const struct posted_vulnerability *list = context;
    int order = (a->image > b->image) - (a->image < b->image);
    if (order == 0)
        order = (int)list[b->vulnerability].severity - (int)list[a->vulnerability].severity;
    return order != 0 ? order : (a->vulnerability > b->vulnerability) - (a->vulnerability < b->vulnerability);
}

// An image with all that concerns it.
struct concerned {
    struct slice manifest;
    const struct concern *v;
    size_t n;
};

static int by_manifest(const void *x, const void *y)
{
    const struct concerned *a = x, *b = y;
    return slice_cmp(a->manifest, b->manifest);
}

// Ordered by manifest, which is read once for each image: most have many of the vulnerabilities.
static bool group_by_image(struct asking *asking, struct concerned **out, size_t *n, struct error *err)
{
    struct concern *v = asking->concerns.v;
    size_t all = asking->concerns.n;
    VEC(struct concerned) images = {0};
    void *list = (void *)(uintptr_t)asking->list; // by_image does not write to it
    if (all > 1)
        qsort_r(v, all, sizeof *v, by_image, list);
    for (size_t i = 0; i < all; i++) {
        if (i == 0 || v[i].image != v[i - 1].image) {
            struct concerned *image = &VEC_PUSH(asking->arena, &images);
            *image = (struct concerned){.v = &v[i]};
            if (!store_image_manifest(&asking->view->store, v[i].image, asking->arena, &image->manifest, err))
                return false;
        }
        images.v[images.n - 1].n++;
    }
    if (images.n > 1)
        qsort(images.v, images.n, sizeof *images.v, by_manifest);
    *out = images.v;
    *n = images.n;
    return true;
}

static void write_manifests(const struct asking *asking, const struct concerned *images, size_t n, yyjson_mut_doc *doc,
                            yyjson_mut_val *root)
{
    yyjson_mut_val *manifests = json_add_obj(doc, root, "vulnerable_manifests");
    for (size_t i = 0; i < n; i++) {
        const struct concerned *image = &images[i];
        yyjson_mut_val *ids = yyjson_mut_arr(doc);
        if (image->manifest.n == 0) // forgotten meanwhile
            continue;
        yyjson_mut_obj_add(manifests, yyjson_mut_strncpy(doc, image->manifest.p, image->manifest.n), ids);
        for (size_t k = 0; k < image->n; k++)
            if (k == 0 || image->v[k].vulnerability != image->v[k - 1].vulnerability)
                json_arr_add_str(doc, ids, asking->list[image->v[k].vulnerability].id);
    }
}

static bool write_answer(struct asking *asking, size_t n, struct buf *out, struct error *err)
{
    struct concerned *images;
    size_t images_n;
    if (!group_by_image(asking, &images, &images_n, err))
        return false;
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    yyjson_mut_val *map = json_add_obj(doc, root, "vulnerabilities");
    bool *concerned = ARENA_NEW(asking->arena, bool, n);
    for (size_t i = 0; i < asking->concerns.n; i++)
        concerned[asking->concerns.v[i].vulnerability] = true;
    for (size_t i = 0; i < n; i++)
        if (concerned[i])
            yyjson_mut_obj_add(map, yyjson_mut_strncpy(doc, asking->list[i].id.p, asking->list[i].id.n),
                               yyjson_val_mut_copy(doc, asking->list[i].document));
    write_manifests(asking, images, images_n, doc, root);
    json_write(doc, false, out);
    return true;
}

static void post_affected_manifest(void *context, const struct web_request *request, struct web_response *response)
{
    static const char *const types[] = {"application/vnd.clair.affected_manifests.v1+json", "application/json", NULL};
    struct service *service = context;
    struct posted_vulnerability *list;
    struct error err;
    size_t n;
    const char *type = web_accept(request, types, response);
    if (type == NULL)
        return;
    yyjson_doc *body JSON_AUTO = request_json(request->body, &err);
    if (body == NULL || !vulnerabilities_read(body, &service->config->limits, request->arena, &list, &n, &err)) {
        web_error(request, response, err.code == ERR_LIMIT ? 413 : 400, "failed to deserialize vulnerabilities: %s",
                  err.text);
        return;
    }
    struct view *view = api_view(service, request, response);
    if (view == NULL)
        return;
    struct asking asking = {
        .view = view, .list = list, .arena = request->arena, .most = service->config->limits.affected_images};
    if (concerned_images(view, service->config, list, n, take_image, &asking, &err) &&
        write_answer(&asking, n, &response->body, &err)) {
        response->status = 200;
        response->type = type;
    } else {
        api_fail(request, response, &err);
    }
    views_give(service->views, view);
}

const struct web_route api_affected_routes[] = {
    {.path = "/indexer/api/v1/internal/affected_manifest/",
     .methods = {{"POST", post_affected_manifest, WEB_SLOW}},
     .disallowed = API_DISALLOWED},
    {0},
};
