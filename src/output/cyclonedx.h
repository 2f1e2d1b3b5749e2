// CycloneDX, in its parts: the document (cyclonedx.c), and its vulnerabilities (cyclonedx_vulnerabilities.c).
#pragma once

#include "base/json.h"
#include "output/bom.h"

// What refers to things of the document.
#define CYCLONEDX_REF         40
#define CYCLONEDX_IMAGE       "image"
#define CYCLONEDX_VERSION_MAX ((size_t)1024) // characters of a version, by the schema

// "package:7", with the package's id in Clarion's own document.
struct slice cyclonedx_ref(char text[static CYCLONEDX_REF], const char *what, size_t index);

// Adds facts as properties, if there are any.
void cyclonedx_add_properties(yyjson_mut_doc *doc, yyjson_mut_val *object, const bom_facts *facts);

// Adds "vulnerabilities", and gives how many: their refs are "vulnerability:1" and so on.
size_t cyclonedx_add_vulnerabilities(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct report *report,
                                     const struct output_options *options);
