// CVSS version 3.0 and 3.1: the specification documents' sections 7 (equations) and, for the weights, 7.4 of 3.1
// and 8.4 of 3.0. They differ in one equation, that of the modified impact for a changed scope.
#include "enrich/cvss_scheme.h"

// In the order that the documents prefer.
enum { AV, AC, PR, UI, S, C, I, A, E, RL, RC, CR, IR, AR, MAV, MAC, MPR, MUI, MS, MC, MI, MA, METRICS };

enum { SCOPE_UNCHANGED, SCOPE_CHANGED }; // in place of weights

// Privileges Required has the weights for an unchanged scope.
static const struct cvss_metric metrics[METRICS] = {
    [AV] = {"AV", CVSS_BASE, {{"N", 850}, {"A", 620}, {"L", 550}, {"P", 200}}},
    [AC] = {"AC", CVSS_BASE, {{"L", 770}, {"H", 440}}},
    [PR] = {"PR", CVSS_BASE, {{"N", 850}, {"L", 620}, {"H", 270}}},
    [UI] = {"UI", CVSS_BASE, {{"N", 850}, {"R", 620}}},
    [S] = {"S", CVSS_BASE, {{"U", SCOPE_UNCHANGED}, {"C", SCOPE_CHANGED}}},
    [C] = {"C", CVSS_BASE, {{"H", 560}, {"L", 220}, {"N", 0}}},
    [I] = {"I", CVSS_BASE, {{"H", 560}, {"L", 220}, {"N", 0}}},
    [A] = {"A", CVSS_BASE, {{"H", 560}, {"L", 220}, {"N", 0}}},
    [E] = {"E", CVSS_TEMPORAL, {{"X", 1000}, {"H", 1000}, {"F", 970}, {"P", 940}, {"U", 910}}},
    [RL] = {"RL", CVSS_TEMPORAL, {{"X", 1000}, {"U", 1000}, {"W", 970}, {"T", 960}, {"O", 950}}},
    [RC] = {"RC", CVSS_TEMPORAL, {{"X", 1000}, {"C", 1000}, {"R", 960}, {"U", 920}}},
    [CR] = {"CR", CVSS_ENVIRONMENTAL, {{"X", 1000}, {"H", 1500}, {"M", 1000}, {"L", 500}}},
    [IR] = {"IR", CVSS_ENVIRONMENTAL, {{"X", 1000}, {"H", 1500}, {"M", 1000}, {"L", 500}}},
    [AR] = {"AR", CVSS_ENVIRONMENTAL, {{"X", 1000}, {"H", 1500}, {"M", 1000}, {"L", 500}}},
    [MAV] = {"MAV", CVSS_ENVIRONMENTAL, {{"X", 0}, {"N", 850}, {"A", 620}, {"L", 550}, {"P", 200}}},
    [MAC] = {"MAC", CVSS_ENVIRONMENTAL, {{"X", 0}, {"L", 770}, {"H", 440}}},
    [MPR] = {"MPR", CVSS_ENVIRONMENTAL, {{"X", 0}, {"N", 850}, {"L", 620}, {"H", 270}}},
    [MUI] = {"MUI", CVSS_ENVIRONMENTAL, {{"X", 0}, {"N", 850}, {"R", 620}}},
    [MS] = {"MS", CVSS_ENVIRONMENTAL, {{"X", 0}, {"U", SCOPE_UNCHANGED}, {"C", SCOPE_CHANGED}}},
    [MC] = {"MC", CVSS_ENVIRONMENTAL, {{"X", 0}, {"H", 560}, {"L", 220}, {"N", 0}}},
    [MI] = {"MI", CVSS_ENVIRONMENTAL, {{"X", 0}, {"H", 560}, {"L", 220}, {"N", 0}}},
    [MA] = {"MA", CVSS_ENVIRONMENTAL, {{"X", 0}, {"H", 560}, {"L", 220}, {"N", 0}}},
};

// What the equations of the Base and of the Environmental score have in common.
struct terms {
    decimal attack_vector, attack_complexity, privileges, interaction;
    decimal confidentiality, integrity, availability; // impacts, each times its requirement
    bool scope_changed;
    decimal power_scale; // the term of a changed scope: (impact × scale - 0.02) to the power
    int power;
};

// To the next tenth, as 3.0's section 8.1 says it. Appendix A of 3.1 lets up to 0.000005 above a tenth pass for that
// tenth, so that floating point's errors make nothing of it. Of exact scores that changes none: over all values of all
// metrics, none lies within 0.000025 above a tenth.
static int round_up_to_tenths(decimal score)
{
    decimal tenth = DECIMAL_ONE / 10;
    return (int)((score + tenth - 1) / tenth);
}

static decimal least(decimal a, decimal b)
{
    return a < b ? a : b;
}

// Privileges that are needed hinder less when what they lead to is elsewhere.
static decimal privileges_of(int weight, bool scope_changed)
{
    if (scope_changed && weight == 620)
        return decimal_of(68, 2);
    if (scope_changed && weight == 270)
        return decimal_of(50, 2);
    return decimal_of(weight, 3);
}

static decimal impact_of(const struct terms *t)
{
    decimal spared = decimal_times(decimal_times(DECIMAL_ONE - t->confidentiality, DECIMAL_ONE - t->integrity),
                                   DECIMAL_ONE - t->availability);
    // Only requirements lift the sum over 0.915.
    decimal sum = least(DECIMAL_ONE - spared, decimal_of(915, 3));
    if (!t->scope_changed)
        return decimal_times(decimal_of(642, 2), sum);
    decimal base = decimal_times(sum, t->power_scale) - decimal_of(2, 2), power = DECIMAL_ONE;
    for (int i = 0; i < t->power; i++)
        power = decimal_times(power, base);
    return decimal_times(decimal_of(752, 2), sum - decimal_of(29, 3)) - decimal_times(decimal_of(325, 2), power);
}

static int score_of(const struct terms *t)
{
    decimal impact = impact_of(t);
    if (impact <= 0)
        return 0;
    decimal exploitability =
        decimal_times(decimal_times(decimal_of(822, 2), decimal_times(t->attack_vector, t->attack_complexity)),
                      decimal_times(t->privileges, t->interaction));
    decimal sum = impact + exploitability;
    if (t->scope_changed)
        sum = decimal_times(decimal_of(108, 2), sum);
    return round_up_to_tenths(least(sum, 10 * DECIMAL_ONE));
}

static int base_score(const struct cvss *c)
{
    bool changed = cvss_weight(c, S) == SCOPE_CHANGED;
    struct terms t = {
        .attack_vector = decimal_weight(c, AV),
        .attack_complexity = decimal_weight(c, AC),
        .privileges = privileges_of(cvss_weight(c, PR), changed),
        .interaction = decimal_weight(c, UI),
        .confidentiality = decimal_weight(c, C),
        .integrity = decimal_weight(c, I),
        .availability = decimal_weight(c, A),
        .scope_changed = changed,
        .power_scale = DECIMAL_ONE,
        .power = 15,
    };
    return score_of(&t);
}

static int temporal_score_of(const struct cvss *c, int base)
{
    decimal factor = decimal_times(decimal_times(decimal_weight(c, E), decimal_weight(c, RL)), decimal_weight(c, RC));
    return round_up_to_tenths(decimal_times(decimal_of(base, 1), factor));
}

// Of the modified metric, or of the one it modifies where it is not defined.
static int modified(const struct cvss *c, size_t metric, size_t base)
{
    return cvss_weight(c, c->values[metric] != 0 ? metric : base);
}

static decimal modified_impact(const struct cvss *c, size_t metric, size_t base, size_t requirement)
{
    return decimal_times(decimal_of(modified(c, metric, base), 3), decimal_weight(c, requirement));
}

static int environmental_score(const struct cvss *c)
{
    bool changed = modified(c, MS, S) == SCOPE_CHANGED, v3_0 = c->version == CVSS_3_0;
    struct terms t = {
        .attack_vector = decimal_of(modified(c, MAV, AV), 3),
        .attack_complexity = decimal_of(modified(c, MAC, AC), 3),
        .privileges = privileges_of(modified(c, MPR, PR), changed),
        .interaction = decimal_of(modified(c, MUI, UI), 3),
        .confidentiality = modified_impact(c, MC, C, CR),
        .integrity = modified_impact(c, MI, I, IR),
        .availability = modified_impact(c, MA, A, AR),
        .scope_changed = changed,
        .power_scale = v3_0 ? DECIMAL_ONE : decimal_of(9731, 4),
        .power = v3_0 ? 15 : 13,
    };
    return temporal_score_of(c, score_of(&t));
}

static int score(const struct cvss *c)
{
    if (cvss_defines(c, CVSS_ENVIRONMENTAL))
        return environmental_score(c);
    return temporal_score_of(c, base_score(c));
}

const struct cvss_scheme cvss_v3_0 = {"3.0", SLICE("CVSS:3.0"), metrics, METRICS, base_score, score};
const struct cvss_scheme cvss_v3_1 = {"3.1", SLICE("CVSS:3.1"), metrics, METRICS, base_score, score};
