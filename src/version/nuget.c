// NuGet versions: one to four numbers, labels of a prerelease, metadata: 1.2.3.4-beta.5+build.
//
// Sources: "Package versioning" of NuGet's documentation, and NuGet.Versioning of NuGet.Client (NuGetVersion.TryParse
// and VersionComparer.Default), which takes more than SemVer 2.0: missing numbers, zeros and white space around
// numbers. It leaves metadata and the case of labels out of the comparison.
#include "base/utf8.h"
#include "version/take.h"
#include "version/version.h"

#define NUMBERS 4

struct parts {
    uint64_t numbers[NUMBERS]; // a missing one is 0
    struct slice labels;       // empty when it is no prerelease
};

// Char.IsWhiteSpace of .NET.
static bool is_space(uint32_t c)
{
    return (c >= '\t' && c <= '\r') || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

static struct slice without_spaces(struct slice v)
{
    size_t first = v.n, end = v.n;
    for (struct slice rest = v; rest.n > 0;) {
        size_t at = v.n - rest.n;
        if (is_space(utf8_take(&rest)))
            continue;
        first = at < first ? at : first;
        end = v.n - rest.n;
    }
    return slice_of(v.p + first, end - first);
}

static bool parse_numbers(struct slice text, struct parts *p)
{
    bool more = true;
    for (size_t i = 0; i < NUMBERS && more; i++) {
        struct slice number;
        more = slice_cut(text, '.', &number, &text);
        if (!slice_to_u64(without_spaces(number), &p->numbers[i]) || p->numbers[i] > INT32_MAX)
            return false;
    }
    return !more;
}

static bool has_only(struct slice s, bool (*in)(char))
{
    for (size_t i = 0; i < s.n; i++)
        if (!in(s.p[i]))
            return false;
    return true;
}

static bool is_of_label(char c)
{
    return is_digit(c) || is_letter(c) || c == '-';
}

static bool are_labels(struct slice text, bool zeros_in_front)
{
    for (bool more = true; more;) {
        struct slice label;
        more = slice_cut(text, '.', &label, &text);
        if (label.n == 0 || !has_only(label, is_of_label))
            return false;
        if (!zeros_in_front && label.n > 1 && label.p[0] == '0' && has_only(label, is_digit))
            return false;
    }
    return true;
}

static bool parse(struct slice v, struct parts *p)
{
    struct slice metadata;
    *p = (struct parts){0};
    bool described = slice_cut(without_spaces(v), '+', &v, &metadata), before = slice_cut(v, '-', &v, &p->labels);
    return parse_numbers(v, p) && (!before || are_labels(p->labels, false)) &&
           (!described || are_labels(metadata, true));
}

// A label that is a number of 32 bits for .NET, which also takes a sign, counts as one.
static bool to_number(struct slice label, int64_t *number)
{
    bool negative = slice_starts(label, SLICE("-"));
    uint64_t value;
    if (!slice_to_u64(slice_from(label, negative), &value) || value > (uint64_t)INT32_MAX + negative)
        return false;
    *number = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

static int upper(char c)
{
    return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
}

static int compare_label(struct slice a, struct slice b)
{
    int64_t left = 0, right = 0;
    bool left_counts = to_number(a, &left), right_counts = to_number(b, &right);
    if (left_counts && right_counts)
        return (left > right) - (left < right);
    if (left_counts || right_counts)
        return left_counts ? -1 : 1;
    for (size_t i = 0; i < a.n && i < b.n; i++)
        if (upper(a.p[i]) != upper(b.p[i]))
            return upper(a.p[i]) - upper(b.p[i]);
    return (a.n > b.n) - (a.n < b.n);
}

// Both have labels. More of them are greater where the first ones are equal.
static int compare_labels(struct slice a, struct slice b)
{
    for (;;) {
        struct slice left, right;
        bool left_more = slice_cut(a, '.', &left, &a), right_more = slice_cut(b, '.', &right, &b);
        int order = compare_label(left, right);
        if (order != 0 || !left_more || !right_more)
            return order != 0 ? order : (int)left_more - (int)right_more;
    }
}

// What is no version comes before every version, and in the order of its bytes.
static int compare(struct slice a, struct slice b)
{
    struct parts left, right;
    bool left_valid = parse(a, &left), right_valid = parse(b, &right);
    if (!left_valid || !right_valid)
        return left_valid || right_valid ? (int)left_valid - (int)right_valid : slice_cmp(a, b);
    for (size_t i = 0; i < NUMBERS; i++)
        if (left.numbers[i] != right.numbers[i])
            return left.numbers[i] < right.numbers[i] ? -1 : 1;
    if (left.labels.n == 0 || right.labels.n == 0)
        return (left.labels.n == 0) - (right.labels.n == 0);
    return compare_labels(left.labels, right.labels);
}

static bool valid(struct slice v)
{
    struct parts p;
    return parse(v, &p);
}

const struct version_scheme version_nuget = {"nuget", compare, valid};
