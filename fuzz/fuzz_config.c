// Configurations: two documents, of which the second is a merge patch or a JSON patch for the first. Errors have a
// text, and what was refused was counted.
#include "fuzz.h"

#include "service/config.h"

// libfyaml 0.7.12 does not free what it has read of some documents that it refuses.
const char *__lsan_default_suppressions(void); // NOLINT(bugprone-reserved-identifier): the sanitizer's name
const char *__lsan_default_suppressions(void)  // NOLINT(bugprone-reserved-identifier)
{
    return "leak:libfyaml";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a ARENA_AUTO = {0};
    struct limits limits = limits_default();
    limits.yaml_nodes = 10000;
    struct slice text = slice_of((const char *)data, size), first, second;
    slice_cut(text, '\0', &first, &second);

    struct config_check check CONFIG_AUTO = {0};
    bool ok = config_load_text(first, &limits, &a, &check);
    if (ok != (check.errors == 0))
        abort();
    struct buf out BUF_AUTO = {0};
    for (size_t i = 0; i < check.problems.n; i++)
        config_problem_write(&check.problems.v[i], &out);
    config_write(&check, &out);

    struct yaml_source s = {.arena = &a, .limits = &limits};
    struct yaml_node *root, *patch;
    struct error err = {0};
    if (!yaml_parse(&s, "a", first, false, &root, &err) || !yaml_parse(&s, "b", second, true, &patch, &err)) {
        if (err.code == ERR_NONE || err.text[0] == '\0')
            abort();
        return 0;
    }
    if (root == NULL || patch == NULL)
        return 0;
    if (patch->type == YAML_LIST)
        yaml_patch(&s, &root, patch, &err);
    else
        yaml_merge(&s, root, patch);
    if (s.nodes > limits.yaml_nodes)
        abort();
    return 0;
}
