// Findings of layers, written down as text: one thing a line.
//
//   db PATH NAME=VERSION...     a package database (of apk or rpm for paths with that in them, else of dpkg); a path
//                               with dnf is its history, NAME=VERSION@REPOSITORY, one with buildinfo a content manifest
//   by SCANNER PATH NAME=V...   what another scanner found in a file
//   owns PATH NAME FILE...      dpkg's list of a package's files
//   release PATH ID VERSION_ID  a release file (its kind goes by its name)
//   link PATH TARGET | whiteout PATH | opaque PATH ("/" is the root) | file PATH | folder PATH
//   lost PATH | remark PATH     a skip
#pragma once

#include "inventory/inventory.h"
#include "scan/scanner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
// cmocka wants the above first
#include <cmocka.h>

#define PUSH(a, f, what)                                                                                               \
    (*(((f)->what##_n == (f)->what##_cap)                                                                              \
           ? ((f)->what = arena_grow((a), (f)->what, sizeof *(f)->what, (f)->what##_n, &(f)->what##_cap),              \
              &(f)->what[(f)->what##_n++])                                                                             \
           : &(f)->what[(f)->what##_n++]))

static inline void layer_by(struct arena *a, struct findings *f, struct slice scanner, struct slice path,
                            struct slice packages)
{
    struct package_db *db = &PUSH(a, f, dbs);
    struct slice kind = slice_str(scanner_named(scanner)->kind), item;
    *db = (struct package_db){.scanner = scanner, .path = path};
    while (packages.n != 0) {
        slice_cut(packages, ' ', &item, &packages);
        if (db->n == db->cap)
            db->packages = arena_grow(a, db->packages, sizeof *db->packages, db->n, &db->cap);
        struct package *p = &db->packages[db->n++];
        *p = (struct package){.kind = kind, .arch = SLICE("amd64")};
        slice_cut(item, '=', &p->name, &p->version);
        if (slice_eq(db->scanner, SLICE("dnf")))
            slice_cut(p->version, '@', &p->version, &p->repository);
        p->source_name = p->name;
        p->source_version = p->version;
    }
}

static inline void layer_db(struct arena *a, struct findings *f, struct slice path, struct slice packages)
{
    static const struct {
        const char *in_path, *scanner;
    } databases[] = {{"apk", "apk"}, {"rpm", "rpm"}, {"dnf", "dnf"}, {"buildinfo", "redhat-content"}, {"", "dpkg"}};
    size_t d = 0;
    while (databases[d].in_path[0] != '\0' && slice_find_slice(path, slice_str(databases[d].in_path)) < 0)
        d++;
    layer_by(a, f, slice_str(databases[d].scanner), path, packages);
}

static inline void layer_owns(struct arena *a, struct findings *f, struct slice path, struct slice rest)
{
    struct slice name, file;
    slice_cut(rest, ' ', &name, &rest);
    layer_by(a, f, SLICE("dpkg-files"), path, name);
    struct package *owner = &f->dbs[f->dbs_n - 1].packages[0];
    while (rest.n != 0) {
        slice_cut(rest, ' ', &file, &rest);
        PUSH(a, owner, files) = file;
    }
}

static inline void layer_release(struct arena *a, struct findings *f, struct slice path, struct slice rest)
{
    struct release_file *r = &PUSH(a, f, releases);
    *r = (struct release_file){.path = path, .kind = RELEASE_OS};
    if (slice_ends(path, SLICE("lsb-release")))
        r->kind = RELEASE_LSB;
    else if (slice_ends(path, SLICE("debian_version")))
        r->kind = RELEASE_DEBIAN;
    else if (slice_ends(path, SLICE("alpine-release")))
        r->kind = RELEASE_ALPINE;
    slice_cut(rest, ' ', &r->id, &r->version_id);
}

static inline void layer_skip(struct arena *a, struct findings *f, struct slice path, bool lost)
{
    PUSH(a, f, skips) = (struct skip){path, SLICE("unreadable"), lost};
    f->skips_total++;
}

static inline struct findings layer(struct arena *a, const char *text)
{
    struct findings f = {0};
    struct slice rest = slice_str(text), line, word, path, more, file;
    while (slice_next_line(&rest, &line)) {
        slice_cut(line, ' ', &word, &more);
        slice_cut(more, ' ', &path, &more);
        if (slice_eq(word, SLICE("db")))
            layer_db(a, &f, path, more);
        else if (slice_eq(word, SLICE("owns")))
            layer_owns(a, &f, path, more);
        else if (slice_eq(word, SLICE("by")) && slice_cut(more, ' ', &file, &more))
            layer_by(a, &f, path, file, more);
        else if (slice_eq(word, SLICE("release")))
            layer_release(a, &f, path, more);
        else if (slice_eq(word, SLICE("link")))
            PUSH(a, &f, links) = (struct layer_link){path, more};
        else if (slice_eq(word, SLICE("whiteout")))
            PUSH(a, &f, whiteouts) = path;
        else if (slice_eq(word, SLICE("opaque")))
            PUSH(a, &f, opaques) = slice_eq(path, SLICE("/")) ? SLICE("") : path;
        else if (slice_eq(word, SLICE("file")))
            PUSH(a, &f, nondirs) = path;
        else if (slice_eq(word, SLICE("folder")))
            PUSH(a, &f, folders) = path;
        else if (slice_eq(word, SLICE("lost")) || slice_eq(word, SLICE("remark")))
            layer_skip(a, &f, path, slice_eq(word, SLICE("lost")));
        else if (line.n != 0)
            fail_msg("what is \"%.*s\"?", SLICE_ARG(line));
    }
    return f;
}

static inline void assert_slice(struct slice s, const char *text)
{
    if (!slice_eq(s, slice_str(text)))
        fail_msg("\"%.*s\" is not \"%s\"", SLICE_ARG(s), text);
}
