// The layer pass: one walk over a layer's archive that captures the files that scanners want and lets them read.
#pragma once

#include "base/arena.h"
#include "base/limits.h"
#include "base/reader.h"
#include "inventory/package.h"
#include "scan/scanner.h"

// Reads an uncompressed archive to its end. True: all of it was read. False: ERR_FORMAT or ERR_LIMIT, and `findings`
// has what was found up to there. What single members hold that could not be read becomes a skip, never an error.
// Everything in `findings` lives in the arena.
bool capture_layer(struct reader *archive, enum scan_subject subject, const struct limits *limits, struct arena *a,
                   struct findings *findings, struct error *err);
