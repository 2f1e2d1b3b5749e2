// Taking a bundle over. It is foreign until its last byte has been read: its segments are written into a folder of
// their own, which goes when anything is wrong, and get their names only when all of them are what the manifest says.
#include "store/bundle.h"

#include "advisory/advisory.h"
#include "advisory/segment_format.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "layer/inflate.h"
#include "layer/tar.h"
#include "store/segments.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

// What becomes of a feed of the bundle.
struct incoming {
    const struct feed_import *feed;
    bool there; // its segment is in the data folder, and sound
    bool seen;  // in the bundle
    struct store_lock lock;
};

struct bundle_reader {
    const struct limits *limits;
    struct reader *source; // unpacked
    struct tar *tar;
    struct bundle *bundle;
    // While importing.
    struct store *store;
    struct arena arena;
    const char *folder; // where segments are put until all is well
    struct incoming *incoming;
};

// ---- the manifest ---------------------------------------------------------------------------------------------------

static bool read_manifest(struct bundle_reader *r, struct arena *a, struct error *err)
{
    struct buf text BUF_AUTO = {0};
    struct tar_entry entry;
    struct slice chunk;
    bool more;
    if (!tar_next(r->tar, &entry, &more, err))
        return error_wrap(err, "is no bundle of feeds, or a damaged one");
    if (!more || entry.type != TAR_FILE || !slice_eq(entry.path, SLICE(BUNDLE_MANIFEST)))
        return error_set(err, ERR_FORMAT, "is no bundle of feeds: it does not begin with " BUNDLE_MANIFEST);
    if (entry.size > r->limits->bundle_manifest_bytes)
        return error_set(err, ERR_LIMIT, "its manifest has %llu bytes, more than %llu (limit bundle_manifest_bytes)",
                         (unsigned long long)entry.size, (unsigned long long)r->limits->bundle_manifest_bytes);
    do {
        if (!tar_read(r->tar, &chunk, err))
            return error_wrap(err, "is damaged");
        buf_add(&text, chunk);
    } while (chunk.n != 0);
    return bundle_manifest_read(buf_slice(&text), a, r->bundle, err);
}

struct bundle_reader *bundle_open(struct reader *source, const struct limits *limits, struct arena *a,
                                  struct bundle *out, struct error *err)
{
    struct bundle_reader *r = must_alloc(sizeof *r);
    // Text and tables pack well, and what they unpack to is bounded: the ratio says nothing.
    const struct inflate_bounds bounds = {limits->bundle_bytes, "bundle_bytes", UINT64_MAX, limits->zstd_window_bytes};
    *r = (struct bundle_reader){.limits = limits, .source = inflate_reader(source, bounds, NULL), .bundle = out};
    r->tar = tar_open(r->source, limits);
    if (!read_manifest(r, a, err))
        bundle_close(&r);
    return r;
}

void bundle_close(struct bundle_reader **r)
{
    if (*r == NULL)
        return;
    tar_close(&(*r)->tar);
    reader_close(&(*r)->source);
    arena_free(&(*r)->arena);
    free(*r);
    *r = NULL;
}

// ---- against what is there ------------------------------------------------------------------------------------------

// The moment that a state of a feed speaks of.
static int64_t state_time(int64_t made, int64_t checked)
{
    return checked > made ? checked : made;
}

static const struct feed_state *present(const struct generation *g, struct slice feed)
{
    const struct feed_state *state = generation_feed(g, feed);
    return state != NULL && state->segment.text[0] != '\0' ? state : NULL;
}

static bool check_age(struct bundle_reader *r, bool force, struct error *err)
{
    struct generation g;
    struct buf newer BUF_AUTO = {0};
    if (!store_generation(r->store, &r->arena, &g, err))
        return false;
    for (size_t i = 0; i < r->bundle->feeds_n; i++) {
        const struct feed_import *feed = &r->bundle->feeds[i];
        const struct feed_state *here = present(&g, feed->feed);
        char ours[CLOCK_TEXT], theirs[CLOCK_TEXT];
        if (here == NULL || digest_eq(&here->segment, &feed->segment) ||
            state_time(here->updated, here->checked) <= state_time(feed->made, feed->checked))
            continue;
        clock_format(state_time(here->updated, here->checked), ours);
        clock_format(state_time(feed->made, feed->checked), theirs);
        buf_addf(&newer, "%s%.*s (of %s, the bundle's of %s)", newer.n != 0 ? ", " : "", SLICE_ARG(feed->feed), ours,
                 theirs);
    }
    return newer.n == 0 || force ||
           error_set(err, ERR_USAGE, "what is here is newer: %.*s; --force takes the bundle's all the same",
                     SLICE_ARG(buf_slice(&newer)));
}

// ---- segments -------------------------------------------------------------------------------------------------------

static struct incoming *incoming_named(struct bundle_reader *r, struct slice path)
{
    if (!slice_starts(path, SLICE(BUNDLE_SEGMENTS)) || !slice_ends(path, SLICE(SEGMENT_SUFFIX)))
        return NULL;
    path = slice_from(path, sizeof BUNDLE_SEGMENTS - 1);
    path.n -= sizeof SEGMENT_SUFFIX - 1;
    for (size_t i = 0; i < r->bundle->feeds_n; i++)
        if (slice_eq(path, slice_str(digest_hex(&r->incoming[i].feed->segment))))
            return &r->incoming[i];
    return NULL;
}

static const char *path_in(struct bundle_reader *r, const char *folder, const struct digest *digest)
{
    return arena_printf(&r->arena, "%s/%s" SEGMENT_SUFFIX, folder, digest_hex(digest)).p;
}

// Reads the member to its end, into `fd` unless that is -1, and holds it against its digest.
static bool copy(struct bundle_reader *r, const struct feed_import *feed, int fd, struct error *err)
{
    struct hasher *hash HASHER_AUTO = hasher_new(&feed->segment);
    struct slice chunk;
    do {
        if (!tar_read(r->tar, &chunk, err))
            return error_wrap(err, "is damaged");
        hasher_add(hash, chunk);
        if (fd >= 0 && !fd_write_all(fd, chunk, err))
            return false;
    } while (chunk.n != 0);
    struct digest found = hasher_end(hash);
    hash = NULL;
    return digest_eq(&found, &feed->segment) ||
           error_set(err, ERR_DIGEST, "is damaged: the segment of %.*s has the digest %s instead of %s",
                     SLICE_ARG(feed->feed), found.text, feed->segment.text);
}

static bool take_segment(struct bundle_reader *r, struct incoming *in, struct error *err)
{
    if (in->there)
        return copy(r, in->feed, -1, err);
    const char *path = path_in(r, r->folder, &in->feed->segment);
    int fd FD_AUTO = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_errno(err, "cannot create %s", path);
    return copy(r, in->feed, fd, err) && (fsync(fd) == 0 || error_errno(err, "cannot sync %s", path));
}

static bool take_members(struct bundle_reader *r, struct error *err)
{
    struct tar_entry entry;
    bool more;
    while (true) {
        if (!tar_next(r->tar, &entry, &more, err))
            return error_wrap(err, "is damaged");
        if (!more)
            return true;
        struct incoming *in = entry.type == TAR_FILE ? incoming_named(r, entry.path) : NULL;
        if (in == NULL || in->seen || entry.size != in->feed->bytes)
            return error_set(err, ERR_FORMAT, "is damaged: \"%.*s\" is not what its manifest says",
                             SLICE_ARG(entry.path));
        in->seen = true;
        if (!take_segment(r, in, err))
            return false;
    }
}

// Segments that are whole, and of the feed that the manifest says, in a form that this program reads.
static bool check_segments(struct bundle_reader *r, struct error *err)
{
    for (size_t i = 0; i < r->bundle->feeds_n; i++) {
        const struct feed_import *feed = r->incoming[i].feed;
        if (!r->incoming[i].seen)
            return error_set(err, ERR_FORMAT, "is damaged: it lacks the segment of %.*s", SLICE_ARG(feed->feed));
        struct segment *s = segment_open(r->incoming[i].there ? r->store->segments : r->folder, &feed->segment, err);
        if (s == NULL)
            return false;
        bool same = slice_eq(segment_feed(s), feed->feed) && segment_count(s) == feed->records;
        segment_close(&s);
        if (!same)
            return error_set(err, ERR_FORMAT, "is damaged: the segment of %.*s is not what its manifest says",
                             SLICE_ARG(feed->feed));
    }
    return true;
}

static bool name_segments(struct bundle_reader *r, struct error *err)
{
    for (size_t i = 0; i < r->bundle->feeds_n; i++) {
        const struct digest *digest = &r->incoming[i].feed->segment;
        const char *path = path_in(r, r->folder, digest);
        if (!r->incoming[i].there && rename(path, path_in(r, r->store->segments, digest)) != 0)
            return error_errno(err, "cannot rename %s", path);
    }
    if (!dir_sync(r->store->segments, err))
        return false;
    for (size_t i = 0; i < r->bundle->feeds_n; i++)
        if (!store_segment_give(r->store, &r->incoming[i].feed->segment, err))
            return false;
    return true;
}

// ---- the whole ------------------------------------------------------------------------------------------------------

static bool make_folder(struct bundle_reader *r, struct error *err)
{
    r->folder = arena_printf(&r->arena, "%s/" SEGMENT_BUILDING "%ld-import", r->store->segments, (long)getpid()).p;
    // One of an earlier process that had our number is in the way until it is collected.
    if (mkdir(r->folder, 0700) != 0)
        return error_errno(err, "cannot make %s", r->folder);
    return true;
}

static void remove_folder(struct bundle_reader *r)
{
    for (size_t i = 0; i < r->bundle->feeds_n; i++)
        unlink(path_in(r, r->folder, &r->incoming[i].feed->segment));
    rmdir(r->folder);
}

// A time to come would keep a feed from ever being stale.
static void bound_times(struct bundle *bundle)
{
    int64_t now = clock_now();
    for (size_t i = 0; i < bundle->feeds_n; i++) {
        struct feed_import *f = &bundle->feeds[i];
        f->made = f->made < now ? f->made : now;
        f->checked = f->checked < now ? f->checked : now;
    }
}

static bool lock_feeds(struct bundle_reader *r, struct error *err)
{
    for (size_t i = 0; i < r->bundle->feeds_n; i++)
        if (!store_lock_feed(r->store, r->bundle->feeds[i].feed, NULL, NULL, &r->incoming[i].lock, err))
            return false;
    return true;
}

static void look_for_segments(struct bundle_reader *r)
{
    struct error why;
    for (size_t i = 0; i < r->bundle->feeds_n; i++) {
        r->incoming[i].there = segment_verify(r->store->segments, &r->incoming[i].feed->segment, &why);
        log_debug("import: the segment of %.*s %s", SLICE_ARG(r->incoming[i].feed->feed),
                  r->incoming[i].there ? "is there already" : "is taken");
    }
}

static bool import_held(struct bundle_reader *r, struct error *err)
{
    look_for_segments(r);
    if (!make_folder(r, err))
        return false;
    bool ok = take_members(r, err) && check_segments(r, err) && name_segments(r, err) &&
              store_import(r->store, r->bundle->feeds, r->bundle->feeds_n, r->limits->feed_updates, err);
    remove_folder(r);
    return ok;
}

bool bundle_import(struct bundle_reader *r, struct store *s, bool force, struct error *err)
{
    int held FD_AUTO = -1;
    r->store = s;
    r->incoming = ARENA_NEW(&r->arena, struct incoming, r->bundle->feeds_n);
    for (size_t i = 0; i < r->bundle->feeds_n; i++)
        r->incoming[i] = (struct incoming){.feed = &r->bundle->feeds[i], .lock = STORE_LOCK_NONE};
    bound_times(r->bundle);
    store_collect(s); // what an earlier import left behind
    bool ok =
        lock_feeds(r, err) && store_hold_segments(s, &held, err) && check_age(r, force, err) && import_held(r, err);
    for (size_t i = 0; i < r->bundle->feeds_n; i++)
        store_unlock(&r->incoming[i].lock);
    fd_close(&held);
    store_collect(s);
    return ok;
}
