// Who wants a file.
#include "layer/capture_pass.h"

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

bool pass_is_place_of_file(struct pass *p, const struct tar_entry *e, int place, int folder)
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

void pass_find_takers(struct pass *p, const struct tar_entry *e, int place, int folder, struct takers *takers)
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
