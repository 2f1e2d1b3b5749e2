// Clair v4's difference of two updates, as a document that is made while it is sent: what two whole feeds differ in is
// larger than what a service should hold.
#pragma once

#include "http/server.h"
#include "store/store.h"

// `prev` empty: all that `cur` says counts as added. Looks the updates up and opens their segments; the stream needs
// neither the store nor the refs any more. ERR_NOT_FOUND, in Clair's words, for an update that there is not.
bool update_diff_open(struct store *s, struct slice prev, struct slice cur, struct web_stream *stream,
                      struct error *err);
