// The configuration of the service: Clair v4's YAML, and what Clarion adds.
//
// Keys and their meaning are those of Clair's `config` module (documented in its Documentation/reference/config.md).
// A file CONFIG.yaml may have a folder CONFIG.yaml.d beside it: its files are taken in the order of their names, those
// with the same extension as a JSON merge patch, those with "-patch" behind it as a JSON patch; others are ignored.
// config_keys.c has the table of keys.
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/yaml.h"
#include "feed/feed.h"
#include "http/engine.h"
#include "http/secret.h"
#include "match/matcher.h"
#include "notify/settings.h"

struct config_address {
    struct slice text; // "HOST:PORT", as it was written
    struct slice host; // without brackets; empty: all addresses of this machine
    uint16_t port;
};

// A registry whose events are taken, and how it is asked for what they tell of.
struct config_registry {
    struct slice host;          // as events and references name it
    struct slice address;       // where it is reached, HOST[:PORT]; empty: there
    bool insecure;              // it may speak plain http, or prove nothing under TLS
    struct slice user;          // with the password; empty: none
    struct secret *password;    // freed by config_free
    struct slice docker_config; // a file with its credentials, of the kind of Docker's config.json; empty: none
    struct slice ca_file;       // certificates to trust instead of the system's; empty: the system's
    struct slice token_host;    // of a token service elsewhere that may see its credentials; empty: none
    struct slices allow;        // addresses that it may send us to, beside fetch_allow
    struct slices platforms;    // the images of an index that are wanted; none: all
};

struct config_registries {
    struct config_registry *v;
    size_t n;
};

// A collector of OpenTelemetry's, by OTLP over HTTP.
struct config_otlp {
    struct slice endpoint;    // "HOST:PORT"
    struct slice url_path;    // with a slash in front; empty: what the protocol says
    bool insecure;            // http instead of https
    struct slice compression; // "gzip" or "none"
    int64_t timeout;
    struct http_headers headers;
    struct slice root_ca, cert, key; // paths; empty: none
};

// What is in force. Texts live in the arena and are terminated. Durations are nanoseconds, as Go's.
struct config {
    struct config_address listen, introspection;
    enum log_level log_level;
    struct slice tls_cert, tls_key, tls_client_ca; // paths; empty: none
    int64_t matcher_period, matcher_cache_age;
    int64_t update_retention;                     // of matcher.update_retention; it is in `limits` too, as feed_updates
    int64_t layer_concurrency, index_concurrency; // 0: as many as there are processors
    // Of a server; NULL: the file in the data folder. Those that are given are the same. Freed by config_free.
    struct secret *indexer_database, *matcher_database, *notifier_database;
    struct slices fetch_allow;  // hosts and networks beside the public internet
    struct slices updater_sets; // with updater_sets_given; else all
    struct slice updater_mirror;
    struct feed_place *places; // of updaters.config and indexer.scanner: what is fetched elsewhere
    size_t places_n;
    struct slices ecosystems; // of osv.allowlist; none: all
    struct slice redhat_repositories_url, redhat_repositories_file, redhat_containers_url, redhat_containers_file;
    struct slices matcher_names; // with matcher_names_given; else all
    struct secret *psk_key;      // NULL: no authentication; freed by config_free
    struct slices psk_issuers;
    struct secret *harbor_key;   // NULL: Harbor's scanner API asks for what the others do; freed by config_free
    struct secret *events_token; // NULL: none; freed by config_free
    struct config_registries event_registries;
    struct slice metrics_endpoint;
    struct target_settings targets; // of notifications
    bool notifier_summary_disabled, notifier_first_update;
    enum severity notifier_least; // of what is notified of
    bool notifier_only_fixable, notifier_only_exploited;
    struct slices notifier_repositories; // patterns; none: all
    bool notifier_only_tagged;
    int64_t notifier_pushed_within; // 0: whenever
    struct slice trace_name;        // "otlp", "stdout"; any other: no traces
    double trace_probability;       // of a trace that is not decided about yet
    int64_t trace_period;           // that finished spans wait for others at most
    struct config_otlp trace_otlp;
    struct slice metrics_name; // "otlp" and "stdout": they are pushed, too
    int64_t metrics_period;    // of the pushes
    struct config_otlp metrics_otlp;
    struct limits limits;
    bool airgap;
    bool updaters_disabled, enrichment_disabled;
    bool unpatched_ignored; // of Red Hat's findings
    bool updater_sets_given, matcher_names_given;
    bool all_traces; // whatever trace_probability says
};

// Something to say about the configuration, at the place that it is about (no line when that is a whole file).
struct config_problem {
    bool error; // else a remark: the service starts all the same
    struct yaml_place place;
    struct slice key; // "matcher.period", may be empty
    struct slice text;
};

// A configuration with all that is to be said about it.
struct config_check {
    struct config config;
    struct yaml_node *root; // what all files say together; NULL: nothing
    VEC(struct config_problem) problems;
    size_t errors;
};

// Forgets the secrets. Harmless for an all-zero one.
void config_free(struct config_check *check);
#define CONFIG_AUTO __attribute__((cleanup(config_free)))

// Reads `path` and its folder of drop-ins, or, when `path` is NULL, nothing: then the defaults are in force, which keep
// to this machine's own address. All problems are found at once; false when one of them is an error. What a limit of
// `limits` is there that is not its default has been given on the command line, and stays.
bool config_load(const char *path, const struct limits *limits, struct arena *a, struct config_check *check);

// The same from the text of one YAML document, for tests.
bool config_load_text(struct slice yaml, const struct limits *limits, struct arena *a, struct config_check *check);

// Adds a line for each key that is in force: the key, its value, where that comes from. Of a secret only that it is
// there.
void config_write(const struct config_check *check, struct buf *out);

// "FILE:LINE:COLUMN: KEY: TEXT"
void config_problem_write(const struct config_problem *problem, struct buf *out);

// The connection string of the database server; NULL: there is none.
const struct secret *config_database(const struct config *config);

// Is a feed of OSV one of those that osv.allowlist lets be fetched? True for all other feeds.
bool config_allows_ecosystem(const struct config *config, struct slice feed);

// ---- config_telemetry.c: for config.c -------------------------------------------------------------------------------

// Adds what is wrong with the sections trace and metrics, and settles what they leave open.
void config_judge_telemetry(struct config_check *check, struct arena *a);

// Where a key ("trace.otlp.http") is given; NULL when it is not.
const struct yaml_node *config_given(const struct config_check *check, const char *path);

// Adds an error, or a remark, about a key, at the place where that is given. Path and text: `path` must live as long as
// the check, `text` is copied.
void config_refuse(struct config_check *check, struct arena *a, bool error, const char *path, const char *text);

// ---- config_keys.c, config_values.c, config_words.c: for config.c and the manual ------------------------------------

enum config_type {
    CONFIG_TEXT,
    CONFIG_SECRET, // text that is never repeated; its field is a secret
    CONFIG_KEY,    // base64 of a secret
    CONFIG_FILE,   // a file that can be read
    CONFIG_BOOL,
    CONFIG_INT,
    CONFIG_FRACTION, // a number from 0 to 1
    CONFIG_DURATION,
    CONFIG_AGE, // the same, or whole days
    CONFIG_ADDRESS,
    CONFIG_LEVEL,
    CONFIG_SEVERITY,
    CONFIG_TEXTS,
    CONFIG_SECRETS,    // texts that are never repeated
    CONFIG_SECRET_MAP, // name → text
    CONFIG_HEADERS,    // name → list of texts, which are never repeated
    CONFIG_REGISTRIES, // host → a map of keys
    CONFIG_LIMITS,     // limit → number
    CONFIG_UPDATERS,   // updater → settings
    CONFIG_ANY,        // a map whose contents its reader judges
    CONFIG_REMOVED,    // an error
};

struct config_key {
    const char *path; // "matcher.period"
    enum config_type type;
    size_t offset;        // of its field in struct config, unless `note` says that there is none
    const char *fallback; // the default, as it would be written; NULL: none
    const char *note;     // not NULL: accepted, but without effect, or removed, and why
};

extern const struct config_key config_keys[]; // ends with a path that is NULL

// What a key is for, in a sentence or two. NULL: the key's note says why it is for nothing.
struct config_words {
    const char *path, *text;
};
extern const struct config_words config_words[]; // ends with a path that is NULL
const char *config_words_of(const char *path);

// The word for a type, for people: "duration".
const char *config_type_name(enum config_type type);

// The key at a path, or the name that is most like it among those beside it (empty when none is).
const struct config_key *config_key_at(struct slice path);
bool config_is_section(struct slice path); // "matcher": keys are below it
struct slice config_nearest(struct slice path);

// Takes a value over into its field. False with `wrong` set: what it must be.
bool config_take(const struct config_key *key, const struct yaml_node *value, struct arena *a, struct config *config,
                 struct error *wrong);

// The same for a value of a type that needs no note, into a field of its own.
bool config_take_value(enum config_type type, const struct yaml_node *value, struct arena *a, void *field,
                       struct error *wrong);

// Where a key or section is given; NULL when it is not.
const struct yaml_node *config_given(const struct config_check *check, const char *path);

// Adds a problem (`error`) or a remark about a key, at its place when it is given.
void config_remark(struct config_check *check, struct arena *a, bool error, const char *path, const char *text);

// ---- config_database.c: for config.c
// ---------------------------------------------------------------------------------

void config_judge_database(struct config_check *check, struct arena *a);

// ---- config_targets.c: for config.c ---------------------------------------------------------------------------------

// What the keys of the targets of notifications say together.
void config_judge_targets(struct config_check *check, struct arena *a);

// ---- config_registries.c --------------------------------------------------------------------------------------------

// Takes one registry of events.registries. False with `wrong`, and `*at`, the value that it is about.
bool config_registry_take(const struct yaml_member *m, struct arena *a, struct config_registry *registry,
                          const struct yaml_node **at, struct error *wrong);
void config_registries_free(struct config_registries *registries);

// A duration as Go writes them (package time, ParseDuration): "1h30m", "1.5s", "-2ms", "0".
bool config_duration(struct slice text, int64_t *nanoseconds);
void config_duration_write(int64_t nanoseconds, struct buf *out);

// ---- config_updaters.c: for config.c --------------------------------------------------------------------------------

// Takes the settings of updaters over, and tells what is wrong with them or has no effect.
void config_take_updaters(struct config_check *check, struct arena *a, const struct yaml_node *map);

// Has what begins with `from` fetched at `to`.
void config_add_place(struct config *config, struct arena *a, struct slice from, struct slice to);

// config.c
void config_add_problem(struct config_check *check, struct arena *a, bool error, struct yaml_place place,
                        struct slice key, struct slice text);
