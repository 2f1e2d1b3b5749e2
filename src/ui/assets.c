#include "ui/assets.h"

#include "ui/page.h"

const char *asset_name(const char *file)
{
    const struct asset *asset = assets;
    while (asset->file != NULL && strcmp(asset->file, file) != 0)
        asset++;
    return asset->name;
}

// Does the client say that it takes gzip? Whoever says so in a way that this does not see gets the file as it is.
static bool takes_gzip(const struct web_request *request)
{
    struct slice rest = web_header(request, "Accept-Encoding", 0), item;
    while (rest.n != 0) {
        slice_cut(rest, ',', &item, &rest);
        if (slice_eq_nocase(slice_trim(item), SLICE("gzip")))
            return true;
    }
    return false;
}

void asset_get(void *context, const struct web_request *request, struct web_response *response)
{
    (void)context;
    const struct asset *asset = assets;
    while (asset->file != NULL && !slice_eq(request->rest, slice_str(asset->name)))
        asset++;
    if (asset->file == NULL) {
        web_error(request, response, 404, "there is no such file: the program may have been updated, reload the page");
        return;
    }
    bool gzip = takes_gzip(request);
    response->status = 200;
    response->type = asset->type;
    page_add_headers(request, response, SLICE("public, max-age=31536000, immutable"));
    if (gzip)
        web_add(request, response, "Content-Encoding", SLICE("gzip"));
    buf_add(&response->body, gzip ? slice_of((const char *)asset->gzip, asset->gzip_n)
                                  : slice_of((const char *)asset->bytes, asset->bytes_n));
}
