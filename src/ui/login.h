// Handlers of the pages to log in and out.
#pragma once

#include "http/server.h"

void login_get(void *service, const struct web_request *request, struct web_response *response);
void login_post(void *service, const struct web_request *request, struct web_response *response);
void logout_post(void *service, const struct web_request *request, struct web_response *response);
