// The targets of notifications, as the configuration has them.
#pragma once

#include "notify/target.h"
#include "service/config.h"

struct targets {
    struct target *v;
    size_t n;
};

// Makes all that are configured, in the order of the configuration's documentation; none is no error. The configuration
// must outlive them. The array lives in the arena; the targets are closed by targets_close, also after a failure.
bool targets_from_config(const struct config *config, struct arena *a, struct targets *targets, struct error *err);

void targets_close(struct targets *targets);
#define TARGETS_AUTO __attribute__((cleanup(targets_close)))
