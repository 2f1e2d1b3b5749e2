// From criteria to rules: a tree of AND and OR as the ways in which it holds, and each way as what it says of a
// package.
#include "feed/oval_file.h"

// ---- the ways -------------------------------------------------------------------------------------------------------

struct expansion {
    const struct oval_definition *definition;
    struct arena *arena;
    uint64_t most, n; // ways that may be, and were, worked out
};

static const char several_things[] = "asks for too many things at once";

static bool asks_for(const struct oval_definition *d, const struct oval_way *way, const struct oval_node *node)
{
    for (size_t i = 0; i < way->n; i++) {
        const struct oval_node *other = &d->nodes[way->nodes[i]];
        if (other->kind == node->kind && other->id == node->id)
            return true;
    }
    return false;
}

// Both hold.
static struct oval_way both(const struct oval_definition *d, const struct oval_way *a, const struct oval_way *b)
{
    struct oval_way way = *a;
    if (way.obstacle == NULL)
        way.obstacle = b->obstacle;
    for (size_t i = 0; i < b->n; i++) {
        if (asks_for(d, a, &d->nodes[b->nodes[i]]))
            continue;
        if (way.n == OVAL_TERMS) {
            way.obstacle = several_things;
            break;
        }
        way.nodes[way.n++] = b->nodes[i];
    }
    return way;
}

static bool push(struct expansion *x, oval_way_vec *ways, struct oval_way way)
{
    if (x->n == x->most)
        return false;
    x->n++;
    VEC_PUSH(x->arena, ways) = way;
    return true;
}

static bool join(struct expansion *x, const oval_way_vec *with, oval_way_vec *ways)
{
    oval_way_vec product = {0};
    for (size_t i = 0; i < ways->n; i++)
        for (size_t k = 0; k < with->n; k++)
            if (!push(x, &product, both(x->definition, &ways->v[i], &with->v[k])))
                return false;
    *ways = product;
    return true;
}

static bool expand(struct expansion *x, uint32_t at, bool negated, oval_way_vec *out);

// Appends the ways in which all that stands in a node holds.
static bool expand_all(struct expansion *x, uint32_t at, bool negated, oval_way_vec *out) // NOLINT(misc-no-recursion)
{
    const struct oval_node *nodes = x->definition->nodes;
    oval_way_vec ways = {0};
    if (!push(x, &ways, (struct oval_way){0}))
        return false;
    for (uint32_t child = at + 1; child < nodes[at].end; child = nodes[child].end) {
        oval_way_vec of_child = {0};
        if (!expand(x, child, negated, &of_child) || !join(x, &of_child, &ways))
            return false;
    }
    for (size_t i = 0; i < ways.n; i++)
        if (!push(x, out, ways.v[i]))
            return false;
    return true;
}

// Appends the ways in which a node holds; with `negated` those in which it does not. By De Morgan's laws only criteria
// are left with a negation, and a package that is not in some state says nothing of a vulnerable one.
static bool expand(struct expansion *x, uint32_t at, bool negated, oval_way_vec *out) // NOLINT(misc-no-recursion)
{
    const struct oval_node *node = &x->definition->nodes[at];
    bool unlike = negated != node->negate;
    struct oval_way way = {.nodes = {at}, .n = 1};
    if (node->kind == OVAL_CRITERION || node->kind == OVAL_EXTEND) {
        way.obstacle = unlike ? "holds where something is not so" : NULL;
        return push(x, out, way);
    }
    if (node->kind == OVAL_OTHER_OPERATOR)
        return push(x, out, (struct oval_way){.obstacle = "has an operator other than AND and OR"});
    if ((node->kind == OVAL_AND) != unlike)
        return expand_all(x, at, unlike, out);
    for (uint32_t child = at + 1; child < node->end; child = x->definition->nodes[child].end)
        if (!expand(x, child, unlike, out))
            return false;
    return true;
}

bool oval_ways(const struct oval_definition *definition, uint64_t most, struct arena *a, oval_way_vec *out,
               uint64_t *worked_out)
{
    struct expansion x = {.definition = definition, .arena = a, .most = most};
    bool ok = definition->nodes_n == 0 || expand(&x, 0, false, out);
    *worked_out = x.n;
    return ok;
}

// ---- what a way says ------------------------------------------------------------------------------------------------

struct rule_maker {
    const struct oval_file *file;
    struct arena *arena;
    struct oval_rule *rule;
    const struct oval_object *package; // NULL: not found yet
    struct slice machine;              // its architecture
};

// Versions are compared without it in any case, and people do not write it.
static struct slice without_epoch(struct slice evr)
{
    return slice_starts(evr, SLICE("0:")) ? slice_from(evr, 2) : evr;
}

static const char several_products[] = "asks for several products at once";
static const char several_packages[] = "asks for several packages at once";
static const char odd_range[] = "compares versions in a way that is no range";

// "(aarch64|x86_64)", "^x86_64$" as words. False for a pattern of another kind.
static bool words_of(struct arena *a, struct slice pattern, struct slice *words)
{
    struct buf out BUF_AUTO = {0};
    for (size_t i = 0; i < pattern.n; i++) {
        char c = pattern.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        if (plain || c == '|')
            buf_addc(&out, plain ? c : ' ');
        else if (c != '^' && c != '$' && c != '(' && c != ')')
            return false;
    }
    *words = arena_dup(a, buf_slice(&out));
    return words->n != 0;
}

static bool architectures(const struct rule_maker *m, const struct oval_field *field, struct slice *words)
{
    return (field->operation == OVAL_EQUALS || field->operation == OVAL_PATTERN) &&
           words_of(m->arena, oval_text(m->file, field->text), words);
}

// What runs on a machine of an architecture: its own packages, those of no architecture, and 32-bit ones beside x86-64.
static struct slice packages_of_machine(struct arena *a, struct slice machine)
{
    const char *beside = slice_eq(machine, SLICE("x86_64")) ? " i386 i486 i586 i686 athlon" : "";
    return arena_printf(a, "%.*s%s noarch", SLICE_ARG(machine), beside);
}

// "Oracle Linux 8 is installed", "Oracle Linux arch is aarch64": a test for the package that is on every machine of the
// product.
static const char *take_release(struct rule_maker *m, struct slice name, const struct oval_state *state)
{
    if (state->arch.operation != OVAL_NOT_SAID && !architectures(m, &state->arch, &m->machine))
        return "names architectures by a pattern that Clarion does not know";
    const struct oval_field *is = state->version.operation != OVAL_NOT_SAID ? &state->version : &state->evr;
    if (is->operation == OVAL_NOT_SAID)
        return NULL;
    if (m->rule->release.n != 0)
        return several_products;
    m->rule->release = name;
    m->rule->release_is = (struct oval_value){(enum oval_operation)is->operation, oval_text(m->file, is->text)};
    return NULL;
}

static const char *take_bound(struct rule_maker *m, enum advisory_status status, struct slice bound)
{
    if (m->rule->status != ADVISORY_AFFECTED)
        return odd_range;
    m->rule->status = status;
    m->rule->bound = bound;
    return NULL;
}

static const char *take_evr(struct rule_maker *m, const struct oval_field *evr)
{
    struct slice version = without_epoch(oval_text(m->file, evr->text));
    bool from_the_first = slice_eq(version, SLICE("0")) || slice_eq(version, SLICE("0-0"));
    if (version.n == 0)
        return odd_range;
    switch ((enum oval_operation)evr->operation) {
    case OVAL_NOT_SAID:
        return NULL;
    case OVAL_LESS:
        return take_bound(m, ADVISORY_FIXED, version);
    case OVAL_LESS_OR_EQUAL:
        return take_bound(m, ADVISORY_LAST_AFFECTED, version);
    case OVAL_EQUALS:
        if (m->rule->introduced.n != 0)
            return odd_range;
        m->rule->introduced = version;
        return take_bound(m, ADVISORY_LAST_AFFECTED, version);
    case OVAL_GREATER_OR_EQUAL:
        if (m->rule->introduced.n != 0)
            return odd_range;
        m->rule->introduced = from_the_first ? (struct slice){0} : version;
        return NULL;
    case OVAL_GREATER:
        return from_the_first ? NULL : odd_range;
    case OVAL_PATTERN:
    case OVAL_OTHER:
        break;
    }
    return odd_range;
}

// Variants of packages that Oracle marks in their release: the bound has the mark as well.
static bool is_variant(struct slice pattern)
{
    return slice_eq(pattern, SLICE("ksplice")) || slice_eq(pattern, SLICE("fips")) || slice_eq(pattern, SLICE("_fips"));
}

static const char *take_state(struct rule_maker *m, const struct oval_state *state)
{
    if (state->version.operation != OVAL_NOT_SAID) {
        // No package has this version: it says that none is affected.
        if (state->version.operation != OVAL_EQUALS || !slice_eq(oval_text(m->file, state->version.text), SLICE("0")))
            return "compares a version without its release";
        return take_bound(m, ADVISORY_NOT_AFFECTED, (struct slice){0});
    }
    if (state->release.operation != OVAL_NOT_SAID &&
        (state->release.operation != OVAL_PATTERN || !is_variant(oval_text(m->file, state->release.text))))
        return "compares a release without its version";
    if (state->arch.operation != OVAL_NOT_SAID && !architectures(m, &state->arch, &m->rule->arch))
        return "names architectures by a pattern that Clarion does not know";
    return state->evr.operation != OVAL_NOT_SAID ? take_evr(m, &state->evr) : NULL;
}

static bool same_package(const struct oval_object *a, const struct oval_object *b)
{
    return a->name == b->name && a->variable == b->variable;
}

// Does the state tell of a release package which product is installed, rather than that the package is to be mended?
static bool tells_product(struct slice name, const struct oval_state *state)
{
    return slice_ends(name, SLICE("-release")) && state != NULL && state->evr.operation != OVAL_LESS &&
           state->evr.operation != OVAL_LESS_OR_EQUAL && !state->is_signed;
}

static const char *take_package(struct rule_maker *m, const struct oval_test *test, struct slice comment)
{
    const struct oval_object *object = oval_object(m->file, test->object);
    const struct oval_state *state = oval_state(m->file, test->state);
    if (object == NULL || (state == NULL && test->state != 0))
        return "names an object or a state that the file lacks";
    if (object->odd || (state != NULL && state->odd))
        return "has an object or a state of a kind that Clarion does not know";
    struct slice name = oval_text(m->file, object->name);
    if (tells_product(name, state))
        return take_release(m, name, state);
    if (m->package != NULL && !same_package(m->package, object))
        return several_packages;
    m->package = object;
    if (state == NULL || state->evr.operation != OVAL_NOT_SAID || m->rule->comment.n == 0)
        m->rule->comment = comment;
    return state != NULL ? take_state(m, state) : NULL;
}

// "Module virt:kvm_utils is enabled": the test itself is a pattern over dnf's own file.
static const char *take_module(struct rule_maker *m, struct slice comment)
{
    struct slice before = SLICE("Module "), behind = SLICE(" is enabled");
    if (!slice_starts(comment, before) || !slice_ends(comment, behind) || comment.n <= before.n + behind.n)
        return "asks for the text of a file";
    if (m->rule->module.n != 0)
        return several_things;
    m->rule->module = slice_of(comment.p + before.n, comment.n - before.n - behind.n);
    return NULL;
}

// The version of the running kernel, beside a test for which one it is.
static const char *take_kernel_version(struct rule_maker *m, const struct oval_test *test, struct slice comment)
{
    const struct oval_state *state = oval_state(m->file, test->state);
    if (state == NULL || state->odd || state->value.operation == OVAL_NOT_SAID)
        return "asks for a variable of a kind that Clarion does not know";
    m->rule->comment = comment;
    return take_evr(m, &state->value);
}

static const char *take_test(struct rule_maker *m, const struct oval_node *node)
{
    const struct oval_test *test = oval_test(m->file, node->id);
    if (test == NULL)
        return "names a test that the file lacks";
    if (test->odd)
        return "has a test of a kind that Clarion does not know";
    switch ((enum oval_kind)test->kind) {
    case OVAL_RPM:
    case OVAL_DPKG:
        return take_package(m, test, node->comment);
    case OVAL_TEXT_FILE:
        return take_module(m, node->comment);
    case OVAL_UNAME:
        m->rule->kernel = true;
        if (m->rule->comment.n == 0)
            m->rule->comment = node->comment;
        return NULL;
    case OVAL_VARIABLE:
        return take_kernel_version(m, test, node->comment);
    case OVAL_OTHER_KIND:
        break;
    }
    return "asks for something other than packages";
}

static const char *take_names(struct rule_maker *m)
{
    struct oval_rule *rule = m->rule;
    if (m->package == NULL || m->package->variable == 0) {
        rule->names_n = m->package != NULL;
        rule->names = ARENA_NEW(m->arena, struct slice, 1);
        rule->names[0] = m->package != NULL ? oval_text(m->file, m->package->name) : (struct slice){0};
        return NULL;
    }
    const struct oval_variable *variable = oval_variable(m->file, m->package->variable);
    if (variable == NULL || variable->odd)
        return "names a variable that the file lacks";
    if (variable->n == 0)
        return "is for no package at all";
    rule->names_n = variable->n;
    rule->names = ARENA_NEW(m->arena, struct slice, variable->n);
    for (size_t i = 0; i < variable->n; i++)
        rule->names[i] = oval_value_of(m->file, variable, i);
    return NULL;
}

const char *oval_rule_of(const struct oval_file *file, const struct oval_definition *definition,
                         const struct oval_way *way, struct arena *a, struct oval_rule *out)
{
    struct rule_maker m = {.file = file, .arena = a, .rule = out};
    *out = (struct oval_rule){.status = ADVISORY_AFFECTED};
    const char *obstacle = way->obstacle;
    for (size_t i = 0; i < way->n && obstacle == NULL; i++) {
        const struct oval_node *node = &definition->nodes[way->nodes[i]];
        if (node->kind == OVAL_CRITERION)
            obstacle = take_test(&m, node);
        else if (!oval_is_inventory(file, node->id))
            obstacle = "rests on a definition that tells no system";
    }
    if (obstacle == NULL && out->kernel == (m.package != NULL))
        obstacle = out->kernel ? several_packages : "names no package";
    if (obstacle == NULL)
        obstacle = take_names(&m);
    if (out->arch.n == 0 && m.machine.n != 0)
        out->arch = packages_of_machine(a, m.machine);
    return obstacle;
}
