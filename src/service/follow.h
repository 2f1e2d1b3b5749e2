// Following what other nodes do: a new generation is taken from the database server as soon as one of them has made it,
// not when the first report wants it.
#pragma once

#include "service/views.h"

struct follow;

// Starts a thread where others share the store, which is of the home of these views; else there is nothing to follow,
// and *out is NULL. Both must live as long.
bool follow_start(struct store_home *home, struct views *views, struct follow **out, struct error *err);
void follow_stop(struct follow **follow); // NULL is fine
