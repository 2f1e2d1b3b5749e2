// The index of a repository of rpm packages, as createrepo writes it: which files describe it, and their digests.
//
// Form: repomd.xml, of http://linux.duke.edu/metadata/repo: <repomd><data type="updateinfo"><checksum
// type="sha256">…</checksum><location href="repodata/updateinfo.xml.gz"/>…</data></repomd>.
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/limits.h"

struct repomd_file {
    struct slice location; // below the repository, in the arena
    struct digest digest;  // of the file as it stands there
};

// Finds the file of a type. ERR_NOT_FOUND when there is none; ERR_UNSUPPORTED for a digest that is no sha256 or sha512;
// ERR_FORMAT for what is no such index, and for a file without a digest or not below the repository.
bool repomd_find(struct slice text, const char *type, const struct limits *limits, struct arena *a,
                 struct repomd_file *out, struct error *err);
