// What several outputs say alike of an image and a finding, and foreign text in the forms that they need.
#pragma once

#include "base/buf.h"
#include "match/report.h"

// Takes the next of blank-separated words off `rest`. False at the end.
bool words_next(struct slice *rest, struct slice *word);

// What the image is called: as the user named it, else its digest. Never empty.
struct slice words_image(const struct report *report);

// The same without what changes from one run to the next: the repository of an image in a registry, without tag and
// digest; of others the file's or folder's own name. In the arena; never empty.
struct slice words_repository(struct arena *a, const struct report *report);

// "Debian GNU/Linux 12 (bookworm)", "alpine 3.18", "unknown distribution"; in the arena or the report.
struct slice words_distribution(struct arena *a, const struct distribution *distribution);

// The digest of the layer that brought the package; empty when it is not known.
struct slice words_layer(const struct stored_image *image, const struct inventory_package *package);

// The package of a finding.
const struct inventory_package *words_package(const struct report *report, const struct report_finding *finding);

// What to do about a finding, as a sentence: "Update libssl3 to 3.0.9-1 (version of the source package openssl)."
struct slice words_advice(struct arena *a, const struct report *report, const struct report_finding *finding);

// Appends text as a path in a URI reference (RFC 3986): everything but unreserved characters and '/' as %XX.
void words_add_path(struct buf *out, struct slice path);

// Appends text so that Markdown (CommonMark, GitHub's and GitLab's) shows it as it is, in one paragraph: what marks up
// is escaped, blanks and newlines are one blank, and what a terminal would obey is written out.
void words_add_markdown(struct buf *out, struct slice text);

// The SHA-256 of texts; a '\0' parts them, so that "a", "bc" is not "ab", "c".
struct digest words_digest(const struct slice *texts, size_t n);

// A UUID (RFC 9562, version 8) made of that digest: the same of the same texts.
#define WORDS_UUID 37 // with its NUL
void words_uuid(char uuid[static WORDS_UUID], const struct slice *texts, size_t n);
