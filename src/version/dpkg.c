// Debian versions: [epoch:]upstream[-revision], compared as deb-version(7) says and dpkg does it in lib/dpkg/version.c
// and lib/dpkg/parsehelp.c.
#include "version/version.h"

#include <limits.h>

struct parts {
    struct slice epoch, upstream, revision;
    bool has_epoch, has_revision;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

// dpkg reads the epoch with strtol(), which passes over white space and a sign in front of the digits; a negative epoch
// is an error, but -0 is 0.
static struct slice epoch_digits(struct slice epoch)
{
    while (epoch.n > 0 && (is_blank(epoch.p[0]) || (epoch.p[0] >= '\n' && epoch.p[0] <= '\r')))
        epoch = slice_from(epoch, 1);
    bool plus = slice_starts(epoch, SLICE("+")), minus = slice_starts(epoch, SLICE("-0"));
    for (size_t i = 1; minus && i < epoch.n; i++)
        minus = epoch.p[i] == '0';
    return slice_from(epoch, plus || minus);
}

// At the first colon and the last hyphen. A missing part is empty, which compares as 0.
static struct parts split(struct slice v)
{
    while (v.n > 0 && is_blank(v.p[0]))
        v = slice_from(v, 1);
    while (v.n > 0 && is_blank(v.p[v.n - 1]))
        v.n--;
    struct parts p = {.upstream = v};
    ptrdiff_t colon = slice_find(v, ':');
    if (colon >= 0) {
        p.has_epoch = true;
        p.epoch = epoch_digits(slice_of(v.p, (size_t)colon));
        p.upstream = slice_from(v, (size_t)colon + 1);
    }
    ptrdiff_t hyphen = slice_rfind(p.upstream, '-');
    if (hyphen >= 0) {
        p.has_revision = true;
        p.revision = slice_from(p.upstream, (size_t)hyphen + 1);
        p.upstream.n = (size_t)hyphen;
    }
    return p;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool digit_at(struct slice s, size_t i)
{
    return i < s.n && is_digit(s.p[i]);
}

// The order of single characters: '~', then the end of the part or a digit, then letters, then all others. Bytes that
// are not ASCII, which no valid version has, count as negative characters, as they do in dpkg.
static int weight(struct slice s, size_t i)
{
    if (i >= s.n || is_digit(s.p[i]))
        return 0;
    if (s.p[i] == '~')
        return -1;
    return is_letter(s.p[i]) ? s.p[i] : (signed char)s.p[i] + 256;
}

// Compares the runs of digits from *i and *j on as numbers of any length, and passes over them.
static int compare_digits(struct slice a, size_t *i, struct slice b, size_t *j)
{
    while (*i < a.n && a.p[*i] == '0')
        ++*i;
    while (*j < b.n && b.p[*j] == '0')
        ++*j;
    int first = 0;
    while (digit_at(a, *i) && digit_at(b, *j)) {
        if (first == 0)
            first = a.p[*i] - b.p[*j];
        ++*i;
        ++*j;
    }
    if (digit_at(a, *i))
        return 1;
    return digit_at(b, *j) ? -1 : first;
}

static int compare_part(struct slice a, struct slice b)
{
    size_t i = 0, j = 0;
    while (i < a.n || j < b.n) {
        while ((i < a.n && !is_digit(a.p[i])) || (j < b.n && !is_digit(b.p[j]))) {
            int left = weight(a, i), right = weight(b, j);
            if (left != right)
                return left - right;
            i++;
            j++;
        }
        int order = compare_digits(a, &i, b, &j);
        if (order != 0)
            return order;
    }
    return 0;
}

static int compare(struct slice a, struct slice b)
{
    struct parts left = split(a), right = split(b);
    int order = compare_part(left.epoch, right.epoch);
    if (order == 0)
        order = compare_part(left.upstream, right.upstream);
    return order != 0 ? order : compare_part(left.revision, right.revision);
}

static bool has_only(struct slice s, struct slice others)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]) && !is_letter(s.p[i]) && slice_find(others, s.p[i]) < 0)
            return false;
    return true;
}

// What `dpkg --validate-version` takes. Comparing is more generous, in dpkg as here.
static bool valid(struct slice v)
{
    struct parts p = split(v);
    uint64_t epoch = 0;
    if (p.has_epoch && (!slice_to_u64(p.epoch, &epoch) || epoch > INT_MAX))
        return false;
    if (p.upstream.n == 0 || !is_digit(p.upstream.p[0]) || (p.has_revision && p.revision.n == 0))
        return false;
    return has_only(p.upstream, SLICE(".-+~:")) && has_only(p.revision, SLICE(".+~"));
}

const struct version_scheme version_dpkg = {"dpkg", compare, valid};
