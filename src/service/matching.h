// The reports that the service gives, whoever's API they are asked for by, and what the configuration leaves out of
// them: Clair's matchers.names, matchers.config.rhel.ignore_unpatched and matcher.disable_enrichment.
#pragma once

#include "match/report.h"
#include "service/config.h"

// Is this one of Clair's names of matchers ("debian-matcher"), or of ours?
bool matching_knows(struct slice name);

struct service;
struct view;
struct web_request;

// Reads the image with that manifest into the request's arena. ERR_NOT_FOUND: it is not in the store.
struct stored_image *matching_image(struct view *view, const struct digest *manifest, const struct web_request *request,
                                    struct error *err);

// Makes the report of the image: restricted as the configuration says, the view's VEX documents obeyed. It is timed,
// and traced as a part of the request, in whose arena all that it has lives. ERR_STORE, too, when no feed was ever
// loaded.
bool matching_report(struct service *service, struct view *view, struct stored_image *image,
                     const struct web_request *request, struct report *report, struct error *err);

// Makes a report of which the inventory alone counts: no feed need ever have been loaded. ERR_STORE.
bool matching_inventory(struct view *view, struct stored_image *image, const struct web_request *request,
                        struct report *report, struct error *err);

// The one of these that can be had: for answers about an image that are not of what was found alone. Without any feed
// the report says of each package that it is not judged.
bool matching_what_is_known(struct service *service, struct view *view, struct stored_image *image,
                            const struct web_request *request, struct report *report, struct error *err);

// Takes what the configuration leaves out of a report that was made, before VEX documents are obeyed: for
// notifications, which follow the reports.
void matching_restrict(const struct config *config, struct report *report);

// Adds what tells reports apart that different configurations restrict.
void matching_write(const struct config *config, struct buf *out);
