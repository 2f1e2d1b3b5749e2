#include "base/nearest.h"

#include <stdio.h>

#define WORD_BYTES 64 // of the words that are compared; longer ones are never meant

// How many letters have to be added, taken out, changed or swapped with their neighbour to make `a` of `b`; both are
// short (optimal string alignment).
static size_t distance(struct slice a, struct slice b)
{
    size_t rows[3][WORD_BYTES + 1];
    for (size_t j = 0; j <= b.n; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            bool same = a.p[i - 1] == b.p[j - 1];
            size_t least = above[j - 1] + !same;
            least = row[j - 1] + 1 < least ? row[j - 1] + 1 : least;
            least = above[j] + 1 < least ? above[j] + 1 : least;
            bool swapped = i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1];
            row[j] = swapped && second[j - 2] + 1 < least ? second[j - 2] + 1 : least;
        }
    }
    return rows[a.n % 3][b.n];
}

struct nearest nearest_to(struct slice asked)
{
    return (struct nearest){.asked = asked, .steps = asked.n < 5 ? 2 : 4}; // more is another word
}

void nearest_offer(struct nearest *n, struct slice word)
{
    if (word.n == 0 || word.n > WORD_BYTES || n->asked.n == 0 || n->asked.n > WORD_BYTES)
        return;
    size_t steps = distance(n->asked, word);
    if (steps >= n->steps || steps >= word.n) // with every letter changed it is another word, too
        return;
    n->steps = steps;
    n->best = word;
}

void nearest_offer_list(struct nearest *n, const char *words)
{
    struct slice rest = slice_str(words), word;
    while (rest.n != 0) {
        slice_cut(rest, ' ', &word, &rest);
        nearest_offer(n, word);
    }
}

struct nearest_hint nearest_hint(const struct nearest *n)
{
    struct nearest_hint hint = {""};
    if (n->best.n != 0)
        snprintf(hint.text, sizeof hint.text, "; is \"%.*s\" meant?", SLICE_ARG(n->best));
    return hint;
}
