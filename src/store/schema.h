// The store's schema as steps, applied in order; how many have been applied is kept in the database. The steps are the
// files of schema/, embedded by the build. A step that has been released is never edited: a change is a new step.
#pragma once

struct schema_step {
    const char *name; // "0001_inventory"
    const char *sql;
};

// Terminated by a step without a name.
extern const struct schema_step schema_steps[];
