// What is installed: the words that scanners, the inventory, matchers and outputs share.
//
// All slices point into the arena of whoever made the value. An unknown field is an empty slice.
#pragma once

#include "base/slice.h"

// Is this a path as findings have them? No leading, trailing or doubled slash, no "." or "..", no NUL.
bool is_layer_path(struct slice path);

// One installed package, named and versioned as its own package manager prints it.
struct package {
    struct slice kind;           // "deb", "apk", … : the scanner's word, a literal
    struct slice name;           //
    struct slice version;        //
    struct slice arch;           // as the package manager writes it: "amd64", "x86_64", "all"
    struct slice module;         // rpm's modularity label, "name:stream"
    struct slice vendor;         // who built it, as rpm notes it
    struct slice repository;     // where it was installed from, as dnf calls it: "rhel-9-for-x86_64-baseos-rpms"
    struct slice source_name;    // what it was built from; equal to name when the database says nothing else
    struct slice source_version; // likewise
    struct slice inside; // where in an archive it was found: "WEB-INF/lib/x.jar"; empty for the file itself. In a
                         // bill of materials: where in the image
    struct slice owner;  // "deb:libruby3.1", where the database itself tells with which package it came
    struct slice *files; // of the files that it owns, those in which scanners look for packages
    size_t files_n, files_cap;
};

// True for what rpm lists among its packages and is none: a key that packages are checked with. The inventory lists it
// as rpm does; nobody judges it, and it does not count.
static inline bool package_is_key(const struct package *p)
{
    return slice_eq(p->kind, SLICE("rpm")) && slice_eq(p->name, SLICE("gpg-pubkey"));
}

// "name:stream" of a module's label, "name:stream:version:context"; what has no more parts is left as it is.
static inline struct slice module_stream(struct slice label)
{
    ptrdiff_t first = slice_find(label, ':');
    ptrdiff_t second = first >= 0 ? slice_find(slice_from(label, (size_t)first + 1), ':') : -1;
    return second >= 0 ? slice_of(label.p, (size_t)(first + 1 + second)) : label;
}

// A package database, or one file of it, as one layer has it: everything in it is replaced when a later layer has
// another file at the same path. Several scanners may have found something in one file.
struct package_db {
    struct slice scanner; // name of the scanner that read it
    struct slice path;    // in the layer, without a leading slash: "var/lib/dpkg/status"
    struct package *packages;
    size_t n, cap;
};

// A file that tells which distribution this is, parsed; several may stand in one image.
enum release_file_kind {
    RELEASE_OS,     // etc/os-release, usr/lib/os-release (os-release(5))
    RELEASE_LSB,    // etc/lsb-release
    RELEASE_DEBIAN, // etc/debian_version
    RELEASE_ALPINE, // etc/alpine-release
};

struct release_file {
    enum release_file_kind kind;
    struct slice path;
    struct slice id;          // os-release ID, in lower case; "debian", "alpine" for the files that imply it
    struct slice id_like;     // blank-separated
    struct slice name;        // NAME
    struct slice version;     // VERSION, "12 (bookworm)"; the whole line for debian_version and alpine-release
    struct slice version_id;  // VERSION_ID, "12"
    struct slice codename;    // VERSION_CODENAME, or the parenthesis of VERSION
    struct slice pretty_name; // PRETTY_NAME
    struct slice cpe;         // CPE_NAME
    struct slice support_end; // SUPPORT_END, "2028-06-30"
};

// Its texts, which a distribution (inventory.h) has by the same names.
#define RELEASE_FIELDS(X)                                                                                              \
    X(id) X(id_like) X(name) X(version) X(version_id) X(codename) X(pretty_name) X(cpe) X(support_end)

// Something in an image that was not read, and why. `lost` says that package data may be missing because of it: the
// report is then incomplete and says so; without it, it is a remark.
struct skip {
    struct slice path;   // as far as known; may be empty (the whole layer)
    struct slice reason; // for people
    bool lost;
};

// A symbolic link of a layer.
struct layer_link {
    struct slice path, target;
};

// Everything that one layer says, whatever the layers below it hold. The result of a layer worker, kept in the store
// under (layer digest, indexer state).
struct findings {
    struct package_db *dbs;
    size_t dbs_n, dbs_cap;
    struct release_file *releases;
    size_t releases_n, releases_cap;
    struct slice *whiteouts; // paths removed from the layers below ("etc/motd" for etc/.wh.motd)
    size_t whiteouts_n, whiteouts_cap;
    struct slice *opaques; // folders whose contents in the layers below are hidden; "" is the root
    size_t opaques_n, opaques_cap;
    struct layer_link *links;
    size_t links_n, links_cap;
    struct slice *nondirs; // regular files, devices and the like where lower layers may have a folder of packages
    size_t nondirs_n, nondirs_cap;
    struct slice *folders; // folders where lower layers may have a file of packages
    size_t folders_n, folders_cap;
    struct skip *skips;
    size_t skips_n, skips_cap;
    uint64_t skips_total; // including those beyond limits.skips
    uint64_t entries;     // members of the archive
    uint64_t bytes;       // unpacked size
};
