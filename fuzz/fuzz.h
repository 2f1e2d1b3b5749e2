// What the harnesses share.
#pragma once

#include "base/arena.h"
#include "base/limits.h"
#include "base/reader.h"
#include "inventory/inventory.h"
#include "scan/scanner.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Small limits, so that the fuzzer meets them.
static inline struct limits fuzz_limits(void)
{
    struct limits l = limits_default();
    l.layer_bytes = 16 * MIB;
    l.layer_entries = 10000;
    l.layer_links = 1000;
    l.zstd_window_bytes = 8 * MIB;
    l.pax_bytes = 64 * KIB;
    l.packages = 1000;
    l.field_bytes = 256;
    l.line_bytes = 4 * KIB;
    l.dpkg_status_bytes = 1 * MIB;
    l.apk_installed_bytes = 1 * MIB;
    l.rpm_header_bytes = 64 * KIB;
    l.rpm_package_files = 1000;
    l.package_head_bytes = 1 * KIB;
    l.package_json_bytes = 1 * MIB;
    l.jar_depth = 4;
    l.jar_entries = 2000;
    l.jar_inner_bytes = 1 * MIB;
    l.jar_text_bytes = 4 * KIB;
    l.jar_unpacked_bytes = 4 * MIB;
    l.skips = 50;
    l.feed_unpacked_bytes = 16 * MIB;
    l.feed_member_bytes = 1 * MIB;
    l.feed_records = 10000;
    return l;
}

// What the scanners find, the parent must be able to take from the worker.
static inline void fuzz_hand_over(const struct findings *findings, const struct limits *limits)
{
    struct arena a ARENA_AUTO = {0};
    struct buf text BUF_AUTO = {0};
    struct findings taken;
    struct error err;
    findings_encode(findings, &text);
    if (!findings_decode(buf_slice(&text), &a, limits, &taken, &err))
        abort();
}

// Runs one scanner on one file.
static inline void fuzz_scanner(const char *name, const char *path, const uint8_t *data, size_t size)
{
    struct arena a ARENA_AUTO = {0};
    struct limits limits = fuzz_limits();
    struct findings findings = {0};
    struct scan_output out = {.arena = &a, .findings = &findings, .limits = &limits};
    struct scan_file file = {.path = slice_str(path), .content = slice_of((const char *)data, size), .mode = 0644};
    struct error err;
    const struct scanner *scanner = scanner_named(slice_str(name));
    if (scanner == NULL)
        abort();
    size_t most = (size_t)scanner->limit(&limits);
    file.cut = scanner->takes_prefix && size > most;
    if (file.cut)
        file.content.n = most;
    scanner->scan(&file, &out, &err);
    fuzz_hand_over(&findings, &limits);
}

// A reader that gives its bytes in pieces of changing size, so that what lies across two chunks is tried too.
struct fuzz_reader {
    struct reader base;
    struct slice left;
    size_t step;
};

static inline bool fuzz_next(struct reader *base, struct slice *chunk, struct error *err)
{
    (void)err;
    struct fuzz_reader *r = (struct fuzz_reader *)base;
    size_t n = r->step < r->left.n ? r->step : r->left.n;
    r->step = r->step * 3 % 4099 + 1;
    *chunk = slice_of(r->left.p, n);
    r->left = slice_from(r->left, n);
    return true;
}

static inline void fuzz_close(struct reader *base)
{
    free(base);
}

static inline struct reader *fuzz_reader(const uint8_t *data, size_t size)
{
    struct fuzz_reader *r = must_alloc(sizeof *r);
    *r = (struct fuzz_reader){{fuzz_next, fuzz_close}, slice_of((const char *)data, size), 1 + size % 700};
    return &r->base;
}
