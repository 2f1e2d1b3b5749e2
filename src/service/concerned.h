// Which images the vulnerabilities of Clair's documents concern: those whose reports hold them.
//
// A record that the feeds have now concerns the images in whose reports it stands, found as `clarion where` finds them.
// Whoever asks may also hold one that was taken back, or that another service has: it is judged by itself, and what the
// distribution says of its own packages, VEX documents and the configuration count for it all the same.
#pragma once

#include "service/config.h"
#include "service/views.h"
#include "service/vulnerabilities.h"

// A vulnerability of the list, by its index, and the row of an image that it concerns. Several packages of the image
// may have it: then it is told of several times.
typedef bool concerned_fn(void *context, size_t vulnerability, int64_t image, struct error *err);

bool concerned_images(struct view *view, const struct config *config, const struct posted_vulnerability *list, size_t n,
                      concerned_fn *each, void *context, struct error *err);
