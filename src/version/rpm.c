// rpm's versions: [epoch:]version[-release], compared as librpm does it since rpm 4.15.
//
// Sources: rpm-version(7), rpm's manual on dependencies ("Versioning"), rpmvercmp() and rpmverParse() of librpm. A text
// is a row of segments: letters, digits, and the marks '~' and '^'; whatever else stands between them only parts them.
// Two versions are compared segment by segment.
//
// A missing epoch is 0. A version without a release is less than the same version with one, an empty one too, as for
// rpmverCmp(): an order needs that. A dependency that names no release means every release; whoever judges by one has
// to cut the release off the other version first.
#include "version/version.h"

#include "version/number.h"

struct parts {
    struct slice epoch, version, release;
    bool has_release;
};

// The kinds of segments, least first.
enum kind { KIND_TILDE, KIND_END, KIND_CARET, KIND_LETTERS, KIND_DIGITS };

struct segment {
    enum kind kind;
    struct slice text; // of letters and digits
};

// ASCII only, in rpm too, whatever the locale.
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_separator(char c)
{
    return !is_digit(c) && !is_letter(c) && c != '~' && c != '^';
}

// Takes all leading bytes of a class off what is left.
static struct slice take(struct slice *left, bool (*in)(char))
{
    size_t n = 0;
    while (n < left->n && in(left->p[n]))
        n++;
    struct slice taken = slice_of(left->p, n);
    *left = slice_from(*left, n);
    return taken;
}

static struct segment next_segment(struct slice *left)
{
    take(left, is_separator);
    if (left->n == 0)
        return (struct segment){.kind = KIND_END};
    char first = left->p[0];
    if (is_digit(first))
        return (struct segment){KIND_DIGITS, take(left, is_digit)};
    if (is_letter(first))
        return (struct segment){KIND_LETTERS, take(left, is_letter)};
    *left = slice_from(*left, 1);
    return (struct segment){.kind = first == '~' ? KIND_TILDE : KIND_CARET};
}

static int compare_part(struct slice left, struct slice right)
{
    struct segment a, b;
    do {
        a = next_segment(&left);
        b = next_segment(&right);
        if (a.kind != b.kind)
            return a.kind < b.kind ? -1 : 1;
        int order = a.kind == KIND_DIGITS ? compare_numbers(a.text, b.text) : slice_cmp(a.text, b.text);
        if (order != 0)
            return order;
    } while (a.kind != KIND_END);
    return 0;
}

// At the colon after leading digits, if there is one, and the last hyphen. Any other colon is part of the version. rpm
// looks for the hyphen in all of the text, but none can be among the digits.
static struct parts split(struct slice v)
{
    struct parts p = {.version = v};
    struct slice rest = v, digits = take(&rest, is_digit);
    if (slice_starts(rest, SLICE(":"))) {
        p.epoch = digits;
        p.version = slice_from(rest, 1);
    }
    ptrdiff_t hyphen = slice_rfind(p.version, '-');
    if (hyphen >= 0) {
        p.has_release = true;
        p.release = slice_from(p.version, (size_t)hyphen + 1);
        p.version.n = (size_t)hyphen;
    }
    return p;
}

static int compare(struct slice left, struct slice right)
{
    struct parts a = split(left), b = split(right);
    int order = compare_numbers(a.epoch, b.epoch);
    if (order == 0)
        order = compare_part(a.version, b.version);
    if (order != 0)
        return order;
    if (a.has_release != b.has_release)
        return a.has_release ? 1 : -1;
    return compare_part(a.release, b.release);
}

// rpmverParse() refuses the empty text alone, and cannot be given one with a NUL in it. What rpmbuild asks of the
// characters in a package's version is no matter here: older and foreign builders asked less.
static bool valid(struct slice v)
{
    return v.n > 0 && slice_find(v, '\0') < 0;
}

const struct version_scheme version_rpm = {"rpm", compare, valid};
