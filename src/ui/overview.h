// The first page.
#pragma once

#include "http/server.h"

void overview_get(void *service, const struct web_request *request, struct web_response *response);
