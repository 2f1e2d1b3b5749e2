// Semantic versions: major.minor.patch[-prerelease][+build], of npm, Cargo and Go.
//
// The order is section 11 of Semantic Versioning 2.0.0. A version is what npm's semver takes in its loose mode, by
// which npm judges advisories (semver.parse(v, {loose: true})), and what Go's golang.org/x/mod/semver takes. On the
// order of texts that both take, the two agree. They differ in what they take:
//
// - npm takes blanks, "v" and "=" in front and blanks behind (here: ASCII's), leading zeros, and a pre-release without
//   its hyphen, as in 1.2.3beta. It wants all three numbers.
// - Go wants a "v" in front. A minor or a patch may be missing and is 0 then; no pre-release and no build may follow.
//
// Here Go's versions need no "v", since advisories in OSV leave it out, and a "V" is one too. Build metadata, to which
// Go's +incompatible belongs, is no matter for the order. Numbers and texts have any length, as in Go: npm refuses more
// than 256 characters and a major, minor or patch of 2^53 and more, and rounds such numbers in a pre-release.
//
// One thing of npm's loose mode is left out: it reads 1.2.34.5 as 1.2.3-4.5 (and refuses 1.2.3.4), by its regular
// expression's giving back a digit. That is no version here.
//
// A text that is none is less than each that is one, as in Go; those are ordered byte by byte.
#include "version/version.h"

#include "version/number.h"

#define NUMBERS 3 // major, minor and patch

struct parts {
    struct slice numbers[NUMBERS]; // those that are missing are empty, which is 0
    struct slice prerelease;       // empty when there is none
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_identifier(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

static bool is_prefix(char c)
{
    return c == 'v' || c == 'V' || c == '=' || c == ' ' || (c >= '\t' && c <= '\r');
}

static size_t span(struct slice s, bool (*in)(char))
{
    size_t n = 0;
    while (n < s.n && in(s.p[n]))
        n++;
    return n;
}

// Takes the number at the front of what is left, which must be there.
static bool take_number(struct slice *left, struct slice *number)
{
    *number = slice_of(left->p, span(*left, is_digit));
    *left = slice_from(*left, number->n);
    return number->n > 0;
}

// Identifiers with points between them, none of them empty.
static bool are_identifiers(struct slice s)
{
    struct slice identifier;
    bool more = true;
    while (more) {
        more = slice_cut(s, '.', &identifier, &s);
        if (identifier.n == 0 || span(identifier, is_identifier) != identifier.n)
            return false;
    }
    return true;
}

// What follows the patch, from the hyphen on, if there is one. A hyphen with nothing behind it, or a point, is part of
// the first identifier.
static bool parse_prerelease(struct slice s, struct slice *prerelease)
{
    *prerelease = slice_from(s, s.n > 1 && s.p[0] == '-' && s.p[1] != '.');
    return s.n == 0 || (s.p[0] != '.' && are_identifiers(*prerelease));
}

static bool parse(struct slice v, struct parts *parts)
{
    *parts = (struct parts){0};
    struct slice left = slice_trim(v), build;
    left = slice_from(left, span(left, is_prefix));
    for (size_t i = 0; i < NUMBERS; i++) {
        if (i > 0 && !slice_starts(left, SLICE(".")))
            return left.n == 0; // a missing minor or patch ends the version
        left = slice_from(left, i > 0);
        if (!take_number(&left, &parts->numbers[i]))
            return false;
    }
    bool has_build = slice_cut(left, '+', &left, &build);
    return parse_prerelease(left, &parts->prerelease) && (!has_build || are_identifiers(build));
}

// Numbers are less than words.
static int compare_identifiers(struct slice a, struct slice b)
{
    bool a_is_number = span(a, is_digit) == a.n, b_is_number = span(b, is_digit) == b.n;
    if (a_is_number != b_is_number)
        return a_is_number ? -1 : 1;
    return a_is_number ? compare_numbers(a, b) : slice_cmp(a, b);
}

static int compare_prereleases(struct slice a, struct slice b)
{
    if (a.n == 0 || b.n == 0) // a release follows its pre-releases
        return (a.n == 0) - (b.n == 0);
    struct slice left, right;
    bool more_a, more_b;
    do {
        more_a = slice_cut(a, '.', &left, &a);
        more_b = slice_cut(b, '.', &right, &b);
        int order = compare_identifiers(left, right);
        if (order != 0)
            return order;
    } while (more_a && more_b);
    return more_a - more_b;
}

static int compare(struct slice a, struct slice b)
{
    struct parts left, right;
    bool a_is_version = parse(a, &left), b_is_version = parse(b, &right);
    if (!a_is_version || !b_is_version)
        return a_is_version || b_is_version ? a_is_version - b_is_version : slice_cmp(a, b);
    for (size_t i = 0; i < NUMBERS; i++) {
        int order = compare_numbers(left.numbers[i], right.numbers[i]);
        if (order != 0)
            return order;
    }
    return compare_prereleases(left.prerelease, right.prerelease);
}

static bool valid(struct slice v)
{
    struct parts parts;
    return parse(v, &parts);
}

const struct version_scheme version_semver = {"semver", compare, valid};
