#include "http/retry.h"

#include <sys/random.h>
#include <time.h>

#define MOST_SECONDS 60.0
#define MOST_DOUBLED 10U

double retry_seconds(double first, unsigned try, double asked)
{
    unsigned doubled = try > 0 ? try - 1 : 0;
    double seconds = first * (double)(1U << (doubled < MOST_DOUBLED ? doubled : MOST_DOUBLED));
    uint8_t dice = 0;
    if (getrandom(&dice, sizeof dice, GRND_NONBLOCK) == sizeof dice)
        seconds *= 1 + dice / 1024.0;
    if (asked > seconds)
        seconds = asked;
    return seconds < MOST_SECONDS ? seconds : MOST_SECONDS;
}

void retry_sleep(double seconds)
{
    struct timespec pause = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&pause, NULL);
}
