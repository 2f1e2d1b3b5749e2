#include "feed/zip_members.h"

#include "base/zip.h"

// What a member takes beside its contents: its local header, without name and extra field.
#define LOCAL_SIZE 30

struct walk {
    const struct limits *limits;
    zip_member_fn *take;
    void *context;
    struct zip zip;
    struct buf room;
    uint64_t members;
    uint64_t packed;   // bytes of the file that the members so far take
    uint64_t unpacked; // bytes that they unpack to
};

// Members that lie in one another multiply what a small file unpacks to (David Fifield, "A better zip bomb"). Together
// they then take more of the file than there is.
static bool fits_the_file(struct walk *w, const struct zip_entry *e)
{
    return !__builtin_add_overflow(w->packed, e->packed, &w->packed) &&
           !__builtin_add_overflow(w->packed, LOCAL_SIZE + e->name.n, &w->packed) && w->packed <= w->zip.size;
}

static bool read_member(struct walk *w, const struct zip_entry *e, struct slice *content, struct error *err)
{
    const struct limits *l = w->limits;
    uint64_t left = l->feed_unpacked_bytes - w->unpacked, most = l->feed_member_bytes;
    bool whole;
    if (!fits_the_file(w, e))
        return error_set(err, ERR_FORMAT, "overlaps with others");
    if (!zip_read(&w->zip, e, (size_t)(most < left ? most : left), &w->room, content, &whole, err))
        return false;
    w->unpacked += content->n;
    if (whole)
        return zip_check(e, *content, err);
    if (most < left)
        return error_set(err, ERR_LIMIT, "has more than %llu bytes (limit feed_member_bytes)",
                         (unsigned long long)most);
    return error_set(err, ERR_LIMIT,
                     "unpacks, with those before it, to more than %llu bytes (limit feed_unpacked_bytes)",
                     (unsigned long long)l->feed_unpacked_bytes);
}

static bool take_member(struct walk *w, const struct zip_entry *e, struct error *err)
{
    struct slice content;
    if (w->members++ == w->limits->feed_members)
        return error_set(err, ERR_LIMIT, "has more than %llu members (limit feed_members)",
                         (unsigned long long)w->limits->feed_members);
    if (slice_ends(e->name, SLICE("/"))) // a folder
        return true;
    return (read_member(w, e, &content, err) && w->take(w->context, e->name, content, err)) ||
           error_wrap(err, "%.*s", SLICE_ARG(e->name));
}

bool zip_for_each_member(int fd, const struct limits *limits, zip_member_fn *take, void *context, struct error *err)
{
    struct walk w = {.limits = limits, .take = take, .context = context};
    struct zip_entry e;
    bool more = true, ok = zip_open_file(fd, &w.zip, err);
    while (ok && more) {
        ok = zip_next(&w.zip, &e, &more, err);
        if (ok && more)
            ok = take_member(&w, &e, err);
    }
    buf_free(&w.room);
    zip_close(&w.zip);
    return ok;
}
