#include "base/slice.h"

#include <sys/random.h>
#include <time.h>

int slice_cmp(struct slice a, struct slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n != 0 ? memcmp(a.p, b.p, n) : 0;
    if (order != 0)
        return order;
    return (a.n > b.n) - (a.n < b.n);
}

int slices_cmp(const struct slice *a, const struct slice *b, size_t n)
{
    int order = 0;
    for (size_t i = 0; order == 0 && i < n; i++)
        order = slice_cmp(a[i], b[i]);
    return order;
}

bool slice_starts(struct slice s, struct slice prefix)
{
    return s.n >= prefix.n && slice_eq(slice_of(s.p, prefix.n), prefix);
}

bool slice_ends(struct slice s, struct slice suffix)
{
    return s.n >= suffix.n && slice_eq(slice_from(s, s.n - suffix.n), suffix);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool slice_eq_nocase(struct slice a, struct slice b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

bool slice_starts_nocase(struct slice s, struct slice prefix)
{
    return s.n >= prefix.n && slice_eq_nocase(slice_of(s.p, prefix.n), prefix);
}

struct slice slice_from(struct slice s, size_t from)
{
    if (from >= s.n)
        return (struct slice){s.p, 0};
    return (struct slice){s.p + from, s.n - from};
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice slice_trim(struct slice s)
{
    while (s.n > 0 && is_blank(s.p[0]))
        s = slice_from(s, 1);
    while (s.n > 0 && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

ptrdiff_t slice_find(struct slice s, char c)
{
    const char *hit = s.n != 0 ? memchr(s.p, c, s.n) : NULL;
    return hit != NULL ? hit - s.p : -1;
}

ptrdiff_t slice_rfind(struct slice s, char c)
{
    const char *hit = s.n != 0 ? memrchr(s.p, c, s.n) : NULL;
    return hit != NULL ? hit - s.p : -1;
}

ptrdiff_t slice_find_slice(struct slice s, struct slice what)
{
    if (what.n == 0)
        return 0;
    const char *hit = s.n != 0 ? memmem(s.p, s.n, what.p, what.n) : NULL;
    return hit != NULL ? hit - s.p : -1;
}

bool slice_cut(struct slice s, char sep, struct slice *before, struct slice *after)
{
    ptrdiff_t at = slice_find(s, sep);
    if (at < 0) {
        *before = s;
        *after = (struct slice){NULL, 0};
        return false;
    }
    *before = slice_of(s.p, (size_t)at);
    *after = slice_from(s, (size_t)at + 1);
    return true;
}

bool slice_next_line(struct slice *rest, struct slice *line)
{
    if (rest->n == 0)
        return false;
    slice_cut(*rest, '\n', line, rest);
    return true;
}

bool slice_to_u64(struct slice s, uint64_t *value)
{
    if (s.n == 0)
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
            return false;
    }
    *value = v;
    return true;
}

struct slice slice_basename(struct slice path)
{
    ptrdiff_t at = slice_rfind(path, '/');
    return at < 0 ? path : slice_from(path, (size_t)at + 1);
}

struct slice slice_dirname(struct slice path)
{
    ptrdiff_t at = slice_rfind(path, '/');
    return at < 0 ? slice_of(path.p, 0) : slice_of(path.p, (size_t)at);
}

// Set before main, so that threads only read it; the address of a local is a fallback where getrandom is refused.
static uint64_t hash_seed;

__attribute__((constructor)) static void choose_hash_seed(void)
{
    if (getrandom(&hash_seed, sizeof hash_seed, GRND_NONBLOCK) != sizeof hash_seed)
        hash_seed = (uint64_t)time(NULL) ^ (uint64_t)(uintptr_t)&hash_seed;
}

static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93U;
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93U;
    return h ^ (h >> 32);
}

uint64_t slice_hash(struct slice s)
{
    uint64_t h = hash_seed ^ s.n;
    size_t i = 0;
    for (; i + 8 <= s.n; i += 8) {
        uint64_t word;
        memcpy(&word, s.p + i, 8);
        h = mix(h ^ word);
    }
    uint64_t tail = 0;
    if (i < s.n)
        memcpy(&tail, s.p + i, s.n - i);
    return mix(h ^ tail);
}
