// The web page: what is indexed and what is known of it, for people. Server-rendered; nothing is fetched from
// elsewhere, and reading needs no script.
//
// One page a file, which writes HTML into the answer (page.h has the frame of all of them, html.h the pieces); ui.c has
// the table. Pages read through a view of the service, as the API's handlers do, and change nothing.
#pragma once

#include "http/server.h"

// For service_run; ends with a path that is NULL.
extern const struct web_route ui_routes[];
