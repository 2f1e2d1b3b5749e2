// What `clarion explain` says, in lines for people.
#pragma once

#include "cli/session.h"

// One package of a report and the flaw `id` in it.
void explain_write(struct session *s, const struct report *report, struct slice id, const struct explanation *e,
                   struct buf *out);
