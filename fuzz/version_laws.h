// The laws that each version scheme's order keeps for any three texts.
#pragma once

#include "fuzz.h"
#include "version/version.h"

static inline int sign_of(int order)
{
    return (order > 0) - (order < 0);
}

// The texts are the input's first line, its second, and the rest, whose end is the end of the allocated bytes.
static inline void expect_version_laws(const struct version_scheme *scheme, const uint8_t *data, size_t size)
{
    struct slice texts[3], rest;
    slice_cut(slice_of((const char *)data, size), '\n', &texts[0], &rest);
    slice_cut(rest, '\n', &texts[1], &texts[2]);
    int order[3][3];
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < 3; j++)
            order[i][j] = sign_of(scheme->compare(texts[i], texts[j]));
        scheme->valid(texts[i]);
    }
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++)
            for (size_t k = 0; k < 3; k++) {
                bool ascends = order[i][j] <= 0 && order[j][k] <= 0;
                bool strictly = order[i][j] < 0 || order[j][k] < 0;
                if (order[i][j] != -order[j][i] || (ascends && order[i][k] != -(int)strictly))
                    abort();
            }
}
