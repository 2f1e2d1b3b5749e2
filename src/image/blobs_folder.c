// The files of a folder that a user named, and of nothing outside it.
#include "image/blobs.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct folder {
    struct blobs base;
    int fd;
    VEC(struct slice) names; // blob.where is an index; terminated
};

// O_NONBLOCK so that a fifo of that name cannot hold us up; it means nothing to regular files.
#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

// Part by part, following no link at all: for kernels before 5.6, and sandboxes that do not know openat2.
static int open_step_by_step(int folder, struct slice path)
{
    int at FD_AUTO = -1;
    while (path.n != 0) {
        char part[256];
        struct slice name;
        bool more = slice_cut(path, '/', &name, &path);
        if (name.n >= sizeof part) {
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(part, name.p, name.n);
        part[name.n] = '\0';
        int next = openat(at >= 0 ? at : folder, part, OPEN_FLAGS | O_NOFOLLOW | (more ? O_DIRECTORY : 0));
        if (next < 0)
            return -1;
        fd_close(&at);
        at = next;
    }
    int found = at;
    at = -1;
    return found;
}

static int open_beneath(int folder, struct slice path)
{
    struct open_how how = {.flags = OPEN_FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, folder, path.p, &how, sizeof how);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return open_step_by_step(folder, path);
    return (int)fd;
}

// An open regular file of that name, or -1.
static int open_file(struct folder *f, struct slice name, uint64_t *size, struct error *err)
{
    int fd FD_AUTO = open_beneath(f->fd, name);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        error_set(err, ERR_NOT_FOUND, "%.*s is not there", SLICE_ARG(name));
        return -1;
    }
    if (fd < 0 && (errno == EXDEV || errno == ELOOP)) {
        error_set(err, ERR_FORMAT, "%.*s is a link that leads out of the image's folder", SLICE_ARG(name));
        return -1;
    }
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        error_errno(err, "cannot open %.*s", SLICE_ARG(name));
        return -1;
    }
    if (!S_ISREG(st.st_mode)) {
        error_set(err, ERR_FORMAT, "%.*s is no regular file", SLICE_ARG(name));
        return -1;
    }
    *size = (uint64_t)st.st_size;
    return fd_take(&fd);
}

static bool folder_find(struct blobs *base, struct slice name, struct blob *blob, struct error *err)
{
    struct folder *f = (struct folder *)base;
    *blob = (struct blob){.where = f->names.n};
    int fd FD_AUTO = open_file(f, name, &blob->size, err);
    if (fd < 0 || !compression_at(fd, 0, &blob->compression, err))
        return false;
    VEC_PUSH(&base->arena, &f->names) = name;
    return true;
}

static struct reader *folder_open(struct blobs *base, uint64_t where, struct error *err)
{
    struct folder *f = (struct folder *)base;
    uint64_t size;
    int fd = open_file(f, f->names.v[where], &size, err);
    return fd >= 0 ? reader_of_fd(fd, true) : NULL;
}

static void folder_close(struct blobs *base)
{
    struct folder *f = (struct folder *)base;
    fd_close(&f->fd);
    free(f);
}

struct blobs *blobs_of_folder(int fd, const struct limits *limits)
{
    static const struct blobs_ops ops = {folder_find, folder_open, folder_close};
    struct folder *f = must_alloc(sizeof *f);
    *f = (struct folder){.base = {.ops = &ops, .limits = *limits}, .fd = fd};
    return &f->base;
}
