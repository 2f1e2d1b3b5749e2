#include "layer/capture.h"

#include "base/buf.h"
#include "layer/path.h"
#include "layer/places.h"
#include "layer/tar.h"
#include "scan/scanner.h"

// What stands at a path, or in it, is read as if it stood at or in another, which a scanner looks for by name: one of
// the scanner's fixed paths itself, or where symbolic links move it.
struct route {
    struct slice path, wanted;
    const struct scanner *scanner;
    int next; // at the same place, or -1
};

// Where an item of the findings was found, and by which member.
struct stamp {
    int place;
    uint64_t member;
};
typedef VEC(struct stamp) stamp_vec;

// A file that was captured, and what it gave: ranges of the findings.
struct capture {
    const struct scanner *scanner;
    uint64_t member;
    size_t dbs, dbs_n, releases, releases_n;
};

struct pass {
    struct arena *arena;
    const struct limits *limits;
    struct findings *findings;
    struct scan_output out;
    uint64_t member; // the number of the one at hand
    struct places places;
    VEC(struct route) routes;
    size_t moved; // routes that links made
    VEC(struct capture) captures;
    stamp_vec dbs, releases, links, nondirs; // of the findings' arrays of these names, item by item
    uint64_t remembered;
    struct buf content, path, wanted;
};

// ---- Findings -------------------------------------------------------------------------------------------------------

// False when the layer has had its share of links and whiteouts, which is told once.
static bool may_remember(struct pass *p)
{
    if (p->remembered < p->limits->layer_links) {
        p->remembered++;
        return true;
    }
    if (p->remembered++ == p->limits->layer_links)
        scan_skip(&p->out, SLICE(""), true,
                  "more symbolic links and whiteouts than the %llu that limit layer_links allows; the rest is ignored",
                  (unsigned long long)p->limits->layer_links);
    return false;
}

static bool add_path(struct pass *p, struct slice path, struct slice **list, size_t *n, size_t *cap)
{
    if (!may_remember(p))
        return false;
    if (*n == *cap)
        *list = arena_grow(p->arena, *list, sizeof **list, *n, cap);
    (*list)[(*n)++] = arena_dup(p->arena, path);
    return true;
}

// What lower layers have at the path is gone, and this layer has nothing there that scanners read.
static void add_nondir(struct pass *p, const struct tar_entry *e)
{
    struct findings *f = p->findings;
    if (!add_path(p, e->path, &f->nondirs, &f->nondirs_n, &f->nondirs_cap))
        return;
    int place = places_add(&p->places, e->path);
    places_occupy(&p->places, place, p->member, e->type == TAR_DIR);
    VEC_PUSH(p->arena, &p->nondirs) = (struct stamp){place, p->member};
}

static void stamp_to(struct pass *p, stamp_vec *stamps, size_t n, int place)
{
    while (stamps->n < n)
        VEC_PUSH(p->arena, stamps) = (struct stamp){place, p->member};
}

// ---- Routes ---------------------------------------------------------------------------------------------------------

static bool is_at_or_above(struct slice path, struct slice below)
{
    return slice_starts(below, path) && (below.n == path.n || below.p[path.n] == '/');
}

static void add_route(struct pass *p, struct slice path, struct slice wanted, const struct scanner *scanner)
{
    int place = places_add(&p->places, path);
    for (int i = p->places.v[place].route; i >= 0; i = p->routes.v[i].next)
        if (p->routes.v[i].scanner == scanner && slice_eq(p->routes.v[i].wanted, wanted))
            return;
    VEC_PUSH(p->arena, &p->routes) =
        (struct route){arena_dup(p->arena, path), wanted, scanner, p->places.v[place].route};
    p->places.v[place].route = (int)p->routes.n - 1;
    for (int i = place; i != PLACE_ROOT; i = p->places.v[i].parent)
        p->places.v[i].watched = true;
}

static void add_fixed_routes(struct pass *p)
{
    for (size_t i = 0; scanners[i] != NULL; i++) {
        const char *const *path = scanners[i]->fixed_paths;
        for (; path != NULL && *path != NULL; path++)
            add_route(p, slice_str(*path), slice_str(*path), scanners[i]);
    }
}

// A link at or above a route's path leads it elsewhere: there may stand, later in the archive, what the scanner wants.
static void reroute(struct pass *p, const struct layer_link *link, struct route route)
{
    if (p->moved >= p->limits->database_links) {
        scan_skip(&p->out, link->path, true,
                  "one more symbolic link at a package database's path than the %llu that limit database_links allows",
                  (unsigned long long)p->limits->database_links);
        return;
    }
    p->path.n = 0;
    path_of_target(link->path, link->target, &p->path);
    struct slice rest = slice_from(route.path, link->path.n); // "" or "/…"
    if (p->path.n == 0 && rest.n != 0)
        rest = slice_from(rest, 1);
    buf_add(&p->path, rest);
    size_t before = p->routes.n;
    if (p->path.n != 0 && p->path.n <= p->limits->path_bytes)
        add_route(p, buf_slice(&p->path), route.wanted, route.scanner);
    p->moved += p->routes.n - before;
}

// The first link of this archive, at or above `path`, that stands as yet.
static const struct layer_link *link_on(struct pass *p, struct slice path)
{
    int at = PLACE_ROOT, parent;
    for (size_t end = 0; end < path.n && at != PLACE_UNKNOWN;) {
        ptrdiff_t slash = slice_find(slice_from(path, end + 1), '/');
        end = slash >= 0 ? end + 1 + (size_t)slash : path.n;
        at = places_find(&p->places, slice_of(path.p, end), &parent);
        int link = at != PLACE_UNKNOWN ? p->places.v[at].link : -1;
        if (link >= 0 && places_stands(&p->places, at, p->links.v[link].member))
            return &p->findings->links[link];
    }
    return NULL;
}

// Follows a new link at a watched place, and the links that stand where it leads to. Each turn of the second loop makes
// at most one new route, and there is a limit for those.
static void follow_link(struct pass *p, const struct layer_link *link)
{
    size_t known = p->routes.n;
    for (size_t i = 0; i < known; i++)
        if (is_at_or_above(link->path, p->routes.v[i].path))
            reroute(p, link, p->routes.v[i]);
    for (size_t i = known; i < p->routes.n; i++) {
        const struct layer_link *next = link_on(p, p->routes.v[i].path);
        if (next != NULL)
            reroute(p, next, p->routes.v[i]);
    }
}

// True for the place of a file that a scanner looks for, which a folder would take from it.
static bool is_place_of_file(const struct pass *p, int place)
{
    int route = place != PLACE_UNKNOWN ? p->places.v[place].route : -1;
    return route >= 0 && p->routes.v[route].scanner->wants(p->routes.v[route].wanted, 0644, 0);
}

// The scanner that wants the file at a path, and the path that it knows it by: the file's own, or, where a link moved
// what it wants, the one before that, in p->wanted.
static const struct scanner *scanner_at(struct pass *p, const struct tar_entry *e, int place, int folder,
                                        struct slice *wanted)
{
    *wanted = e->path;
    const struct scanner *scanner = scanner_for(e->path, e->mode, e->size);
    if (scanner != NULL)
        return scanner;
    for (int i = place >= 0 ? p->places.v[place].route : -1; i >= 0; i = p->routes.v[i].next) {
        *wanted = p->routes.v[i].wanted;
        if (p->routes.v[i].scanner->wants(*wanted, e->mode, e->size))
            return p->routes.v[i].scanner;
    }
    for (int i = folder >= 0 ? p->places.v[folder].route : -1; i >= 0; i = p->routes.v[i].next) {
        p->wanted.n = 0;
        buf_add(&p->wanted, p->routes.v[i].wanted);
        buf_addc(&p->wanted, '/');
        buf_add(&p->wanted, slice_basename(e->path));
        *wanted = buf_slice(&p->wanted);
        if (p->routes.v[i].scanner->wants(*wanted, e->mode, e->size))
            return p->routes.v[i].scanner;
    }
    return NULL;
}

// ---- Whiteouts: OCI image specification, layer.md, "Whiteouts" ------------------------------------------------------

// True when the member is a mark, not a file.
static bool take_whiteout(struct pass *p, const struct tar_entry *e)
{
    struct findings *f = p->findings;
    struct slice name = slice_basename(e->path), folder = slice_dirname(e->path);
    // aufs kept its own books in folders and files of such names; only the opaque mark was taken over from it.
    if (slice_starts(e->path, SLICE(".wh..wh.")) && !slice_eq(e->path, SLICE(".wh..wh..opq")))
        return true;
    if (!slice_starts(name, SLICE(".wh.")))
        return false;
    if (slice_eq(name, SLICE(".wh..wh..opq"))) {
        add_path(p, folder, &f->opaques, &f->opaques_n, &f->opaques_cap);
        return true;
    }
    if (slice_starts(name, SLICE(".wh..wh.")))
        return true;
    struct slice target = slice_from(name, sizeof ".wh." - 1);
    if (target.n == 0 || slice_eq(target, SLICE(".")) || slice_eq(target, SLICE(".."))) {
        scan_skip(&p->out, e->path, false, "a whiteout of no file; ignored");
        return true;
    }
    p->path.n = 0;
    buf_add(&p->path, folder);
    if (folder.n != 0)
        buf_addc(&p->path, '/');
    buf_add(&p->path, target);
    add_path(p, buf_slice(&p->path), &f->whiteouts, &f->whiteouts_n, &f->whiteouts_cap);
    return true;
}

// ---- Members --------------------------------------------------------------------------------------------------------

static void take_symlink(struct pass *p, const struct tar_entry *e)
{
    struct findings *f = p->findings;
    if (e->link.n > p->limits->path_bytes) {
        scan_skip(&p->out, e->path, true,
                  "a symbolic link whose target is longer than the %llu bytes that limit "
                  "path_bytes allows; ignored",
                  (unsigned long long)p->limits->path_bytes);
        return;
    }
    if (!may_remember(p))
        return;
    int place = places_add(&p->places, e->path);
    places_occupy(&p->places, place, p->member, false);
    if (f->links_n == f->links_cap)
        f->links = arena_grow(p->arena, f->links, sizeof *f->links, f->links_n, &f->links_cap);
    f->links[f->links_n++] = (struct layer_link){arena_dup(p->arena, e->path), arena_dup(p->arena, e->link)};
    p->places.v[place].link = (int)f->links_n - 1;
    stamp_to(p, &p->links, f->links_n, place);
    if (p->places.v[place].watched)
        follow_link(p, &f->links[f->links_n - 1]);
}

// The contents whole: in place when the archive has them in one piece, else put together as they arrive, so that a
// header that claims more than there is costs nothing.
static bool read_contents(struct pass *p, struct tar *tar, const struct tar_entry *e, struct slice *content,
                          struct error *err)
{
    p->content.n = 0;
    if (!tar_read(tar, content, err))
        return false;
    if (content->n == e->size)
        return true;
    while (content->n != 0) {
        buf_add(&p->content, *content);
        if (!tar_read(tar, content, err))
            return false;
    }
    *content = buf_slice(&p->content);
    return true;
}

// Where the findings that follow come from; the ranges' ends are set when they are there.
static struct capture begin_capture(struct pass *p, const struct scanner *scanner)
{
    return (struct capture){scanner, p->member, p->findings->dbs_n, 0, p->findings->releases_n, 0};
}

// Notes what was found. False when it is nothing.
static bool end_capture(struct pass *p, struct capture c, struct slice path)
{
    c.dbs_n = p->findings->dbs_n - c.dbs;
    c.releases_n = p->findings->releases_n - c.releases;
    if (c.dbs_n + c.releases_n == 0)
        return false;
    int place = places_add(&p->places, path);
    places_occupy(&p->places, place, p->member, false);
    stamp_to(p, &p->dbs, p->findings->dbs_n, place);
    stamp_to(p, &p->releases, p->findings->releases_n, place);
    VEC_PUSH(p->arena, &p->captures) = c;
    p->places.v[place].capture = (int)p->captures.n - 1;
    return true;
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

// `*found` tells whether it gave anything. False when the archive cannot be read on.
static bool capture_file(struct pass *p, struct tar *tar, const struct tar_entry *e, const struct scanner *scanner,
                         struct slice wanted, bool *found, struct error *err)
{
    struct scan_file file = {.path = wanted, .mode = e->mode};
    struct error why = {0};
    uint64_t most = scanner->limit(p->limits);
    if (e->size > most) {
        scan_skip(&p->out, e->path, true, "has %llu bytes, more than the %llu that limit %s allows",
                  (unsigned long long)e->size, (unsigned long long)most, scanner->limit_name);
        return true;
    }
    if (!read_contents(p, tar, e, &file.content, &why)) {
        if (why.code == ERR_UNSUPPORTED) {
            scan_skip(&p->out, e->path, true, "%s", why.text);
            return true;
        }
        *err = why;
        return error_wrap(err, "%.*s", SLICE_ARG(e->path));
    }
    struct capture c = begin_capture(p, scanner);
    size_t skips = p->findings->skips_n;
    if (!scanner->scan(&file, &p->out, &why))
        scan_skip(&p->out, wanted, true, "%s", why.text);
    if (!slice_eq(wanted, e->path))
        relabel(p->findings, &c, skips, arena_dup(p->arena, e->path));
    *found = end_capture(p, c, e->path);
    return true;
}

// What the scanner found in the file that a hard link names, once more under the link's path: the contents are the
// same, and are not kept. False when that file was not captured by it.
static bool copy_capture(struct pass *p, const struct tar_entry *e, const struct scanner *scanner)
{
    struct findings *f = p->findings;
    int parent;
    p->path.n = 0;
    if (!path_clean(e->link, &p->path))
        return false;
    int target = places_find(&p->places, buf_slice(&p->path), &parent);
    if (target == PLACE_UNKNOWN || p->places.v[target].capture < 0)
        return false;
    struct capture of = p->captures.v[p->places.v[target].capture], c = begin_capture(p, scanner);
    if (of.scanner != scanner || !places_stands(&p->places, target, of.member))
        return false;
    struct slice path = arena_dup(p->arena, e->path);
    for (size_t i = 0; i < of.dbs_n; i++) {
        if (f->dbs_n == f->dbs_cap)
            f->dbs = arena_grow(p->arena, f->dbs, sizeof *f->dbs, f->dbs_n, &f->dbs_cap);
        f->dbs[f->dbs_n] = f->dbs[of.dbs + i];
        f->dbs[f->dbs_n++].path = path;
    }
    for (size_t i = 0; i < of.releases_n; i++) {
        if (f->releases_n == f->releases_cap)
            f->releases = arena_grow(p->arena, f->releases, sizeof *f->releases, f->releases_n, &f->releases_cap);
        f->releases[f->releases_n] = f->releases[of.releases + i];
        f->releases[f->releases_n++].path = path;
    }
    return end_capture(p, c, path);
}

// A member that is neither a folder nor a symbolic link.
static bool take_file(struct pass *p, struct tar *tar, const struct tar_entry *e, int place, int folder,
                      struct error *err)
{
    struct slice wanted;
    const struct scanner *scanner = scanner_at(p, e, place, folder, &wanted);
    bool found = false;
    if (scanner != NULL && e->type == TAR_FILE) {
        if (!capture_file(p, tar, e, scanner, wanted, &found, err))
            return false;
    } else if (scanner != NULL && e->type == TAR_HARDLINK) {
        found = copy_capture(p, e, scanner);
        if (!found)
            scan_skip(&p->out, e->path, true, "a hard link to %.*s, whose contents stand under that name only",
                      SLICE_ARG(e->link));
    }
    if (!found && (scanner != NULL || (place >= 0 && p->places.v[place].watched)))
        add_nondir(p, e);
    return true;
}

static bool take_member(struct pass *p, struct tar *tar, const struct tar_entry *e, struct error *err)
{
    if (e->too_long) {
        scan_skip(&p->out, e->path, true, "a name longer than the %llu bytes that limit path_bytes allows; ignored",
                  (unsigned long long)p->limits->path_bytes);
        return true;
    }
    if (e->escapes) {
        scan_skip(&p->out, e->path, true, "climbs out of the image's root; ignored");
        return true;
    }
    if (e->path.n == 0) {
        if (e->type != TAR_DIR)
            scan_skip(&p->out, e->path, false, "a member in the place of the image's root that is no folder; ignored");
        return true;
    }
    if (take_whiteout(p, e))
        return true;
    int folder, place = places_find(&p->places, e->path, &folder);
    if (place != PLACE_UNKNOWN)
        places_occupy(&p->places, place, p->member, e->type == TAR_DIR);
    if (e->type == TAR_SYMLINK)
        take_symlink(p, e);
    else if (e->type != TAR_DIR)
        return take_file(p, tar, e, place, folder, err);
    else if (is_place_of_file(p, place))
        add_nondir(p, e);
    return true;
}

// ---- The walk -------------------------------------------------------------------------------------------------------

static bool walk(struct pass *p, struct tar *tar, struct error *err)
{
    for (;;) {
        struct tar_entry entry;
        bool more;
        if (!tar_next(tar, &entry, &more, err))
            return false;
        if (!more)
            return true;
        p->member = ++p->findings->entries;
        if (!take_member(p, tar, &entry, err))
            return false;
    }
}

// Takes out of the findings what later members replaced.
#define DROP_REPLACED(p, name)                                                                                         \
    do {                                                                                                               \
        size_t kept = 0;                                                                                               \
        for (size_t i = 0; i < (p)->findings->name##_n; i++)                                                           \
            if (places_stands(&(p)->places, (p)->name.v[i].place, (p)->name.v[i].member))                              \
                (p)->findings->name[kept++] = (p)->findings->name[i];                                                  \
        (p)->findings->name##_n = kept;                                                                                \
    } while (0)

static void drop_replaced(struct pass *p)
{
    DROP_REPLACED(p, dbs);
    DROP_REPLACED(p, releases);
    DROP_REPLACED(p, links);
    DROP_REPLACED(p, nondirs);
}

bool capture_layer(struct reader *archive, const struct limits *limits, struct arena *a, struct findings *findings,
                   struct error *err)
{
    *findings = (struct findings){0};
    struct pass p = {.arena = a,
                     .limits = limits,
                     .findings = findings,
                     .out = {.arena = a, .findings = findings, .limits = limits}};
    struct tar *tar TAR_AUTO = tar_open(archive, limits);
    places_init(&p.places, a);
    add_fixed_routes(&p);
    bool whole = walk(&p, tar, err);
    findings->bytes = tar_position(tar);
    drop_replaced(&p);
    buf_free(&p.content);
    buf_free(&p.path);
    buf_free(&p.wanted);
    return whole;
}
