#include "layer/path.h"

// Appends the parts of `path` to what `out` holds from byte `start` on. False when ".." had nothing left to leave, and
// was passed over.
static bool append(struct slice path, size_t start, struct buf *out)
{
    bool within = true;
    struct slice part;
    while (path.n != 0) {
        slice_cut(path, '/', &part, &path);
        if (part.n == 0 || slice_eq(part, SLICE(".")))
            continue;
        if (slice_eq(part, SLICE(".."))) {
            within = within && out->n > start;
            out->n = start + slice_dirname(slice_of(out->p + start, out->n - start)).n;
            continue;
        }
        if (out->n > start)
            buf_addc(out, '/');
        buf_add(out, part);
    }
    return within;
}

bool path_clean(struct slice name, struct buf *out)
{
    buf_reserve(out, name.n);
    return append(name, out->n, out) || (name.n != 0 && name.p[0] == '/');
}

void path_of_target(struct slice link, struct slice target, struct buf *out)
{
    size_t start = out->n;
    buf_reserve(out, link.n + target.n);
    if (target.n == 0 || target.p[0] != '/')
        buf_add(out, slice_dirname(link));
    append(target, start, out);
}
