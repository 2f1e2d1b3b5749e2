// The registries of `events.registries`: a map of hosts, each with how it is spoken to.
#include "service/config.h"

#include "http/address.h"
#include "image/platform.h"
#include "image/reference.h"

// A key of a registry: where its value goes.
static const struct registry_key {
    const char *name;
    enum config_type type;
    size_t offset;
} registry_keys[] = {
#define FIELD(name) offsetof(struct config_registry, name)
    {"address", CONFIG_TEXT, FIELD(address)},
    {"insecure", CONFIG_BOOL, FIELD(insecure)},
    {"username", CONFIG_TEXT, FIELD(user)},
    {"password", CONFIG_SECRET, FIELD(password)},
    {"docker_config", CONFIG_FILE, FIELD(docker_config)},
    {"ca_file", CONFIG_FILE, FIELD(ca_file)},
    {"token_host", CONFIG_TEXT, FIELD(token_host)},
    {"allow", CONFIG_TEXTS, FIELD(allow)},
    {"platforms", CONFIG_TEXTS, FIELD(platforms)},
    {0},
#undef FIELD
};

static bool unknown(struct slice name, struct error *wrong)
{
    struct buf list BUF_AUTO = {0};
    for (const struct registry_key *k = registry_keys; k->name != NULL; k++)
        buf_addf(&list, "%s%s", k != registry_keys ? ", " : "", k->name);
    return error_set(wrong, ERR_FORMAT, "there is no such key \"%.*s\"; there are: %.*s", SLICE_ARG(name), (int)list.n,
                     list.p);
}

static bool take_member(const struct yaml_member *m, struct arena *a, struct config_registry *registry,
                        struct error *wrong)
{
    for (const struct registry_key *k = registry_keys; k->name != NULL; k++) {
        if (!slice_eq(m->key, slice_str(k->name)))
            continue;
        return m->value->type == YAML_NULL ||
               config_take_value(k->type, m->value, a, (char *)registry + k->offset, wrong) ||
               error_wrap(wrong, "%s", k->name);
    }
    return unknown(m->key, wrong);
}

static bool check_lists(const struct config_registry *r, struct error *wrong)
{
    struct arena a ARENA_AUTO = {0};
    struct address_rules rules = {0};
    struct platform platform;
    for (size_t i = 0; i < r->allow.n; i++)
        if (!address_rules_add(&rules, &a, r->allow.v[i], wrong))
            return error_wrap(wrong, "allow");
    for (size_t i = 0; i < r->platforms.n; i++)
        if (!platform_parse(r->platforms.v[i].p, &a, &platform, wrong))
            return error_wrap(wrong, "platforms");
    return true;
}

static bool check_together(const struct config_registry *r, struct error *wrong)
{
    if ((r->user.n != 0) != (r->password != NULL))
        return error_set(wrong, ERR_FORMAT, "username and password go together");
    if (r->user.n != 0 && r->docker_config.n != 0)
        return error_set(wrong, ERR_FORMAT, "either username and password, or docker_config");
    if (r->address.n != 0 && !reference_is_host(r->address))
        return error_set(wrong, ERR_FORMAT, "address: must be HOST:PORT or a host with a dot, not \"%.*s\"",
                         SLICE_ARG(r->address));
    return check_lists(r, wrong);
}

bool config_registry_take(const struct yaml_member *m, struct arena *a, struct config_registry *registry,
                          const struct yaml_node **at, struct error *wrong)
{
    *registry = (struct config_registry){.host = m->key};
    *at = m->value;
    if (!reference_is_host(m->key))
        return error_set(wrong, ERR_FORMAT,
                         "\"%.*s\" is no registry's host as references have it: with a dot or a port, or localhost",
                         SLICE_ARG(m->key));
    if (m->value->type == YAML_NULL)
        return true;
    if (m->value->type != YAML_MAP)
        return error_set(wrong, ERR_FORMAT, "must be a map of keys, not %s", yaml_type_name(m->value->type));
    for (size_t i = 0; i < m->value->members.n; i++) {
        *at = m->value->members.v[i].value;
        if (!take_member(&m->value->members.v[i], a, registry, wrong))
            return false;
    }
    *at = m->value;
    return check_together(registry, wrong);
}

void config_registries_free(struct config_registries *registries)
{
    for (size_t i = 0; i < registries->n; i++)
        secret_free(&registries->v[i].password);
}
