// Images whose layers come over the network.
#pragma once

#include "image/registry.h"
#include "image/source.h"

// The image that a reference names. The settings must outlive the image.
bool registry_image_open(struct opening *o, const struct registry_settings *settings, const struct reference *reference,
                         struct error *err);

// The digest of what a tag names now, by the registry's word alone and in one cheap request (HEAD). False where it does
// not say so: who needs to know why asks for all of it.
bool registry_image_named(const struct registry_settings *settings, const struct reference *reference,
                          struct digest *named);

// All images that it names.
bool registry_image_list(struct opening *o, const struct registry_settings *settings, const struct reference *reference,
                         struct image_listing *listing, struct error *err);
