#include "service/harbor.h"

#include "base/json.h"
#include "http/url.h"

#define AUTHORIZATION_BYTES 16384 // Harbor's tokens have about 1 KiB

// ---- the artifact ---------------------------------------------------------------------------------------------------

// What is scanned; the names stand in ids.
static const struct {
    const char *name, *mime_type;
} kinds[] = {
    {"oci", HARBOR_TYPE_OCI},
    {"docker", HARBOR_TYPE_DOCKER},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

// Repository, tag and digest are what the grammar of references says, whatever the registry's host.
static bool parse_names(struct slice repository, struct slice tag, struct slice digest, struct arena *a,
                        struct reference *reference, struct error *err)
{
    struct buf text BUF_AUTO = {0};
    buf_adds(&text, "registry.invalid/");
    buf_add(&text, repository);
    if (tag.n != 0) {
        buf_addc(&text, ':');
        buf_add(&text, tag);
    }
    buf_addc(&text, '@');
    buf_add(&text, digest);
    if (!reference_parse(buf_slice(&text), a, reference, err))
        return false;
    return (slice_eq(reference->path, repository) && slice_eq(reference->tag, tag)) ||
           error_set(err, ERR_FORMAT, "\"%.*s\" is no repository", SLICE_ARG(repository));
}

static bool take_artifact(const char *mime_type, struct slice repository, struct slice tag, struct slice digest,
                          struct arena *a, struct harbor_artifact *artifact, struct reference *reference,
                          struct error *err)
{
    if (!parse_names(repository, tag, digest, a, reference, err))
        return false;
    *artifact = (struct harbor_artifact){
        .repository = reference->path,
        .tag = reference->tag,
        .digest = reference->digest,
        .mime_type = mime_type,
    };
    return true;
}

// ---- requests -------------------------------------------------------------------------------------------------------

// A member that is a string; empty when it is not there.
static bool take_text(yyjson_val *object, const char *name, const char *key, struct slice *text, struct error *err)
{
    yyjson_val *value = json_last(object, key);
    *text = json_val_str(value);
    return value == NULL || yyjson_is_null(value) || yyjson_is_str(value) ||
           error_set(err, ERR_FORMAT, "%s.%s is no string", name, key);
}

static bool take_needed(yyjson_val *object, const char *name, const char *key, struct slice *text, struct error *err)
{
    if (!take_text(object, name, key, text, err))
        return false;
    return text->n != 0 || error_set(err, ERR_USAGE, "%s.%s is missing", name, key);
}

static bool take_object(yyjson_val *root, const char *key, yyjson_val **object, struct error *err)
{
    *object = json_last(root, key);
    if (*object == NULL || yyjson_is_null(*object))
        return error_set(err, ERR_USAGE, "%s is missing", key);
    return yyjson_is_obj(*object) || error_set(err, ERR_FORMAT, "%s is no object", key);
}

static bool take_kind(struct slice mime_type, const char **kind, struct error *err)
{
    for (size_t i = 0; i < KINDS; i++) {
        *kind = kinds[i].mime_type;
        if (slice_eq(mime_type, slice_str(*kind)))
            return true;
    }
    return error_set(err, ERR_UNSUPPORTED,
                     "artifact.mime_type \"%.*s\" is not scanned: only manifests of images are (%s, %s)",
                     SLICE_ARG(mime_type), kinds[0].mime_type, kinds[1].mime_type);
}

static bool read_artifact(yyjson_val *root, struct arena *a, struct harbor_request *request, struct error *err)
{
    yyjson_val *object;
    struct slice repository, tag, digest, mime_type;
    const char *kind;
    if (!take_object(root, "artifact", &object, err) ||
        !take_needed(object, "artifact", "repository", &repository, err) ||
        !take_needed(object, "artifact", "digest", &digest, err) || !take_text(object, "artifact", "tag", &tag, err) ||
        !take_needed(object, "artifact", "mime_type", &mime_type, err) || !take_kind(mime_type, &kind, err))
        return false;
    if (take_artifact(kind, repository, tag, digest, a, &request->artifact, &request->pull.reference, err))
        return true;
    err->code = ERR_USAGE; // a string, but of no such thing
    return error_wrap(err, "artifact");
}

// The URL is a registry's base: a host, and nothing below it.
static bool take_url(struct slice text, struct arena *a, struct pull *pull, struct error *err)
{
    struct url url;
    if (!url_parse(text, a, &url, err)) {
        err->code = ERR_USAGE;
        return error_wrap(err, "registry.url");
    }
    struct slice rest = slice_from(url.text, url.tls ? sizeof "https://" - 1 : sizeof "http://" - 1), host, path;
    slice_cut(rest, '/', &host, &path);
    if (path.n != 0)
        return error_set(err, ERR_USAGE, "registry.url: %.*s has a path, and a registry's address has none",
                         SLICE_ARG(url_shown(a, url.text)));
    pull->reference.domain =
        url.port == (url.tls ? 443 : 80) ? url.host : arena_printf(a, "%.*s:%u", SLICE_ARG(url.host), url.port);
    pull->plain = !url.tls;
    return true;
}

// RFC 9110, 11.4: "Basic " or "Bearer ", and what is no end of a header.
static bool take_authorization(struct slice text, struct pull *pull, struct error *err)
{
    struct slice scheme, rest;
    slice_cut(text, ' ', &scheme, &rest);
    rest = slice_trim(rest);
    bool basic = slice_eq_nocase(scheme, SLICE("Basic")), sane = rest.n != 0 && text.n <= AUTHORIZATION_BYTES;
    for (size_t i = 0; i < rest.n; i++)
        sane = sane && rest.p[i] > ' ' && rest.p[i] <= '~';
    if (!sane || (!basic && !slice_eq_nocase(scheme, SLICE("Bearer"))))
        return error_set(err, ERR_USAGE,
                         "registry.authorization is neither \"Basic \" nor \"Bearer \" and credentials");
    pull->authorization = secret_join(basic ? SLICE("Basic ") : SLICE("Bearer "), rest, SLICE(""));
    return true;
}

static bool read_registry(yyjson_val *root, struct arena *a, struct pull *pull, struct error *err)
{
    yyjson_val *object, *insecure;
    struct slice url, authorization;
    if (!take_object(root, "registry", &object, err) || !take_needed(object, "registry", "url", &url, err) ||
        !take_text(object, "registry", "authorization", &authorization, err) || !take_url(url, a, pull, err))
        return false;
    insecure = json_last(object, "insecure");
    if (insecure != NULL && !yyjson_is_null(insecure) && !yyjson_is_bool(insecure))
        return error_set(err, ERR_FORMAT, "registry.insecure is neither true nor false");
    pull->unverified = !pull->plain && yyjson_is_true(insecure);
    return authorization.n == 0 || take_authorization(authorization, pull, err);
}

// What is to be made of the artifact. Without the list it is all that the scanner can do; it is the same work for
// either, and what is asked for then is made.
static bool check_capabilities(yyjson_val *root, struct error *err)
{
    yyjson_val *list = json_last(root, "enabled_capabilities"), *item;
    size_t i, most;
    if (list == NULL || yyjson_is_null(list))
        return true;
    if (!yyjson_is_arr(list))
        return error_set(err, ERR_FORMAT, "enabled_capabilities is no array");
    yyjson_arr_foreach(list, i, most, item)
    {
        struct slice type;
        if (!yyjson_is_obj(item))
            return error_set(err, ERR_FORMAT, "enabled_capabilities[%zu] is no object", i);
        if (!take_needed(item, "enabled_capabilities", "type", &type, err))
            return false;
        if (!slice_eq(type, SLICE("vulnerability")) && !slice_eq(type, SLICE("sbom")))
            return error_set(err, ERR_USAGE, "enabled_capabilities: there is no capability \"%.*s\"", SLICE_ARG(type));
    }
    return true;
}

bool harbor_request_parse(struct slice body, struct arena *a, struct harbor_request *request, struct error *err)
{
    *request = (struct harbor_request){0};
    yyjson_doc *doc JSON_AUTO = json_parse(body, err);
    if (doc == NULL)
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (!yyjson_is_obj(root))
        return error_set(err, ERR_FORMAT, "a request for a scan is an object");
    // The artifact sets the reference, the registry then its host.
    return check_capabilities(root, err) && read_artifact(root, a, request, err) &&
           read_registry(root, a, &request->pull, err);
}

// ---- ids ------------------------------------------------------------------------------------------------------------

struct slice harbor_id(const struct harbor_artifact *artifact, struct arena *a)
{
    struct buf id BUF_AUTO = {0};
    size_t kind = 0;
    while (kind + 1 < KINDS && strcmp(kinds[kind].mime_type, artifact->mime_type) != 0)
        kind++;
    buf_addf(&id, "%s~%s~%.*s~%.*s", artifact->digest.text, kinds[kind].name, SLICE_ARG(artifact->tag),
             SLICE_ARG(artifact->repository));
    for (size_t i = 0; i < id.n; i++)
        id.p[i] = id.p[i] == '/' ? '~' : id.p[i] == ':' ? '-' : id.p[i];
    return arena_dup(a, buf_slice(&id));
}

bool harbor_id_parse(struct slice id, struct arena *a, struct harbor_artifact *artifact)
{
    struct slice digest, kind, tag, repository;
    struct reference reference;
    struct error ignored;
    if (!slice_cut(id, '~', &digest, &id) || !slice_cut(id, '~', &kind, &id) || !slice_cut(id, '~', &tag, &repository))
        return false;
    char *digest_text = (char *)(uintptr_t)arena_dup(a, digest).p; // our own copy
    char *path = (char *)(uintptr_t)arena_dup(a, repository).p;
    ptrdiff_t dash = slice_find(digest, '-');
    if (dash < 0 || slice_find(digest, ':') >= 0 || slice_find(repository, '/') >= 0)
        return false;
    digest_text[dash] = ':';
    for (size_t i = 0; i < repository.n; i++)
        path[i] = path[i] == '~' ? '/' : path[i];
    for (size_t i = 0; i < KINDS; i++)
        if (slice_eq(kind, slice_str(kinds[i].name)))
            return take_artifact(kinds[i].mime_type, slice_of(path, repository.n), tag, slice_of(digest_text, digest.n),
                                 a, artifact, &reference, &ignored);
    return false;
}
