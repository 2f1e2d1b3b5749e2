// The matchers' rules, each as a table: which release, affected or not, which fix, how severe.
#include "match/matcher.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ARRAY_N(a) (sizeof(a) / sizeof((a)[0]))

static const struct matcher *named(const char *id, const char *kind)
{
    struct distribution d = {.known = true, .id = slice_str(id)};
    return matcher_for(&d, slice_str(kind));
}

static void assert_text(struct slice have, const char *want)
{
    struct arena a ARENA_AUTO = {0};
    assert_string_equal(arena_dup(&a, have).p, want);
}

// ---- which matcher --------------------------------------------------------------------------------------------------

static void test_who_judges(void **state)
{
    (void)state;
    static const struct {
        const char *id, *kind, *matcher;
    } cases[] = {
        {"debian", "deb", "debian"},
        {"alpine", "apk", "alpine"},
        {"debian", "apk", NULL},
        {"alpine", "deb", NULL},
        {"ubuntu", "deb", "ubuntu"},
        {"wolfi", "apk", "wolfi"},
        {"chainguard", "apk", "chainguard"},
        {"amzn", "rpm", "amazon"},
        {"amzn", "apk", NULL},
        {"", "deb", NULL},
        {"debian", "npm", "npm"},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        const struct matcher *m = named(cases[i].id, cases[i].kind);
        if (cases[i].matcher == NULL)
            assert_null(m);
        else
            assert_string_equal(m->name, cases[i].matcher);
    }
    struct distribution unknown = {.known = false, .id = SLICE("debian")};
    assert_null(matcher_for(&unknown, SLICE("deb")));
}

static void test_table_is_sound(void **state)
{
    (void)state;
    for (size_t i = 0; matchers[i] != NULL; i++) {
        const struct matcher *m = matchers[i];
        assert_true(m->name != NULL && m->feeds[0] != NULL && m->kind != NULL && m->scheme != NULL);
        assert_true((m->applies == NULL) == (m->end_of_life == NULL));
        assert_true(m->scopes && m->severity && m->severity_clair && m->clair_updater && m->authority);
    }
}

// ---- which release --------------------------------------------------------------------------------------------------

struct release_case {
    const char *version_id, *codename, *pretty_name, *version; // of the image
    const char *scope, *other_scope, *end_of_life;
};

static void check_releases(const struct matcher *m, const struct release_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct arena a ARENA_AUTO = {0};
        scope_vec scopes = {0};
        struct distribution d = {.known = true,
                                 .version_id = slice_str(cases[i].version_id),
                                 .codename = slice_str(cases[i].codename),
                                 .pretty_name = slice_str(cases[i].pretty_name),
                                 .version = slice_str(cases[i].version)};
        m->scopes(&a, &(struct match_image){.distribution = &d}, NULL, 0, &scopes);
        assert_int_equal(scopes.n, (cases[i].scope != NULL) + (cases[i].other_scope != NULL));
        if (scopes.n > 0)
            assert_text(scopes.v[0], cases[i].scope);
        if (scopes.n > 1)
            assert_text(scopes.v[1], cases[i].other_scope);
        assert_text(m->end_of_life(&d), cases[i].end_of_life);
    }
}

static void test_debian_releases(void **state)
{
    (void)state;
    static const struct release_case cases[] = {
        {"12", "bookworm", "Debian GNU/Linux 12 (bookworm)", "12 (bookworm)", "debian:bookworm", NULL, "2028-06-30"},
        {"7", "", "Debian GNU/Linux 7 (wheezy)", "", "debian:wheezy", NULL, "2018-05-31"},
        {"6.0", "", "", "", "debian:squeeze", NULL, "2016-02-29"},
        {"11.7", "", "", "11.7", "debian:bullseye", NULL, "2026-08-31"},
        {"13", "", "Distroless", "", "debian:trixie", NULL, "2030-06-30"},
        {"", "forky", "Debian GNU/Linux forky/sid", "", "debian:forky", NULL, ""},
        {"", "", "Debian GNU/Linux bookworm/sid", "", "debian:bookworm", NULL, "2028-06-30"},
        {"", "", "", "trixie/sid", "debian:trixie", NULL, "2030-06-30"},
        {"", "sid", "", "", "debian:sid", NULL, ""},
        {"", "", "Debian GNU/Linux", "", NULL, NULL, ""},
        {"99", "", "", "", NULL, NULL, ""},
        {"12abc", "", "", "", NULL, NULL, ""},
        {"", "", "/sid", "", NULL, NULL, ""},
    };
    check_releases(named("debian", "deb"), cases, ARRAY_N(cases));
}

static void test_alpine_releases(void **state)
{
    (void)state;
    static const struct release_case cases[] = {
        {"3.18.4", "", "Alpine Linux v3.18", "", "alpine:v3.18/main", "alpine:v3.18/community", "2025-05-09"},
        {"3.10", "", "", "", "alpine:v3.10/main", "alpine:v3.10/community", "2021-05-01"},
        {"3.9.6", "", "", "", "alpine:v3.9/main", "alpine:v3.9/community", "2020-11-01"},
        {"3.20_rc1", "", "", "", "alpine:v3.20/main", "alpine:v3.20/community", "2026-04-01"},
        {"3.19_alpha20230901", "", "Alpine Linux edge", "", "alpine:edge/main", "alpine:edge/community", ""},
        {"3.24_alpha20260101", "", "", "", "alpine:edge/main", "alpine:edge/community", ""},
        {"", "", "Alpine Linux edge", "", "alpine:edge/main", "alpine:edge/community", ""},
        {"3.99.0", "", "", "", "alpine:v3.99/main", "alpine:v3.99/community", ""},
        {"", "", "", "", NULL, NULL, ""},
        {"3", "", "", "", NULL, NULL, ""},
        {"v3.18", "", "", "", NULL, NULL, ""},
        {"3.x", "", "", "", NULL, NULL, ""},
    };
    check_releases(named("alpine", "apk"), cases, ARRAY_N(cases));
}

// ---- which source ---------------------------------------------------------------------------------------------------

static void test_debian_sources(void **state)
{
    (void)state;
    static const struct {
        const char *name, *version, *source, *source_version, *looked_up, *compared;
    } cases[] = {
        {"libssl3", "3.0.9-1+b1", "openssl", "3.0.9-1", "openssl", "3.0.9-1"},
        {"bash", "5.2-2", "", "", "bash", "5.2-2"},
        {"linux-image-6.1.0-18-amd64", "6.1.76-1", "linux-signed-amd64", "6.1.76+1", "linux", "6.1.76-1"},
        {"linux-image-6.1.0-0.deb11.17-arm64", "6.1.69-1~bpo11+1", "linux-signed-6.1-arm64", "6.1.69+1~bpo11+1",
         "linux-6.1", "6.1.69-1~bpo11+1"},
        {"linux-image-6.1.0-18-amd64-unsigned", "6.1.76-1", "linux", "6.1.76-1", "linux", "6.1.76-1"},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct arena a ARENA_AUTO = {0};
        name_vec names = {0};
        const struct package p = {.name = slice_str(cases[i].name),
                                  .version = slice_str(cases[i].version),
                                  .source_name = slice_str(cases[i].source),
                                  .source_version = slice_str(cases[i].source_version)};
        named("debian", "deb")->names(&a, &(struct match_package){.package = &p}, &names);
        assert_int_equal(names.n, 1);
        assert_true(names.v[0].of_source);
        assert_text(names.v[0].name, cases[i].looked_up);
        assert_text(names.v[0].version, cases[i].compared);
    }
}

// ---- affected or not ------------------------------------------------------------------------------------------------

#define OPEN    ADVISORY_AFFECTED
#define FIXED   ADVISORY_FIXED
#define NEVER   ADVISORY_NOT_AFFECTED
#define UNCLEAR ADVISORY_UNDETERMINED

struct judge_case {
    const char *installed;
    struct {
        enum advisory_status status;
        const char *fixed_in;
    } records[3];
    size_t n;
    enum verdict_kind kind;
    const char *fixed_in;
    size_t decided_by;
};

static void judge(const struct matcher *m, struct arena *a, const struct match_key *key, const struct advisory *records,
                  size_t n, bool explain, struct verdict *out)
{
    if (m->judge != NULL)
        m->judge(a, key, records, n, explain, out);
    else
        match_by_ranges(m, a, key, records, n, explain, out);
}

static void check_judgements(const struct matcher *m, const char *scope, const struct judge_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct arena a ARENA_AUTO = {0};
        const struct judge_case *c = &cases[i];
        struct advisory records[3];
        for (size_t r = 0; r < c->n; r++)
            records[r] = (struct advisory){.scope = slice_str(scope),
                                           .package = SLICE("source"),
                                           .vulnerability = SLICE("CVE-2020-1"),
                                           .status = c->records[r].status,
                                           .of_source = true,
                                           .bound = slice_str(c->records[r].fixed_in)};
        const struct match_name name = {SLICE("source"), slice_str(c->installed), true};
        struct match_key key = {.names = &name, .names_n = 1};
        for (int explain = 0; explain <= 1; explain++) {
            struct verdict v;
            judge(m, &a, &key, records, c->n, explain != 0, &v);
            if (v.kind != c->kind || v.decided_by != &records[c->decided_by])
                fail_msg("%s case %zu: verdict %d by record %td", m->name, i, (int)v.kind, v.decided_by - records);
            assert_text(v.fixed_in, c->fixed_in);
            assert_int_equal(v.why.n != 0, explain);
        }
    }
}

static void test_debian_judgement(void **state)
{
    (void)state;
    static const struct judge_case cases[] = {
        {"1.0.1e-2+deb7u4", {{FIXED, "1.0.1e-2+deb7u5"}}, 1, VERDICT_AFFECTED, "1.0.1e-2+deb7u5", 0},
        {"1.0.1e-2+deb7u5", {{FIXED, "1.0.1e-2+deb7u5"}}, 1, VERDICT_NOT_AFFECTED, "", 0},
        {"1.0.1e-2+deb7u14", {{FIXED, "1.0.1e-2+deb7u5"}}, 1, VERDICT_NOT_AFFECTED, "", 0},
        {"2.0~rc1-1", {{FIXED, "2.0-1"}}, 1, VERDICT_AFFECTED, "2.0-1", 0},
        {"1:0.9-1", {{FIXED, "2.0-1"}}, 1, VERDICT_NOT_AFFECTED, "", 0},
        {"1.0", {{OPEN, ""}}, 1, VERDICT_AFFECTED, "", 0},
        {"1.0", {{NEVER, ""}}, 1, VERDICT_NOT_AFFECTED, "", 0},
        {"1.0", {{UNCLEAR, ""}}, 1, VERDICT_UNDETERMINED, "", 0},
        {"1.0", {{FIXED, "1.1"}, {FIXED, "1.3"}, {FIXED, "1.2"}}, 3, VERDICT_AFFECTED, "1.3", 1},
        {"1.1", {{FIXED, "1.1"}, {FIXED, "1.3"}, {FIXED, "1.2"}}, 3, VERDICT_AFFECTED, "1.3", 1},
        {"1.0", {{FIXED, "1.1"}, {OPEN, ""}}, 2, VERDICT_AFFECTED, "", 1},
        {"1.0", {{NEVER, ""}, {UNCLEAR, ""}, {FIXED, "0.9"}}, 3, VERDICT_UNDETERMINED, "", 1},
        {"1.0", {{UNCLEAR, ""}, {FIXED, "1.1"}}, 2, VERDICT_AFFECTED, "1.1", 1},
    };
    check_judgements(named("debian", "deb"), "debian:wheezy", cases, ARRAY_N(cases));
}

static void test_alpine_judgement(void **state)
{
    (void)state;
    static const struct judge_case cases[] = {
        {"1.36.1-r1", {{FIXED, "1.36.1-r2"}}, 1, VERDICT_AFFECTED, "1.36.1-r2", 0},
        {"1.36.1-r2", {{FIXED, "1.36.1-r2"}}, 1, VERDICT_NOT_AFFECTED, "", 0},
        {"1.36.1-r10", {{FIXED, "1.36.1-r2"}}, 1, VERDICT_NOT_AFFECTED, "", 0},
        {"1.0-r0", {{NEVER, ""}}, 1, VERDICT_NOT_AFFECTED, "", 0},
        {"1.0-r0", {{NEVER, ""}, {FIXED, "2.0-r0"}}, 2, VERDICT_NOT_AFFECTED, "", 0},
        // Listed under several versions: fixed as soon as one of them is reached, else by the next one.
        {"1.0-r0", {{FIXED, "3.0-r0"}, {FIXED, "1.5-r0"}}, 2, VERDICT_AFFECTED, "1.5-r0", 1},
        {"2.0-r0", {{FIXED, "3.0-r0"}, {FIXED, "1.5-r0"}}, 2, VERDICT_NOT_AFFECTED, "", 1},
        {"4.0-r0", {{FIXED, "1.5-r0"}, {FIXED, "3.0-r0"}}, 2, VERDICT_NOT_AFFECTED, "", 1},
        {"1.0-r0", {{OPEN, ""}}, 1, VERDICT_AFFECTED, "", 0},
        {"1.0-r0", {{UNCLEAR, ""}}, 1, VERDICT_UNDETERMINED, "", 0},
        {"1.0_rc1-r0", {{FIXED, "1.0-r0"}}, 1, VERDICT_AFFECTED, "1.0-r0", 0},
    };
    check_judgements(named("alpine", "apk"), "alpine:v3.18/main", cases, ARRAY_N(cases));
}

static void test_explanations(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct match_name name = {SLICE("openssl"), SLICE("1.0.1e-2+deb7u4"), true};
    struct match_key key = {.names = &name, .names_n = 1};
    struct advisory r = {.scope = SLICE("debian:wheezy"),
                         .package = SLICE("openssl"),
                         .of_source = true,
                         .status = ADVISORY_FIXED,
                         .bound = SLICE("1.0.1e-2+deb7u5")};
    struct verdict v;
    judge(named("debian", "deb"), &a, &key, &r, 1, true, &v);
    assert_text(
        v.why, "the Debian tracker says of openssl in wheezy: affected, fixed in 1.0.1e-2+deb7u5; the installed source "
               "openssl 1.0.1e-2+deb7u4 is older than 1.0.1e-2+deb7u5 (dpkg order): affected");
    r.scope = SLICE("alpine:v3.18/main");
    r.bound = SLICE("3.1.4-r0");
    name.version = SLICE("3.1.4-r0");
    judge(named("alpine", "apk"), &a, &key, &r, 1, true, &v);
    assert_text(v.why,
                "Alpine's secdb says of openssl in v3.18/main: fixed in 3.1.4-r0; the installed openssl 3.1.4-r0 "
                "is that version (apk order): not affected");
}

// ---- severities and links -------------------------------------------------------------------------------------------

static void test_debian_severities(void **state)
{
    (void)state;
    static const struct {
        const char *published, *clarion, *clair;
    } cases[] = {
        {"unimportant", "Negligible", "Low"},  {"low", "Low", "Medium"},     {"medium", "Medium", "High"},
        {"high", "High", "Critical"},          {"low**", "Low", "Unknown"},  {"medium**", "Medium", "Unknown"},
        {"high**", "High", "Unknown"},         {"high*", "High", "Unknown"}, {"not yet assigned", "Unknown", "Unknown"},
        {"end-of-life", "Unknown", "Unknown"}, {"", "Unknown", "Unknown"},   {"**", "Unknown", "Unknown"},
        {"HIGH", "Unknown", "Unknown"},
    };
    const struct matcher *m = named("debian", "deb");
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct advisory r = {.severity = slice_str(cases[i].published)};
        assert_string_equal(severity_name(m->severity(&r)), cases[i].clarion);
        assert_string_equal(severity_name(m->severity_clair(&r)), cases[i].clair);
    }
}

static void test_severity_names(void **state)
{
    (void)state;
    enum severity s;
    for (int i = SEVERITY_UNKNOWN; i <= SEVERITY_CRITICAL; i++) {
        assert_true(severity_parse(slice_str(severity_name((enum severity)i)), &s));
        assert_int_equal(s, i);
    }
    assert_true(severity_parse(SLICE("hIgH"), &s));
    assert_int_equal(s, SEVERITY_HIGH);
    assert_false(severity_parse(SLICE("severe"), &s));
    assert_false(severity_parse(SLICE(""), &s));
}

static void test_links(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    static const struct {
        const char *kind, *id, *links, *want;
    } cases[] = {
        {"deb", "CVE-2014-0160", "", "https://security-tracker.debian.org/tracker/CVE-2014-0160"},
        {"deb", "CVE-1-2", " https://example.org/a  https://security-tracker.debian.org/tracker/CVE-1-2 ",
         "https://security-tracker.debian.org/tracker/CVE-1-2 https://example.org/a"},
        {"deb", "a b/\"<\xc3\xa9", "", "https://security-tracker.debian.org/tracker/a%20b%2F%22%3C%C3%A9"},
        {"apk", "CVE-2023-5363", "", "https://security.alpinelinux.org/vuln/CVE-2023-5363"},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct advisory r = {.vulnerability = slice_str(cases[i].id), .links = slice_str(cases[i].links)};
        const struct matcher *m = named(cases[i].kind[0] == 'd' ? "debian" : "alpine", cases[i].kind);
        assert_text(m->links(&a, &r), cases[i].want);
    }
}

static void test_clair_updaters(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    assert_text(named("debian", "deb")->clair_updater(&a, SLICE("debian:wheezy")), "debian/updater");
    assert_text(named("alpine", "apk")->clair_updater(&a, SLICE("alpine:v3.18/main")), "alpine-main-v3.18-updater");
    assert_text(named("alpine", "apk")->clair_updater(&a, SLICE("alpine:edge/community")),
                "alpine-community-edge-updater");
}

static void test_amazon_releases(void **state)
{
    (void)state;
    static const struct release_case cases[] = {
        {"2", "", "", "", "amazon:2", "amazon:2-livepatch", "2026-06-30"},
        {"2023", "", "", "", "amazon:2023", "amazon:2023-livepatch", "2029-06-30"},
        {"2023.6.20250115", "", "", "", "amazon:2023", "amazon:2023-livepatch", "2029-06-30"},
        {"2018.03", "", "", "", "amazon:2018.03", "amazon:2018.03-livepatch", "2023-12-31"},
        {"2014.09", "", "", "", "amazon:2018.03", "amazon:2018.03-livepatch", "2023-12-31"},
        {"2029", "", "", "", "amazon:2029", "amazon:2029-livepatch", ""},
        {"", "", "", "", NULL, NULL, ""},
        {"x.y", "", "", "", NULL, NULL, ""},
    };
    check_releases(named("amzn", "rpm"), cases, ARRAY_N(cases));
}

// An installed package is judged by the notices of its name and architecture, in rpm's order.
static void test_amazon_judgement(void **state)
{
    (void)state;
    static const struct {
        const char *version, *arch;
        bool affected;
    } cases[] = {
        {"10:1.5.3-141.amzn2.5.2", "x86_64", true}, {"10:1.5.3-141.amzn2.5.3", "x86_64", false},
        {"1.5.3-141.amzn2.5.3", "x86_64", true},    {"10:1.5.3-141.amzn2.5.2", "aarch64", true},
        {"10:1.5.3-141.amzn2.5.2", "i686", false},  {"10:1.5.3-141.amzn2.5.10", "x86_64", false},
        {"11:1.0-1.amzn2", "x86_64", false},
    };
    const struct matcher *m = named("amzn", "rpm");
    const struct advisory record = {.scope = SLICE("amazon:2"),
                                    .package = SLICE("qemu-kvm"),
                                    .vulnerability = SLICE("CVE-2017-5715"),
                                    .status = ADVISORY_FIXED,
                                    .bound = SLICE("10:1.5.3-141.amzn2.5.3"),
                                    .arch = SLICE("aarch64 x86_64")};
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct arena a ARENA_AUTO = {0};
        struct package p = {.name = SLICE("qemu-kvm"),
                            .version = slice_str(cases[i].version),
                            .arch = slice_str(cases[i].arch),
                            .source_name = SLICE("qemu")};
        name_vec names = {0};
        struct verdict verdict;
        m->names(&a, &(struct match_package){.package = &p}, &names);
        assert_int_equal(names.n, 1);
        struct match_key key = {.names = names.v, .names_n = names.n, .arch = p.arch};
        match_by_ranges(m, &a, &key, &record, 1, false, &verdict);
        if ((verdict.kind == VERDICT_AFFECTED) != cases[i].affected)
            fail_msg("%s %s", cases[i].version, cases[i].arch);
        if (cases[i].affected)
            assert_text(verdict.fixed_in, "10:1.5.3-141.amzn2.5.3");
    }
}

static void test_amazon_words(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum severity severity, clair;
    } cases[] = {
        {"low", SEVERITY_LOW, SEVERITY_LOW},
        {"medium", SEVERITY_MEDIUM, SEVERITY_MEDIUM},
        {"important", SEVERITY_HIGH, SEVERITY_HIGH},
        {"critical", SEVERITY_CRITICAL, SEVERITY_CRITICAL},
        {"Important", SEVERITY_HIGH, SEVERITY_UNKNOWN},
        {"", SEVERITY_UNKNOWN, SEVERITY_UNKNOWN},
    };
    const struct matcher *m = named("amzn", "rpm");
    struct arena a ARENA_AUTO = {0};
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct advisory record = {.severity = slice_str(cases[i].word)};
        assert_int_equal(m->severity(&record), cases[i].severity);
        assert_int_equal(m->severity_clair(&record), cases[i].clair);
    }
    assert_text(m->clair_updater(&a, SLICE("amazon:2")), "aws-AL2-updater");
    assert_text(m->clair_updater(&a, SLICE("amazon:2018.03")), "aws-AL1-updater");
    struct advisory record = {.vulnerability = SLICE("CVE-2017-5715"), .links = SLICE("https://example.org/1")};
    assert_text(m->links(&a, &record), "https://explore.alas.aws.amazon.com/CVE-2017-5715.html https://example.org/1");
    record.vulnerability = SLICE("ALAS2-2018-1");
    assert_text(m->links(&a, &record), "https://example.org/1");
}

static void test_wolfi_and_chainguard(void **state)
{
    (void)state;
    static const char *const ids[] = {"wolfi", "chainguard"};
    for (size_t i = 0; i < 2; i++) {
        struct arena a ARENA_AUTO = {0};
        const struct matcher *m = named(ids[i], "apk");
        const struct release_case release[] = {{"20230201", "", "", "", ids[i], NULL, ""}};
        const struct match_name name = {SLICE("curl"), SLICE("8.1.0-r0"), true};
        const struct match_key key = {.names = &name, .names_n = 1};
        const struct advisory records[] = {{.scope = slice_str(ids[i]),
                                            .package = SLICE("curl"),
                                            .vulnerability = SLICE("GHSA-aaaa-bbbb-cccc"),
                                            .status = ADVISORY_FIXED,
                                            .bound = SLICE("8.1.0-r1"),
                                            .of_source = true}};
        struct verdict verdict;
        check_releases(m, release, 1);
        m->judge(&a, &key, records, 1, true, &verdict);
        assert_int_equal(verdict.kind, VERDICT_AFFECTED);
        assert_text(verdict.why,
                    i == 0 ? "Wolfi's secdb says of curl in wolfi: fixed in 8.1.0-r1; the installed curl "
                             "8.1.0-r0 is older (apk order): affected"
                           : "Chainguard's secdb says of curl in chainguard: fixed in 8.1.0-r1; the installed "
                             "curl 8.1.0-r0 is older (apk order): affected");
        assert_text(m->links(&a, &records[0]), "https://github.com/advisories/GHSA-aaaa-bbbb-cccc");
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amazon_releases),
        cmocka_unit_test(test_amazon_judgement),
        cmocka_unit_test(test_amazon_words),
        cmocka_unit_test(test_wolfi_and_chainguard),
        cmocka_unit_test(test_who_judges),
        cmocka_unit_test(test_table_is_sound),
        cmocka_unit_test(test_debian_releases),
        cmocka_unit_test(test_alpine_releases),
        cmocka_unit_test(test_debian_sources),
        cmocka_unit_test(test_debian_judgement),
        cmocka_unit_test(test_alpine_judgement),
        cmocka_unit_test(test_explanations),
        cmocka_unit_test(test_debian_severities),
        cmocka_unit_test(test_severity_names),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_clair_updaters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
