// What each key of the configuration is for, for clarion.yaml(5). Keys without effect say why in the table of keys.
#include "service/config.h"

// What traces and metrics have in common.
#define OTLP_WORDS(prefix, path)                                                                                       \
    {prefix ".http.endpoint", "HOST:PORT of the collector, which may be at any address."},                             \
        {prefix ".http.insecure", "Speak http instead of https."},                                                     \
        {prefix ".http.url_path", "The path there; without it " path "."},                                             \
        {prefix ".http.compression", "gzip or none."}, {prefix ".http.timeout", "How long one try may take."},         \
        {prefix ".http.headers", "Headers that are sent along; their values are secrets."},                            \
        {prefix ".http.client_tls.root_ca", "PEM file of certificates to trust instead of the system's."},             \
        {prefix ".http.client_tls.cert", "PEM file of the client's certificate."},                                     \
    {                                                                                                                  \
        prefix ".http.client_tls.key", "PEM file of its key."                                                          \
    }

#define CALLBACK_WORDS "URL of the notifications' pages, to which a notification's id is appended."
#define TRUST_WORDS    "PEM file of certificates to trust instead of the system's."

// What AMQP and STOMP have in common.
#define QUEUE_WORDS(prefix, uris)                                                                                      \
    {prefix ".uris", uris}, {prefix ".callback", CALLBACK_WORDS},                                                      \
        {prefix ".direct", "Send the items themselves, not a link to them."},                                          \
        {prefix ".rollup", "Items in one message of a direct delivery; 0: one."},                                      \
        {prefix ".tls.root_ca", TRUST_WORDS}, {prefix ".tls.cert", "PEM file of the client's certificate."},           \
    {                                                                                                                  \
        prefix ".tls.key", "PEM file of its key."                                                                      \
    }

// clang-format off
const struct config_words config_words[] = {
    {"http_listen_addr", "Where the API answers: HOST:PORT, :PORT for all addresses, or [IPV6]:PORT. Without a file 127.0.0.1:6060."},
    {"introspection_addr", "Where /healthz, /readyz and /metrics answer. Without a file 127.0.0.1:8089."},
    {"log_level", "debug, info, warn or error. The options -v and -q count more."},
    {"tls.cert", "PEM file of the API's certificate: it then speaks TLS."},
    {"tls.key", "PEM file of its key."},
    {"tls.client_ca", "PEM file: clients must show a certificate of it."},

    {"indexer.connstring", "A PostgreSQL server, as libpq takes it, instead of the file in the data folder. All three connection strings have to be the same."},
    {"indexer.layer_scan_concurrency", "Layers of each image that are read at a time; 0: as many as there are processors."},
    {"indexer.index_report_request_concurrency", "Images that are indexed at a time; 0: as many as there are processors, at least two; negative: as many as can be."},
    {"indexer.airgap", "Fetch no layers from the public internet, whatever indexer.fetch.allow says."},
    {"indexer.fetch.allow", "Hosts, addresses and networks that layers may be fetched from beside the public internet."},
    {"indexer.scanner.package.rhel_containerscanner.name2repos_mapping_url", "Where Red Hat's mapping of containers to repositories is fetched."},
    {"indexer.scanner.package.rhel_containerscanner.name2repos_mapping_file", "The same from a file."},
    {"indexer.scanner.repo.rhel-repository-scanner.repo2cpe_mapping_url", "Where Red Hat's mapping of repositories to CPEs is fetched."},
    {"indexer.scanner.repo.rhel-repository-scanner.repo2cpe_mapping_file", "The same from a file."},

    {"matcher.connstring", "As indexer.connstring."},
    {"matcher.period", "How often the feeds are fetched."},
    {"matcher.update_retention", "Updates of each feed that are kept; negative: all; 0 and 1: ten. Default: the limit feed_updates."},
    {"matcher.cache_age", "For how long clients may keep a vulnerability report. Default: matcher.period."},
    {"matcher.disable_updaters", "Fetch no feeds: clarion update or clarion advisories import does."},
    {"matcher.disable_enrichment", "Leave CVSS scores, EPSS and KEV out of vulnerability reports."},
    {"matchers.names", "Whose findings vulnerability reports have, by Clair's names or by those of clarion version -v. Default: all; an empty list: none."},
    {"matchers.config.rhel.ignore_unpatched", "Leave out Red Hat's findings that no update fixes."},

    {"updaters.sets", "The feeds that are fetched, by Clair's names or by those of clarion feeds. Default: all."},
    {"updaters.mirror", "A URL or a folder: https://HOST/PATH is taken from MIRROR/HOST/PATH."},
    {"updaters.config", "Where single feeds are fetched: a map from an updater to its url. docs/operations.md lists them."},

    {"notifier.connstring", "As indexer.connstring."},
    {"notifier.disable_summary", "Tell of each flaw in each package, not only of the worst of each image."},
    {"notifier.first_update", "Tell also of a feed's first update."},
    {"notifier.filter.severity", "Tell only of what is at least that severe."},
    {"notifier.filter.fixable", "Tell only of what an update fixes."},
    {"notifier.filter.exploited", "Tell only of what CISA's catalogue says is exploited."},
    {"notifier.filter.repositories", "Tell only of images in repositories that one of these patterns fits."},
    {"notifier.filter.tagged", "Tell only of images that a tag points at now."},
    {"notifier.filter.pushed_within", "Tell only of images that were pushed within that time, such as 90d."},
    {"notifier.webhook.target", "URL that each notification is posted to."},
    {"notifier.webhook.callback", CALLBACK_WORDS},
    {"notifier.webhook.headers", "Headers that are sent along; their values are secrets."},
    {"notifier.webhook.content", "clair: a link to the content; cloudevents: the content itself."},
    {"notifier.webhook.tls.root_ca", TRUST_WORDS},
    {"notifier.amqp.exchange.name", "The exchange, which must exist; empty: the default one."},
    {"notifier.amqp.exchange.type", "Its type: direct, fanout, topic or headers."},
    {"notifier.amqp.exchange.durability", "Whether it is durable."},
    {"notifier.amqp.exchange.auto_delete", "Whether it is deleted with its last queue."},
    {"notifier.amqp.routing_key", "The routing key of the messages."},
    QUEUE_WORDS("notifier.amqp", "Brokers, amqp:// or amqps://; the first that works is used."),
    {"notifier.stomp.destination", "The destination of the messages."},
    {"notifier.stomp.host", "The virtual host; without it the broker's name."},
    {"notifier.stomp.user.login", "The user."},
    {"notifier.stomp.user.passcode", "The user's password."},
    QUEUE_WORDS("notifier.stomp", "Brokers, HOST:PORT; the first that works is used."),
    {"notifier.mail.url", "The mail server: smtp://HOST:PORT or smtps://HOST:PORT."},
    {"notifier.mail.from", "The sender's address."},
    {"notifier.mail.to", "The recipients' addresses."},
    {"notifier.mail.user", "The user at the mail server."},
    {"notifier.mail.password", "The user's password."},
    {"notifier.mail.starttls", "Send no mail over smtp:// without TLS."},
    {"notifier.mail.callback", CALLBACK_WORDS},
    {"notifier.mail.tls.root_ca", TRUST_WORDS},
    {"notifier.chat.target", "URL of the chat's incoming webhook."},
    {"notifier.chat.style", "slack, mattermost or teams."},
    {"notifier.chat.callback", CALLBACK_WORDS},
    {"notifier.chat.tls.root_ca", TRUST_WORDS},

    {"auth.psk.key", "The key of the tokens that requests must carry, in base64."},
    {"auth.psk.iss", "The issuers whose tokens are taken."},

    {"harbor.api_key", "What Harbor has to show; without it what auth.psk says."},

    {"trace.name", "otlp, or stdout for standard output; without it there are no traces."},
    {"trace.probability", "The share of requests, from 0 to 1, that are traced by chance."},
    {"trace.period", "How long finished spans wait for others at most."},
    OTLP_WORDS("trace.otlp", "/v1/traces"),

    {"metrics.name", "prometheus; otlp or stdout: they are pushed, too."},
    {"metrics.prometheus.endpoint", "Their path at introspection_addr."},
    {"metrics.period", "How often they are pushed."},
    OTLP_WORDS("metrics.otlp", "/v1/metrics"),

    {"events.token", "What registries must send with their events."},
    {"events.registries", "Registries whose events are taken: a map from a host to its address, insecure, username, password, docker_config, ca_file, token_host, allow and platforms."},

    {"limits", "A map from a limit to its value, such as {request_body_bytes: 8M}."},
    {0},
};
// clang-format on

const char *config_words_of(const char *path)
{
    for (const struct config_words *w = config_words; w->path != NULL; w++)
        if (strcmp(w->path, path) == 0)
            return w->text;
    return NULL;
}

const char *config_type_name(enum config_type type)
{
    static const char *const names[] = {
        [CONFIG_TEXT] = "text",
        [CONFIG_SECRET] = "text, which is never repeated",
        [CONFIG_KEY] = "base64",
        [CONFIG_FILE] = "path of a file",
        [CONFIG_BOOL] = "true or false",
        [CONFIG_INT] = "whole number",
        [CONFIG_FRACTION] = "number from 0 to 1",
        [CONFIG_DURATION] = "duration, such as 90s or 1h30m",
        [CONFIG_AGE] = "duration, such as 36h or 90d",
        [CONFIG_ADDRESS] = "HOST:PORT",
        [CONFIG_LEVEL] = "level",
        [CONFIG_SEVERITY] = "severity",
        [CONFIG_TEXTS] = "list of texts",
        [CONFIG_SECRETS] = "list of texts, which are never repeated",
        [CONFIG_SECRET_MAP] = "map from a name to a text",
        [CONFIG_HEADERS] = "map from a name to a list of texts",
        [CONFIG_REGISTRIES] = "map",
        [CONFIG_LIMITS] = "map",
        [CONFIG_UPDATERS] = "map",
        [CONFIG_ANY] = "map",
        [CONFIG_REMOVED] = "not taken any more",
    };
    return names[type];
}
