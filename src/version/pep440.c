// Python versions: [epoch!]release[pre][post][dev][+local], compared as the specification "Version specifiers" of PyPA
// (once PEP 440) has it and the library packaging does it in src/packaging/version.py, of which every valid version and
// its order are taken, up to the other spellings that the specification calls normalisation: 1.0-ALPHA.1 is 1.0a1.
//
// Texts that are no versions, as some old releases have (0.8.7p1), are below all versions, as they were for packaging
// before 22, and among themselves in the order of their bytes. Numbers have any length; Python's own stop at 4300
// digits.
#include "version/version.h"

#include "version/number.h"
#include "version/take.h"

// In the order in which they compare. A development release that is neither a pre- nor a post-release comes before all
// pre-releases of its release.
enum pre_release { PRE_DEVELOPMENT, PRE_ALPHA, PRE_BETA, PRE_CANDIDATE, PRE_NONE };

// Missing numbers are empty, which compares as 0.
struct parts {
    struct slice epoch;
    struct slice release; // digits and dots
    enum pre_release pre;
    struct slice pre_number;
    bool has_post;
    struct slice post_number;
    bool has_dev;
    struct slice dev_number;
    bool has_local;
    struct slice local; // letters, digits and separators
};

struct word {
    const char *text;
    enum pre_release pre;
};

// Of two that begin alike the longer one first.
static const struct word pre_words[] = {{"alpha", PRE_ALPHA}, {"a", PRE_ALPHA},           {"beta", PRE_BETA},
                                        {"b", PRE_BETA},      {"preview", PRE_CANDIDATE}, {"pre", PRE_CANDIDATE},
                                        {"c", PRE_CANDIDATE}, {"rc", PRE_CANDIDATE},      {NULL, PRE_NONE}};
static const struct word post_words[] = {{"post", PRE_NONE}, {"rev", PRE_NONE}, {"r", PRE_NONE}, {NULL, PRE_NONE}};
static const struct word dev_words[] = {{"dev", PRE_NONE}, {NULL, PRE_NONE}};

#define SEPARATORS SLICE("._-")

static bool is_letter_or_digit(char c)
{
    return is_letter(c) || is_digit(c);
}

// The white space of Unicode in UTF-8, without ASCII's: what `\s` takes in a Python pattern. Of ASCII these are the
// usual ones and the information separators, 0x1c to 0x1f.
static const char *const wide_blanks[] = {
    "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83",
    "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a",
    "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

// The length of the white space that the text begins with, one character of it.
static size_t blank_at(struct slice s)
{
    if (s.n > 0 && is_blank(s.p[0]))
        return 1;
    for (size_t i = 0; i < sizeof wide_blanks / sizeof wide_blanks[0]; i++)
        if (slice_starts(s, slice_str(wide_blanks[i])))
            return strlen(wide_blanks[i]);
    return 0;
}

static void skip_blanks(struct slice *left)
{
    for (size_t n = blank_at(*left); n != 0; n = blank_at(*left))
        *left = slice_from(*left, n);
}

// Takes a part such as ".post-1" off what is left: one of the words, separators and the number being optional. NULL,
// and nothing is taken, when it does not come next.
static const struct word *take_part(struct slice *left, const struct word *words, struct slice *number)
{
    struct slice rest = *left;
    take_one_of(&rest, SEPARATORS);
    for (const struct word *w = words; w->text != NULL; w++) {
        struct slice word = slice_str(w->text);
        if (rest.n < word.n || !slice_eq_nocase(slice_of(rest.p, word.n), word))
            continue;
        *left = slice_from(rest, word.n);
        take_one_of(left, SEPARATORS);
        *number = take_run(left, is_digit);
        return w;
    }
    return NULL;
}

// The short form of a post-release, "-1".
static bool take_implicit_post(struct slice *left, struct slice *number)
{
    struct slice rest = *left;
    if (!take_byte(&rest, '-'))
        return false;
    *number = take_run(&rest, is_digit);
    if (number->n == 0)
        return false;
    *left = rest;
    return true;
}

// Digits, and more of them after dots.
static struct slice take_release(struct slice *left)
{
    struct slice before = *left, rest = *left;
    while (take_run(&rest, is_digit).n != 0) {
        *left = rest;
        if (!take_byte(&rest, '.'))
            break;
    }
    return taken(before, *left);
}

// Letters and digits, and more of them after separators.
static bool take_local(struct slice *left, struct slice *local)
{
    struct slice before = *left;
    do {
        if (take_run(left, is_letter_or_digit).n == 0)
            return false;
        *local = taken(before, *left);
    } while (take_one_of(left, SEPARATORS));
    return true;
}

// False when the text is no version.
static bool parse(struct slice v, struct parts *p)
{
    *p = (struct parts){.pre = PRE_NONE};
    struct slice left = v;
    skip_blanks(&left);
    take_one_of(&left, SLICE("vV"));
    struct slice rest = left, epoch = take_run(&rest, is_digit);
    if (epoch.n != 0 && take_byte(&rest, '!')) {
        p->epoch = epoch;
        left = rest;
    }
    p->release = take_release(&left);
    if (p->release.n == 0)
        return false;
    const struct word *pre = take_part(&left, pre_words, &p->pre_number);
    p->has_post = take_implicit_post(&left, &p->post_number) || take_part(&left, post_words, &p->post_number) != NULL;
    p->has_dev = take_part(&left, dev_words, &p->dev_number) != NULL;
    if (pre != NULL)
        p->pre = pre->pre;
    else if (p->has_dev && !p->has_post)
        p->pre = PRE_DEVELOPMENT;
    p->has_local = take_byte(&left, '+');
    if (p->has_local && !take_local(&left, &p->local))
        return false;
    skip_blanks(&left);
    return left.n == 0;
}

// Number by number; the shorter release goes on with zeros.
static int compare_releases(struct slice a, struct slice b)
{
    while (a.n != 0 || b.n != 0) {
        struct slice left, right;
        slice_cut(a, '.', &left, &a);
        slice_cut(b, '.', &right, &b);
        int order = compare_numbers(left, right);
        if (order != 0)
            return order;
    }
    return 0;
}

static bool is_number(struct slice segment)
{
    return take_run(&segment, is_digit).n != 0 && segment.n == 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int compare_nocase(struct slice a, struct slice b)
{
    for (size_t i = 0; i < a.n && i < b.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return lower(a.p[i]) < lower(b.p[i]) ? -1 : 1;
    return (a.n > b.n) - (a.n < b.n);
}

// Segment by segment: numbers as such and above words, and what goes on above what ends.
static int compare_locals(struct slice a, struct slice b)
{
    while (a.n != 0 && b.n != 0) {
        struct slice left = take_run(&a, is_letter_or_digit), right = take_run(&b, is_letter_or_digit);
        int order = is_number(left) - is_number(right);
        if (order == 0)
            order = is_number(left) ? compare_numbers(left, right) : compare_nocase(left, right);
        if (order != 0)
            return order;
        take_one_of(&a, SEPARATORS);
        take_one_of(&b, SEPARATORS);
    }
    return (a.n != 0) - (b.n != 0);
}

static int compare_parts(const struct parts *a, const struct parts *b)
{
    int order = compare_numbers(a->epoch, b->epoch);
    if (order == 0)
        order = compare_releases(a->release, b->release);
    if (order == 0)
        order = (a->pre > b->pre) - (a->pre < b->pre);
    if (order == 0)
        order = compare_numbers(a->pre_number, b->pre_number);
    if (order == 0)
        order = a->has_post - b->has_post;
    if (order == 0)
        order = compare_numbers(a->post_number, b->post_number);
    if (order == 0)
        order = b->has_dev - a->has_dev;
    if (order == 0)
        order = compare_numbers(a->dev_number, b->dev_number);
    if (order == 0)
        order = a->has_local - b->has_local;
    return order != 0 ? order : compare_locals(a->local, b->local);
}

static int compare(struct slice a, struct slice b)
{
    struct parts left, right;
    bool left_valid = parse(a, &left), right_valid = parse(b, &right);
    if (left_valid && right_valid)
        return compare_parts(&left, &right);
    return left_valid == right_valid ? slice_cmp(a, b) : left_valid - right_valid;
}

static bool valid(struct slice v)
{
    struct parts p;
    return parse(v, &p);
}

// What is greater than the type holds is the greatest.
static int32_t number_of(struct slice digits)
{
    int32_t number = 0;
    for (size_t i = 0; i < digits.n; i++)
        if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, digits.p[i] - '0', &number))
            return INT32_MAX;
    return number;
}

bool version_pep440_numbers(struct slice v, int32_t numbers[static VERSION_NUMBERS])
{
    struct parts p;
    struct slice rest, segment;
    memset(numbers, 0, VERSION_NUMBERS * sizeof *numbers);
    if (!parse(v, &p))
        return false;
    numbers[0] = number_of(p.epoch);
    rest = p.release;
    for (size_t i = 1; i <= 5 && rest.n != 0; i++) {
        slice_cut(rest, '.', &segment, &rest);
        numbers[i] = number_of(segment);
    }
    int32_t dev = number_of(p.dev_number);
    if (p.pre == PRE_ALPHA || p.pre == PRE_BETA || p.pre == PRE_CANDIDATE)
        numbers[6] = p.pre == PRE_ALPHA ? -3 : p.pre == PRE_BETA ? -2 : -1;
    numbers[7] = number_of(p.pre_number);
    numbers[8] = number_of(p.post_number);
    if (numbers[6] != 0 || numbers[8] != 0)
        numbers[9] = -dev;
    else if (dev != 0)
        numbers[6] = INT32_MIN + dev; // before all pre-releases
    return true;
}

const struct version_scheme version_pep440 = {"pep440", compare, valid};
