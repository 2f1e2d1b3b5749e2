// What a registry says that it has: its repositories, and the tags of each.
//
// Sources: OCI distribution-spec, "Listing Tags"; the distribution project's API, "Listing Repositories" (_catalog).
// Both come in pages; a Link names the next one, of which only the path on the same host counts.
#pragma once

#include "image/registry.h"

// Told of each name, in the registry's order. False ends the list with the error that it has set. The name is
// terminated, and valid until it returns.
typedef bool registry_name_fn(void *context, struct slice name, struct error *err);

// The repositories of a registry ("team/app"). ERR_NOT_FOUND, ERR_NETWORK and so on where it has no catalog, or none
// for us; ERR_LIMIT (list_pages, list_names), ERR_FORMAT, ERR_REFUSED for a next page on another host.
bool registry_list_repositories(const struct registry_settings *settings, struct slice host, registry_name_fn *each,
                                void *context, struct error *err);

// The tags of a repository: the reference's, whose tag and digest do not matter.
bool registry_list_tags(const struct registry_settings *settings, const struct reference *repository,
                        registry_name_fn *each, void *context, struct error *err);
