#include "feed/tar_members.h"

#include "base/buf.h"

bool tar_read_member(struct tar *tar, const struct tar_entry *entry, const struct limits *limits, struct buf *text,
                     struct error *err)
{
    struct slice chunk;
    text->n = 0;
    if (entry->size > limits->feed_member_bytes)
        return error_set(err, ERR_LIMIT, "has %llu bytes, more than the %llu that limit feed_member_bytes allows",
                         (unsigned long long)entry->size, (unsigned long long)limits->feed_member_bytes);
    do {
        if (!tar_read(tar, &chunk, err))
            return false;
        buf_add(text, chunk);
    } while (chunk.n != 0);
    return true;
}

bool tar_for_each_member(struct reader *body, const struct limits *limits, zip_member_fn *take, void *context,
                         struct error *err)
{
    struct buf text BUF_AUTO = {0};
    struct tar *tar TAR_AUTO = tar_open(body, limits);
    struct tar_entry entry;
    bool more;
    for (;;) {
        if (!tar_next(tar, &entry, &more, err))
            return false;
        if (!more)
            return true;
        if (entry.type == TAR_FILE &&
            (!tar_read_member(tar, &entry, limits, &text, err) || !take(context, entry.path, buf_slice(&text), err)))
            return error_wrap(err, "%.*s", SLICE_ARG(entry.path));
    }
}
