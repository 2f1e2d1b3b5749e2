#include "match/secdb.h"

// The records of an id, sorted out.
struct sorted_records {
    const struct advisory *never;   // says that no version is affected
    const struct advisory *reached; // the highest fix at or below what is installed
    const struct advisory *ahead;   // the lowest fix above it
    const struct advisory *open;    // affected, without a version
    const struct advisory *unclear;
};

static void sort_out(struct slice version, const struct advisory *r, struct sorted_records *s)
{
    if (r->status == ADVISORY_NOT_AFFECTED)
        s->never = r;
    else if (r->status == ADVISORY_AFFECTED)
        s->open = r;
    else if (r->status == ADVISORY_UNDETERMINED)
        s->unclear = r;
    else if (version_apk.compare(r->bound, version) > 0) {
        if (s->ahead == NULL || version_apk.compare(r->bound, s->ahead->bound) < 0)
            s->ahead = r;
    } else if (s->reached == NULL || version_apk.compare(r->bound, s->reached->bound) > 0) {
        s->reached = r;
    }
}

static struct slice explain(const struct matcher *m, struct arena *a, struct slice version, const struct verdict *v)
{
    const struct advisory *r = v->decided_by;
    struct slice says = arena_printf(a, "%s says of %.*s in %.*s:", m->authority, SLICE_ARG(r->package),
                                     SLICE_ARG(match_scope_release(r->scope)));
    switch (r->status) {
    case ADVISORY_NOT_AFFECTED:
        return arena_printf(a, "%.*s never affected (version 0)", SLICE_ARG(says));
    case ADVISORY_AFFECTED:
        return arena_printf(a, "%.*s affected, there is no fix yet", SLICE_ARG(says));
    case ADVISORY_UNDETERMINED:
        return arena_printf(a, "%.*s undetermined", SLICE_ARG(says));
    case ADVISORY_FIXED:
    case ADVISORY_LAST_AFFECTED: // secdb has none
        break;
    }
    bool older = v->kind == VERDICT_AFFECTED;
    return arena_printf(a, "%.*s fixed in %.*s; the installed %.*s %.*s is %s (apk order): %s", SLICE_ARG(says),
                        SLICE_ARG(r->bound), SLICE_ARG(r->package), SLICE_ARG(version),
                        older                                         ? "older"
                        : version_apk.compare(r->bound, version) == 0 ? "that version"
                                                                      : "newer",
                        older ? "affected" : "not affected");
}

void secdb_judge(const struct matcher *m, struct arena *a, const struct match_key *key, const struct advisory *records,
                 size_t n, bool explain_it, struct verdict *out)
{
    struct sorted_records s = {0};
    struct slice version = key->names[0].version; // of its origin, under which alone it is looked up
    for (size_t i = 0; i < n; i++)
        sort_out(version, &records[i], &s);
    *out = (struct verdict){.kind = VERDICT_NOT_AFFECTED, .decided_by = s.never != NULL ? s.never : s.reached};
    if (out->decided_by == NULL && s.ahead != NULL)
        *out = (struct verdict){.kind = VERDICT_AFFECTED, .fixed_in = s.ahead->bound, .decided_by = s.ahead};
    else if (out->decided_by == NULL && s.open != NULL)
        *out = (struct verdict){.kind = VERDICT_AFFECTED, .decided_by = s.open};
    else if (out->decided_by == NULL && s.unclear != NULL)
        *out = (struct verdict){.kind = VERDICT_UNDETERMINED, .decided_by = s.unclear};
    if (explain_it && out->decided_by != NULL)
        out->why = explain(m, a, version, out);
}

enum severity secdb_severity(const struct advisory *record)
{
    (void)record;
    return SEVERITY_UNKNOWN;
}
