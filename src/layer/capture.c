#include "layer/capture.h"

#include "base/buf.h"
#include "layer/path.h"
#include "layer/places.h"
#include "layer/tar.h"

// What stands at a path, or in it, is read as if it stood at or in another, which a scanner looks for by name: one of
// the scanner's fixed paths itself, or where symbolic links move it.
struct route {
    struct slice path, wanted;
    const struct scanner *scanner;
    int next; // at the same place, or -1
};

#define NO_MEMBER ((uint64_t)0) // they are counted from 1

// Where an item of the findings was found, and by which member.
struct stamp {
    int place;
    uint64_t member;
};
typedef VEC(struct stamp) stamp_vec;

// A scanner that wants a file, and the path that it knows it by.
struct taker {
    const struct scanner *scanner;
    struct slice wanted;
    bool by_name;   // nothing but the file's name speaks for it
    bool for_links; // nor that, unless hard links to it follow
};

struct takers {
    struct taker v[SCANNERS_MOST];
    size_t n;
};

// What one scanner found in a file: ranges of the findings. Those of one file stand next to each other.
struct capture {
    const struct scanner *scanner;
    uint64_t member;
    size_t dbs, dbs_n, releases, releases_n;
    bool for_links; // kept as long as hard links may follow
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
    uint64_t remembered;                     // links and whiteouts
    uint64_t replacing;                      // files and folders remembered since the other may have been there
    struct buf content, path, wanted, namesake;
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

static void push_path(struct pass *p, struct slice path, struct slice **list, size_t *n, size_t *cap)
{
    if (*n == *cap)
        *list = arena_grow(p->arena, *list, sizeof **list, *n, cap);
    (*list)[(*n)++] = arena_dup(p->arena, path);
}

static void add_path(struct pass *p, struct slice path, struct slice **list, size_t *n, size_t *cap)
{
    if (may_remember(p))
        push_path(p, path, list, n, cap);
}

static size_t depth_of(struct slice path)
{
    size_t depth = 1;
    for (size_t i = 0; i < path.n; i++)
        depth += path.p[i] == '/';
    return depth;
}

// Could lower layers have packages at this path, or below it? A file in which no scanner looks may take the place of
// one with packages: a script that of a program. One that takes the place of a folder hides all of it, and in an
// archive nothing tells such a file from another: of the many files of a layer those are taken for it that stand near
// the root, whose name is without an extension, or which stand where the folder of a single package would.
static bool may_replace_packages(enum scan_subject subject, struct slice path)
{
    struct slice name = slice_basename(path), parent = slice_basename(slice_dirname(path));
    size_t depth = depth_of(path);
    if (may_hold_packages(subject, path) || slice_eq(parent, SLICE("node_modules")) ||
        slice_starts(parent, SLICE("@")) || slice_ends(name, SLICE("-info")) || slice_ends(name, SLICE(".egg")))
        return true;
    if (slice_starts(path, SLICE("usr/share/")) && depth > 3)
        return false;
    return slice_find(name, '.') < 0 || (depth <= 3 && slice_find_slice(name, SLICE(".so")) < 0);
}

// False when the layer has had its share of such files, which is told once.
static bool may_replace_more(struct pass *p)
{
    if (p->replacing++ < p->limits->replacing_files)
        return true;
    if (p->replacing == p->limits->replacing_files + 1)
        scan_skip(&p->out, SLICE(""), false,
                  "more files and folders that may replace others than the %llu that limit replacing_files allows; "
                  "what the rest replaces may still be reported",
                  (unsigned long long)p->limits->replacing_files);
    return false;
}

static bool is_for_programs(struct slice folder_name)
{
    static const char *const programs[] = {"bin", "sbin", "libexec"};
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
        if (slice_eq(folder_name, slice_str(programs[i])))
            return true;
    return false;
}

// Could lower layers have a file with packages at the path of this folder? Any name may be a program's: such a file is
// looked for where programs stand, and near the root.
static bool may_replace_file(const struct pass *p, struct slice folder)
{
    const struct scanner *by_path[SCANNERS_MOST];
    bool program = is_for_programs(slice_basename(slice_dirname(folder))) || depth_of(folder) <= 2;
    return scanners_for(p->out.subject, folder, program ? 0755 : 0644, MIB, by_path) != 0;
}

static void add_folder(struct pass *p, struct slice path)
{
    struct findings *f = p->findings;
    if (may_replace_more(p))
        push_path(p, path, &f->folders, &f->folders_n, &f->folders_cap);
}

// What lower layers have at the path is gone, and this layer has nothing there that scanners read.
static void add_nondir(struct pass *p, const struct tar_entry *e, bool certain)
{
    struct findings *f = p->findings;
    int parent, place = places_find(&p->places, e->path, &parent);
    int known = place != PLACE_UNKNOWN ? p->places.v[place].nondir : -1;
    if (known >= 0) {
        p->nondirs.v[known].member = p->member;
    } else {
        if (certain ? !may_remember(p) : !may_replace_more(p))
            return;
        push_path(p, e->path, &f->nondirs, &f->nondirs_n, &f->nondirs_cap);
        place = places_add(&p->places, e->path);
        p->places.v[place].nondir = (int)p->nondirs.n;
        VEC_PUSH(p->arena, &p->nondirs) = (struct stamp){place, p->member};
    }
    places_occupy(&p->places, place, p->member, e->type == TAR_DIR);
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

static void add_taker(struct takers *takers, struct taker taker)
{
    for (size_t i = 0; i < takers->n; i++)
        if (takers->v[i].scanner == taker.scanner)
            return;
    if (takers->n < SCANNERS_MOST)
        takers->v[takers->n++] = taker;
}

static struct slice path_in_folder(struct buf *path, struct slice folder, struct slice name)
{
    path->n = 0;
    buf_add(path, folder);
    buf_addc(path, '/');
    buf_add(path, name);
    return buf_slice(path);
}

// A file that has the name of a database, or stands in a folder with the name of one: "usr/share/dpkg/database/status".
// A symbolic link of a lower layer may lead there (as deb-ostree lays it out, with var/lib/dpkg as the link), and then
// a package manager's changes are to be found there only; or one of an upper layer. Only the merged image tells.
static void find_namesakes(struct pass *p, const struct tar_entry *e, uint64_t size, struct takers *takers)
{
    struct slice name = slice_basename(e->path), folder = slice_basename(slice_dirname(e->path));
    for (size_t i = 0; scanners[i] != NULL; i++) {
        const struct scanner *s = scanners[i];
        if (s->fixed_paths == NULL || s->finds != FINDS_PACKAGES || s->kind == NULL)
            continue;
        for (const char *const *fixed = s->fixed_paths; *fixed != NULL; fixed++) {
            struct slice path = slice_str(*fixed), base = slice_basename(path);
            if (slice_eq(name, base) && s->wants(path, e->mode, size))
                add_taker(takers, (struct taker){.scanner = s, .wanted = path, .by_name = true});
            if (!slice_eq(folder, base))
                continue;
            path = path_in_folder(&p->namesake, path, name);
            if (!s->wants(path, e->mode, size))
                continue;
            add_taker(takers, (struct taker){.scanner = s, .wanted = path, .by_name = true});
            return;
        }
    }
}

// True for the place of a file that a scanner looks for by name, which a folder takes from it.
static bool is_place_of_file(struct pass *p, const struct tar_entry *e, int place, int folder)
{
    for (int i = place >= 0 ? p->places.v[place].route : -1; i >= 0; i = p->routes.v[i].next)
        if (p->routes.v[i].scanner->wants(p->routes.v[i].wanted, 0644, 0))
            return true;
    for (int i = folder >= 0 ? p->places.v[folder].route : -1; i >= 0; i = p->routes.v[i].next)
        if (p->routes.v[i].scanner->wants(path_in_folder(&p->wanted, p->routes.v[i].wanted, slice_basename(e->path)),
                                          0644, 0))
            return true;
    return false;
}

// The scanners that want the file at a path: by the file's own path, or, where a link moved what they want, by the one
// before that. The path of something that stands in a moved folder is put together in p->wanted.
static void find_takers(struct pass *p, const struct tar_entry *e, int place, int folder, struct takers *takers)
{
    const struct scanner *by_path[SCANNERS_MOST];
    uint64_t size = e->type == TAR_HARDLINK ? MIB : e->size; // a link does not tell that of its file
    size_t n = scanners_for(p->out.subject, e->path, e->mode, size, by_path);
    takers->n = 0;
    for (size_t i = 0; i < n; i++)
        add_taker(takers, (struct taker){.scanner = by_path[i], .wanted = e->path});
    for (int i = place >= 0 ? p->places.v[place].route : -1; i >= 0; i = p->routes.v[i].next)
        if (p->routes.v[i].scanner->wants(p->routes.v[i].wanted, e->mode, size))
            add_taker(takers, (struct taker){.scanner = p->routes.v[i].scanner, .wanted = p->routes.v[i].wanted});
    for (int i = folder >= 0 ? p->places.v[folder].route : -1; i >= 0; i = p->routes.v[i].next) {
        struct slice wanted = path_in_folder(&p->wanted, p->routes.v[i].wanted, slice_basename(e->path));
        if (!p->routes.v[i].scanner->wants(wanted, e->mode, size))
            continue;
        add_taker(takers, (struct taker){.scanner = p->routes.v[i].scanner, .wanted = wanted});
        break;
    }
    find_namesakes(p, e, size, takers);
    for (size_t i = 0; scanners[i] != NULL; i++)
        if (scanners[i]->may_be_linked != NULL && scanners[i]->may_be_linked(e->path))
            add_taker(takers,
                      (struct taker){.scanner = scanners[i], .wanted = e->path, .by_name = true, .for_links = true});
}

// True when more than a name speaks for the file.
static bool is_wanted(const struct takers *takers)
{
    for (size_t i = 0; i < takers->n; i++)
        if (!takers->v[i].by_name)
            return true;
    return false;
}

static bool is_for_links_only(const struct takers *takers)
{
    for (size_t i = 0; i < takers->n; i++)
        if (!takers->v[i].for_links)
            return false;
    return true;
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

// Where the findings that follow come from; the ranges' ends are set when they are there.
static struct capture begin_capture(struct pass *p, const struct taker *taker)
{
    return (struct capture){.scanner = taker->scanner,
                            .member = p->member,
                            .dbs = p->findings->dbs_n,
                            .releases = p->findings->releases_n,
                            .for_links = taker->for_links};
}

// Notes what was found. False when it is nothing, or nothing that counts here.
static bool end_capture(struct pass *p, struct capture c, struct slice path)
{
    c.dbs_n = p->findings->dbs_n - c.dbs;
    c.releases_n = p->findings->releases_n - c.releases;
    if (c.dbs_n + c.releases_n == 0)
        return false;
    int place = places_add(&p->places, path);
    int *first = &p->places.v[place].capture;
    places_occupy(&p->places, place, p->member, false);
    stamp_to(p, &p->dbs, p->findings->dbs_n, place);
    stamp_to(p, &p->releases, p->findings->releases_n, place);
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
    struct capture c = begin_capture(p, taker);
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
    return end_capture(p, c, path);
}

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

// `*found` tells whether it gave anything. False when the archive cannot be read on.
static bool capture_file(struct pass *p, struct tar *tar, const struct tar_entry *e, struct takers *takers, bool *found,
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
    struct capture c = begin_capture(p, taker);
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
    return end_capture(p, c, path);
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

// A hard link's contents stand in the archive under another name. What a scanner read there holds for both; what it did
// not want under that name is lost to it.
static bool take_hardlink(struct pass *p, const struct tar_entry *e, const struct takers *takers)
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

// A member that is neither a folder nor a symbolic link.
static bool take_file(struct pass *p, struct tar *tar, const struct tar_entry *e, int place, int folder,
                      struct error *err)
{
    struct takers takers;
    find_takers(p, e, place, folder, &takers);
    bool found = false, wanted = !is_for_links_only(&takers);
    if (takers.n != 0 && e->type == TAR_FILE) {
        if (!capture_file(p, tar, e, &takers, &found, err))
            return false;
    } else if (takers.n != 0 && e->type == TAR_HARDLINK) {
        found = take_hardlink(p, e, &takers);
    }
    bool certain = wanted || (place >= 0 && p->places.v[place].watched);
    if (!found && (certain || may_replace_packages(p->out.subject, e->path)))
        add_nondir(p, e, certain);
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
    else if (is_place_of_file(p, e, place, folder))
        add_nondir(p, e, true);
    else if (may_replace_file(p, e->path))
        add_folder(p, e->path);
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

// What was kept for hard links has none to come now.
static void drop_kept_for_links(struct pass *p)
{
    for (size_t i = 0; i < p->captures.n; i++) {
        const struct capture *c = &p->captures.v[i];
        for (size_t j = c->dbs; c->for_links && j < c->dbs + c->dbs_n; j++)
            p->dbs.v[j].member = NO_MEMBER;
    }
}

static void drop_replaced(struct pass *p)
{
    DROP_REPLACED(p, dbs);
    DROP_REPLACED(p, releases);
    DROP_REPLACED(p, links);
    DROP_REPLACED(p, nondirs);
}

bool capture_layer(struct reader *archive, enum scan_subject subject, const struct limits *limits, struct arena *a,
                   struct findings *findings, struct error *err)
{
    *findings = (struct findings){0};
    struct pass p = {.arena = a,
                     .limits = limits,
                     .findings = findings,
                     .out = {.arena = a, .findings = findings, .limits = limits, .subject = subject}};
    struct tar *tar TAR_AUTO = tar_open(archive, limits);
    places_init(&p.places, a);
    add_fixed_routes(&p);
    bool whole = walk(&p, tar, err);
    findings->bytes = tar_position(tar);
    drop_kept_for_links(&p);
    drop_replaced(&p);
    buf_free(&p.content);
    buf_free(&p.path);
    buf_free(&p.wanted);
    buf_free(&p.namesake);
    return whole;
}
