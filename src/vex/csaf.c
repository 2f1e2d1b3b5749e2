// CSAF 2.0 and 2.1 of the profile VEX, and security advisories, which have the same parts:
// https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html, sections 3.2.2 (product tree), 3.2.3
// (vulnerabilities) and 4.5 (the profile).
//
// A product is named by an id that the product tree explains: with a package URL, a CPE or digests, or as a component
// of another product. What flags, threats and remediations say is for some of the products only, so the products of one
// status become as many statements as there are different words for them.
#include "base/clock.h"
#include "vex/vex.h"

#include <stdlib.h>

struct product {
    struct slice id;
    struct vex_thing thing;
    struct slice component, of; // of a relationship: the ids of what is within what
    // What the vulnerability that is being read says of it: places in its lists, from 1; of another one: stale.
    uint64_t vulnerability;
    size_t flag, impact, action;
};

struct group {
    struct slice id;
    yyjson_val *products;
};

struct csaf {
    const struct limits *limits;
    struct arena *a;
    struct vex_document *out;
    VEC(struct product) products; // ordered by id once all are there
    VEC(struct group) groups;     // likewise
    uint64_t named;               // products, wherever they are named
    uint64_t vulnerability;       // that is being read, from 1
};

// ---- the product tree -----------------------------------------------------------------------------------------------

static bool name_product(struct csaf *c, struct error *err)
{
    return ++c->named <= c->limits->vex_products ||
           error_set(err, ERR_LIMIT, "more than vex_products (%llu)", (unsigned long long)c->limits->vex_products);
}

static bool add_hashes(struct csaf *c, yyjson_val *hashes, struct vex_thing *thing, struct error *err)
{
    yyjson_val *file, *hash;
    yyjson_arr_iter files, each;
    yyjson_arr_iter_init(hashes, &files);
    while ((file = yyjson_arr_iter_next(&files)) != NULL) {
        yyjson_arr_iter_init(yyjson_obj_get(file, "file_hashes"), &each);
        while ((hash = yyjson_arr_iter_next(&each)) != NULL) {
            struct slice algorithm = json_str(hash, "algorithm"), value = json_str(hash, "value");
            if (!slice_eq(algorithm, SLICE("sha256")) && !slice_eq(algorithm, SLICE("sha512")))
                continue; // no digest of an image
            struct slice text = arena_printf(c->a, "%.*s:%.*s", SLICE_ARG(algorithm), SLICE_ARG(value));
            if (!vex_add_name(c->a, thing, text, c->limits, err))
                return false;
        }
    }
    return true;
}

static bool add_helper(struct csaf *c, yyjson_val *helper, struct vex_thing *thing, struct error *err)
{
    yyjson_val *purl;
    yyjson_arr_iter each;
    if (!vex_add_name(c->a, thing, json_str(helper, "purl"), c->limits, err) ||
        !vex_add_name(c->a, thing, json_str(helper, "cpe"), c->limits, err))
        return false;
    yyjson_arr_iter_init(yyjson_obj_get(helper, "purls"), &each); // of CSAF 2.1
    while ((purl = yyjson_arr_iter_next(&each)) != NULL)
        if (!vex_add_name(c->a, thing, json_val_str(purl), c->limits, err))
            return false;
    return add_hashes(c, yyjson_obj_get(helper, "hashes"), thing, err);
}

// A full product name: what it is called, its id, and what identifies it elsewhere.
static bool add_full_name(struct csaf *c, yyjson_val *name, struct slice range, struct product **added,
                          struct error *err)
{
    struct slice id = json_str(name, "product_id");
    if (!name_product(c, err))
        return false;
    if (id.n == 0 || id.n > c->limits->field_bytes)
        return error_set(err, ERR_FORMAT, "a product of the product tree has no usable product_id");
    struct product *p = &VEC_PUSH(c->a, &c->products);
    *p = (struct product){.id = arena_dup(c->a, id)};
    p->thing.title = vex_words(c->a, json_str(name, "name"));
    p->thing.range = arena_dup(c->a, range);
    *added = p;
    return add_helper(c, yyjson_obj_get(name, "product_identification_helper"), &p->thing, err);
}

static bool add_branches(struct csaf *c, yyjson_val *branches, uint64_t depth, struct slice range, struct error *err)
{
    yyjson_val *branch;
    yyjson_arr_iter each;
    struct product *added;
    if (depth > c->limits->vex_depth)
        return error_set(err, ERR_LIMIT, "branches inside one another deeper than vex_depth (%llu)",
                         (unsigned long long)c->limits->vex_depth);
    yyjson_arr_iter_init(branches, &each);
    while ((branch = yyjson_arr_iter_next(&each)) != NULL) {
        yyjson_val *product = yyjson_obj_get(branch, "product");
        bool is_range = slice_eq(json_str(branch, "category"), SLICE("product_version_range"));
        struct slice of_branch = is_range ? json_str(branch, "name") : range;
        if (product != NULL && !add_full_name(c, product, of_branch, &added, err))
            return false;
        if (!add_branches(c, yyjson_obj_get(branch, "branches"), depth + 1, of_branch, err))
            return false;
    }
    return true;
}

static bool add_relationships(struct csaf *c, yyjson_val *list, struct error *err)
{
    yyjson_val *relationship;
    yyjson_arr_iter each;
    yyjson_arr_iter_init(list, &each);
    while ((relationship = yyjson_arr_iter_next(&each)) != NULL) {
        struct product *p;
        if (!add_full_name(c, yyjson_obj_get(relationship, "full_product_name"), (struct slice){0}, &p, err))
            return false;
        p->component = arena_dup(c->a, json_str(relationship, "product_reference"));
        p->of = arena_dup(c->a, json_str(relationship, "relates_to_product_reference"));
    }
    return true;
}

static int by_product_id(const void *x, const void *y)
{
    const struct product *a = x, *b = y;
    return slice_cmp(a->id, b->id);
}

static int by_group_id(const void *x, const void *y)
{
    const struct group *a = x, *b = y;
    return slice_cmp(a->id, b->id);
}

static bool read_tree(struct csaf *c, yyjson_val *tree, struct error *err)
{
    yyjson_val *item;
    yyjson_arr_iter each;
    struct product *added;
    if (!add_branches(c, yyjson_obj_get(tree, "branches"), 1, (struct slice){0}, err))
        return false;
    yyjson_arr_iter_init(yyjson_obj_get(tree, "full_product_names"), &each);
    while ((item = yyjson_arr_iter_next(&each)) != NULL)
        if (!add_full_name(c, item, (struct slice){0}, &added, err))
            return false;
    if (!add_relationships(c, yyjson_obj_get(tree, "relationships"), err))
        return false;
    yyjson_arr_iter_init(yyjson_obj_get(tree, "product_groups"), &each);
    while ((item = yyjson_arr_iter_next(&each)) != NULL) {
        if (!name_product(c, err))
            return false;
        VEC_PUSH(c->a, &c->groups) = (struct group){json_str(item, "group_id"), yyjson_obj_get(item, "product_ids")};
    }
    if (c->products.n > 1)
        qsort(c->products.v, c->products.n, sizeof *c->products.v, by_product_id);
    if (c->groups.n > 1)
        qsort(c->groups.v, c->groups.n, sizeof *c->groups.v, by_group_id);
    for (size_t i = 1; i < c->products.n; i++)
        if (slice_eq(c->products.v[i].id, c->products.v[i - 1].id))
            return error_set(err, ERR_FORMAT, "the product_id \"%.*s\" is defined twice",
                             SLICE_ARG(c->products.v[i].id));
    return true;
}

static struct product *product_of_id(const struct csaf *c, struct slice id)
{
    const struct product key = {.id = id};
    return c->products.n != 0 ? bsearch(&key, c->products.v, c->products.n, sizeof key, by_product_id) : NULL;
}

// What a product is when it is looked at by itself: of a relationship, the component.
static const struct vex_thing *thing_of(const struct csaf *c, const struct product *p)
{
    for (uint64_t depth = 0; p->thing.names_n == 0 && p->component.n != 0 && depth < c->limits->vex_depth; depth++) {
        const struct product *component = product_of_id(c, p->component);
        if (component == NULL)
            break;
        p = component;
    }
    return &p->thing;
}

// ---- vulnerabilities ------------------------------------------------------------------------------------------------

enum saying { SAYS_FLAG, SAYS_IMPACT, SAYS_ACTION };

static void mark(const struct csaf *c, struct product *p, enum saying saying, size_t place)
{
    if (p->vulnerability != c->vulnerability) {
        p->vulnerability = c->vulnerability;
        p->flag = p->impact = p->action = 0;
    }
    size_t *where = saying == SAYS_FLAG ? &p->flag : saying == SAYS_IMPACT ? &p->impact : &p->action;
    if (*where == 0)
        *where = place;
}

static bool mark_all(struct csaf *c, yyjson_val *ids, enum saying saying, size_t place, struct error *err)
{
    yyjson_val *id;
    yyjson_arr_iter each;
    yyjson_arr_iter_init(ids, &each);
    while ((id = yyjson_arr_iter_next(&each)) != NULL) {
        struct product *p = product_of_id(c, json_val_str(id));
        if (!name_product(c, err))
            return false;
        if (p != NULL)
            mark(c, p, saying, place);
    }
    return true;
}

// Notes which products an item of a list is for. One that names none is for all: `*of_all` is its place then.
static bool mark_item(struct csaf *c, yyjson_val *item, enum saying saying, size_t place, size_t *of_all,
                      struct error *err)
{
    yyjson_val *products = yyjson_obj_get(item, "product_ids"), *groups = yyjson_obj_get(item, "group_ids"), *id;
    yyjson_arr_iter each;
    if (products == NULL && groups == NULL && *of_all == 0)
        *of_all = place;
    if (!mark_all(c, products, saying, place, err))
        return false;
    yyjson_arr_iter_init(groups, &each);
    while ((id = yyjson_arr_iter_next(&each)) != NULL) {
        const struct group key = {.id = json_val_str(id)};
        const struct group *g =
            c->groups.n != 0 ? bsearch(&key, c->groups.v, c->groups.n, sizeof key, by_group_id) : NULL;
        if (!name_product(c, err) || (g != NULL && !mark_all(c, g->products, saying, place, err)))
            return false;
    }
    return true;
}

// A vulnerability's lists that say something of products.
struct sayings {
    yyjson_val **items[3]; // yyjson finds the members of a list by going through it
    size_t of_all[3];
};

static bool read_sayings(struct csaf *c, yyjson_val *vulnerability, struct sayings *s, struct error *err)
{
    static const char *const keys[] = {
        [SAYS_FLAG] = "flags", [SAYS_IMPACT] = "threats", [SAYS_ACTION] = "remediations"};
    *s = (struct sayings){0};
    for (int i = SAYS_FLAG; i <= SAYS_ACTION; i++) {
        yyjson_val *item;
        yyjson_arr_iter each;
        size_t place = 0;
        yyjson_val *list = yyjson_obj_get(vulnerability, keys[i]);
        s->items[i] = ARENA_NEW(c->a, yyjson_val *, yyjson_arr_size(list));
        yyjson_arr_iter_init(list, &each);
        while ((item = yyjson_arr_iter_next(&each)) != NULL) {
            s->items[i][place++] = item;
            // Other threats are how an attack goes and who is the target.
            if (i == SAYS_IMPACT && !slice_eq(json_str(item, "category"), SLICE("impact")))
                continue;
            if (!mark_item(c, item, (enum saying)i, place, &s->of_all[i], err))
                return false;
        }
    }
    return true;
}

static struct slice saying_text(const struct csaf *c, const struct sayings *s, enum saying saying, size_t place)
{
    if (place == 0)
        return (struct slice){0};
    return vex_words(c->a, json_str(s->items[saying][place - 1], saying == SAYS_FLAG ? "label" : "details"));
}

static int by_sayings(const void *x, const void *y)
{
    const struct product *const *a = x, *const *b = y;
    if ((*a)->flag != (*b)->flag)
        return (*a)->flag < (*b)->flag ? -1 : 1;
    if ((*a)->impact != (*b)->impact)
        return (*a)->impact < (*b)->impact ? -1 : 1;
    if ((*a)->action != (*b)->action)
        return (*a)->action < (*b)->action ? -1 : 1;
    return slice_cmp((*a)->id, (*b)->id);
}

static bool same_sayings(const struct product *a, const struct product *b)
{
    return a->flag == b->flag && a->impact == b->impact && a->action == b->action;
}

static bool add_to_statement(struct csaf *c, struct vex_statement *s, const struct product *p, struct error *err)
{
    const struct product *of = p->of.n != 0 ? product_of_id(c, p->of) : NULL;
    const struct vex_thing *thing = thing_of(c, p);
    if (of == NULL)
        return vex_add_product(c->a, s, thing, NULL, &c->named, c->limits, err);
    return vex_add_product(c->a, s, thing_of(c, of), thing, &c->named, c->limits, err);
}

// One statement for each of the different words that the products of a status have.
static bool add_statements(struct csaf *c, struct product **products, size_t n, enum vex_status status,
                           struct slice vulnerability, struct slice aliases, const struct sayings *sayings,
                           struct error *err)
{
    if (n > 1)
        qsort(products, n, sizeof(struct product *), by_sayings);
    struct vex_statement *s = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct product *p = products[i];
        if (i == 0 || !same_sayings(p, products[i - 1])) {
            if ((s = vex_add_statement(c->a, c->out, c->limits, err)) == NULL)
                return false;
            s->vulnerability = vulnerability;
            s->aliases = aliases;
            s->status = status;
            s->timestamp = c->out->timestamp;
            s->justification = saying_text(c, sayings, SAYS_FLAG, p->flag);
            s->impact = saying_text(c, sayings, SAYS_IMPACT, p->impact);
            s->action = saying_text(c, sayings, SAYS_ACTION, p->action);
        }
        if (!add_to_statement(c, s, p, err))
            return false;
        vex_check_statement(s);
    }
    return true;
}

static bool read_status(struct csaf *c, yyjson_val *ids, enum vex_status status, struct slice vulnerability,
                        struct slice aliases, const struct sayings *sayings, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    struct product **products = ARENA_NEW(&scratch, struct product *, yyjson_arr_size(ids));
    yyjson_val *id;
    yyjson_arr_iter each;
    size_t n = 0;
    yyjson_arr_iter_init(ids, &each);
    while ((id = yyjson_arr_iter_next(&each)) != NULL) {
        struct product *p = product_of_id(c, json_val_str(id));
        if (!name_product(c, err))
            return false;
        if (p == NULL)
            return error_set(err, ERR_FORMAT, "the product tree does not have the product_id \"%.*s\"",
                             SLICE_ARG(json_val_str(id)));
        for (int i = SAYS_FLAG; i <= SAYS_ACTION; i++)
            mark(c, p, (enum saying)i, sayings->of_all[i]);
        products[n++] = p;
    }
    return add_statements(c, products, n, status, vulnerability, aliases, sayings, err);
}

// Its CVE, else the first of its other ids; all others are aliases.
static struct slice read_ids(const struct csaf *c, yyjson_val *vulnerability, struct slice *aliases)
{
    struct slice name = json_str(vulnerability, "cve");
    struct buf list BUF_AUTO = {0};
    yyjson_val *item;
    yyjson_arr_iter each;
    yyjson_arr_iter_init(yyjson_obj_get(vulnerability, "ids"), &each);
    while ((item = yyjson_arr_iter_next(&each)) != NULL) {
        struct slice id = slice_trim(json_str(item, "text"));
        if (name.n == 0)
            name = id;
        else
            vex_add_alias(&list, id, c->limits);
    }
    *aliases = arena_dup(c->a, buf_slice(&list));
    return arena_dup(c->a, slice_trim(name));
}

// The lists of a product status. A recommended version is a fixed one, and is said to be in another list too; unknown
// (CSAF 2.1) says nothing.
static const struct {
    const char *key;
    enum vex_status status;
} statuses[] = {
    {"known_not_affected", VEX_NOT_AFFECTED},
    {"fixed", VEX_FIXED},
    {"first_fixed", VEX_FIXED},
    {"known_affected", VEX_AFFECTED},
    {"first_affected", VEX_AFFECTED},
    {"last_affected", VEX_AFFECTED},
    {"under_investigation", VEX_UNDER_INVESTIGATION},
};

static bool read_vulnerability(struct csaf *c, yyjson_val *vulnerability, struct error *err)
{
    struct sayings sayings;
    struct slice aliases, name = read_ids(c, vulnerability, &aliases);
    yyjson_val *status = yyjson_obj_get(vulnerability, "product_status");
    if (name.n > c->limits->field_bytes)
        return error_set(err, ERR_LIMIT, "its id has more than field_bytes (%llu)",
                         (unsigned long long)c->limits->field_bytes);
    if (!read_sayings(c, vulnerability, &sayings, err))
        return false;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (!read_status(c, yyjson_obj_get(status, statuses[i].key), statuses[i].status, name, aliases, &sayings, err))
            return false;
    return true;
}

// ---- the document ---------------------------------------------------------------------------------------------------

static bool is_csaf(yyjson_val *root)
{
    return json_str(yyjson_obj_get(root, "document"), "csaf_version").n != 0;
}

static bool read_csaf(yyjson_val *root, const struct limits *limits, struct arena *a, struct vex_document *out,
                      struct error *err)
{
    yyjson_val *document = yyjson_obj_get(root, "document"), *tracking = yyjson_obj_get(document, "tracking");
    struct slice version = json_str(document, "csaf_version");
    if (!slice_eq(version, SLICE("2.0")) && !slice_eq(version, SLICE("2.1")))
        return error_set(err, ERR_UNSUPPORTED, "it is of version %.*s; 2.0 and 2.1 can be read", SLICE_ARG(version));
    out->id = vex_words(a, json_str(tracking, "id"));
    out->version = vex_words(a, json_str(tracking, "version"));
    out->author = vex_words(a, json_str(yyjson_obj_get(document, "publisher"), "name"));
    clock_parse(json_str(tracking, "current_release_date"), &out->timestamp);
    struct csaf c = {.limits = limits, .a = a, .out = out};
    yyjson_val *vulnerability, *list = yyjson_obj_get(root, "vulnerabilities");
    if (!yyjson_is_arr(list))
        return error_set(err, ERR_FORMAT, "it has no \"vulnerabilities\"");
    if (!read_tree(&c, yyjson_obj_get(root, "product_tree"), err))
        return false;
    yyjson_arr_iter each;
    yyjson_arr_iter_init(list, &each);
    while ((vulnerability = yyjson_arr_iter_next(&each)) != NULL) {
        c.vulnerability++;
        if (!read_vulnerability(&c, vulnerability, err))
            return error_wrap(err, "vulnerability %llu", (unsigned long long)c.vulnerability);
    }
    return true;
}

const struct vex_format vex_csaf = {"CSAF", is_csaf, read_csaf};
