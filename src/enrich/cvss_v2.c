// CVSS version 2: the guide's sections 2 (metrics) and 3.2 (equations).
#include "enrich/cvss_scheme.h"

// In the order that the guide gives a vector.
enum { AV, AC, AU, C, I, A, E, RL, RC, CDP, TD, CR, IR, AR, METRICS };

static const struct cvss_metric metrics[METRICS] = {
    [AV] = {"AV", CVSS_BASE, {{"L", 395}, {"A", 646}, {"N", 1000}}},
    [AC] = {"AC", CVSS_BASE, {{"H", 350}, {"M", 610}, {"L", 710}}},
    [AU] = {"Au", CVSS_BASE, {{"M", 450}, {"S", 560}, {"N", 704}}},
    [C] = {"C", CVSS_BASE, {{"N", 0}, {"P", 275}, {"C", 660}}},
    [I] = {"I", CVSS_BASE, {{"N", 0}, {"P", 275}, {"C", 660}}},
    [A] = {"A", CVSS_BASE, {{"N", 0}, {"P", 275}, {"C", 660}}},
    [E] = {"E", CVSS_TEMPORAL, {{"ND", 1000}, {"U", 850}, {"POC", 900}, {"F", 950}, {"H", 1000}}},
    [RL] = {"RL", CVSS_TEMPORAL, {{"ND", 1000}, {"OF", 870}, {"TF", 900}, {"W", 950}, {"U", 1000}}},
    [RC] = {"RC", CVSS_TEMPORAL, {{"ND", 1000}, {"UC", 900}, {"UR", 950}, {"C", 1000}}},
    [CDP] = {"CDP", CVSS_ENVIRONMENTAL, {{"ND", 0}, {"N", 0}, {"L", 100}, {"LM", 300}, {"MH", 400}, {"H", 500}}},
    [TD] = {"TD", CVSS_ENVIRONMENTAL, {{"ND", 1000}, {"N", 0}, {"L", 250}, {"M", 750}, {"H", 1000}}},
    [CR] = {"CR", CVSS_ENVIRONMENTAL, {{"ND", 1000}, {"L", 500}, {"M", 1000}, {"H", 1510}}},
    [IR] = {"IR", CVSS_ENVIRONMENTAL, {{"ND", 1000}, {"L", 500}, {"M", 1000}, {"H", 1510}}},
    [AR] = {"AR", CVSS_ENVIRONMENTAL, {{"ND", 1000}, {"L", 500}, {"M", 1000}, {"H", 1510}}},
};

// To the nearest tenth, halves away from zero.
static int round_to_tenths(decimal score)
{
    decimal half = DECIMAL_ONE / 20;
    return (int)((score < 0 ? score - half : score + half) / (DECIMAL_ONE / 10));
}

static decimal impact_of(decimal confidentiality, decimal integrity, decimal availability)
{
    decimal spared = decimal_times(decimal_times(DECIMAL_ONE - confidentiality, DECIMAL_ONE - integrity),
                                   DECIMAL_ONE - availability);
    return decimal_times(decimal_of(1041, 2), DECIMAL_ONE - spared);
}

// In tenths. It is below 0 where requirements have made a small impact smaller.
static int base_score_of(const struct cvss *c, decimal impact)
{
    if (impact == 0)
        return 0;
    decimal exploitability =
        20 * decimal_times(decimal_times(decimal_weight(c, AV), decimal_weight(c, AC)), decimal_weight(c, AU));
    decimal sum = decimal_times(decimal_of(6, 1), impact) + decimal_times(decimal_of(4, 1), exploitability);
    return round_to_tenths(decimal_times(sum - decimal_of(15, 1), decimal_of(1176, 3)));
}

static int base_score(const struct cvss *c)
{
    return base_score_of(c, impact_of(decimal_weight(c, C), decimal_weight(c, I), decimal_weight(c, A)));
}

static int temporal_score_of(const struct cvss *c, int base)
{
    decimal factor = decimal_times(decimal_times(decimal_weight(c, E), decimal_weight(c, RL)), decimal_weight(c, RC));
    return round_to_tenths(decimal_times(decimal_of(base, 1), factor));
}

// An impact on one property, by how much the property is required.
static decimal required(const struct cvss *c, size_t impact, size_t requirement)
{
    return decimal_times(decimal_weight(c, impact), decimal_weight(c, requirement));
}

static int environmental_score(const struct cvss *c)
{
    decimal impact = impact_of(required(c, C, CR), required(c, I, IR), required(c, A, AR));
    if (impact > 10 * DECIMAL_ONE)
        impact = 10 * DECIMAL_ONE;
    decimal adjusted = decimal_of(temporal_score_of(c, base_score_of(c, impact)), 1);
    decimal damage = decimal_times(10 * DECIMAL_ONE - adjusted, decimal_weight(c, CDP));
    int score = round_to_tenths(decimal_times(adjusted + damage, decimal_weight(c, TD)));
    return score > 0 ? score : 0;
}

static int score(const struct cvss *c)
{
    if (cvss_defines(c, CVSS_ENVIRONMENTAL))
        return environmental_score(c);
    return temporal_score_of(c, base_score(c));
}

const struct cvss_scheme cvss_v2 = {"2.0", {0}, metrics, METRICS, base_score, score};
