// YAML and JSON as trees with places, and both kinds of patches.
#include "base/buf.h"
#include "base/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
// cmocka wants the above first
#include <cmocka.h>

static struct yaml_node *parse(struct arena *a, struct limits *limits, const char *text, bool json, struct error *err)
{
    *limits = limits_default();
    struct yaml_source s = {.arena = a, .limits = limits};
    struct yaml_node *root;
    *err = (struct error){0};
    return yaml_parse(&s, "f", slice_str(text), json, &root, err) ? root : NULL;
}

// The tree in one line: maps in {}, lists in [], scalars with a letter for their type.
static void show(const struct yaml_node *node, struct buf *out)
{
    static const char letters[] = "0bift";
    if (node->type != YAML_LIST && node->type != YAML_MAP) {
        buf_addf(out, "%c:%.*s", letters[node->type], SLICE_ARG(node->text));
        return;
    }
    buf_addc(out, node->type == YAML_LIST ? '[' : '{');
    for (size_t i = 0; i < node->members.n; i++) {
        buf_adds(out, i != 0 ? " " : "");
        if (node->type == YAML_MAP)
            buf_addf(out, "%.*s=", SLICE_ARG(node->members.v[i].key));
        show(node->members.v[i].value, out);
    }
    buf_addc(out, node->type == YAML_LIST ? ']' : '}');
}

static void assert_shows(const struct yaml_node *node, const char *expected)
{
    struct buf text BUF_AUTO = {0};
    assert_non_null(node);
    show(node, &text);
    buf_addc(&text, '\0');
    assert_string_equal(text.p, expected);
}

static void trees(void **state)
{
    static const struct {
        const char *text;
        bool json;
        const char *expected;
    } cases[] = {
        {"a: 1\nb: [x, 'y', \"z\", 1.5, -3, 1e3, ~, true, yes, 0x1f, '']\n", false,
         "{a=i:1 b=[t:x t:y t:z f:1.5 i:-3 f:1e3 0:~ b:true t:yes t:0x1f t:]}"},
        {"a: &x {k: v}\nb: *x\nc:\n", false, "{a={k=t:v} b={k=t:v} c=0:}"},
        {"{\"a\": [1, \"2\", null, false, {}]}", true, "{a=[i:1 t:2 0:null b:false {}]}"},
        {"a: |\n  two\n  lines\n", false, "{a=t:two\nlines\n}"},
        {"- 1\n- - 2\n", false, "[i:1 [i:2]]"},
        {"\"1\"", false, "t:1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct limits limits;
        struct error err;
        assert_shows(parse(&a, &limits, cases[i].text, cases[i].json, &err), cases[i].expected);
    }
}

static void places(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct limits limits;
    struct error err;
    struct yaml_node *root = parse(&a, &limits, "# one\na:\n  bc: 5\n  d: [e, f]\n", false, &err);
    const struct yaml_node *inner = yaml_get(root, SLICE("a")), *list = yaml_get(inner, SLICE("d"));
    assert_int_equal(inner->members.v[0].place.line, 3);
    assert_int_equal(inner->members.v[0].place.column, 3);
    assert_int_equal(inner->members.v[0].value->place.column, 7);
    assert_int_equal(list->members.v[1].value->place.line, 4);
    assert_int_equal(list->members.v[1].value->place.column, 10);
    assert_string_equal(list->place.file, "f");
}

static void refused(void **state)
{
    static const struct {
        const char *text, *says;
        bool json;
    } cases[] = {
        {"a: 1\nb: 2\na: 3\n", "f:3:1", false},
        {"a: [1\n", "not YAML", false},
        {"a: 1\n---\nb: 2\n", "more than one document", false},
        {"{a: 1}", "not JSON", true},
        {"[1] 2", "", true},
        {"? [a]\n: b\n", "key of a map", false},
        {"a: 1\n%\377", "f:2:1", false},
        {"%YAML 1.1\n---\na: 1\n", "directives", false},
        {"a: \377\n", "UTF-8", false},
        {"a: *nobody\n", "nobody", false},
        {"a: &x [*x]\n", "yaml_depth", false},
        {"a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
         "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
         "yaml_nodes", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct limits limits;
        struct error err;
        assert_null(parse(&a, &limits, cases[i].text, cases[i].json, &err));
        assert_int_not_equal(err.code, ERR_NONE);
        assert_non_null(strstr(err.text, cases[i].says));
        assert_memory_equal(err.text, "f:", 2);
    }
    struct arena a ARENA_AUTO = {0};
    struct limits limits;
    struct error err;
    assert_null(parse(&a, &limits, "# nothing\n", false, &err));
    assert_int_equal(err.code, ERR_NONE);
}

// Examples of RFC 7396, appendix A, and of our own.
static void merges(void **state)
{
    static const struct {
        const char *target, *patch, *expected;
    } cases[] = {
        {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{a=t:c}"},
        {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{a=t:b b=t:c}"},
        {"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
        {"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{b=t:c}"},
        {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{a=t:c}"},
        {"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{a=[t:b]}"},
        {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{a={b=t:d}}"},
        {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{a=[i:1]}"},
        {"[\"a\",\"b\"]", "[\"c\",\"d\"]", "[t:c t:d]"},
        {"{\"e\":null}", "{\"a\":1}", "{e=0:null a=i:1}"},
        {"[1,2]", "{\"a\":\"b\",\"c\":null}", "{a=t:b}"},
        {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{a={bb={}}}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct limits limits;
        struct error err;
        struct yaml_node *target = parse(&a, &limits, cases[i].target, true, &err);
        struct yaml_node *patch = parse(&a, &limits, cases[i].patch, true, &err);
        struct yaml_source s = {.arena = &a, .limits = &limits};
        assert_shows(yaml_merge(&s, target, patch), cases[i].expected);
    }
}

// Examples after RFC 6902, appendix A; `says` in place of a result: the error.
static void patches(void **state)
{
    static const struct {
        const char *target, *patch, *expected, *says;
    } cases[] = {
        {"{foo: bar}", "[{op: add, path: /baz, value: qux}]", "{foo=t:bar baz=t:qux}", NULL},
        {"{foo: [bar, baz]}", "[{op: add, path: /foo/1, value: qux}]", "{foo=[t:bar t:qux t:baz]}", NULL},
        {"{foo: [bar]}", "[{op: add, path: /foo/-, value: [a, b]}]", "{foo=[t:bar [t:a t:b]]}", NULL},
        {"{baz: qux, foo: bar}", "[{op: remove, path: /baz}]", "{foo=t:bar}", NULL},
        {"{foo: [a, b, c]}", "[{op: remove, path: /foo/1}]", "{foo=[t:a t:c]}", NULL},
        {"{baz: qux}", "[{op: replace, path: /baz, value: boo}]", "{baz=t:boo}", NULL},
        {"{foo: {bar: baz, waldo: fred}, qux: {corge: grault}}", "[{op: move, from: /foo/waldo, path: /qux/thud}]",
         "{foo={bar=t:baz} qux={corge=t:grault thud=t:fred}}", NULL},
        {"{foo: [all, grass, cows, eat]}", "[{op: move, from: /foo/1, path: /foo/3}]",
         "{foo=[t:all t:cows t:eat t:grass]}", NULL},
        {"{a: {b: 1}}", "[{op: copy, from: /a, path: /c}, {op: replace, path: /c/b, value: 2}]",
         "{a={b=i:1} c={b=i:2}}", NULL},
        {"{baz: qux, foo: [a, 2]}", "[{op: test, path: /baz, value: qux}, {op: test, path: /foo, value: [a, 2]}]",
         "{baz=t:qux foo=[t:a i:2]}", NULL},
        {"{a/b: 1, m~n: 2}", "[{op: remove, path: /a~1b}, {op: remove, path: /m~0n}]", "{}", NULL},
        {"{a: 1}", "[{op: replace, path: '', value: {b: 2}}]", "{b=i:2}", NULL},
        {"{baz: qux}", "[{op: test, path: /baz, value: bar}]", NULL, "fails"},
        {"{foo: bar}", "[{op: add, path: /baz/bat, value: qux}]", NULL, "nothing at"},
        {"{foo: [1]}", "[{op: add, path: /foo/3, value: 1}]", NULL, "nothing at"},
        {"{foo: [1]}", "[{op: remove, path: /foo/01}]", NULL, "nothing at"},
        {"{foo: 1}", "[{op: replace, path: /bar, value: 1}]", NULL, "nothing at"},
        {"{foo: 1}", "[{op: add, path: foo, value: 1}]", NULL, "slash"},
        {"{a: {b: 1}}", "[{op: move, from: /a, path: /a/c}]", NULL, "into itself"},
        {"{a: 1}", "[{op: grow, path: /a}]", NULL, "no operation"},
        {"{a: 1}", "[{op: add, path: /a}]", NULL, "\"value\""},
        {"{a: 1}", "[{path: /a}]", NULL, "\"op\""},
        {"{a: 1}", "{op: add}", NULL, "list of operations"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct limits limits;
        struct error err;
        struct yaml_node *target = parse(&a, &limits, cases[i].target, false, &err);
        struct yaml_node *patch = parse(&a, &limits, cases[i].patch, false, &err);
        struct yaml_source s = {.arena = &a, .limits = &limits};
        if (yaml_patch(&s, &target, patch, &err)) {
            assert_null(cases[i].says);
            assert_shows(target, cases[i].expected);
        } else {
            assert_non_null(cases[i].says);
            assert_non_null(strstr(err.text, cases[i].says));
            assert_memory_equal(err.text, "f:1:", 4);
        }
    }
}

// Copies of copies double what is there: the limit ends them.
static void copies_are_counted(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct limits limits;
    struct error err;
    struct buf text BUF_AUTO = {0};
    buf_addc(&text, '[');
    for (size_t i = 0; i < 30; i++)
        buf_addf(&text, "{op: copy, from: /a, path: /a/%zu},", i);
    buf_adds(&text, "]");
    buf_addc(&text, '\0');
    struct yaml_node *target = parse(&a, &limits, "{a: {x: 1}}", false, &err);
    struct yaml_node *patch = parse(&a, &limits, text.p, false, &err);
    assert_non_null(patch);
    struct yaml_source s = {.arena = &a, .limits = &limits};
    assert_false(yaml_patch(&s, &target, patch, &err));
    assert_int_equal(err.code, ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees),  cmocka_unit_test(places),  cmocka_unit_test(refused),
        cmocka_unit_test(merges), cmocka_unit_test(patches), cmocka_unit_test(copies_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
