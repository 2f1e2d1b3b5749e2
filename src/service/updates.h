// Which feeds the service keeps up to date, and the thread that does so.
#pragma once

#include "service/config.h"

struct feed;

// The names under which Clair's configuration knows its updaters: "alpine", "rhel-vex", … True for these, and for the
// names of feeds.
bool updates_known_set(struct slice set);

// Does the configuration ask for this feed?
bool updates_wanted(const struct config *config, const struct feed *feed);

// Does any feed of this version belong to a set?
bool updates_have_set(struct slice set);

struct updates;
struct service;

// Starts the thread: it runs every feed that is wanted, one after the other, at once and then every matcher_period of
// the configuration, moved by up to a tenth of it in either direction so that the clients of an upstream spread out.
// With updaters_disabled there is no thread. `service` and `home` (of the store) must live as long.
struct updates *updates_start(const struct service *service, struct store_home *home);

// Asks it to end after the feed that is running, and waits for that. Harmless for NULL.
void updates_stop(struct updates **updates);
