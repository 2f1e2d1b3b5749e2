// The kinds of targets, each by itself in a file: adding one is that file, its settings, and one line in targets.c.
#pragma once

#include "notify/settings.h"
#include "notify/target.h"

struct target_maker {
    const char *name; // of its section below `notifier`
    bool (*configured)(const struct target_settings *settings);
    // Makes one of what is configured. Nothing is connected to. ERR_IO, ERR_FORMAT for what the system or a library
    // does not take.
    bool (*make)(const struct target_parts *parts, struct target *target, struct error *err);
};

extern const struct target_maker *const target_makers[]; // ends with NULL
