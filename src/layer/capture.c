// The members of the archive, one by one.
#include "layer/capture.h"

#include "layer/capture_pass.h"

static bool is_for_links_only(const struct takers *takers)
{
    for (size_t i = 0; i < takers->n; i++)
        if (!takers->v[i].for_links)
            return false;
    return true;
}

// A member that is neither a folder nor a symbolic link.
static bool take_file(struct pass *p, struct tar *tar, const struct tar_entry *e, int place, int folder,
                      struct error *err)
{
    struct takers takers;
    pass_find_takers(p, e, place, folder, &takers);
    bool found = false, wanted = !is_for_links_only(&takers);
    if (takers.n != 0 && e->type == TAR_FILE) {
        if (!pass_scan_file(p, tar, e, &takers, &found, err))
            return false;
    } else if (takers.n != 0 && e->type == TAR_HARDLINK) {
        found = pass_take_hardlink(p, e, &takers);
    }
    bool certain = wanted || (place >= 0 && p->places.v[place].watched);
    if (!found)
        pass_take_without_findings(p, e, certain);
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
    if (pass_take_whiteout(p, e))
        return true;
    int folder, place = places_find(&p->places, e->path, &folder);
    if (place != PLACE_UNKNOWN)
        places_occupy(&p->places, place, p->member, e->type == TAR_DIR);
    if (e->type == TAR_SYMLINK)
        pass_take_symlink(p, e);
    else if (e->type == TAR_DIR)
        pass_take_folder(p, e, place, folder);
    else
        return take_file(p, tar, e, place, folder, err);
    return true;
}

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
    pass_add_fixed_routes(&p);
    bool whole = walk(&p, tar, err);
    findings->bytes = tar_position(tar);
    pass_drop_kept_for_links(&p);
    pass_drop_replaced(&p);
    buf_free(&p.content);
    buf_free(&p.path);
    buf_free(&p.wanted);
    buf_free(&p.namesake);
    return whole;
}
