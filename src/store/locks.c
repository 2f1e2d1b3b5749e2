// Locks between the processes that share a data folder.
#include "store/notification_store.h"
#include "store/update_rows.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

static bool open_lock(struct store *s, struct slice name, int *fd, struct arena *a, const char **path,
                      struct error *err)
{
    *path = arena_printf(a, "%s/%.*s.lock", s->home->folder, SLICE_ARG(name)).p;
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

bool store_lock_feed(struct store *s, struct slice feed, void (*waiting)(void *context), void *context, int *fd,
                     struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    const char *path;
    bool got;
    if (!open_lock(s, feed, fd, &scratch, &path, err) || !take(*fd, LOCK_EX | LOCK_NB, path, &got, err))
        return false;
    if (got)
        return true;
    if (waiting != NULL)
        waiting(context);
    return take(*fd, LOCK_EX, path, &got, err);
}

bool store_hold_segments(struct store *s, int *fd, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    const char *path;
    bool got;
    return open_lock(s, SLICE("segments"), fd, &scratch, &path, err) && take(*fd, LOCK_SH, path, &got, err);
}

bool store_own_segments(struct store *s, int *fd, bool *got, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    const char *path;
    return open_lock(s, SLICE("segments"), fd, &scratch, &path, err) && take(*fd, LOCK_EX | LOCK_NB, path, got, err);
}

bool store_own_notifications(struct store *s, int *fd, bool *got, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    const char *path;
    return open_lock(s, SLICE("notifications"), fd, &scratch, &path, err) &&
           take(*fd, LOCK_EX | LOCK_NB, path, got, err);
}
