// Versions of R's packages: numbers parted by '.' or '-': 1.2-3.
//
// Sources: "Writing R Extensions" (the Version field), and R's help pages numeric_version and compareVersion. The last
// one decides where they differ: of two versions that are equal as far as both go, the one with more numbers is the
// later one, while numeric_version() of some releases of R has 1.0 as 1.0.0.
#include "version/number.h"
#include "version/take.h"
#include "version/version.h"

// Takes the next number and what parts it from another one. False when there is no number, or another one is missing.
static bool take_number(struct slice *left, struct slice *number)
{
    *number = take_run(left, is_digit);
    bool parted = take_one_of(left, SLICE(".-"));
    return number->n > 0 && parted == (left->n > 0);
}

static bool has_shape(struct slice v)
{
    struct slice number;
    do
        if (!take_number(&v, &number))
            return false;
    while (v.n > 0);
    return true;
}

// What has not the shape of a version comes before all that has, in the order of its bytes. Numbers that are too large
// for R are compared all the same.
static int compare(struct slice a, struct slice b)
{
    bool left_fits = has_shape(a), right_fits = has_shape(b);
    if (!left_fits || !right_fits)
        return left_fits || right_fits ? (int)left_fits - (int)right_fits : slice_cmp(a, b);
    while (a.n > 0 && b.n > 0) {
        struct slice left, right;
        take_number(&a, &left);
        take_number(&b, &right);
        int order = compare_numbers(left, right);
        if (order != 0)
            return order;
    }
    return (a.n > 0) - (b.n > 0);
}

// R keeps each number as an int.
static bool valid(struct slice v)
{
    if (!has_shape(v))
        return false;
    while (v.n > 0) {
        struct slice number;
        take_number(&v, &number);
        if (compare_numbers(number, SLICE("2147483647")) > 0)
            return false;
    }
    return true;
}

const struct version_scheme version_cran = {"cran", compare, valid};
