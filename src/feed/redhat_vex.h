// Between redhat_vex.c, which finds the documents, and redhat_vex_document.c, which reads one.
#pragma once

#include "base/buf.h"
#include "feed/feed.h"

// The scopes of its records: "redhat:" and the CPE of a product, and that of container images.
#define REDHAT_NAME "redhat"
#define RHCC_SCOPE  "rhcc"

// Reads one VEX document into records of the vulnerability `id` ("CVE-2024-2961"); what it says of another is left out.
// With an empty `id`: of the one that the document is named for. `text` is used up. ERR_FORMAT: it is no such document,
// ERR_LIMIT: as csaf_products_read().
bool redhat_vex_document(struct feed_input *input, struct buf *text, struct slice id, struct error *err);
