#include "image/remote.h"

#include "image/source.h"

struct remote {
    struct http_client *http;
    const struct address_rules *allow;
    struct remote_part *parts;
};

// What a stream asks with.
struct remote_part {
    const struct remote *remote;
    const struct remote_layer *layer;
};

static bool ask(void *context, uint64_t from, struct slice if_range, struct arena *a, struct http_answer *answer,
                struct error *err)
{
    const struct remote_part *part = context;
    const struct remote_layer *layer = part->layer;
    const struct http_request request = {
        .url = layer->uri,
        .headers = layer->headers,
        .headers_n = layer->headers_n,
        .allow = part->remote->allow,
        .from = from,
        .if_range = if_range,
    };
    return http_fetch(part->remote->http, &request, a, answer, err);
}

static struct reader *open_layer(struct image *image, size_t i, struct error *err)
{
    struct remote *remote = image->source;
    const struct stream_source from = {ask, &remote->parts[i], UINT64_MAX};
    return stream_open(remote->http, &from, err);
}

static void close_image(struct image *image)
{
    (void)image; // everything is in the arena
}

bool remote_image(struct http_client *http, const struct address_rules *allow, const struct limits *limits,
                  const struct digest *manifest, const struct remote_layer *layers, size_t n, struct arena *a,
                  struct image *image, struct error *err)
{
    static const struct image_source_ops ops = {open_layer, close_image};
    *image = (struct image){.reference = arena_dup(a, digest_slice(manifest)), .kind = SLICE("manifest")};
    if (n > limits->manifest_layers)
        return error_set(err, ERR_LIMIT, "%zu layers are more than the %llu that limit manifest_layers allows", n,
                         (unsigned long long)limits->manifest_layers);
    struct remote *remote = arena_alloc(a, sizeof *remote);
    *remote = (struct remote){http, allow, ARENA_NEW(a, struct remote_part, n)};
    image->manifest = *manifest;
    image->layers = ARENA_NEW(a, struct image_layer, n);
    for (size_t i = 0; i < n; i++) {
        remote->parts[i] = (struct remote_part){remote, &layers[i]};
        image->layers[i] = (struct image_layer){.digest = layers[i].digest};
    }
    image->layers_n = n;
    image->ops = &ops;
    image->source = remote;
    return true;
}
