#include "service/config.h"

#include "base/file.h"
#include "http/address.h"
#include "service/matching.h"
#include "service/updates.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

// Without a configuration the service keeps to this machine; Clair's own defaults listen everywhere.
static const char loopback[] = "http_listen_addr: 127.0.0.1:6060\nintrospection_addr: 127.0.0.1:8089\n";

void config_add_problem(struct config_check *c, struct arena *a, bool error, struct yaml_place place, struct slice key,
                        struct slice text)
{
    VEC_PUSH(a, &c->problems) = (struct config_problem){error, place, key, text};
    c->errors += error;
}

// An error whose text names its place already.
static void add_error(struct config_check *c, struct arena *a, const struct error *err)
{
    config_add_problem(c, a, true, (struct yaml_place){0}, SLICE(""), arena_dup(a, slice_str(err->text)));
}

// ---- reading --------------------------------------------------------------------------------------------------------

static bool ends_in(const char *path, const char *extension)
{
    return slice_ends(slice_str(path), slice_str(extension));
}

static bool read_tree(struct yaml_source *s, const char *path, bool json, struct yaml_node **root, struct error *err)
{
    struct buf text BUF_AUTO = {0};
    if (!file_read(path, s->limits->yaml_bytes, &text, err))
        return err->code == ERR_LIMIT ? error_set(err, ERR_LIMIT, "%s is larger than the limit yaml_bytes (%llu)", path,
                                                  (unsigned long long)s->limits->yaml_bytes)
                                      : false;
    return yaml_parse(s, path, buf_slice(&text), json, root, err);
}

static bool want_map(const struct yaml_node *root, struct error *err)
{
    return root == NULL || root->type == YAML_MAP ||
           error_set(err, ERR_FORMAT, "%s:%u:%u: must be a map of keys, not %s", root->place.file, root->place.line,
                     root->place.column, yaml_type_name(root->type));
}

static bool merge_file(struct yaml_source *s, const char *path, bool json, struct yaml_node **root, struct error *err)
{
    struct yaml_node *more;
    if (!read_tree(s, path, json, &more, err) || !want_map(more, err))
        return false;
    if (more != NULL)
        *root = yaml_merge(s, *root, more);
    return true;
}

static bool patch_file(struct yaml_source *s, const char *path, bool json, struct yaml_node **root, struct error *err)
{
    struct yaml_node *patch;
    if (!read_tree(s, path, json, &patch, err))
        return false;
    if (patch == NULL)
        return true;
    if (*root == NULL) {
        *root = ARENA_NEW(s->arena, struct yaml_node, 1);
        **root = (struct yaml_node){.type = YAML_MAP, .place = {path, 1, 1}};
    }
    return yaml_patch(s, root, patch, err) && want_map(*root, err);
}

static int not_hidden(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

// As the bytes of their names sort, whatever the locale says.
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void take_dropins(struct config_check *c, struct yaml_source *s, const char *path, bool json)
{
    struct slice folder = arena_printf(s->arena, "%s.d", path);
    struct dirent **entries;
    struct error err;
    int n = scandir(folder.p, &entries, not_hidden, by_bytes);
    if (n < 0 && errno != ENOENT) {
        error_errno(&err, "cannot read the folder %s", folder.p);
        add_error(c, s->arena, &err);
    }
    for (int i = 0; i < n; i++) {
        struct slice file = arena_printf(s->arena, "%s/%s", folder.p, entries[i]->d_name);
        bool merges = ends_in(file.p, json ? ".json" : ".yaml");
        bool patches = ends_in(file.p, json ? ".json-patch" : ".yaml-patch");
        if (merges ? !merge_file(s, file.p, json, &c->root, &err)
                   : patches && !patch_file(s, file.p, json, &c->root, &err))
            add_error(c, s->arena, &err);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
}

static void read_files(struct config_check *c, struct yaml_source *s, const char *path)
{
    struct error err;
    bool json = ends_in(path, ".json");
    if (!json && !ends_in(path, ".yaml"))
        error_set(&err, ERR_USAGE, "%s: a configuration's name ends in .yaml or .json", path);
    else if (merge_file(s, path, json, &c->root, &err))
        err.code = ERR_NONE;
    if (err.code != ERR_NONE)
        add_error(c, s->arena, &err);
    take_dropins(c, s, path, json);
}

// ---- judging --------------------------------------------------------------------------------------------------------

static void unknown_key(struct config_check *c, struct arena *a, struct slice path, struct yaml_place place)
{
    struct slice nearest = config_nearest(path);
    config_add_problem(c, a, true, place, path,
                       nearest.n != 0 ? arena_printf(a, "there is no such key; is \"%.*s\" meant?", SLICE_ARG(nearest))
                                      : SLICE("there is no such key"));
}

static void judge_limits(struct config_check *c, struct arena *a, const struct yaml_node *map)
{
    for (size_t i = 0; i < map->members.n; i++) {
        const struct yaml_member *m = &map->members.v[i];
        struct slice assignment = arena_printf(a, "%.*s=%.*s", SLICE_ARG(m->key), SLICE_ARG(m->value->text));
        struct error wrong;
        if (!limits_set(&c->config.limits, assignment, &wrong))
            config_add_problem(c, a, true, m->place, SLICE("limits"), arena_dup(a, slice_str(wrong.text)));
    }
}

static void judge_registries(struct config_check *c, struct arena *a, const struct yaml_node *map)
{
    struct config_registries *registries = &c->config.event_registries;
    *registries = (struct config_registries){.v = ARENA_NEW(a, struct config_registry, map->members.n)};
    for (size_t i = 0; i < map->members.n; i++) {
        const struct yaml_member *m = &map->members.v[i];
        const struct yaml_node *at;
        struct error wrong;
        if (!config_registry_take(m, a, &registries->v[registries->n++], &at, &wrong))
            config_add_problem(c, a, true, at->place, arena_printf(a, "events.registries.%.*s", SLICE_ARG(m->key)),
                               arena_dup(a, slice_str(wrong.text)));
    }
}

static void judge_value(struct config_check *c, struct arena *a, const struct config_key *key,
                        const struct yaml_node *value)
{
    struct error wrong;
    struct slice path = slice_str(key->path);
    if (!config_take(key, value, a, &c->config, &wrong))
        config_add_problem(c, a, true, value->place, path, arena_dup(a, slice_str(wrong.text)));
    else if (key->note != NULL)
        config_add_problem(c, a, false, value->place, path, arena_printf(a, "has no effect: %s", key->note));
    else if (key->type == CONFIG_LIMITS)
        judge_limits(c, a, value);
    else if (key->type == CONFIG_UPDATERS)
        config_take_updaters(c, a, value);
    else if (key->type == CONFIG_REGISTRIES)
        judge_registries(c, a, value);
}

static void judge(struct config_check *c, struct arena *a, struct slice section, const struct yaml_node *map)
{
    for (size_t i = 0; i < map->members.n; i++) {
        const struct yaml_member *m = &map->members.v[i];
        struct slice path =
            section.n == 0 ? m->key : arena_printf(a, "%.*s.%.*s", SLICE_ARG(section), SLICE_ARG(m->key));
        const struct config_key *key = config_key_at(path);
        if (m->key.n == 0 || slice_find(m->key, '.') >= 0 || (key == NULL && !config_is_section(path)))
            unknown_key(c, a, path, m->place);
        else if (m->value->type == YAML_NULL)
            continue; // as if it were not there
        else if (key != NULL)
            judge_value(c, a, key, m->value);
        else if (m->value->type == YAML_MAP)
            judge(c, a, path, m->value);
        else
            config_add_problem(c, a, true, m->value->place, path,
                               arena_printf(a, "must be a map of keys, not %s", yaml_type_name(m->value->type)));
    }
}

const struct yaml_node *config_given(const struct config_check *c, const char *path)
{
    struct slice rest = slice_str(path), name;
    const struct yaml_node *node = c->root;
    while (node != NULL && rest.n != 0) {
        slice_cut(rest, '.', &name, &rest);
        node = yaml_get(node, name);
    }
    return node != NULL && node->type != YAML_NULL ? node : NULL;
}

void config_remark(struct config_check *c, struct arena *a, bool error, const char *path, const char *text)
{
    const struct yaml_node *node = config_given(c, path);
    struct yaml_place place = node != NULL ? node->place : (struct yaml_place){0};
    config_add_problem(c, a, error, place, slice_str(path), arena_dup(a, slice_str(text)));
}

static void judge_sets(struct config_check *c, struct arena *a)
{
    const struct yaml_node *list = config_given(c, "updaters.sets");
    for (size_t i = 0; i < c->config.updater_sets.n; i++) {
        struct slice set = c->config.updater_sets.v[i];
        bool known = updates_known_set(set);
        if (known && updates_have_set(set))
            continue;
        config_add_problem(
            c, a, !known, list->members.v[i].place, SLICE("updaters.sets"),
            known
                ? arena_printf(a, "\"%.*s\" has no effect: this version has no feed for it", SLICE_ARG(set))
                : arena_printf(a, "there are no updaters \"%.*s\" (`clarion feeds` lists the feeds)", SLICE_ARG(set)));
    }
}

static void judge_allowed(struct config_check *c, struct arena *a)
{
    const struct yaml_node *list = config_given(c, "indexer.fetch.allow");
    struct address_rules rules = {0};
    struct error err;
    for (size_t i = 0; i < c->config.fetch_allow.n; i++)
        if (!address_rules_add(&rules, a, c->config.fetch_allow.v[i], &err))
            config_add_problem(c, a, true, list->members.v[i].place, SLICE("indexer.fetch.allow"),
                               arena_dup(a, slice_str(err.text)));
}

// Clair's settings of the scanners that ask for Red Hat's mappings; here these are feeds. A file counts more than a
// URL, as in Clair.
static void take_mapping(struct config_check *c, struct arena *a, const char *feed, const char *key, struct slice url,
                         struct slice file)
{
    struct slice place = file.n != 0 ? file : url, from = slice_str(feed_named(slice_str(feed))->url);
    struct error wrong;
    if (place.n == 0)
        return;
    if (feed_place_check(place, &wrong))
        config_add_place(&c->config, a, from, place);
    else
        config_remark(c, a, true, arena_printf(a, "%s_%s", key, file.n != 0 ? "file" : "url").p, wrong.text);
}

// Clair's names of matchers.
static void judge_matchers(struct config_check *c, struct arena *a)
{
    const struct yaml_node *list = config_given(c, "matchers.names");
    c->config.matcher_names_given = list != NULL;
    for (size_t i = 0; list != NULL && i < c->config.matcher_names.n; i++) {
        struct slice name = c->config.matcher_names.v[i];
        if (!matching_knows(name))
            config_add_problem(c, a, true, list->members.v[i].place, SLICE("matchers.names"),
                               arena_printf(a, "there is no matcher \"%.*s\"", SLICE_ARG(name)));
    }
}

// Could the first part of a pattern stand for a registry's host?
static bool may_be_host(struct slice pattern)
{
    struct slice host, rest;
    bool whole = slice_cut(pattern, '/', &host, &rest);
    if (slice_find(host, '*') >= 0 || slice_find(host, '?') >= 0 || slice_find(host, '[') >= 0)
        return true;
    return whole && (slice_find(host, '.') >= 0 || slice_find(host, ':') >= 0 || slice_eq(host, SLICE("localhost")));
}

static void judge_repositories(struct config_check *c, struct arena *a)
{
    static const char key[] = "notifier.filter.repositories";
    const struct slices *patterns = &c->config.notifier_repositories;
    for (size_t i = 0; i < patterns->n; i++) {
        struct slice pattern = patterns->v[i];
        if (pattern.n == 0 || slice_find(pattern, '\0') >= 0)
            config_remark(c, a, true, key, "each must be a pattern such as registry.example/team/*");
        else if (!may_be_host(pattern))
            config_remark(
                c, a, false, key,
                arena_printf(a, "\"%.*s\" fits no repository: they are named in full, as HOST/PATH", SLICE_ARG(pattern))
                    .p);
    }
}

// What keys say together.
static void judge_together(struct config_check *c, struct arena *a)
{
    struct config *config = &c->config;
    config->updater_sets_given = config_given(c, "updaters.sets") != NULL;
    judge_sets(c, a);
    judge_allowed(c, a);
    judge_matchers(c, a);
    take_mapping(c, a, "redhat-repositories", "indexer.scanner.repo.rhel-repository-scanner.repo2cpe_mapping",
                 config->redhat_repositories_url, config->redhat_repositories_file);
    take_mapping(c, a, "redhat-containers", "indexer.scanner.package.rhel_containerscanner.name2repos_mapping",
                 config->redhat_containers_url, config->redhat_containers_file);
    judge_repositories(c, a);
    config_judge_database(c, a);
    config_judge_targets(c, a);
    config_judge_telemetry(c, a);
    if ((config->tls_cert.n != 0) != (config->tls_key.n != 0))
        config_remark(c, a, true, config->tls_cert.n != 0 ? "tls.cert" : "tls.key", "tls.cert and tls.key go together");
    if (config->tls_client_ca.n != 0 && config->tls_cert.n == 0)
        config_remark(c, a, true, "tls.client_ca",
                      "asks for clients' certificates, which wants tls.cert and tls.key too");
    if (config_given(c, "auth.psk") != NULL && config_given(c, "auth.psk.key") == NULL)
        config_remark(c, a, true, "auth.psk", "wants a key: without it there is no authentication");
    if (config->psk_key != NULL && config->psk_issuers.n == 0)
        config_remark(c, a, true, "auth.psk", "wants iss, the issuers whose tokens are taken");
    if (config_given(c, "harbor.api_key") != NULL && config->harbor_key == NULL)
        config_remark(c, a, true, "harbor.api_key",
                      "must not be empty: without the key there is no authentication of its own");
    if (config_given(c, "events.token") != NULL && config->events_token == NULL)
        config_remark(c, a, true, "events.token", "must not be empty");
    if (config->matcher_period <= 0)
        config_remark(c, a, true, "matcher.period", "must be more than nothing");
    if (config->matcher_cache_age == 0)
        config->matcher_cache_age = config->matcher_period;
    if (config->matcher_cache_age < 0)
        config_remark(c, a, true, "matcher.cache_age", "cannot be negative");
    if (config->metrics_endpoint.n == 0 || config->metrics_endpoint.p[0] != '/')
        config_remark(c, a, true, "metrics.prometheus.endpoint", "must be a path that begins with a slash");
}

static void set_defaults(struct config *config, struct arena *a)
{
    struct error ignored;
    *config = (struct config){.limits = limits_default()};
    for (const struct config_key *key = config_keys; key->path != NULL; key++) {
        if (key->fallback == NULL)
            continue;
        struct yaml_node value = {.type = key->type == CONFIG_BOOL       ? YAML_BOOL
                                          : key->type == CONFIG_FRACTION ? YAML_FLOAT
                                                                         : YAML_TEXT,
                                  .text = slice_str(key->fallback)};
        config_take(key, &value, a, config, &ignored);
    }
}

// What was changed on the command line stays so.
static void keep_limits(const struct limits *given_there, struct limits *limits)
{
    const struct limits fresh = limits_default();
    for (size_t i = 0; limits_entry(i) != NULL; i++) {
        char text[128];
        struct error ignored;
        uint64_t value = limits_value(given_there, i);
        snprintf(text, sizeof text, "%s=%llu", limits_entry(i)->name, (unsigned long long)value);
        if (value != limits_value(&fresh, i))
            limits_set(limits, slice_str(text), &ignored);
    }
}

// As Clair reads it: less than none keeps all, and fewer than two are too few to compare. There that means ten.
static void set_retention(struct config_check *c)
{
    int64_t keep = c->config.update_retention;
    if (config_given(c, "matcher.update_retention") == NULL)
        c->config.update_retention = (int64_t)c->config.limits.feed_updates;
    else if (keep < 0)
        c->config.limits.feed_updates = INT64_MAX;
    else
        c->config.limits.feed_updates = keep < 2 ? 10 : (uint64_t)keep;
}

static bool finish(struct config_check *c, const struct limits *limits, struct arena *a)
{
    set_defaults(&c->config, a);
    if (c->root != NULL)
        judge(c, a, SLICE(""), c->root);
    judge_together(c, a);
    set_retention(c);
    keep_limits(limits, &c->config.limits);
    return c->errors == 0;
}

static void free_field(const struct config_key *key, void *field)
{
    if (key->type == CONFIG_SECRET || key->type == CONFIG_KEY) {
        secret_free(field);
    } else if (key->type == CONFIG_SECRETS) {
        struct secrets *secrets = field;
        for (size_t i = 0; i < secrets->n; i++)
            secret_free(&secrets->v[i]);
        secrets->n = 0;
    } else if (key->type == CONFIG_HEADERS || key->type == CONFIG_SECRET_MAP) {
        struct http_headers *headers = field;
        for (size_t i = 0; i < headers->n; i++) {
            struct secret *value = (struct secret *)(uintptr_t)headers->v[i].value; // ours to free, others' to read
            secret_free(&value);
        }
        headers->n = 0;
    } else if (key->type == CONFIG_REGISTRIES) {
        config_registries_free(field);
    }
}

void config_free(struct config_check *check)
{
    for (const struct config_key *key = config_keys; key->path != NULL; key++)
        if (key->note == NULL)
            free_field(key, (char *)&check->config + key->offset);
}

bool config_load(const char *path, const struct limits *limits, struct arena *a, struct config_check *check)
{
    *check = (struct config_check){0};
    struct yaml_source s = {.arena = a, .limits = limits};
    struct error err;
    if (path != NULL)
        read_files(check, &s, path);
    else if (!yaml_parse(&s, "", SLICE(loopback), false, &check->root, &err))
        add_error(check, a, &err);
    return finish(check, limits, a);
}

bool config_load_text(struct slice yaml, const struct limits *limits, struct arena *a, struct config_check *check)
{
    *check = (struct config_check){0};
    struct yaml_source s = {.arena = a, .limits = limits};
    struct error err;
    if (!yaml_parse(&s, "config.yaml", yaml, false, &check->root, &err) || !want_map(check->root, &err)) {
        check->root = NULL;
        add_error(check, a, &err);
    }
    return finish(check, limits, a);
}

// ---- telling --------------------------------------------------------------------------------------------------------

static void write_texts(const struct slices *texts, struct buf *out)
{
    buf_addc(out, '[');
    for (size_t i = 0; i < texts->n; i++)
        buf_addf(out, "%s%.*s", i != 0 ? ", " : "", SLICE_ARG(texts->v[i]));
    buf_addc(out, ']');
}

static void write_headers(const struct http_headers *headers, struct buf *out)
{
    for (size_t i = 0; i < headers->n; i++)
        buf_addf(out, "%s%.*s", i != 0 ? ", " : "", SLICE_ARG(headers->v[i].name));
}

static void write_limits(const struct limits *limits, struct buf *out)
{
    const struct limits fresh = limits_default();
    size_t changed = 0;
    for (size_t i = 0; limits_entry(i) != NULL; i++)
        if (limits_value(limits, i) != limits_value(&fresh, i))
            buf_addf(out, "%s%s: %llu", changed++ != 0 ? ", " : "", limits_entry(i)->name,
                     (unsigned long long)limits_value(limits, i));
    if (changed == 0)
        buf_adds(out, "as `clarion version -v` lists them");
}

static void write_registries(const struct config_registries *registries, struct buf *out)
{
    for (size_t i = 0; i < registries->n; i++)
        buf_addf(out, "%s%.*s", i != 0 ? ", " : "", SLICE_ARG(registries->v[i].host));
}

static void write_value(const struct config *config, const struct config_key *key, struct buf *out)
{
    const void *field = (const char *)config + key->offset;
    static const char *const levels[] = {"error", "warn", "info", "debug"};
    switch (key->type) {
    case CONFIG_TEXT:
    case CONFIG_FILE:
        buf_addf(out, "%.*s", SLICE_ARG(*(const struct slice *)field));
        break;
    case CONFIG_KEY:
    case CONFIG_SECRET:
        buf_adds(out, *(struct secret *const *)field != NULL ? "(a secret)" : "");
        break;
    case CONFIG_BOOL:
        buf_adds(out, *(const bool *)field ? "true" : "false");
        break;
    case CONFIG_DURATION:
    case CONFIG_AGE:
        config_duration_write(*(const int64_t *)field, out);
        break;
    case CONFIG_INT:
        buf_addf(out, "%lld", (long long)*(const int64_t *)field);
        break;
    case CONFIG_ADDRESS:
        buf_add(out, ((const struct config_address *)field)->text);
        break;
    case CONFIG_LEVEL:
        buf_adds(out, levels[*(const enum log_level *)field]);
        break;
    case CONFIG_SEVERITY:
        buf_adds(out, severity_name(*(const enum severity *)field));
        break;
    case CONFIG_TEXTS:
        write_texts(field, out);
        break;
    case CONFIG_REGISTRIES:
        write_registries(field, out);
        break;
    case CONFIG_LIMITS:
        write_limits(field, out);
        break;
    case CONFIG_UPDATERS:
        for (size_t i = 0; i < config->places_n; i++)
            buf_addf(out, "%s%.*s=%.*s", i != 0 ? ", " : "", SLICE_ARG(config->places[i].from),
                     SLICE_ARG(config->places[i].to));
        break;
    case CONFIG_SECRETS:
        if (((const struct secrets *)field)->n != 0)
            buf_addf(out, "(%zu secrets)", ((const struct secrets *)field)->n);
        break;
    case CONFIG_HEADERS:
    case CONFIG_SECRET_MAP:
        write_headers(field, out);
        break;
    case CONFIG_FRACTION:
        buf_addf(out, "%g", *(const double *)field);
        break;
    case CONFIG_ANY:
    case CONFIG_REMOVED:
        break; // none of these has an effect yet
    }
}

// Lists that mean all when they are not there.
static bool means_all(const struct config_key *key)
{
    return strcmp(key->path, "updaters.sets") == 0 || strcmp(key->path, "matchers.names") == 0;
}

void config_write(const struct config_check *check, struct buf *out)
{
    for (const struct config_key *key = config_keys; key->path != NULL; key++) {
        if (key->note != NULL)
            continue;
        const struct yaml_node *node = config_given(check, key->path);
        struct buf value BUF_AUTO = {0};
        write_value(&check->config, key, &value);
        if (key->type == CONFIG_TEXTS && node == NULL) {
            value.n = 0;
            buf_adds(&value, means_all(key) ? "all" : "");
        }
        buf_addf(out, "%-28s %-30.*s ", key->path, SLICE_ARG(value.n != 0 ? buf_slice(&value) : SLICE("-")));
        if (node != NULL && node->place.file[0] != '\0')
            buf_addf(out, "%s:%u\n", node->place.file, node->place.line);
        else
            buf_adds(out, "default\n");
    }
}

void config_problem_write(const struct config_problem *p, struct buf *out)
{
    if (p->place.file != NULL)
        buf_addf(out, "%s:%u:%u: ", p->place.file, p->place.line, p->place.column);
    if (p->key.n != 0)
        buf_addf(out, "%.*s: ", SLICE_ARG(p->key));
    buf_add(out, p->text);
}
