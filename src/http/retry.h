// How long to wait before something is tried again.
#pragma once

#include <stdint.h>

// Seconds before try number `try` + 1, from 1 on: `first`, then twice as long each time, and up to a quarter more, so
// that many clients do not come back at once. What the server asked for (Retry-After, 0 for nothing) counts when it is
// more; nothing is ever over a minute.
double retry_seconds(double first, unsigned try, double asked);

void retry_sleep(double seconds);
