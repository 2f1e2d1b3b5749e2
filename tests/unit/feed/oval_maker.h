// Makes OVAL for the tests, and tells what records came of it.
#pragma once

#include "fixture.h"

#define OVAL(definitions, rest)                                                                                        \
    "<?xml version='1.0' encoding='utf-8'?><oval_definitions xmlns='http://oval.mitre.org/XMLSchema/"                  \
    "oval-definitions-5' xmlns:l='http://oval.mitre.org/XMLSchema/oval-definitions-5#linux'><definitions>" definitions \
    "</definitions>" rest "</oval_definitions>"

#define ID(type, n) "oval:org.example:" type ":" n

// `metadata` and `criteria` are elements.
#define DEFINITION(n, class, metadata, criteria)                                                                       \
    "<definition id='" ID("def", n) "' version='1' class='" class "'><metadata>" metadata "</metadata>" criteria       \
                                                                  "</definition>"
#define CVE(id)           "<reference source='CVE' ref_id='" id "' ref_url='https://cve.example/" id "'/>"
#define AND(...)          "<criteria operator='AND'>" __VA_ARGS__ "</criteria>"
#define OR(...)           "<criteria operator='OR'>" __VA_ARGS__ "</criteria>"
#define IS(test, comment) "<criterion test_ref='" ID("tst", test) "' comment=\"" comment "\"/>"

#define RPM_TEST(n, object, state)                                                                                     \
    "<l:rpminfo_test id='" ID("tst", n) "' check='at least one' version='1'><l:object object_ref='" ID(                \
        "obj", object) "'/><l:state state_ref='" ID("ste", state) "'/></l:rpminfo_test>"
#define RPM_OBJECT(n, name)          "<l:rpminfo_object id='" ID("obj", n) "'><l:name>" name "</l:name></l:rpminfo_object>"
#define RPM_STATE(n, ...)            "<l:rpminfo_state id='" ID("ste", n) "'>" __VA_ARGS__ "</l:rpminfo_state>"
#define EVR(operation, evr)          "<l:evr datatype='evr_string' operation='" operation "'>" evr "</l:evr>"
#define FIELD(name, operation, text) "<l:" name " operation='" operation "'>" text "</l:" name ">"

static inline bool parse_oval(struct fixture *f, const char *feed, const char *scope, const char *text)
{
    return parse_pieces(f, feed, scope, slice_str(text), 1000);
}

static inline void must_parse(struct fixture *f, const char *feed, const char *scope, const char *text)
{
    if (!parse_oval(f, feed, scope, text))
        fail_msg("%s", f->err.text);
}

// What the segment says of a vulnerability, a line for each record, of the fields in this order those that are there:
// scope source? package [introduced] status bound (severity) {state} <arch> +module
static inline void assert_records(struct fixture *f, const char *vulnerability, const char *want)
{
    struct buf got BUF_AUTO = {0};
    advisory_vec records = {0};
    assert_true(segment_vulnerability(f->segment, slice_str(vulnerability), &f->arena, &records, &f->err));
    for (size_t i = 0; i < records.n; i++) {
        const struct advisory *r = &records.v[i];
        buf_addf(&got, "%.*s %s%.*s", SLICE_ARG(r->scope), r->of_source ? "source " : "", SLICE_ARG(r->package));
        if (r->introduced.n != 0)
            buf_addf(&got, " [%.*s]", SLICE_ARG(r->introduced));
        buf_addf(&got, " %s", advisory_status_name(r->status));
        if (r->bound.n != 0)
            buf_addf(&got, " %.*s", SLICE_ARG(r->bound));
        if (r->severity.n != 0)
            buf_addf(&got, " (%.*s)", SLICE_ARG(r->severity));
        if (r->state.n != 0)
            buf_addf(&got, " {%.*s}", SLICE_ARG(r->state));
        if (r->arch.n != 0)
            buf_addf(&got, " <%.*s>", SLICE_ARG(r->arch));
        if (r->module.n != 0)
            buf_addf(&got, " +%.*s", SLICE_ARG(r->module));
        buf_addc(&got, '\n');
    }
    if (!slice_eq(buf_slice(&got), slice_str(want)))
        fail_msg("%s:\n%.*sinstead of\n%s", vulnerability, SLICE_ARG(buf_slice(&got)), want);
}

// The long texts of the first record of a vulnerability.
static inline struct advisory first_record(struct fixture *f, const char *vulnerability)
{
    advisory_vec records = {0};
    assert_true(segment_vulnerability(f->segment, slice_str(vulnerability), &f->arena, &records, &f->err));
    assert_true(records.n > 0);
    return records.v[0];
}

static inline void assert_text(struct fixture *f, struct slice have, const char *want)
{
    assert_string_equal(arena_dup(&f->arena, have).p, want);
}
