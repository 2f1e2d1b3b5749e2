// What Harbor sends: requests for scans, and ids of scans. Nothing is both refused and silent, what is taken names an
// image and a registry and no more, and an id says what it was made of.
#include "fuzz.h"

#include "service/harbor.h"

static void fail_unless(bool ok)
{
    if (!ok)
        abort();
}

static bool is_within(struct slice s, const char *letters)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\0' || strchr(letters, s.p[i]) == NULL)
            return false;
    return true;
}

#define SMALL "abcdefghijklmnopqrstuvwxyz0123456789"
#define LARGE "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static void check_artifact(const struct harbor_artifact *artifact, struct arena *a)
{
    struct harbor_artifact again;
    struct slice id = harbor_id(artifact, a);
    fail_unless(artifact->repository.n != 0 && is_within(artifact->repository, SMALL "._-/"));
    fail_unless(slice_find_slice(artifact->repository, SLICE("..")) < 0 && artifact->repository.p[0] != '/');
    fail_unless(is_within(artifact->tag, SMALL LARGE "._-") && artifact->digest.text[0] != '\0');
    fail_unless(is_within(id, SMALL LARGE "._~-"));
    fail_unless(harbor_id_parse(id, a, &again));
    fail_unless(slice_eq(again.repository, artifact->repository) && slice_eq(again.tag, artifact->tag));
    fail_unless(digest_eq(&again.digest, &artifact->digest) && strcmp(again.mime_type, artifact->mime_type) == 0);
}

static void check_authorization(const struct secret *authorization)
{
    struct slice text = secret_reveal(authorization);
    fail_unless(slice_starts(text, SLICE("Basic ")) || slice_starts(text, SLICE("Bearer ")));
    for (size_t i = 0; i < text.n; i++)
        fail_unless(text.p[i] >= ' ' && text.p[i] <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of((const char *)data, size);
    struct arena a ARENA_AUTO = {0};
    struct harbor_request request;
    struct harbor_artifact artifact;
    struct error err = {0};
    if (harbor_id_parse(text, &a, &artifact))
        check_artifact(&artifact, &a);
    if (!harbor_request_parse(text, &a, &request, &err)) {
        fail_unless(err.code != ERR_NONE && err.text[0] != '\0' && request.pull.authorization == NULL);
        return 0;
    }
    struct pull pull PULL_AUTO = request.pull;
    check_artifact(&request.artifact, &a);
    fail_unless(pull.reference.domain.n != 0 && slice_find(pull.reference.domain, '/') < 0);
    fail_unless(slice_find(pull.reference.domain, '@') < 0 && !(pull.plain && pull.unverified));
    if (pull.authorization != NULL)
        check_authorization(pull.authorization);
    return 0;
}
