// Completion scripts: what may stand where, as the tables of commands say it; how a shell is told is in a file for
// each.
#pragma once

#include "base/buf.h"
#include "cli/command.h"

enum completion_kind {
    COMPLETE_NOTHING, // that could be listed
    COMPLETE_FILES,
    COMPLETE_FOLDERS,
    COMPLETE_WORDS,
    COMPLETE_TARGETS, // the kinds of TARGET, and files
    COMPLETE_IMAGES,  // the digests that `clarion images` lists
};

// What a value or an argument may be.
struct completion {
    enum completion_kind kind;
    const char *words; // of COMPLETE_WORDS, blank-separated
};

// The words that are not in a command's own table.
struct completion_words {
    struct buf commands, feeds;
};

#define COMPLETION_KINDS "docker-archive: oci: oci-archive: dir: sbom: registry:"

struct completion completion_of_option(const struct option_spec *option, const struct completion_words *words);

// The first argument of a command, and those behind it.
struct completion completion_of_first(const struct command *command, const struct completion_words *words);
struct completion completion_of_others(const struct command *command, const struct completion_words *words);

void completion_bash(const struct completion_words *words, struct buf *out);
void completion_zsh(const struct completion_words *words, struct buf *out);
void completion_fish(const struct completion_words *words, struct buf *out);
