#include "image/registry_lists.h"

#include "base/json.h"

#define ASKED_NAMES "1000" // of a page; a registry may give fewer, or all

struct list {
    struct registry *registry;
    const struct limits *limits;
    const char *member; // of a page, that holds the names
    registry_name_fn *each;
    void *context;
    uint64_t names;
    struct arena arena;       // of `asked`
    VEC(struct digest) asked; // the pages so far, so that no circle is gone around in
};

static bool take_names(struct list *list, yyjson_val *names, struct arena *a, struct error *err)
{
    yyjson_arr_iter i;
    yyjson_val *name;
    // Registries write null for no names at all.
    if (!yyjson_is_arr(names) && !yyjson_is_null(names))
        return error_set(err, ERR_FORMAT, "it has no list \"%s\"", list->member);
    yyjson_arr_iter_init(names, &i);
    while ((name = yyjson_arr_iter_next(&i)) != NULL) {
        if (!yyjson_is_str(name))
            return error_set(err, ERR_FORMAT, "a name in \"%s\" is no text", list->member);
        if (list->names++ >= list->limits->list_names)
            return error_set(err, ERR_LIMIT, "there are more than the %llu names that limit list_names allows",
                             (unsigned long long)list->limits->list_names);
        if (!list->each(list->context, arena_dup(a, json_val_str(name)), err))
            return false;
    }
    return true;
}

static bool take_page(struct list *list, struct slice text, struct arena *a, struct error *err)
{
    yyjson_doc *doc JSON_AUTO = json_parse(text, err);
    if (doc == NULL)
        return false;
    yyjson_val *names = yyjson_obj_get(yyjson_doc_get_root(doc), list->member);
    return take_names(list, names, a, err);
}

// The item that the Link of a page names. A registry behind another server may not know its own scheme, so that is
// not looked at: the same host is asked as before.
static bool next_item(const struct registry_text *page, struct slice prefix, struct arena *a, struct slice *path,
                      struct error *err)
{
    struct url next;
    if (!url_resolve(&page->url, page->next, a, &next, err))
        return error_wrap(err, "the next page that it names");
    if (!slice_eq(next.host, page->url.host))
        return error_set(err, ERR_REFUSED, "it names a next page on another host, which is not asked: %.*s",
                         SLICE_ARG(url_shown(a, next.text)));
    ptrdiff_t authority = slice_find_slice(next.text, SLICE("://"));
    struct slice rest = slice_from(next.text, (size_t)authority + 3);
    rest = slice_from(rest, (size_t)slice_find(rest, '/'));
    if (!slice_starts(rest, prefix))
        return error_set(err, ERR_FORMAT, "it names a next page that is of no such list: %.*s",
                         SLICE_ARG(url_shown(a, next.text)));
    *path = slice_from(rest, prefix.n);
    return true;
}

// Each page is asked for once, at most so many.
static bool note_page(struct list *list, struct slice path, struct error *err)
{
    struct digest digest = digest_of(path);
    for (size_t i = 0; i < list->asked.n; i++)
        if (digest_eq(&list->asked.v[i], &digest))
            return error_set(err, ERR_FORMAT, "the pages lead in a circle");
    if (list->asked.n >= list->limits->list_pages)
        return error_set(err, ERR_LIMIT, "there are more than the %llu pages that limit list_pages allows",
                         (unsigned long long)list->limits->list_pages);
    VEC_PUSH(&list->arena, &list->asked) = digest;
    return true;
}

static bool go_through(struct list *list, const struct reference *repository, struct slice first, struct error *err)
{
    struct buf path BUF_AUTO = {0};
    bool ok = true;
    struct slice prefix =
        repository->path.n != 0 ? arena_printf(&list->arena, "/v2/%.*s/", SLICE_ARG(repository->path)) : SLICE("/v2/");
    buf_add(&path, first);
    while (ok && path.n != 0) {
        struct arena a ARENA_AUTO = {0};
        struct registry_text page;
        struct registry_item item = {.registry = list->registry, .path = arena_dup(&a, buf_slice(&path))};
        struct slice next = {0};
        ok = note_page(list, item.path, err) && registry_read(&item, &a, &page, err) &&
             take_page(list, page.text, &a, err) && (page.next.n == 0 || next_item(&page, prefix, &a, &next, err));
        path.n = 0;
        buf_add(&path, next);
    }
    return ok;
}

static bool list_names(const struct registry_settings *settings, const struct reference *repository, struct list *list,
                       struct slice first, struct error *err)
{
    // What is listed is what the registry itself has.
    struct registry_settings own = *settings;
    own.mirrors_n = 0;
    list->limits = http_client_limits(settings->http);
    list->registry = registry_new(&own, repository, err);
    bool ok = list->registry != NULL && go_through(list, repository, first, err);
    registry_free(&list->registry);
    arena_free(&list->arena);
    return ok;
}

bool registry_list_repositories(const struct registry_settings *settings, struct slice host, registry_name_fn *each,
                                void *context, struct error *err)
{
    const struct reference all = {.domain = host};
    struct list list = {.member = "repositories", .each = each, .context = context};
    return list_names(settings, &all, &list, SLICE("_catalog?n=" ASKED_NAMES), err);
}

bool registry_list_tags(const struct registry_settings *settings, const struct reference *repository,
                        registry_name_fn *each, void *context, struct error *err)
{
    struct list list = {.member = "tags", .each = each, .context = context};
    return list_names(settings, repository, &list, SLICE("tags/list?n=" ASKED_NAMES), err);
}
