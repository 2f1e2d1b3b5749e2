// Who has logged in to the web page. A session is a cookie that only this service, or a node with the same key, can
// have made; nothing is kept of it here, so nodes need not share anything and a restart logs nobody out.
#pragma once

#include "service/service.h"

#define SESSION_TEXT 256

// Of a cookie that came: when it ends, and the text that forms which change something must have with them.
struct session {
    bool valid;
    char form_token[SESSION_TEXT];
};

// False without authentication: then everybody may read, and there is nothing to log in to.
bool session_wanted(const struct service *service);

// The session of a request; not valid when there is none, or it has ended.
struct session session_of(const struct service *service, const struct web_request *request);

// Sets a cookie for a session that ends with `until` (seconds) or after the limit page_session_seconds, or removes it.
bool session_begin(const struct service *service, const struct web_request *request, struct web_response *response,
                   int64_t until, struct error *err);
void session_end(const struct service *service, const struct web_request *request, struct web_response *response);

// Before there is a session the form to log in is tied to the browser by a cookie of its own. `token` is for the form.
bool session_offer(const struct service *service, const struct web_request *request, struct web_response *response,
                   char token[static SESSION_TEXT], struct error *err);
bool session_offered(const struct service *service, const struct web_request *request, struct slice token);

// Is the token that of the session's forms? In a time that says nothing about where they differ.
bool session_form(const struct session *session, struct slice token);

// Does a request that changes something come from a page of ours? Browsers say in Sec-Fetch-Site or Origin where it
// comes from.
bool session_same_origin(const struct web_request *request);
