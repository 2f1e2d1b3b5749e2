// The pages of the notifications: all of them, and the items of one.
#pragma once

#include "http/server.h"

void notifications_get(void *service, const struct web_request *request, struct web_response *response);
void notification_get(void *service, const struct web_request *request, struct web_response *response);
