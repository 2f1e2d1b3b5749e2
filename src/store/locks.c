// Locks between the processes that share a data folder, and between the nodes that share a server.
#include "store/notification_store.h"
#include "store/update_rows.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>

static bool open_lock(const struct store_home *home, struct slice name, int *fd, struct arena *a, const char **path,
                      struct error *err)
{
    *path = arena_printf(a, "%s/%.*s.lock", home->folder, SLICE_ARG(name)).p;
    *fd = open(*path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return *fd >= 0 || error_errno(err, "cannot open %s", *path);
}

// Takes it, when `operation` says LOCK_NB only where nobody else has it.
static bool take(int fd, int operation, const char *path, bool *got, struct error *err)
{
    int code;
    while ((code = flock(fd, operation)) != 0 && errno == EINTR)
        ;
    *got = code == 0;
    return *got || errno == EWOULDBLOCK || error_errno(err, "cannot lock %s", path);
}

void store_unlock(struct store_lock *lock)
{
    if (lock->source != NULL)
        db_source_unlock(lock->source, slice_str(lock->name));
    lock->source = NULL;
    fd_close(&lock->fd);
}

bool store_lock_holds(const struct store_lock *lock)
{
    return lock->fd >= 0 && (lock->source == NULL || db_source_holds(lock->source, slice_str(lock->name)));
}

// The file keeps the processes of this folder apart, the server those of others. Nobody of this folder asks the server
// without having the file.
static bool take_both(const struct store_home *home, struct slice name, struct store_lock *lock, const char *path,
                      bool *got, struct error *err)
{
    struct db_source *source = home->database;
    snprintf(lock->name, sizeof lock->name, "%.*s", SLICE_ARG(name));
    if (!take(lock->fd, LOCK_EX | LOCK_NB, path, got, err))
        return false;
    if (!*got || !db_source_shared(source))
        return true;
    if (!db_source_lock(source, name, got, err))
        return false;
    lock->source = *got ? source : NULL;
    return true;
}

static bool try_lock(const struct store_home *home, struct slice name, struct store_lock *lock, bool *got,
                     struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    const char *path;
    *got = false;
    *lock = (struct store_lock)STORE_LOCK_NONE;
    bool ok = open_lock(home, name, &lock->fd, &scratch, &path, err) && take_both(home, name, lock, path, got, err);
    if (!*got)
        store_unlock(lock);
    return ok;
}

bool store_lock_duty(const struct store_home *home, const char *duty, struct store_lock *lock, bool *got,
                     struct error *err)
{
    return try_lock(home, slice_str(duty), lock, got, err);
}

bool store_lock_feed(struct store *s, struct slice feed, void (*waiting)(void *context), void *context,
                     struct store_lock *lock, struct error *err)
{
    const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    bool got;
    if (!try_lock(s->home, feed, lock, &got, err))
        return false;
    if (!got && waiting != NULL)
        waiting(context);
    while (!got) {
        nanosleep(&pause, NULL);
        if (!try_lock(s->home, feed, lock, &got, err))
            return false;
    }
    return true;
}

bool store_hold_segments(struct store *s, int *fd, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    const char *path;
    bool got;
    return open_lock(s->home, SLICE("segments"), fd, &scratch, &path, err) && take(*fd, LOCK_SH, path, &got, err);
}

bool store_own_segments(struct store *s, int *fd, bool *got, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    const char *path;
    return open_lock(s->home, SLICE("segments"), fd, &scratch, &path, err) &&
           take(*fd, LOCK_EX | LOCK_NB, path, got, err);
}
