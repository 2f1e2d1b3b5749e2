// The matchers whose feeds are OVAL: which products and names are looked up, and what is compared with what.
#include "match/matcher.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ARRAY_N(a) (sizeof(a) / sizeof((a)[0]))

static const struct matcher *named(const char *id, const char *kind)
{
    struct distribution d = {.known = true, .id = slice_str(id)};
    const struct matcher *m = matcher_for(&d, slice_str(kind));
    assert_non_null(m);
    return m;
}

static void assert_text(struct slice have, const char *want)
{
    struct arena a ARENA_AUTO = {0};
    assert_string_equal(arena_dup(&a, have).p, want);
}

// ---- which products -------------------------------------------------------------------------------------------------

static void test_scopes(void **state)
{
    (void)state;
    static const struct slice loaded[] = {
        {"suse:opensuse.leap.15.6/opensuse:15.6", 37},
        {"suse:opensuse.tumbleweed/opensuse:tumbleweed", 44},
        {"suse:suse.linux.enterprise.15/sle-module-basesystem:15.4", 56},
        {"suse:suse.linux.enterprise.15/sled:15.4", 39},
        {"suse:suse.linux.enterprise.15/sles-ltss:15.4", 44},
        {"suse:suse.linux.enterprise.15/sles:15.4", 39},
        {"suse:suse.linux.enterprise.15/sles:15.5", 39},
        {"suse:suse.linux.enterprise.server.15/sles:15.4", 46},
        {"suse:suse.linux.enterprise.15", 29},
    };
    static const struct {
        const char *id, *kind, *version_id, *codename, *scopes, *end_of_life;
    } cases[] = {
        {"ubuntu", "deb", "22.04", "jammy", "ubuntu:jammy ubuntu:jammy/pro", "2027-06-01"},
        {"ubuntu", "deb", "14.04", "", "ubuntu:trusty ubuntu:trusty/pro", "2019-04-25"},
        {"ubuntu", "deb", "99.04", "zany", "ubuntu:zany ubuntu:zany/pro", ""},
        {"ubuntu", "deb", "", "", "", ""},
        {"ol", "rpm", "8.5", "", "oracle:8", "2029-07-31"},
        {"ol", "rpm", "10", "", "oracle:10", "2035-06-30"},
        {"ol", "rpm", "", "", "", ""},
        {"ol", "rpm", "x.1", "", "", ""},
        {"photon", "rpm", "3.0", "", "photon:3.0", "2025-10-02"},
        {"photon", "rpm", "5.0", "", "photon:5.0", ""},
        {"photon", "rpm", "", "", "", ""},
        {"mariner", "rpm", "2.0", "", "mariner:2.0", "2025-07-31"},
        {"mariner", "rpm", "2.0.20240123", "", "mariner:2.0", "2025-07-31"},
        {"azurelinux", "rpm", "3.0", "", "azurelinux:3.0", ""},
        {"azurelinux", "rpm", "3", "", "", ""},
        {"opensuse-leap", "rpm", "15.6", "", "suse:opensuse:15.6 suse:opensuse.leap.15.6/opensuse:15.6", "2026-04-30"},
        {"opensuse-tumbleweed", "rpm", "20240101", "",
         "suse:opensuse:tumbleweed suse:opensuse.tumbleweed/opensuse:tumbleweed", ""},
        {"sles", "rpm", "15.4", "",
         "suse:sles:15.4 suse:suse.linux.enterprise.15/sle-module-basesystem:15.4 "
         "suse:suse.linux.enterprise.15/sles-ltss:15.4 suse:suse.linux.enterprise.15/sles:15.4 "
         "suse:suse.linux.enterprise.server.15/sles:15.4",
         "2023-12-31"},
        {"sled", "rpm", "15.4", "",
         "suse:sled:15.4 suse:suse.linux.enterprise.15/sle-module-basesystem:15.4 "
         "suse:suse.linux.enterprise.15/sled:15.4",
         "2023-12-31"},
        {"sles", "rpm", "15.3", "", "suse:sles:15.3", "2022-12-31"},
        {"sles", "rpm", "", "", "", ""},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct arena a ARENA_AUTO = {0};
        struct buf got BUF_AUTO = {0};
        scope_vec scopes = {0};
        struct distribution d = {.known = true,
                                 .id = slice_str(cases[i].id),
                                 .version_id = slice_str(cases[i].version_id),
                                 .codename = slice_str(cases[i].codename)};
        const struct matcher *m = matcher_for(&d, slice_str(cases[i].kind));
        assert_non_null(m);
        m->scopes(&a, &(struct match_image){.distribution = &d}, loaded, ARRAY_N(loaded), &scopes);
        for (size_t s = 0; s < scopes.n; s++) {
            buf_adds(&got, s != 0 ? " " : "");
            buf_add(&got, scopes.v[s]);
        }
        assert_text(buf_slice(&got), cases[i].scopes);
        assert_text(m->end_of_life(&d), cases[i].end_of_life);
    }
}

// ---- which names ----------------------------------------------------------------------------------------------------

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *id, *kind, *name, *version, *source, *source_version;
        const char *names; // each "source? NAME VERSION;"
    } cases[] = {
        {"ubuntu", "deb", "libexpat1", "2.1-1", "expat", "2.1-1", "libexpat1 2.1-1;source expat 2.1-1;"},
        {"ubuntu", "deb", "linux-image-6.8.0-79-generic", "6.8.0-79.79", "linux-signed", "6.8.0-79.79",
         "linux-image-6.8.0-79-generic 6.8.0-79.79;source linux 6.8.0-79.79;"},
        {"ubuntu", "deb", "linux-image-6.8.0-1009-aws", "6.8.0-1009.9", "linux-signed-aws", "6.8.0-1009.9",
         "linux-image-6.8.0-1009-aws 6.8.0-1009.9;source linux-aws 6.8.0-1009.9;"},
        {"ubuntu", "deb", "linux-libc-dev", "6.8.0-79.79", "linux", "6.8.0-79.79",
         "linux-libc-dev 6.8.0-79.79;source linux 6.8.0-79.79;"},
        {"ol", "rpm", "openssl-libs", "1:1.1.1k-5.el8", "openssl", "1.1.1k-5.el8", "openssl-libs 1:1.1.1k-5.el8;"},
        {"sles", "rpm", "krb5-client", "1.15-4.25", "krb5", "1.15-4.25", "krb5-client 1.15-4.25;"},
        {"photon", "rpm", "sqlite-libs", "3.27-1.ph3", "sqlite", "3.27-1.ph3", "sqlite-libs 3.27-1.ph3;"},
        {"azurelinux", "rpm", "python3-libs", "3.12.3-1.azl3", "python3", "3.12.3-1.azl3",
         "source python3 0:3.12.3-1.azl3;"},
        {"mariner", "rpm", "bind-libs", "32:9.16-1.cm2", "bind", "9.16-1.cm2", "source bind 32:9.16-1.cm2;"},
        {"mariner", "rpm", "kernel", "5.15-1.cm2", "", "", "source kernel 0:5.15-1.cm2;"},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct arena a ARENA_AUTO = {0};
        struct buf got BUF_AUTO = {0};
        name_vec names = {0};
        struct package p = {.name = slice_str(cases[i].name),
                            .version = slice_str(cases[i].version),
                            .source_name = slice_str(cases[i].source),
                            .source_version = slice_str(cases[i].source_version)};
        named(cases[i].id, cases[i].kind)->names(&a, &(struct match_package){.package = &p}, &names);
        for (size_t n = 0; n < names.n; n++)
            buf_addf(&got, "%s%.*s %.*s;", names.v[n].of_source ? "source " : "", SLICE_ARG(names.v[n].name),
                     SLICE_ARG(names.v[n].version));
        assert_text(buf_slice(&got), cases[i].names);
    }
}

// ---- Oracle's variants and modules ----------------------------------------------------------------------------------

static void test_oracle_variants(void **state)
{
    (void)state;
    static const struct {
        const char *installed, *module, *bound, *record_module;
        bool affected;
    } cases[] = {
        {"1:1.1.1g-14.el8", "", "1:1.1.1g-15.el8_3", "", true},
        {"1:1.1.1g-15.el8_3", "", "1:1.1.1g-15.el8_3", "", false},
        {"1:1.1.1g-14.el8", "", "2:1.1.1g-15.ksplice1.el8_3", "", false},
        {"2:1.1.1g-14.ksplice1.el8_3", "", "2:1.1.1g-15.ksplice1.el8_3", "", true},
        {"2:1.1.1g-14.ksplice1.el8_3", "", "3:1.1.1g-15.el8_3", "", false},
        {"10:3.6.16-4.el8_fips", "", "10:3.6.16-5.el8_fips", "", true},
        {"10:3.6.16-4.el8_fips", "", "10:3.6.16-5.el8", "", false},
        {"3.6.16-4.el8", "", "10:3.6.16-5.el8_fips", "", false},
        // Modules.
        {"1.3-1.module+el8.7.0+1+a", "virt:ol", "1.3-2.module+el8.7.0+2+b", "virt:ol", true},
        {"1.3-1.module+el8.7.0+1+a", "virt:ol", "1.3-2.module+el8.7.0+2+b", "virt:kvm_utils", false},
        {"1.3-1.module+el8.7.0+1+a", "virt:ol", "1.3-2.module+el8.7.0+2+b", "", true},
        {"1.3-1.module+el8.7.0+1+a", "virt:ol", "1.3-2.el8", "", false},
        {"1.3-1.el8", "", "1.3-2.module+el8.7.0+2+b", "virt:ol", false},
    };
    const struct matcher *m = named("ol", "rpm");
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct arena a ARENA_AUTO = {0};
        struct match_name name = {SLICE("p"), slice_str(cases[i].installed), false};
        struct match_key key = {
            .names = &name, .names_n = 1, .arch = SLICE("x86_64"), .module = slice_str(cases[i].module)};
        struct advisory r = {.scope = SLICE("oracle:8"),
                             .package = SLICE("p"),
                             .vulnerability = SLICE("CVE-1"),
                             .status = ADVISORY_FIXED,
                             .bound = slice_str(cases[i].bound),
                             .module = slice_str(cases[i].record_module)};
        struct verdict v;
        m->judge(&a, &key, &r, 1, true, &v);
        if ((v.kind == VERDICT_AFFECTED) != cases[i].affected)
            fail_msg("%s against %s: %.*s", cases[i].installed, cases[i].bound, SLICE_ARG(v.why));
        assert_true(v.why.n != 0);
        if (v.kind == VERDICT_AFFECTED)
            assert_text(v.fixed_in, cases[i].bound);
    }
}

// ---- the rest -------------------------------------------------------------------------------------------------------

static void test_severities(void **state)
{
    (void)state;
    static const struct {
        const char *id, *kind, *word, *severity;
    } cases[] = {
        {"ubuntu", "deb", "Medium", "Medium"},     {"ubuntu", "deb", "Negligible", "Negligible"},
        {"ubuntu", "deb", "Untriaged", "Unknown"}, {"ol", "rpm", "IMPORTANT", "High"},
        {"ol", "rpm", "MODERATE", "Medium"},       {"ol", "rpm", "N/A", "Unknown"},
        {"sles", "rpm", "Moderate", "Medium"},     {"photon", "rpm", "Critical", "Critical"},
        {"mariner", "rpm", "High", "High"},        {"sles", "rpm", "", "Unknown"},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        const struct matcher *m = named(cases[i].id, cases[i].kind);
        struct advisory r = {.severity = slice_str(cases[i].word)};
        assert_string_equal(severity_name(m->severity(&r)), cases[i].severity);
        assert_string_equal(severity_name(m->severity_clair(&r)), cases[i].severity);
    }
}

static void test_clair_updaters(void **state)
{
    (void)state;
    static const struct {
        const char *id, *kind, *scope, *updater;
    } cases[] = {
        {"ubuntu", "deb", "ubuntu:jammy", "ubuntu/updater/jammy"},
        {"ubuntu", "deb", "ubuntu:jammy/pro", "ubuntu/updater/jammy"},
        {"ol", "rpm", "oracle:8", "oracle-all-updater"},
        {"photon", "rpm", "photon:3.0", "photon-updater-3.0"},
        {"sles", "rpm", "suse:suse.linux.enterprise.server.15/sles:15.4",
         "suse-updater-suse.linux.enterprise.server.15"},
        {"opensuse-leap", "rpm", "suse:opensuse.leap.15.6/opensuse:15.6", "suse-updater-opensuse.leap.15.6"},
        {"mariner", "rpm", "mariner:2.0", "mariner-updater-2.0"},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct arena a ARENA_AUTO = {0};
        assert_text(named(cases[i].id, cases[i].kind)->clair_updater(&a, slice_str(cases[i].scope)), cases[i].updater);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scopes),          cmocka_unit_test(test_names),
        cmocka_unit_test(test_oracle_variants), cmocka_unit_test(test_severities),
        cmocka_unit_test(test_clair_updaters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
