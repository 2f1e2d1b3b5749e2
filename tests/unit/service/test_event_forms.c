// Deliveries of registries in all their forms. The shapes are those that each project documents.
#include "service/event_forms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
// cmocka wants the above first
#include <cmocka.h>

#define HEX    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST "sha256:" HEX

static bool parse(struct arena *a, const char *text, struct event_delivery *delivery, struct error *err)
{
    struct limits limits = limits_default();
    limits.event_entries = 3;
    return event_delivery_parse(slice_str(text), &limits, a, delivery, err);
}

// One name as a line: what must come out of a delivery of one event.
static void forms(void **state)
{
    static const struct {
        const char *text, *form, *expected;
    } cases[] = {
        {"{\"events\":[{\"id\":\"a\",\"timestamp\":\"2016-03-09T14:44:26.402973972Z\",\"action\":\"push\",\"target\":{"
         "\"mediaType\":\"application/vnd.docker.distribution.manifest.v2+json\",\"digest\":\"" DIGEST "\","
         "\"repository\":\"team/app\",\"url\":\"http://10.0.0.1:5000/v2/team/app/manifests/x\",\"tag\":\"latest\"},"
         "\"request\":{\"host\":\"r.example:5000\"}}]}",
         "distribution", "push a r.example:5000 10.0.0.1:5000 team/app latest 1 1457534666402973"},
        // Without a request, the URL says where it is; without a type, that it is a manifest.
        {"{\"events\":[{\"action\":\"mount\",\"target\":{\"digest\":\"" DIGEST "\",\"repository\":\"app\","
         "\"url\":\"https://r.example/v2/app/manifests/x\"}}]}",
         "distribution", "push  r.example  app  1 0"},
        {"{\"events\":[{\"action\":\"delete\",\"target\":{\"digest\":\"" DIGEST "\",\"repository\":\"app\"},"
         "\"request\":{\"host\":\"r.example\"}}]}",
         "distribution", "delete  r.example  app  1 0"},
        {"{\"events\":[{\"action\":\"delete\",\"target\":{\"tag\":\"1\",\"repository\":\"app\"}}]}", "distribution",
         "delete    app 1 0 0"},
        // Of two members of one name the last counts.
        {"{\"events\":[{\"action\":\"pull\",\"action\":\"delete\",\"target\":{\"tag\":\"1\",\"repository\":\"app\"}}]}",
         "distribution", "delete    app 1 0 0"},
        {"{\"docker_url\":\"quay.example/team/app\",\"updated_tags\":[\"1\"]}", "quay",
         "push  quay.example  team/app 1 0 0"},
        {"{\"docker_url\":\"quay.example/team/app\",\"updated_tags\":{\"1\":\"b750\"}}", "quay",
         "push  quay.example  team/app 1 0 0"},
        {"{\"type\":\"PUSH_ARTIFACT\",\"occur_at\":1680501893,\"event_data\":{\"resources\":[{\"digest\":\"" DIGEST
         "\",\"tag\":\"" DIGEST "\",\"resource_url\":\"h.example/p/app@" DIGEST "\"}],"
         "\"repository\":{\"repo_full_name\":\"p/app\"}}}",
         "harbor", "push  h.example  p/app  1 1680501893000000"},
        {"{\"type\":\"DELETE_ARTIFACT\",\"event_data\":{\"resources\":[{\"digest\":\"" DIGEST
         "\",\"tag\":\"3\",\"resource_url\":\"h.example/p/app:3\"}],\"repository\":{\"repo_full_name\":\"p/app\"}}}",
         "harbor", "delete  h.example  p/app 3 1 0"},
        {"{\"specversion\":\"1.0\",\"id\":\"x\",\"type\":\"harbor.artifact.pushed\",\"time\":\"2023-04-03T06:04:46Z\","
         "\"data\":{\"resources\":[{\"digest\":\"" DIGEST "\",\"tag\":\"3\",\"resource_url\":\"h.example/p/app:3\"}],"
         "\"repository\":{\"repo_full_name\":\"p/app\"}}}",
         "harbor", "push x/0 h.example  p/app 3 1 1680501886000000"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct event_delivery d;
        struct error err;
        if (!parse(&a, cases[i].text, &d, &err))
            fail_msg("%s: %s", cases[i].text, err.text);
        assert_string_equal(d.form, cases[i].form);
        assert_int_equal(d.names.n, 1);
        const struct pushed_name *n = &d.names.v[0];
        struct slice line =
            arena_printf(&a, "%s %.*s %.*s %.*s %.*s %.*s %d %lld", n->deleted ? "delete" : "push", SLICE_ARG(n->id),
                         SLICE_ARG(n->hosts[0]), SLICE_ARG(n->hosts[1]), SLICE_ARG(n->path), SLICE_ARG(n->tag),
                         n->digest.text[0] != '\0', (long long)n->at);
        assert_string_equal(line.p, cases[i].expected);
    }
}

static void ignored(void **state)
{
    static const char *const cases[] = {
        "{\"events\":[{\"action\":\"pull\",\"target\":{}}]}",
        ("{\"events\":[{\"action\":\"push\",\"target\":{\"mediaType\":\"application/octet-stream\",\"digest\":\"x\","
         "\"url\":\"http://h/v2/app/blobs/x\"}}]}"),
        "{\"docker_url\":\"q/a\",\"build_id\":\"1\"}",
        "{\"type\":\"SCANNING_COMPLETED\",\"event_data\":{}}",
        "{\"specversion\":\"1.0\",\"type\":\"harbor.artifact.pulled\",\"data\":{}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct event_delivery d;
        struct error err;
        if (!parse(&a, cases[i], &d, &err))
            fail_msg("%s: %s", cases[i], err.text);
        assert_int_equal(d.names.n, 0);
        assert_int_equal(d.ignored, 1);
    }
}

static void refused(void **state)
{
    static const struct {
        const char *text;
        enum error_code code;
        const char *words;
    } cases[] = {
        {"", ERR_FORMAT, "not JSON"},
        {"[]", ERR_FORMAT, "no notification"},
        {"{\"events\":[1]}", ERR_FORMAT, "event 0: it is no object"},
        {"{\"events\":[{\"action\":\"push\"}]}", ERR_FORMAT, "event 0: \"target\" is no object"},
        {"{\"events\":[{\"action\":1,\"target\":{}}]}", ERR_FORMAT, "\"action\" is no text"},
        {"{\"events\":[{\"action\":\"push\",\"target\":{\"url\":\"x/manifests/y\"}}]}", ERR_FORMAT, "\"digest\""},
        {"{\"events\":[0,0,0,0]}", ERR_LIMIT, "event_entries"},
        {"{\"docker_url\":\"q/a\",\"updated_tags\":[\"1\",\"2\",\"3\",\"4\"]}", ERR_LIMIT, "event_entries"},
        {"{\"docker_url\":\"q/a\",\"updated_tags\":[0]}", ERR_FORMAT, "empty tag"},
        {"{\"type\":\"PUSH_ARTIFACT\",\"event_data\":{\"repository\":{},\"resources\":[{}]}}", ERR_FORMAT,
         "resource 0: it has neither"},
        {"{\"type\":\"DELETE_ARTIFACT\",\"event_data\":{\"repository\":{},\"resources\":[{\"tag\":\"" DIGEST "\"}]}}",
         ERR_FORMAT, "resource 0: it has neither"},
        {"{\"type\":\"PUSH_ARTIFACT\",\"event_data\":{\"repository\":{},\"resources\":[0,0,0,0]}}", ERR_LIMIT,
         "event_entries"},
        {"{\"specversion\":\"1.0\",\"type\":\"x\",\"data\":1}", ERR_FORMAT, "\"data\" is no object"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct event_delivery d;
        struct error err;
        if (parse(&a, cases[i].text, &d, &err))
            fail_msg("%s is taken", cases[i].text);
        if (err.code != cases[i].code || strstr(err.text, cases[i].words) == NULL)
            fail_msg("%s: %d %s", cases[i].text, err.code, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(ignored),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
