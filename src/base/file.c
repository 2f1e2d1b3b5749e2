#include "base/file.h"

#include "base/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int fd_take(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

bool file_read(const char *path, uint64_t limit, struct buf *out, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        bool absent = errno == ENOENT || errno == ENOTDIR;
        error_errno(err, "cannot open %s", path);
        if (absent)
            err->code = ERR_NOT_FOUND;
        return false;
    }
    struct reader *r READER_AUTO = reader_of_fd(fd, true);
    return reader_read_all(r, out, limit, path, err) || (err->code == ERR_IO && error_wrap(err, "%s", path));
}

bool fd_write_all(int fd, struct slice bytes, struct error *err)
{
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, "cannot write");
        bytes = slice_from(bytes, (size_t)n);
    }
    return true;
}

bool dir_sync(const char *path, struct error *err)
{
    int fd FD_AUTO = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return error_errno(err, "cannot sync folder %s", path);
    return true;
}

static bool write_bytes(void *context, int fd, struct error *err)
{
    const struct slice *bytes = context;
    return fd_write_all(fd, *bytes, err);
}

static bool write_into(const char *path, file_write_fn *write, void *context, struct error *err)
{
    int fd FD_AUTO = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, "cannot open %s", path);
    return write(context, fd, err) || error_wrap(err, "%s", path);
}

// `mode`: its permissions, but for those that the process's mask takes. The name can be guessed, and others may write
// in the folder, as in /tmp: a link that waits there is not followed.
static bool write_new(const char *path, mode_t mode, file_write_fn *write, void *context, struct error *err)
{
    unlink(path);
    int fd FD_AUTO = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return error_errno(err, "cannot create %s", path);
    if (!write(context, fd, err))
        return error_wrap(err, "%s", path);
    return fsync(fd) == 0 || error_errno(err, "cannot sync %s", path);
}

// Of a path that leads to a regular file, or to none.
static bool replace(const char *path, mode_t mode, file_write_fn *write, void *context, struct error *err)
{
    char temporary[PATH_MAX], folder[PATH_MAX];
    if (snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid()) >= (int)sizeof temporary)
        return error_set(err, ERR_IO, "path is too long: %s", path);
    bool ok = write_new(temporary, mode, write, context, err) &&
              (rename(temporary, path) == 0 || error_errno(err, "cannot rename %s to %s", temporary, path));
    if (!ok) {
        unlink(temporary);
        return false;
    }
    struct slice dir = slice_dirname(slice_str(path));
    snprintf(folder, sizeof folder, "%.*s", (int)dir.n, dir.n != 0 ? dir.p : "");
    return dir_sync(dir.n != 0 ? folder : path[0] == '/' ? "/" : ".", err);
}

bool file_replace(const char *path, file_write_fn *write, void *context, struct error *err)
{
    struct stat st;
    char target[PATH_MAX];
    if (stat(path, &st) != 0)
        return replace(path, 0666, write, context, err);
    if (!S_ISREG(st.st_mode))
        return write_into(path, write, context, err);
    return replace(realpath(path, target) != NULL ? target : path, st.st_mode & 0777, write, context, err);
}

bool file_write_atomic(const char *path, struct slice bytes, struct error *err)
{
    return file_replace(path, write_bytes, &bytes, err);
}

bool dir_make(const char *path, struct error *err)
{
    char part[PATH_MAX];
    struct stat st;
    size_t n = strlen(path);
    if (n >= sizeof part)
        return error_set(err, ERR_IO, "path is too long: %s", path);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0700) == 0 || errno == EEXIST)
            continue;
        int why = errno; // not that of a folder that could not be made inside this one
        if (stat(part, &st) == 0)
            continue;
        errno = why;
        return error_errno(err, "cannot create folder %s", part);
    }
    if (stat(path, &st) != 0)
        return error_errno(err, "cannot create folder %s", path);
    if (!S_ISDIR(st.st_mode))
        return error_set(err, ERR_IO, "%s is not a folder", path);
    return true;
}

bool fd_size(int fd, uint64_t *size, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return error_errno(err, "cannot stat");
    *size = (uint64_t)st.st_size;
    return true;
}

int fd_temporary(const char *folder, struct error *err)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) { // a file system without O_TMPFILE
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/.temporary-XXXXXX", folder);
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0)
            unlink(path);
    }
    if (fd < 0)
        error_errno(err, "cannot make a temporary file in %s", folder);
    return fd;
}
