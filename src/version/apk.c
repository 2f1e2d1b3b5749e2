// Alpine versions: digits{.digits}{letter}{_suffix{digits}}{~hash}{-r digits}, compared as apk-tools does it.
//
// Sources: apk-version(8) and src/version.c of apk-tools 3, of which every valid version and its order are taken. Older
// branches of Alpine were made with apk-tools 2, which took more and is followed there: digits after the letter
// (opensmtpd's 6.0.2p1), an empty revision ("-r" is "-r0"), and an order of texts that are no versions.
#include "version/version.h"

#include "version/number.h"

// The parts of a version, in the order in which they may stand. Where two versions are equal up to the place where one
// has another part than the other, the one whose part comes first here is the greater, but for the suffixes that mark
// a time before the release.
enum part {
    PART_FIRST,
    PART_DIGITS,
    PART_LETTER,
    PART_SUFFIX,
    PART_SUFFIX_NUMBER,
    PART_HASH,
    PART_REVISION,
    PART_END,
    PART_INVALID
};

static const char *const suffixes[] = {"alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"};
#define SUFFIXES_BEFORE_RELEASE 4

struct cursor {
    struct slice left;
    enum part part;
    struct slice text; // of the part, without what introduces it
    size_t suffix;     // of PART_SUFFIX
    bool hyphen;       // PART_INVALID began with a hyphen
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

// Takes all leading bytes of a class off what is left.
static struct slice take(struct cursor *c, bool (*in)(char))
{
    size_t n = 0;
    while (n < c->left.n && in(c->left.p[n]))
        n++;
    struct slice taken = slice_of(c->left.p, n);
    c->left = slice_from(c->left, n);
    return taken;
}

static void take_nonempty(struct cursor *c, bool (*in)(char), enum part part)
{
    c->text = take(c, in);
    c->part = c->text.n != 0 ? part : PART_INVALID;
}

static void take_suffix(struct cursor *c)
{
    c->text = take(c, is_lower);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        if (slice_eq(c->text, slice_str(suffixes[i]))) {
            c->suffix = i;
            c->part = PART_SUFFIX;
        }
    }
}

static void next_part(struct cursor *c)
{
    enum part before = c->part;
    if (c->left.n == 0) {
        c->part = PART_END;
        return;
    }
    char first = c->left.p[0];
    c->part = PART_INVALID;
    c->hyphen = first == '-';
    if (is_lower(first) && before <= PART_DIGITS) {
        c->text = slice_of(c->left.p, 1);
        c->left = slice_from(c->left, 1);
        c->part = PART_LETTER;
    } else if (first == '.' && before <= PART_DIGITS) {
        c->left = slice_from(c->left, 1);
        take_nonempty(c, is_digit, PART_DIGITS);
    } else if (is_digit(first) && before <= PART_LETTER) {
        take_nonempty(c, is_digit, PART_DIGITS);
    } else if (is_digit(first) && before == PART_SUFFIX) {
        take_nonempty(c, is_digit, PART_SUFFIX_NUMBER);
    } else if (first == '_' && before <= PART_SUFFIX_NUMBER) {
        c->left = slice_from(c->left, 1);
        take_suffix(c);
    } else if (first == '~' && before < PART_HASH) {
        c->left = slice_from(c->left, 1);
        take_nonempty(c, is_hex, PART_HASH);
    } else if (slice_starts(c->left, SLICE("-r")) && before < PART_REVISION) {
        c->left = slice_from(c->left, 2);
        c->text = take(c, is_digit);
        c->part = c->left.n == 0 ? PART_REVISION : PART_INVALID; // nothing may follow
    }
}

static struct cursor start(struct slice v)
{
    struct cursor c = {.left = v};
    take_nonempty(&c, is_digit, PART_FIRST);
    return c;
}

// Numbers are compared whole; apk-tools itself stops at 64 bits.
static int compare_parts(const struct cursor *a, const struct cursor *b)
{
    switch (a->part) {
    case PART_DIGITS:
        // After a point, digits with a leading zero are a decimal fraction, as in Gentoo's versions: 1.05 < 1.1.
        if (a->text.p[0] == '0' || b->text.p[0] == '0')
            return slice_cmp(a->text, b->text);
        return compare_numbers(a->text, b->text);
    case PART_FIRST:
    case PART_SUFFIX_NUMBER:
    case PART_REVISION:
        return compare_numbers(a->text, b->text);
    case PART_SUFFIX:
        return (a->suffix > b->suffix) - (a->suffix < b->suffix);
    default:
        return slice_cmp(a->text, b->text);
    }
}

static bool is_before_release(const struct cursor *c)
{
    return c->part == PART_SUFFIX && c->suffix < SUFFIXES_BEFORE_RELEASE;
}

// Both have something invalid next. Revisions that are none are all the same for apk-tools 2, and other texts are
// compared byte by byte.
static int compare_invalid(const struct cursor *a, const struct cursor *b)
{
    if (a->hyphen || b->hyphen)
        return (b->hyphen ? 1 : 0) - (a->hyphen ? 1 : 0);
    return slice_cmp(a->left, b->left);
}

static int compare(struct slice left, struct slice right)
{
    struct cursor a = start(left), b = start(right);
    while (a.part == b.part && a.part < PART_END) {
        int order = compare_parts(&a, &b);
        if (order != 0)
            return order;
        next_part(&a);
        next_part(&b);
    }
    if (a.part == PART_INVALID && b.part == PART_INVALID)
        return compare_invalid(&a, &b);
    if (a.part == b.part)
        return 0;
    if (is_before_release(&a) || is_before_release(&b))
        return is_before_release(&a) ? -1 : 1;
    return a.part > b.part ? -1 : 1;
}

static bool valid(struct slice v)
{
    struct cursor c = start(v);
    while (c.part < PART_END)
        next_part(&c);
    return c.part == PART_END;
}

const struct version_scheme version_apk = {"apk", compare, valid};
