// What a layer worker says to its parent, who takes it for hostile: the worker may have been taken over by the layer.
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "inventory/package.h"

struct worker_answer {
    bool complete; // the layer was read to its end
    struct error
        problem; // else: ERR_FORMAT, ERR_UNSUPPORTED or ERR_LIMIT of the layer, or ERR_IO when it could not begin
    struct findings findings;   //
    struct slice findings_json; //
};

// The most bytes that an answer may take.
uint64_t worker_answer_most(const struct limits *limits);

// Writes findings and, unless `problem` is NULL, why they are not complete.
void worker_answer_encode(const struct findings *findings, const struct error *problem, struct buf *out);

// The answer's slices live in the arena. ERR_FORMAT for anything that worker_answer_encode would not have written.
bool worker_answer_decode(struct slice bytes, struct arena *a, const struct limits *limits,
                          struct worker_answer *answer, struct error *err);
