// A root file system, or a tree of sources, in a folder, as one layer: an archive made on the fly, of all names but
// only of the files that a scanner wants. Nothing in it depends on times or owners, so the same files give the same
// digest.
#include "image/source.h"

#include "base/buf.h"
#include "base/file.h"
#include "layer/tar_header.h"
#include "scan/scanner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

// One folder on the way from the root to where the walk is.
struct level {
    int fd;
    char **names; // sorted
    size_t n, next;
    size_t path_n; // length of the folder's path
};

struct walk {
    struct reader base;
    enum scan_subject subject;
    dev_t device;
    struct limits limits;
    struct level *levels;
    size_t depth, cap;
    struct buf path, out;
    int file; // the one whose contents are being given, -1 none
    uint64_t left, padding;
    bool ended;
    uint64_t listed;         // names so far
    struct opening *opening; // for remarks and problems; NULL in any pass but the first
};

static const char zeros[2 * TAR_BLOCK];

// ---- Headers --------------------------------------------------------------------------------------------------------

static void put(char *header, size_t at, struct slice text)
{
    memcpy(header + at, text.p, text.n);
}

static void add_header(struct buf *out, struct slice name, struct slice link, char type, uint32_t mode, uint64_t size)
{
    char h[TAR_BLOCK] = {0};
    memcpy(h, name.p, name.n < 100 ? name.n : 100);
    if (link.n != 0)
        memcpy(h + 157, link.p, link.n < 100 ? link.n : 100);
    snprintf(h + 100, 8, "%07o", mode & 07777U);
    put(h, 108, SLICE("0000000")); // user, group
    put(h, 116, SLICE("0000000"));
    snprintf(h + 124, 12, "%011llo", (unsigned long long)(size & 077777777777U));
    put(h, 136, SLICE("00000000000")); // time
    put(h, 257, SLICE("ustar\0"));
    put(h, 263, SLICE("00"));
    h[156] = type;
    memset(h + 148, ' ', 8);
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof h; i++)
        sum += (unsigned char)h[i];
    snprintf(h + 148, 8, "%06o", sum & 0777777U);
    buf_add(out, slice_of(h, sizeof h));
}

static void pad(struct buf *out, uint64_t size)
{
    buf_add(out, slice_of(zeros, (size_t)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK)));
}

// "LENGTH KEY=VALUE\n", where the length counts itself.
static void add_record(struct buf *records, const char *key, struct slice value)
{
    size_t body = strlen(key) + value.n + 3, digits = 1;
    while (snprintf(NULL, 0, "%zu", body + digits) > (int)digits)
        digits++;
    size_t length = body + digits;
    buf_addf(records, "%zu %s=", length, key);
    buf_add(records, value);
    buf_addc(records, '\n');
}

static void add_member(struct buf *out, struct slice name, struct slice link, char type, uint32_t mode, uint64_t size)
{
    struct buf records BUF_AUTO = {0};
    if (name.n > 99)
        add_record(&records, "path", name);
    if (link.n > 99)
        add_record(&records, "linkpath", link);
    if (records.n != 0) {
        add_header(out, SLICE("pax"), SLICE(""), 'x', 0644, records.n);
        buf_add(out, buf_slice(&records));
        pad(out, records.n);
    }
    add_header(out, name, link, type, mode, size);
}

// ---- The walk -------------------------------------------------------------------------------------------------------

static void remark(struct walk *w, const char *what)
{
    if (w->opening != NULL)
        opening_remark(w->opening, "%.*s: %s", SLICE_ARG(buf_slice(&w->path)), what);
}

// Of what packages may be missing without.
static void problem(struct walk *w, const char *what)
{
    if (w->opening != NULL)
        opening_problem(w->opening, "%.*s: %s", SLICE_ARG(buf_slice(&w->path)), what);
}

// Does a scanner look for something in this folder by name?
static bool is_awaited(struct slice folder)
{
    for (const struct scanner *const *s = scanners; *s != NULL; s++)
        for (const char *const *path = (*s)->fixed_paths; path != NULL && *path != NULL; path++) {
            struct slice fixed = slice_str(*path);
            if (folder.n == 0 || slice_eq(fixed, folder) || (slice_starts(fixed, folder) && fixed.p[folder.n] == '/'))
                return true;
        }
    return false;
}

// A folder that cannot be looked into.
static void miss_folder(struct walk *w, const char *why)
{
    if (is_awaited(buf_slice(&w->path)))
        problem(w, why);
    else
        remark(w, why);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void leave(struct walk *w)
{
    struct level *l = &w->levels[--w->depth];
    for (size_t i = 0; i < l->n; i++)
        free(l->names[i]);
    free(l->names);
    fd_close(&l->fd);
}

static bool list_names(struct walk *w, struct level *l, struct error *err)
{
    int again = fcntl(l->fd, F_DUPFD_CLOEXEC, 0);
    DIR *dir = again >= 0 ? fdopendir(again) : NULL;
    const struct dirent *entry;
    size_t cap = 0;
    bool ok = true;
    while (dir != NULL && ok && (errno = 0, entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (w->listed++ == w->limits.layer_entries)
            ok = error_set(err, ERR_LIMIT, "the folder holds more than the %llu files that limit layer_entries allows",
                           (unsigned long long)w->limits.layer_entries);
        if (l->n == cap) {
            cap = cap != 0 ? cap * 2 : 32;
            l->names = must_realloc(l->names, cap * sizeof *l->names);
        }
        size_t n = strlen(entry->d_name) + 1;
        l->names[l->n] = must_alloc(n);
        memcpy(l->names[l->n++], entry->d_name, n);
    }
    if (ok && errno != 0)
        miss_folder(w, strerror(errno));
    if (dir != NULL)
        closedir(dir);
    else
        fd_close(&again);
    if (l->n > 1)
        qsort(l->names, l->n, sizeof *l->names, by_bytes);
    return ok;
}

// Takes a folder's descriptor over.
static bool enter(struct walk *w, int fd, struct error *err)
{
    if (w->depth == w->cap) {
        w->cap = w->cap != 0 ? w->cap * 2 : 16;
        w->levels = must_realloc(w->levels, w->cap * sizeof *w->levels);
    }
    struct level *l = &w->levels[w->depth++];
    *l = (struct level){.fd = fd, .path_n = w->path.n};
    return list_names(w, l, err);
}

static bool take_folder(struct walk *w, int parent, const char *name, const struct stat *st, struct error *err)
{
    // The kernel's own file systems are not part of a root; other mounts may be.
    static const char *const kernels[] = {"dev", "proc", "sys"};
    for (size_t i = 0; st->st_dev != w->device && w->depth == 1 && i < 3; i++) {
        if (strcmp(name, kernels[i]) == 0) {
            remark(w, "another file system, of the running kernel: left out");
            return true;
        }
    }
    add_member(&w->out, buf_slice(&w->path), SLICE(""), '5', st->st_mode, 0);
    if (w->depth >= w->limits.root_depth) {
        remark(w, "folders stand too deep inside one another (limit root_depth): left out");
        return true;
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        return enter(w, fd, err);
    miss_folder(w, strerror(errno));
    return true;
}

static void take_link(struct walk *w, int parent, const char *name)
{
    char target[4097];
    ssize_t n = readlinkat(parent, name, target, sizeof target - 1);
    if (n < 0)
        problem(w, strerror(errno));
    else
        add_member(&w->out, buf_slice(&w->path), slice_of(target, (size_t)n), '2', 0777, 0);
}

// Something that is there, but has no contents to read: it takes the place of what a lower layer would have there, and
// makes a root in which a file cannot be read another than one that lacks it.
static void take_other(struct walk *w, const struct stat *st)
{
    add_member(&w->out, buf_slice(&w->path), SLICE(""), '6', st->st_mode, 0);
}

static void take_file(struct walk *w, int parent, const char *name, struct stat *st)
{
    const struct scanner *wanting[SCANNERS_MOST];
    if (scanners_for(w->subject, buf_slice(&w->path), st->st_mode & 07777U, (uint64_t)st->st_size, wanting) == 0)
        return;
    // What stands there now may be another file than the one a moment ago, or none at all.
    int fd FD_AUTO = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, st) != 0) {
        problem(w, strerror(errno));
        take_other(w, st);
        return;
    }
    if (!S_ISREG(st->st_mode)) {
        problem(w, "became another kind of file while it was looked at");
        take_other(w, st);
        return;
    }
    uint64_t size = (uint64_t)st->st_size;
    add_member(&w->out, buf_slice(&w->path), SLICE(""), '0', st->st_mode, size);
    w->file = fd_take(&fd);
    w->left = size;
    w->padding = (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

// Moves on by one name, and puts what is to be said of it into w->out.
static bool step(struct walk *w, struct error *err)
{
    struct level *l = &w->levels[w->depth - 1];
    w->path.n = l->path_n;
    if (l->next == l->n) {
        leave(w);
        return true;
    }
    const char *name = l->names[l->next++];
    int parent = l->fd;
    struct stat st;
    if (w->path.n != 0)
        buf_addc(&w->path, '/');
    buf_adds(&w->path, name);
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        problem(w, strerror(errno));
    else if (S_ISDIR(st.st_mode))
        return take_folder(w, parent, name, &st, err);
    else if (S_ISLNK(st.st_mode))
        take_link(w, parent, name);
    else if (S_ISREG(st.st_mode))
        take_file(w, parent, name, &st);
    else
        take_other(w, &st);
    return true;
}

static bool give_contents(struct walk *w, struct slice *chunk, struct error *err)
{
    w->out.n = 0;
    buf_reserve(&w->out, 64 * KIB);
    size_t wanted = w->left < 64 * KIB ? (size_t)w->left : (size_t)(64 * KIB);
    ssize_t n = wanted != 0 ? read(w->file, w->out.p, wanted) : 0;
    if (n < 0 || (n == 0 && wanted != 0))
        return n < 0 ? error_errno(err, "%.*s", SLICE_ARG(buf_slice(&w->path)))
                     : error_set(err, ERR_IO, "%.*s became shorter while it was read", SLICE_ARG(buf_slice(&w->path)));
    w->out.n = (size_t)n;
    w->left -= (uint64_t)n;
    if (w->left == 0) {
        buf_add(&w->out, slice_of(zeros, (size_t)w->padding));
        fd_close(&w->file);
    }
    *chunk = buf_slice(&w->out);
    return true;
}

static bool next(struct reader *base, struct slice *chunk, struct error *err)
{
    struct walk *w = (struct walk *)base;
    if (w->file >= 0 && (w->left != 0 || w->padding != 0))
        return give_contents(w, chunk, err);
    fd_close(&w->file);
    w->out.n = 0;
    while (w->depth > 0 && w->file < 0 && w->out.n < 64 * KIB)
        if (!step(w, err))
            return false;
    if (w->depth == 0 && w->file < 0 && !w->ended) {
        buf_add(&w->out, slice_of(zeros, sizeof zeros));
        w->ended = true;
    }
    *chunk = buf_slice(&w->out);
    return true;
}

static void close_walk(struct reader *base)
{
    struct walk *w = (struct walk *)base;
    while (w->depth > 0)
        leave(w);
    free(w->levels);
    fd_close(&w->file);
    buf_free(&w->path);
    buf_free(&w->out);
    free(w);
}

static struct walk *walk_new(int root, enum scan_subject subject, const struct limits *limits, struct opening *opening,
                             struct error *err)
{
    struct stat st;
    int fd FD_AUTO = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        error_errno(err, "cannot open the folder");
        return NULL;
    }
    struct walk *w = must_alloc(sizeof *w);
    *w = (struct walk){.base = {next, close_walk},
                       .subject = subject,
                       .device = st.st_dev,
                       .limits = *limits,
                       .file = -1,
                       .opening = opening};
    if (enter(w, fd_take(&fd), err))
        return w;
    close_walk(&w->base);
    return NULL;
}

// ---- The image
// ------------------------------------------------------------------------------------------------------

struct root {
    int fd;
    struct limits limits;
};

static struct reader *open_layer(struct image *image, size_t i, struct error *err)
{
    (void)i;
    const struct root *root = image->source;
    struct walk *w = walk_new(root->fd, image->subject, &root->limits, NULL, err);
    return w != NULL ? &w->base : NULL;
}

static void close_root(struct image *image)
{
    struct root *root = image->source;
    fd_close(&root->fd);
    free(root);
}

static const struct image_source_ops root_source = {open_layer, close_root};

// Where a distribution has its name or its packages, that is what is installed, and lock files that lie about are
// not.
static enum scan_subject subject_of(int fd)
{
    static const char *const signs[] = {"etc/os-release", "usr/lib/os-release",  "etc/alpine-release",
                                        "var/lib/dpkg",   "lib/apk/db",          "usr/lib/apk/db",
                                        "var/lib/rpm",    "usr/lib/sysimage/rpm"};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (faccessat(fd, signs[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            return SUBJECT_LAYER;
    return SUBJECT_SOURCES;
}

bool root_folder_open(struct opening *o, int fd, struct error *err)
{
    struct root *root = must_alloc(sizeof *root);
    *root = (struct root){fd, *o->limits};
    o->image->ops = &root_source;
    o->image->source = root;
    o->image->subject = subject_of(fd);
    struct walk *w = walk_new(fd, o->image->subject, o->limits, o, err);
    if (w == NULL)
        return false;
    struct reader *r READER_AUTO = &w->base;
    opening_add_layers(o, 1);
    struct image_layer *layer = o->image->layers;
    if (!digest_reader(r, NULL, &layer->digest, &layer->size, err))
        return false;
    // What changes between this pass and the next is an error: the bytes then have another digest.
    o->image->manifest = layer->digest;
    layer->media_type = SLICE("application/vnd.oci.image.layer.v1.tar");
    return true;
}
