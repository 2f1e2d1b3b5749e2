// What clients send before anybody knows them: bodies of digests and manifests, paths and queries, tokens. Nothing is
// both refused and silent, what is taken is well formed, and no token is valid whose signature was not made with the
// key.
#include "fuzz.h"

#include "http/exchange.h"
#include "service/requests.h"

static void digests(struct slice body, struct arena *a)
{
    struct digest *list = NULL, one;
    size_t n = 0;
    struct error err = {0};
    if (!request_digests(body, a, &list, &n, &err)) {
        if (err.code == ERR_NONE || err.text[0] == '\0')
            abort();
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (!request_digest(digest_slice(&list[i]), &one, &err) || !digest_eq(&one, &list[i]))
            abort();
}

static void manifests(struct slice body, struct arena *a)
{
    struct limits limits = limits_default();
    struct posted_manifest manifest;
    struct error err = {0};
    limits.manifest_layers = 8;
    limits.layer_headers = 4;
    if (!request_manifest(body, &limits, a, &manifest, &err)) {
        if (err.code == ERR_NONE || err.text[0] == '\0')
            abort();
        return;
    }
    if (manifest.layers_n == 0 || manifest.layers_n > limits.manifest_layers || manifest.digest.text[0] == '\0')
        abort();
    for (size_t i = 0; i < manifest.layers_n; i++)
        if (manifest.layers[i].digest.text[0] == '\0' || manifest.layers[i].headers_n > limits.layer_headers)
            abort();
    posted_manifest_forget(&manifest);
}

static void decoding(struct slice text, struct arena *a)
{
    struct slice decoded = web_decode(a, text, true);
    if (decoded.n > text.n)
        abort();
    for (size_t i = 0; i < decoded.n; i++)
        if ((unsigned char)decoded.p[i] < 0x20)
            abort();
}

static void tokens(struct slice text, struct arena *a)
{
    const struct slice issuers[] = {SLICE("quay")};
    struct secret *secret SECRET_AUTO = secret_new(SLICE("a key that the fuzzer does not know"));
    const struct token_key key = {secret, issuers, 1};
    struct error err = {0};
    struct buf header BUF_AUTO = {0};
    buf_adds(&header, "Bearer ");
    buf_add(&header, text);
    if (token_check(&key, buf_slice(&header), 1000, &err) || err.text[0] == '\0')
        abort();
    (void)a;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const what[])(struct slice, struct arena *) = {digests, decoding, tokens, manifests};
    struct arena a ARENA_AUTO = {0};
    if (size != 0)
        what[data[0] % 4](slice_of((const char *)data + 1, size - 1), &a);
    return 0;
}
