// The word that is probably meant by one that is misspelt, of those that there are.
#pragma once

#include "base/slice.h"

// Offer it all words that there are; the first of those that are nearest stays. Slices of who asks and who offers.
struct nearest {
    struct slice asked;
    struct slice best; // empty: none is near enough to be meant
    size_t steps;      // less is wanted
};

struct nearest nearest_to(struct slice asked);
void nearest_offer(struct nearest *n, struct slice word);

// The same for all words of a blank-separated list.
void nearest_offer_list(struct nearest *n, const char *words);

// How a message ends that says that there is no such word: `; is "scan" meant?`, or nothing.
struct nearest_hint {
    char text[96];
};
struct nearest_hint nearest_hint(const struct nearest *n);
