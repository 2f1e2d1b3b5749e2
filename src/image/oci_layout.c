// OCI image layouts (image-spec, image-layout.md), in a folder or an archive.
#include "image/choose.h"

static bool read_index(struct opening *o, struct blobs *blobs, struct manifest *index, struct error *err)
{
    struct blob blob;
    struct slice text;
    return blobs_find(blobs, SLICE("index.json"), &blob, err) && blobs_read(blobs, &blob, &text, err) &&
           manifest_parse(text, o->limits, o->arena, index, err) &&
           (index->kind == MANIFEST_INDEX || error_set(err, ERR_FORMAT, "an image manifest and no index"));
}

bool oci_layout_open(struct opening *o, struct blobs *blobs, struct slice tag, struct error *err)
{
    struct content content = {o, blobs, CONTENT_OCI};
    struct manifest index;
    struct choice choice;
    struct blob blob;
    if (!blobs_find(blobs, SLICE("index.json"), &blob, err) && err->code == ERR_NOT_FOUND)
        return error_set(err, ERR_NOT_FOUND, "it has no index.json, so it is no OCI image layout");
    if (!read_index(o, blobs, &index, err) || !choose_manifest(&content, &index, tag, &choice, err))
        return error_wrap(err, "index.json");
    if (choice.reference.n != 0)
        o->image->reference = choice.reference;
    return content_fill_image(&content, &choice.descriptor.digest, &choice.manifest, err) ||
           error_wrap(err, "manifest %s", choice.descriptor.digest.text);
}
