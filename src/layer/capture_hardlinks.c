// Hard links: the contents stand in the archive once, under the first of the names, and hold for all of them.
#include "layer/capture_pass.h"
#include "layer/path.h"

#define NO_MEMBER ((uint64_t)0) // they are counted from 1

// Packages of a copy, and the files that they own, count like those that were read: they are as many in the answer.
static bool may_copy_packages(struct pass *p, const struct package_db *db, struct slice path)
{
    if (db->n <= p->limits->packages && p->out.packages <= p->limits->packages - db->n) {
        p->out.packages += db->n;
        return true;
    }
    scan_skip(&p->out, path, true, "more than %llu packages in one layer (limit packages)",
              (unsigned long long)p->limits->packages);
    return false;
}

static void copy_packages(struct pass *p, const struct package_db *of, struct package_db *db)
{
    uint64_t owned = 0;
    for (size_t i = 0; i < of->n; i++)
        owned += of->packages[i].files_n;
    db->packages = of->packages;
    db->n = db->cap = of->n;
    if (owned == 0 || (owned <= p->limits->owned_files && p->out.owned <= p->limits->owned_files - owned)) {
        p->out.owned += owned;
        return;
    }
    db->packages = ARENA_NEW(p->arena, struct package, of->n);
    for (size_t i = 0; i < of->n; i++) {
        db->packages[i] = of->packages[i];
        db->packages[i].files_n = 0;
    }
    scan_skip(&p->out, db->path, false,
              "packages own more files than the %llu that limit owned_files allows; the owner of those that this one "
              "lists is not known",
              (unsigned long long)p->limits->owned_files);
}

// What a scanner found in a file, once more under the path of a hard link to it: the contents are the same, and are not
// kept.
static bool copy_capture(struct pass *p, struct capture of, const struct taker *taker, struct slice path)
{
    struct findings *f = p->findings;
    struct capture c = pass_begin_capture(p, taker);
    for (size_t i = 0; i < of.dbs_n; i++) {
        struct package_db from = f->dbs[of.dbs + i]; // its place may change
        struct package_db *db = may_copy_packages(p, &from, path) ? scan_add_db(&p->out, of.scanner, path) : NULL;
        if (db != NULL)
            copy_packages(p, &from, db);
    }
    for (size_t i = 0; i < of.releases_n; i++) {
        struct release_file from = f->releases[of.releases + i];
        struct release_file *release = scan_add_release(&p->out, from.kind, path);
        if (release != NULL) {
            from.path = release->path;
            *release = from;
        }
    }
    return pass_end_capture(p, c, path);
}

// The captures of the file that stands at a path: their number, and the first of them.
static size_t captures_at(struct pass *p, struct slice path, size_t *first)
{
    int parent, place = places_find(&p->places, path, &parent);
    if (place == PLACE_UNKNOWN || p->places.v[place].capture < 0)
        return 0;
    *first = (size_t)p->places.v[place].capture;
    uint64_t member = p->captures.v[*first].member;
    size_t n = 0;
    if (places_stands(&p->places, place, member))
        while (*first + n < p->captures.n && p->captures.v[*first + n].member == member)
            n++;
    return n;
}

bool pass_take_hardlink(struct pass *p, const struct tar_entry *e, const struct takers *takers)
{
    bool found = false, lost = false;
    size_t first = 0, n = 0;
    p->path.n = 0;
    bool inside = path_clean(e->link, &p->path);
    if (inside)
        n = captures_at(p, buf_slice(&p->path), &first);
    for (size_t i = 0; i < takers->n; i++) {
        const struct scanner *s = takers->v[i].scanner;
        size_t at = first;
        while (at < first + n && p->captures.v[at].scanner != s)
            at++;
        if (at < first + n) {
            bool counts = copy_capture(p, p->captures.v[at], &takers->v[i], e->path);
            found = found || counts;
        } else if (!takers->v[i].by_name) {
            lost = lost || !inside || s->fixed_paths != NULL || !s->wants(buf_slice(&p->path), e->mode, MIB);
        }
    }
    if (lost)
        scan_skip(&p->out, e->path, true, "a hard link to %.*s, whose contents stand under that name only",
                  SLICE_ARG(e->link));
    return found;
}

void pass_drop_kept_for_links(struct pass *p)
{
    for (size_t i = 0; i < p->captures.n; i++) {
        const struct capture *c = &p->captures.v[i];
        for (size_t j = c->dbs; c->for_links && j < c->dbs + c->dbs_n; j++)
            p->dbs.v[j].member = NO_MEMBER;
    }
}
