#include "base/limits.h"

#include "base/nearest.h"

static const struct limit_entry entries[] = {
#define LIMIT_READING(name, value, text) {#name, text, value, true},
#define LIMIT_OTHER(name, value, text)   {#name, text, value, false},
    LIMITS_BY(LIMIT_READING, LIMIT_OTHER)
#undef LIMIT_READING
#undef LIMIT_OTHER
};

static const size_t offsets[] = {
#define LIMIT_OFFSET(name, value, text) offsetof(struct limits, name),
    LIMITS(LIMIT_OFFSET)
#undef LIMIT_OFFSET
};

#define COUNT (sizeof entries / sizeof entries[0])

struct limits limits_default(void)
{
    return (struct limits){
#define LIMIT_VALUE(name, value, text) .name = (value),
        LIMITS(LIMIT_VALUE)
#undef LIMIT_VALUE
    };
}

const struct limit_entry *limits_entry(size_t i)
{
    return i < COUNT ? &entries[i] : NULL;
}

uint64_t limits_value(const struct limits *limits, size_t i)
{
    uint64_t value;
    memcpy(&value, (const char *)limits + offsets[i], sizeof value);
    return value;
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool limits_named(struct slice text, size_t *which)
{
    for (size_t start = 0, end; start < text.n; start = end + 1) {
        for (end = start; end < text.n && is_name(text.p[end]); end++)
            continue;
        struct slice word = slice_of(text.p + start, end - start);
        for (size_t i = 0; i < COUNT && slice_find(word, '_') > 0; i++)
            if (slice_eq(word, slice_str(entries[i].name))) {
                *which = i;
                return true;
            }
    }
    return false;
}

static bool parse_value(struct slice text, uint64_t *value)
{
    uint64_t unit = 1;
    if (text.n > 1) {
        char suffix = text.p[text.n - 1];
        unit = suffix == 'K' ? KIB : suffix == 'M' ? MIB : suffix == 'G' ? GIB : 1;
        text.n -= unit != 1;
    }
    return slice_to_u64(text, value) && !__builtin_mul_overflow(*value, unit, value);
}

bool limits_set(struct limits *limits, struct slice assignment, struct error *err)
{
    struct slice name, text;
    uint64_t value;
    if (!slice_cut(assignment, '=', &name, &text) || !parse_value(text, &value))
        return error_set(err, ERR_USAGE, "\"%.*s\" is not NAME=NUMBER, where the number may end in K, M or G",
                         SLICE_ARG(assignment));
    for (size_t i = 0; i < COUNT; i++) {
        if (!slice_eq(name, slice_str(entries[i].name)))
            continue;
        memcpy((char *)limits + offsets[i], &value, sizeof value);
        return true;
    }
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; i < COUNT; i++)
        nearest_offer(&nearest, slice_str(entries[i].name));
    return error_set(err, ERR_USAGE, "no limit is called \"%.*s\" (`clarion version -v` lists them)%s", SLICE_ARG(name),
                     nearest_hint(&nearest).text);
}
