#include "match/ignore.h"

#include "base/clock.h"
#include "base/yaml.h"
#include "inventory/purl.h"

#include <fnmatch.h>

#define DAY (24 * 3600)

// What reading needs, and what it gives.
struct reading {
    int64_t now;
    const struct limits *limits;
    struct arena *a;
    struct ignore_rules *rules;
    struct error *err;
};

// ---- a rule ---------------------------------------------------------------------------------------------------------

static const struct {
    const char *key;
    size_t offset;
} keys[] = {
    {"id", offsetof(struct ignore_rule, id)},           {"package", offsetof(struct ignore_rule, package)},
    {"version", offsetof(struct ignore_rule, version)}, {"path", offsetof(struct ignore_rule, path)},
    {"until", offsetof(struct ignore_rule, until)},     {"reason", offsetof(struct ignore_rule, reason)},
    {"who", offsetof(struct ignore_rule, who)},
};

static struct slice *member(struct ignore_rule *rule, struct slice key)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (slice_eq(key, slice_str(keys[i].key)))
            return (struct slice *)(void *)((char *)rule + keys[i].offset);
    return NULL;
}

static bool read_member(struct reading *r, const struct yaml_member *m, struct ignore_rule *rule)
{
    struct slice *where = member(rule, m->key);
    struct slice text = m->value->type != YAML_NULL ? slice_trim(m->value->text) : SLICE("");
    if (where == NULL)
        return yaml_error(r->err, ERR_FORMAT, m->place,
                          "\"%.*s\" is no key of a rule; there are: id, package, version, path, until, reason, who",
                          SLICE_ARG(m->key));
    if (text.n == 0) // what is no scalar has none
        return yaml_error(r->err, ERR_FORMAT, m->place, "%.*s wants a text behind it", SLICE_ARG(m->key));
    if (text.n > r->limits->field_bytes)
        return yaml_error(r->err, ERR_LIMIT, m->place, "%.*s has more than field_bytes (%llu)", SLICE_ARG(m->key),
                          (unsigned long long)r->limits->field_bytes);
    if (slice_find(text, '\0') >= 0)
        return yaml_error(r->err, ERR_FORMAT, m->place, "%.*s holds a byte of zero", SLICE_ARG(m->key));
    *where = arena_dup(r->a, text);
    return true;
}

static bool check_rule(struct reading *r, struct yaml_place place, struct ignore_rule *rule)
{
    int64_t last;
    if (rule->id.n == 0)
        return yaml_error(r->err, ERR_FORMAT, place, "the rule has no id: it must name a vulnerability");
    if (rule->reason.n == 0)
        return yaml_error(r->err, ERR_FORMAT, place, "the rule has no reason: it must say why");
    if (rule->version.n != 0 && rule->package.n == 0)
        return yaml_error(r->err, ERR_FORMAT, place, "the rule has a version but no package");
    if (rule->until.n == 0)
        return true;
    if (rule->until.n != sizeof "2026-12-31" - 1 || !clock_parse(rule->until, &last))
        return yaml_error(r->err, ERR_FORMAT, place, "until is \"%.*s\", not a date as 2026-12-31",
                          SLICE_ARG(rule->until));
    rule->expired = last + DAY <= r->now;
    return true;
}

static bool read_rule(struct reading *r, const struct yaml_node *node)
{
    if (r->rules->n >= r->limits->ignore_rules)
        return yaml_error(r->err, ERR_LIMIT, node->place, "more than ignore_rules (%llu)",
                          (unsigned long long)r->limits->ignore_rules);
    if (node->type != YAML_MAP)
        return yaml_error(r->err, ERR_FORMAT, node->place, "a rule is a mapping: \"id: …\" and so on");
    struct ignore_rule rule = {.file = slice_str(node->place.file), .line = node->place.line};
    for (size_t i = 0; i < node->members.n; i++)
        if (!read_member(r, &node->members.v[i], &rule))
            return false;
    if (!check_rule(r, node->place, &rule))
        return false;
    VEC_PUSH(r->a, r->rules) = rule;
    return true;
}

// ---- the file -------------------------------------------------------------------------------------------------------

static bool read_root(struct reading *r, const struct yaml_node *root)
{
    if (root->type != YAML_MAP)
        return yaml_error(r->err, ERR_FORMAT, root->place, "the file is to begin with \"ignore:\" and a list of rules");
    for (size_t i = 0; i < root->members.n; i++)
        if (!slice_eq(root->members.v[i].key, SLICE("ignore")))
            return yaml_error(r->err, ERR_FORMAT, root->members.v[i].place, "\"%.*s\" is no key here; there is: ignore",
                              SLICE_ARG(root->members.v[i].key));
    const struct yaml_node *list = yaml_get(root, SLICE("ignore"));
    if (list == NULL || list->type != YAML_LIST)
        return yaml_error(r->err, ERR_FORMAT, root->place, "\"ignore:\" wants a list of rules behind it");
    for (size_t i = 0; i < list->members.n; i++)
        if (!read_rule(r, list->members.v[i].value))
            return false;
    return true;
}

bool ignore_read(struct slice text, struct slice file, int64_t now, const struct limits *limits, struct arena *a,
                 struct ignore_rules *rules, struct error *err)
{
    struct reading r = {now, limits, a, rules, err};
    struct yaml_source source = {.arena = a, .limits = limits};
    const char *name = arena_dup(a, file).p;
    struct yaml_node *root;
    if (!yaml_parse(&source, name, text, false, &root, err))
        return false;
    if (root == NULL)
        return error_set(err, ERR_FORMAT, "%s: the file is empty", name);
    return read_root(&r, root);
}

// ---- fitting --------------------------------------------------------------------------------------------------------

bool ignore_fits(const struct ignore_rule *rule, const struct vex_image *image, const struct inventory_package *p,
                 struct arena *a)
{
    if (slice_starts(rule->package, SLICE("pkg:"))) {
        if (vex_purl_names(rule->package, (struct slice){0}, image, &p->package, a, NULL) != VEX_AGREES)
            return false;
    } else if (rule->package.n != 0 && !purl_same_name(p->package.kind, rule->package, p->package.name)) {
        return false;
    }
    if (rule->version.n != 0 && !slice_eq(rule->version, p->package.version))
        return false;
    return rule->path.n == 0 || fnmatch(rule->path.p, arena_dup(a, p->db).p, 0) == 0;
}
