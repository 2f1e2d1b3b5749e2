// A folder with manifest.json beside the blobs that it names: the "dir" transport of containers-transports(5).
// manifest.json may be an index; the manifests that it names are then HEX.manifest.json.
#include "image/choose.h"

static bool read_file(struct blobs *blobs, struct slice name, struct slice *text, struct error *err)
{
    struct blob blob;
    return blobs_find(blobs, name, &blob, err) && blobs_read(blobs, &blob, text, err);
}

bool blob_folder_is(struct blobs *blobs)
{
    struct blob blob;
    struct slice version;
    struct error ignored;
    return read_file(blobs, SLICE("version"), &version, &ignored) &&
           slice_starts(version, SLICE("Directory Transport Version:")) &&
           blobs_find(blobs, SLICE("manifest.json"), &blob, &ignored);
}

bool blob_folder_open(struct opening *o, struct blobs *blobs, struct error *err)
{
    struct content content = {o, blobs, CONTENT_FLAT};
    struct slice text;
    struct choice choice;
    struct image_config config;
    if (!read_file(blobs, SLICE("manifest.json"), &text, err) ||
        !manifest_parse(text, o->limits, o->arena, &choice.manifest, err))
        return error_wrap(err, "manifest.json");
    if (choice.manifest.kind == MANIFEST_INDEX) {
        struct manifest index = choice.manifest;
        if (!choose_manifest(&content, &index, SLICE(""), &choice, err))
            return error_wrap(err, "manifest.json");
    } else {
        choice.descriptor.digest = digest_of(text);
        if (!content_read_config(&content, &choice.manifest, &config, err) || !opening_accept(o, &config.platform, err))
            return error_wrap(err, "manifest.json");
    }
    return content_fill_image(&content, &choice.descriptor.digest, &choice.manifest, err) ||
           error_wrap(err, "manifest %s", choice.descriptor.digest.text);
}
