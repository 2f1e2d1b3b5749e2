// The service: what its listeners share, and their routes.
#pragma once

#include "http/server.h"
#include "http/tries.h"
#include "service/cache.h"
#include "service/config.h"
#include "service/events.h"
#include "service/gauges.h"
#include "service/indexing.h"
#include "service/metrics.h"
#include "service/notifier.h"
#include "service/summarising.h"
#include "service/telemetry.h"
#include "service/views.h"

#include <pthread.h>
#include <stdatomic.h>

// What a process does. Clair's modes are one of them each, or all ("combo").
enum service_role { ROLE_INDEXER = 1, ROLE_MATCHER = 2, ROLE_NOTIFIER = 4 };
#define ROLES_ALL (ROLE_INDEXER | ROLE_MATCHER | ROLE_NOTIFIER)

// The roles of a mode. Case does not count. False for anything else.
bool service_mode_parse(struct slice text, unsigned *roles);

struct service {
    const struct config *config;
    const struct web_route *routes; // of the API
    struct views *views;
    struct indexing *indexing;       // NULL without that role
    struct events *events;           // likewise
    bool loopback;                   // the API is reached from this machine only
    struct digest scanners;          // and the indexer's limits: its state
    char index_state[33];            // as the API tells it: changes with what the scanners find
    struct notifier *notifier;       // NULL without that role
    struct summarising *summarising; // NULL without the matcher's role
    struct metrics *metrics;
    struct gauges *gauges; // of the store
    struct telemetry *telemetry;
    struct cache *reports; // by their tags
    struct tries *logins;  // to the web page, in vain
    int64_t started;
    atomic_bool ready;
    atomic_ullong diffs; // of updates, that are being sent
    pthread_mutex_t lock;
    struct web_server *api; // under the lock, for its load; NULL while there is none
};

// The routes of the API of these roles (api.c) with those of `pages`, which make reports and so go with the matcher;
// and of the introspection listener, whose /metrics is at config->metrics_endpoint (introspection.c). Their context is
// the service.
const struct web_route *api_routes(unsigned roles, const struct web_route *pages, struct arena *a);
struct web_route *introspection_routes(const struct config *config, struct arena *a);

// For struct web_options.
void service_observe(void *service, const struct web_route *route, struct slice method, unsigned status,
                     double seconds);

// Tells all metrics (introspection.c).
void service_tell(void *service, struct metric_sink *sink);

// Serves until a signal says so (SIGINT, SIGTERM). `pages`: routes of what stands on top of the service (src/ui), which
// end with a path that is NULL; `home`: of the store.
bool service_run(const struct config *config, unsigned roles, const struct web_route *pages, struct store_home *home,
                 struct error *err);

// The OpenAPI document of the API (openapi.json).
extern const char openapi_document[];
extern const size_t openapi_document_n;
