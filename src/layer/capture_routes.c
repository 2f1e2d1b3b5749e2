// The paths that scanners look for by name, and where symbolic links lead them.
#include "layer/capture_pass.h"
#include "layer/path.h"

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

void pass_add_fixed_routes(struct pass *p)
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

void pass_take_symlink(struct pass *p, const struct tar_entry *e)
{
    struct findings *f = p->findings;
    if (e->link.n > p->limits->path_bytes) {
        scan_skip(&p->out, e->path, true,
                  "a symbolic link whose target is longer than the %llu bytes that limit "
                  "path_bytes allows; ignored",
                  (unsigned long long)p->limits->path_bytes);
        return;
    }
    if (!pass_may_remember(p))
        return;
    int place = places_add(&p->places, e->path);
    places_occupy(&p->places, place, p->member, false);
    if (f->links_n == f->links_cap)
        f->links = arena_grow(p->arena, f->links, sizeof *f->links, f->links_n, &f->links_cap);
    f->links[f->links_n++] = (struct layer_link){arena_dup(p->arena, e->path), arena_dup(p->arena, e->link)};
    p->places.v[place].link = (int)f->links_n - 1;
    pass_stamp(p, &p->links, f->links_n, place);
    if (p->places.v[place].watched)
        follow_link(p, &f->links[f->links_n - 1]);
}
