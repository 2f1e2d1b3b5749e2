// The page of the search box, which asks what `clarion where` asks, and for images.
#pragma once

#include "http/server.h"

void search_get(void *service, const struct web_request *request, struct web_response *response);
