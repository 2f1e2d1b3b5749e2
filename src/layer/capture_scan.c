// Reading a file: as much of it as its takers want, once for all of them.
#include "layer/capture_pass.h"

// ---- contents -------------------------------------------------------------------------------------------------------

// The first bytes of the contents, SCAN_HEAD of them or all: in place when the archive has them in one piece.
static bool read_head(struct pass *p, struct tar *tar, const struct tar_entry *e, struct slice *head, struct error *err)
{
    uint64_t wanted = e->size < SCAN_HEAD ? e->size : SCAN_HEAD;
    p->content.n = 0;
    if (!tar_read(tar, head, err))
        return false;
    if (head->n >= wanted)
        return true;
    while (head->n != 0 && p->content.n < wanted) {
        buf_add(&p->content, *head);
        if (p->content.n < wanted && !tar_read(tar, head, err))
            return false;
    }
    *head = buf_slice(&p->content);
    return true;
}

// The contents after their head, whole or at least their first `wanted` bytes: put together as they arrive, so that a
// header that claims more than there is costs nothing, and in no more memory than they need, since a program may be
// large.
static bool read_rest(struct pass *p, struct tar *tar, uint64_t wanted, struct slice *content, struct error *err)
{
    if (content->n >= wanted)
        return true;
    if (p->content.n == 0)
        buf_add(&p->content, *content);
    do {
        if (!tar_read(tar, content, err))
            return false;
        buf_reserve_upto(&p->content, content->n, wanted);
        buf_add(&p->content, *content);
    } while (content->n != 0 && p->content.n < wanted);
    *content = buf_slice(&p->content);
    return true;
}

// As much of the contents as any of those who want the file takes.
static uint64_t wanted_bytes(const struct pass *p, const struct tar_entry *e, const struct takers *takers)
{
    uint64_t wanted = 0;
    for (size_t i = 0; i < takers->n; i++) {
        uint64_t most = takers->v[i].scanner->limit(p->limits);
        uint64_t takes = e->size < most ? e->size : most;
        wanted = takes > wanted ? takes : wanted;
    }
    return wanted;
}

// ---- captures -------------------------------------------------------------------------------------------------------

struct capture pass_begin_capture(const struct pass *p, const struct taker *taker)
{
    return (struct capture){.scanner = taker->scanner,
                            .member = p->member,
                            .dbs = p->findings->dbs_n,
                            .releases = p->findings->releases_n,
                            .for_links = taker->for_links};
}

bool pass_end_capture(struct pass *p, struct capture c, struct slice path)
{
    c.dbs_n = p->findings->dbs_n - c.dbs;
    c.releases_n = p->findings->releases_n - c.releases;
    if (c.dbs_n + c.releases_n == 0)
        return false;
    int place = places_add(&p->places, path);
    int *first = &p->places.v[place].capture;
    places_occupy(&p->places, place, p->member, false);
    pass_stamp(p, &p->dbs, p->findings->dbs_n, place);
    pass_stamp(p, &p->releases, p->findings->releases_n, place);
    if (*first < 0 || p->captures.v[*first].member != p->member)
        *first = (int)p->captures.n;
    VEC_PUSH(p->arena, &p->captures) = c;
    return !c.for_links;
}

// Puts the findings of a file that links moved under its own path.
static void relabel(struct findings *f, const struct capture *since, size_t skips_since, struct slice path)
{
    for (size_t i = since->dbs; i < f->dbs_n; i++)
        f->dbs[i].path = path;
    for (size_t i = since->releases; i < f->releases_n; i++)
        f->releases[i].path = path;
    for (size_t i = skips_since; i < f->skips_n; i++)
        f->skips[i].path = path;
}

// True when a file that only bears the name of a database has turned out to be one that can be read whole.
static bool is_database(const struct findings *f, const struct capture *c, size_t skips_since)
{
    for (size_t i = skips_since; i < f->skips_n; i++)
        if (f->skips[i].lost)
            return false;
    for (size_t i = c->dbs; i < f->dbs_n; i++)
        if (f->dbs[i].n != 0)
            return true;
    return false;
}

// Lets one scanner read; true when it found anything.
static bool scan_one(struct pass *p, const struct taker *taker, const struct scan_file *file, struct slice path)
{
    struct capture c = pass_begin_capture(p, taker);
    struct findings *f = p->findings;
    size_t skips = f->skips_n;
    uint64_t skips_total = f->skips_total, packages = p->out.packages;
    struct error why = {0};
    if (!taker->scanner->scan(file, &p->out, &why))
        scan_skip(&p->out, file->path, true, "%s", why.text);
    // What is no database is of no interest; where a link leads there after all, the merged image tells that it is
    // lost.
    if (taker->by_name && !is_database(f, &c, skips)) {
        f->dbs_n = c.dbs;
        f->skips_n = skips;
        f->skips_total = skips_total;
        p->out.packages = packages;
        return false;
    }
    if (!slice_eq(file->path, path))
        relabel(p->findings, &c, skips, arena_dup(p->arena, path));
    return pass_end_capture(p, c, path);
}

// ---- the file -------------------------------------------------------------------------------------------------------

// Leaves out those who decline a file that begins like this, or for whom it is too large; of several that share a limit
// one is told of.
static void keep_takers(struct pass *p, const struct tar_entry *e, struct slice head, struct takers *takers)
{
    size_t kept = 0;
    const char *told = "";
    for (size_t i = 0; i < takers->n; i++) {
        const struct scanner *s = takers->v[i].scanner;
        uint64_t most = s->limit(p->limits);
        if (s->begins != NULL && !s->begins(head))
            continue;
        if (e->size <= most || s->takes_prefix) {
            takers->v[kept++] = takers->v[i];
        } else if (!takers->v[i].by_name && strcmp(told, s->limit_name) != 0) {
            told = s->limit_name;
            // Without its owners, repositories or origins a package is still there.
            scan_skip(&p->out, e->path, s->finds == FINDS_PACKAGES,
                      "has %llu bytes, more than the %llu that limit %s allows", (unsigned long long)e->size,
                      (unsigned long long)most, s->limit_name);
        }
    }
    takers->n = kept;
}

// True when more than a name speaks for the file.
static bool is_wanted(const struct takers *takers)
{
    for (size_t i = 0; i < takers->n; i++)
        if (!takers->v[i].by_name)
            return true;
    return false;
}

bool pass_scan_file(struct pass *p, struct tar *tar, const struct tar_entry *e, struct takers *takers, bool *found,
                    struct error *err)
{
    struct slice content;
    struct error why = {0};
    bool readable = read_head(p, tar, e, &content, &why);
    if (readable)
        keep_takers(p, e, content, takers);
    if (readable && takers->n == 0)
        return true;
    if (!readable || !read_rest(p, tar, wanted_bytes(p, e, takers), &content, &why)) {
        if (why.code == ERR_UNSUPPORTED) {
            if (is_wanted(takers))
                scan_skip(&p->out, e->path, true, "%s", why.text);
            return true;
        }
        *err = why;
        return error_wrap(err, "%.*s", SLICE_ARG(e->path));
    }
    for (size_t i = 0; i < takers->n; i++) {
        struct scan_file file = {.path = takers->v[i].wanted, .content = content, .mode = e->mode};
        uint64_t most = takers->v[i].scanner->limit(p->limits);
        file.cut = e->size > most;
        if (file.cut && file.content.n > most)
            file.content.n = most;
        bool any = scan_one(p, &takers->v[i], &file, e->path);
        *found = *found || any;
    }
    return true;
}
