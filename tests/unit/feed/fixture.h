// Runs one feed's parser on one text, and tells what records came of it.
#pragma once

#include "../layer/archives.h"
#include "feed/feed.h"

#include <setjmp.h>
#include <stdarg.h>
// cmocka wants the above first
#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct limits limits;
    struct error err;
    char folder[64];
    struct segment *segment;
    uint64_t records, left_out;
    const char *reason; // why the first of those was left out
};

static inline int fixture_new(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/clarion-test-XXXXXX");
    f->limits = limits_default();
    *state = f;
    return mkdtemp(f->folder) != NULL ? 0 : -1;
}

static inline int fixture_free(void **state)
{
    struct fixture *f = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", f->folder);
    segment_close(&f->segment);
    arena_free(&f->arena);
    free(f);
    return system(command);
}

#define FEED_TEST(t) cmocka_unit_test_setup_teardown(t, fixture_new, fixture_free)

// Has the feed read what `input` has, and opens the segment that it makes. False: f->err.
static inline bool parse_input(struct fixture *f, const char *feed, struct feed_input *input)
{
    struct segment_builder *b = segment_builder_new(feed, NULL);
    struct feed_tally tally = {0};
    struct digest digest;
    input->builder = b;
    input->limits = &f->limits;
    input->tally = &tally;
    segment_close(&f->segment);
    f->err = (struct error){0};
    bool ok = feed_named(slice_str(feed))->parse(input, &f->err);
    f->left_out = tally.left_out;
    f->reason = tally.reasons_n != 0 ? tally.reasons[0].reason : "";
    if (ok && !segment_write(b, f->folder, &digest, &f->records, &f->err))
        fail_msg("%s", f->err.text);
    if (ok && (f->segment = segment_open(f->folder, &digest, &f->err)) == NULL)
        fail_msg("%s", f->err.text);
    segment_builder_free(&b);
    return ok;
}

// Reads `text`, given in pieces of `size` bytes.
static inline bool parse_pieces(struct fixture *f, const char *feed, const char *scope, struct slice text, size_t size)
{
    struct reader *body READER_AUTO = reader_in_pieces(text, size);
    struct feed_input input = {.body = body, .file = -1, .scope = slice_str(scope)};
    return parse_input(f, feed, &input);
}

// What the segment says of a vulnerability, a line for each record:
// scope|package|status|fixed|severity|aliases|description
static inline void assert_says(struct fixture *f, struct slice vulnerability, const char *want)
{
    struct buf got BUF_AUTO = {0};
    advisory_vec records = {0};
    assert_true(segment_vulnerability(f->segment, vulnerability, &f->arena, &records, &f->err));
    for (size_t i = 0; i < records.n; i++) {
        const struct advisory *r = &records.v[i];
        buf_addf(&got, "%.*s|%.*s|%s|%.*s|%.*s|%.*s|%.*s\n", SLICE_ARG(r->scope), SLICE_ARG(r->package),
                 advisory_status_name(r->status), SLICE_ARG(r->bound), SLICE_ARG(r->severity), SLICE_ARG(r->aliases),
                 SLICE_ARG(r->description));
    }
    if (!slice_eq(buf_slice(&got), slice_str(want)))
        fail_msg("%.*s:\n%.*sinstead of\n%s", SLICE_ARG(vulnerability), SLICE_ARG(buf_slice(&got)), want);
}
