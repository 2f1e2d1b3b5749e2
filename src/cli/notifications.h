// What the files of `clarion notifications` share.
#pragma once

#include "cli/command.h"

// Delivers a made-up notification to the configured target of that name, at once and past the queue.
int notifications_test(const struct cli *cli, const char *target);
