// Ruby versions: numbers and words, compared as Gem::Version of RubyGems does it in lib/rubygems/version.rb.
//
// A version is a list of numbers and words, wherever one ends and the other begins: 1.0.a10 is 1, 0, "a", 10. A hyphen
// stands for the word "pre". Words are below numbers, so that a version with one is a pre-release, and a shorter list
// goes on with zeros. Zeros in front of the first word do not count: 1.0.a is 1.a.
//
// Texts that are no versions are below all versions, and among themselves in the order of their bytes.
#include "version/version.h"

#include "version/number.h"
#include "version/take.h"

static bool is_alphanumeric(char c)
{
    return is_letter(c) || is_digit(c);
}

static bool is_alphanumeric_or_hyphen(char c)
{
    return is_alphanumeric(c) || c == '-';
}

// What RubyGems takes as a version: nothing, which is 0, or digits{.alphanumeric}[-more{.more}], blanks around it.
static bool valid(struct slice v)
{
    v = slice_trim(v);
    if (v.n == 0)
        return true;
    if (take_run(&v, is_digit).n == 0)
        return false;
    while (take_byte(&v, '.'))
        if (take_run(&v, is_alphanumeric).n == 0)
            return false;
    if (!take_byte(&v, '-'))
        return v.n == 0;
    do {
        if (take_run(&v, is_alphanumeric_or_hyphen).n == 0)
            return false;
    } while (take_byte(&v, '.'));
    return v.n == 0;
}

struct cursor {
    struct slice numbers; // what comes before the first word, without the zeros at its end
    struct slice rest;    // from the first word on
};

static struct cursor start(struct slice v)
{
    struct cursor c = {.numbers = slice_trim(v)};
    size_t n = 0;
    while (n < c.numbers.n && (is_digit(c.numbers.p[n]) || c.numbers.p[n] == '.'))
        n++;
    c.rest = slice_from(c.numbers, n);
    c.numbers.n = n;
    // Without the zeros of 10 there would be a 1, so the end of the last number that is not 0 is looked for.
    size_t end = 0;
    struct slice left = c.numbers;
    while (left.n != 0) {
        struct slice number = take_run(&left, is_digit);
        if (compare_numbers(number, SLICE("0")) != 0)
            end = n - left.n;
        take_byte(&left, '.');
    }
    c.numbers.n = end;
    return c;
}

static bool at_end(const struct cursor *c)
{
    return c->numbers.n == 0 && c->rest.n == 0;
}

// The next number or word; empty at the end, which is 0.
static struct slice next_segment(struct cursor *c)
{
    struct slice *left = c->numbers.n != 0 ? &c->numbers : &c->rest;
    while (take_byte(left, '.'))
        ;
    if (take_byte(left, '-'))
        return SLICE("pre");
    struct slice word = take_run(left, is_letter);
    return word.n != 0 ? word : take_run(left, is_digit);
}

static bool is_word(struct slice segment)
{
    return segment.n != 0 && is_letter(segment.p[0]);
}

static int compare_segments(struct slice a, struct slice b)
{
    if (is_word(a) != is_word(b))
        return is_word(b) - is_word(a);
    return is_word(a) ? slice_cmp(a, b) : compare_numbers(a, b);
}

static int compare(struct slice a, struct slice b)
{
    bool left_valid = valid(a), right_valid = valid(b);
    if (!left_valid || !right_valid)
        return left_valid == right_valid ? slice_cmp(a, b) : left_valid - right_valid;
    struct cursor left = start(a), right = start(b);
    while (!at_end(&left) || !at_end(&right)) {
        int order = compare_segments(next_segment(&left), next_segment(&right));
        if (order != 0)
            return order;
    }
    return 0;
}

const struct version_scheme version_gem = {"gem", compare, valid};
