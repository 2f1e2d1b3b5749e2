// Paths inside an image's root, by their letters alone: no file system is asked, no link is followed.
#pragma once

#include "base/buf.h"
#include "base/slice.h"

// Brings a member's name into the form "a/b/c" (no leading or trailing slash, no empty, "." or ".." part; the root is
// ""), appended to `out`. False when it climbs out of the root; `out` then ends in the middle.
//
// Container runtimes clean a name before they look whether it leaves the root (Go's filepath.Clean, then a check of the
// prefix: containerd pkg/archive, moby pkg/archive), so "a/../b" is "b", "/../b" is "b" and "../b" is refused.
bool path_clean(struct slice name, struct buf *out);

// Where a symbolic link at `link` leads with `target`, appended to `out`; ".." at the root stays there, as it does for
// a process whose root this is.
void path_of_target(struct slice link, struct slice target, struct buf *out);
