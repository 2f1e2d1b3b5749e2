// From a value of the configuration to a field, and back to text.
#include "service/config.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <unistd.h>

// ---- durations ------------------------------------------------------------------------------------------------------

#define DAY_NANOSECONDS (24 * INT64_C(3600000000000))

static const struct duration_unit {
    const char *name;
    int64_t nanoseconds;
} units[] = {
    {"ns", 1},          {"us", 1000},        {"\302\265s", 1000},   {"\316\274s", 1000}, {"ms", 1000000},
    {"s", 1000000000L}, {"m", 60000000000L}, {"h", 3600000000000L}, {NULL, 0},
};

// "µs" has two spellings, so units are told apart by what they are in full, the longer first.
static const struct duration_unit *take_unit(struct slice *s)
{
    const struct duration_unit *best = NULL;
    for (const struct duration_unit *u = units; u->name != NULL; u++)
        if (slice_starts(*s, slice_str(u->name)) && (best == NULL || strlen(u->name) > strlen(best->name)))
            best = u;
    if (best != NULL)
        *s = slice_from(*s, strlen(best->name));
    return best;
}

// "12.5" in front of `s`, in parts: the whole, and the digits of the fraction.
static bool take_number(struct slice *s, uint64_t *whole, struct slice *fraction)
{
    size_t n = 0, m = 0;
    while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
        n++;
    struct slice rest = slice_from(*s, n);
    *fraction = (struct slice){0};
    if (rest.n != 0 && rest.p[0] == '.') {
        rest = slice_from(rest, 1);
        while (m < rest.n && rest.p[m] >= '0' && rest.p[m] <= '9')
            m++;
        *fraction = slice_of(rest.p, m);
        rest = slice_from(rest, m);
    }
    *whole = 0;
    if (n + m == 0 || (n != 0 && !slice_to_u64(slice_of(s->p, n), whole)))
        return false;
    *s = rest;
    return true;
}

bool config_duration(struct slice s, int64_t *nanoseconds)
{
    int64_t sum = 0;
    bool negative = s.n != 0 && s.p[0] == '-';
    s = slice_from(s, s.n != 0 && (s.p[0] == '-' || s.p[0] == '+'));
    *nanoseconds = 0;
    if (slice_eq(s, SLICE("0")))
        return true;
    if (s.n == 0)
        return false;
    while (s.n != 0) {
        uint64_t whole;
        struct slice fraction;
        if (!take_number(&s, &whole, &fraction))
            return false;
        const struct duration_unit *unit = take_unit(&s);
        int64_t part;
        if (unit == NULL || whole > INT64_MAX || __builtin_mul_overflow((int64_t)whole, unit->nanoseconds, &part) ||
            __builtin_add_overflow(sum, part, &sum))
            return false;
        int64_t place = unit->nanoseconds;
        for (size_t i = 0; i < fraction.n && place >= 10; i++) {
            place /= 10;
            if (__builtin_add_overflow(sum, place * (fraction.p[i] - '0'), &sum))
                return false;
        }
    }
    *nanoseconds = negative ? -sum : sum;
    return true;
}

void config_duration_write(int64_t nanoseconds, struct buf *out)
{
    if (nanoseconds == 0) {
        buf_adds(out, "0s");
        return;
    }
    if (nanoseconds < 0)
        buf_addc(out, '-');
    uint64_t rest = nanoseconds < 0 ? 0 - (uint64_t)nanoseconds : (uint64_t)nanoseconds;
    static const struct duration_unit *const parts[] = {&units[7], &units[6], &units[5],
                                                        &units[4], &units[1], &units[0]};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        uint64_t unit = (uint64_t)parts[i]->nanoseconds;
        if (rest >= unit)
            buf_addf(out, "%llu%s", (unsigned long long)(rest / unit), parts[i]->name);
        rest %= unit;
    }
}

// ---- one value ------------------------------------------------------------------------------------------------------

// Says what a value must be; the value itself only where it cannot be a secret.
static bool must_be(struct error *wrong, const char *what, const struct yaml_node *value)
{
    if (value->type == YAML_LIST || value->type == YAML_MAP)
        return error_set(wrong, ERR_FORMAT, "must be %s, not %s", what, yaml_type_name(value->type));
    return error_set(wrong, ERR_FORMAT, "must be %s, not \"%.*s\"", what, SLICE_ARG(value->text));
}

// The same for a value that must not be repeated.
static bool must_be_hidden(struct error *wrong, const char *what, const struct yaml_node *value)
{
    return error_set(wrong, ERR_FORMAT, "must be %s, not %s", what, yaml_type_name(value->type));
}

static bool take_int(const struct yaml_node *value, int64_t least, int64_t most, int64_t *out, struct error *wrong)
{
    uint64_t number;
    struct slice text = value->text;
    bool negative = text.n != 0 && text.p[0] == '-';
    text = slice_from(text, text.n != 0 && (text.p[0] == '-' || text.p[0] == '+'));
    if (value->type != YAML_INT || !slice_to_u64(text, &number) || number > INT64_MAX)
        return must_be(wrong, "a whole number", value);
    *out = negative ? -(int64_t)number : (int64_t)number;
    if (*out < least || *out > most)
        return error_set(wrong, ERR_FORMAT, "must be between %lld and %lld", (long long)least, (long long)most);
    return true;
}

// Go's durations know no days.
static bool age(struct slice text, int64_t *nanoseconds)
{
    uint64_t days;
    if (!slice_ends(text, SLICE("d")))
        return config_duration(text, nanoseconds) && *nanoseconds >= 0;
    return slice_to_u64(slice_of(text.p, text.n - 1), &days) && days <= INT64_MAX &&
           !__builtin_mul_overflow((int64_t)days, DAY_NANOSECONDS, nanoseconds);
}

static bool take_age(const struct yaml_node *value, int64_t *out, struct error *wrong)
{
    return (value->type == YAML_TEXT && age(value->text, out)) ||
           must_be(wrong, "a duration such as 720h or 30d", value);
}

static bool take_fraction(const struct yaml_node *value, double *out, struct error *wrong)
{
    double number = value->type == YAML_INT || value->type == YAML_FLOAT ? strtod(value->text.p, NULL) : -1;
    if (!(number >= 0 && number <= 1))
        return must_be(wrong, "a number from 0 to 1", value);
    *out = number;
    return true;
}

static bool take_address(const struct yaml_node *value, struct config_address *out, struct error *wrong)
{
    static const char what[] = "HOST:PORT, :PORT or [IPV6]:PORT";
    struct slice text = value->text;
    ptrdiff_t colon = slice_rfind(text, ':');
    uint64_t port;
    if (value->type != YAML_TEXT || colon < 0 || !slice_to_u64(slice_from(text, (size_t)colon + 1), &port) ||
        port > UINT16_MAX)
        return must_be(wrong, what, value);
    struct slice host = slice_of(text.p, (size_t)colon);
    bool brackets = host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    if (brackets)
        host = slice_of(host.p + 1, host.n - 2);
    if ((slice_find(host, ':') >= 0) != brackets || slice_find(host, '[') >= 0 || slice_find(host, ']') >= 0)
        return must_be(wrong, what, value);
    *out = (struct config_address){text, host, (uint16_t)port};
    return true;
}

static bool take_level(const struct yaml_node *value, enum log_level *out, struct error *wrong)
{
    // Clair writes next to nothing at the last two.
    static const struct {
        const char *name;
        enum log_level level;
    } names[] = {{"debug-color", LOG_DEBUG}, {"debug", LOG_DEBUG}, {"info", LOG_INFO},  {"warn", LOG_WARN},
                 {"error", LOG_ERROR},       {"fatal", LOG_ERROR}, {"panic", LOG_ERROR}};
    for (size_t i = 0; value->type == YAML_TEXT && i < sizeof names / sizeof names[0]; i++) {
        if (!slice_eq_nocase(value->text, slice_str(names[i].name)))
            continue;
        *out = names[i].level;
        return true;
    }
    return must_be(wrong, "debug, info, warn, error, fatal or panic", value);
}

static bool take_severity(const struct yaml_node *value, enum severity *out, struct error *wrong)
{
    return (value->type == YAML_TEXT && severity_parse(value->text, out)) ||
           must_be(wrong, "unknown, negligible, low, medium, high or critical", value);
}

// Only what the alphabet has, filled up to a multiple of four: EVP_DecodeBlock takes '=' anywhere.
static bool base64_valid(struct slice s)
{
    size_t filled = slice_ends(s, SLICE("==")) ? 2 : slice_ends(s, SLICE("="));
    for (size_t i = 0; i + filled < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/'))
            return false;
    }
    return s.n != 0 && s.n % 4 == 0;
}

// Base64 with padding, as Go's StdEncoding: line ends inside are passed over.
static bool take_key(const struct yaml_node *value, struct secret **out, struct error *wrong)
{
    static const char what[] = "the base64 of a key";
    struct buf text BUF_AUTO = {0};
    for (size_t i = 0; i < value->text.n; i++)
        if (value->text.p[i] != '\n' && value->text.p[i] != '\r')
            buf_addc(&text, value->text.p[i]);
    if (value->type != YAML_TEXT || !base64_valid(buf_slice(&text)))
        return must_be_hidden(wrong, what, value);
    struct buf bytes BUF_AUTO = {0};
    buf_reserve(&bytes, text.n);
    int n = EVP_DecodeBlock((unsigned char *)bytes.p, (const unsigned char *)text.p, (int)text.n);
    n -= slice_ends(buf_slice(&text), SLICE("==")) ? 2 : slice_ends(buf_slice(&text), SLICE("="));
    if (n <= 0)
        return must_be_hidden(wrong, what, value);
    secret_free(out);
    *out = secret_new(slice_of(bytes.p, (size_t)n));
    OPENSSL_cleanse(bytes.p, bytes.cap);
    OPENSSL_cleanse(text.p, text.cap);
    return true;
}

static bool take_texts(const struct yaml_node *value, bool hidden, struct arena *a, struct slices *out,
                       struct error *wrong)
{
    if (value->type != YAML_LIST)
        return must_be_hidden(wrong, "a list of texts", value);
    struct slices texts = {ARENA_NEW(a, struct slice, value->members.n), value->members.n};
    for (size_t i = 0; i < texts.n; i++) {
        const struct yaml_node *item = value->members.v[i].value;
        if (item->type != YAML_TEXT)
            return hidden ? must_be_hidden(wrong, "a list of texts (in quotes)", item)
                          : must_be(wrong, "a list of texts (in quotes)", item);
        texts.v[i] = item->text;
    }
    if (out != NULL)
        *out = texts;
    return true;
}

static bool check_map(const struct yaml_node *value, bool of_lists, struct arena *a, struct error *wrong)
{
    static const char what[] = "a map of names to texts", lists[] = "a map of names to lists of texts";
    if (value->type != YAML_MAP)
        return must_be_hidden(wrong, of_lists ? lists : what, value);
    for (size_t i = 0; i < value->members.n; i++) {
        const struct yaml_node *item = value->members.v[i].value;
        if (of_lists ? !take_texts(item, true, a, NULL, wrong) : item->type != YAML_TEXT)
            return must_be_hidden(wrong, of_lists ? lists : what, item);
    }
    return true;
}

static bool take_secret(const struct yaml_node *value, struct secret **out, struct error *wrong)
{
    if (value->type != YAML_TEXT)
        return must_be_hidden(wrong, "text (in quotes)", value);
    if (out != NULL) {
        secret_free(out);
        *out = value->text.n != 0 ? secret_new(value->text) : NULL;
    }
    return true;
}

static bool take_secrets(const struct yaml_node *value, struct arena *a, struct secrets *out, struct error *wrong)
{
    struct slices texts;
    if (!take_texts(value, true, a, &texts, wrong))
        return false;
    if (out == NULL)
        return true;
    *out = (struct secrets){ARENA_NEW(a, struct secret *, texts.n), texts.n};
    for (size_t i = 0; i < texts.n; i++)
        out->v[i] = secret_new(texts.v[i]);
    return true;
}

static bool take_texts_by_name(const struct yaml_node *value, struct arena *a, struct http_headers *out,
                               struct error *wrong)
{
    if (!check_map(value, false, a, wrong))
        return false;
    if (out == NULL)
        return true;
    *out = (struct http_headers){ARENA_NEW(a, struct http_header, value->members.n), value->members.n};
    for (size_t i = 0; i < out->n; i++)
        out->v[i] = (struct http_header){value->members.v[i].key, secret_new(value->members.v[i].value->text)};
    return true;
}

// A header for each text: of several with one name all are sent.
static bool take_headers(const struct yaml_node *value, struct arena *a, struct http_headers *out, struct error *wrong)
{
    size_t n = 0;
    if (!check_map(value, true, a, wrong))
        return false;
    if (out == NULL)
        return true;
    for (size_t i = 0; i < value->members.n; i++)
        n += value->members.v[i].value->members.n;
    *out = (struct http_headers){ARENA_NEW(a, struct http_header, n), 0};
    for (size_t i = 0; i < value->members.n; i++) {
        const struct yaml_node *texts = value->members.v[i].value;
        for (size_t j = 0; j < texts->members.n; j++)
            out->v[out->n++] =
                (struct http_header){value->members.v[i].key, secret_new(texts->members.v[j].value->text)};
    }
    return true;
}

bool config_take(const struct config_key *key, const struct yaml_node *value, struct arena *a, struct config *config,
                 struct error *wrong)
{
    // Keys without effect are judged all the same: into a place of no consequence.
    union {
        struct config_address address;
        enum log_level level;
        struct slice text;
        struct slices texts;
        struct secret *secret;
        int64_t number;
        double fraction;
        bool flag;
    } nowhere;
    void *field = key->note == NULL ? (void *)((char *)config + key->offset) : &nowhere;
    switch (key->type) {
    case CONFIG_TEXT:
        *(struct slice *)field = value->text;
        return value->type == YAML_TEXT || must_be(wrong, "text (in quotes, when it looks like a number)", value);
    case CONFIG_FILE:
        *(struct slice *)field = value->text;
        if (value->type != YAML_TEXT)
            return must_be(wrong, "the path of a file", value);
        if (value->text.n != 0 && access(value->text.p, R_OK) != 0)
            return error_errno(wrong, "cannot read %.*s", SLICE_ARG(value->text));
        return true;
    case CONFIG_SECRET:
        return take_secret(value, key->note == NULL ? field : NULL, wrong);
    case CONFIG_KEY:
        return take_key(value, field, wrong);
    case CONFIG_BOOL:
        if (value->type != YAML_BOOL)
            return must_be(wrong, "true or false", value);
        *(bool *)field = value->text.p[0] == 't' || value->text.p[0] == 'T';
        return true;
    case CONFIG_INT:
        return take_int(value, INT32_MIN, INT32_MAX, field, wrong);
    case CONFIG_FRACTION:
        return take_fraction(value, field, wrong);
    case CONFIG_AGE:
        return take_age(value, field, wrong);
    case CONFIG_DURATION:
        return (value->type == YAML_TEXT && config_duration(value->text, field)) ||
               must_be(wrong, "a duration such as 90s, 30m or 1h30m", value);
    case CONFIG_ADDRESS:
        return take_address(value, field, wrong);
    case CONFIG_LEVEL:
        return take_level(value, field, wrong);
    case CONFIG_SEVERITY:
        return take_severity(value, field, wrong);
    case CONFIG_TEXTS:
        return take_texts(value, false, a, field, wrong);
    case CONFIG_SECRETS:
        return take_secrets(value, a, key->note == NULL ? field : NULL, wrong);
    case CONFIG_SECRET_MAP:
        return take_texts_by_name(value, a, key->note == NULL ? field : NULL, wrong);
    case CONFIG_HEADERS:
        return take_headers(value, a, key->note == NULL ? field : NULL, wrong);
    case CONFIG_LIMITS: // whose members are judged one by one
    case CONFIG_UPDATERS:
    case CONFIG_REGISTRIES:
    case CONFIG_ANY:
        return value->type == YAML_MAP || must_be(wrong, "a map", value);
    case CONFIG_REMOVED:
        break;
    }
    return error_set(wrong, ERR_FORMAT, "%s", key->note);
}

bool config_take_value(enum config_type type, const struct yaml_node *value, struct arena *a, void *field,
                       struct error *wrong)
{
    const struct config_key key = {.type = type, .offset = 0};
    return config_take(&key, value, a, field, wrong);
}
