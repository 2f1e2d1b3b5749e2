// Platforms of multi-platform images: operating system, architecture and variant in Go's words ("linux/arm/v7"), as the
// platform objects of OCI image indexes and Docker manifest lists carry them.
//
// Which words mean the same, and which variant stands in for which, follows containerd's platforms package.
#pragma once

#include "base/arena.h"
#include "base/error.h"

// Lower case, normalised; an empty variant is the architecture's usual one.
struct platform {
    struct slice os, arch, variant;
};

// Reads "os/arch[/variant]"; NULL is linux on this machine's architecture. ERR_USAGE for anything else.
bool platform_parse(const char *text, struct arena *a, struct platform *platform, struct error *err);

// The platform that a document's words mean. Slices may point to the words given.
struct platform platform_of(struct arena *a, struct slice os, struct slice arch, struct slice variant);

// How well an image for `have` serves who asked for `wanted`: 0 not at all, else the more the better.
unsigned platform_rank(const struct platform *wanted, const struct platform *have);

// "os/arch[/variant]", for people.
struct slice platform_text(struct arena *a, const struct platform *platform);
