// The list of images.
#pragma once

#include "http/server.h"

void images_get(void *service, const struct web_request *request, struct web_response *response);
