// What is said of traces and metrics in the configuration, taken together.
#include "http/headers.h"
#include "http/url.h"
#include "service/config.h"

#include <unistd.h>

// What trace and metrics have in common: where they are sent to, and how.
struct telemetry_keys {
    const char *section, *names; // "trace"; and what its name may be, for people
    const struct slice *name;
    const struct config_otlp *otlp;
};

static void refuse_in(struct config_check *c, struct arena *a, bool error, const struct telemetry_keys *keys,
                      const char *rest, const char *text)
{
    config_remark(c, a, error, arena_printf(a, "%s.%s", keys->section, rest).p, text);
}

static void judge_headers(struct config_check *c, struct arena *a, const struct telemetry_keys *keys)
{
    const struct http_headers *headers = &keys->otlp->headers;
    for (size_t i = 0; i < headers->n; i++) {
        struct slice name = headers->v[i].name;
        bool own = slice_eq_nocase(name, SLICE("Content-Type")) || slice_eq_nocase(name, SLICE("Content-Encoding"));
        if (own || !header_may_be_given(name) || !header_value_is_safe(secret_reveal(headers->v[i].value)))
            refuse_in(
                c, a, true, keys, "otlp.http.headers",
                arena_printf(a, "\"%.*s\" is no header that may be given, or its value cannot be sent", SLICE_ARG(name))
                    .p);
    }
}

static void judge_files(struct config_check *c, struct arena *a, const struct telemetry_keys *keys)
{
    const struct config_otlp *o = keys->otlp;
    const struct {
        struct slice path;
        const char *key;
    } files[] = {{o->root_ca, "otlp.http.client_tls.root_ca"},
                 {o->cert, "otlp.http.client_tls.cert"},
                 {o->key, "otlp.http.client_tls.key"}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (files[i].path.n != 0 && access(files[i].path.p, R_OK) != 0)
            refuse_in(c, a, true, keys, files[i].key, arena_printf(a, "cannot read %.*s", SLICE_ARG(files[i].path)).p);
    if ((o->cert.n != 0) != (o->key.n != 0))
        refuse_in(c, a, true, keys, "otlp.http.client_tls", "cert and key go together");
}

static void judge_otlp(struct config_check *c, struct arena *a, const struct telemetry_keys *keys)
{
    const struct config_otlp *o = keys->otlp;
    struct url url;
    struct error err;
    if (config_given(c, arena_printf(a, "%s.otlp.http", keys->section).p) == NULL) {
        bool grpc = config_given(c, arena_printf(a, "%s.otlp.grpc", keys->section).p) != NULL;
        refuse_in(c, a, true, keys, grpc ? "otlp.grpc" : "name",
                  grpc ? "is not supported: OTLP is spoken over HTTP; give otlp.http, whose port is mostly 4318"
                       : "otlp wants otlp.http, with the collector's endpoint");
        return;
    }
    if (slice_find(o->endpoint, '/') >= 0)
        refuse_in(c, a, true, keys, "otlp.http.endpoint",
                  "must be HOST:PORT; the path is for url_path, and http instead of https for insecure");
    else if (o->endpoint.n == 0 || !url_parse(arena_printf(a, "https://%.*s/", SLICE_ARG(o->endpoint)), a, &url, &err))
        refuse_in(c, a, true, keys, "otlp.http.endpoint", "must be HOST:PORT");
    if (o->url_path.n != 0 && o->url_path.p[0] != '/')
        refuse_in(c, a, true, keys, "otlp.http.url_path", "must be a path that begins with a slash");
    if (!slice_eq(o->compression, SLICE("gzip")) && !slice_eq(o->compression, SLICE("none")))
        refuse_in(c, a, true, keys, "otlp.http.compression", "must be gzip or none");
    if (o->timeout <= 0)
        refuse_in(c, a, true, keys, "otlp.http.timeout", "must be more than nothing");
    judge_headers(c, a, keys);
    judge_files(c, a, keys);
}

static bool is_one_of(struct slice name, const char *const *names)
{
    for (; *names != NULL; names++)
        if (slice_eq(name, slice_str(*names)))
            return true;
    return false;
}

void config_judge_telemetry(struct config_check *c, struct arena *a)
{
    static const char *const traces[] = {"", "otlp", "stdout", "jaeger", "sentry", NULL};
    static const char *const metrics[] = {"", "prometheus", "otlp", "stdout", NULL};
    struct config *config = &c->config;
    const struct telemetry_keys all[] = {
        {"trace", "must be otlp or stdout", &config->trace_name, &config->trace_otlp},
        {"metrics", "must be prometheus, otlp or stdout", &config->metrics_name, &config->metrics_otlp}};
    for (size_t i = 0; i < 2; i++) {
        struct slice name = *all[i].name;
        if (!is_one_of(name, i == 0 ? traces : metrics))
            refuse_in(c, a, true, &all[i], "name", all[i].names);
        else if (slice_eq(name, SLICE("otlp")))
            judge_otlp(c, a, &all[i]);
        else if (config_given(c, arena_printf(a, "%s.otlp", all[i].section).p) != NULL)
            refuse_in(c, a, false, &all[i], "otlp",
                      arena_printf(a, "has no effect: %s.name is not otlp", all[i].section).p);
    }
    // The service starts all the same: a registry without its scanner would be worse than one without traces.
    if (slice_eq(config->trace_name, SLICE("jaeger")) || slice_eq(config->trace_name, SLICE("sentry")))
        config_remark(c, a, false, "trace.name",
                      "no traces are sent: Jaeger and Sentry take OTLP, so use otlp with otlp.http.endpoint");
    config->all_traces = config->log_level == LOG_DEBUG; // as Clair
    if ((slice_eq(config->trace_name, SLICE("otlp")) || slice_eq(config->trace_name, SLICE("stdout"))) &&
        !config->all_traces && config_given(c, "trace.probability") == NULL)
        config_remark(c, a, false, "trace.name",
                      "only requests whose traceparent asks for it are traced: trace.probability is not given");
    if (config->trace_period <= 0)
        config_remark(c, a, true, "trace.period", "must be more than nothing");
    if (config->metrics_period <= 0)
        config_remark(c, a, true, "metrics.period", "must be more than nothing");
}
