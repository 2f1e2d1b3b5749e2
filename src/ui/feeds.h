// The page of the feeds, and what others show of them.
#pragma once

#include "ui/page.h"

void feeds_get(void *service, const struct web_request *request, struct web_response *response);

// All feeds in a strip: each its name, state and age.
void feeds_add_strip(struct page *page);
