// Choosing what to answer with: media types, content codings, entity tags (RFC 9110, sections 12 and 13).
#pragma once

#include "http/server.h"

// The media type that the Accept header likes best of `allowed` (ends with NULL; the first when there is no header).
// NULL: none, and the answer is 415, or 400 for a header that cannot be read.
const char *web_accept(const struct web_request *request, const char *const *allowed, struct web_response *response);

// True when an If-None-Match header is exactly the tag (quoted, as it is sent): as in Clair, no lists, no `*`.
bool web_matches(const struct web_request *request, struct slice tag);

// Compresses the body, or what a stream will give, when the client's first Accept-Encoding asks for it. A client that
// takes no coding at all gets 415.
void web_encode(const struct web_request *request, struct web_response *response);

// Adds the bytes as gzip. False when the library fails.
bool web_gzip(struct slice in, struct buf *out);
