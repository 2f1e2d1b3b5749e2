// The two texts of a Java archive that tell what it is: its manifest, and Maven's pom.properties.
#pragma once

#include "base/arena.h"
#include "base/slice.h"

// The main attributes of META-INF/MANIFEST.MF that say something about the archive's name and version; an absent one is
// empty.
struct java_manifest {
    struct slice title, vendor_id, version;            // Implementation-…
    struct slice symbolic_name, bundle_version;        // Bundle-…, without directives: OSGi
    struct slice module_name;                          // Automatic-Module-Name
    struct slice specification_version;                //
    struct slice group_id, short_name, plugin_version; // of a Jenkins plugin
    bool ended;                                        // the main section is there to its end
};

// Reads the main section, folded lines unfolded (JAR File Specification, "Name-Value pairs and Sections"). The values
// live in the arena.
void java_read_manifest(struct slice text, struct arena *a, struct java_manifest *manifest);

// What Maven calls a project: its coordinates.
struct java_coordinates {
    struct slice group, artifact, version;
};

// Reads groupId, artifactId and version of a pom.properties (java.util.Properties). A value that cannot be one, such as
// a placeholder that nothing replaced, counts as absent. The values live in the arena.
struct java_coordinates java_read_properties(struct slice text, struct arena *a);

// Letters, digits and "-_.+": what names and versions in coordinates are made of.
bool java_is_plain(struct slice word);
