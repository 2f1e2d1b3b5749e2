// What a Java archive is that carries no pom.properties of its own.
#pragma once

#include "scan/java_texts.h"

// All that an archive tells about itself.
struct java_evidence {
    struct slice path;                    // of the file, or of the member of an outer archive
    const struct java_manifest *manifest; // all empty when there is none
    struct slice pom_group, pom_artifact; // of META-INF/maven/GROUP/ARTIFACT/pom.xml, when there is just one
    struct slice package;                 // the folder that all classes are in: "org/springframework"; or empty
};

// A file name without its folder and extension, split into NAME and VERSION: "h2-1.4.200". Classifiers
// ("-sources", "-linux-x86_64") belong to neither. Without a version the artifact is all of it.
struct java_coordinates java_split_name(struct slice path, const struct java_manifest *manifest);

// The coordinates, as far as they can be told; group and version may stay empty. docs/scanners.md has the rules.
struct java_coordinates java_identify(const struct java_evidence *evidence, struct arena *a);
