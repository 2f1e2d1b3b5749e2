// CVSS version 4.0: the specification document's sections 7 (vectors) and 8 (scoring).
//
// The score is that of the vector's macro vector, less what the vector lacks to the most severe ones in it. That is
// taken from how much the score falls to the next lower macro vector of each equivalence class, in proportion to how
// far the vector has gone down within the class.
#include "enrich/cvss_v4.h"

#include "enrich/cvss_scheme.h"

// In the order of the document's Table 23. Each metric from MAV on modifies the one at the same place from AV on.
enum { AV, AC, AT, PR, UI, VC, VI, VA, SC, SI, SA };
enum { E = SA + 1, CR, IR, AR };
enum { MAV = AR + 1, MAC, MAT, MPR, MUI, MVC, MVI, MVA, MSC, MSI, MSA };
enum { S = MSA + 1, AU, R, V, RE, U, METRICS };
_Static_assert(METRICS == CVSS_METRICS, "struct cvss has room for what the largest version has");

// Steps of impacts: those on subsequent systems begin with Safety, which only modified ones have.
enum { HIGH, LOW, NONE };
enum { SUBSEQUENT_SAFETY, SUBSEQUENT_HIGH, SUBSEQUENT_LOW, SUBSEQUENT_NONE };
enum { PHYSICAL = 3 };

// What is not defined counts as the most severe; a modified metric that is not defined does not count.
static const struct cvss_metric metrics[METRICS] = {
    [AV] = {"AV", CVSS_BASE, {{"N", 0}, {"A", 1}, {"L", 2}, {"P", PHYSICAL}}},
    [AC] = {"AC", CVSS_BASE, {{"L", 0}, {"H", 1}}},
    [AT] = {"AT", CVSS_BASE, {{"N", 0}, {"P", 1}}},
    [PR] = {"PR", CVSS_BASE, {{"N", 0}, {"L", 1}, {"H", 2}}},
    [UI] = {"UI", CVSS_BASE, {{"N", 0}, {"P", 1}, {"A", 2}}},
    [VC] = {"VC", CVSS_BASE, {{"H", HIGH}, {"L", LOW}, {"N", NONE}}},
    [VI] = {"VI", CVSS_BASE, {{"H", HIGH}, {"L", LOW}, {"N", NONE}}},
    [VA] = {"VA", CVSS_BASE, {{"H", HIGH}, {"L", LOW}, {"N", NONE}}},
    [SC] = {"SC", CVSS_BASE, {{"H", SUBSEQUENT_HIGH}, {"L", SUBSEQUENT_LOW}, {"N", SUBSEQUENT_NONE}}},
    [SI] = {"SI", CVSS_BASE, {{"H", SUBSEQUENT_HIGH}, {"L", SUBSEQUENT_LOW}, {"N", SUBSEQUENT_NONE}}},
    [SA] = {"SA", CVSS_BASE, {{"H", SUBSEQUENT_HIGH}, {"L", SUBSEQUENT_LOW}, {"N", SUBSEQUENT_NONE}}},
    [E] = {"E", CVSS_TEMPORAL, {{"X", 0}, {"A", 0}, {"P", 1}, {"U", 2}}},
    [CR] = {"CR", CVSS_ENVIRONMENTAL, {{"X", 0}, {"H", 0}, {"M", 1}, {"L", 2}}},
    [IR] = {"IR", CVSS_ENVIRONMENTAL, {{"X", 0}, {"H", 0}, {"M", 1}, {"L", 2}}},
    [AR] = {"AR", CVSS_ENVIRONMENTAL, {{"X", 0}, {"H", 0}, {"M", 1}, {"L", 2}}},
    [MAV] = {"MAV", CVSS_ENVIRONMENTAL, {{"X", 0}, {"N", 0}, {"A", 1}, {"L", 2}, {"P", PHYSICAL}}},
    [MAC] = {"MAC", CVSS_ENVIRONMENTAL, {{"X", 0}, {"L", 0}, {"H", 1}}},
    [MAT] = {"MAT", CVSS_ENVIRONMENTAL, {{"X", 0}, {"N", 0}, {"P", 1}}},
    [MPR] = {"MPR", CVSS_ENVIRONMENTAL, {{"X", 0}, {"N", 0}, {"L", 1}, {"H", 2}}},
    [MUI] = {"MUI", CVSS_ENVIRONMENTAL, {{"X", 0}, {"N", 0}, {"P", 1}, {"A", 2}}},
    [MVC] = {"MVC", CVSS_ENVIRONMENTAL, {{"X", 0}, {"H", HIGH}, {"L", LOW}, {"N", NONE}}},
    [MVI] = {"MVI", CVSS_ENVIRONMENTAL, {{"X", 0}, {"H", HIGH}, {"L", LOW}, {"N", NONE}}},
    [MVA] = {"MVA", CVSS_ENVIRONMENTAL, {{"X", 0}, {"H", HIGH}, {"L", LOW}, {"N", NONE}}},
    [MSC] = {"MSC",
             CVSS_ENVIRONMENTAL,
             {{"X", 0}, {"H", SUBSEQUENT_HIGH}, {"L", SUBSEQUENT_LOW}, {"N", SUBSEQUENT_NONE}}},
    [MSI] =
        {"MSI",
         CVSS_ENVIRONMENTAL,
         {{"X", 0}, {"S", SUBSEQUENT_SAFETY}, {"H", SUBSEQUENT_HIGH}, {"L", SUBSEQUENT_LOW}, {"N", SUBSEQUENT_NONE}}},
    [MSA] =
        {"MSA",
         CVSS_ENVIRONMENTAL,
         {{"X", 0}, {"S", SUBSEQUENT_SAFETY}, {"H", SUBSEQUENT_HIGH}, {"L", SUBSEQUENT_LOW}, {"N", SUBSEQUENT_NONE}}},
    [S] = {"S", CVSS_SUPPLEMENTAL, {{"X", 0}, {"N", 0}, {"P", 0}}},
    [AU] = {"AU", CVSS_SUPPLEMENTAL, {{"X", 0}, {"N", 0}, {"Y", 0}}},
    [R] = {"R", CVSS_SUPPLEMENTAL, {{"X", 0}, {"A", 0}, {"U", 0}, {"I", 0}}},
    [V] = {"V", CVSS_SUPPLEMENTAL, {{"X", 0}, {"D", 0}, {"C", 0}}},
    [RE] = {"RE", CVSS_SUPPLEMENTAL, {{"X", 0}, {"L", 0}, {"M", 0}, {"H", 0}}},
    [U] = {"U", CVSS_SUPPLEMENTAL, {{"X", 0}, {"Clear", 0}, {"Green", 0}, {"Amber", 0}, {"Red", 0}}},
};

// The metrics that score, with their modified values in place of the Base ones, in steps.
struct steps {
    int of[MAV];
};

static struct steps steps_of(const struct cvss *c)
{
    struct steps s;
    for (size_t m = 0; m < MAV; m++) {
        bool modified = m <= SA && c->values[MAV + m] != 0;
        s.of[m] = cvss_weight(c, modified ? MAV + m : m);
    }
    return s;
}

static bool no_impact(const struct steps *s)
{
    return s->of[VC] == NONE && s->of[VI] == NONE && s->of[VA] == NONE && s->of[SC] == SUBSEQUENT_NONE &&
           s->of[SI] == SUBSEQUENT_NONE && s->of[SA] == SUBSEQUENT_NONE;
}

// ---- macro vectors --------------------------------------------------------------------------------------------------

struct macro_vector {
    int eq[CVSS_EQS]; // levels; EQ1 is eq[0]
};

static int eq1(const int *s)
{
    int open = (s[AV] == 0) + (s[PR] == 0) + (s[UI] == 0);
    if (open == 3)
        return 0;
    return open > 0 && s[AV] != PHYSICAL ? 1 : 2;
}

static int eq2(const int *s)
{
    return s[AC] == 0 && s[AT] == 0 ? 0 : 1;
}

static int eq3(const int *s)
{
    if (s[VC] == HIGH && s[VI] == HIGH)
        return 0;
    return s[VC] == HIGH || s[VI] == HIGH || s[VA] == HIGH ? 1 : 2;
}

static int eq4(const int *s)
{
    if (s[SI] == SUBSEQUENT_SAFETY || s[SA] == SUBSEQUENT_SAFETY)
        return 0;
    return s[SC] == SUBSEQUENT_HIGH || s[SI] == SUBSEQUENT_HIGH || s[SA] == SUBSEQUENT_HIGH ? 1 : 2;
}

static int eq6(const int *s)
{
    bool required_and_lost =
        (s[CR] == 0 && s[VC] == HIGH) || (s[IR] == 0 && s[VI] == HIGH) || (s[AR] == 0 && s[VA] == HIGH);
    return required_and_lost ? 0 : 1;
}

static struct macro_vector macro_vector_of(const struct steps *s)
{
    return (struct macro_vector){{eq1(s->of), eq2(s->of), eq3(s->of), eq4(s->of), s->of[E], eq6(s->of)}};
}

static int macro_score(const struct macro_vector *m)
{
    const int *eq = m->eq;
    return cvss_v4_scores[eq[0]][eq[1]][eq[2]][eq[3]][eq[4]][eq[5]];
}

// The score one level further down in a class; -1 when there is no such macro vector.
static int lower_score(struct macro_vector m, size_t class)
{
    static const int lowest[CVSS_EQS] = {2, 1, 2, 2, 2, 1};
    if (m.eq[class] == lowest[class])
        return -1;
    m.eq[class]++;
    return macro_score(&m);
}

// EQ3 and EQ6 share metrics and go down together, by whichever costs less. What no vector has scores 0, so it is not
// taken.
static int lower_score_eq3_eq6(const struct macro_vector *m)
{
    int by_eq3 = lower_score(*m, 2), by_eq6 = lower_score(*m, 5);
    return by_eq3 > by_eq6 ? by_eq3 : by_eq6;
}

// ---- the score within a macro vector --------------------------------------------------------------------------------

static int sum(const struct steps *s, size_t first, size_t last)
{
    int n = 0;
    for (size_t m = first; m <= last; m++)
        n += s->of[m];
    return n;
}

// How far a vector is below the most severe ones of its level in a class, and how far the level goes down.
//
// The document measures that metric by metric, from the first of the level's most severe vectors (its section 8.3) that
// is nowhere less severe. All of these vectors are as many steps below the most severe values of all, `top`; so the
// distance is a difference of sums, whichever is taken.
struct span {
    int steps, top, depth;
};

static struct span span_eq1(const struct steps *s, const struct macro_vector *m)
{
    static const int top[] = {0, 1, 3}, depth[] = {1, 4, 5};
    int level = m->eq[0];
    return (struct span){s->of[AV] + s->of[PR] + s->of[UI], top[level], depth[level]};
}

static struct span span_eq2(const struct steps *s, const struct macro_vector *m)
{
    static const int top[] = {0, 1}, depth[] = {1, 2};
    int level = m->eq[1];
    return (struct span){sum(s, AC, AT), top[level], depth[level]};
}

static struct span span_eq3_eq6(const struct steps *s, const struct macro_vector *m)
{
    static const int top[3][2] = {{0, 3}, {1, 3}, {0, 3}}, depth[3][2] = {{7, 6}, {8, 8}, {0, 10}};
    return (struct span){sum(s, VC, VA) + sum(s, CR, AR), top[m->eq[2]][m->eq[5]], depth[m->eq[2]][m->eq[5]]};
}

static struct span span_eq4(const struct steps *s, const struct macro_vector *m)
{
    static const int top[] = {1, 3, 6}, depth[] = {6, 5, 4};
    int level = m->eq[3];
    return (struct span){sum(s, SC, SA), top[level], depth[level]};
}

// Every depth divides it.
#define DEPTHS 840

// What the score falls by in one class, in tenths / DEPTHS; counts the class when there is a lower macro vector in it.
static int fall(int score, int lower, struct span span, int *classes)
{
    if (lower < 0)
        return 0;
    ++*classes;
    return (score - lower) * (span.steps - span.top) * (DEPTHS / span.depth);
}

static int score(const struct cvss *c)
{
    struct steps s = steps_of(c);
    if (no_impact(&s))
        return 0;
    struct macro_vector m = macro_vector_of(&s);
    int top = macro_score(&m), classes = 0, falls = 0;
    falls += fall(top, lower_score(m, 0), span_eq1(&s, &m), &classes);
    falls += fall(top, lower_score(m, 1), span_eq2(&s, &m), &classes);
    falls += fall(top, lower_score_eq3_eq6(&m), span_eq3_eq6(&s, &m), &classes);
    falls += fall(top, lower_score(m, 3), span_eq4(&s, &m), &classes);
    // Each level of EQ5 has one vector, so nothing falls in it; but it counts in the mean.
    falls += fall(top, lower_score(m, 4), (struct span){0, 0, 1}, &classes);
    if (classes == 0)
        return top;
    // top - falls / DEPTHS / classes, to the nearest tenth, halves up.
    int parts = DEPTHS * classes;
    return (2 * (top * parts - falls) + parts) / (2 * parts);
}

static int base_score(const struct cvss *c)
{
    struct cvss base = *c;
    for (size_t m = 0; m < METRICS; m++)
        if (metrics[m].group != CVSS_BASE)
            base.values[m] = 0;
    return score(&base);
}

const struct cvss_scheme cvss_v4 = {"4.0", SLICE("CVSS:4.0"), metrics, METRICS, base_score, score};
