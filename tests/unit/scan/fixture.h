// Runs one scanner on one text.
#pragma once

#include "base/buf.h"
#include "scan/scanner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
// cmocka wants the above first
#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct limits limits;
    struct findings findings;
    enum scan_subject subject;
};

static inline struct fixture fixture_new(void)
{
    return (struct fixture){.limits = limits_default()};
}

#define FIXTURE_AUTO __attribute__((cleanup(fixture_free)))

static inline void fixture_free(struct fixture *f)
{
    arena_free(&f->arena);
}

static inline bool is_wanted(const char *path)
{
    const struct scanner *wanting[SCANNERS_MOST];
    return scanners_for(SUBJECT_LAYER, slice_str(path), 0644, 1, wanting) != 0;
}

// Lets one scanner read. The content is put into a buffer of its own size, so that a byte read past its end is seen.
static inline bool fixture_read(struct fixture *f, const struct scanner *scanner, const char *path,
                                struct slice content, struct error *err)
{
    size_t most = (size_t)scanner->limit(&f->limits);
    bool cut = scanner->takes_prefix && content.n > most;
    size_t taken = cut ? most : content.n;
    char *copy = must_alloc(taken);
    if (taken != 0)
        memcpy(copy, content.p, taken);
    struct scan_output out = {
        .arena = &f->arena, .findings = &f->findings, .limits = &f->limits, .subject = f->subject};
    struct scan_file file = {slice_str(path), slice_of(copy, taken), 0644, cut};
    bool ok = scanner->scan(&file, &out, err);
    free(copy);
    return ok;
}

// Lets all scanners read that want such a file.
static inline void fixture_scan(struct fixture *f, const char *path, struct slice content)
{
    const struct scanner *wanting[SCANNERS_MOST];
    size_t n = scanners_for(f->subject, slice_str(path), 0644, content.n, wanting);
    if (n == 0)
        fail_msg("no scanner wants %s", path);
    struct error err = {0};
    for (size_t i = 0; i < n; i++)
        if (!fixture_read(f, wanting[i], path, content, &err))
            fail_msg("%s: %s", wanting[i]->name, err.text);
}

// True when the file is not of the format of the one scanner that wants it; `err` then says why.
static inline bool fixture_refuses(struct fixture *f, const char *path, struct slice content, struct error *err)
{
    const struct scanner *wanting[SCANNERS_MOST];
    size_t n = scanners_for(f->subject, slice_str(path), 0644, content.n, wanting);
    return n == 1 && !fixture_read(f, wanting[0], path, content, err);
}

static inline void assert_slice(struct slice s, const char *text)
{
    if (!slice_eq(s, slice_str(text)))
        fail_msg("\"%.*s\" is not \"%s\"", SLICE_ARG(s), text);
}

// "name version arch source source-version", one a package, separated by newlines.
static inline void assert_packages(const struct package_db *db, const char *expected)
{
    struct arena a ARENA_AUTO = {0};
    struct slice text = SLICE("");
    for (size_t i = 0; i < db->n; i++) {
        const struct package *p = &db->packages[i];
        text = arena_printf(&a, "%.*s%.*s %.*s %.*s %.*s %.*s\n", (int)text.n, text.p, SLICE_ARG(p->name),
                            SLICE_ARG(p->version), SLICE_ARG(p->arch), SLICE_ARG(p->source_name),
                            SLICE_ARG(p->source_version));
    }
    if (!slice_eq(text, slice_str(expected)))
        fail_msg("found:\n%.*sexpected:\n%s", (int)text.n, text.p, expected);
}

// "reason" or "lost: reason", one a skip.
static inline void assert_skips(const struct findings *f, const char *expected)
{
    struct arena a ARENA_AUTO = {0};
    struct slice text = SLICE("");
    for (size_t i = 0; i < f->skips_n; i++)
        text = arena_printf(&a, "%.*s%s%.*s\n", (int)text.n, text.p, f->skips[i].lost ? "lost: " : "",
                            SLICE_ARG(f->skips[i].reason));
    if (!slice_eq(text, slice_str(expected)))
        fail_msg("noted:\n%.*sexpected:\n%s", (int)text.n, text.p, expected);
}
