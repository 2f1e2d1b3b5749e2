// What the members of one archive make of each other's paths, as far as it matters: the paths of what was found, and
// those that scanners look for.
//
// Extracting an archive lets the last member at a path win, and one that is no folder takes away all that stood below.
// The table remembers for each path the last member that did so, and tells at the end what of the findings stands. A
// place is a name in a parent place, so that a path costs its length, however deep it is.
#pragma once

#include "base/arena.h"
#include "base/slice.h"

#define PLACE_ROOT    0
#define PLACE_UNKNOWN (-1)

// Members are numbered from 1.
struct place {
    int parent;
    struct slice name;
    uint64_t hash;
    uint64_t last;     // the last member at this path
    uint64_t replaced; // the last one here that is no folder
    bool watched;      // a scanner's path leads through here, or to here
    int route;         // for the user: index, or -1
    int link;          // for the user: index of the last symbolic link here, or -1
    int capture;       // for the user: index of the last file captured here, or -1
    int nondir;        // for the user: index of what is remembered to replace a folder here, or -1
};

struct places {
    struct arena *arena;
    struct place *v; // v[PLACE_ROOT] is the root
    size_t n, cap;
    int *slots; // open addressing; -1 is free
    size_t slots_n;
    // The folder that the last look-up went through: members of a folder come one after the other.
    struct slice folder;
    size_t folder_cap;
    int folder_place;
};

void places_init(struct places *t, struct arena *a);

// The place of a normalised path, or PLACE_UNKNOWN; `*parent` likewise of its folder.
int places_find(struct places *t, struct slice path, int *parent);

// The same, made when it is missing, with those above it. Places may move: keep indexes, not pointers.
int places_add(struct places *t, struct slice path);

// Notes that member number `member` stands at the place.
void places_occupy(struct places *t, int place, uint64_t member, bool folder);

// True while what member number `member` put at the place has not been replaced there or above.
bool places_stands(const struct places *t, int place, uint64_t member);
