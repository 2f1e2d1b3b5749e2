#include "service/requests.h"

#include <stdio.h>

// ---- digests --------------------------------------------------------------------------------------------------------

static bool is_hex(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
            return false;
    }
    return s.n % 2 == 0;
}

// In the order in which claircore looks at them.
bool request_digest(struct slice text, struct digest *digest, struct error *err)
{
    struct slice algorithm, hex;
    if (!slice_cut(text, ':', &algorithm, &hex))
        return error_set(err, ERR_FORMAT, "invalid digest format");
    if (!is_hex(hex))
        return error_set(err, ERR_FORMAT, "unable to decode digest as hex");
    bool sha256 = slice_eq(algorithm, SLICE("sha256"));
    if (!sha256 && !slice_eq(algorithm, SLICE("sha512")))
        return error_set(err, ERR_FORMAT, "unknown algorthm \"%.*s\"", SLICE_ARG(algorithm)); // sic
    if (hex.n != (sha256 ? 64 : 128))
        return error_set(err, ERR_FORMAT, "bad checksum length: %zu", hex.n / 2);
    return digest_parse(text, digest, err);
}

// ---- bodies ---------------------------------------------------------------------------------------------------------

yyjson_doc *request_json(struct slice body, struct error *err)
{
    yyjson_read_err why;
    yyjson_doc *doc =
        body.n != 0 ? yyjson_read_opts((char *)(uintptr_t)body.p, body.n, YYJSON_READ_NOFLAG, NULL, &why) : NULL;
    if (doc != NULL)
        return doc;
    if (body.n == 0 || why.code == YYJSON_READ_ERROR_UNEXPECTED_END || why.code == YYJSON_READ_ERROR_EMPTY_CONTENT)
        error_set(err, ERR_FORMAT, "EOF");
    else
        error_set(err, ERR_FORMAT, "json decode error [pos %zu]: %s", why.pos, why.msg);
    return NULL;
}

// Where Clair's decoder stands when it has read a string: behind its closing quote. The parser keeps strings where they
// stood in its copy of the text, so their place there is that in the body.
static size_t end_of_string(struct slice body, const yyjson_doc *doc, yyjson_val *string)
{
    size_t at = (size_t)(yyjson_get_str(string) - doc->str_pool);
    while (at < body.n && body.p[at] != '"')
        at += body.p[at] == '\\' ? 2 : 1;
    return at < body.n ? at + 1 : body.n;
}

static bool take_digest(struct slice body, const yyjson_doc *doc, yyjson_val *value, struct digest *digest,
                        struct error *err)
{
    if (!yyjson_is_str(value))
        return error_set(err, ERR_FORMAT, "json decode error: a digest is a string");
    return request_digest(json_val_str(value), digest, err) ||
           error_wrap(err, "json decode error [pos %zu]", end_of_string(body, doc, value));
}

bool request_digests(struct slice body, struct arena *a, struct digest **digests, size_t *n, struct error *err)
{
    yyjson_doc *doc JSON_AUTO = request_json(body, err);
    if (doc == NULL)
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc), *item;
    *n = 0;
    if (yyjson_is_null(root))
        return true;
    if (!yyjson_is_arr(root))
        return error_set(err, ERR_FORMAT, "json decode error [pos 1]: an array of digests is wanted");
    *digests = ARENA_NEW(a, struct digest, yyjson_arr_size(root));
    size_t i, most;
    yyjson_arr_foreach(root, i, most, item) if (!take_digest(body, doc, item, &(*digests)[(*n)++], err)) return false;
    return true;
}

// ---- manifests ------------------------------------------------------------------------------------------------------

static bool is_given(yyjson_val *value)
{
    return value != NULL && !yyjson_is_null(value);
}

// "headers": {"Accept": ["application/gzip"]}
static bool take_headers(yyjson_val *object, const struct limits *limits, struct arena *a, struct remote_layer *layer,
                         struct error *err)
{
    VEC(struct http_header) headers = {0};
    size_t i, most, j, values;
    yyjson_val *name, *list, *value;
    if (is_given(object) && !yyjson_is_obj(object))
        return error_set(err, ERR_FORMAT, "json decode error: headers are an object of arrays of strings");
    yyjson_obj_foreach(object, i, most, name, list)
    {
        struct slice text = arena_dup(a, json_val_str(name));
        if (is_given(list) && !yyjson_is_arr(list))
            return error_set(err, ERR_FORMAT, "json decode error: headers are an object of arrays of strings");
        yyjson_arr_foreach(list, j, values, value)
        {
            if (!yyjson_is_str(value))
                return error_set(err, ERR_FORMAT, "json decode error: headers are an object of arrays of strings");
            if (headers.n >= limits->layer_headers)
                return error_set(err, ERR_LIMIT,
                                 "a layer has more than the %llu headers that limit layer_headers allows",
                                 (unsigned long long)limits->layer_headers);
            VEC_PUSH(a, &headers) = (struct http_header){text, secret_new(json_val_str(value))};
            layer->headers = headers.v; // so that what there is can be forgotten when the next one is wrong
            layer->headers_n = headers.n;
        }
    }
    return true;
}

static bool take_layer(struct slice body, const yyjson_doc *doc, yyjson_val *value, const struct limits *limits,
                       struct arena *a, struct remote_layer *layer, struct error *err)
{
    yyjson_val *hash = json_last(value, "hash"), *uri = json_last(value, "uri");
    if (!yyjson_is_obj(value) || (is_given(uri) && !yyjson_is_str(uri)))
        return error_set(err, ERR_FORMAT, "json decode error: a layer is an object with the strings hash and uri");
    if (!is_given(hash))
        return error_set(err, ERR_USAGE, "bogus manifest: a layer without a hash");
    layer->uri = is_given(uri) ? arena_dup(a, json_val_str(uri)) : SLICE("");
    return take_digest(body, doc, hash, &layer->digest, err) &&
           take_headers(json_last(value, "headers"), limits, a, layer, err);
}

static bool take_layers(struct slice body, const yyjson_doc *doc, yyjson_val *list, const struct limits *limits,
                        struct arena *a, struct posted_manifest *manifest, struct error *err)
{
    size_t i, most;
    yyjson_val *value;
    if (is_given(list) && !yyjson_is_arr(list))
        return error_set(err, ERR_FORMAT, "json decode error: layers are an array");
    if (yyjson_arr_size(list) > limits->manifest_layers)
        return error_set(err, ERR_LIMIT,
                         "bogus manifest: %zu layers are more than the %llu that limit manifest_layers allows",
                         yyjson_arr_size(list), (unsigned long long)limits->manifest_layers);
    manifest->layers = ARENA_NEW(a, struct remote_layer, yyjson_arr_size(list));
    yyjson_arr_foreach(list, i, most, value)
    {
        if (!take_layer(body, doc, value, limits, a, &manifest->layers[manifest->layers_n++], err))
            return false;
    }
    return true;
}

static bool take_manifest(struct slice body, yyjson_doc *doc, const struct limits *limits, struct arena *a,
                          struct posted_manifest *manifest, struct error *err)
{
    yyjson_val *root = yyjson_doc_get_root(doc), *hash = json_last(root, "hash");
    if (!yyjson_is_obj(root) && !yyjson_is_null(root))
        return error_set(err, ERR_FORMAT, "json decode error [pos 1]: an object is wanted");
    if ((is_given(hash) && !take_digest(body, doc, hash, &manifest->digest, err)) ||
        !take_layers(body, doc, json_last(root, "layers"), limits, a, manifest, err))
        return false;
    return (is_given(hash) && manifest->layers_n != 0) || error_set(err, ERR_USAGE, "bogus manifest");
}

bool request_manifest(struct slice body, const struct limits *limits, struct arena *a, struct posted_manifest *manifest,
                      struct error *err)
{
    *manifest = (struct posted_manifest){0};
    yyjson_doc *doc JSON_AUTO = request_json(body, err);
    bool ok = doc != NULL && take_manifest(body, doc, limits, a, manifest, err);
    if (!ok)
        posted_manifest_forget(manifest);
    if (doc != NULL && doc->str_pool != NULL)
        explicit_bzero(doc->str_pool, body.n); // the parser's copy of the body, values of headers among it
    return ok;
}

void posted_manifest_forget(struct posted_manifest *manifest)
{
    for (size_t i = 0; i < manifest->layers_n; i++) {
        struct remote_layer *layer = &manifest->layers[i];
        for (size_t j = 0; j < layer->headers_n; j++) {
            struct secret *value = (struct secret *)(uintptr_t)layer->headers[j].value;
            secret_free(&value);
        }
        layer->headers_n = 0;
    }
}

// ---- queries --------------------------------------------------------------------------------------------------------

bool request_bool(struct slice text, bool *value)
{
    static const char *const words[2][6] = {{"0", "f", "F", "false", "FALSE", "False"},
                                            {"1", "t", "T", "true", "TRUE", "True"}};
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < 6; j++)
            if (slice_eq(text, slice_str(words[i][j]))) {
                *value = i == 1;
                return true;
            }
    return false;
}
