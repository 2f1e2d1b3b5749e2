// Gives memory back to the system when the service has come to rest: the allocator would keep what a rush needed.
#pragma once

#include "service/views.h"

struct idle;

// Looks after itself, on a thread of its own. `views` must live as long. NULL with an error.
struct idle *idle_start(struct views *views, struct error *err);
void idle_stop(struct idle **idle); // NULL is fine
