// PHP versions: v1.2.3.4-beta5-dev, dates and branches, compared as Composer does it.
//
// The reference is composer/semver 3.4: VersionParser::normalize() in src/VersionParser.php says what a version is, and
// Comparator hands its normal form to PHP's version_compare() (ext/standard/versioning.c). Here the normal form is
// never written down: a text is parsed into its pieces, and these are walked.
//
//   1.2-beta.3      1.2.0.0-beta3           missing numbers are 0
//   2.x-dev         2.9999999.9999999.9999999-dev, of a branch named by numbers
//   20240131-1      a date is as many numbers as it has, here 20240131.1
//   dev-main        a branch: below all numbers; two branches have no order for Composer, here that of their bytes
//
// Texts that are no versions are below all versions, and among themselves in the order of their bytes.
#include "version/version.h"

#include "version/number.h"
#include "version/take.h"

// What may stand at one place of two normal forms, in the order of version_compare(), which knows no "stable": that
// word reaches it when it is not written in lower case (1.0-STABLE). A form that ends is above all words but "patch".
enum rank { RANK_STABLE_WORD, RANK_DEV, RANK_ALPHA, RANK_BETA, RANK_CANDIDATE, RANK_END, RANK_NUMBER, RANK_PATCH };

struct normal {
    bool is_branch;
    struct slice branch; // its name, when it has no numbers
    struct slice numbers;
    size_t places;       // how many numbers there are at least
    const char *missing; // in the place of a missing one, and of a wildcard
    bool has_stability;
    enum rank stability;
    struct slice stability_numbers;
    bool dev;
};

#define CLASSICAL_PLACES 4
#define CLASSICAL_DIGITS 5 // of the first number; longer ones are dates

// From here on all numbers are the same for version_compare(), which reads them with strtol() into 64 bits.
#define LARGEST_NUMBER "9223372036854775807"

// The blanks of `\s` in PHP's patterns.
static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// PHP's trim() takes NUL for a blank, and a vertical tab, but not a form feed.
static bool is_trimmed(char c)
{
    return c == '\0' || (is_blank(c) && c != '\f');
}

static struct slice trim(struct slice s)
{
    take_run(&s, is_trimmed);
    while (s.n > 0 && is_trimmed(s.p[s.n - 1]))
        s.n--;
    return s;
}

static bool starts_nocase(struct slice s, struct slice prefix)
{
    return s.n >= prefix.n && slice_eq_nocase(slice_of(s.p, prefix.n), prefix);
}

static bool ends_nocase(struct slice s, struct slice suffix)
{
    return s.n >= suffix.n && slice_eq_nocase(slice_from(s, s.n - suffix.n), suffix);
}

// Without the newline that `$` of a pattern lets stand at the end.
static struct slice without_newline(struct slice s)
{
    return slice_of(s.p, s.n - slice_ends(s, SLICE("\n")));
}

static bool is_alias_text(char c)
{
    return c != ',' && !is_blank(c);
}

static bool is_space(char c)
{
    return c == ' ';
}

// "1.0 as 2.0" is 1.0.
static struct slice without_alias(struct slice v)
{
    struct slice left = v, version = take_run(&left, is_alias_text);
    if (version.n == 0 || take_run(&left, is_space).n == 0 || !slice_starts(left, SLICE("as")))
        return v;
    left = slice_from(left, 2);
    bool alias = take_run(&left, is_space).n != 0 && take_run(&left, is_alias_text).n != 0 && left.n == 0;
    return alias ? version : v;
}

// "1.0@beta" is 1.0.
static struct slice without_flag(struct slice v)
{
    static const char *const flags[] = {"@stable", "@RC", "@beta", "@alpha", "@dev"};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (ends_nocase(v, slice_str(flags[i])))
            return slice_of(v.p, v.n - strlen(flags[i]));
    return v;
}

static bool is_release_text(char c)
{
    return is_alias_text(c) && c != '+';
}

static bool is_not_blank(char c)
{
    return !is_blank(c);
}

// "1.0+build" is 1.0.
static struct slice without_build(struct slice v)
{
    struct slice left = without_newline(v), version = take_run(&left, is_release_text);
    bool build = version.n != 0 && take_byte(&left, '+') && take_run(&left, is_not_blank).n != 0 && left.n == 0;
    return build ? version : v;
}

static void skip_v(struct slice *left)
{
    take_one_of(left, SLICE("vV"));
}

struct stability {
    const char *text;
    enum rank rank;
};

// Of two that begin alike the longer one first.
static const struct stability stabilities[] = {
    {"stable", RANK_STABLE_WORD},
    {"beta", RANK_BETA},
    {"b", RANK_BETA},
    {"rc", RANK_CANDIDATE},
    {"alpha", RANK_ALPHA},
    {"a", RANK_ALPHA},
    {"patch", RANK_PATCH},
    {"pl", RANK_PATCH},
    {"p", RANK_PATCH},
    {NULL, RANK_END},
};

// The stability that comes next, taken off what is left, or the last of the table.
static const struct stability *take_stability(struct slice *left)
{
    const struct stability *s = stabilities;
    while (s->text != NULL && !starts_nocase(*left, slice_str(s->text)))
        s++;
    if (s->text != NULL)
        *left = slice_from(*left, strlen(s->text));
    return s;
}

// Numbers with or without a separator in front of each.
static struct slice take_stability_numbers(struct slice *left)
{
    struct slice before = *left, rest = *left;
    while (rest.n != 0) {
        take_one_of(&rest, SLICE(".-"));
        if (take_run(&rest, is_digit).n == 0)
            break;
        *left = rest;
    }
    return taken(before, *left);
}

// What may follow the numbers, up to the end: a stability with numbers, "dev", both, or only a separator.
static bool parse_modifiers(struct slice left, struct normal *out)
{
    take_one_of(&left, SLICE("._-"));
    bool is_stable = slice_starts(left, SLICE("stable"));
    const struct stability *stability = take_stability(&left);
    struct slice numbers = SLICE("");
    if (stability->text != NULL)
        numbers = take_stability_numbers(&left);
    struct slice rest = left;
    take_one_of(&rest, SLICE(".-"));
    bool dev = starts_nocase(rest, SLICE("dev"));
    if ((dev ? slice_from(rest, 3) : left).n != 0)
        return false;
    if (is_stable) // the rest is dropped with it
        return true;
    out->has_stability = stability->text != NULL;
    out->stability = stability->rank;
    out->stability_numbers = numbers;
    out->dev = dev;
    return true;
}

// One to four numbers.
static bool parse_classical(struct slice v, struct normal *out)
{
    struct slice left = without_newline(v);
    skip_v(&left);
    struct slice before = left;
    size_t digits = take_run(&left, is_digit).n;
    if (digits == 0 || digits > CLASSICAL_DIGITS)
        return false;
    struct slice rest = left;
    for (size_t i = 1; i < CLASSICAL_PLACES && take_byte(&rest, '.') && take_run(&rest, is_digit).n != 0; i++)
        left = rest;
    struct slice numbers = taken(before, left);
    *out = (struct normal){.numbers = numbers, .places = CLASSICAL_PLACES, .missing = "0"};
    return parse_modifiers(left, out);
}

#define DATE_YEAR           4
#define DATE_PAIRS          6 // at most, and one at least: month, day, hour, minute, second, and one more
#define DATE_COUNTERS       2
#define DATE_COUNTER_DIGITS 3

static bool starts_with_digits(struct slice s, size_t n)
{
    if (s.n < n)
        return false;
    struct slice head = slice_of(s.p, n);
    return take_run(&head, is_digit).n == n;
}

// Whether this is pairs of digits, then counters of one to three digits, each with or without a separator in front. It
// calls itself for each of them, which is eight deep at most.
static bool is_date_rest(struct slice s, size_t pairs, size_t counters)
{
    if (s.n == 0)
        return pairs > 0;
    take_one_of(&s, SLICE(".:-"));
    if (counters == 0 && pairs < DATE_PAIRS && starts_with_digits(s, 2) &&
        is_date_rest(slice_from(s, 2), pairs + 1, counters))
        return true;
    for (size_t n = 1; pairs > 0 && counters < DATE_COUNTERS && n <= DATE_COUNTER_DIGITS; n++)
        if (starts_with_digits(s, n) && is_date_rest(slice_from(s, n), pairs, counters + 1))
            return true;
    return false;
}

// A date with as many numbers as it has separators. No modifier begins with a digit, so the date goes as far as digits
// with single separators between them go.
static bool parse_date(struct slice v, struct normal *out)
{
    struct slice left = without_newline(v);
    skip_v(&left);
    struct slice before = left, rest = left;
    while (take_run(&rest, is_digit).n != 0) {
        left = rest;
        take_one_of(&rest, SLICE(".:-"));
    }
    struct slice date = taken(before, left);
    if (!starts_with_digits(date, DATE_YEAR) || !is_date_rest(slice_from(date, DATE_YEAR), 0, 0))
        return false;
    *out = (struct normal){.numbers = date};
    return parse_modifiers(left, out);
}

// One to four numbers, of which all but the first may be wildcards, and "dev". The name is looked for on the last line
// only, since the pattern is not bound to the beginning.
static bool parse_numeric_branch(struct slice v, struct normal *out)
{
    struct slice name = without_newline(v);
    if (!ends_nocase(name, SLICE("dev")))
        return false;
    name.n -= 3;
    if (slice_ends(name, SLICE(".")) || slice_ends(name, SLICE("-")))
        name.n--;
    struct slice left = trim(slice_from(name, (size_t)(slice_rfind(name, '\n') + 1)));
    skip_v(&left);
    *out = (struct normal){.numbers = left, .places = CLASSICAL_PLACES, .missing = "9999999", .dev = true};
    if (take_run(&left, is_digit).n == 0)
        return false;
    for (size_t i = 1; i < CLASSICAL_PLACES && take_byte(&left, '.'); i++)
        if (!take_one_of(&left, SLICE("xX*")) && take_run(&left, is_digit).n == 0)
            return false;
    return left.n == 0;
}

// False when the text is no version.
static bool parse(struct slice v, struct normal *out)
{
    v = without_flag(without_alias(trim(v)));
    bool is_default = slice_eq(v, SLICE("master")) || slice_eq(v, SLICE("trunk")) || slice_eq(v, SLICE("default"));
    bool is_branch = starts_nocase(v, SLICE("dev-"));
    if (is_default || is_branch) {
        *out = (struct normal){.is_branch = true, .branch = slice_from(v, is_branch ? 4 : 0)};
        return true;
    }
    v = without_build(v);
    return parse_classical(v, out) || parse_date(v, out) || parse_numeric_branch(v, out);
}

struct element {
    enum rank rank;
    struct slice number; // of RANK_NUMBER
};

// Takes the next number or wildcard off what is left of the numbers; a missing one is taken, too.
static struct slice take_number(struct normal *left)
{
    take_one_of(&left->numbers, SLICE(".:-"));
    struct slice number = take_run(&left->numbers, is_digit);
    if (number.n == 0) {
        take_one_of(&left->numbers, SLICE("xX*"));
        number = slice_str(left->missing);
    }
    if (left->places > 0)
        left->places--;
    return number;
}

// Takes the next one off what is left of a normal form.
static struct element next_element(struct normal *left)
{
    if (left->places > 0 || left->numbers.n != 0)
        return (struct element){RANK_NUMBER, take_number(left)};
    if (left->has_stability) {
        left->has_stability = false;
        return (struct element){left->stability, SLICE("")};
    }
    if (left->stability_numbers.n != 0) {
        take_one_of(&left->stability_numbers, SLICE(".-"));
        return (struct element){RANK_NUMBER, take_run(&left->stability_numbers, is_digit)};
    }
    if (left->dev) {
        left->dev = false;
        return (struct element){RANK_DEV, SLICE("")};
    }
    return (struct element){RANK_END, SLICE("")};
}

static struct slice bounded(struct slice number)
{
    struct slice largest = SLICE(LARGEST_NUMBER);
    return compare_numbers(number, largest) > 0 ? largest : number;
}

static int compare_elements(struct element a, struct element b)
{
    if (a.rank != b.rank)
        return a.rank < b.rank ? -1 : 1;
    return compare_numbers(bounded(a.number), bounded(b.number));
}

static int compare_normal(struct normal left, struct normal right)
{
    if (left.is_branch && right.is_branch)
        return slice_cmp(left.branch, right.branch);
    if (left.is_branch || right.is_branch)
        return left.is_branch ? -1 : 1;
    struct element a, b;
    do {
        a = next_element(&left);
        b = next_element(&right);
        int order = compare_elements(a, b);
        if (order != 0)
            return order;
    } while (a.rank != RANK_END);
    return 0;
}

static int compare(struct slice a, struct slice b)
{
    struct normal left, right;
    bool left_valid = parse(a, &left), right_valid = parse(b, &right);
    if (left_valid && right_valid)
        return compare_normal(left, right);
    return left_valid == right_valid ? slice_cmp(a, b) : left_valid - right_valid;
}

static bool valid(struct slice v)
{
    struct normal out;
    return parse(v, &out);
}

const struct version_scheme version_composer = {"composer", compare, valid};
