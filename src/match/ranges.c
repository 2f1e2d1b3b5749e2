// The judgement that most feeds need: by ranges of versions.
#include "advisory/range.h"
#include "match/matcher.h"

// ---- which records speak of a package -------------------------------------------------------------------------------

static bool has_word(struct slice words, struct slice word)
{
    while (words.n != 0) {
        struct slice one;
        slice_cut(words, ' ', &one, &words);
        if (slice_eq(one, word))
            return true;
    }
    return false;
}

// Is the record, which is for these modules or those outside of any, for packages of this one?
static bool is_for_module(struct slice modules, struct slice module)
{
    struct slice name, stream;
    slice_cut(module, ':', &name, &stream);
    return slice_eq(modules, module) || (module.n != 0 && (has_word(modules, module) || has_word(modules, name)));
}

const struct match_name *match_applies(const struct match_key *key, const struct advisory *r)
{
    if (!is_for_module(r->module, key->module) || (r->arch.n != 0 && key->arch.n != 0 && !has_word(r->arch, key->arch)))
        return NULL;
    for (size_t i = 0; i < key->names_n; i++)
        if (key->names[i].of_source == r->of_source && slice_eq(key->names[i].name, r->package))
            return &key->names[i];
    return NULL;
}

void match_own_name(struct arena *a, const struct match_package *package, name_vec *out)
{
    const struct package *p = package->package;
    VEC_PUSH(a, out) = (struct match_name){p->name, p->version, false};
}

void match_source_name(struct arena *a, const struct match_package *package, name_vec *out)
{
    const struct package *p = package->package;
    VEC_PUSH(a, out) = (struct match_name){.name = p->source_name.n != 0 ? p->source_name : p->name,
                                           .version = p->source_version.n != 0 ? p->source_version : p->version,
                                           .of_source = true};
}

void match_own_and_source_name(struct arena *a, const struct match_package *package, name_vec *out)
{
    const struct package *p = package->package;
    match_own_name(a, package, out);
    if (p->source_name.n != 0)
        VEC_PUSH(a, out) = (struct match_name){p->source_name, p->source_version, true};
}

// ---- source rpms ----------------------------------------------------------------------------------------------------

static bool has_epoch(struct slice version)
{
    return slice_find(version, ':') >= 0;
}

struct slice match_without_epoch(struct slice version)
{
    ptrdiff_t colon = slice_find(version, ':');
    return colon < 0 ? version : slice_from(version, (size_t)colon + 1);
}

void match_rpm_source_epoch(struct arena *a, const struct package *p, struct match_name *source)
{
    if (slice_eq(match_without_epoch(p->version), source->version))
        source->version = has_epoch(p->version) ? p->version : arena_printf(a, "0:%.*s", SLICE_ARG(p->version));
}

struct slice match_rpm_source_bound(const struct match_name *name, struct slice bound)
{
    return name->of_source && !has_epoch(name->version) ? match_without_epoch(bound) : bound;
}

void match_rpm_source_name(struct arena *a, const struct match_package *package, name_vec *out)
{
    match_source_name(a, package, out);
    match_rpm_source_epoch(a, package->package, &out->v[out->n - 1]);
}

void match_by_rpm_source(const struct matcher *matcher, struct arena *a, const struct match_key *key,
                         const struct advisory *records, size_t n, bool explain, struct verdict *out)
{
    struct advisory *comparable = ARENA_NEW(a, struct advisory, n);
    for (size_t i = 0; i < n; i++) {
        comparable[i] = records[i];
        comparable[i].introduced = match_rpm_source_bound(&key->names[0], records[i].introduced);
        comparable[i].bound = match_rpm_source_bound(&key->names[0], records[i].bound);
    }
    match_by_ranges(matcher, a, key, comparable, n, explain, out);
    if (out->decided_by == NULL)
        return;
    out->decided_by = &records[out->decided_by - comparable];
    if (out->kind == VERDICT_AFFECTED)
        out->fixed_in = advisory_fix(out->decided_by);
}

// ---- ranges ---------------------------------------------------------------------------------------------------------

// Of several records the one that asks for most decides: affected without a fix, affected with one, affected up to some
// version, not known yet, not affected.
enum weight { NOT_FOR_THE_PACKAGE, NOT_AFFECTED, NOT_KNOWN, UP_TO, WITH_FIX, WITHOUT_FIX };

static enum weight weigh(const struct matcher *m, const struct match_name *name, const struct advisory *r)
{
    if (name == NULL)
        return NOT_FOR_THE_PACKAGE;
    if (r->status == ADVISORY_UNDETERMINED)
        return NOT_KNOWN;
    if (!advisory_range_holds(advisory_range_of(r), m->scheme, name->version))
        return NOT_AFFECTED;
    return r->status == ADVISORY_AFFECTED ? WITHOUT_FIX : r->status == ADVISORY_FIXED ? WITH_FIX : UP_TO;
}

static struct slice explain_range(const struct matcher *m, struct arena *a, const struct match_name *name,
                                  const struct advisory *r)
{
    struct slice text = {0};
    if (r->introduced.n != 0)
        text = arena_printf(a, " from %.*s on", SLICE_ARG(r->introduced));
    if (r->status == ADVISORY_AFFECTED)
        text = arena_printf(a, "affected%.*s, there is no fix yet", SLICE_ARG(text));
    else if (r->status == ADVISORY_FIXED)
        text = arena_printf(a, "affected%.*s, fixed in %.*s", SLICE_ARG(text), SLICE_ARG(r->bound));
    else
        text = arena_printf(a, "affected%.*s up to %.*s", SLICE_ARG(text), SLICE_ARG(r->bound));
    bool before = r->introduced.n != 0 && m->scheme->compare(name->version, r->introduced) < 0;
    struct slice against = before || r->bound.n == 0 ? r->introduced : r->bound;
    struct slice installed = arena_printf(a, "the installed %s%.*s %.*s", name->of_source ? "source " : "",
                                          SLICE_ARG(name->name), SLICE_ARG(name->version));
    if (against.n == 0)
        return arena_printf(a, "%.*s; %.*s is one of these", SLICE_ARG(text), SLICE_ARG(installed));
    int order = m->scheme->compare(name->version, against);
    return arena_printf(a, "%.*s; %.*s is %s%.*s (%s order)", SLICE_ARG(text), SLICE_ARG(installed),
                        order < 0   ? "older than "
                        : order > 0 ? "newer than "
                                    : "equal to ",
                        SLICE_ARG(against), m->scheme->name);
}

static struct slice explain(const struct matcher *m, struct arena *a, const struct match_name *name,
                            const struct verdict *v)
{
    const struct advisory *r = v->decided_by;
    struct slice scope = match_scope_release(r->scope), says, end = {0};
    if (r->status == ADVISORY_NOT_AFFECTED)
        says = SLICE("no version is affected");
    else if (r->status == ADVISORY_UNDETERMINED)
        says = SLICE("nobody has found out yet whether it is affected");
    else {
        says = explain_range(m, a, name, r);
        end = v->kind == VERDICT_AFFECTED ? SLICE(": affected") : SLICE(": not affected");
    }
    struct slice state = r->state.n != 0 ? arena_printf(a, " (%.*s)", SLICE_ARG(r->state)) : r->state;
    return arena_printf(a, "%s says of %.*s in %.*s: %.*s%.*s%.*s", m->authority, SLICE_ARG(r->package),
                        SLICE_ARG(scope), SLICE_ARG(says), SLICE_ARG(state), SLICE_ARG(end));
}

void match_by_ranges(const struct matcher *m, struct arena *a, const struct match_key *key,
                     const struct advisory *records, size_t n, bool explain_it, struct verdict *out)
{
    const struct match_name *name = NULL; // that the best record goes by
    enum weight best = NOT_FOR_THE_PACKAGE;
    *out = (struct verdict){.kind = VERDICT_NOT_AFFECTED};
    for (size_t i = 0; i < n; i++) {
        const struct match_name *under = match_applies(key, &records[i]);
        enum weight w = weigh(m, under, &records[i]);
        bool later = w == best && best >= UP_TO && m->scheme->compare(records[i].bound, out->decided_by->bound) > 0;
        if (w < best || (w == best && !later))
            continue;
        best = w;
        name = under;
        out->decided_by = &records[i];
    }
    if (best == NOT_KNOWN)
        out->kind = VERDICT_UNDETERMINED;
    if (best >= UP_TO) {
        out->kind = VERDICT_AFFECTED;
        out->fixed_in = advisory_fix(out->decided_by);
    }
    if (explain_it)
        out->why = best != NOT_FOR_THE_PACKAGE
                       ? explain(m, a, name, out)
                       : SLICE("what the feed says of it is for another architecture, module or package of that name");
}
