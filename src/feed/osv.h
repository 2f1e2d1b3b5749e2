// Archives of OSV records: what is common to all sources of the OSV bucket.
#pragma once

#include "feed/feed.h"
#include "version/version.h"

// What is particular to an ecosystem.
struct osv_ecosystem {
    const char *name;  // as "package.ecosystem" has it before a ':': "PyPI", "AlmaLinux"
    const char *scope; // of its records. NULL: that of the file, "almalinux:8" for the ecosystem "AlmaLinux:8" alone
    const char *kind;  // of its packages in inventories, by which their names are spelled
    const struct version_scheme *scheme;

    // The records are notices of a distribution's vendor: each of the CVEs that one tells of is a vulnerability, its
    // packages are rpm's, and may be of modules.
    bool notices;
    bool of_source; // the names are those of source packages

    // The ids that are read begin so, and go by what follows: "UBUNTU-". NULL: all ids are read as they are.
    const char *id_prefix;

    // Where the releases are told package by package: sets the scope of a record, in the arena, by an ecosystem's whole
    // name and the package URL. Answers why the package is left out, a literal, else NULL.
    const char *(*place)(struct arena *a, struct slice ecosystem, struct slice purl, struct advisory *record);
};

// Reads a file of the bucket, all.zip of an ecosystem, from input->file.
bool osv_parse(struct feed_input *input, const struct osv_ecosystem *ecosystem, struct error *err);

// Reads a tar archive of such records from input->body.
bool osv_parse_tar(struct feed_input *input, const struct osv_ecosystem *ecosystem, struct error *err);
