// Clair v4's affected_manifest: which images the vulnerabilities of a document concern, by their records alone.
#include "base/clock.h"
#include "http/negotiate.h"
#include "notify/affected.h"
#include "service/api.h"
#include "service/vulnerabilities.h"
#include "store/notification_store.h"

#include <stdlib.h>

// An image, and a vulnerability that concerns it.
struct concern {
    struct slice manifest;
    size_t vulnerability; // index
};

struct asking {
    struct view *view;
    const struct posted_vulnerability *list;
    size_t n;
    struct arena *arena;
    VEC(struct concern) concerns;
    uint64_t most;
    size_t vulnerability; // that is looked at
};

// ---- whom a record is for -------------------------------------------------------------------------------------------

static bool has_scope(const scope_vec *scopes, struct slice scope)
{
    for (size_t i = 0; i < scopes->n; i++)
        if (slice_eq(scopes->v[i], scope))
            return true;
    return false;
}

// Is the document about this scope? It tells it, or the repository that Clair names for the scope's records, or a
// distribution that has it.
static bool means_scope(const struct matcher *m, const struct posted_vulnerability *v, struct slice scope,
                        struct arena *a)
{
    const struct advisory record = {.scope = scope};
    const struct match_image image = {.distribution = &v->distribution};
    struct match_clair clair = {0};
    scope_vec scopes = {0};
    if (v->record.scope.n != 0)
        return slice_eq(v->record.scope, scope);
    if (m->clair != NULL)
        m->clair(a, &record, &clair);
    if (clair.repository.n != 0)
        return slice_eq(v->repository, clair.repository);
    if (m->applies == NULL || !v->distribution.known || !m->applies(&v->distribution))
        return false;
    m->scopes(a, &image, NULL, 0, &scopes);
    return has_scope(&scopes, scope);
}

// The one of these scopes that the document is about; empty when it is about none.
static struct slice scope_of(const struct matcher *m, const struct posted_vulnerability *v, const scope_vec *scopes,
                             struct arena *a)
{
    for (size_t i = 0; i < scopes->n; i++)
        if (means_scope(m, v, scopes->v[i], a))
            return scopes->v[i];
    return (struct slice){0};
}

// Containers go by names that a feed gives them, so all of them are candidates: where the document is about any.
static bool is_about_containers(const struct matcher *m, const struct posted_vulnerability *v)
{
    struct arena scratch ARENA_AUTO = {0};
    static const struct distribution none = {0};
    const struct match_image image = {.distribution = &none};
    scope_vec scopes = {0};
    m->scopes(&scratch, &image, NULL, 0, &scopes);
    return scope_of(m, v, &scopes, &scratch).n != 0;
}

// ---- who has it -----------------------------------------------------------------------------------------------------

static bool take_image(void *context, const struct holding *holding, struct error *err)
{
    struct asking *asking = context;
    if (asking->concerns.n >= asking->most)
        return error_set(err, ERR_LIMIT,
                         "the vulnerabilities concern more images than limit affected_images (%llu) allows: ask for "
                         "fewer at a time",
                         (unsigned long long)asking->most);
    struct concern *concern = &VEC_PUSH(asking->arena, &asking->concerns);
    concern->vulnerability = asking->vulnerability;
    return store_image_manifest(&asking->view->store, holding->image, asking->arena, &concern->manifest, err);
}

// The judge's own rule on this one record, for a package in a context.
static bool is_affected(const struct asking *asking, const struct matcher *m, const struct posted_vulnerability *v,
                        const struct store_candidate *c, struct arena *a, bool *affected, struct error *err)
{
    struct store *s = &asking->view->store;
    struct report_segments *segments = asking->view->segments;
    struct stored_image image = {0};
    struct report report = {.image = &image};
    struct inventory_package package;
    struct judge judge;
    struct verdict verdict;
    struct advisory record = v->record;
    *affected = false;
    if (!store_context_get(s, c->context, a, &image.inventory, err) ||
        !store_package_get(s, c->package, a, &package, err))
        return false;
    image.inventory.packages = &package;
    image.inventory.packages_n = 1;
    if (!report_repositories(&image.inventory, segments, a, &report, err))
        return false;
    struct slice *published = ARENA_NEW(a, struct slice, report.published_n);
    for (size_t i = 0; i < report.published_n; i++)
        published[i] = report.published[i].name;
    const struct match_package p = {&package.package, published, report.published_n};
    const struct match_image around = match_image_of(&report, a);
    judge_appoint(&judge, &around, package.package.kind, segments, clock_now(), a);
    record.scope = judge.matcher == m ? scope_of(m, v, &judge.scopes, a) : SLICE("");
    if (record.scope.n == 0)
        return true;
    const struct match_key key = judge_key_of(&judge, &p, a);
    if (key.names_n == 0 || match_applies(&key, &record) == NULL)
        return true;
    judge_records(&judge, a, &key, &record, 1, false, &verdict);
    *affected = verdict.kind == VERDICT_AFFECTED;
    return true;
}

static bool ask_matcher(struct asking *asking, const struct matcher *m, const struct posted_vulnerability *v,
                        struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    store_candidates candidates = {0};
    struct store *s = &asking->view->store;
    bool containers = strcmp(m->kind, "container") == 0;
    if (containers && !is_about_containers(m, v))
        return true;
    bool ok = containers ? store_lookup_kind(s, slice_str(m->kind), 0, &a, &candidates, err)
                         : store_lookup_name(s, v->record.package, slice_str(m->kind), &a, &candidates, err);
    for (size_t i = 0; ok && i < candidates.n; i++) {
        struct arena scratch ARENA_AUTO = {0};
        const struct store_candidate *c = &candidates.v[i];
        bool affected;
        ok = is_affected(asking, m, v, c, &scratch, &affected, err) &&
             (!affected || store_all_holdings(s, c->context, c->package, take_image, asking, err));
    }
    return ok;
}

static bool ask(struct asking *asking, struct error *err)
{
    if (!store_lookup_complete(&asking->view->store, &match_naming, err))
        return false;
    for (size_t i = 0; i < asking->n; i++) {
        asking->vulnerability = i;
        for (size_t m = 0; matchers[m] != NULL; m++)
            if (!ask_matcher(asking, matchers[m], &asking->list[i], err))
                return false;
    }
    return true;
}

// ---- the answer -----------------------------------------------------------------------------------------------------

static int by_manifest(const void *x, const void *y, void *context)
{
    const struct concern *a = x, *b = y;
    const struct posted_vulnerability *list = context;
    int order = slice_cmp(a->manifest, b->manifest);
    if (order == 0)
        order = (int)list[b->vulnerability].severity - (int)list[a->vulnerability].severity;
    return order != 0 ? order : (a->vulnerability > b->vulnerability) - (a->vulnerability < b->vulnerability);
}

static void write_manifests(struct asking *asking, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
    yyjson_mut_val *manifests = json_add_obj(doc, root, "vulnerable_manifests"), *ids = NULL;
    struct concern *v = asking->concerns.v;
    size_t n = asking->concerns.n;
    void *list = (void *)(uintptr_t)asking->list; // by_manifest does not write to it
    if (n > 1)
        qsort_r(v, n, sizeof *v, by_manifest, list);
    for (size_t i = 0; i < n; i++) {
        bool same = i != 0 && slice_eq(v[i].manifest, v[i - 1].manifest);
        if (!same) {
            ids = yyjson_mut_arr(doc);
            yyjson_mut_obj_add(manifests, yyjson_mut_strncpy(doc, v[i].manifest.p, v[i].manifest.n), ids);
        }
        if (!same || v[i].vulnerability != v[i - 1].vulnerability)
            json_arr_add_str(doc, ids, asking->list[v[i].vulnerability].id);
    }
}

static void write_answer(struct asking *asking, struct buf *out)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    yyjson_mut_val *map = json_add_obj(doc, root, "vulnerabilities");
    bool *concerned = ARENA_NEW(asking->arena, bool, asking->n);
    for (size_t i = 0; i < asking->concerns.n; i++)
        concerned[asking->concerns.v[i].vulnerability] = true;
    for (size_t i = 0; i < asking->n; i++)
        if (concerned[i])
            yyjson_mut_obj_add(map, yyjson_mut_strncpy(doc, asking->list[i].id.p, asking->list[i].id.n),
                               yyjson_val_mut_copy(doc, asking->list[i].document));
    write_manifests(asking, doc, root);
    json_write(doc, false, out);
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
        .view = view, .list = list, .n = n, .arena = request->arena, .most = service->config->limits.affected_images};
    if (ask(&asking, &err)) {
        write_answer(&asking, &response->body);
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
