// Oracle Linux's OVAL: one file of all notices (ELSA).
//
// Form, as linux.oracle.com/security/oval publishes it (https://linux.oracle.com/oval/): a definition for each notice,
// with the CVEs that it mends; criteria for each release, architecture, module and package. There are files by year,
// too; the one of all is read, since a record belongs to a release and not to a year.
//
// The architecture is that of the machine. Notices of Ksplice's packages ask for "ksplice" in the release of what is
// installed; the bound has it as well, and the matcher compares like with like.
#include "feed/oval.h"

static const char *complete(struct oval_statement *s)
{
    const struct oval_rule *rule = s->rule;
    struct slice pattern = rule->release_is.text;
    uint64_t release;
    if (!slice_eq(rule->release, SLICE("oraclelinux-release")))
        return "is for another product than Oracle Linux";
    if (rule->release_is.operation != OVAL_PATTERN || !slice_starts(pattern, SLICE("^")) ||
        !slice_to_u64(slice_from(pattern, 1), &release))
        return "is for a release that it does not name";
    s->record.scope = arena_printf(s->arena, "oracle:%llu", (unsigned long long)release);
    return NULL;
}

static bool parse(struct feed_input *input, struct error *err)
{
    static const struct oval_dialect dialect = {.complete = complete};
    return oval_read(input, &dialect, err);
}

extern const struct feed feed_oracle;
const struct feed feed_oracle = {
    .name = "oracle",
    .title = "Oracle Linux OVAL",
    .url = "https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2",
    .version = 1,
    .parse = parse,
    .update = feed_update_one_file,
};
