#include "enrich/cvss.h"

#include "enrich/cvss_scheme.h"

#include <stdio.h>

static const struct cvss_scheme *const schemes[] = {
    [CVSS_2_0] = &cvss_v2,
    [CVSS_3_0] = &cvss_v3_0,
    [CVSS_3_1] = &cvss_v3_1,
    [CVSS_4_0] = &cvss_v4,
};

const struct cvss_scheme *cvss_scheme_of(const struct cvss *c)
{
    return schemes[c->version];
}

int cvss_weight(const struct cvss *c, size_t metric)
{
    return cvss_scheme_of(c)->metrics[metric].values[c->values[metric]].weight;
}

bool cvss_defines(const struct cvss *c, enum cvss_group group)
{
    const struct cvss_scheme *s = cvss_scheme_of(c);
    for (size_t i = 0; i < s->metrics_n; i++)
        if (s->metrics[i].group == group && c->values[i] != 0)
            return true;
    return false;
}

// ---- reading --------------------------------------------------------------------------------------------------------

// A list of names for an error: "N, L, H".
struct names {
    char text[160];
    size_t n;
};

static void add_name(struct names *names, const char *name)
{
    size_t room = sizeof names->text - names->n;
    int n = snprintf(names->text + names->n, room, "%s%s", names->n != 0 ? ", " : "", name);
    if (n > 0 && (size_t)n < room)
        names->n += (size_t)n;
}

static bool bad_metric(const struct cvss_scheme *s, struct slice field, size_t at, struct error *err)
{
    struct names names = {0};
    for (size_t i = 0; i < s->metrics_n; i++)
        add_name(&names, s->metrics[i].name);
    return error_set(err, ERR_FORMAT, "byte %zu: \"%.*s\" is no metric with its value; the metrics are %s", at,
                     SLICE_ARG(field), names.text);
}

static bool bad_value(const struct cvss_metric *m, struct slice field, size_t at, struct error *err)
{
    struct names names = {0};
    for (const struct cvss_value *v = m->values; v->name != NULL; v++)
        add_name(&names, v->name);
    return error_set(err, ERR_FORMAT, "byte %zu: \"%.*s\" has no value of %s; the values are %s", at, SLICE_ARG(field),
                     m->name, names.text);
}

// One metric, "AV:N"; `given` has a bit for each that came before it.
static bool read_metric(const struct cvss_scheme *s, struct slice field, size_t at, struct cvss *out, uint32_t *given,
                        struct error *err)
{
    struct slice name, value;
    size_t i = 0;
    slice_cut(field, ':', &name, &value);
    while (i < s->metrics_n && !slice_eq(name, slice_str(s->metrics[i].name)))
        i++;
    if (i == s->metrics_n)
        return bad_metric(s, field, at, err);
    const struct cvss_metric *m = &s->metrics[i];
    if ((*given & 1U << i) != 0)
        return error_set(err, ERR_FORMAT, "byte %zu: \"%.*s\": %s was there before; each metric stands once", at,
                         SLICE_ARG(field), m->name);
    *given |= 1U << i;
    for (uint8_t v = 0; m->values[v].name != NULL; v++)
        if (slice_eq(value, slice_str(m->values[v].name))) {
            out->values[i] = v;
            return true;
        }
    return bad_value(m, field, at, err);
}

static bool read_metrics(const struct cvss_scheme *s, struct slice rest, size_t at, struct cvss *out, struct error *err)
{
    uint32_t given = 0;
    for (bool more = true; more;) {
        struct slice field;
        more = slice_cut(rest, '/', &field, &rest);
        if (!read_metric(s, field, at, out, &given, err))
            return false;
        at += field.n + 1;
    }
    struct names missing = {0};
    for (size_t i = 0; i < s->metrics_n; i++)
        if (s->metrics[i].group == CVSS_BASE && (given & 1U << i) == 0)
            add_name(&missing, s->metrics[i].name);
    if (missing.n != 0)
        return error_set(err, ERR_FORMAT, "it has no %s; all Base metrics must be there", missing.text);
    return true;
}

// Which version a vector is of, and how many bytes of it say so.
static bool read_version(struct slice vector, enum cvss_version *version, size_t *head_n, struct error *err)
{
    static const struct slice sign = SLICE("CVSS:");
    *version = CVSS_2_0;
    *head_n = 0;
    if (!slice_eq_nocase(slice_of(vector.p, vector.n < sign.n ? vector.n : sign.n), sign))
        return true;
    struct slice head, rest;
    slice_cut(vector, '/', &head, &rest);
    for (size_t v = CVSS_3_0; v < sizeof schemes / sizeof schemes[0]; v++)
        if (slice_eq(head, schemes[v]->prefix)) {
            *version = (enum cvss_version)v;
            *head_n = head.n + 1;
            return true;
        }
    if (!slice_starts(head, sign))
        return error_set(err, ERR_FORMAT, "CVSS vector: byte 0: \"%.*s\" is not in capitals, as \"CVSS:\" is",
                         SLICE_ARG(head));
    return error_set(err, ERR_UNSUPPORTED, "CVSS vector: \"%.*s\" is none of CVSS:3.0, CVSS:3.1, CVSS:4.0",
                     SLICE_ARG(head));
}

bool cvss_parse(struct slice vector, struct cvss *out, struct error *err)
{
    size_t at;
    *out = (struct cvss){0};
    if (!read_version(vector, &out->version, &at, err))
        return false;
    struct slice metrics = slice_from(vector, at);
    if (out->version == CVSS_2_0 && slice_starts(vector, SLICE("(")) && slice_ends(vector, SLICE(")"))) {
        at = 1;
        metrics = slice_of(vector.p + 1, vector.n - 2);
    }
    const struct cvss_scheme *s = cvss_scheme_of(out);
    if (!read_metrics(s, metrics, at, out, err))
        return error_wrap(err, "CVSS %s vector", s->version);
    return true;
}

// ---- scores and their levels ----------------------------------------------------------------------------------------

int cvss_score(const struct cvss *c)
{
    return cvss_scheme_of(c)->score(c);
}

int cvss_base_score(const struct cvss *c)
{
    return cvss_scheme_of(c)->base_score(c);
}

enum cvss_severity cvss_severity(enum cvss_version version, int score)
{
    bool v2 = version == CVSS_2_0;
    if (score >= 90 && !v2)
        return CVSS_CRITICAL;
    if (score >= 70)
        return CVSS_HIGH;
    if (score >= 40)
        return CVSS_MEDIUM;
    return score > 0 || v2 ? CVSS_LOW : CVSS_NONE;
}

const char *cvss_severity_name(enum cvss_severity severity)
{
    static const char *const names[] = {
        [CVSS_NONE] = "None", [CVSS_LOW] = "Low",           [CVSS_MEDIUM] = "Medium",
        [CVSS_HIGH] = "High", [CVSS_CRITICAL] = "Critical",
    };
    return names[severity];
}

const char *cvss_version_name(enum cvss_version version)
{
    return schemes[version]->version;
}
