// The XML of feeds: what the handler is told, and what is refused.
#include "feed/xml.h"

#include "../layer/archives.h"

#include <setjmp.h>
#include <stdarg.h>
// cmocka wants the above first
#include <cmocka.h>

struct log {
    struct buf text;
    const char *refuse; // an element's name
};

static bool begin(void *context, const struct xml_element *e, struct error *err)
{
    struct log *log = context;
    if (log->refuse != NULL && slice_eq(e->name, slice_str(log->refuse)))
        return error_set(err, ERR_UNSUPPORTED, "no %s wanted", log->refuse);
    buf_addf(&log->text, "<%zu%.*s", e->depth, SLICE_ARG(e->name));
    for (size_t i = 0; i < e->attributes_n; i++)
        buf_addf(&log->text, " %.*s=%.*s", SLICE_ARG(e->attributes[i].name), SLICE_ARG(e->attributes[i].value));
    buf_adds(&log->text, ">");
    return true;
}

static bool end(void *context, const struct xml_element *e, struct slice text, struct error *err)
{
    struct log *log = context;
    (void)err;
    buf_addf(&log->text, "%.*s</%zu%.*s>", SLICE_ARG(text), e->depth, SLICE_ARG(e->name));
    return true;
}

static const struct xml_handler handler = {begin, end};

static bool read_pieces(struct slice text, size_t size, const struct limits *limits, struct log *log, struct error *err)
{
    struct reader *r READER_AUTO = reader_in_pieces(text, size);
    *err = (struct error){0};
    log->text.n = 0;
    return xml_read(r, limits, &handler, log, err);
}

static void assert_reads(const char *text, const char *want)
{
    struct limits limits = limits_default();
    struct error err;
    for (size_t p = 0; p < PIECE_SIZES; p++) {
        struct log log = {0};
        if (!read_pieces(slice_str(text), piece_sizes[p], &limits, &log, &err))
            fail_msg("%s in pieces of %zu: %s", text, piece_sizes[p], err.text);
        if (!slice_eq(buf_slice(&log.text), slice_str(want)))
            fail_msg("%s: %.*s instead of %s", text, SLICE_ARG(buf_slice(&log.text)), want);
        buf_free(&log.text);
    }
}

static void test_events(void **state)
{
    (void)state;
    assert_reads("<?xml version=\"1.0\"?><!-- c --><a><b x=\"1\" y:z='&lt;2'/> t <c> u </c> v </a>",
                 "<1a><2b x=1 z=<2></2b><2c>u</2c>v</1a>");
    assert_reads("<p:a xmlns:p=\"urn:x\"><p:b>&#228;&amp;<![CDATA[<&]]></p:b></p:a>",
                 "<1a p=urn:x><2b>\xc3\xa4&<&</2b></1a>");
    assert_reads("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xe4</a>", "<1a>\xc3\xa4</1a>");
}

static void assert_refused(struct slice text, const struct limits *limits, enum error_code code, const char *why)
{
    struct error err;
    for (size_t p = 0; p < PIECE_SIZES; p++) {
        struct log log = {0};
        if (read_pieces(text, piece_sizes[p], limits, &log, &err))
            fail_msg("taken: %.*s", SLICE_ARG(text));
        assert_int_equal(err.code, code);
        if (strstr(err.text, why) == NULL)
            fail_msg("%.*s: \"%s\" does not say \"%s\"", SLICE_ARG(text), err.text, why);
        buf_free(&log.text);
    }
}

static void test_no_xml(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"", "line 1, column 1: no element found"},
        {"text", "line 1, column 1"},
        {"{\"a\": 1}", "line 1"},
        {"<a>\n <b>\n</a>", "line 3, column 3: mismatched tag"},
        {"<a><b/>", "no element found"},
        {"<a/><a/>", "line 1, column 5: junk"},
        {"<a x=\"1\" x=\"2\"/>", "duplicate attribute"},
        {"<a>&unknown;</a>", "undefined entity"},
        {"<a>\xff</a>", "not well-formed"},
        {"<a>\xed\xa0\x80</a>", "not well-formed"},
        {"<a>\x01</a>", "not well-formed"},
        {"<a>&#0;</a>", "invalid character"},
        {"<?xml version=\"1.0\" encoding=\"EBCDIC\"?><a/>", "unknown encoding"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_refused(slice_str(bad[i].text), &limits, ERR_FORMAT, bad[i].why);
    assert_refused(SLICE("<a>\0</a>"), &limits, ERR_FORMAT, "line 1");
}

static void test_entities(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct slice bomb = SLICE("<?xml version=\"1.0\"?>\n"
                              "<!DOCTYPE a [<!ENTITY x \"ha\"><!ENTITY y \"&x;&x;&x;\">]><a>&y;</a>");
    assert_refused(bomb, &limits, ERR_FORMAT, "it declares a document type");
    assert_refused(bomb, &limits, ERR_FORMAT, "line 2, ");
    assert_refused(SLICE("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>"), &limits, ERR_FORMAT, "document type");
}

static void test_limits(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct buf text BUF_AUTO = {0};
    limits.xml_depth = 3;
    assert_reads("<a><b><c/></b></a>", "<1a><2b><3c></3c></2b></1a>");
    assert_refused(SLICE("<a><b><c><d/></c></b></a>"), &limits, ERR_LIMIT, "line 1, column 10: too many elements");
    limits.xml_text_bytes = 200 * 1024;
    buf_adds(&text, "<a>");
    for (size_t i = 0; i < 200 * 1024 / 8 + 1; i++)
        buf_adds(&text, "a text, ");
    assert_refused(buf_slice(&text), &limits, ERR_LIMIT, "xml_text_bytes");
    text.n = 0;
    buf_adds(&text, "<a b=\"");
    for (size_t i = 0; i < 200 * 1024 / 8 + 1; i++)
        buf_adds(&text, "a value ");
    buf_adds(&text, "\"/>");
    assert_refused(buf_slice(&text), &limits, ERR_LIMIT, "a tag is too long");
    // A tag, a comment and an instruction that go on and on are given up, though expat would wait for their ends.
    static const char *const open[] = {"<a b=\"", "<!--", "<?pi ", "<a "};
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        struct reader *r = NULL;
        struct log log = {0};
        struct error err;
        text.n = 0;
        buf_adds(&text, open[i]);
        for (size_t n = 0; n < 64 * 1024; n++)
            buf_adds(&text, "attribute");
        r = reader_in_pieces(buf_slice(&text), 10000);
        assert_false(xml_read(r, &limits, &handler, &log, &err));
        assert_int_equal(err.code, ERR_LIMIT);
        assert_non_null(strstr(err.text, "xml_text_bytes"));
        reader_close(&r);
        buf_free(&log.text);
    }
}

// What the handler does not want ends the reading, with the place in front; no other event comes.
static void test_refusal(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct log log = {.refuse = "c"};
    struct error err;
    assert_false(read_pieces(SLICE("<a><b/>\n<c/><d/></a>"), 4096, &limits, &log, &err));
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    assert_string_equal(err.text, "line 2, column 1: no c wanted");
    assert_true(slice_eq(buf_slice(&log.text), SLICE("<1a><2b></2b>")));
    buf_free(&log.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events), cmocka_unit_test(test_no_xml),  cmocka_unit_test(test_entities),
        cmocka_unit_test(test_limits), cmocka_unit_test(test_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
