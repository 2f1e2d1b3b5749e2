// Source: the "vers" specification of the package-url project: a scheme, a type, and constraints that stand in the
// order of their versions: "vers:deb/>=1.0|<1.4|2.0".
#include "vex/range.h"

static const struct {
    const char *kind, *scheme;
} schemes[] = {
    {"deb", "dpkg"},    {"apk", "apk"},           {"rpm", "rpm"},      {"python", "pep440"},
    {"npm", "semver"},  {"go", "semver"},         {"cargo", "semver"}, {"gem", "gem"},
    {"maven", "maven"}, {"composer", "composer"}, {"nuget", "nuget"},
};

const struct version_scheme *version_scheme_of_kind(struct slice kind)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (slice_eq(kind, slice_str(schemes[i].kind)))
            return version_scheme_named(slice_str(schemes[i].scheme));
    return NULL;
}

enum comparator { EQUAL, UNEQUAL, LESS, AT_MOST, GREATER, AT_LEAST };

static const struct {
    const char *text;
    enum comparator comparator;
} comparators[] = {{"!=", UNEQUAL}, {"<=", AT_MOST}, {">=", AT_LEAST}, {"<", LESS}, {">", GREATER}, {"=", EQUAL}};

// The constraint's comparator, and its version in place of the whole; a version alone is that one.
static enum comparator take_comparator(struct slice *constraint)
{
    for (size_t i = 0; i < sizeof comparators / sizeof comparators[0]; i++) {
        struct slice text = slice_str(comparators[i].text);
        if (!slice_starts(*constraint, text))
            continue;
        *constraint = slice_trim(slice_from(*constraint, text.n));
        return comparators[i].comparator;
    }
    return EQUAL;
}

struct ranging {
    bool reached; // the version is not below where the interval that is being read begins
    bool bounded, equality, excluded, within;
    bool open; // the last bound has no upper one yet
};

static void take_constraint(struct ranging *r, enum comparator comparator, int order)
{
    switch (comparator) {
    case EQUAL:
        r->equality = true;
        r->within = r->within || order == 0;
        return;
    case UNEQUAL:
        r->excluded = r->excluded || order == 0;
        return;
    case GREATER:
    case AT_LEAST:
        r->reached = order > 0 || (order == 0 && comparator == AT_LEAST);
        r->open = true;
        break;
    case LESS:
    case AT_MOST:
        r->within = r->within || (r->reached && (order < 0 || (order == 0 && comparator == AT_MOST)));
        r->reached = r->open = false;
        break;
    }
    r->bounded = true;
}

bool vers_holds(struct slice range, const struct version_scheme *scheme, struct slice version, bool *readable)
{
    struct slice head, rest = range, constraint;
    struct ranging r = {.reached = true};
    *readable = false;
    if (slice_starts(rest, SLICE("vers:")) && !slice_cut(rest, '/', &head, &rest))
        return false;
    rest = slice_trim(rest);
    if (scheme == NULL || rest.n == 0)
        return false;
    if (slice_eq(rest, SLICE("*"))) {
        *readable = true;
        return true;
    }
    while (rest.n != 0) {
        slice_cut(rest, '|', &constraint, &rest);
        constraint = slice_trim(constraint);
        enum comparator comparator = take_comparator(&constraint);
        if (!scheme->valid(constraint))
            return false;
        take_constraint(&r, comparator, scheme->compare(version, constraint));
    }
    *readable = true;
    if (r.excluded)
        return false;
    // Nothing but what is excluded: all else.
    return r.within || (r.open && r.reached) || (!r.bounded && !r.equality);
}
