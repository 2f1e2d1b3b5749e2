// What is counted of a report: the summary of an image.
#pragma once

#include "service/config.h"
#include "service/views.h"
#include "store/summaries.h"

// Counts what the report of the view says of the images of a group, as reports of the service do: restricted as the
// configuration says, the view's VEX documents obeyed. Where these speak of what was found, each image is asked: then
// the result has one summary for each. A group that no image is of any more has none. All of it lives in the arena.
bool figures_of_group(const struct config *config, struct view *view, const struct summary_group *group,
                      struct arena *a, struct summary_result *out, struct error *err);
