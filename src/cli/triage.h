// What a session obeys on findings: the VEX documents of the store, those of --vex, and the rules of --ignore.
#pragma once

#include "cli/session.h"

// Reads a file that a user named, of at most the limit called `name`.
bool session_read_file(const char *path, const char *name, uint64_t limit, struct buf *text, struct error *err);

// Reads all of it into the session. False: the message has been written.
bool session_read_triage(struct session *s);

// Tells, for those who want to hear more, which rules fitted nothing.
void session_tell_unused(const struct session *s);
