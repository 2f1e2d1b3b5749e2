// Manifests, indexes, configurations and a docker archive's manifest.json.
#include "fuzz.h"

#include "image/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a ARENA_AUTO = {0};
    struct limits limits = fuzz_limits();
    struct slice text = slice_of((const char *)data, size);
    struct manifest manifest;
    struct image_config config;
    struct docker_manifest docker;
    struct error err;
    manifest_parse(text, &limits, &a, &manifest, &err);
    image_config_parse(text, &limits, &a, &config, &err);
    docker_manifest_parse(text, &limits, &a, &docker, &err);
    return 0;
}
