// Maven versions: numbers and qualifiers between '.', '-' and the places where digits meet letters, in lists that lie
// one in the other.
//
// Sources: "Version Order Specification" of Maven's POM reference, and ComparableVersion of maven-artifact 3.9, which
// decides where the two differ. Each '-', and each place where digits meet letters, opens a list in the list before it,
// so a list is always the last item of another: a version is one row of tokens, and no recursion is needed to compare
// two. What is null (0, "ga", an empty list) does not count at the end of a list.
//
// Any text is a version. The order is Maven's own also where it is none: 1-alpha < 1 < 1.sp.1 < 1-alpha. One thing is
// not followed: in lower case, Java makes a capital sigma at the end of a word another letter than within it.
#include "base/utf8.h"
#include "version/unicode.h"
#include "version/version.h"

// In the order in which unlike ones compare.
enum kind { QUALIFIER, LIST, NUMBER, END };

struct token {
    enum kind kind;
    struct slice text;  // of a number or qualifier
    bool before_digits; // the qualifier is followed by them
    size_t list;        // that it is in
};

// ---- qualifiers -----------------------------------------------------------------------------------------------------

enum rank { ALPHA, BETA, MILESTONE, CANDIDATE, SNAPSHOT, RELEASE, SERVICE_PACK, UNKNOWN };

static const struct {
    struct slice name;
    enum rank rank;
    bool before_digits; // only there it has this meaning
} qualifiers[] = {
    {SLICE("alpha"), ALPHA, false},         {SLICE("a"), ALPHA, true},
    {SLICE("beta"), BETA, false},           {SLICE("b"), BETA, true},
    {SLICE("milestone"), MILESTONE, false}, {SLICE("m"), MILESTONE, true},
    {SLICE("rc"), CANDIDATE, false},        {SLICE("cr"), CANDIDATE, false},
    {SLICE("snapshot"), SNAPSHOT, false},   {SLICE("ga"), RELEASE, false},
    {SLICE("final"), RELEASE, false},       {SLICE("release"), RELEASE, false},
    {SLICE("sp"), SERVICE_PACK, false},
};

static enum rank rank(const struct token *t)
{
    for (size_t i = 0; i < sizeof qualifiers / sizeof qualifiers[0]; i++)
        if (slice_eq_nocase(t->text, qualifiers[i].name) && (t->before_digits || !qualifiers[i].before_digits))
            return qualifiers[i].rank;
    return UNKNOWN;
}

// A text in lower case, by UTF-16 code units.
struct units {
    struct slice left;
    bool dot; // the second half of a small i with its dot, which is what U+0130 becomes
};

// A number that orders characters as their UTF-16 code units do, where surrogates come before U+E000 and what follows
// it; -1 at the end.
static int32_t next_unit(struct units *u)
{
    if (u->dot) {
        u->dot = false;
        return 0x307;
    }
    if (u->left.n == 0)
        return -1;
    uint32_t code = utf8_take(&u->left);
    u->dot = code == 0x130;
    uint32_t lower = unicode_lower(code);
    return (int32_t)(lower >= 0xe000 && lower <= 0xffff ? lower + 0x110000 : lower);
}

static int compare_texts(struct slice a, struct slice b)
{
    struct units left = {.left = a}, right = {.left = b};
    int32_t l, r;
    do {
        l = next_unit(&left);
        r = next_unit(&right);
    } while (l == r && l >= 0);
    return (l > r) - (l < r);
}

static int compare_qualifiers(const struct token *a, const struct token *b)
{
    enum rank left = rank(a), right = rank(b);
    if (left == UNKNOWN && right == UNKNOWN)
        return compare_texts(a->text, b->text);
    return (int)left - (int)right;
}

// ---- numbers --------------------------------------------------------------------------------------------------------

static struct slice without_zeros(struct slice number)
{
    struct slice rest = number;
    while (rest.n > 0 && unicode_digit(utf8_take(&rest)) == 0)
        number = rest;
    return number;
}

// Maven holds a number of up to 9 digits as an int, of up to 18 as a long, and the longer kind is always the greater.
// Only zeros of ASCII at the front are not counted, and they are where nothing else is there.
static int width(struct slice number)
{
    size_t zeros = 0, digits = 0;
    while (zeros < number.n && number.p[zeros] == '0')
        zeros++;
    struct slice rest = slice_from(number, zeros < number.n ? zeros : 0);
    for (; rest.n > 0; digits++)
        utf8_take(&rest);
    return (digits > 9) + (digits > 18);
}

static int compare_digits(struct slice a, struct slice b)
{
    int order = width(a) - width(b);
    if (order != 0)
        return order;
    a = without_zeros(a);
    b = without_zeros(b);
    while (a.n > 0 && b.n > 0) {
        int left = unicode_digit(utf8_take(&a)), right = unicode_digit(utf8_take(&b));
        if (order == 0)
            order = left - right;
    }
    if (a.n > 0)
        return 1;
    return b.n > 0 ? -1 : order;
}

// ---- from text to tokens --------------------------------------------------------------------------------------------

struct reader {
    struct slice left;
    size_t list; // the one that is open
    bool filled; // something is in it
    bool opens;  // another one begins here
};

static bool is_separator(struct slice s)
{
    return s.n > 0 && (s.p[0] == '.' || s.p[0] == '-');
}

// The digits at the front, or all that is none.
static struct slice run_at(struct slice s, bool *number)
{
    struct slice rest = s;
    *number = is_separator(s);
    while (rest.n > 0 && !is_separator(rest)) {
        struct slice after = rest;
        bool digit = unicode_digit(utf8_take(&after)) >= 0;
        if (rest.n == s.n)
            *number = digit;
        else if (digit != *number)
            break;
        rest = after;
    }
    return slice_of(s.p, s.n - rest.n);
}

static struct token open_list(struct reader *r)
{
    r->list++;
    r->filled = r->opens = false;
    return (struct token){.kind = LIST, .list = r->list};
}

static struct token read_token(struct reader *r)
{
    if (r->opens)
        return open_list(r);
    if (r->left.n == 0)
        return (struct token){.kind = END};
    bool number;
    struct slice run = run_at(r->left, &number), after = slice_from(r->left, run.n);
    bool separated = is_separator(after);
    if (!number && !separated && r->filled) // 1.x2 is 1-x2
        return open_list(r);
    struct token t = {.kind = number ? NUMBER : QUALIFIER, .text = run, .list = r->list};
    t.before_digits = !number && !separated && after.n > 0;
    r->filled = true;
    r->opens = after.n > 0 && after.p[0] != '.';
    r->left = slice_from(after, separated);
    return t;
}

// ---- the tokens that count ------------------------------------------------------------------------------------------

// Against the end of a version, which is as 0 or "ga".
static int compare_to_end(const struct token *t)
{
    if (t->kind == NUMBER)
        return without_zeros(t->text).n > 0;
    return t->kind == QUALIFIER ? (int)rank(t) - (int)RELEASE : 0;
}

struct walk {
    struct reader reader, ahead;
    struct token solid; // the first one from the reader on that is neither null nor a list; END when none is left
};

static struct token next_solid(struct reader *ahead)
{
    struct token t;
    do
        t = read_token(ahead);
    while (t.kind != END && compare_to_end(&t) == 0);
    return t;
}

static struct walk start(struct slice v)
{
    struct walk w = {.reader = {.left = v}, .ahead = {.left = v}};
    w.solid = next_solid(&w.ahead);
    return w;
}

// Looking ahead only ever goes forward, so the whole takes time in proportion to the text.
static struct token next_token(struct walk *w)
{
    while (w->solid.kind != END) {
        struct token t = read_token(&w->reader);
        if (t.kind == LIST)
            return t;
        if (t.list != w->solid.list) // null, and nothing but nulls until its list ends
            continue;
        if (compare_to_end(&t) != 0)
            w->solid = next_solid(&w->ahead);
        return t;
    }
    return w->solid;
}

static int compare_tokens(const struct token *a, const struct token *b)
{
    if (a->kind == END || b->kind == END)
        return compare_to_end(a) - compare_to_end(b);
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->kind == NUMBER)
        return compare_digits(a->text, b->text);
    return a->kind == QUALIFIER ? compare_qualifiers(a, b) : 0;
}

static int compare(struct slice a, struct slice b)
{
    struct walk left = start(a), right = start(b);
    struct token l, r;
    int order;
    do {
        l = next_token(&left);
        r = next_token(&right);
        order = compare_tokens(&l, &r);
    } while (order == 0 && (l.kind != END || r.kind != END));
    return order;
}

static bool valid(struct slice v)
{
    (void)v;
    return true;
}

const struct version_scheme version_maven = {"maven", compare, valid};
