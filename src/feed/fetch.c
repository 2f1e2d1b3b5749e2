#include "feed/fetch.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/file.h"
#include "feed/download.h"
#include "feed/feed.h"
#include "feed/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct fetcher {
    struct arena arena;
    struct slice mirror; // without a trailing slash; p == NULL none
    const struct feed_place *places;
    size_t places_n;
    const struct limits *limits;
    struct downloader *downloader;
    fetch_watch_fn *watch; // NULL: nobody watches
    void *watch_context;
    fetch_stopping_fn *stopping; // NULL: nobody is asked
    void *stopping_context;
    struct slice watched;  // the URL that is fetched or read, terminated
    uint64_t watched_size; // of its file, while it is read
};

static bool is_url(struct slice place)
{
    return slice_starts(place, SLICE("http://")) || slice_starts(place, SLICE("https://"));
}

static struct slice without_file_scheme(struct slice place)
{
    return slice_starts(place, SLICE("file://")) ? slice_from(place, sizeof "file://" - 1) : place;
}

static void set_mirror(struct fetcher *f, struct slice mirror)
{
    mirror = without_file_scheme(mirror);
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

void fetcher_set_places(struct fetcher *f, const struct feed_place *places, size_t n)
{
    f->places = places;
    f->places_n = n;
}

static void tell_download(void *context, uint64_t done, uint64_t total)
{
    struct fetcher *f = context;
    f->watch(f->watch_context, f->watched.p, false, done, total);
}

static void tell_reading(void *context, uint64_t done)
{
    struct fetcher *f = context;
    f->watch(f->watch_context, f->watched.p, true, done, f->watched_size);
}

void fetcher_set_watch(struct fetcher *f, fetch_watch_fn *watch, void *context)
{
    f->watch = watch;
    f->watch_context = context;
    downloader_set_watch(f->downloader, watch != NULL ? tell_download : NULL, f);
}

void fetcher_set_stopping(struct fetcher *f, fetch_stopping_fn *stopping, void *context)
{
    f->stopping = stopping;
    f->stopping_context = context;
    downloader_set_stopping(f->downloader, stopping, context);
}

// What is read of a file; one file is read at a time.
static struct reader *watched_file(struct fetcher *f, int file)
{
    struct reader *r = reader_of_fd(file, true);
    struct error ignored;
    if (f->watch == NULL || !fd_size(file, &f->watched_size, &ignored))
        return r;
    return reader_watched(r, tell_reading, f);
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

// Where a URL is fetched.
struct place {
    struct slice text; // terminated, in the arena
    bool is_path;
    const char *mirror; // that must be a folder; NULL: none
    bool leads_out;     // of the folder that it should be in
};

// A path in a folder. Its files are called as they are, "Rocky Linux:9", not as a URL has it: %20 is a blank there. The
// page of a folder is its index.html, where no server decides that.
static struct place path_below(struct slice folder, struct slice rest, struct arena *a)
{
    struct buf out BUF_AUTO = {0};
    struct place place = {.is_path = true, .leads_out = !stays_below(rest)};
    bool page = rest.n != 0 && rest.p[rest.n - 1] == '/';
    buf_add(&out, folder);
    for (ptrdiff_t at; (at = slice_find_slice(rest, SLICE("%20"))) >= 0;) {
        buf_add(&out, slice_of(rest.p, (size_t)at));
        buf_addc(&out, ' ');
        rest = slice_from(rest, (size_t)at + 3);
    }
    buf_add(&out, rest);
    page = page || (out.n != 0 && out.p[out.n - 1] == '/');
    buf_adds(&out, page ? "index.html" : "");
    place.text = arena_dup(a, buf_slice(&out));
    return place;
}

static const struct feed_place *place_for(const struct fetcher *f, struct slice url)
{
    const struct feed_place *best = NULL;
    for (size_t i = 0; i < f->places_n; i++)
        if (slice_starts(url, f->places[i].from) && (best == NULL || f->places[i].from.n > best->from.n))
            best = &f->places[i];
    return best;
}

// As the places say, else "https://HOST/PATH" → "MIRROR/HOST/PATH".
static struct place located(const struct fetcher *f, const char *url, struct arena *a)
{
    struct slice text = slice_str(url), folder;
    const struct feed_place *elsewhere = place_for(f, text);
    if (elsewhere != NULL) {
        struct slice rest = slice_from(text, elsewhere->from.n);
        if (!is_url(elsewhere->to))
            return path_below(without_file_scheme(elsewhere->to), rest, a);
        return (struct place){.text = arena_printf(a, "%.*s%.*s", SLICE_ARG(elsewhere->to), SLICE_ARG(rest))};
    }
    if (f->mirror.p == NULL)
        return (struct place){.text = text};
    ptrdiff_t scheme = slice_find_slice(text, SLICE("://"));
    struct slice rest = slice_from(text, scheme < 0 ? 0 : (size_t)scheme + 3);
    if (is_url(f->mirror))
        return (struct place){.text = arena_printf(a, "%s/%.*s", f->mirror.p, SLICE_ARG(rest))};
    folder = arena_printf(a, "%s/", f->mirror.p);
    struct place place = path_below(folder, rest, a);
    place.mirror = f->mirror.p;
    return place;
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
        error_wrap(err, "%.*s", SLICE_ARG(shown(located(f, url, a).text, a)));
    return result;
}

static enum fetch_result get(struct fetcher *f, const char *url, struct fetch_validators *validators, struct arena *a,
                             int *file, struct error *err)
{
    struct place place = located(f, url, a);
    f->watched = arena_dup(a, slice_str(url));
    if (f->stopping != NULL && f->stopping(f->stopping_context)) {
        error_set(err, ERR_REFUSED, "not fetched, since the program stops");
        return FETCH_FAILED;
    }
    if (!place.is_path)
        return download(f->downloader, place.text.p, validators, a, file, err);
    if (place.leads_out)
        error_set(err, ERR_FORMAT, "leads out of the mirror");
    else if (place.mirror != NULL && !is_folder(place.mirror))
        error_set(err, ERR_NOT_FOUND, "the mirror %s is no folder", place.mirror);
    else
        return read_file(f, place.text.p, validators, a, file, err);
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
    if (result == FETCH_OK && !unpack(watched_file(f, file), f->limits, body, err))
        result = FETCH_FAILED;
    if (result == FETCH_OK)
        *validators = fresh;
    return failed(f, url, a, result, err);
}
