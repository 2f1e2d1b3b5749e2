// References to images in registries: "nginx", "ghcr.io/org/app:1.2", "localhost:5000/x@sha256:…".
//
// The grammar is that of the distribution project's reference package (distribution-spec, "Pulling manifests"), the
// defaults are Docker's: docker.io, library/, latest.
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"

struct reference {
    struct slice domain;  // "docker.io", "localhost:5000"
    struct slice path;    // "library/nginx"
    struct slice tag;     // empty only where there is a digest
    struct digest digest; // empty text: none; else it counts, and the tag says nothing
};

// ERR_FORMAT says what is wrong; ERR_UNSUPPORTED for a digest of an unknown algorithm.
bool reference_parse(struct slice text, struct arena *a, struct reference *reference, struct error *err);

// The same from parts that somebody else tells apart: a registry's host, a repository there in full, and, both of which
// may be empty, a tag and a digest. ERR_FORMAT. Slices point to what was given.
bool reference_of(struct slice host, struct slice path, struct slice tag, const struct digest *digest,
                  struct reference *reference, struct error *err);

// Can it be a registry's host before a repository: one with a dot or a port, or localhost?
bool reference_is_host(struct slice host);

// Its repository in full: "docker.io/library/nginx".
struct slice reference_repository(struct arena *a, const struct reference *reference);

// In full: "docker.io/library/nginx:latest".
struct slice reference_text(struct arena *a, const struct reference *reference);
