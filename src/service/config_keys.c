// The table of keys: Clair v4's, in the order of its documentation, and Clarion's own.
#include "service/config.h"

#include "base/nearest.h"

#define FIELD(name) offsetof(struct config, name)

#define ONE_POOL "one pool serves all: pool_max_conns in the connection string says how many connections it has"
#define NO_JAEGER                                                                                                      \
    "traces are sent by OTLP, which Jaeger takes too: trace.name: otlp, trace.otlp.http.endpoint: HOST:4318"
#define NO_SENTRY  "traces are sent by OTLP, which Sentry takes too: trace.name: otlp, trace.otlp.http"
#define NO_GRPC    "OTLP is spoken over HTTP: use otlp.http, whose port is mostly 4318"
#define NO_SEARCH  "jars are known by what is in them: no service is asked for their names"
#define NO_TIMEOUT "the mapping is fetched as a feed, within the limits of feeds"
#define ONE_STORE  "nodes of one installation share the database, processes of one machine the data folder"

// What traces and metrics have in common; `field` is a struct config_otlp.
#define OTLP_KEYS(prefix, field)                                                                                       \
    {prefix ".http.compression", CONFIG_TEXT, FIELD(field.compression), "none", NULL},                                 \
        {prefix ".http.endpoint", CONFIG_TEXT, FIELD(field.endpoint), "localhost:4318", NULL},                         \
        {prefix ".http.headers", CONFIG_SECRET_MAP, FIELD(field.headers), NULL, NULL},                                 \
        {prefix ".http.insecure", CONFIG_BOOL, FIELD(field.insecure), "false", NULL},                                  \
        {prefix ".http.timeout", CONFIG_DURATION, FIELD(field.timeout), "10s", NULL},                                  \
        {prefix ".http.client_tls.root_ca", CONFIG_TEXT, FIELD(field.root_ca), NULL, NULL},                            \
        {prefix ".http.client_tls.cert", CONFIG_TEXT, FIELD(field.cert), NULL, NULL},                                  \
        {prefix ".http.client_tls.key", CONFIG_TEXT, FIELD(field.key), NULL, NULL},                                    \
        {prefix ".http.url_path", CONFIG_TEXT, FIELD(field.url_path), NULL, NULL},                                     \
        {prefix ".grpc.compression", CONFIG_TEXT, .note = NO_GRPC},                                                    \
        {prefix ".grpc.endpoint", CONFIG_TEXT, .note = NO_GRPC},                                                       \
        {prefix ".grpc.headers", CONFIG_SECRET_MAP, .note = NO_GRPC},                                                  \
        {prefix ".grpc.insecure", CONFIG_BOOL, .note = NO_GRPC},                                                       \
        {prefix ".grpc.timeout", CONFIG_DURATION, .note = NO_GRPC},                                                    \
        {prefix ".grpc.client_tls.root_ca", CONFIG_TEXT, .note = NO_GRPC},                                             \
        {prefix ".grpc.client_tls.cert", CONFIG_TEXT, .note = NO_GRPC},                                                \
        {prefix ".grpc.client_tls.key", CONFIG_TEXT, .note = NO_GRPC},                                                 \
        {prefix ".grpc.reconnect", CONFIG_DURATION, .note = NO_GRPC},                                                  \
    {                                                                                                                  \
        prefix ".grpc.service_config", CONFIG_TEXT, .note = NO_GRPC                                                    \
    }

#define TARGET(name) FIELD(targets.name)

// What AMQP and STOMP have in common.
#define QUEUE_KEYS(name)                                                                                               \
    {"notifier." #name ".uris", CONFIG_SECRETS, TARGET(name.uris), NULL, NULL},                                        \
        {"notifier." #name ".callback", CONFIG_TEXT, TARGET(name.callback), NULL, NULL},                               \
        {"notifier." #name ".direct", CONFIG_BOOL, TARGET(name.direct), "false", NULL},                                \
        {"notifier." #name ".rollup", CONFIG_INT, TARGET(name.rollup), NULL, NULL},                                    \
        {"notifier." #name ".tls.root_ca", CONFIG_FILE, TARGET(name.tls.root_ca), NULL, NULL},                         \
        {"notifier." #name ".tls.cert", CONFIG_FILE, TARGET(name.tls.client_cert), NULL, NULL},                        \
    {                                                                                                                  \
        "notifier." #name ".tls.key", CONFIG_FILE, TARGET(name.tls.key), NULL, NULL                                    \
    }

// clang-format off
const struct config_key config_keys[] = {
    {"http_listen_addr", CONFIG_ADDRESS, FIELD(listen), ":6060", NULL},
    {"introspection_addr", CONFIG_ADDRESS, FIELD(introspection), ":8089", NULL},
    {"log_level", CONFIG_LEVEL, FIELD(log_level), "info", NULL},
    {"tls.cert", CONFIG_FILE, FIELD(tls_cert), NULL, NULL},
    {"tls.key", CONFIG_FILE, FIELD(tls_key), NULL, NULL},
    {"tls.client_ca", CONFIG_FILE, FIELD(tls_client_ca), NULL, NULL},
    {"tls.root_ca", CONFIG_TEXT, .note = "requests to others trust the system's certificates; for clients' own see tls.client_ca"},

    {"indexer.connstring", CONFIG_SECRET, FIELD(indexer_database), NULL, NULL},
    {"indexer.scanlock_retry", CONFIG_INT, .note = "posts of one manifest wait for each other without asking again"},
    {"indexer.layer_scan_concurrency", CONFIG_INT, FIELD(layer_concurrency), NULL, NULL},
    {"indexer.index_report_request_concurrency", CONFIG_INT, FIELD(index_concurrency), NULL, NULL},
    {"indexer.migrations", CONFIG_BOOL, .note = "the store brings itself up to date"},
    {"indexer.airgap", CONFIG_BOOL, FIELD(airgap), "false", NULL},
    {"indexer.fetch.allow", CONFIG_TEXTS, FIELD(fetch_allow), NULL, NULL},
    {"indexer.scanner.package.java.api", CONFIG_TEXT, .note = NO_SEARCH},
    {"indexer.scanner.package.java.api_request_timeout", CONFIG_DURATION, .note = NO_SEARCH},
    {"indexer.scanner.package.java.disable_api", CONFIG_BOOL, .note = NO_SEARCH},
    {"indexer.scanner.package.rhel_containerscanner.name2repos_mapping_url", CONFIG_TEXT, FIELD(redhat_containers_url), NULL, NULL},
    {"indexer.scanner.package.rhel_containerscanner.name2repos_mapping_file", CONFIG_FILE, FIELD(redhat_containers_file), NULL, NULL},
    {"indexer.scanner.package.rhel_containerscanner.timeout", CONFIG_DURATION, .note = NO_TIMEOUT},
    {"indexer.scanner.dist", CONFIG_ANY, .note = "scanners of distributions have no settings"},
    {"indexer.scanner.repo.rhel-repository-scanner.repo2cpe_mapping_url", CONFIG_TEXT, FIELD(redhat_repositories_url), NULL, NULL},
    {"indexer.scanner.repo.rhel-repository-scanner.repo2cpe_mapping_file", CONFIG_FILE, FIELD(redhat_repositories_file), NULL, NULL},
    {"indexer.scanner.repo.rhel-repository-scanner.timeout", CONFIG_DURATION, .note = NO_TIMEOUT},

    {"matcher.connstring", CONFIG_SECRET, FIELD(matcher_database), NULL, NULL},
    {"matcher.migrations", CONFIG_BOOL, .note = "the store brings itself up to date"},
    {"matcher.indexer_addr", CONFIG_TEXT, .note = ONE_STORE},
    {"matcher.period", CONFIG_DURATION, FIELD(matcher_period), "30m", NULL},
    {"matcher.update_retention", CONFIG_INT, FIELD(update_retention), NULL, NULL},
    {"matcher.max_conn_pool", CONFIG_INT, .note = ONE_POOL},
    {"matcher.cache_age", CONFIG_DURATION, FIELD(matcher_cache_age), NULL, NULL},
    {"matcher.disable_updaters", CONFIG_BOOL, FIELD(updaters_disabled), "false", NULL},
    {"matcher.disable_enrichment", CONFIG_BOOL, FIELD(enrichment_disabled), "false", NULL},

    {"matchers.names", CONFIG_TEXTS, FIELD(matcher_names), NULL, NULL},
    {"matchers.config.rhel.ignore_unpatched", CONFIG_BOOL, FIELD(unpatched_ignored), "false", NULL},

    {"updaters.sets", CONFIG_TEXTS, FIELD(updater_sets), NULL, NULL},
    {"updaters.mirror", CONFIG_TEXT, FIELD(updater_mirror), NULL, NULL},
    {"updaters.filter", CONFIG_TEXT, .note = "Clair does not use it either: name the sets in updaters.sets"},
    {"updaters.config", CONFIG_UPDATERS, FIELD(places), NULL, NULL},

    {"notifier.connstring", CONFIG_SECRET, FIELD(notifier_database), NULL, NULL},
    {"notifier.migrations", CONFIG_BOOL, .note = "the store brings itself up to date"},
    {"notifier.indexer_addr", CONFIG_TEXT, .note = ONE_STORE},
    {"notifier.matcher_addr", CONFIG_TEXT, .note = ONE_STORE},
    {"notifier.poll_interval", CONFIG_DURATION, .note = "an update of a feed is noticed within a second"},
    {"notifier.delivery_interval", CONFIG_DURATION, .note = "what is made is delivered at once, and tried again as the limits delivery_* say"},
    {"notifier.disable_summary", CONFIG_BOOL, FIELD(notifier_summary_disabled), "false", NULL},
    {"notifier.first_update", CONFIG_BOOL, FIELD(notifier_first_update), "false", NULL},
    {"notifier.filter.severity", CONFIG_SEVERITY, FIELD(notifier_least), "unknown", NULL},
    {"notifier.filter.fixable", CONFIG_BOOL, FIELD(notifier_only_fixable), "false", NULL},
    {"notifier.filter.exploited", CONFIG_BOOL, FIELD(notifier_only_exploited), "false", NULL},
    {"notifier.filter.repositories", CONFIG_TEXTS, FIELD(notifier_repositories), NULL, NULL},
    {"notifier.filter.tagged", CONFIG_BOOL, FIELD(notifier_only_tagged), "false", NULL},
    {"notifier.filter.pushed_within", CONFIG_AGE, FIELD(notifier_pushed_within), NULL, NULL},
    {"notifier.webhook.target", CONFIG_SECRET, TARGET(webhook.target), NULL, NULL},
    {"notifier.webhook.callback", CONFIG_TEXT, TARGET(webhook.callback), NULL, NULL},
    {"notifier.webhook.headers", CONFIG_HEADERS, TARGET(webhook.headers), NULL, NULL},
    {"notifier.webhook.signed", CONFIG_BOOL, .note = "requests are signed when auth.psk has a key"},
    {"notifier.webhook.content", CONFIG_TEXT, TARGET(webhook.content), "clair", NULL},
    {"notifier.webhook.tls.root_ca", CONFIG_FILE, TARGET(webhook.root_ca), NULL, NULL},
    {"notifier.amqp.exchange.name", CONFIG_TEXT, TARGET(amqp.exchange_name), NULL, NULL},
    {"notifier.amqp.exchange.type", CONFIG_TEXT, TARGET(amqp.exchange_type), NULL, NULL},
    {"notifier.amqp.exchange.durability", CONFIG_BOOL, TARGET(amqp.exchange_durable), "false", NULL},
    {"notifier.amqp.exchange.auto_delete", CONFIG_BOOL, TARGET(amqp.exchange_auto_delete), "false", NULL},
    {"notifier.amqp.routing_key", CONFIG_TEXT, TARGET(amqp.routing_key), NULL, NULL},
    QUEUE_KEYS(amqp),
    {"notifier.stomp.destination", CONFIG_TEXT, TARGET(stomp.destination), NULL, NULL},
    {"notifier.stomp.host", CONFIG_TEXT, TARGET(stomp.host), NULL, NULL},
    {"notifier.stomp.user.login", CONFIG_SECRET, TARGET(stomp.login), NULL, NULL},
    {"notifier.stomp.user.passcode", CONFIG_SECRET, TARGET(stomp.passcode), NULL, NULL},
    QUEUE_KEYS(stomp),
    {"notifier.mail.url", CONFIG_TEXT, TARGET(mail.url), NULL, NULL},
    {"notifier.mail.from", CONFIG_TEXT, TARGET(mail.from), NULL, NULL},
    {"notifier.mail.to", CONFIG_TEXTS, TARGET(mail.to), NULL, NULL},
    {"notifier.mail.user", CONFIG_SECRET, TARGET(mail.user), NULL, NULL},
    {"notifier.mail.password", CONFIG_SECRET, TARGET(mail.password), NULL, NULL},
    {"notifier.mail.starttls", CONFIG_BOOL, TARGET(mail.starttls), "true", NULL},
    {"notifier.mail.callback", CONFIG_TEXT, TARGET(mail.callback), NULL, NULL},
    {"notifier.mail.tls.root_ca", CONFIG_FILE, TARGET(mail.root_ca), NULL, NULL},
    {"notifier.chat.target", CONFIG_SECRET, TARGET(chat.target), NULL, NULL},
    {"notifier.chat.style", CONFIG_TEXT, TARGET(chat.style), NULL, NULL},
    {"notifier.chat.callback", CONFIG_TEXT, TARGET(chat.callback), NULL, NULL},
    {"notifier.chat.tls.root_ca", CONFIG_FILE, TARGET(chat.root_ca), NULL, NULL},

    {"auth.psk.key", CONFIG_KEY, FIELD(psk_key), NULL, NULL},
    {"auth.psk.iss", CONFIG_TEXTS, FIELD(psk_issuers), NULL, NULL},
    {"auth.keyserver", CONFIG_REMOVED, .note = "Clair has removed this way of authentication: use auth.psk"},

    {"harbor.api_key", CONFIG_SECRET, FIELD(harbor_key), NULL, NULL},

    {"trace.name", CONFIG_TEXT, FIELD(trace_name), NULL, NULL},
    {"trace.probability", CONFIG_FRACTION, FIELD(trace_probability), "0", NULL},
    {"trace.period", CONFIG_DURATION, FIELD(trace_period), "5s", NULL},
    OTLP_KEYS("trace.otlp", trace_otlp),
    {"trace.jaeger.agent.endpoint", CONFIG_TEXT, .note = NO_JAEGER},
    {"trace.jaeger.collector.endpoint", CONFIG_TEXT, .note = NO_JAEGER},
    {"trace.jaeger.collector.username", CONFIG_SECRET, .note = NO_JAEGER},
    {"trace.jaeger.collector.password", CONFIG_SECRET, .note = NO_JAEGER},
    {"trace.jaeger.service_name", CONFIG_TEXT, .note = NO_JAEGER},
    {"trace.jaeger.tags", CONFIG_SECRET_MAP, .note = NO_JAEGER},
    {"trace.jaeger.buffer_max", CONFIG_INT, .note = NO_JAEGER},
    {"trace.sentry.dsn", CONFIG_SECRET, .note = NO_SENTRY},
    {"trace.sentry.environment", CONFIG_TEXT, .note = NO_SENTRY},

    {"metrics.name", CONFIG_TEXT, FIELD(metrics_name), "prometheus", NULL},
    {"metrics.prometheus.endpoint", CONFIG_TEXT, FIELD(metrics_endpoint), "/metrics", NULL},
    {"metrics.period", CONFIG_DURATION, FIELD(metrics_period), "1m", NULL},
    OTLP_KEYS("metrics.otlp", metrics_otlp),

    {"events.token", CONFIG_SECRET, FIELD(events_token), NULL, NULL},
    {"events.registries", CONFIG_REGISTRIES, FIELD(event_registries), NULL, NULL},

    {"limits", CONFIG_LIMITS, FIELD(limits), NULL, NULL},
    {0},
};
// clang-format on

const struct config_key *config_key_at(struct slice path)
{
    for (const struct config_key *key = config_keys; key->path != NULL; key++)
        if (slice_eq(path, slice_str(key->path)))
            return key;
    return NULL;
}

// The rest of a key's path below a section ("" is the whole configuration), or p == NULL.
static struct slice below(const struct config_key *key, struct slice section)
{
    struct slice path = slice_str(key->path);
    if (section.n == 0)
        return path;
    if (!slice_starts(path, section) || path.n == section.n || path.p[section.n] != '.')
        return (struct slice){0};
    return slice_from(path, section.n + 1);
}

bool config_is_section(struct slice path)
{
    for (const struct config_key *key = config_keys; key->path != NULL; key++)
        if (below(key, path).p != NULL)
            return true;
    return false;
}

struct slice config_nearest(struct slice path)
{
    ptrdiff_t dot = slice_rfind(path, '.');
    struct slice section = dot < 0 ? SLICE("") : slice_of(path.p, (size_t)dot);
    struct nearest nearest = nearest_to(slice_from(path, (size_t)(dot + 1)));
    for (const struct config_key *key = config_keys; key->path != NULL; key++) {
        struct slice other, rest;
        slice_cut(below(key, section), '.', &other, &rest);
        nearest_offer(&nearest, other);
    }
    return nearest.best;
}
