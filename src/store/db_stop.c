// Stopping while the server is away: who waits for it then would wait for up to half a minute, and the next one again.
#include "store/db_postgres.h"

#include "base/clock.h"
#include "base/log.h"

#include <sys/socket.h>

#define LOOK_SECONDS 0.2

void stop_init(struct postgres_stop *stop)
{
    pthread_mutex_init(&stop->lock, NULL);
    cond_init_monotonic(&stop->wake);
}

void stop_wait_begin(struct postgres_stop *stop, struct postgres_wait *wait, PGconn *pg)
{
    *wait = (struct postgres_wait){.fd = PQsocket(pg), .since = clock_monotonic()};
    pthread_mutex_lock(&stop->lock);
    wait->next = stop->waits;
    stop->waits = wait;
    pthread_mutex_unlock(&stop->lock);
}

void stop_wait_end(struct postgres_stop *stop, struct postgres_wait *wait)
{
    pthread_mutex_lock(&stop->lock);
    struct postgres_wait **at = &stop->waits;
    while (*at != wait)
        at = &(*at)->next;
    *at = wait->next;
    pthread_mutex_unlock(&stop->lock);
}

// To those who wait it looks as if the server had closed the connection. Under the lock, so that the descriptor is
// theirs still.
static size_t break_off(struct postgres_stop *stop, double stopping)
{
    size_t n = 0;
    for (struct postgres_wait *w = stop->waits; w != NULL; w = w->next) {
        if (w->broken_off || clock_monotonic() - (w->since > stopping ? w->since : stopping) < DB_LAST_PATIENCE)
            continue;
        w->broken_off = true;
        shutdown(w->fd, SHUT_RDWR);
        n++;
    }
    return n;
}

static void *stop_thread(void *argument)
{
    struct postgres_source *s = argument;
    struct postgres_stop *stop = &s->stop;
    pthread_mutex_lock(&stop->lock);
    while (!stop->end) {
        size_t n = break_off(stop, atomic_load(&s->source.stopping));
        if (n != 0) {
            atomic_store(&s->source.given_up, true);
            log_warn(
                "store: %zu question%s that the database server has not answered for %.0f s %s given up, since the "
                "service stops",
                n, n == 1 ? "" : "s", DB_LAST_PATIENCE, n == 1 ? "is" : "are");
        }
        const struct timespec until = clock_after(LOOK_SECONDS);
        pthread_cond_timedwait(&stop->wake, &stop->lock, &until);
    }
    pthread_mutex_unlock(&stop->lock);
    return NULL;
}

void db_postgres_stopping(struct db_source *source)
{
    struct postgres_source *s = (struct postgres_source *)source;
    s->stop.running = pthread_create(&s->stop.thread, NULL, stop_thread, s) == 0;
    if (!s->stop.running)
        log_warn(
            "store: no thread can be started that breaks off what the database server does not answer: stopping may "
            "take long");
}

void stop_free(struct postgres_stop *stop)
{
    pthread_mutex_lock(&stop->lock);
    stop->end = true;
    pthread_cond_signal(&stop->wake);
    pthread_mutex_unlock(&stop->lock);
    if (stop->running)
        pthread_join(stop->thread, NULL);
    pthread_cond_destroy(&stop->wake);
    pthread_mutex_destroy(&stop->lock);
}
