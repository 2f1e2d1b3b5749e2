// Between redhat.c, which judges rpm packages, and redhat_container.c, which judges images as a whole: both by Red
// Hat's VEX documents.
#pragma once

#include "base/buf.h"
#include "match/matcher.h"

extern const struct matcher matcher_redhat, matcher_redhat_container;

enum severity redhat_severity(const struct advisory *record);
struct slice redhat_links(struct arena *a, const struct advisory *record);
void redhat_clair(struct arena *a, const struct advisory *record, struct match_clair *value);
struct slice redhat_clair_updater(struct arena *a, struct slice scope);
