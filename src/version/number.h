// What version schemes share: numbers of any length.
#pragma once

#include "base/slice.h"

// Compares runs of decimal digits as the numbers that they write: negative, zero or positive. An empty run is 0.
int compare_numbers(struct slice a, struct slice b);
