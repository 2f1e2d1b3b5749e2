// Package URLs: pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS#SUBPATH.
//
// Source: the package-url specification (ECMA-427) and its definitions of types. Qualifiers that it does not define but
// that tools agree on are distro (ID-VERSION of a distribution's release), upstream (the source package, NAME or
// NAME@VERSION) and rpmmod (rpm's modularity label).
#pragma once

#include "inventory/inventory.h"

struct purl_qualifier {
    struct slice key, value;
};

#define PURL_QUALIFIERS ((size_t)32) // more of them are no package URL that any tool writes

// Decoded: no percent signs. The parts of namespace and subpath are separated by slashes; none is an empty slice.
struct purl {
    struct slice type, space, name, version, subpath;
    struct purl_qualifier qualifiers[PURL_QUALIFIERS]; // ordered by key
    size_t qualifiers_n;
};

// Reads a package URL. Forgives what tools get wrong and what has one meaning only (a type in upper case, "pkg://", an
// '@' of a scope that is not encoded), and brings the parts into their types' normal form. The purl's slices point into
// the arena. ERR_FORMAT: it is none.
bool purl_parse(struct slice text, struct arena *a, struct purl *purl, struct error *err);

// The canonical text, in the arena.
struct slice purl_write(struct arena *a, const struct purl *purl);

// The value of a qualifier, empty when it has none.
struct slice purl_qualifier(const struct purl *purl, const char *key);

// The package that a package URL names: kind, name, version, architecture, source and module, in the arena. False: its
// type is of no kind that Clarion knows. A missing version gives an empty one.
bool purl_package(struct arena *a, const struct purl *purl, struct package *package);

// The distribution that a package of one was made for, as far as the purl tells: id and version or code name.
void purl_distribution(struct arena *a, const struct purl *purl, struct release_file *release);

// The os-release ID of a distribution that another tool calls by this name, in whatever case: "RedHat" is "rhel". The
// name itself in lower case, in the arena, when no other is known.
struct slice purl_distribution_id(struct arena *a, struct slice name);

// The spelling under which a package's registry keeps a name that may be written in several: a Python project's as PEP
// 503 has it, in lower case for NuGet and Packagist. The name itself where there is but one.
struct slice purl_lookup_name(struct arena *a, struct slice kind, struct slice name);

// Are these the same name of a package of that kind, but for how it is written?
bool purl_same_name(struct slice kind, struct slice name, struct slice other);
