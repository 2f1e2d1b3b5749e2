#include "service/failures.h"

#include "base/arena.h"

#include <stdlib.h>

struct failure {
    struct digest manifest;
    struct error why;
    struct failure *next;
};

// The place of it in the list, or that behind the last.
static struct failure **find(struct failure **at, const struct digest *manifest)
{
    while (*at != NULL && !digest_eq(&(*at)->manifest, manifest))
        at = &(*at)->next;
    return at;
}

static void drop(struct failure **at)
{
    struct failure *f = *at;
    *at = f->next;
    free(f);
}

void failures_free(struct failures *failures)
{
    while (failures->first != NULL)
        drop(&failures->first);
}

const struct error *failures_find(const struct failures *failures, const struct digest *manifest)
{
    const struct failure *f = failures->first;
    while (f != NULL && !digest_eq(&f->manifest, manifest))
        f = f->next;
    return f != NULL ? &f->why : NULL;
}

void failures_note(struct failures *failures, const struct digest *manifest, const struct error *why)
{
    struct failure *f = must_alloc(sizeof *f), **at = &failures->first;
    failures_forget(failures, manifest);
    *f = (struct failure){.manifest = *manifest, .why = *why, .next = failures->first};
    failures->first = f;
    for (uint64_t kept = 0; *at != NULL && kept < failures->most; kept++)
        at = &(*at)->next;
    while (*at != NULL)
        drop(at);
}

bool failures_forget(struct failures *failures, const struct digest *manifest)
{
    struct failure **at = find(&failures->first, manifest);
    bool found = *at != NULL;
    if (found)
        drop(at);
    return found;
}
