// The service's configuration: what is in force, and that everything wrong is told, with its place.
#include "service/config.h"
#include "service/updates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
// cmocka wants the above first
#include <cmocka.h>

static void durations(void **state)
{
    static const struct {
        const char *text;
        int64_t expected; // -1: not one
        const char *written;
    } cases[] = {
        {"90s", 90000000000, "1m30s"},
        {"6h", 21600000000000, "6h"},
        {"1h30m", 5400000000000, "1h30m"},
        {"1.5s", 1500000000, "1s500ms"},
        {".5m", 30000000000, "30s"},
        {"300ms", 300000000, "300ms"},
        {"2us", 2000, "2us"},
        {"2\302\265s", 2000, "2us"},
        {"2\316\274s", 2000, "2us"},
        {"+1ns", 1, "1ns"},
        {"0", 0, "0s"},
        {"0s", 0, "0s"},
        {"-2m", -120000000000, "-2m"},
        {"2562047h47m16.854775807s", INT64_MAX, NULL},
        {"2562047h47m16.854775808s", -1, NULL},
        {"99999999999999999999s", -1, NULL},
        {"", -1, NULL},
        {"-", -1, NULL},
        {"5", -1, NULL},
        {"s", -1, NULL},
        {".s", -1, NULL},
        {"1d", -1, NULL},
        {"1h 2m", -1, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t value;
        bool ok = config_duration(slice_str(cases[i].text), &value);
        assert_int_equal(ok, cases[i].expected != -1);
        if (!ok)
            continue;
        assert_true(value == cases[i].expected);
        struct buf text BUF_AUTO = {0};
        config_duration_write(value, &text);
        buf_addc(&text, '\0');
        if (cases[i].written != NULL)
            assert_string_equal(text.p, cases[i].written);
    }
}

// Of the keys that are Clarion's own: whole days, too.
static void ages(void **state)
{
    static const struct {
        const char *text;
        int64_t expected; // -1: not one
    } cases[] = {{"30d", 30 * INT64_C(86400000000000)},
                 {"0d", 0},
                 {"720h", 30 * INT64_C(86400000000000)},
                 {"106751d", 106751 * INT64_C(86400000000000)},
                 {"106752d", -1},
                 {"18446744073709551615d", -1},
                 {"99999999999999999999d", -1},
                 {"-1d", -1},
                 {"-1h", -1},
                 {"d", -1},
                 {"1.5d", -1},
                 {"1d2h", -1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct error wrong;
        const struct yaml_node node = {.type = YAML_TEXT, .text = slice_str(cases[i].text)};
        int64_t value = -1;
        assert_int_equal(cases[i].expected != -1, config_take_value(CONFIG_AGE, &node, &a, &value, &wrong));
        if (cases[i].expected != -1)
            assert_true(value == cases[i].expected);
    }
}

static bool load(const char *yaml, struct arena *a, struct config_check *check)
{
    struct limits limits = limits_default();
    return config_load_text(slice_str(yaml), &limits, a, check);
}

static void in_force(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct config_check check CONFIG_AUTO = {0};
    assert_true(load(
        "http_listen_addr: '[::1]:80'\nlog_level: WARN\nmatcher: {period: 2h, update_retention: 4, disable_updaters: true}\n"
        "updaters: {sets: [debian], mirror: /srv}\nauth: {psk: {key: c2VjcmV0, iss: [quay, clairctl]}}\n"
        "limits: {request_body_bytes: 1M}\nindexer: ~\nharbor: {api_key: k3y}\n",
        &a, &check));
    const struct config *c = &check.config;
    assert_true(slice_eq(c->listen.host, SLICE("::1")));
    assert_int_equal(c->listen.port, 80);
    assert_true(slice_eq(c->introspection.text, SLICE(":8089")));
    assert_int_equal(c->introspection.host.n, 0);
    assert_int_equal(c->log_level, LOG_WARN);
    assert_true(c->matcher_period == 7200000000000 && c->matcher_cache_age == c->matcher_period);
    assert_true(c->updaters_disabled && c->updater_sets_given);
    assert_int_equal(c->updater_sets.n, 1);
    assert_true(slice_eq(secret_reveal(c->psk_key), SLICE("secret")));
    assert_int_equal(c->psk_issuers.n, 2);
    assert_true(slice_eq(secret_reveal(c->harbor_key), SLICE("k3y")));
    assert_int_equal(c->limits.request_body_bytes, MIB);
    assert_int_equal(c->limits.feed_updates, 4);
    assert_int_equal(check.problems.n, 0);
}

static void defaults(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct config_check check CONFIG_AUTO = {0};
    struct limits limits = limits_default();
    limits.connections = 7;
    assert_true(config_load(NULL, &limits, &a, &check));
    assert_true(slice_eq(check.config.listen.text, SLICE("127.0.0.1:6060")));
    assert_true(check.config.matcher_period == 1800000000000);
    assert_null(check.config.psk_key);
    assert_false(check.config.updater_sets_given);
    assert_int_equal(check.config.limits.connections, 7);
    // What is said on the command line counts more than what the file says.
    assert_true(config_load_text(SLICE("limits: {connections: 9, layer_entries: 3}"), &limits, &a, &check));
    assert_int_equal(check.config.limits.connections, 7);
    assert_int_equal(check.config.limits.layer_entries, 3);
    assert_true(load("", &a, &check));
    assert_true(slice_eq(check.config.listen.text, SLICE(":6060")));
}

// Each of these is one error, at that place, with that text.
static void errors(void **state)
{
    static const struct {
        const char *yaml, *says;
    } cases[] = {
        {"log_levle: info", "1:1: log_levle: there is no such key; is \"log_level\" meant?"},
        {"matcher:\n  perod: 1h", "2:3: matcher.perod: there is no such key; is \"period\" meant?"},
        {"nothing_like_it: 1", "1:1: nothing_like_it: there is no such key"},
        {"matcher.period: 1h", "1:1: matcher.period: there is no such key"},
        {"matcher: {period: 90}", "1:19: matcher.period: must be a duration such as 90s, 30m or 1h30m, not \"90\""},
        {"matcher: {period: 0s}", "matcher.period: must be more than nothing"},
        {"matcher: 5", "1:10: matcher: must be a map of keys, not a whole number"},
        {"http_listen_addr: 6060", "must be HOST:PORT, :PORT or [IPV6]:PORT, not \"6060\""},
        {"http_listen_addr: '::1:6060'", "must be HOST:PORT"},
        {"http_listen_addr: 'a:70000'", "must be HOST:PORT"},
        {"harbor: {api_key: ''}", "harbor.api_key: must not be empty"},
        {"events: {token: ''}", "events.token: must not be empty"},
        {"harbor: {api_key: [x]}", "harbor.api_key: must be text (in quotes)"},
        {"log_level: loud", "must be debug, info, warn, error, fatal or panic, not \"loud\""},
        {"indexer: {airgap: yes}", "indexer.airgap: must be true or false, not \"yes\""},
        {"indexer: {scanlock_retry: 1.5}", "must be a whole number"},
        {"trace: {probability: 2}", "must be a number from 0 to 1"},
        {"updaters: {sets: debian}", "must be a list of texts"},
        {"updaters: {sets: [debian, sus]}", "1:27: updaters.sets: there are no updaters \"sus\""},
        {"updaters: {config: [1]}", "must be a map, not a list"},
        {"matchers: {names: [debian-matcher, debain]}", "1:36: matchers.names: there is no matcher \"debain\""},
        {"matchers: {config: {rhel: {ignore_unpatched: 1}}}", "must be true or false"},
        {"indexer: {scanner: {repo: {rhel-repository-scanner: {repo2cpe_mapping_url: 'x'}}}}",
         "repo2cpe_mapping_url: \"x\" is neither a URL"},
        {"auth: {psk: {key: c2VjcmV0}}", "auth.psk: wants iss"},
        {"auth: {psk: {iss: [quay]}}", "auth.psk: wants a key"},
        {"auth: {keyserver: {api: x}}", "auth.keyserver: Clair has removed"},
        {"tls: {cert: /does/not/exist}", "cannot read /does/not/exist"},
        {"tls: {key: /dev/null}", "go together"},
        {"limits: {layer_byte: 3}", "1:10: limits: no limit is called \"layer_byte\""},
        {"limits: {layer_bytes: many}", "limits: \"layer_bytes=many\" is not NAME=NUMBER"},
        {"metrics: {prometheus: {endpoint: metrics}}", "must be a path that begins with a slash"},
        {"metrics: {name: statsd}", "1:17: metrics.name: must be prometheus, otlp or stdout"},
        {"metrics: {period: 0s}", "metrics.period: must be more than nothing"},
        {"trace: {name: zipkin}", "1:15: trace.name: must be otlp or stdout"},
        {"trace: {period: -1s}", "trace.period: must be more than nothing"},
        {"trace: {name: otlp}", "1:15: trace.name: otlp wants otlp.http"},
        {"trace: {name: otlp, otlp: {grpc: {endpoint: 'h:4317'}}}", "trace.otlp.grpc: is not supported"},
        {"trace: {name: otlp, otlp: {http: {endpoint: 'http://h:4318'}}}",
         "trace.otlp.http.endpoint: must be HOST:PORT; the path"},
        {"trace: {name: otlp, otlp: {http: {endpoint: 'u@h:4318'}}}", "trace.otlp.http.endpoint: must be HOST:PORT"},
        {"trace: {name: otlp, otlp: {http: {url_path: v1}}}", "trace.otlp.http.url_path: must be a path"},
        {"trace: {name: otlp, otlp: {http: {compression: zstd}}}", "trace.otlp.http.compression: must be gzip or none"},
        {"trace: {name: otlp, otlp: {http: {timeout: 0s}}}", "trace.otlp.http.timeout: must be more than nothing"},
        {"trace: {name: otlp, otlp: {http: {headers: {'a b': c}}}}", "\"a b\" is no header that may be given"},
        {"trace: {name: otlp, otlp: {http: {headers: {content-type: c}}}}", "is no header that may be given"},
        {"trace: {name: otlp, otlp: {http: {headers: {A: \"b\\r\\nC: d\"}}}}", "\"A\" is no header that may be given"},
        {"trace: {name: otlp, otlp: {http: {client_tls: {cert: /dev/null}}}}", "client_tls: cert and key go together"},
        {"metrics: {name: otlp, otlp: {http: {client_tls: {root_ca: /does/not/exist}}}}",
         "metrics.otlp.http.client_tls.root_ca: cannot read"},
        {"- a", "must be a map of keys, not a list"},
        {"a: [", "not YAML"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct config_check check CONFIG_AUTO = {0};
        if (load(cases[i].yaml, &a, &check))
            fail_msg("%s: nothing is wrong with it", cases[i].yaml);
        bool found = false;
        for (size_t p = 0; p < check.problems.n; p++) {
            struct buf line BUF_AUTO = {0};
            config_problem_write(&check.problems.v[p], &line);
            buf_addc(&line, '\0');
            found = found || (check.problems.v[p].error && strstr(line.p, cases[i].says) != NULL);
        }
        if (!found)
            fail_msg("%s: nothing says %s", cases[i].yaml, cases[i].says);
    }
}

// Whatever is wrong with a secret, its text is in no message and in no listing.
static void secrets_stay_hidden(void **state)
{
    static const char *const cases[] = {
        "auth: {psk: {key: hunter2hunter2, iss: [quay]}}",
        "auth: {psk: {key: aHVudGVyMg==, iss: [quay]}}",
        "auth: {psk: {key: 'hunter2 *'}}",
        "indexer: {connstring: 'password=hunter2'}",
        "indexer: {connstring: [hunter2]}",
        "indexer: {connstring: hunter2}",
        "indexer: {connstring: 'host=h password=\\'hunter2'}",
        "{indexer: {connstring: 'host=h password=hunter2'}, matcher: {connstring: 'host=h password=hunter22'}}",
        "notifier: {amqp: {uris: ['amqp://u:hunter2@h/'], tls: 5}}",
        "notifier: {amqp: {uris: 'amqp://u:hunter2@h/'}}",
        "notifier: {stomp: {user: {login: a, passcode: hunter2}}}",
        "notifier: {webhook: {target: 'http://u:hunter2@h/', headers: {Authorization: hunter2}}}",
        "trace: {otlp: {http: {headers: {Authorization: hunter2}}}}",
        "trace: {name: otlp, otlp: {http: {headers: {Authorization: hunter2}}}}",
        "metrics: {name: otlp, otlp: {http: {headers: {Authorization: \"hunter2\\n\"}}}}",
        "metrics: {name: otlp, otlp: {http: {headers: {Authorization: [hunter2]}}}}",
        "metrics: {name: otlp, otlp: {http: {headers: {A: hunter2, B: 5}}}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct config_check check CONFIG_AUTO = {0};
        struct buf text BUF_AUTO = {0};
        load(cases[i], &a, &check);
        for (size_t p = 0; p < check.problems.n; p++)
            config_problem_write(&check.problems.v[p], &text);
        config_write(&check, &text);
        buf_addc(&text, '\0');
        assert_null(strstr(text.p, "hunter2"));
        assert_null(strstr(text.p, "aHVudGVyMg"));
    }
}

static struct slice place_of(const struct config *c, const char *from)
{
    for (size_t i = 0; i < c->places_n; i++)
        if (slice_eq(c->places[i].from, slice_str(from)))
            return c->places[i].to;
    return SLICE("");
}

// Clair's settings of updaters that name a place, each with what it is in the stead of.
static void places(void **state)
{
    static const struct {
        const char *yaml, *from, *to;
    } cases[] = {
        {"alpine: {url: 'http://m/alpine/'}", "https://secdb.alpinelinux.org/", "http://m/alpine/"},
        {"alpine-main-v3.18-updater: {url: 'http://m/a.json'}", "https://secdb.alpinelinux.org/v3.18/main.json",
         "http://m/a.json"},
        {"alpine-community-edge-updater: {url: /srv/a}", "https://secdb.alpinelinux.org/edge/community.json", "/srv/a"},
        {"debian: {json_url: 'http://m/json'}", "https://security-tracker.debian.org/tracker/data/json",
         "http://m/json"},
        {"debian/updater: {json_url: 'http://m/json'}", "https://security-tracker.debian.org/tracker/data/json",
         "http://m/json"},
        {"ubuntu: {url: 'http://m/1.0/'}", "https://api.launchpad.net/1.0/", "http://m/1.0/"},
        {"ubuntu/updater/jammy: {url: 'http://m/j'}",
         "https://security-metadata.canonical.com/oval/com.ubuntu.jammy.cve.oval.xml.bz2", "http://m/j"},
        {"osv: {url: 'https://m/'}", "https://osv-vulnerabilities.storage.googleapis.com/", "https://m/"},
        {"osv/pypi: {url: 'https://m/p.zip'}", "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip",
         "https://m/p.zip"},
        {"rhel-vex: {url: 'http://m/'}", "https://security.access.redhat.com/data/csaf/v2/vex/", "http://m/"},
        {"suse: {url: 'http://m/'}", "https://ftp.suse.com/pub/projects/security/oval/", "http://m/"},
        {"photon-updater-photon3: {url: 'http://m/'}",
         "https://packages.vmware.com/photon/photon_oval_definitions/com.vmware.phsa-photon3.xml", "http://m/"},
        {"oracle: {url: 'http://m/'}", "https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2",
         "http://m/"},
        {"clair.cvss: {feed_root: 'http://m/'}", "https://nvd.nist.gov/feeds/json/cve/2.0/", "http://m/"},
        {"osv-npm: {url: 'file:///srv/npm.zip'}", "https://osv-vulnerabilities.storage.googleapis.com/npm/all.zip",
         "file:///srv/npm.zip"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct config_check check CONFIG_AUTO = {0};
        struct slice yaml = arena_printf(&a, "updaters: {config: {%s}}", cases[i].yaml);
        assert_true(load(yaml.p, &a, &check));
        assert_int_equal(check.problems.n, 0);
        assert_int_equal(check.config.places_n, 1);
        if (!slice_eq(place_of(&check.config, cases[i].from), slice_str(cases[i].to)))
            fail_msg("%s: not from %s", cases[i].yaml, cases[i].from);
    }
}

// What cannot be obeyed is a remark; what is wrong is an error.
static void settings_of_updaters(void **state)
{
    static const struct {
        const char *yaml, *says;
        bool error;
    } cases[] = {
        {"debian: {mirror_url: 'http://m/'}", "1:43: updaters.config.debian.mirror_url: has no effect: ", false},
        {"debian: {oval_url: 'http://m/'}", "updaters.config.debian.oval_url: Clair has removed it", true},
        {"debian: {json: 'http://m/'}", "has no effect: the updater has no such setting", false},
        {"alpine: {url: 5}", "updaters.config.alpine.url: must be a URL", true},
        {"alpine: {url: 'ftp://m/'}", "\"ftp://m/\" is neither a URL of http or https nor an absolute path", true},
        {"alpine: {url: 'http://'}", "is neither a URL", true},
        {"alpine: 'http://m/'", "updaters.config.alpine: must be a map of settings, not text", true},
        {"unheard-of: {url: 'http://m/'}", "has no effect: this version has no feed for it", false},
        {"alpine--updater: {url: 'http://m/'}", "has no effect: this version has no feed for it", false},
        {"ubuntu: {force: [{name: jammy, version: '22.04'}]}", "updaters.config.ubuntu.force: has no effect", false},
        {"rhel-vex: {ignore_kernel_packages: true}", "has no effect", false},
        {"osv: {allowlist: go}", "updaters.config.osv.allowlist: must be a list of texts", true},
        {"osv: {allowlist: [5]}", "must be a list of texts", true},
        {"osv: {allowlist: [go, cobol]}", "\"cobol\" has no effect: no feed is made of that ecosystem", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct config_check check CONFIG_AUTO = {0};
        struct slice yaml = arena_printf(&a, "updaters: {config: {%s}}", cases[i].yaml);
        assert_int_equal(load(yaml.p, &a, &check), !cases[i].error);
        assert_int_equal(check.problems.n, 1);
        struct buf line BUF_AUTO = {0};
        config_problem_write(&check.problems.v[0], &line);
        buf_addc(&line, '\0');
        if (strstr(line.p, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].yaml, line.p);
    }
}

// Which feeds of OSV are fetched.
static void allowlist(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct config_check check CONFIG_AUTO = {0}, all CONFIG_AUTO = {0};
    assert_true(load("updaters: {config: {osv: {allowlist: [PyPI, crates.io]}, debian: ~}}", &a, &check));
    assert_true(load("updaters: {config: {osv: {allowlist: []}}}", &a, &all));
    static const char *const allowed[] = {"osv-pypi", "osv-crates", "debian", "almalinux"};
    static const char *const others[] = {"osv-npm", "osv-go"};
    for (size_t i = 0; i < 4; i++)
        assert_true(updates_wanted(&check.config, feed_named(slice_str(allowed[i]))));
    for (size_t i = 0; i < 2; i++) {
        assert_false(updates_wanted(&check.config, feed_named(slice_str(others[i]))));
        assert_true(updates_wanted(&all.config, feed_named(slice_str(others[i]))));
    }
}

// Settings of Clair's scanners and matchers that mean something here.
static void scanners_and_matchers(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct config_check check CONFIG_AUTO = {0};
    assert_true(
        load("indexer: {scanner: {repo: {rhel-repository-scanner: {repo2cpe_mapping_url: 'http://m/r', timeout: 1s}}, "
             "package: {rhel_containerscanner: {name2repos_mapping_url: 'http://m/c', name2repos_mapping_file: "
             "/dev/null}, java: {disable_api: true}}}}\n"
             "matcher: {disable_enrichment: true}\n"
             "matchers: {names: [debian-matcher, rhel, npm], config: {rhel: {ignore_unpatched: true}}}",
             &a, &check));
    const struct config *c = &check.config;
    assert_true(slice_eq(place_of(c, "https://security.access.redhat.com/data/metrics/repository-to-cpe.json"),
                         SLICE("http://m/r")));
    assert_true(slice_eq(place_of(c, "https://security.access.redhat.com/data/metrics/container-name-repos-map.json"),
                         SLICE("/dev/null")));
    assert_true(c->enrichment_disabled && c->unpatched_ignored && c->matcher_names_given);
    assert_int_equal(c->matcher_names.n, 3);
    assert_int_equal(check.problems.n, 2); // of disable_api and timeout
    struct config_check others CONFIG_AUTO = {0};
    assert_true(load("", &a, &others));
    assert_false(others.config.enrichment_disabled || others.config.unpatched_ignored ||
                 others.config.matcher_names_given);
}

// What a file of Clair's may say of traces and metrics.
static void telemetry(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct config_check check CONFIG_AUTO = {0};
    assert_true(
        load("trace: {name: otlp, probability: 0.25, otlp: {http: {endpoint: 'c:1', url_path: /t, insecure: true, "
             "compression: gzip, timeout: 2s, headers: {A: b, C: d}}, grpc: {endpoint: 'c:2'}}}\n"
             "metrics: {name: stdout, period: 5s}",
             &a, &check));
    const struct config *c = &check.config;
    assert_true(c->trace_probability == 0.25 && !c->all_traces && c->trace_period == 5000000000);
    assert_true(slice_eq(c->trace_otlp.endpoint, SLICE("c:1")) && slice_eq(c->trace_otlp.url_path, SLICE("/t")));
    assert_true(c->trace_otlp.insecure && c->trace_otlp.timeout == 2000000000);
    assert_int_equal(c->trace_otlp.headers.n, 2);
    assert_true(slice_eq(secret_reveal(c->trace_otlp.headers.v[1].value), SLICE("d")));
    assert_true(slice_eq(c->metrics_otlp.endpoint, SLICE("localhost:4318")) && c->metrics_period == 5000000000);
    assert_int_equal(check.problems.n, 1); // that gRPC has no effect
    config_free(&check);
    assert_true(load("trace: {name: jaeger}\nlog_level: debug", &a, &check)); // it starts, and says what to do
    assert_int_equal(check.problems.n, 1);
    assert_true(check.config.all_traces);
    assert_true(load("trace: {name: otlp, otlp: {http: {}}}", &a, &check)); // traces nothing by itself: that is told
    assert_int_equal(check.problems.n, 1);
}

// The manual says of each key what it is for, or why it is for nothing, and of nothing else.
static void words(void **state)
{
    (void)state;
    for (const struct config_key *key = config_keys; key->path != NULL; key++)
        if ((config_words_of(key->path) != NULL) == (key->note != NULL))
            fail_msg("%s has %s", key->path, key->note != NULL ? "words beside its note" : "no words");
    for (const struct config_words *w = config_words; w->path != NULL; w++)
        if (config_key_at(slice_str(w->path)) == NULL)
            fail_msg("there is no key %s", w->path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(durations),
        cmocka_unit_test(ages),
        cmocka_unit_test(in_force),
        cmocka_unit_test(defaults),
        cmocka_unit_test(errors),
        cmocka_unit_test(secrets_stay_hidden),
        cmocka_unit_test(places),
        cmocka_unit_test(settings_of_updaters),
        cmocka_unit_test(allowlist),
        cmocka_unit_test(scanners_and_matchers),
        cmocka_unit_test(telemetry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
