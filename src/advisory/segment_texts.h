// The texts of a segment that is being made: each is kept once, and has a number.
#pragma once

#include "base/arena.h"

// Ids of a segment have 31 bits, so that two of them make one key (segment_format.h).
#define SEGMENT_MOST_TEXTS 0x7ffffff0u

struct segment_texts {
    struct arena arena;
    struct slice *v; // by number; number 0 is the empty text
    size_t n, cap;
    uint32_t *slots; // by hash: 0 is free, else the number plus one
    size_t slots_n;
};

void segment_texts_init(struct segment_texts *t);
void segment_texts_free(struct segment_texts *t);

// The number of a text, which is copied when it is new.
uint32_t segment_text_number(struct segment_texts *t, struct slice text);

// Puts the texts in the order of their bytes. Answers, for each former number, the new one; to be freed. Nothing may be
// added afterwards.
uint32_t *segment_texts_sort(struct segment_texts *t);
