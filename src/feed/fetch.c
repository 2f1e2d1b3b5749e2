#include "feed/fetch.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/file.h"
#include "feed/download.h"
#include "feed/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct fetcher {
    struct arena arena;
    struct slice mirror; // without a trailing slash; p == NULL none
    bool mirror_is_folder;
    const struct limits *limits;
    struct downloader *downloader;
};

static void set_mirror(struct fetcher *f, struct slice mirror)
{
    f->mirror_is_folder = !slice_starts(mirror, SLICE("http://")) && !slice_starts(mirror, SLICE("https://"));
    if (slice_starts(mirror, SLICE("file://")))
        mirror = slice_from(mirror, sizeof "file://" - 1);
    while (mirror.n > 1 && mirror.p[mirror.n - 1] == '/')
        mirror.n--;
    f->mirror = arena_dup(&f->arena, mirror);
}

struct fetcher *fetcher_new(const char *mirror, const char *spool, const struct limits *limits)
{
    struct fetcher *f = must_alloc(sizeof *f);
    *f = (struct fetcher){.limits = limits};
    f->downloader = downloader_new(arena_dup(&f->arena, slice_str(spool)).p, limits);
    if (mirror != NULL)
        set_mirror(f, slice_str(mirror));
    return f;
}

void fetcher_free(struct fetcher **f)
{
    if (*f == NULL)
        return;
    downloader_free(&(*f)->downloader);
    arena_free(&(*f)->arena);
    free(*f);
    *f = NULL;
}

void fetch_set_first_wait(struct fetcher *f, double seconds)
{
    downloader_set_first_wait(f->downloader, seconds);
}

// ---- a folder -------------------------------------------------------------------------------------------------------

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

// A path that stays below the mirror, whoever made the URL.
static bool stays_below(struct slice path)
{
    while (path.n != 0) {
        struct slice part;
        slice_cut(path, '/', &part, &path);
        if (slice_eq(part, SLICE("..")))
            return false;
    }
    return true;
}

// A file's ETag is made of its bytes: folders are copied about, and their times say nothing.
static bool content_tag(int fd, struct arena *a, struct slice *tag, struct error *err)
{
    struct reader *r READER_AUTO = reader_of_fd(fd, false);
    struct digest digest;
    if (!digest_reader(r, NULL, &digest, NULL, err))
        return false;
    *tag = arena_printf(a, "\"%s\"", digest.text);
    return lseek(fd, 0, SEEK_SET) == 0 || error_errno(err, "cannot rewind");
}

static bool check_size(const struct fetcher *f, int fd, struct error *err)
{
    uint64_t size;
    return fd_size(fd, &size, err) &&
           (size <= f->limits->feed_bytes || error_set(err, ERR_LIMIT, "has more than %llu bytes (limit feed_bytes)",
                                                       (unsigned long long)f->limits->feed_bytes));
}

static enum fetch_result read_file(const struct fetcher *f, const char *path, struct fetch_validators *validators,
                                   struct arena *a, int *file, struct error *err)
{
    if (!is_folder(f->mirror.p)) {
        error_set(err, ERR_NOT_FOUND, "the mirror %s is no folder", f->mirror.p);
        return FETCH_FAILED;
    }
    // Without waiting for somebody who writes, should it be a pipe.
    int fd FD_AUTO = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        enum fetch_result result = errno == ENOENT || errno == ENOTDIR ? FETCH_ABSENT : FETCH_FAILED;
        error_errno(err, "cannot open it");
        return result;
    }
    struct slice tag;
    if (!check_size(f, fd, err) || !content_tag(fd, a, &tag, err))
        return FETCH_FAILED;
    if (slice_eq(tag, validators->etag))
        return FETCH_UNCHANGED;
    *validators = (struct fetch_validators){.etag = tag};
    *file = fd_take(&fd);
    return FETCH_OK;
}

// ---- either ---------------------------------------------------------------------------------------------------------

// "HOST/PATH" of a URL. The files of a folder are called as they are, "Rocky Linux:9", not as a URL has it: %20 is a
// blank there.
static struct slice host_and_path(const struct fetcher *f, const char *url, struct arena *a)
{
    const char *rest = strstr(url, "://");
    struct slice text = slice_str(rest != NULL ? rest + 3 : url);
    struct buf out BUF_AUTO = {0};
    for (ptrdiff_t at; f->mirror_is_folder && (at = slice_find_slice(text, SLICE("%20"))) >= 0;) {
        buf_add(&out, slice_of(text.p, (size_t)at));
        buf_addc(&out, ' ');
        text = slice_from(text, (size_t)at + 3);
    }
    buf_add(&out, text);
    return arena_dup(a, buf_slice(&out));
}

// "https://HOST/PATH" → "MIRROR/HOST/PATH"; the page of a folder is its index.html, where no server decides that.
static struct slice mirrored(const struct fetcher *f, const char *url, struct arena *a)
{
    if (f->mirror.p == NULL)
        return slice_str(url);
    const char *page = f->mirror_is_folder && slice_ends(slice_str(url), SLICE("/")) ? "index.html" : "";
    return arena_printf(a, "%s/%s%s", f->mirror.p, host_and_path(f, url, a).p, page);
}

// An address for people: without a user's name and password.
static struct slice shown(struct slice place, struct arena *a)
{
    ptrdiff_t scheme = slice_find_slice(place, SLICE("://"));
    struct slice rest = slice_from(place, scheme < 0 ? place.n : (size_t)scheme + 3), host, path;
    slice_cut(rest, '/', &host, &path);
    ptrdiff_t at = slice_rfind(host, '@');
    if (at < 0)
        return place;
    return arena_printf(a, "%.*s://%s", (int)scheme, place.p, rest.p + at + 1);
}

static enum fetch_result failed(const struct fetcher *f, const char *url, struct arena *a, enum fetch_result result,
                                struct error *err)
{
    if (result == FETCH_FAILED || result == FETCH_ABSENT)
        error_wrap(err, "%.*s", SLICE_ARG(shown(mirrored(f, url, a), a)));
    return result;
}

static enum fetch_result get(struct fetcher *f, const char *url, struct fetch_validators *validators, struct arena *a,
                             int *file, struct error *err)
{
    struct slice place = mirrored(f, url, a);
    if (f->mirror.p == NULL || !f->mirror_is_folder)
        return download(f->downloader, place.p, validators, a, file, err);
    if (stays_below(slice_str(url)))
        return read_file(f, place.p, validators, a, file, err);
    error_set(err, ERR_FORMAT, "leads out of the mirror");
    return FETCH_FAILED;
}

enum fetch_result fetch_file(struct fetcher *f, const char *url, struct fetch_validators *validators, struct arena *a,
                             int *file, struct error *err)
{
    *file = -1;
    return failed(f, url, a, get(f, url, validators, a, file, err), err);
}

enum fetch_result fetch(struct fetcher *f, const char *url, struct fetch_validators *validators, struct arena *a,
                        struct reader **body, struct error *err)
{
    struct fetch_validators fresh = *validators;
    int file = -1;
    *body = NULL;
    enum fetch_result result = get(f, url, &fresh, a, &file, err);
    if (result == FETCH_OK && !unpack(reader_of_fd(file, true), f->limits, body, err))
        result = FETCH_FAILED;
    if (result == FETCH_OK)
        *validators = fresh;
    return failed(f, url, a, result, err);
}
