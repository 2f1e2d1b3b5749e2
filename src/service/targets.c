#include "service/targets.h"

#include "notify/targets.h"

bool targets_from_config(const struct config *config, struct arena *a, struct targets *targets, struct error *err)
{
    const struct target_parts parts = {
        .settings = &config->targets,
        .limits = &config->limits,
        .key = config->psk_key,
        .allow = &config->fetch_allow,
    };
    size_t kinds = 0;
    while (target_makers[kinds] != NULL)
        kinds++;
    *targets = (struct targets){ARENA_NEW(a, struct target, kinds), 0};
    for (size_t i = 0; i < kinds; i++) {
        if (!target_makers[i]->configured(&config->targets))
            continue;
        if (!target_makers[i]->make(&parts, &targets->v[targets->n], err))
            return error_wrap(err, "notifier.%s", target_makers[i]->name);
        targets->n++;
    }
    return true;
}

void targets_close(struct targets *targets)
{
    for (size_t i = 0; i < targets->n; i++)
        targets->v[i].kind->close(targets->v[i].state);
    targets->n = 0;
}
