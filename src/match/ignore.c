#include "match/ignore.h"

#include "base/clock.h"
#include "base/yaml.h"
#include "inventory/purl.h"

#include <fnmatch.h>
#include <libfyaml.h>

#define DAY (24 * 3600)

// ---- YAML -----------------------------------------------------------------------------------------------------------

struct reading {
    struct slice file;
    int64_t now;
    const struct limits *limits;
    struct arena *a;
    struct ignore_rules *rules;
    struct error *err;
};

static void document_free(struct fy_document **doc)
{
    fy_document_destroy(*doc);
    *doc = NULL;
}
static void diag_free(struct fy_diag **diag)
{
    fy_diag_destroy(*diag);
    *diag = NULL;
}

// Where a node begins: lines count from 1 for people, from 0 for the library.
static unsigned line_of(struct fy_node *node)
{
    struct fy_token *token = fy_node_is_scalar(node) ? fy_node_get_scalar_token(node) : NULL;
    if (token == NULL && fy_node_is_mapping(node) && fy_node_mapping_item_count(node) > 0)
        return line_of(fy_node_pair_key(fy_node_mapping_get_by_index(node, 0)));
    if (token == NULL && fy_node_is_sequence(node) && fy_node_sequence_item_count(node) > 0)
        return line_of(fy_node_sequence_get_by_index(node, 0));
    const struct fy_mark *mark = token != NULL ? fy_token_start_mark(token) : NULL;
    return mark != NULL && mark->line >= 0 ? (unsigned)mark->line + 1 : 1;
}

static struct slice scalar_of(struct fy_node *node)
{
    size_t n = 0;
    const char *text = fy_node_is_scalar(node) ? fy_node_get_scalar(node, &n) : NULL;
    return slice_of(text, text != NULL ? n : 0);
}

// What the library found wrong with the text, which it says with its place.
static bool not_yaml(struct reading *r, struct fy_diag *diag)
{
    struct fy_diag_error *first;
    void *at = NULL;
    if (diag != NULL && (first = fy_diag_errors_iterate(diag, &at)) != NULL)
        return error_set(r->err, ERR_FORMAT, "line %d: not YAML: %s", first->line, first->msg);
    return error_set(r->err, ERR_FORMAT, "not YAML");
}

// ---- before it is made a document -----------------------------------------------------------------------------------

// The library compares each key of a mapping, and each anchor of a document, with all others: with a hundred thousand
// of them in a file of a few megabytes that takes minutes. So the text is gone through once before.

#define DEPTH        8  // a rule's texts are in a mapping in a list in a mapping
#define MOST_MEMBERS 16 // of a mapping; no rule has as many

struct shape {
    size_t documents, depth;
    bool is_mapping[DEPTH];
    size_t nodes[DEPTH]; // in what is open at that depth; of a mapping keys and values
};

static const char *take_event(struct shape *s, struct fy_event *event)
{
    switch (event->type) {
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END:
        s->depth -= s->depth != 0;
        return NULL;
    case FYET_ALIAS:
        return "aliases are not read";
    case FYET_DOCUMENT_START:
        return s->documents++ != 0 ? "a second document, which is not read" : NULL;
    case FYET_SCALAR:
    case FYET_SEQUENCE_START:
    case FYET_MAPPING_START:
        break;
    default:
        return NULL;
    }
    if (fy_event_get_anchor_token(event) != NULL)
        return "anchors are not read";
    if (s->depth != 0 && s->is_mapping[s->depth - 1] && ++s->nodes[s->depth - 1] > 2 * MOST_MEMBERS)
        return "a mapping with more keys than any here has";
    if (event->type == FYET_SCALAR)
        return NULL;
    if (s->depth == DEPTH)
        return "too many lists and mappings inside one another";
    s->is_mapping[s->depth] = event->type == FYET_MAPPING_START;
    s->nodes[s->depth++] = 0;
    return NULL;
}

static void parser_free(struct fy_parser **parser)
{
    fy_parser_destroy(*parser);
    *parser = NULL;
}

// What is no YAML is found there and again when the document is made, which says where.
static bool check_shape(struct reading *r, const struct fy_parse_cfg *cfg, struct slice text)
{
    struct fy_parser *parser __attribute__((cleanup(parser_free))) = fy_parser_create(cfg);
    struct shape shape = {0};
    struct fy_event *event;
    bool ok = parser != NULL && fy_parser_set_string(parser, text.p, text.n) == 0;
    if (!ok)
        return error_set(r->err, ERR_IO, "no memory for reading YAML");
    while (ok && (event = fy_parser_parse(parser)) != NULL) {
        const struct fy_mark *mark = fy_event_start_mark(event);
        const char *fault = take_event(&shape, event);
        if (fault != NULL)
            ok = error_set(r->err, ERR_FORMAT, "line %d: %s", mark != NULL ? mark->line + 1 : 1, fault);
        fy_parser_event_free(parser, event);
    }
    return ok;
}

// ---- a rule ---------------------------------------------------------------------------------------------------------

static const struct {
    const char *key;
    size_t offset;
} keys[] = {
    {"id", offsetof(struct ignore_rule, id)},           {"package", offsetof(struct ignore_rule, package)},
    {"version", offsetof(struct ignore_rule, version)}, {"path", offsetof(struct ignore_rule, path)},
    {"until", offsetof(struct ignore_rule, until)},     {"reason", offsetof(struct ignore_rule, reason)},
    {"who", offsetof(struct ignore_rule, who)},
};

static struct slice *member(struct ignore_rule *rule, struct slice key)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (slice_eq(key, slice_str(keys[i].key)))
            return (struct slice *)(void *)((char *)rule + keys[i].offset);
    return NULL;
}

static bool read_member(struct reading *r, struct fy_node_pair *pair, struct ignore_rule *rule)
{
    struct fy_node *name = fy_node_pair_key(pair), *value = fy_node_pair_value(pair);
    struct slice key = scalar_of(name), text = scalar_of(value), *where = member(rule, key);
    unsigned line = name != NULL ? line_of(name) : rule->line;
    if (where == NULL)
        return error_set(r->err, ERR_FORMAT,
                         "line %u: \"%.*s\" is no key of a rule; there are: id, package, version, path, until, "
                         "reason, who",
                         line, SLICE_ARG(key));
    if (slice_trim(text).n == 0)
        return error_set(r->err, ERR_FORMAT, "line %u: %.*s wants a text behind it", line, SLICE_ARG(key));
    if (text.n > r->limits->field_bytes)
        return error_set(r->err, ERR_LIMIT, "line %u: %.*s has more than field_bytes (%llu)", line, SLICE_ARG(key),
                         (unsigned long long)r->limits->field_bytes);
    if (slice_find(text, '\0') >= 0)
        return error_set(r->err, ERR_FORMAT, "line %u: %.*s holds a byte of zero", line, SLICE_ARG(key));
    *where = arena_dup(r->a, slice_trim(text));
    return true;
}

static bool check_rule(struct reading *r, struct ignore_rule *rule)
{
    int64_t last;
    if (rule->id.n == 0)
        return error_set(r->err, ERR_FORMAT, "line %u: the rule has no id: it must name a vulnerability", rule->line);
    if (rule->reason.n == 0)
        return error_set(r->err, ERR_FORMAT, "line %u: the rule has no reason: it must say why", rule->line);
    if (rule->version.n != 0 && rule->package.n == 0)
        return error_set(r->err, ERR_FORMAT, "line %u: the rule has a version but no package", rule->line);
    if (rule->until.n == 0)
        return true;
    if (rule->until.n != sizeof "2026-12-31" - 1 || !clock_parse(rule->until, &last))
        return error_set(r->err, ERR_FORMAT, "line %u: until is \"%.*s\", not a date as 2026-12-31", rule->line,
                         SLICE_ARG(rule->until));
    rule->expired = last + DAY <= r->now;
    return true;
}

static bool read_rule(struct reading *r, struct fy_node *node)
{
    if (r->rules->n >= r->limits->ignore_rules)
        return error_set(r->err, ERR_LIMIT, "line %u: more than ignore_rules (%llu)", line_of(node),
                         (unsigned long long)r->limits->ignore_rules);
    if (!fy_node_is_mapping(node))
        return error_set(r->err, ERR_FORMAT, "line %u: a rule is a mapping: \"id: …\" and so on", line_of(node));
    struct ignore_rule rule = {.file = r->file, .line = line_of(node)};
    struct fy_node_pair *pair;
    void *at = NULL;
    while ((pair = fy_node_mapping_iterate(node, &at)) != NULL)
        if (!read_member(r, pair, &rule))
            return false;
    if (!check_rule(r, &rule))
        return false;
    VEC_PUSH(r->a, r->rules) = rule;
    return true;
}

// ---- the file -------------------------------------------------------------------------------------------------------

static bool read_root(struct reading *r, struct fy_node *root)
{
    struct fy_node_pair *pair;
    struct fy_node *list = NULL, *item;
    void *at = NULL;
    if (!fy_node_is_mapping(root))
        return error_set(r->err, ERR_FORMAT, "line 1: the file is to begin with \"ignore:\" and a list of rules");
    while ((pair = fy_node_mapping_iterate(root, &at)) != NULL) {
        struct slice key = scalar_of(fy_node_pair_key(pair));
        if (!slice_eq(key, SLICE("ignore")))
            return error_set(r->err, ERR_FORMAT, "line %u: \"%.*s\" is no key here; there is: ignore",
                             line_of(fy_node_pair_key(pair)), SLICE_ARG(key));
        list = fy_node_pair_value(pair);
    }
    if (!fy_node_is_sequence(list))
        return error_set(r->err, ERR_FORMAT, "line 1: \"ignore:\" wants a list of rules behind it");
    at = NULL;
    while ((item = fy_node_sequence_iterate(list, &at)) != NULL)
        if (!read_rule(r, item))
            return false;
    return true;
}

bool ignore_read(struct slice text, struct slice file, int64_t now, const struct limits *limits, struct arena *a,
                 struct ignore_rules *rules, struct error *err)
{
    struct reading r = {arena_dup(a, file), now, limits, a, rules, err};
    if (text.n > limits->ignore_bytes)
        return error_set(err, ERR_LIMIT, "larger than ignore_bytes (%llu)", (unsigned long long)limits->ignore_bytes);
    if (slice_trim(text).n == 0)
        return error_set(err, ERR_FORMAT, "line 1: the file is empty");
    if (slice_find(text, '\0') >= 0) // where the library stops reading
        return error_set(err, ERR_FORMAT, "the file holds a byte of zero");
    unsigned line;
    const char *fault = yaml_unfit(text, &line);
    if (fault != NULL)
        return error_set(err, ERR_FORMAT, "line %u: %s", line, fault);
    struct fy_diag_cfg quiet;
    fy_diag_cfg_default(&quiet);
    quiet.fp = NULL;
    struct fy_diag *diag __attribute__((cleanup(diag_free))) = fy_diag_create(&quiet);
    fy_diag_set_collect_errors(diag, true);
    const struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG, .diag = diag};
    if (!check_shape(&r, &cfg, text))
        return false;
    struct fy_document *doc __attribute__((cleanup(document_free))) =
        fy_document_build_from_string(&cfg, text.p, text.n);
    if (doc == NULL)
        return not_yaml(&r, diag);
    return read_root(&r, fy_document_root(doc));
}

// ---- fitting --------------------------------------------------------------------------------------------------------

bool ignore_fits(const struct ignore_rule *rule, const struct vex_image *image, const struct inventory_package *p,
                 struct arena *a)
{
    if (slice_starts(rule->package, SLICE("pkg:"))) {
        if (vex_purl_names(rule->package, (struct slice){0}, image, &p->package, a, NULL) != VEX_AGREES)
            return false;
    } else if (rule->package.n != 0 && !purl_same_name(p->package.kind, rule->package, p->package.name)) {
        return false;
    }
    if (rule->version.n != 0 && !slice_eq(rule->version, p->package.version))
        return false;
    return rule->path.n == 0 || fnmatch(rule->path.p, arena_dup(a, p->db).p, 0) == 0;
}
