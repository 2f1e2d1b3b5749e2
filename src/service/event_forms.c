#include "service/event_forms.h"

#include "base/clock.h"
#include "base/json.h"
#include "image/manifest.h"

#define MICROS INT64_C(1000000)

struct parsing {
    const struct limits *limits;
    struct arena *arena;
    struct event_delivery *delivery;
};

// ---- parts ----------------------------------------------------------------------------------------------------------

// A text that may be missing; false for anything but a text.
static bool take_text(const struct parsing *p, yyjson_val *object, const char *key, struct slice *out,
                      struct error *err)
{
    yyjson_val *value = json_last(object, key);
    *out = SLICE("");
    if (value == NULL || yyjson_is_null(value))
        return true;
    if (!yyjson_is_str(value))
        return error_set(err, ERR_FORMAT, "\"%s\" is no text", key);
    *out = arena_dup(p->arena, json_val_str(value));
    return true;
}

static bool take_object(yyjson_val *object, const char *key, yyjson_val **out, struct error *err)
{
    *out = json_last(object, key);
    return yyjson_is_obj(*out) || error_set(err, ERR_FORMAT, "\"%s\" is no object", key);
}

static bool take_digest(struct slice text, struct digest *digest, struct error *err)
{
    return text.n == 0 || digest_parse(text, digest, err);
}

// The microseconds of RFC 3339, which clock_parse leaves out.
static int64_t fraction_of(struct slice text)
{
    struct slice before, digits;
    int64_t micros = 0, unit = MICROS;
    slice_cut(text, '.', &before, &digits);
    for (size_t i = 0; i < digits.n && digits.p[i] >= '0' && digits.p[i] <= '9' && unit > 1; i++) {
        unit /= 10;
        micros += (digits.p[i] - '0') * unit;
    }
    return micros;
}

static int64_t from_seconds(int64_t seconds)
{
    int64_t micros;
    return seconds > 0 && !__builtin_mul_overflow(seconds, MICROS, &micros) ? micros : 0;
}

// 0 for what is no time: then the delivery's own counts.
static int64_t time_of(struct slice text)
{
    int64_t seconds;
    return clock_parse(text, &seconds) && from_seconds(seconds) != 0 ? from_seconds(seconds) + fraction_of(text) : 0;
}

// "HOST" of "HOST/PATH:TAG", and of "https://HOST/v2/…".
static struct slice host_of(struct slice text)
{
    struct slice host, rest;
    ptrdiff_t scheme = slice_find_slice(text, SLICE("://"));
    slice_cut(scheme >= 0 ? slice_from(text, (size_t)scheme + 3) : text, '/', &host, &rest);
    return host;
}

static bool check_count(const struct parsing *p, size_t n, struct error *err)
{
    return n <= p->limits->event_entries ||
           error_set(err, ERR_LIMIT,
                     "%zu events are more than the %llu of one delivery that limit event_entries allows", n,
                     (unsigned long long)p->limits->event_entries);
}

static struct pushed_name *add(const struct parsing *p)
{
    return &VEC_PUSH(p->arena, &p->delivery->names);
}

// ---- distribution ---------------------------------------------------------------------------------------------------

// Layers and configurations are pushed and mounted too. Manifests are told by their type, or by where they are.
static bool is_manifest(struct slice media_type, struct slice url)
{
    return manifest_kind_of(media_type) != MANIFEST_UNKNOWN || slice_find_slice(url, SLICE("/manifests/")) >= 0;
}

static bool take_event(const struct parsing *p, yyjson_val *event, struct error *err)
{
    yyjson_val *target, *request = json_last(event, "request");
    struct slice action, digest, media_type, url, timestamp, host;
    struct pushed_name name = {0};
    if (!yyjson_is_obj(event))
        return error_set(err, ERR_FORMAT, "it is no object");
    if (!take_object(event, "target", &target, err) || !take_text(p, event, "action", &action, err) ||
        !take_text(p, event, "id", &name.id, err) || !take_text(p, event, "timestamp", &timestamp, err) ||
        !take_text(p, target, "repository", &name.path, err) || !take_text(p, target, "tag", &name.tag, err) ||
        !take_text(p, target, "mediaType", &media_type, err) || !take_text(p, target, "url", &url, err) ||
        !take_text(p, target, "digest", &digest, err) || !take_text(p, request, "host", &host, err))
        return false;
    bool pushed = slice_eq(action, SLICE("push")) || slice_eq(action, SLICE("mount"));
    name.deleted = slice_eq(action, SLICE("delete"));
    if (!name.deleted && !(pushed && is_manifest(media_type, url))) {
        p->delivery->ignored++;
        return true;
    }
    if (!take_digest(digest, &name.digest, err))
        return false;
    if (!name.deleted && digest.n == 0)
        return error_set(err, ERR_FORMAT, "\"digest\" of its target is missing");
    name.hosts[0] = host.n != 0 ? host : host_of(url);
    name.hosts[1] = host.n != 0 ? host_of(url) : SLICE("");
    name.at = time_of(timestamp);
    *add(p) = name;
    return true;
}

static bool take_envelope(const struct parsing *p, yyjson_val *events, struct error *err)
{
    size_t i, n;
    yyjson_val *event;
    p->delivery->form = "distribution";
    if (!check_count(p, yyjson_arr_size(events), err))
        return false;
    yyjson_arr_foreach(events, i, n, event)
    {
        if (!take_event(p, event, err))
            return error_wrap(err, "event %zu", i);
    }
    return true;
}

// ---- Quay -----------------------------------------------------------------------------------------------------------

static bool add_quay(const struct parsing *p, struct slice url, struct slice tag, struct error *err)
{
    struct slice host, path;
    if (tag.n == 0)
        return error_set(err, ERR_FORMAT, "\"updated_tags\" has an empty tag");
    slice_cut(url, '/', &host, &path);
    *add(p) = (struct pushed_name){.hosts = {host, SLICE("")}, .path = path, .tag = arena_dup(p->arena, tag)};
    return true;
}

// A list of tags, or, in older versions, an object with the tags as its keys.
static bool take_quay(const struct parsing *p, yyjson_val *root, struct error *err)
{
    struct slice url;
    yyjson_val *tags = json_last(root, "updated_tags"), *key, *value;
    size_t i, n;
    p->delivery->form = "quay";
    if (!take_text(p, root, "docker_url", &url, err))
        return false;
    if (tags == NULL) { // Quay tells of builds and scans alike
        p->delivery->ignored++;
        return true;
    }
    if (!yyjson_is_arr(tags) && !yyjson_is_obj(tags))
        return error_set(err, ERR_FORMAT, "\"updated_tags\" is no list");
    if (!check_count(p, yyjson_is_arr(tags) ? yyjson_arr_size(tags) : yyjson_obj_size(tags), err))
        return false;
    yyjson_arr_foreach(tags, i, n, value) if (!add_quay(p, url, json_val_str(value), err)) return false;
    yyjson_obj_foreach(tags, i, n, key, value) if (!add_quay(p, url, json_val_str(key), err)) return false;
    return true;
}

// ---- Harbor ---------------------------------------------------------------------------------------------------------

static bool take_resource(const struct parsing *p, yyjson_val *resource, const struct pushed_name *common,
                          struct error *err)
{
    struct slice digest, url;
    struct pushed_name name = *common;
    if (!yyjson_is_obj(resource))
        return error_set(err, ERR_FORMAT, "it is no object");
    if (!take_text(p, resource, "digest", &digest, err) || !take_text(p, resource, "tag", &name.tag, err) ||
        !take_text(p, resource, "resource_url", &url, err) || !take_digest(digest, &name.digest, err))
        return false;
    if (slice_find(name.tag, ':') >= 0) // of what has no tag, Harbor repeats the digest there
        name.tag = SLICE("");
    if (digest.n == 0 && name.tag.n == 0) // which would mean the whole repository
        return error_set(err, ERR_FORMAT, "it has neither \"digest\" nor \"tag\"");
    name.hosts[0] = host_of(url);
    *add(p) = name;
    return true;
}

static bool take_harbor(const struct parsing *p, yyjson_val *data, struct pushed_name *common, struct slice type,
                        struct error *err)
{
    static const char *const pushes[] = {"PUSH_ARTIFACT", "harbor.artifact.pushed"};
    static const char *const deletions[] = {"DELETE_ARTIFACT", "harbor.artifact.deleted"};
    yyjson_val *resources = json_last(data, "resources"), *repository, *resource;
    bool pushed = false;
    size_t i, n;
    p->delivery->form = "harbor";
    for (size_t k = 0; k < 2; k++) {
        pushed = pushed || slice_eq(type, slice_str(pushes[k]));
        common->deleted = common->deleted || slice_eq(type, slice_str(deletions[k]));
    }
    if (!pushed && !common->deleted) {
        p->delivery->ignored++;
        return true;
    }
    if (!take_object(data, "repository", &repository, err) ||
        !take_text(p, repository, "repo_full_name", &common->path, err))
        return false;
    if (!yyjson_is_arr(resources))
        return error_set(err, ERR_FORMAT, "\"resources\" is no list");
    if (!check_count(p, yyjson_arr_size(resources), err))
        return false;
    yyjson_arr_foreach(resources, i, n, resource)
    {
        if (!take_resource(p, resource, common, err))
            return error_wrap(err, "resource %zu", i);
    }
    return true;
}

// Several resources of one event have one id: with it each has its place.
static void number_ids(const struct parsing *p, struct slice id)
{
    for (size_t i = 0; id.n != 0 && i < p->delivery->names.n; i++)
        p->delivery->names.v[i].id = arena_printf(p->arena, "%.*s/%zu", SLICE_ARG(id), i);
}

static bool take_cloud_event(const struct parsing *p, yyjson_val *root, struct error *err)
{
    struct pushed_name common = {0};
    struct slice type, id, time;
    yyjson_val *data;
    if (!take_text(p, root, "type", &type, err) || !take_text(p, root, "id", &id, err) ||
        !take_text(p, root, "time", &time, err) || !take_object(root, "data", &data, err))
        return false;
    common.at = time_of(time);
    if (!take_harbor(p, data, &common, type, err))
        return false;
    number_ids(p, id);
    return true;
}

static bool take_webhook(const struct parsing *p, yyjson_val *root, struct error *err)
{
    struct pushed_name common = {0};
    struct slice type;
    yyjson_val *data;
    if (!take_text(p, root, "type", &type, err) || !take_object(root, "event_data", &data, err))
        return false;
    common.at = from_seconds(yyjson_get_sint(json_last(root, "occur_at")));
    return take_harbor(p, data, &common, type, err);
}

// ---- any ------------------------------------------------------------------------------------------------------------

static bool take_any(const struct parsing *p, yyjson_val *root, struct error *err)
{
    yyjson_val *events = json_last(root, "events");
    if (yyjson_is_arr(events))
        return take_envelope(p, events, err);
    if (json_last(root, "specversion") != NULL)
        return take_cloud_event(p, root, err);
    if (json_last(root, "event_data") != NULL)
        return take_webhook(p, root, err);
    if (json_last(root, "docker_url") != NULL)
        return take_quay(p, root, err);
    return error_set(err, ERR_FORMAT,
                     "it is no notification of the distribution project's registry (\"events\"), of Quay "
                     "(\"docker_url\") or of Harbor (\"event_data\", or \"specversion\" of a CloudEvent)");
}

bool event_delivery_parse(struct slice body, const struct limits *limits, struct arena *a,
                          struct event_delivery *delivery, struct error *err)
{
    *delivery = (struct event_delivery){0};
    const struct parsing p = {limits, a, delivery};
    yyjson_doc *doc JSON_AUTO = json_parse(body, err);
    return doc != NULL && take_any(&p, yyjson_doc_get_root(doc), err);
}
