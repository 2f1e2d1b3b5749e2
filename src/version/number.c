#include "version/number.h"

static struct slice without_leading_zeros(struct slice s)
{
    size_t zeros = 0;
    while (zeros < s.n && s.p[zeros] == '0')
        zeros++;
    return slice_from(s, zeros);
}

int compare_numbers(struct slice a, struct slice b)
{
    a = without_leading_zeros(a);
    b = without_leading_zeros(b);
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    return slice_cmp(a, b);
}
