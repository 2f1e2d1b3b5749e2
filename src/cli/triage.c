#include "cli/triage.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

static bool say(const struct error *err)
{
    log_error("%s", err->text);
    return false;
}

bool session_read_file(const char *path, const char *name, uint64_t limit, struct buf *text, struct error *err)
{
    if (file_read(path, limit, text, err))
        return true;
    if (err->code == ERR_LIMIT)
        return error_set(err, ERR_LIMIT, "%s is larger than %s (%llu)", path, name, (unsigned long long)limit);
    return false;
}

// ---- VEX ------------------------------------------------------------------------------------------------------------

// A stored document that can no longer be read must not hide that it is not obeyed: it ends the command.
static bool read_vex(struct session *s, struct error *err)
{
    const char *path;
    size_t at = 0;
    if (!triage_add_stored(&s->triage, &s->store, &s->cli->limits, NULL, NULL, err))
        return false;
    while ((path = cli_next_value(s->cli, "vex", &at)) != NULL) {
        struct buf text BUF_AUTO = {0};
        if (!session_read_file(path, "vex_bytes", s->cli->limits.vex_bytes, &text, err))
            return false;
        if (!triage_add(&s->triage, slice_str(path), buf_slice(&text), &s->cli->limits, err))
            return error_wrap(err, "%s", path);
    }
    triage_ready(&s->triage);
    return true;
}

// ---- rules ----------------------------------------------------------------------------------------------------------

static bool read_rules(struct session *s, struct error *err)
{
    struct ignore_rules *rules = &s->triage.rules;
    const char *path;
    size_t at = 0;
    while ((path = cli_next_value(s->cli, "ignore", &at)) != NULL) {
        struct buf text BUF_AUTO = {0};
        if (!session_read_file(path, "yaml_bytes", s->cli->limits.yaml_bytes, &text, err))
            return false;
        if (!ignore_read(buf_slice(&text), slice_str(path), clock_now(), &s->cli->limits, &s->triage.arena, rules, err))
            return false;
    }
    for (size_t i = 0; i < rules->n; i++)
        if (rules->v[i].expired)
            log_warn("%.*s: the rule of line %u on %.*s expired on %.*s and is not obeyed", SLICE_ARG(rules->v[i].file),
                     rules->v[i].line, SLICE_ARG(rules->v[i].id), SLICE_ARG(rules->v[i].until));
    return true;
}

bool session_read_triage(struct session *s)
{
    struct error err;
    return (read_vex(s, &err) && read_rules(s, &err)) || say(&err);
}

void session_tell_unused(const struct session *s)
{
    for (size_t i = 0; i < s->triage.rules.n; i++) {
        const struct ignore_rule *rule = &s->triage.rules.v[i];
        if (rule->used == 0)
            log_info("%.*s: the rule of line %u on %.*s fits nothing that was found", SLICE_ARG(rule->file), rule->line,
                     SLICE_ARG(rule->id));
    }
}
