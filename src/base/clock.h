// The time, in seconds since 1970-01-01 UTC, and its text (RFC 3339, "2026-11-24T04:45:10Z").
#pragma once

#include "base/slice.h"

#include <pthread.h>
#include <time.h>

#define CLOCK_TEXT 32

// Now; $SOURCE_DATE_EPOCH, when set to a number, stands still in its place (reproducible reports, tests).
int64_t clock_now(void);

void clock_format(int64_t seconds, char text[static CLOCK_TEXT]);

// "2026-11-24T04:45:10Z", with an offset, with a fraction, or a date alone (midnight UTC). False for anything else.
bool clock_parse(struct slice text, int64_t *seconds);

// A monotonic clock for durations, in seconds.
double clock_monotonic(void);

// So many seconds from now on the monotonic clock, for pthread_cond_timedwait at a condition that goes by it.
struct timespec clock_after(double seconds);
void cond_init_monotonic(pthread_cond_t *cond);

// The real time in nanoseconds, whatever $SOURCE_DATE_EPOCH says: for what is observed, not for what is reported.
uint64_t clock_nanoseconds(void);
