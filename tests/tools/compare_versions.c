// Compares versions for the tests that ask a reference implementation: `compare_versions SCHEME` reads pairs "A\tB",
// one a line, and answers each with a line "ORDER VALID VALID": -1, 0 or 1, and whether A and B are valid (1 or 0).
#include "version/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    const struct version_scheme *scheme = argc == 2 ? version_scheme_named(slice_str(argv[1])) : NULL;
    if (scheme == NULL) {
        fprintf(stderr, "usage: compare_versions SCHEME, which is one of:");
        for (size_t i = 0; version_schemes[i] != NULL; i++)
            fprintf(stderr, " %s", version_schemes[i]->name);
        fprintf(stderr, "\n");
        return 2;
    }
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    while ((n = getline(&line, &room, stdin)) > 0) {
        struct slice pair = slice_of(line, (size_t)n - (line[n - 1] == '\n')), a, b;
        if (!slice_cut(pair, '\t', &a, &b)) {
            fprintf(stderr, "compare_versions: no tab in \"%.*s\"\n", SLICE_ARG(pair));
            return 2;
        }
        int order = scheme->compare(a, b);
        printf("%d %d %d\n", (order > 0) - (order < 0), scheme->valid(a), scheme->valid(b));
    }
    free(line);
    return 0;
}
