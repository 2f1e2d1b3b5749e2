// The HTTP API: what its handlers share, and the routes that each of its files has. A handler's context is the service.
#pragma once

#include "base/json.h"
#include "service/requests.h"
#include "service/service.h"
#include "store/summaries.h"

// Each ends with a path that is NULL.
extern const struct web_route api_indexer_routes[];
extern const struct web_route api_matcher_routes[];
extern const struct web_route api_harbor_routes[];
extern const struct web_route api_notifier_routes[];
extern const struct web_route api_updates_routes[];
extern const struct web_route api_affected_routes[];
extern const struct web_route api_search_routes[];
extern const struct web_route api_event_routes[];
extern const struct web_route api_image_routes[];
extern const struct web_route api_summary_routes[];

#define API_TYPE_INDEX_REPORT "application/vnd.clair.index_report.v1+json"
#define API_TYPE_PLAIN        "text/plain; charset=utf-8" // of JSON, where Clair leaves its library to guess
#define API_DISALLOWED        "method disallowed: %s"

// What a failure is answered with that is not the request's own: a 500; but where a limit does not allow what was asked
// for, a 413, since asking again is of no use until one of the two is another.
unsigned api_status_of(enum error_code code);

// Answers so. The client and the log learn why.
void api_fail(const struct web_request *request, struct web_response *response, const struct error *err);

// A view for this request, to be given back with views_give. NULL: then it has been answered.
struct view *api_view(struct service *service, const struct web_request *request, struct web_response *response);

// An entity tag as it stands in headers, in the request's arena.
struct slice api_quoted(const struct web_request *request, struct slice tag);

// The digest at the end of the path. False: then a 400 is the answer.
bool api_path_digest(const struct web_request *request, struct digest *digest, struct web_response *response);

// The UUID at `text`, in lower case. False with Clair's words for what is wrong.
bool api_uuid(struct slice text, struct arena *a, struct slice *uuid, struct error *err);

// Our outputs end with a newline, Clair's answers do not.
void api_trim_newline(struct buf *body);

// A time as documents have it, null for 0.
void api_add_time(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int64_t seconds);

// The parameter page_size, else API_PAGE. False: then a 400 is the answer.
#define API_PAGE 100
bool api_page_size(struct service *service, const struct web_request *request, uint64_t *most,
                   struct web_response *response);

// The member "summary" of an image: null as long as it was not judged.
void api_add_summary(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct summarised_image *image);
