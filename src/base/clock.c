#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

int64_t clock_now(void)
{
    uint64_t fixed;
    if (slice_to_u64(slice_str(getenv("SOURCE_DATE_EPOCH")), &fixed) && fixed <= INT64_MAX)
        return (int64_t)fixed;
    return (int64_t)time(NULL);
}

void clock_format(int64_t seconds, char text[static CLOCK_TEXT])
{
    time_t t = (time_t)seconds;
    struct tm tm;
    if (gmtime_r(&t, &tm) == NULL || strftime(text, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        snprintf(text, CLOCK_TEXT, "1970-01-01T00:00:00Z");
}

// Two (or four) digits at the start of `s`, within bounds.
static bool number(struct slice *s, size_t digits, uint64_t most, uint64_t *value)
{
    if (s->n < digits || !slice_to_u64(slice_of(s->p, digits), value) || *value > most)
        return false;
    *s = slice_from(*s, digits);
    return true;
}

static bool literal(struct slice *s, char c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    *s = slice_from(*s, 1);
    return true;
}

// What follows the seconds: a fraction, then Z or an offset, in seconds.
static bool zone(struct slice s, int64_t *offset)
{
    *offset = 0;
    if (literal(&s, '.')) {
        size_t digits = 0;
        while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
            digits++;
        if (digits == 0)
            return false;
        s = slice_from(s, digits);
    }
    if (literal(&s, 'Z') || literal(&s, 'z'))
        return s.n == 0;
    int64_t sign = s.n > 0 && s.p[0] == '-' ? -1 : 1;
    uint64_t hours, minutes;
    if (!literal(&s, '+') && !literal(&s, '-'))
        return false;
    if (!number(&s, 2, 23, &hours) || !literal(&s, ':') || !number(&s, 2, 59, &minutes) || s.n != 0)
        return false;
    *offset = sign * (int64_t)(hours * 3600 + minutes * 60);
    return true;
}

// Days from 1970-01-01 to a date of the Gregorian calendar; days beyond a month's end run into the next. Not timegm(3),
// which opens the time zone's file: dates are parsed in sandboxed processes too.
static int64_t days_to(uint64_t year, uint64_t month, uint64_t day)
{
    // Counted in years that begin in March, so that a leap day is the last of its year.
    int64_t y = (int64_t)year - (month <= 2), m = ((int64_t)month + 9) % 12;
    int64_t leap_days = y >= 0 ? y / 4 - y / 100 + y / 400 : -1; // the year before 0000-03-01 is the only negative one
    return 365 * y + leap_days + (153 * m + 2) / 5 + (int64_t)day - 1 - 719468;
}

bool clock_parse(struct slice s, int64_t *seconds)
{
    uint64_t year, month, day, hour = 0, minute = 0, second = 0;
    int64_t offset = 0;
    if (!number(&s, 4, 9999, &year) || !literal(&s, '-') || !number(&s, 2, 12, &month) || !literal(&s, '-') ||
        !number(&s, 2, 31, &day) || month == 0 || day == 0)
        return false;
    if (s.n != 0) {
        if (!literal(&s, 'T') && !literal(&s, 't') && !literal(&s, ' '))
            return false;
        if (!number(&s, 2, 23, &hour) || !literal(&s, ':') || !number(&s, 2, 59, &minute) || !literal(&s, ':') ||
            !number(&s, 2, 60, &second) || !zone(s, &offset))
            return false;
    }
    *seconds = days_to(year, month, day) * 86400 + (int64_t)(hour * 3600 + minute * 60 + second) - offset;
    return true;
}

double clock_monotonic(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct timespec clock_after(double seconds)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    if (seconds <= 0)
        return t;
    t.tv_sec += (time_t)seconds;
    t.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
    if (t.tv_nsec >= 1000000000L) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000L;
    }
    return t;
}

void cond_init_monotonic(pthread_cond_t *cond)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

uint64_t clock_nanoseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}
