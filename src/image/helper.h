// Docker's credential helpers: programs called docker-credential-NAME that keep a user's passwords.
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

// Asks the helper NAME for what it keeps for a server: what it prints, into `out`, which the caller overwrites when
// done. `*known` is false when it keeps nothing. ERR_FORMAT for a name that is none; ERR_NOT_FOUND when there is no
// such program; ERR_IO when it fails, prints too much or takes too long.
bool helper_get(struct slice name, struct slice server, struct arena *a, struct buf *out, bool *known,
                struct error *err);
