// One layer pass: what its parts share. The parts are the members of the archive and what becomes of each (capture.c),
// what takes the place of what (capture_replaces.c), the paths that scanners look for by name and the links that move
// them (capture_routes.c), who wants a file (capture_takers.c), reading it (capture_scan.c), and hard links
// (capture_hardlinks.c).
#pragma once

#include "base/buf.h"
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

// The functions below take the member at hand. Its `place`, and that of its `folder`, are as places_find tells them.

// ---- what takes the place of what -----------------------------------------------------------------------------------

// True when the member is a mark that removes something of lower layers, not a file: it is done with.
bool pass_take_whiteout(struct pass *p, const struct tar_entry *e);

// A folder: notes it where lower layers may have a file with packages.
void pass_take_folder(struct pass *p, const struct tar_entry *e, int place, int folder);

// No folder, and nothing was found in it: notes it where lower layers may have packages at its path or below, and
// always when that is `certain` to matter.
void pass_take_without_findings(struct pass *p, const struct tar_entry *e, bool certain);

// False when the layer has had its share of links and whiteouts, which is told once.
bool pass_may_remember(struct pass *p);

// Says of the items of the findings from the last one stamped to the n-th that the member put them at the place.
void pass_stamp(struct pass *p, stamp_vec *stamps, size_t n, int place);

// Takes out of the findings what later members replaced: once, at the end.
void pass_drop_replaced(struct pass *p);

// ---- routes ---------------------------------------------------------------------------------------------------------

void pass_add_fixed_routes(struct pass *p); // once, at the beginning

void pass_take_symlink(struct pass *p, const struct tar_entry *e);

// ---- takers ---------------------------------------------------------------------------------------------------------

// The scanners that want the file at a path: by the file's own path, or, where a link moved what they want, by the one
// before that. The path of something that stands in a moved folder is put together in p->wanted, so they hold until the
// next call.
void pass_find_takers(struct pass *p, const struct tar_entry *e, int place, int folder, struct takers *takers);

// True for the place of a file that a scanner looks for by name, which a folder takes from it.
bool pass_is_place_of_file(struct pass *p, const struct tar_entry *e, int place, int folder);

// ---- reading --------------------------------------------------------------------------------------------------------

// Lets the takers read a file. `*found` becomes true when it gave anything. False when the archive cannot be read on.
bool pass_scan_file(struct pass *p, struct tar *tar, const struct tar_entry *e, struct takers *takers, bool *found,
                    struct error *err);

// Between the two, a scanner's findings in the member are added; the second notes them as those of a path. False when
// there is nothing, or nothing that counts there.
struct capture pass_begin_capture(const struct pass *p, const struct taker *taker);
bool pass_end_capture(struct pass *p, struct capture c, struct slice path);

// ---- hard links -----------------------------------------------------------------------------------------------------

// A hard link's contents stand in the archive under another name. What a scanner read there holds for both; what it did
// not want under that name is lost to it. True when there was anything.
bool pass_take_hardlink(struct pass *p, const struct tar_entry *e, const struct takers *takers);

// What was kept for hard links has none to come now: once, at the end, before pass_drop_replaced.
void pass_drop_kept_for_links(struct pass *p);
