// The web page's own files, embedded when the program is built (scripts/embed-assets.py).
#pragma once

#include "http/server.h"

// A file, and the same as gzip. `name` has a digest of the contents in it: "clarion.0123456789ab.css", so that a
// browser may keep it for ever.
struct asset {
    const char *file, *name, *type;
    const unsigned char *bytes, *gzip;
    size_t bytes_n, gzip_n;
};
extern const struct asset assets[]; // ends with one whose file is NULL

// The name under which a file is served; `file` must be one of them.
const char *asset_name(const char *file);

// A handler: gives the one that the path ends with.
void asset_get(void *context, const struct web_request *request, struct web_response *response);
