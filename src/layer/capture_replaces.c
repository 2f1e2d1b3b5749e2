// What takes the place of what: in lower layers the whiteouts, files and folders of this one do; within the archive its
// later members do.
#include "layer/capture_pass.h"

// ---- how many are remembered ----------------------------------------------------------------------------------------

bool pass_may_remember(struct pass *p)
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

static void push_path(struct pass *p, struct slice path, struct slice **list, size_t *n, size_t *cap)
{
    if (*n == *cap)
        *list = arena_grow(p->arena, *list, sizeof **list, *n, cap);
    (*list)[(*n)++] = arena_dup(p->arena, path);
}

// ---- files and folders ----------------------------------------------------------------------------------------------

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

// What lower layers have at the path is gone, and this layer has nothing there that scanners read.
static void add_nondir(struct pass *p, const struct tar_entry *e, bool certain)
{
    struct findings *f = p->findings;
    int parent, place = places_find(&p->places, e->path, &parent);
    int known = place != PLACE_UNKNOWN ? p->places.v[place].nondir : -1;
    if (known >= 0) {
        p->nondirs.v[known].member = p->member;
    } else {
        if (certain ? !pass_may_remember(p) : !may_replace_more(p))
            return;
        push_path(p, e->path, &f->nondirs, &f->nondirs_n, &f->nondirs_cap);
        place = places_add(&p->places, e->path);
        p->places.v[place].nondir = (int)p->nondirs.n;
        VEC_PUSH(p->arena, &p->nondirs) = (struct stamp){place, p->member};
    }
    places_occupy(&p->places, place, p->member, e->type == TAR_DIR);
}

void pass_take_without_findings(struct pass *p, const struct tar_entry *e, bool certain)
{
    if (certain || may_replace_packages(p->out.subject, e->path))
        add_nondir(p, e, certain);
}

void pass_take_folder(struct pass *p, const struct tar_entry *e, int place, int folder)
{
    struct findings *f = p->findings;
    if (pass_is_place_of_file(p, e, place, folder))
        add_nondir(p, e, true);
    else if (may_replace_file(p, e->path) && may_replace_more(p))
        push_path(p, e->path, &f->folders, &f->folders_n, &f->folders_cap);
}

// ---- whiteouts: OCI image specification, layer.md, "Whiteouts" ------------------------------------------------------

static void add_path(struct pass *p, struct slice path, struct slice **list, size_t *n, size_t *cap)
{
    if (pass_may_remember(p))
        push_path(p, path, list, n, cap);
}

bool pass_take_whiteout(struct pass *p, const struct tar_entry *e)
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

// ---- within the archive ---------------------------------------------------------------------------------------------

void pass_stamp(struct pass *p, stamp_vec *stamps, size_t n, int place)
{
    while (stamps->n < n)
        VEC_PUSH(p->arena, stamps) = (struct stamp){place, p->member};
}

#define DROP_REPLACED(p, name)                                                                                         \
    do {                                                                                                               \
        size_t kept = 0;                                                                                               \
        for (size_t i = 0; i < (p)->findings->name##_n; i++)                                                           \
            if (places_stands(&(p)->places, (p)->name.v[i].place, (p)->name.v[i].member))                              \
                (p)->findings->name[kept++] = (p)->findings->name[i];                                                  \
        (p)->findings->name##_n = kept;                                                                                \
    } while (0)

void pass_drop_replaced(struct pass *p)
{
    DROP_REPLACED(p, dbs);
    DROP_REPLACED(p, releases);
    DROP_REPLACED(p, links);
    DROP_REPLACED(p, nondirs);
}
