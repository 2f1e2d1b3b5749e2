// Scores CVSS vectors for test_cvss.py: each text of standard input that a NUL ends gives one line, "VERSION BASE SCORE
// SEVERITY" with scores in tenths, or "error: " and what is wrong with it.
#include "enrich/cvss.h"

#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    char *text = NULL;
    size_t room = 0;
    ssize_t n;
    while ((n = getdelim(&text, &room, '\0', stdin)) > 0) {
        struct cvss c;
        struct error err;
        if (!cvss_parse(slice_of(text, (size_t)n - 1), &c, &err)) {
            printf("error: %s\n", err.text);
            continue;
        }
        int score = cvss_score(&c);
        printf("%s %d %d %s\n", cvss_version_name(c.version), cvss_base_score(&c), score,
               cvss_severity_name(cvss_severity(c.version, score)));
    }
    free(text);
    return ferror(stdin) != 0;
}
