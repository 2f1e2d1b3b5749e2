// Which images' summaries something new concerns.
#pragma once

#include "service/config.h"
#include "service/views.h"

// Compares what the view judges by with what summaries were made by, and has those groups of images judged again whose
// summaries may be others now (store_summary_change); does nothing where it is the same. After an update of a feed
// these are the groups with a package of which the feed says something else than before; where more has changed, as the
// VEX documents, the program or its configuration, or where a feed came or went, all groups are. *changed: something
// was new.
bool changes_ask(const struct config *config, struct view *view, struct digest *made_by, bool *changed,
                 struct error *err);
