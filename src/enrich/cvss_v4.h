// The scores of CVSS version 4.0's macro vectors.
#pragma once

#include <stdint.h>

// A macro vector is a set of vectors that experts found alike: a level for each of six equivalence classes (EQ1 to
// EQ6), of which 0 is the most severe.
#define CVSS_EQS 6

// By levels, in tenths: the score of the macro vector's most severe vectors. 0 for a level 2 of EQ3 with a level 0 of
// EQ6, which no vector has.
extern const uint8_t cvss_v4_scores[3][2][3][3][3][2];
