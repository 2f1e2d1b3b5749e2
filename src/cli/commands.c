#include "cli/command.h"

extern const struct command command_scan, command_index, command_report, command_images, command_update, command_feeds,
    command_explain, command_advisories, command_diff, command_vex, command_serve, command_check_config,
    command_version, command_completion, command_help, command_where, command_notifications, command_store,
    command_backfill, command_health;

// clang-format off
const struct command *const commands[] = {
    &command_scan,
    &command_index,
    &command_backfill,
    &command_report,
    &command_images,
    &command_update,
    &command_feeds,
    &command_explain,
    &command_where,
    &command_advisories,
    &command_diff,
    &command_vex,
    &command_notifications,
    &command_store,
    &command_serve,
    &command_health,
    &command_check_config,
    &command_version,
    &command_completion,
    &command_help,
    NULL,
};
// clang-format on

struct nearest_hint command_hint(const char *name)
{
    struct nearest nearest = nearest_to(slice_str(name));
    for (size_t i = 0; commands[i] != NULL; i++)
        nearest_offer(&nearest, slice_str(commands[i]->name));
    return nearest_hint(&nearest);
}

const struct command *command_named(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}
